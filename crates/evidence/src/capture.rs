//! A capture: everything that was taken of one process at one time.

use serde::{Deserialize, Serialize};

use crate::{Artefact, Kind, Missing};

/// The newest version of the capture format that this version reads, and the
/// one that it writes.
pub const FORMAT: u32 = 1;

/// Who the evidence is about. Everything is optional: a loose file says
/// nothing of its process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// The process id, on the host that took the capture.
    pub pid: Option<u32>,
    /// The base address of its profiles, without credentials
    /// (`http://localhost:6060/debug/pprof/`).
    pub url: Option<String>,
    /// Name of the host that took the capture.
    pub host: Option<String>,
    /// File name of the executable, without its folder.
    pub exe: Option<String>,
    /// The Go version the executable was built with (`go1.27.3`).
    pub go_version: Option<String>,
    /// Path of the main module or package.
    pub main_module: Option<String>,
    /// Whether the process runs on another host, so that nothing of what its
    /// kernel says could be read.
    pub remote: bool,
}

/// Everything that was taken of one process at one time: from a live process,
/// from a bundle or from loose files alike.
///
/// # Examples
///
/// ```
/// use fathom_evidence::{Artefact, Capture, Kind};
///
/// let mut capture = Capture::new();
/// let rollup = b"Rss:  284 kB\n".to_vec();
/// capture.push(Artefact::new(Kind::SmapsRollup, "proc/smaps_rollup.txt", rollup));
/// let found = capture.first(Kind::SmapsRollup).map(|artefact| artefact.text());
/// assert_eq!(found.as_deref(), Some("Rss:  284 kB\n"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Version of the format it was read from; [`FORMAT`] if it is new.
    pub format: u32,
    /// Version of the tool that took it.
    pub tool_version: String,
    /// Who it is about.
    pub target: Target,
    /// When the capture began, in nanoseconds since 1970-01-01 UTC; 0 if
    /// unknown.
    pub started_at_unix_nanos: u64,
    /// When the capture ended, in nanoseconds since 1970-01-01 UTC; 0 if
    /// unknown.
    pub finished_at_unix_nanos: u64,
    /// The evidence, in the order in which it was taken.
    pub artefacts: Vec<Artefact>,
    /// What was wanted and not taken, and why.
    pub missing: Vec<Missing>,
    /// What the reader should know of the way it was taken, one sentence
    /// each: `forced a garbage collection (heap?gc=1)`.
    pub notes: Vec<String>,
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            format: FORMAT,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            target: Target::default(),
            started_at_unix_nanos: 0,
            finished_at_unix_nanos: 0,
            artefacts: Vec::new(),
            missing: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Capture {
    /// Creates an empty capture of the current format.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the first artefact of a kind, in the order of taking.
    pub fn first(&self, kind: Kind) -> Option<&Artefact> {
        self.all(kind).next()
    }

    /// Returns the last artefact of a kind, in the order of taking.
    pub fn last(&self, kind: Kind) -> Option<&Artefact> {
        self.artefacts
            .iter()
            .rfind(|artefact| artefact.kind == kind)
    }

    /// Returns every artefact of a kind, in the order of taking.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Artefact> {
        self.artefacts
            .iter()
            .filter(move |artefact| artefact.kind == kind)
    }

    /// Returns the artefact of a kind that was taken in a given round.
    pub fn in_round(&self, kind: Kind, round: u8) -> Option<&Artefact> {
        self.all(kind).find(|artefact| artefact.round == round)
    }

    /// Returns the number of rounds: 2 if something was read again at the end,
    /// 0 if there is no evidence at all.
    pub fn rounds(&self) -> u8 {
        self.artefacts
            .iter()
            .map(|artefact| artefact.round.saturating_add(1))
            .max()
            .unwrap_or(0)
    }

    /// Returns the artefact with a name.
    pub fn by_name(&self, name: &str) -> Option<&Artefact> {
        self.artefacts.iter().find(|artefact| artefact.name == name)
    }

    /// Adds an artefact. If its name is taken, a number is put before the
    /// extension, so that names stay unique inside a bundle.
    pub fn push(&mut self, mut artefact: Artefact) {
        if self.by_name(&artefact.name).is_some() {
            let (folder, file) = match artefact.name.rsplit_once('/') {
                Some((folder, file)) => (format!("{folder}/"), file),
                None => (String::new(), artefact.name.as_str()),
            };
            let (stem, extension) = file.split_once('.').unwrap_or((file, ""));
            let dot = if extension.is_empty() { "" } else { "." };
            let free = (2..=u16::MAX)
                .map(|number| format!("{folder}{stem}-{number}{dot}{extension}"))
                .find(|name| self.by_name(name).is_none());
            if let Some(name) = free {
                artefact.name = name;
            }
        }
        self.artefacts.push(artefact);
    }

    /// Tells whether nothing at all was taken.
    pub fn is_empty(&self) -> bool {
        self.artefacts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artefact(kind: Kind, name: &str, round: u8) -> Artefact {
        Artefact {
            round,
            ..Artefact::new(kind, name, Vec::new())
        }
    }

    #[test]
    fn finds_by_kind_and_round() {
        let mut capture = Capture::new();
        assert_eq!(capture.rounds(), 0);
        capture.push(artefact(Kind::Status, "proc/status.txt", 0));
        capture.push(artefact(Kind::Heap, "pprof/heap.pb.gz", 0));
        capture.push(artefact(Kind::Status, "proc/status.1.txt", 1));
        assert_eq!(capture.rounds(), 2);
        assert_eq!(capture.first(Kind::Status).unwrap().round, 0);
        assert_eq!(capture.last(Kind::Status).unwrap().round, 1);
        assert_eq!(
            capture.in_round(Kind::Status, 1).unwrap().name,
            "proc/status.1.txt"
        );
        assert_eq!(capture.all(Kind::Status).count(), 2);
        assert!(capture.first(Kind::Mutex).is_none());
    }

    #[test]
    fn names_stay_unique() {
        let mut capture = Capture::new();
        for _ in 0..3 {
            capture.push(artefact(Kind::Heap, "pprof/heap.pb.gz", 0));
        }
        capture.push(artefact(Kind::Unknown, "README", 0));
        capture.push(artefact(Kind::Unknown, "README", 0));
        let names: Vec<_> = capture.artefacts.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "pprof/heap.pb.gz",
                "pprof/heap-2.pb.gz",
                "pprof/heap-3.pb.gz",
                "README",
                "README-2"
            ]
        );
    }
}
