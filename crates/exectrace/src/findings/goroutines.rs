//! Goroutines that never go on, and goroutines that never end.

use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

use super::{ARTEFACT, TraceRule, percent, time};
use crate::analyses::TraceView;
use crate::blocking::WaitsView;

/// Reasons for which only another goroutine can end a wait.
const FOR_ONE_ANOTHER: [&str; 5] = [
    "chan receive",
    "chan send",
    "select",
    "sync",
    "sync.(*Cond).Wait",
];
/// So many at one place wait for something that does not come; one may be a loop that idles.
const STUCK: u64 = 10;
/// Who waited for so much of the trace may wait for ever.
const MOST_OF_TRACE: f64 = 0.9;
/// So many of one origin that stay are more than a pool that was being filled.
const PILE: u64 = 100;
/// So many of those made within the trace stay.
const STAYING: f64 = 0.9;

pub(super) const FOREVER: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-blocked-forever",
        checks: "goroutines wait for nothing that can come, or ten and more at one place waited through the whole trace",
        source: "Go 1.27.3, src/runtime/traceruntime.go (traceBlockForever)",
    },
    check: forever,
};

pub(super) const PILE_UP: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-goroutines-stay",
        checks: "a hundred and more goroutines made at one place within the trace did not end",
        source: "Go 1.27.3, src/internal/trace/summary.go",
    },
    check: pile_up,
};

fn place(waits: &WaitsView) -> &str {
    let own =
        |function: &&String| !function.starts_with("runtime.") && !function.starts_with("sync.");
    let first = waits.stack.iter().find(own).or(waits.stack.first());
    first.map_or("an unknown place", String::as_str)
}

fn forever(view: &TraceView) -> Option<Finding> {
    let long = MOST_OF_TRACE * view.overview.nanoseconds as f64;
    let is_stuck = |waits: &&WaitsView| {
        waits.open >= STUCK
            && waits.longest as f64 >= long
            && FOR_ONE_ANOTHER.contains(&waits.reason.as_str())
    };
    let all = &view.blocking.as_ref()?.waits;
    let for_ever = all
        .iter()
        .find(|waits| waits.reason == "forever" && waits.open > 0);
    let (waits, confidence) = match for_ever {
        Some(waits) => (waits, Confidence::Certain),
        None => (
            all.iter().filter(is_stuck).max_by_key(|waits| waits.open)?,
            Confidence::Possible,
        ),
    };
    let detail = if confidence == Confidence::Certain {
        "They wait on a nil channel or in an empty select, which nothing can end. If that is the main goroutine of a \
         server, it is meant."
    } else {
        "Only another goroutine can end such a wait, and none did while the trace lasted. What they hold stays in \
         memory. Idle workers of a pool look the same: look whether work should have reached them."
    };
    let finding = Finding::new("trace-blocked-forever", Severity::Warning, confidence)
        .title(format!(
            "{} blocked at {} until the trace's end ({})",
            if waits.open == 1 {
                "1 goroutine was".to_owned()
            } else {
                format!("{} goroutines were", waits.open)
            },
            place(waits),
            waits.reason
        ))
        .detail(detail)
        .evidence("blocked at the end", waits.open, "goroutines", ARTEFACT)
        .evidence("longest wait", waits.longest, "nanoseconds", ARTEFACT)
        .evidence("the trace", view.overview.nanoseconds, "nanoseconds", ARTEFACT)
        .evidence("reason", waits.reason.as_str(), "", ARTEFACT)
        .action(
            "Find who should send, close or unlock there, and give the wait a way out: a context that is cancelled, or \
             a timeout.",
        )
        .verify("A trace or goroutine dump taken later has fewer goroutines at that place.");
    Some(finding)
}

fn pile_up(view: &TraceView) -> Option<Finding> {
    let groups = view.goroutines.iter();
    // Those without a place were there before the trace.
    let staying = groups.filter(|group| {
        !group.site.is_empty()
            && group.alive >= PILE
            && group.alive as f64 >= STAYING * group.count as f64
    });
    let group = staying.max_by_key(|group| group.alive)?;
    let most = group.blocked.iter().max_by_key(|reason| reason.times.total);
    let mut finding = Finding::new("trace-goroutines-stay", Severity::Warning, Confidence::Likely)
        .title(format!(
            "{} of {} goroutines made at {} did not end",
            group.alive, group.count, group.site
        ))
        .detail(format!(
            "They run {} and were made within {}. {} of those made there stayed: if that goes on, they are a leak.",
            group.entry,
            time(view.overview.nanoseconds),
            percent(group.alive as f64 / group.count.max(1) as f64)
        ))
        .evidence("made", group.count, "goroutines", ARTEFACT)
        .evidence("alive at the end", group.alive, "goroutines", ARTEFACT)
        .evidence("never ran", group.never_ran, "goroutines", ARTEFACT)
        .evidence("made at", format!("{}:{}", group.site_file, group.site_line), "", ARTEFACT)
        .action("See where they wait, and make sure that each has a reason to end when its work is done or given up.")
        .verify("A longer trace shows as many ended as made there.");
    if let Some(most) = most {
        finding = finding.evidence("they wait mostly for", most.reason.as_str(), "", ARTEFACT);
    }
    Some(finding)
}
