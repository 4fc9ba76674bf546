//! Few goroutines with large stacks.

use super::{Check, Need};
use crate::amount::{bytes, count, percent};
use crate::process::THREAD_STACKS;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "stack-memory",
        checks: "StackInuse exceeds the floor and 64 KiB a goroutine",
        source: "Go 1.27.3, src/runtime/stack.go:1286 (shrinkstack), :1421 (initial size)",
    },
    needs: &[Need::MemStats, Need::Goroutines],
    triggered_by: "big_stacks",
    spared: "goroutine_leak",
    find: check,
};

/// A stack of ordinary code has 2 to 32 KiB.
const LARGE_STACK: u64 = 64 << 10;

fn check(s: &Situation) -> Option<Finding> {
    let state = s.heap_state?;
    let goroutines = s.goroutine_count().unwrap_or(0);
    let for_threads = s.threads.unwrap_or(0).saturating_mul(THREAD_STACKS);
    let of_goroutines = state.stacks.saturating_sub(for_threads);
    if of_goroutines < s.floor() || of_goroutines / goroutines.max(1) < LARGE_STACK {
        return None;
    }
    let resident = s
        .ledger
        .row("goroutine-stacks")
        .map_or(state.stacks, |row| row.bytes);
    let deepest = s
        .goroutines
        .as_ref()
        .and_then(|all| all.groups.iter().max_by_key(|group| group.functions.len()))
        .filter(|group| group.functions.len() > 30)
        .map(|group| format!(" The deepest stack stands at {}.", group.place))
        .unwrap_or_default();
    let average = of_goroutines / goroutines.max(1);
    Some(
        Finding::new("stack-memory", Severity::Warning, Confidence::Certain)
            .bytes(resident)
            .title(format!(
                "{} ({}) are goroutine stacks: {} each on average, for {} goroutines",
                bytes(resident),
                percent(resident, s.whole()),
                bytes(average),
                count(goroutines),
            ))
            .detail(format!(
                "A stack doubles when a call needs more room, and halves at a collection only if \
                 less than a quarter is in use. Deep recursion or large local arrays \
                 leave large stacks behind; the heap profile does not show them.{deepest}",
            ))
            .evidence_bytes("StackInuse", state.stacks, "MemStats")
            .evidence("goroutines", goroutines, "goroutines", "goroutine profile")
            .action(
                "Bound the recursion (an explicit stack on the heap, a depth limit), move large local arrays to \
                 the heap, and do not park a goroutine while it is deep.",
            )
            .verify("/memory/classes/heap/stacks:bytes falls over the next few collections."),
    )
}
