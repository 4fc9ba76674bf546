//! What is put into a history.

use fathom_profile::Profile;
use fathom_series::Look;
use serde::{Deserialize, Serialize};

use crate::{Labels, Semantics};

/// All that one look at a target gave.
#[derive(Clone, Copy, Debug)]
pub struct Scrape<'a> {
    /// Names the target.
    pub target: &'a Labels,
    /// Holds the moment, when the process started if that is known, and the numbers.
    pub look: &'a Look,
    /// Says what ran, where that is known.
    pub build: &'a Build,
    /// The profiles taken, at most one of a kind.
    pub profiles: &'a [Taken<'a>],
    /// What happened since the look before.
    pub marks: &'a [Mark],
}

/// Which program runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The version of the main module, or what else tells versions apart.
    pub version: Option<String>,
    /// The build id, or the revision that it was built from.
    pub id: Option<String>,
    /// The version of Go.
    pub go: Option<String>,
}

/// One profile of a scrape.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// What it is called: the name in the URL (`heap`, `goroutine`, `profile`), as a rule.
    pub kind: &'a str,
    /// The profile.
    pub profile: &'a Profile,
    /// What each sample type means; without it, what Go's own mean.
    pub semantics: Option<&'a [Semantics]>,
}

impl<'a> Taken<'a> {
    /// A profile as Go hands it out.
    pub const fn new(kind: &'a str, profile: &'a Profile) -> Self {
        Self {
            kind,
            profile,
            semantics: None,
        }
    }
}

/// What a mark on the time line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// A garbage collection.
    Gc,
    /// The process started anew.
    Restart,
    /// Another version runs.
    Deploy,
    /// A user's note.
    Note,
    /// Something was captured.
    Capture,
}

impl MarkKind {
    /// Its name, as it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gc => "gc",
            Self::Restart => "restart",
            Self::Deploy => "deploy",
            Self::Note => "note",
            Self::Capture => "capture",
        }
    }

    /// Finds the one of a name.
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::Gc,
            Self::Restart,
            Self::Deploy,
            Self::Note,
            Self::Capture,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// A moment worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// What it stands for.
    pub kind: MarkKind,
    /// What to show.
    pub text: String,
}
