//! Many goroutines parked at one place.

use super::{Check, Need};
use crate::amount::{bytes, count};
use crate::goroutine_groups::Group;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "goroutine-leak",
        checks: "the leak detector found goroutines, or more than 1,000 exist and one stack holds half of them",
        source: "Go 1.27.3, src/runtime/mgc.go:597 (leak detection), src/runtime/stack.go; golang/go#74609",
    },
    needs: &[Need::Goroutines],
    triggered_by: "goroutine_leak",
    spared: "many_threads",
    find: check,
};

/// Below this, one stack with many goroutines is a worker pool.
pub(crate) const MANY: u64 = 1000;

/// So many leaked goroutines are a warning: a handful is a fact worth knowing, not an incident.
pub(crate) const MANY_LEAKED: u64 = 100;

/// A goroutine's descriptor and its share of the scheduler's tables, in bytes
/// on the heap (measured: 536 on Go 1.21, 638 on 1.27).
const DESCRIPTOR: u64 = 600;

fn check(s: &Situation) -> Option<Finding> {
    if let Some(leaked) = s.leaked.as_ref().filter(|leaked| leaked.total > 0) {
        return Some(found_by_the_runtime(s, leaked.total, leaked.groups.first()?));
    }
    let all = s.goroutines.as_ref()?;
    let group = all.groups.first()?;
    if all.total < MANY || group.count < all.total / 2 {
        return None;
    }
    let running = matches!(group.state.as_deref(), Some("running" | "runnable"));
    if running {
        return None;
    }
    let waits = group.longest_minutes.unwrap_or(0);
    let confidence = if waits >= 2 {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    let since = match waits {
        0 => String::new(),
        minutes => format!(", some for {minutes} minutes and more"),
    };
    let state = group.state.as_ref().map_or_else(
        || "are parked".to_owned(),
        |state| format!("wait in {state}"),
    );
    let finding = Finding::new("goroutine-leak", Severity::Warning, confidence)
        .title(format!(
            "{} of {} goroutines {} at {}{since}: they look leaked",
            count(group.count),
            count(all.total),
            state,
            group.place,
        ))
        .detail(format!(
            "Each keeps its stack and everything it refers to; together they hold about {}. One \
             snapshot cannot tell a leak from a burst that will end: look again later.{}",
            bytes(held(s, group.count, all.total)),
            creator(group),
        ))
        .bytes(held(s, group.count, all.total));
    Some(common(finding, s, group.count, all.total))
}

fn found_by_the_runtime(s: &Situation, leaked: u64, group: &Group) -> Finding {
    let total = s.goroutine_count().unwrap_or(leaked).max(leaked);
    let bytes_held = held(s, leaked, total);
    let severity = if leaked >= MANY_LEAKED || bytes_held >= s.floor() {
        Severity::Warning
    } else {
        Severity::Info
    };
    let finding = Finding::new("goroutine-leak", severity, Confidence::Certain)
        .bytes(bytes_held)
        .title(format!(
            "{} of {} goroutines are leaked: nothing can ever wake them (most at {})",
            count(leaked),
            count(total),
            group.place,
        ))
        .detail(format!(
            "Go's leak detector found that what they wait for is unreachable. They hold about {}.{}",
            bytes(bytes_held),
            creator(group),
        ));
    common(finding, s, leaked, total)
}

fn creator(group: &Group) -> String {
    group
        .created_by
        .as_ref()
        .map(|creator| format!(" They were started by {creator}."))
        .unwrap_or_default()
}

/// Returns the part of the stacks that falls to these goroutines, and their
/// descriptors. What they refer to on the heap is not known from outside.
fn held(s: &Situation, goroutines: u64, total: u64) -> u64 {
    let stacks = s.ledger.row("goroutine-stacks").map_or_else(
        || s.heap_state.map_or(0, |state| state.stacks),
        |row| row.bytes,
    );
    let share = u128::from(stacks) * u128::from(goroutines) / u128::from(total.max(1));
    u64::try_from(share)
        .unwrap_or(stacks)
        .saturating_add(goroutines.saturating_mul(DESCRIPTOR))
}

fn common(finding: Finding, s: &Situation, goroutines: u64, total: u64) -> Finding {
    let mut finding = finding
        .evidence("goroutines", total, "goroutines", "goroutine profile")
        .evidence("with this stack", goroutines, "goroutines", "goroutine profile")
        .action(
            "Make the blocked operation end: give the send or receive a select with ctx.Done(), close the \
             channel, buffer it, or set a deadline. fathom goroutines lists the stacks.",
        )
        .verify(
            "fathom goroutines --base shows the count falling; on Go 1.27 the goroutineleak profile is empty.",
        );
    if let Some(state) = s.heap_state {
        finding = finding.evidence_bytes("StackInuse", state.stacks, "MemStats");
    }
    finding
}
