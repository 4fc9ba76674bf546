//! One function, the collector or the scheduler uses much of the processors.
//!
//! A hundred samples are one second of CPU time and tell a share of one half to
//! within a tenth; with fewer nothing is said. A function is told from a fifth
//! of the time on, by the lower end of its interval: whatever is done about a
//! smaller one gains less than that. A twentieth of a processor is the least
//! that is worth reading about.

use super::{Check, Need, memory_limit_thrash};
use crate::cpu_use::{CpuUse, HotSpot, Share};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, Rule, RuleDoc, Severity};
use std::fmt::Write as _;

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "cpu-hot-spot",
        checks: "one function, the collector or the scheduler uses a fifth of the CPU time by the lower end of its interval",
        source: "the CPU profile; Go 1.27.3, src/runtime/pprof/pprof.go (StartCPUProfile)",
    },
    needs: &[Need::CpuProfile],
    triggered_by: "hot_function",
    spared: "lock",
    find: check,
};

const FEWEST_SAMPLES: u64 = 100;
const TOLD: f64 = 0.2;
const LEAST_CORES: f64 = 0.05;

/// From this part of what is available on, goroutines wait for a processor.
const SATURATED: f64 = 0.9;

/// What uses the most.
enum Top<'a> {
    Function(&'a HotSpot),
    Collector,
    Scheduler,
}

fn check(s: &Situation) -> Option<Finding> {
    let cpu = s.time.cpu.as_ref()?;
    if cpu.samples < FEWEST_SAMPLES {
        return None;
    }
    let function = cpu.spots.first();
    // Its own finding says more of a collector that has no room.
    let collector = if memory_limit_thrash::RULE.check(s).is_some() { 0 } else { cpu.collector };
    let candidates = [
        (function.map_or(0, |spot| spot.samples), function.map(Top::Function)),
        (collector, Some(Top::Collector)),
        (cpu.scheduler, Some(Top::Scheduler)),
    ];
    let (samples, top) = candidates
        .into_iter()
        .filter_map(|(samples, top)| Some((samples, top?)))
        .max_by_key(|(samples, _)| *samples)?;
    let share = cpu.share(samples);
    let cores = cpu.cores().map(|cores| cores * share.value);
    if share.low < TOLD || cores.is_some_and(|cores| cores < LEAST_CORES) {
        return None;
    }
    let available = available(s);
    let is_saturated = match (cpu.cores(), available) {
        (Some(used), Some((available, _))) => used >= SATURATED * available,
        _ => false,
    };
    let severity = if is_saturated { Severity::Warning } else { Severity::Info };
    let finding = Finding::new("cpu-hot-spot", severity, Confidence::Certain)
        .title(title(&top, share, cores, available))
        .detail(detail(cpu, &top, share, samples, is_saturated))
        .action(action(&top))
        .verify("A CPU profile under the same load (fathom explain --profile-seconds 10) shows a smaller share.");
    Some(evidence(finding, cpu, &top, samples, available))
}

/// Returns how many processors the program may use, and what says so.
fn available(s: &Situation) -> Option<(f64, &'static str)> {
    let processors = s.metrics.gomaxprocs().map(|count| (count as f64, "GOMAXPROCS"));
    let quota = s.time.cpu_quota.map(|cores| (cores, "the cgroup's quota"));
    processors
        .into_iter()
        .chain(quota)
        .min_by(|a, b| a.0.total_cmp(&b.0))
}

fn title(top: &Top<'_>, share: Share, cores: Option<f64>, available: Option<(f64, &str)>) -> String {
    let who = match top {
        Top::Function(spot) => spot.place(),
        Top::Collector => "The garbage collector".to_owned(),
        Top::Scheduler => "Go's scheduler, which looks for work and wakes threads,".to_owned(),
    };
    let of_cores = match (cores, available) {
        (Some(cores), Some((available, _))) => format!(", {cores:.1} of {available} processors"),
        (Some(cores), None) => format!(", {cores:.1} processors"),
        (None, _) => String::new(),
    };
    format!("{who} uses {:.0} % of the CPU time{of_cores}", share.value * 100.0)
}

fn detail(cpu: &CpuUse, top: &Top<'_>, share: Share, samples: u64, is_saturated: bool) -> String {
    let mut text = format!(
        "With 95 % confidence the share is between {:.0} and {:.0} %: the profile has {} samples, {samples} of them here.",
        share.low * 100.0,
        share.high * 100.0,
        cpu.samples,
    );
    match top {
        Top::Function(spot) => {
            let line = cpu.share(spot.line_samples).value * 100.0;
            let _ = write!(text, " The line alone has {line:.0} %, with what it calls in libraries.");
            if spot.is_elsewhere() {
                let _ = write!(text, " Most of it is spent in {}.", spot.leaf);
            }
        }
        Top::Collector => {
            if let Some((place, _)) = &cpu.allocating {
                let _ = write!(text, " Most allocation happens at {place}.");
            }
        }
        Top::Scheduler => text.push_str(
            " Threads that find nothing to do, sleep and are woken again spend it, not the program's functions.",
        ),
    }
    if is_saturated {
        text.push_str(" All processors that it may use are busy, so that goroutines wait for one.");
    }
    text
}

fn action(top: &Top<'_>) -> &'static str {
    match top {
        Top::Function(_) => {
            "Start here if it must be faster or cheaper: fathom pprof -list shows its lines, -peek its callers. Do \
             the work once instead of each time, or with a better algorithm, before making it faster."
        }
        Top::Collector => {
            "Allocate less: fathom top --sample alloc_space shows who does. Or give the heap room with GOGC and \
             GOMEMLIMIT: twice the headroom is half the collections."
        }
        Top::Scheduler => {
            "Hand over less often: batch values in channels, avoid goroutines and timers for work of microseconds. \
             Before Go 1.25, set GOMAXPROCS to the cgroup's quota."
        }
    }
}

fn evidence(
    mut finding: Finding,
    cpu: &CpuUse,
    top: &Top<'_>,
    samples: u64,
    available: Option<(f64, &'static str)>,
) -> Finding {
    const PROFILE: &str = "CPU profile";
    finding = finding
        .evidence("samples", cpu.samples, "samples", PROFILE)
        .evidence("samples here", samples, "samples", PROFILE)
        .evidence("CPU time", cpu.seconds, "seconds", PROFILE);
    if let (Some(duration), Some(cores)) = (cpu.duration, cpu.cores()) {
        finding = finding
            .evidence("duration", duration, "seconds", PROFILE)
            .evidence("processors used", cores, "processors", PROFILE);
    }
    if let Some((available, says)) = available {
        let artefact = if says == "GOMAXPROCS" { "runtime/metrics" } else { "cgroup" };
        finding = finding.evidence(says, available, "processors", artefact);
    }
    finding = finding
        .evidence("collector", cpu.collector, "samples", PROFILE)
        .evidence("scheduler", cpu.scheduler, "samples", PROFILE);
    if let Top::Function(spot) = top {
        finding = finding.evidence("innermost", spot.leaf.clone(), "", PROFILE);
    }
    let others = cpu.spots.iter().skip(usize::from(matches!(top, Top::Function(_))));
    for spot in others.take(2) {
        finding = finding.evidence(spot.place(), spot.samples, "samples", PROFILE);
    }
    finding
}
