//! The heap profile as explain needs it: allocation sites with their error.

use fathom_profile::heap::{HeapColumn, HeapProfile};
use fathom_profile::sampling::{self, Bucket, Estimate, Measure, SamplingRate, estimated_value};
use fathom_profile::site::is_runtime;
use fathom_profile::{FunctionId, Profile};
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// The rate at which Go samples by default: one sample per 512 KiB
/// (Go 1.27.3, src/runtime/mprof.go, `MemProfileRate`).
pub const DEFAULT_RATE: u64 = 512 * 1024;

/// The runtime's frames between an allocation and the code that caused it:
/// `mallocgc` and `makeslice` or `growslice` are two, a string concatenation up
/// to five; a growing map is deeper (Go 1.27.3, src/internal/runtime/maps). A
/// text profile keeps their addresses, if not always their names; a protobuf
/// leaves them out.
const MAP_GROWTH_FRAMES: usize = 6;

/// The estimate where profiling is off.
const NOTHING: Estimate = Estimate {
    value: 0.0,
    low: 0.0,
    high: 0.0,
    standard_error: 0.0,
    samples: 0,
};

/// Something that a stack shows of the memory's use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts of a stack, not the states of a machine"
)]
pub(crate) struct Traits {
    /// The stack goes through a timer's creation.
    pub(crate) timer: bool,
    /// The stack grows a buffer, or goes through a `sync.Pool`.
    pub(crate) buffer: bool,
    /// The stack grows a map.
    pub(crate) map: bool,
    /// The stack makes a goroutine's descriptor.
    pub(crate) goroutine: bool,
}

/// One place in the program that allocates, with all its live samples.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The innermost function that is not the standard library's.
    pub(crate) function: String,
    /// Its source file, or empty.
    pub(crate) file: String,
    /// The line in it, or 0.
    pub(crate) line: i64,
    /// The innermost function that is not the runtime's.
    pub(crate) leaf: String,
    /// Live bytes.
    pub(crate) value: f64,
    rate: SamplingRate,
    /// The samples of which the live bytes are estimated.
    buckets: Vec<Bucket>,
    /// Live objects.
    pub(crate) objects: f64,
    /// The size of the objects that hold most of the site's bytes.
    pub(crate) main_size: u64,
    /// How many objects of that size live.
    pub(crate) main_objects: f64,
    /// The size of the largest live object.
    pub(crate) largest: u64,
    /// What the stacks show.
    pub(crate) traits: Traits,
}

impl Site {
    /// What makes it the same site in another profile.
    pub(crate) fn identity(&self) -> (&str, i64, &str) {
        (&self.function, self.line, &self.leaf)
    }

    /// Estimates the live bytes, which costs some microseconds.
    pub(crate) fn bytes(&self) -> Estimate {
        estimate(self.rate, &self.buckets)
    }

    /// Writes the place: `main.readResponse (main.go:20)`.
    pub(crate) fn place(&self) -> String {
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        match (file.is_empty(), self.line > 0) {
            (true, _) => self.function.clone(),
            (false, false) => format!("{} ({file})", self.function),
            (false, true) => format!("{} ({file}:{})", self.function, self.line),
        }
    }
}

/// A heap profile, read for diagnosis.
#[derive(Debug, Clone)]
pub(crate) struct HeapSites {
    /// `runtime.MemProfileRate`; 0 where profiling is off.
    pub(crate) rate: u64,
    /// All live bytes.
    pub(crate) total: Estimate,
    /// Allocation sites, most live bytes first.
    pub(crate) sites: Vec<Site>,
    /// Live bytes of all stacks through timers.
    pub(crate) timers: Estimate,
}

impl HeapSites {
    /// Reads the in-use columns of a heap profile; `None` where it has none.
    pub(crate) fn read(profile: &Profile) -> Option<Self> {
        let heap = HeapProfile::new(profile).ok()?;
        heap.column(HeapColumn::InuseSpace)?;
        let stacks = Stacks::read(profile);
        let mut places: HashMap<Place, Gathered> = HashMap::new();
        let mut all = Vec::new();
        let mut timers = Vec::new();
        for record in heap.records() {
            if record.inuse_bytes <= 0 {
                continue;
            }
            let bucket = Bucket {
                size: record.size,
                samples: record.inuse_samples,
            };
            all.push(bucket);
            let (place, traits) = stacks.place(record.sample);
            if traits.timer {
                timers.push(bucket);
            }
            let gathered = places.entry(place).or_default();
            gathered.buckets.push(bucket);
            gathered.traits = gathered.traits.with(traits);
            gathered.objects += record.inuse_objects as f64;
            let bytes = record.inuse_bytes.unsigned_abs();
            let known = gathered.sizes.entry(record.size).or_default();
            *known = known.saturating_add(bytes);
        }
        let mut sites: Vec<Site> = places
            .into_iter()
            .map(|(place, gathered)| gathered.site(profile, place, heap.rate()))
            .collect();
        sites.sort_by(|a, b| {
            b.value
                .total_cmp(&a.value)
                .then_with(|| a.function.cmp(&b.function))
                .then_with(|| a.line.cmp(&b.line))
        });
        Some(Self {
            rate: u64::try_from(heap.rate().bytes()).unwrap_or(0),
            total: estimate(heap.rate(), &all),
            sites,
            timers: estimate(heap.rate(), &timers),
        })
    }

    /// Returns the site with the most live bytes that satisfies the condition.
    pub(crate) fn largest(&self, is: impl Fn(&Site) -> bool) -> Option<&Site> {
        self.sites.iter().find(|site| is(site))
    }
}

/// A place, by functions that stand for all with their name and file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    /// `None` where the stack is all the runtime's.
    own: Option<Spot>,
    /// By the first function with its name.
    leaf: Option<FunctionId>,
}

/// A line of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Spot {
    function: FunctionId,
    line: i64,
}

#[derive(Debug, Default)]
struct Gathered {
    buckets: Vec<Bucket>,
    traits: Traits,
    objects: f64,
    /// Live bytes by the size of their objects.
    sizes: BTreeMap<u64, u64>,
}

impl Gathered {
    fn site(self, profile: &Profile, place: Place, rate: SamplingRate) -> Site {
        let leaf = match place.leaf {
            Some(leaf) => profile.function_name(leaf),
            None => "(runtime)",
        };
        let (function, file, line) = place.own.map_or((leaf, "", 0), |own| {
            let name = profile.function_name(own.function);
            (name, profile.function_file(own.function), own.line)
        });
        let main = self
            .sizes
            .iter()
            .max_by_key(|&(&size, &bytes)| (bytes, size));
        let (main_size, main_objects) = main.map_or((0, 0.0), |(&size, &bytes)| {
            (size, bytes as f64 / size.max(1) as f64)
        });
        Site {
            function: function.to_owned(),
            file: file.to_owned(),
            line,
            leaf: leaf.to_owned(),
            value: estimated_value(rate, Measure::Bytes, self.buckets.iter().copied())
                .unwrap_or(0.0),
            rate,
            objects: self.objects,
            main_size,
            main_objects,
            largest: self.sizes.last_key_value().map_or(0, |(&size, _)| size),
            traits: self.traits,
            buckets: self.buckets,
        }
    }
}

fn estimate(rate: SamplingRate, buckets: &[Bucket]) -> Estimate {
    sampling::estimate(rate, Measure::Bytes, buckets.iter().copied()).unwrap_or(NOTHING)
}

impl Traits {
    fn with(self, other: Self) -> Self {
        Self {
            timer: self.timer || other.timer,
            buffer: self.buffer || other.buffer,
            map: self.map || other.map,
            goroutine: self.goroutine || other.goroutine,
        }
    }
}

/// What each location's frames show, so that names are read once and not in each stack.
struct Stacks<'p> {
    profile: &'p Profile,
    /// Kept apart: stacks are searched to the root for these alone.
    traits: Vec<Traits>,
    locations: Vec<Shown>,
}

/// What the frames of one location show.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    /// Frames below the leaf; all of them where it has none.
    below: usize,
    /// The innermost function that is not the runtime's.
    leaf: Option<(FunctionId, Spot)>,
    /// The innermost function that is not the standard library's.
    own: Option<Spot>,
    /// The innermost function that is not the allocator's.
    allocating: Option<FunctionId>,
}

impl<'p> Stacks<'p> {
    fn read(profile: &'p Profile) -> Self {
        let functions = Functions::read(profile);
        let mut stacks = Self {
            profile,
            traits: Vec::with_capacity(profile.location_count()),
            locations: Vec::with_capacity(profile.location_count()),
        };
        for location in profile.location_ids() {
            let (mut traits, mut shown) = (Traits::default(), Shown::default());
            let mut lines = profile.lines(location).peekable();
            if lines.peek().is_none() {
                shown.below = 1;
            }
            for line in lines {
                let function = functions.of(line.function);
                traits = traits.with(function.map(|it| it.traits).unwrap_or_default());
                shown.add(function, line.line);
            }
            stacks.traits.push(traits);
            stacks.locations.push(shown);
        }
        stacks
    }

    fn place(&self, sample: usize) -> (Place, Traits) {
        let (mut traits, mut all) = (Traits::default(), Shown::default());
        for location in self.profile.stack(sample) {
            let of_location = self.traits.get(location.index());
            traits = traits.with(of_location.copied().unwrap_or_default());
            if all.leaf.is_some() && all.own.is_some() {
                continue;
            }
            let Some(shown) = self.locations.get(location.index()) else {
                continue;
            };
            if all.leaf.is_none() {
                all.below += shown.below;
                all.leaf = shown.leaf;
            }
            all.own = all.own.or(shown.own);
            all.allocating = all.allocating.or(shown.allocating);
        }
        traits.map |= all.leaf.is_some() && all.below >= MAP_GROWTH_FRAMES;
        let place = Place {
            own: all.own.or(all.leaf.map(|(_, spot)| spot)),
            leaf: all.leaf.map(|(name, _)| name).or(all.allocating),
        };
        (place, traits)
    }
}

impl Shown {
    fn add(&mut self, function: Option<Function>, line: i64) {
        let is_above = self.leaf.is_some();
        let Some(function) = function else {
            self.below += usize::from(!is_above);
            return;
        };
        let spot = Spot {
            function: function.id,
            line,
        };
        if function.is_runtime {
            self.below += usize::from(!is_above);
        } else if !is_above {
            self.leaf = Some((function.namesake, spot));
        }
        if !function.is_standard_library {
            self.own = self.own.or(Some(spot));
        }
        if !function.is_allocator {
            self.allocating = self.allocating.or(Some(function.namesake));
        }
    }
}

/// What the names of functions show; `None` for those that have none.
struct Functions(Vec<Option<Function>>);

#[derive(Debug, Clone, Copy)]
struct Function {
    /// The first function with its name and file.
    id: FunctionId,
    /// The first function with its name.
    namesake: FunctionId,
    traits: Traits,
    is_runtime: bool,
    is_standard_library: bool,
    is_allocator: bool,
}

impl Functions {
    fn read(profile: &Profile) -> Self {
        let (mut first, mut namesakes) = (HashMap::new(), HashMap::new());
        let functions = 0..profile.function_count();
        let functions = functions.filter_map(FunctionId::from_index).map(|id| {
            let name = profile.function_name(id);
            let id = *first.entry((name, profile.function_file(id))).or_insert(id);
            (!name.is_empty()).then(|| Function {
                id,
                namesake: *namesakes.entry(name).or_insert(id),
                traits: named(name),
                is_runtime: is_runtime(name),
                is_standard_library: is_standard_library(name),
                is_allocator: is_allocator(name),
            })
        });
        Self(functions.collect())
    }

    fn of(&self, function: Option<FunctionId>) -> Option<Function> {
        self.0.get(function?.index()).copied().flatten()
    }
}

/// Reads what one function's name shows.
fn named(function: &str) -> Traits {
    Traits {
        timer: matches!(
            function,
            "time.newTimer"
                | "time.NewTimer"
                | "time.AfterFunc"
                | "time.After"
                | "time.NewTicker"
                | "time.Tick"
                | "time.startTimer"
                | "runtime.addtimer"
                | "runtime.doaddtimer"
        ),
        buffer: matches!(
            function,
            "bytes.growSlice"
                | "bytes.makeSlice"
                | "bytes.(*Buffer).grow"
                | "sync.(*Pool).Get"
                | "sync.(*Pool).Put"
        ),
        map: function.starts_with("internal/runtime/maps.")
            || function.starts_with("runtime.mapassign")
            || function == "runtime.hashGrow"
            || function == "runtime.makeBucketArray",
        goroutine: function == "runtime.malg",
    }
}

/// Says whether a function is the allocator's own way to an object.
fn is_allocator(function: &str) -> bool {
    [
        "runtime.mallocgc",
        "runtime.newobject",
        "runtime.makeslice",
        "runtime.growslice",
        "runtime.newarray",
    ]
    .iter()
    .any(|prefix| function.starts_with(prefix))
}

/// The first path elements of the standard library's packages, Go 1.27.
const STANDARD_LIBRARY: &[&str] = &[
    "archive",
    "bufio",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unique",
    "unsafe",
    "uuid",
    "vendor",
    "weak",
];

/// Says whether a function belongs to Go's standard library, by its package path.
pub fn is_standard_library(function: &str) -> bool {
    // Type arguments carry other packages' paths.
    let function = function.split('[').next().unwrap_or(function);
    let package_root = function.split(['/', '.']).next().unwrap_or(function);
    let dotted_host = function
        .split_once('/')
        .is_some_and(|(host, _)| host.contains('.'));
    !dotted_host && STANDARD_LIBRARY.binary_search(&package_root).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(STANDARD_LIBRARY.is_sorted());
    }

    #[test]
    fn packages_are_told_apart() {
        for function in [
            "bytes.growSlice",
            "net/http.(*conn).serve",
            "internal/poll.(*FD).Read",
            "runtime.malg",
            "encoding/json.Unmarshal",
            "slices.Grow[go.shape.[]github.com/a/b.T]",
        ] {
            assert!(is_standard_library(function), "{function}");
        }
        for function in [
            "main.main",
            "github.com/a/b.F",
            "example.com/net/http.F",
            "myapp/internal/store.(*DB).Get",
            "net.example.com/x.F",
        ] {
            assert!(!is_standard_library(function), "{function}");
        }
    }
}
