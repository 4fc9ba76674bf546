//! What a series of collections shows, in the vocabulary of findings.

use fathom_finding::{Confidence, Finding, Severity, rank};
use fathom_goruntime::gctrace::{Observation, Summary};

/// Turns what was observed into findings, the most severe first.
pub(super) fn of(summary: &Summary) -> Vec<Finding> {
    rank(summary.observations.iter().filter_map(finding).collect())
}

fn finding(observation: &Observation) -> Option<Finding> {
    let advice = advice(observation)?;
    let sentence = observation.to_string();
    Some(
        Finding::new(advice.id, advice.severity, advice.confidence)
            .title(title(&sentence))
            .action(advice.action)
            .verify(advice.verify),
    )
}

/// A title follows the word of its severity, and has no full stop.
fn title(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut characters = sentence.chars();
    let first = characters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(characters).collect()
}

struct Advice {
    id: &'static str,
    severity: Severity,
    confidence: Confidence,
    action: &'static str,
    verify: &'static str,
}

fn advice(observation: &Observation) -> Option<Advice> {
    let advice = match observation {
        Observation::LiveHeapGrows { .. } => Advice {
            id: "live-heap-grows",
            severity: Severity::Warning,
            confidence: Confidence::Likely,
            action: "Take two heap profiles some minutes apart and compare them: \
                     fathom top after.pb.gz --base before.pb.gz.",
            verify: "After the fix the live heap levels off in the same load.",
        },
        Observation::ForcedOften { .. } => Advice {
            id: "forced-collections",
            severity: Severity::Warning,
            confidence: Confidence::Likely,
            action: "Look for runtime.GC and debug.FreeOSMemory in the program and its libraries; \
                     an idle program is collected every two minutes, which is no harm.",
            verify: "The lines end without (forced).",
        },
        Observation::GcCpuHigh { .. } => Advice {
            id: "gc-cpu-high",
            severity: Severity::Warning,
            confidence: Confidence::Certain,
            action: "Allocate less (fathom top --sample alloc_space), or give the heap more room: \
                     a higher GOGC, or a higher GOMEMLIMIT if that is what binds.",
            verify: "The share of the CPU falls below a quarter.",
        },
        Observation::MemoryLimitThrash { .. } => Advice {
            id: "memory-limit-thrash",
            severity: Severity::Critical,
            confidence: Confidence::Likely,
            action: "Raise GOMEMLIMIT, or keep less alive: fathom explain on the process shows both.",
            verify: "The goal is well above the live heap again.",
        },
        Observation::CyclesFrequent { .. } => Advice {
            id: "frequent-collections",
            severity: Severity::Info,
            confidence: Confidence::Certain,
            action: "A small live heap with much garbage is collected often: a higher GOGC, or a \
                     GOMEMLIMIT with GOGC=off where memory is set aside for the program, makes it \
                     rare.",
            verify: "Fewer collections a second under the same load.",
        },
        Observation::PausesLong { .. } => Advice {
            id: "long-pauses",
            severity: Severity::Warning,
            confidence: Confidence::Likely,
            action: "Pauses wait for every thread to stop: look for too few processors (CPU limits \
                     of the container), for swapping, and for long loops in old Go versions.",
            verify: "99 of 100 pauses stay below 10 ms.",
        },
        Observation::AssistsHigh { .. } => Advice {
            id: "mark-assists",
            severity: Severity::Info,
            confidence: Confidence::Certain,
            action: "The program allocates faster than the collector marks: allocate less in bursts, \
                     or raise GOGC.",
            verify: "The assists' share of the marking falls.",
        },
        _ => return None,
    };
    Some(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_a_sentence_and_what_to_do() {
        let mut summary = Summary::default();
        summary.observations = vec![
            Observation::CyclesFrequent { per_second: 30.0 },
            Observation::GcCpuHigh { share: 0.4 },
        ];
        let findings = of(&summary);
        let ids: Vec<&str> = findings.iter().map(|finding| finding.id).collect();
        assert_eq!(ids, ["gc-cpu-high", "frequent-collections"]);
        for finding in findings {
            assert!(
                !finding.title.is_empty() && !finding.title.ends_with('.'),
                "{}",
                finding.title
            );
            assert!(finding.action.ends_with('.') && finding.verify.ends_with('.'));
        }
    }
}
