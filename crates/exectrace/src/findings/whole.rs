//! The trace itself is not whole.

use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

use super::{ARTEFACT, TraceRule};
use crate::analyses::TraceView;

pub(super) const DAMAGED: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-damaged",
        checks: "a part of the trace could not be read",
        source: "Go 1.27.3, src/internal/trace/reader.go",
    },
    check: damaged,
};

fn damaged(view: &TraceView) -> Option<Finding> {
    let damage = view.overview.damage.as_ref()?;
    let finding = Finding::new("trace-damaged", Severity::Warning, Confidence::Certain)
        .bytes(view.overview.lost_bytes)
        .title(match view.overview.lost_bytes {
            0 => "The trace is not whole: its end has no names and no stacks".to_owned(),
            lost => format!(
                "{lost} of {} bytes of the trace could not be read",
                view.overview.bytes
            ),
        })
        .detail(format!(
            "{damage}. What is told here is of the part before: sums are too small, and what began there may seem to \
             last until the end."
        ))
        .evidence_bytes("lost", view.overview.lost_bytes, ARTEFACT)
        .evidence_bytes("in all", view.overview.bytes, ARTEFACT)
        .action(
            "Record the trace again, and let the program call trace.Stop, or the request for /debug/pprof/trace end, \
             before the file is taken.",
        )
        .verify("`fathom trace` says nothing of damage.");
    Some(finding)
}
