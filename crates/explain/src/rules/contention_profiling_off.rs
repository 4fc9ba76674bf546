//! Goroutines wait for locks, and nobody records who holds them.
//!
//! Ten goroutines at one lock in one reading are told: a lock that is held
//! briefly has no such queue at a moment that nobody chose.

use super::{Check, Need};
use crate::amount::count;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "contention-profiling-off",
        checks: "ten goroutines and more wait at one lock, and the mutex and block profiles know of none",
        source: "Go 1.27.3, src/runtime/mprof.go (SetMutexProfileFraction, SetBlockProfileRate), both 0 by default",
    },
    needs: &[Need::Goroutines, Need::MutexProfile],
    triggered_by: "lock_unprofiled",
    spared: "lock",
    find: check,
};

const TOLD: u64 = 10;

fn check(s: &Situation) -> Option<Finding> {
    let says_off = s.time.mutex_is_silent()?;
    let knows_locks = |block: &crate::contention::Contention| !block.locks().is_empty();
    if s.time.block.as_ref().is_some_and(knows_locks) {
        return None;
    }
    let all = s.goroutines.as_ref()?;
    let (place, here) = all.longest_lock_queue()?;
    if here < TOLD {
        return None;
    }
    let waiting = all.lock_waiters();
    let confidence = if says_off { Confidence::Certain } else { Confidence::Likely };
    let elsewhere = match waiting.saturating_sub(here) {
        0 => String::new(),
        others => format!(" Another {} wait for locks elsewhere.", count(others)),
    };
    let mut finding = Finding::new("contention-profiling-off", Severity::Warning, confidence)
        .title(format!(
            "{} of {} goroutines wait for a lock at {place}, and mutex profiling is off",
            count(here),
            count(all.total),
        ))
        .detail(format!(
            "The goroutines tell where they wait, and how many at this moment. Who holds the lock, how long and how \
             often is what the mutex profile would tell, but the program records none: its rate is 0, which is Go's \
             default.{elsewhere}",
        ))
        .evidence("at this lock", here, "goroutines", "goroutine profile")
        .evidence("waiting for locks", waiting, "goroutines", "goroutine profile")
        .evidence("goroutines", all.total, "goroutines", "goroutine profile");
    if says_off {
        finding = finding.evidence("sampling period", 0_u64, "events", "mutex profile");
    }
    if let Some(total) = s.metrics.f64("/sync/mutex/wait/total:seconds") {
        finding = finding.evidence("/sync/mutex/wait/total", total, "seconds", "runtime/metrics");
    }
    Some(
        finding
            .action(
                "Call runtime.SetMutexProfileFraction(100) at the start of main: one contended Unlock in 100 records \
                 its stack, about a microsecond each, and locks that nobody waits for cost nothing. \
                 runtime.SetBlockProfileRate(10_000) adds channels and conditions: every wait above 10 µs is \
                 recorded; a rate of 1 records each and is felt.",
            )
            .verify("fathom explain --profile-seconds 10 then says lock-contention, with the line that holds it."),
    )
}
