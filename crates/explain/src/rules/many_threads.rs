//! More OS threads than Go needs.

use super::{Check, Need};
use crate::amount::{bytes, count};
use crate::process::THREAD_STACKS;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "many-threads",
        checks: "the process has more than 4 threads a P and 50 on top",
        source: "Go 1.27.3, src/runtime/proc.go:2351; golang/go#14592 (idle threads never exit)",
    },
    needs: &[Need::Status],
    triggered_by: "many_threads",
    spared: "cgo_malloc",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let threads = s.threads?;
    let processors = s.metrics.gomaxprocs();
    // Without GOMAXPROCS, a machine of 32 processors is assumed.
    let usual = processors.unwrap_or(32).saturating_mul(4).saturating_add(50);
    if threads <= usual {
        return None;
    }
    let held = threads.saturating_mul(THREAD_STACKS);
    let blocked = s
        .goroutines
        .as_ref()
        .and_then(|all| {
            all.groups
                .iter()
                .find(|group| group.state.as_deref() == Some("syscall"))
        })
        .map(|group| {
            format!(
                " {} goroutines stand in a blocking call at {}.",
                count(group.count),
                group.place
            )
        })
        .unwrap_or_default();
    let mut finding = Finding::new("many-threads", Severity::Warning, Confidence::Certain)
        .bytes(held)
        .title(format!(
            "The process has {} OS threads, about {} of stacks",
            count(threads),
            bytes(held),
        ))
        .detail(format!(
            "Each goroutine in a blocking system call or cgo call takes a thread of its own, and Go never ends an \
             idle thread.{blocked}",
        ))
        .evidence("Threads", threads, "threads", "status")
        .action(
            "Bound the blocking calls (a semaphore around file, DNS and cgo work); debug.SetMaxThreads turns a runaway \
             into a crash with a stack.",
        )
        .verify("After a restart under the same load, Threads in /proc/PID/status stays low.");
    if let Some(processors) = processors {
        finding = finding.evidence("GOMAXPROCS", processors, "Ps", "runtime/metrics");
    }
    Some(finding)
}
