//! The recorded evidence under `fixtures/`, by cause and by Go version.
//!
//! A fixture that is not there is a mistake in the test, so reading one panics with its path.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{GoVersion, repository};

/// A recorded program that misbehaves in one way, built with Go 1.27.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is its directory's name")]
pub enum Cause {
    Ballast,
    BigStacks,
    CgoMalloc,
    FinalizerBacklog,
    Fragmentation,
    GogcHeadroom,
    GoroutineLeak,
    IdleRetained,
    MadvFree,
    ManyThreads,
    MapNoShrink,
    MemlimitThrash,
    MmapAnon,
    MmapFile,
    PageCache,
    ProfileBuckets,
    Shmem,
    SliceRetention,
    StaleProfile,
    Syncpool,
    Thp,
    TimerLeak,
}

/// What was noted beside a recorded cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The environment that the program ran with.
    pub env: Vec<(String, String)>,
    /// Whether the program was built with cgo.
    pub cgo: bool,
    /// How the cause shows, in words.
    pub signature: String,
}

impl Cause {
    /// Every recorded cause, by name.
    pub const ALL: [Self; 22] = [
        Self::Ballast,
        Self::BigStacks,
        Self::CgoMalloc,
        Self::FinalizerBacklog,
        Self::Fragmentation,
        Self::GogcHeadroom,
        Self::GoroutineLeak,
        Self::IdleRetained,
        Self::MadvFree,
        Self::ManyThreads,
        Self::MapNoShrink,
        Self::MemlimitThrash,
        Self::MmapAnon,
        Self::MmapFile,
        Self::PageCache,
        Self::ProfileBuckets,
        Self::Shmem,
        Self::SliceRetention,
        Self::StaleProfile,
        Self::Syncpool,
        Self::Thp,
        Self::TimerLeak,
    ];

    /// The version that every cause was recorded with.
    pub const VERSION: GoVersion = GoVersion::GO_1_27;

    /// Returns every recorded cause, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }

    /// The cause's name, which is its directory's, and that of the program of `testbed/` which
    /// shows the same.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ballast => "ballast",
            Self::BigStacks => "big_stacks",
            Self::CgoMalloc => "cgo_malloc",
            Self::FinalizerBacklog => "finalizer_backlog",
            Self::Fragmentation => "fragmentation",
            Self::GogcHeadroom => "gogc_headroom",
            Self::GoroutineLeak => "goroutine_leak",
            Self::IdleRetained => "idle_retained",
            Self::MadvFree => "madv_free",
            Self::ManyThreads => "many_threads",
            Self::MapNoShrink => "map_no_shrink",
            Self::MemlimitThrash => "memlimit_thrash",
            Self::MmapAnon => "mmap_anon",
            Self::MmapFile => "mmap_file",
            Self::PageCache => "page_cache",
            Self::ProfileBuckets => "profile_buckets",
            Self::Shmem => "shmem",
            Self::SliceRetention => "slice_retention",
            Self::StaleProfile => "stale_profile",
            Self::Syncpool => "syncpool",
            Self::Thp => "thp",
            Self::TimerLeak => "timer_leak",
        }
    }

    /// Returns the cause of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|cause| cause.name() == name)
    }

    /// The directory of the cause's evidence.
    pub fn directory(self) -> PathBuf {
        fixtures()
            .join("causes")
            .join(format!("go{}", Self::VERSION))
            .join(self.name())
    }

    /// The path of one of the cause's files, which need not be there.
    pub fn path(self, file: &str) -> PathBuf {
        self.directory().join(file)
    }

    /// Reads one of the cause's files.
    ///
    /// # Panics
    ///
    /// When there is no such file.
    pub fn bytes(self, file: &str) -> Vec<u8> {
        read(&self.path(file))
    }

    /// Reads one of the cause's files as text.
    ///
    /// # Panics
    ///
    /// When there is no such file, or it is not UTF-8.
    pub fn text(self, file: &str) -> String {
        read_text(&self.path(file))
    }

    /// Reads one of the cause's JSON files.
    ///
    /// # Panics
    ///
    /// When there is no such file, or it is not JSON.
    pub fn json(self, file: &str) -> serde_json::Value {
        let path = self.path(file);
        match serde_json::from_slice(&read(&path)) {
            Ok(value) => value,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }

    /// The numbers that were computed when the evidence was recorded, by a program that is not
    /// ours; bytes unless the name says otherwise.
    pub fn summary(self) -> serde_json::Value {
        self.json("summary.json")
    }

    /// What was noted beside the evidence.
    ///
    /// # Panics
    ///
    /// When `expect.json` has no such fields.
    pub fn expectation(self) -> Expectation {
        let noted = self.json("expect.json");
        let field = |name: &str| match noted.get(name) {
            Some(value) => value,
            None => panic!("{}: no {name}", self.path("expect.json").display()),
        };
        let env = field("env").as_object().into_iter().flatten();
        Expectation {
            env: env
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            cgo: field("cgo").as_bool().unwrap_or_default(),
            signature: field("signature").as_str().unwrap_or_default().to_owned(),
        }
    }
}

/// Returns the directory of all fixtures.
pub fn fixtures() -> PathBuf {
    repository().join("fixtures")
}

/// Returns the path of what an endpoint of `net/http/pprof` or `expvar` answered in a version.
pub fn format(version: GoVersion, file: &str) -> PathBuf {
    fixtures()
        .join("formats")
        .join(format!("go{version}"))
        .join(file)
}

/// Returns the path of what a `GODEBUG` setting made a version write to standard error; `setting`
/// is `gctrace=1`, for instance.
pub fn godebug(version: GoVersion, setting: &str) -> PathBuf {
    fixtures()
        .join("godebug")
        .join(format!("go{version}"))
        .join(format!("{setting}.txt"))
}

/// What the sampler of a real process saw of a site whose truth is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampledSite {
    /// The run, from 0 to 199.
    pub run: u32,
    /// The bytes of an object.
    pub size: u64,
    /// The objects that were in use.
    pub held: u64,
    /// Those of them that were sampled: the raw count, not scaled.
    pub sampled: u64,
}

/// Returns what 200 runs of `testbed/sampled_sites` saw of its ten sites, with Go's default
/// sampling rate of 524,288 bytes; recorded with the versions of [`GoVersion::LIVE`].
///
/// # Panics
///
/// When the version was not recorded, or a line is not four numbers apart by tabs.
pub fn sampled_sites(version: GoVersion) -> Vec<SampledSite> {
    let path = fixtures().join("sampling").join(format!("go{version}.tsv"));
    let text = read_text(&path);
    let rows = text.lines().enumerate().skip(1).map(|(index, line)| {
        let numbers: Option<Vec<u64>> = line.split('\t').map(|cell| cell.parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[run, size, held, sampled]) => SampledSite {
                run: u32::try_from(run).unwrap_or(u32::MAX),
                size,
                held,
                sampled,
            },
            _ => panic!("{}: line {}: {line:?}", path.display(), index + 1),
        }
    });
    rows.collect()
}

/// A recorded execution trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// The Go version of the program.
    pub version: GoVersion,
    /// The scenario of `testbed/tracing`, or `cgo` of `testbed/tracing_cgo`.
    pub scenario: String,
    /// The file.
    pub path: PathBuf,
}

impl Trace {
    /// Reads the file.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub fn read(&self) -> Vec<u8> {
        read(&self.path)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "go{}/{}", self.version, self.scenario)
    }
}

/// Returns every recorded execution trace, oldest version first, then by scenario.
///
/// # Panics
///
/// When the fixtures cannot be listed.
pub fn traces() -> Vec<Trace> {
    let mut traces = Vec::new();
    for version in GoVersion::TRACED {
        let directory = fixtures().join("traces").join(format!("go{version}"));
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => panic!("{}: {error}", directory.display()),
        };
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        traces.extend(paths.filter_map(|path| {
            let scenario = path.file_name()?.to_str()?.strip_suffix(".trace")?;
            Some(Trace {
                version,
                scenario: scenario.to_owned(),
                path,
            })
        }));
    }
    traces.sort_unstable();
    traces
}

/// Returns one recorded execution trace.
///
/// # Panics
///
/// When the scenario was not recorded with the version.
pub fn trace(version: GoVersion, scenario: &str) -> Trace {
    let found = traces()
        .into_iter()
        .find(|trace| trace.version == version && trace.scenario == scenario);
    match found {
        Some(trace) => trace,
        None => panic!("no trace of {scenario:?} with Go {version}"),
    }
}

/// Reads a fixture.
///
/// # Panics
///
/// When there is no such file.
pub fn read(path: &Path) -> Vec<u8> {
    match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// Reads a fixture as text.
///
/// # Panics
///
/// When there is no such file, or it is not UTF-8.
pub fn read_text(path: &Path) -> String {
    match String::from_utf8(read(path)) {
        Ok(text) => text,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_cause_is_known_and_every_known_one_recorded() {
        let recorded = std::fs::read_dir(fixtures().join("causes/go1.27.3")).unwrap();
        let mut recorded: Vec<_> = recorded
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        recorded.sort_unstable();
        let known: Vec<_> = Cause::all().map(Cause::name).collect();
        assert_eq!(recorded, known);
        for cause in Cause::all() {
            assert_eq!(cause.json("expect.json")["cause"], cause.name());
            assert_eq!(Cause::named(cause.name()), Some(cause));
            assert_eq!(cause.expectation().cgo, cause == Cause::CgoMalloc);
        }
    }

    #[test]
    fn two_hundred_runs_of_ten_sites_were_recorded_and_none_sampled_more_than_it_held() {
        for version in GoVersion::LIVE {
            let sites = sampled_sites(version);
            assert_eq!(sites.len(), 2000, "{version}");
            for site in sites {
                assert!(site.run < 200);
                assert_eq!(site.size * site.held, 20 << 20);
                assert!(site.sampled <= site.held);
            }
        }
    }

    #[test]
    fn every_recorded_version_has_its_formats_and_traces() {
        for version in GoVersion::RECORDED {
            let heap = read_text(&format(version, "heap_debug1.txt"));
            assert!(heap.starts_with("heap profile: "), "{version}");
            let trace = read_text(&godebug(version, "gctrace=1"));
            assert!(trace.contains("gc 1 @"), "{version}");
        }
    }
}
