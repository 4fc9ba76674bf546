//! Goroutines wait for one lock.
//!
//! Seconds of waiting in a second are the goroutines that wait at a time. From
//! one on somebody always waits, which is worth a warning; below a half, most
//! of the time nobody does, and nothing is said. Ten recorded events are the
//! fewest from which a share is told: their number alone is uncertain by a
//! third.

use super::{Check, Need};
use crate::amount::{count, seconds};
use crate::contention::{Contention, Spot, Wait, Waited, Window};
use crate::goroutine_groups::Goroutines;
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};
use std::fmt::Write as _;

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "lock-contention",
        checks: "goroutines wait for one lock: half of one at a time on average, or ten of them now",
        source: "the mutex profile, else the block profile; Go 1.27.3, src/runtime/sema.go, src/runtime/mprof.go",
    },
    needs: &[Need::MutexProfile],
    triggered_by: "lock",
    spared: "slow_consumer",
    find: check,
};

/// Fewer recorded events say too little.
const FEWEST_EVENTS: f64 = 10.0;

/// Goroutines that wait at a time, on average, from which it is told, and from
/// which it is a warning.
const TOLD: f64 = 0.5;
const ALARMING: f64 = 1.0;

/// Goroutines seen at the lock at once that make up for an unknown average.
const QUEUE: u64 = 10;

/// Where nobody knows over what time, at least so many seconds, and so many in
/// one wait: shorter ones are what locks are for.
const LONG: f64 = 1.0;
const LONG_WAIT: f64 = 0.001;

fn check(s: &Situation) -> Option<Finding> {
    find(
        s.time.mutex.as_ref(),
        s.time.block.as_ref(),
        s.goroutines.as_ref(),
    )
}

/// Judges the mutex profile, or without one the locks of the block profile.
pub(crate) fn find(
    mutex: Option<&Contention>,
    block: Option<&Contention>,
    goroutines: Option<&Goroutines>,
) -> Option<Finding> {
    let holds_locks = |profile: &&Contention| !profile.locks().is_empty();
    if let Some(mutex) = mutex.filter(holds_locks) {
        return judge(mutex, Seen::Released, goroutines);
    }
    judge(block.filter(holds_locks)?, Seen::Waited, goroutines)
}

/// Which side of a lock a profile shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Released,
    Waited,
}

impl Seen {
    fn artefact(self) -> &'static str {
        match self {
            Self::Released => "mutex profile",
            Self::Waited => "block profile",
        }
    }
}

fn judge(profile: &Contention, seen: Seen, goroutines: Option<&Goroutines>) -> Option<Finding> {
    let locks = profile.locks();
    let (spot, waited) = *locks.first()?;
    let recorded = match profile.fraction {
        Some(fraction) if fraction > 0 => waited.events / fraction as f64,
        _ => waited.events,
    };
    if recorded < FEWEST_EVENTS {
        return None;
    }
    let now = goroutines.map_or(0, |all| all.waiting_for_lock(&spot.owner, &spot.function));
    let average = profile.at_a_time(waited.seconds);
    let mean = waited.seconds / waited.events;
    let queues = now >= QUEUE;
    let severity = match average {
        _ if queues => Severity::Warning,
        Some(waiting) if waiting >= ALARMING => Severity::Warning,
        Some(waiting) if waiting >= TOLD => Severity::Info,
        None if waited.seconds >= LONG && mean >= LONG_WAIT => Severity::Info,
        _ => return None,
    };
    let confidence = match (average, now) {
        (Some(waiting), 2..) if waiting >= TOLD => Confidence::Certain,
        (None, _) if !queues => Confidence::Possible,
        _ => Confidence::Likely,
    };
    let all = locks
        .iter()
        .fold(Waited::default(), |sum, (_, waited)| Waited {
            seconds: sum.seconds + waited.seconds,
            events: sum.events + waited.events,
        });
    let share = waited.seconds * 100.0 / all.seconds;
    let finding = Finding::new("lock-contention", severity, confidence)
        .title(title(profile, spot, waited, average))
        .detail(detail(profile, spot, waited, seen, now, share))
        .evidence("delay at this lock", waited.seconds, "seconds", seen.artefact())
        .evidence("delay at all locks", all.seconds, "seconds", seen.artefact())
        .evidence("contentions", whole(waited.events), "events", seen.artefact());
    Some(common(finding, profile, spot, average, now, seen))
}

fn title(profile: &Contention, spot: &Spot, waited: Waited, average: Option<f64>) -> String {
    let lock = if spot.wait == Wait::RuntimeLock {
        "a lock inside the runtime, most at"
    } else {
        "one lock, most at"
    };
    match (average, profile.window) {
        (Some(waiting), Window::Between(_)) => {
            format!("{waiting:.1} goroutines at a time wait for {lock} {}", spot.place())
        }
        (Some(waiting), _) => format!(
            "{waiting:.1} goroutines at a time, on average since the start, waited for {lock} {}",
            spot.place()
        ),
        (None, _) => format!(
            "Goroutines waited {} together for {lock} {}",
            seconds(waited.seconds),
            spot.place()
        ),
    }
}

fn detail(
    profile: &Contention,
    spot: &Spot,
    waited: Waited,
    seen: Seen,
    now: u64,
    share: f64,
) -> String {
    let over = match profile.window {
        Window::Between(span) => format!("Within {}", seconds(span)),
        Window::SinceStart(span) => format!("In the {} since the start", seconds(span)),
        Window::Unknown => "Over a time that the evidence does not tell".to_owned(),
    };
    let mut text = format!(
        "{over} they waited {} times, {} each on average; that is {share:.0} % of all waiting for locks.",
        count(whole(waited.events)),
        short(waited.seconds / waited.events),
    );
    if spot.owner != spot.function && !spot.function.is_empty() {
        let _ = write!(text, " The lock is that of {}.", spot.owner);
    }
    text.push_str(match (seen, spot.wait) {
        (_, Wait::RuntimeLock) => {
            " Threads wait for it, not goroutines. Go 1.22 to 1.24 tell who released it only with \
             GODEBUG=runtimecontentionstacks=1."
        }
        (Seen::Released, _) => {
            " The line is where the lock is released, which is where others stop waiting; with a deferred \
             Unlock it is the function's end."
        }
        (Seen::Waited, _) => " The line is where they wait.",
    });
    if now > 0 {
        let _ = write!(text, " {} wait there right now.", count(now));
    }
    text
}

fn common(
    mut finding: Finding,
    profile: &Contention,
    spot: &Spot,
    average: Option<f64>,
    now: u64,
    seen: Seen,
) -> Finding {
    if let Some(average) = average {
        finding = finding.evidence("waiting at a time", average, "goroutines", seen.artefact());
    }
    if now > 0 {
        finding = finding.evidence("waiting now", now, "goroutines", "goroutine profile");
    }
    if let Some(fraction) = profile.fraction.filter(|&fraction| fraction > 1) {
        finding = finding.evidence("recorded, one in", fraction, "events", seen.artefact());
    }
    let lines = profile
        .spots
        .iter()
        .filter(|(other, _)| other.owner == spot.owner && other.wait == spot.wait);
    for (line, waited) in lines.take(3) {
        finding = finding.evidence(line.place(), waited.seconds, "seconds", seen.artefact());
    }
    let action = if spot.wait == Wait::RuntimeLock {
        "Ask the runtime for less of what the lock guards: fewer allocations of large objects, fewer timers, fewer \
         goroutines that start and end; newer Go versions split several of these locks."
    } else {
        "Do less while it is held: format and compute before taking it, and let one goroutine do the slow writing \
         behind a buffered channel or a bufio.Writer. If the work is short, split the lock by key, or read through \
         an atomic.Pointer or sync.RWMutex."
    };
    finding.action(action).verify(
        "fathom explain --profile-seconds 10 under the same load shows fewer goroutines waiting; \
         /sync/mutex/wait/total:seconds grows slower.",
    )
}

/// Writes a wait, which is often shorter than a millisecond.
fn short(span: f64) -> String {
    if span < 0.001 {
        format!("{:.0} µs", span * 1e6)
    } else {
        seconds(span)
    }
}
