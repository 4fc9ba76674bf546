//! The finding that nothing is wrong.

use crate::amount::bytes;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, Severity};

/// Says `healthy` when no rule found anything to worry about, or to ask about,
/// and the evidence was enough to see it.
///
/// It is not one of the table's rules, as it looks at what they found.
pub(crate) fn check(s: &Situation, findings: &[Finding]) -> Option<Finding> {
    let clear = findings.iter().all(|finding| {
        finding.severity == Severity::Info && finding.confidence > Confidence::Possible
    });
    // Without the runtime's numbers there is too little to be content with.
    if !clear || s.memstats.is_none() {
        return None;
    }
    let whole = s.whole();
    let confidence = if s.memory.is_some() {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    let live = s
        .heap_state
        .and_then(|state| state.live)
        .map(|live| format!(", {} of it live heap", bytes(live.bytes)))
        .unwrap_or_default();
    Some(
        Finding::new("healthy", Severity::Info, confidence)
            .title(format!(
                "Nothing is wrong with these {}{live}: every part has a normal reason",
                bytes(whole)
            ))
            .detail(
                "None of the known causes of wasted or runaway memory shows in this evidence. A slow leak does not \
                 show in one snapshot.",
            )
            .action("Nothing. To watch for growth, save a bundle now (fathom capture) and compare later.")
            .verify("fathom explain --base then.fathom shows no growth."),
    )
}
