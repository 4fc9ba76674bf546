//! Where a goroutine's time went.

use serde::Serialize;

use crate::event::Range;
use crate::names::{Name, Names};
use crate::states::Goroutine;
use crate::{GoroutineState, Time};

const EXECUTING: usize = 0;
const RUNNABLE: usize = 1;
const SYSCALL: usize = 2;
const SYSCALL_BLOCKED: usize = 3;
const TOTAL: usize = 4;
const BLOCKED: usize = 5;
/// The reasons that [`Name`] knows, and one place for all others.
const REASONS: usize = Name::SYNCTEST.index() + 2;
const PARTS: usize = BLOCKED + REASONS;

/// Where a goroutine's time went, in nanoseconds. The parts do not overlap; the total contains
/// them all. Copying and subtracting costs a few nanoseconds: there is no map in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    parts: [i64; PARTS],
    /// The reasons that were met, by their bits, if only for no time at all.
    met: u32,
}

/// Times of a broken trace can be anything; sums of them do not overflow.
fn add(sum: &mut i64, nanoseconds: i64) {
    *sum = sum.saturating_add(nanoseconds);
}

fn sum(parts: &[i64]) -> i64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
}

fn place_of(reason: Name) -> usize {
    reason.index().min(REASONS - 1)
}

impl Times {
    /// It ran.
    pub fn executing(&self) -> i64 {
        self.parts[EXECUTING]
    }

    /// It waited for a P.
    pub fn runnable(&self) -> i64 {
        self.parts[RUNNABLE]
    }

    /// It was in system calls or C and held its P.
    pub fn syscall(&self) -> i64 {
        self.parts[SYSCALL]
    }

    /// It was in system calls or C and had lost its P.
    pub fn syscall_blocked(&self) -> i64 {
        self.parts[SYSCALL_BLOCKED]
    }

    /// It was there.
    pub fn total(&self) -> i64 {
        self.parts[TOTAL]
    }

    /// It waited, for each reason that was met. Reasons that no Go version up to 1.27 has are
    /// under one, the name `other`.
    pub fn blocked(&self) -> impl Iterator<Item = (Reason, i64)> {
        (0..)
            .zip(&self.parts[BLOCKED..])
            .filter(|(reason, _)| self.met & (1 << reason) != 0)
            .map(|(reason, &nanoseconds)| (Reason(reason), nanoseconds))
    }

    /// It waited, for whatever reason.
    pub fn blocked_in_all(&self) -> i64 {
        sum(&self.parts[BLOCKED..])
    }

    /// What the total has more than its parts.
    pub fn unknown(&self) -> i64 {
        let parts = sum(&self.parts[..TOTAL]).saturating_add(self.blocked_in_all());
        self.total().saturating_sub(parts).max(0)
    }

    pub(crate) fn add_executing(&mut self, nanoseconds: i64) {
        add(&mut self.parts[EXECUTING], nanoseconds);
    }

    pub(crate) fn add_runnable(&mut self, nanoseconds: i64) {
        add(&mut self.parts[RUNNABLE], nanoseconds);
    }

    pub(crate) fn add_syscall(&mut self, nanoseconds: i64) {
        add(&mut self.parts[SYSCALL], nanoseconds);
    }

    pub(crate) fn add_syscall_blocked(&mut self, nanoseconds: i64) {
        add(&mut self.parts[SYSCALL_BLOCKED], nanoseconds);
    }

    pub(crate) fn add_blocked(&mut self, reason: Name, nanoseconds: i64) {
        let place = place_of(reason);
        add(&mut self.parts[BLOCKED + place], nanoseconds);
        self.met |= 1 << place;
    }

    pub(crate) fn set_total(&mut self, nanoseconds: i64) {
        self.parts[TOTAL] = nanoseconds;
    }

    /// Adds what another goroutine's time went into.
    pub(crate) fn add(&mut self, more: &Self) {
        for (sum, part) in self.parts.iter_mut().zip(&more.parts) {
            *sum = sum.saturating_add(*part);
        }
        self.met |= more.met;
    }

    /// What came since a moment before.
    #[inline]
    pub(crate) fn since(&self, before: &Self) -> Self {
        let mut since = *self;
        for (part, then) in since.parts.iter_mut().zip(&before.parts) {
            *part = part.saturating_sub(*then);
        }
        since
    }

    /// Adds the time in a state that is not a system call.
    pub(crate) fn add_state(&mut self, state: GoroutineState, reason: Name, nanoseconds: i64) {
        match state {
            GoroutineState::Running => self.add_executing(nanoseconds),
            GoroutineState::Runnable => self.add_runnable(nanoseconds),
            GoroutineState::Waiting => self.add_blocked(reason, nanoseconds),
            GoroutineState::Syscall | GoroutineState::Undetermined | GoroutineState::NotExist => {}
        }
    }

    /// The parts with the names that the reference gives them, `Execution time` first
    /// (`NonOverlappingStats` of `src/internal/trace/summary.go`).
    pub fn columns(&self, names: &Names) -> Vec<(String, i64)> {
        let mut columns = vec![
            ("Execution time".to_owned(), self.executing()),
            ("Block time (syscall)".to_owned(), self.syscall_blocked()),
            ("Sched wait time".to_owned(), self.runnable()),
            ("Syscall execution time".to_owned(), self.syscall()),
            ("Unknown time".to_owned(), self.unknown()),
        ];
        columns.extend(self.blocked().map(|(reason, nanoseconds)| {
            (format!("Block time ({})", reason.text(names)), nanoseconds)
        }));
        columns[1..].sort();
        columns
    }

    /// For people.
    pub fn view(&self, names: &Names) -> TimesView {
        TimesView {
            total: self.total(),
            executing: self.executing(),
            runnable: self.runnable(),
            syscall: self.syscall(),
            syscall_blocked: self.syscall_blocked(),
            blocked: self
                .blocked()
                .map(|(reason, nanoseconds)| ReasonTime {
                    reason: reason.text(names).to_owned(),
                    nanoseconds,
                })
                .collect(),
            unknown: self.unknown(),
        }
    }
}

/// Why a goroutine waited, in [`Times`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason(u32);

impl Reason {
    /// How many there can be.
    pub const COUNT: usize = REASONS;

    /// The reason with a name.
    pub fn of(name: Name) -> Self {
        Self(u32::try_from(place_of(name)).unwrap_or(0))
    }

    /// The place in tables by reason.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Its text.
    pub fn text(self, names: &Names) -> &str {
        if self.index() == REASONS - 1 {
            return "other";
        }
        names.get(Name(self.0))
    }
}

/// [`Times`] for people, in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TimesView {
    /// It was there.
    pub total: i64,
    /// It ran.
    pub executing: i64,
    /// It waited for a P.
    pub runnable: i64,
    /// It was in system calls or C and held its P.
    pub syscall: i64,
    /// It was in system calls or C and had lost its P.
    pub syscall_blocked: i64,
    /// It waited, by reason.
    pub blocked: Vec<ReasonTime>,
    /// What the total has more than its parts.
    pub unknown: i64,
}

/// A reason and the nanoseconds that were waited for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonTime {
    /// The reason, empty where the trace says none.
    pub reason: String,
    /// How long.
    pub nanoseconds: i64,
}

/// What the runtime makes a goroutine do for a while. It overlaps with the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RangeName {
    /// It helped to mark.
    MarkAssist,
    /// It swept.
    Sweep,
    /// It stopped the world.
    StopTheWorld(Name),
}

impl RangeName {
    /// The name of a range of a goroutine or a P.
    pub(crate) fn of(range: &Range) -> Option<Self> {
        match range {
            Range::MarkAssist(_) => Some(Self::MarkAssist),
            Range::Sweep(_) => Some(Self::Sweep),
            Range::StopTheWorld(_, reason) => Some(Self::StopTheWorld(*reason)),
            Range::Mark => None,
        }
    }

    /// The name that the reference gives it.
    pub fn text(self, names: &Names) -> String {
        match self {
            Self::MarkAssist => "GC mark assist".to_owned(),
            Self::Sweep => "GC incremental sweep".to_owned(),
            Self::StopTheWorld(reason) => format!("stop-the-world ({})", names.get(reason)),
        }
    }
}

/// Sums by range; there are hardly ever more than two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RangeTimes(Vec<(RangeName, i64)>);

impl RangeTimes {
    pub(crate) fn add(&mut self, name: RangeName, nanoseconds: i64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => add(sum, nanoseconds),
            None => self.0.push((name, nanoseconds)),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The nanoseconds of a range.
    pub fn get(&self, name: RangeName) -> i64 {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or(0, |&(_, nanoseconds)| nanoseconds)
    }

    /// All ranges that were met.
    pub fn all(&self) -> impl Iterator<Item = (RangeName, i64)> {
        self.0.iter().copied()
    }

    pub(crate) fn since(mut self, before: &Self) -> Self {
        for (name, nanoseconds) in &mut self.0 {
            *nanoseconds = nanoseconds.saturating_sub(before.get(*name));
        }
        self
    }
}

/// The nanoseconds from when the trace said a goroutine's state until a moment.
pub(crate) fn in_state(goroutine: &Goroutine, now: Time) -> i64 {
    now.since(goroutine.now.said)
}
