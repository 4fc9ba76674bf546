//! One piece of evidence, and one piece that could not be had.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// One piece of evidence: bytes as they came, with what they are, where they
/// came from and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// What the bytes are.
    pub kind: Kind,
    /// Name inside a bundle, with folders: `proc/smaps.txt`,
    /// `pprof/heap.pb.gz`, `cgroup/memory.current`. Of a second reading the
    /// name carries the round: `proc/status.1.txt`.
    pub name: String,
    /// The path or URL it was read from, without credentials.
    pub origin: String,
    /// When the reading began, in nanoseconds since 1970-01-01 UTC.
    pub taken_at_unix_nanos: u64,
    /// How long the reading took, in nanoseconds.
    pub duration_nanos: u64,
    /// 0 for the first reading; 1 for the one repeated at the end of a
    /// capture, which bounds how far the process drifted meanwhile.
    pub round: u8,
    /// The Go version of the process that printed it, where known
    /// (`go1.27.3`).
    pub go_version: Option<String>,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

impl Artefact {
    /// Creates an artefact of round 0 without a time.
    pub fn new(kind: Kind, name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let name = name.into();
        Self {
            kind,
            origin: name.clone(),
            name,
            taken_at_unix_nanos: 0,
            duration_nanos: 0,
            round: 0,
            go_version: None,
            bytes,
        }
    }

    /// Returns the last part of the name: `memory.current` of
    /// `cgroup/memory.current`.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Returns the bytes as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Something that was wanted and not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What is missing: the artefact's name, or a path or URL.
    pub what: String,
    /// Why, in one line.
    pub why: String,
    /// What the user can do about it, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Missing {
    /// Creates a note of something missing, without a hint.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            hint: None,
        }
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
