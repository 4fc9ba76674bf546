//! What can be wrong with an input.

use std::fmt;

/// Names the kind of file that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Input {
    /// `/proc/PID/smaps`.
    Smaps,
    /// `/proc/PID/smaps_rollup`.
    SmapsRollup,
    /// `/proc/PID/maps`.
    Maps,
    /// `/proc/PID/status`.
    Status,
    /// `/proc/PID/statm`.
    Statm,
    /// `/proc/PID/stat`.
    Stat,
    /// `/proc/uptime`.
    Uptime,
    /// `/proc/meminfo`.
    MemInfo,
    /// `/proc/PID/cgroup`.
    CgroupMembership,
    /// `/proc/PID/mountinfo`.
    MountInfo,
    /// A file of the memory controller, by its name.
    CgroupFile,
    /// A file under `/sys/kernel/mm/transparent_hugepage`.
    HugePages,
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Smaps => "smaps",
            Self::SmapsRollup => "smaps_rollup",
            Self::Maps => "maps",
            Self::Status => "status",
            Self::Statm => "statm",
            Self::Stat => "stat",
            Self::Uptime => "uptime",
            Self::MemInfo => "meminfo",
            Self::CgroupMembership => "cgroup",
            Self::MountInfo => "mountinfo",
            Self::CgroupFile => "cgroup memory file",
            Self::HugePages => "transparent huge page setting",
        })
    }
}

/// Says why an input could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line that has not the form of its file.
    #[error("{input} line {line}: {problem}")]
    Malformed {
        /// The kind of file.
        input: Input,
        /// The line, from 1.
        line: usize,
        /// What was expected.
        problem: &'static str,
    },
    /// The file ends in the middle of an entry.
    #[error(
        "{input} line {line}: the file ends in the middle of an entry; it was cut or is still being written"
    )]
    Truncated {
        /// The kind of file.
        input: Input,
        /// The last line, from 1.
        line: usize,
    },
    /// A field that every kernel prints is missing.
    #[error("{input} line {line}: no field {field} up to here")]
    MissingField {
        /// The kind of file.
        input: Input,
        /// The line at which the field was missed, from 1.
        line: usize,
        /// The field's name.
        field: &'static str,
    },
    /// The file holds nothing.
    #[error("{input} is empty")]
    Empty {
        /// The kind of file.
        input: Input,
    },
    /// The file is larger than it may be.
    #[error("{input} line {line}: more than {limit} {what}")]
    Limit {
        /// The kind of file.
        input: Input,
        /// The line at which the limit was passed, from 1.
        line: usize,
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}
