//! The heap profile as explain needs it: allocation sites with their error.

use fathom_profile::Profile;
use fathom_profile::heap::{HeapColumn, HeapProfile};
use fathom_profile::sampling::Estimate;
use fathom_profile::site::is_runtime;
use std::collections::HashMap;

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
    pub(crate) bytes: Estimate,
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
        let mut places: HashMap<Place, Gathered> = HashMap::new();
        let mut all = Vec::new();
        let mut timers = Vec::new();
        for record in heap.records() {
            if record.inuse_bytes <= 0 {
                continue;
            }
            all.push(record.sample);
            let (place, traits) = read_stack(profile, record.sample);
            if traits.timer {
                timers.push(record.sample);
            }
            let gathered = places.entry(place).or_default();
            gathered.samples.push(record.sample);
            gathered.traits = gathered.traits.with(traits);
            gathered.objects += record.inuse_objects as f64;
            let bytes = record.inuse_bytes.unsigned_abs();
            let known = gathered.sizes.entry(record.size).or_default();
            *known = known.saturating_add(bytes);
        }
        let estimate = |samples: &[usize]| {
            let samples = samples.iter().copied();
            heap.estimate(HeapColumn::InuseSpace, samples)
                .unwrap_or(NOTHING)
        };
        let mut sites: Vec<Site> = places
            .into_iter()
            .map(|(place, gathered)| gathered.site(place, estimate(&gathered.samples)))
            .collect();
        sites.sort_by(|a, b| {
            b.bytes
                .value
                .total_cmp(&a.bytes.value)
                .then_with(|| a.function.cmp(&b.function))
                .then_with(|| a.line.cmp(&b.line))
        });
        Some(Self {
            rate: u64::try_from(heap.rate().bytes()).unwrap_or(0),
            total: estimate(&all),
            sites,
            timers: estimate(&timers),
        })
    }

    /// Returns the site with the most live bytes that satisfies the condition.
    pub(crate) fn largest(&self, is: impl Fn(&Site) -> bool) -> Option<&Site> {
        self.sites.iter().find(|site| is(site))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    function: String,
    file: String,
    line: i64,
    leaf: String,
}

#[derive(Debug, Default)]
struct Gathered {
    samples: Vec<usize>,
    traits: Traits,
    objects: f64,
    sizes: HashMap<u64, u64>,
}

impl Gathered {
    fn site(&self, place: Place, bytes: Estimate) -> Site {
        let main = self
            .sizes
            .iter()
            .max_by_key(|&(&size, &bytes)| (bytes, size));
        let (main_size, main_objects) = main.map_or((0, 0.0), |(&size, &bytes)| {
            (size, bytes as f64 / size.max(1) as f64)
        });
        Site {
            function: place.function,
            file: place.file,
            line: place.line,
            leaf: place.leaf,
            bytes,
            objects: self.objects,
            main_size,
            main_objects,
            largest: self.sizes.keys().copied().max().unwrap_or(0),
            traits: self.traits,
        }
    }
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

fn read_stack(profile: &Profile, sample: usize) -> (Place, Traits) {
    let mut traits = Traits::default();
    let mut below = 0;
    let mut leaf: Option<(String, String, i64)> = None;
    let mut own: Option<(String, String, i64)> = None;
    for frame in profile.frames(sample) {
        let runtime = is_runtime(frame.function);
        if leaf.is_none() && (runtime || frame.function.is_empty()) {
            below += 1;
        }
        if frame.function.is_empty() {
            continue;
        }
        traits = traits.with(named(frame.function));
        if leaf.is_none() && !runtime {
            leaf = Some((frame.function.to_owned(), frame.file.to_owned(), frame.line));
        }
        if own.is_none() && !is_standard_library(frame.function) {
            own = Some((frame.function.to_owned(), frame.file.to_owned(), frame.line));
        }
    }
    traits.map |= leaf.is_some() && below >= MAP_GROWTH_FRAMES;
    let leaf = leaf.unwrap_or_else(|| {
        let of_runtime = profile
            .frames(sample)
            .map(|frame| frame.function)
            .find(|function| !function.is_empty() && !is_allocator(function));
        (
            of_runtime.unwrap_or("(runtime)").to_owned(),
            String::new(),
            0,
        )
    });
    let (function, file, line) = own.unwrap_or_else(|| leaf.clone());
    let place = Place {
        function,
        file,
        line,
        leaf: leaf.0,
    };
    (place, traits)
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
pub(crate) fn is_standard_library(function: &str) -> bool {
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
