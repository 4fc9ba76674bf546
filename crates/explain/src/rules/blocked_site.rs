//! Goroutines stop at one channel, select, condition or group.
//!
//! Waiting for work is normal, and by far the most of a block profile: workers
//! that receive, select or wait for a condition outside any request are idle
//! and set aside. What remains is a send that nobody takes, and a wait on the
//! way of a request. One producer that runs ahead of its consumer waits all the
//! time and is no fault, so it takes two goroutines at a time to be told, and
//! ten to be a warning.

use super::{Check, Need};
use crate::amount::{count, seconds};
use crate::contention::{Contention, Spot, Wait, Waited, Window};
use crate::goroutine_groups::Goroutines;
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "blocked-site",
        checks: "two goroutines at a time wait at one line to send, or for anything but a lock within a request",
        source: "the block profile; Go 1.27.3, src/runtime/mprof.go (blockevent)",
    },
    needs: &[Need::BlockProfile],
    triggered_by: "slow_consumer",
    spared: "lock",
    find: check,
};

const FEWEST_EVENTS: f64 = 10.0;
const TOLD: f64 = 2.0;
const ALARMING: f64 = 10.0;

/// Goroutines seen there at once that make up for an unknown average.
const QUEUE: u64 = 10;

fn check(s: &Situation) -> Option<Finding> {
    find(s.time.block.as_ref()?, s.goroutines.as_ref())
}

/// Says whether somebody suffers from a wait.
fn matters(spot: &Spot) -> bool {
    if spot.function.is_empty() {
        return false;
    }
    match spot.wait {
        Wait::Send => true,
        Wait::Receive | Wait::Select | Wait::Condition | Wait::Group => spot.serving,
        Wait::Lock | Wait::RuntimeLock | Wait::Other => false,
    }
}

/// Judges a block profile.
pub(crate) fn find(block: &Contention, goroutines: Option<&Goroutines>) -> Option<Finding> {
    let (spot, waited) = block.spots.iter().find(|(spot, _)| matters(spot))?;
    if waited.events < FEWEST_EVENTS {
        return None;
    }
    let place = spot.place();
    let now = goroutines.map_or(0, |all| all.standing_at(&place));
    let average = block.at_a_time(waited.seconds);
    let queues = now >= QUEUE;
    let severity = match average {
        _ if queues => Severity::Warning,
        Some(waiting) if waiting >= ALARMING => Severity::Warning,
        Some(waiting) if waiting >= TOLD => Severity::Info,
        _ => return None,
    };
    let confidence = if now >= 2 { Confidence::Likely } else { Confidence::Possible };
    let idle = block
        .spots
        .iter()
        .filter(|(spot, _)| !matters(spot) && spot.wait != Wait::Lock)
        .fold(0.0, |sum, (_, waited)| sum + waited.seconds);
    let mut finding = Finding::new("blocked-site", severity, confidence)
        .title(title(block, spot, *waited, average))
        .detail(detail(spot, *waited, now))
        .evidence("delay at this line", waited.seconds, "seconds", "block profile")
        .evidence("waits", whole(waited.events), "events", "block profile")
        .evidence("set aside: idle workers and the runtime", idle, "seconds", "block profile");
    if let Some(average) = average {
        finding = finding.evidence("waiting at a time", average, "goroutines", "block profile");
    }
    if now > 0 {
        finding = finding.evidence("waiting now", now, "goroutines", "goroutine profile");
    }
    let action = if spot.wait == Wait::Send {
        "Look at who receives: more receivers, or less work for each value. A buffer evens out bursts and no more; if \
         values may be lost, drop them with a select and a default."
    } else {
        "Look at who should answer: give the wait a deadline with the request's context, and bound how many requests \
         wait. More of whoever answers helps if it is what is short."
    };
    Some(finding.action(action).verify(
        "fathom explain --profile-seconds 10 under the same load shows fewer goroutines waiting at this line.",
    ))
}

fn title(block: &Contention, spot: &Spot, waited: Waited, average: Option<f64>) -> String {
    let (how, place) = (spot.wait.words(), spot.place());
    match (average, block.window) {
        (Some(waiting), Window::Between(_)) => {
            format!("{waiting:.1} goroutines at a time wait {how} at {place}")
        }
        (Some(waiting), _) => {
            format!("{waiting:.1} goroutines at a time, on average since the start, waited {how} at {place}")
        }
        (None, _) => format!("Goroutines waited {} together {how} at {place}", seconds(waited.seconds)),
    }
}

fn detail(spot: &Spot, waited: Waited, now: u64) -> String {
    let whose = if spot.serving {
        "It is on the way of requests, which wait as long."
    } else {
        "Who sends is held up by who receives: the receivers do not keep up."
    };
    let now = match now {
        0 => String::new(),
        now => format!(" {} stand there right now.", count(now)),
    };
    format!(
        "They waited {} times, {} each on average. {whose}{now} A wait is counted when it ends: goroutines that \
         never go on are not in these numbers.",
        count(whole(waited.events)),
        seconds(waited.seconds / waited.events),
    )
}
