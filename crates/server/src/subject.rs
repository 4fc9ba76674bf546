//! What the page is about: profiles, an explanation, and perhaps an earlier state of both.

use std::fmt;
use std::sync::{Arc, OnceLock};

use fathom_explain::{Difference, Explanation, MemoryMap};
use fathom_goruntime::goroutine::Report;
use fathom_profile::Profile;
use fathom_profile::diff::{DiffMode, Normalize, subtract};
use fathom_report::options::Options;
use fathom_report::{Memoized, Objects, Sources};
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::sync::watch;

use crate::past::Past;
use crate::problem::Problem;
use crate::shelf::Shelf;

/// What the page is about.
#[derive(Debug, Default)]
pub struct Subject {
    /// What it is called: a pid, an address, a file.
    pub title: String,
    /// What the earlier state is called; empty where there is none.
    pub base_title: String,
    /// The profiles; the first is shown unless another is asked for.
    pub profiles: Vec<NamedProfile>,
    /// What explain found.
    pub explanation: Option<Explanation>,
    /// What changed since the earlier state.
    pub difference: Option<Difference>,
    /// Where the goroutines stand.
    pub goroutines: Option<Goroutines>,
    /// The mappings of the process.
    pub memory_map: Option<MemoryMap>,
    /// What there is to tell about the sources.
    pub notes: Vec<String>,
    /// What is kept of the past, where something is.
    pub past: Option<Past>,
}

/// Where a profile comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// The sources.
    Loaded,
    /// The earlier state of the sources.
    Base,
    /// A file that was dropped on the page.
    Dropped,
}

/// The goroutines of one source, compared with an earlier state where there is one.
#[derive(Debug)]
pub struct Goroutines {
    /// What they were read from, for people.
    pub source: String,
    /// The groups.
    pub report: Report,
}

/// A profile by its name.
#[derive(Debug)]
pub struct NamedProfile {
    name: String,
    origin: String,
    role: Role,
    profile: Arc<Memoized>,
    base: Option<Arc<Memoized>>,
    change: OnceLock<Result<Arc<Memoized>, Problem>>,
}

/// Which of two states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Side {
    /// The profile itself.
    #[default]
    New,
    /// The earlier one.
    Base,
    /// The one less the other.
    Change,
}

impl NamedProfile {
    /// Names a profile: `heap`, `cpu`; the origin is where it comes from, for people.
    pub fn new(name: impl Into<String>, origin: impl Into<String>, profile: Profile) -> Self {
        Self::of(
            name.into(),
            origin.into(),
            Role::Loaded,
            Arc::new(profile.into()),
            None,
        )
    }

    pub(crate) const fn of(
        name: String,
        origin: String,
        role: Role,
        profile: Arc<Memoized>,
        base: Option<Arc<Memoized>>,
    ) -> Self {
        Self {
            name,
            origin,
            role,
            profile,
            base,
            change: OnceLock::new(),
        }
    }

    /// Adds the earlier profile that this one is compared with.
    #[must_use]
    pub fn with_base(mut self, base: Option<Profile>) -> Self {
        self.base = base.map(|base| Arc::new(base.into()));
        self
    }

    /// The name by which it is asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    pub(crate) const fn profile(&self) -> &Arc<Memoized> {
        &self.profile
    }

    pub(crate) const fn base(&self) -> Option<&Arc<Memoized>> {
        self.base.as_ref()
    }

    /// Which side is shown unless one is asked for: of a comparison, the change.
    pub(crate) const fn usual_side(&self) -> Side {
        if self.base.is_some() {
            Side::Change
        } else {
            Side::New
        }
    }

    /// The profile of one side.
    pub(crate) fn side(&self, side: Side) -> Result<Arc<Memoized>, Problem> {
        let no_base = || Problem::bad_request(format!("{} has no base to compare with", self.name));
        match side {
            Side::New => Ok(self.profile.clone()),
            Side::Base => self.base().cloned().ok_or_else(no_base),
            Side::Change => {
                let base = self.base().ok_or_else(no_base)?;
                let change = self.change.get_or_init(|| {
                    subtract(&self.profile, base, DiffMode::DiffBase, Normalize::No)
                        .map(|change| Arc::new(change.into()))
                        .map_err(|error| Problem::bad_request(error.to_string()))
                });
                change.clone()
            }
        }
    }
}

/// What views need of this machine, and the options that requests begin with.
pub struct Around {
    /// The zone in which times are told.
    pub zone: TimeZone,
    /// Where source code comes from.
    pub sources: Box<dyn Sources + Send + Sync>,
    /// Where binaries come from.
    pub objects: Box<dyn Objects + Send + Sync>,
    /// The options of a request that names none.
    pub options: Options,
}

impl fmt::Debug for Around {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Around")
            .field("zone", &self.zone)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How far reading the sources has come.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// They are being read.
    Loading,
    /// They are there.
    Ready(Arc<Shelf>),
    /// They cannot be read.
    Failed(Problem),
}

/// The place for a subject that is still being read.
#[derive(Debug, Clone)]
pub struct Slot(watch::Sender<State>);

impl Slot {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(State::Loading))
    }

    /// Puts the subject there; everybody who waits is answered.
    pub fn ready(&self, subject: Subject) {
        self.0
            .send_replace(State::Ready(Arc::new(Shelf::new(subject))));
    }

    /// Says that there will be none.
    pub fn failed(&self, problem: Problem) {
        self.0.send_replace(State::Failed(problem));
    }

    /// Whether there is no more to wait for.
    pub fn is_settled(&self) -> bool {
        !matches!(*self.0.borrow(), State::Loading)
    }

    /// Whether there will be no subject.
    pub fn is_failed(&self) -> bool {
        matches!(*self.0.borrow(), State::Failed(_))
    }

    /// Waits for the subject.
    pub(crate) async fn get(&self) -> Result<Arc<Shelf>, Problem> {
        let mut waiting = self.0.subscribe();
        let settled = waiting.wait_for(|state| !matches!(state, State::Loading));
        match settled.await.as_deref() {
            Ok(State::Ready(ready)) => Ok(ready.clone()),
            Ok(State::Failed(problem)) => Err(problem.clone()),
            // The sender is this very slot.
            _ => Err(Problem::bad_request("the sources are not there")),
        }
    }
}
