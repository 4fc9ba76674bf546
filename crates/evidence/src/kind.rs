//! What an artefact is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// What an artefact is: which program printed it, in which form.
        ///
        /// A kind says nothing about what the bytes mean; the crates that own
        /// the formats read them. Its name ([`Kind::name`]) is stable: it is
        /// written in bundles and in JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
        }

        impl Kind {
            /// Every kind, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the stable name of the kind.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// `/proc/PID/smaps`.
    Smaps = "smaps",
    /// `/proc/PID/smaps_rollup`.
    SmapsRollup = "smaps-rollup",
    /// `/proc/PID/maps`.
    Maps = "maps",
    /// `/proc/PID/status`.
    Status = "status",
    /// `/proc/PID/statm`.
    Statm = "statm",
    /// `/proc/PID/stat`: CPU time and start.
    Stat = "stat",
    /// `/proc/uptime`, against which the start of a process is told.
    Uptime = "uptime",
    /// What a Go executable says of its build: the text of `go version -m`.
    BuildInfo = "build-info",
    /// One file of the process's own memory cgroup; the artefact's file name
    /// ([`crate::Artefact::file_name`]) says which, e.g. `memory.current`.
    CgroupFile = "cgroup-file",
    /// One file of a cgroup above the process's own (v2 only); the nearest
    /// ancestor comes first.
    CgroupAncestorFile = "cgroup-ancestor-file",
    /// `/proc/PID/cgroup`.
    CgroupMembership = "cgroup-membership",
    /// Several cgroup files in one text: `name value` lines, and after a line
    /// `# memory.stat` the lines of that file.
    CgroupText = "cgroup-text",
    /// `/proc/meminfo` of the host.
    MemInfo = "meminfo",
    /// The files of `/sys/kernel/mm/transparent_hugepage`, one `name: value`
    /// line each.
    HugePageSettings = "huge-page-settings",
    /// `/debug/vars` of Go's `expvar`.
    ExpVar = "expvar",
    /// Text in the Prometheus exposition format.
    PrometheusText = "prometheus-text",
    /// A JSON map of `runtime/metrics` names to values.
    RuntimeMetricsJson = "runtime-metrics-json",
    /// A heap profile, in whatever form, taken without forcing a collection.
    Heap = "heap",
    /// A heap profile for which a collection was forced (`gc=1`).
    HeapAfterGc = "heap-after-gc",
    /// An allocs profile.
    Allocs = "allocs",
    /// A goroutine profile (proto or `debug=1`).
    Goroutine = "goroutine",
    /// The stacks of all goroutines (`debug=2`, or a crash log).
    GoroutineDump = "goroutine-dump",
    /// A `goroutineleak` profile.
    GoroutineLeak = "goroutine-leak",
    /// A threadcreate profile.
    ThreadCreate = "threadcreate",
    /// A block profile.
    Block = "block",
    /// A mutex profile.
    Mutex = "mutex",
    /// A CPU profile.
    Cpu = "cpu",
    /// A Go execution trace.
    Trace = "trace",
    /// The HTML index of `/debug/pprof/`.
    PprofIndex = "pprof-index",
    /// Lines that a runtime prints under `GODEBUG=gctrace=1`, alone or among
    /// other log lines.
    GcTraceLog = "gctrace-log",
    /// A profile of any other sort.
    OtherProfile = "other-profile",
    /// A bundle (`*.fathom`).
    Bundle = "bundle",
    /// An executable, from which build information can be read.
    Executable = "executable",
    /// An HTML page, which is nobody's evidence: usually a login page or a
    /// wrong address.
    Html = "html",
    /// Anything else.
    Unknown = "unknown",
}

impl Kind {
    /// Tells whether the artefact is a profile: something that `go tool pprof`
    /// or its text forms describe.
    pub const fn is_profile(self) -> bool {
        matches!(
            self,
            Self::Heap
                | Self::HeapAfterGc
                | Self::Allocs
                | Self::Goroutine
                | Self::GoroutineLeak
                | Self::ThreadCreate
                | Self::Block
                | Self::Mutex
                | Self::Cpu
                | Self::OtherProfile
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| Error::UnknownKind {
                name: name.to_owned(),
            })
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    /// Reads a kind by name; a name of a newer version reads as
    /// [`Kind::Unknown`], so that its artefact is kept.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(name.parse().unwrap_or(Self::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for &kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), kind);
        }
    }

    #[test]
    fn json_uses_the_name_and_tolerates_newer_kinds() {
        assert_eq!(
            serde_json::to_string(&Kind::SmapsRollup).unwrap(),
            "\"smaps-rollup\""
        );
        assert_eq!(
            serde_json::from_str::<Kind>("\"heap-after-gc\"").unwrap(),
            Kind::HeapAfterGc
        );
        assert_eq!(
            serde_json::from_str::<Kind>("\"of-tomorrow\"").unwrap(),
            Kind::Unknown
        );
    }
}
