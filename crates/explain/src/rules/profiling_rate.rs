//! The heap profile samples at another rate than Go's default.

use super::{Check, Need};
use crate::amount::{bytes, count};
use crate::heap_sites::DEFAULT_RATE;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "profiling-rate",
        checks: "runtime.MemProfileRate is 0, 1, or not 524288",
        source: "Go 1.27.3, src/runtime/mprof.go (MemProfileRate), src/runtime/proc.go:924 (disableMemoryProfiling)",
    },
    needs: &[Need::HeapProfile],
    triggered_by: "profile_buckets",
    spared: "ballast",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let rate = s.heap.as_ref()?.rate;
    if rate == DEFAULT_RATE {
        return None;
    }
    let finding = Finding::new("profiling-rate", Severity::Info, Confidence::Certain).evidence(
        "MemProfileRate",
        rate,
        "bytes",
        "heap profile",
    );
    Some(match rate {
        0 => finding
            .title("Heap profiling is off (MemProfileRate = 0): the profile shows nothing")
            .detail(
                "The program set runtime.MemProfileRate to 0, or the linker turned profiling off \
                 because nothing in the program refers to runtime.MemProfile.",
            )
            .action("Leave runtime.MemProfileRate at its default, and import runtime/pprof or net/http/pprof.")
            .verify("The header of /debug/pprof/heap?debug=1 ends in heap/1048576."),
        1 => finding
            .title("Every allocation is profiled (MemProfileRate = 1): exact, and expensive")
            .detail(
                "Each allocation records its stack. The profile has no sampling error, but \
                 allocating is several times slower, and the runtime keeps a record per object.",
            )
            .action("Set runtime.MemProfileRate = 1 for an experiment only; remove it in production.")
            .verify("The header of /debug/pprof/heap?debug=1 ends in heap/1048576."),
        _ => finding
            .title(format!(
                "The heap profile samples one allocation in {} (MemProfileRate = {}; the default is {})",
                bytes(rate),
                count(rate),
                count(DEFAULT_RATE),
            ))
            .detail(
                "The intervals that fathom shows take the rate into account. If the program changes the \
                 rate while it runs, samples of different rates are scaled alike and the profile is biased.",
            )
            .action("Set runtime.MemProfileRate once, at the start of main, or not at all.")
            .verify("The header of /debug/pprof/heap?debug=1 shows twice the rate."),
    })
}
