//! The lines of `GODEBUG=gctrace=1` and `scavtrace=1`.

use fathom_goruntime::gctrace::{GcCycle, Scavenge};

use crate::Unit::{Bytes, Count, Percent, Seconds};
use crate::{Reading, Unit};

/// Makes readings of one collection, named `gctrace.…`.
///
/// Each holds for its collection alone, so that all but the number are gauges. Sizes are those of
/// the line, whole MiB.
pub fn cycle_readings(cycle: &GcCycle) -> Vec<Reading> {
    let mib = |value: u64| value as f64 * 1_048_576.0;
    let mut readings = vec![Reading::counter(
        "gctrace.cycles",
        Count,
        cycle.number as f64,
    )];
    let mut gauge = |name: &str, unit: Unit, value: Option<f64>| {
        readings.extend(value.map(|value| Reading::gauge(name, unit, value)));
    };
    let seconds = |milliseconds: f64| Some(milliseconds / 1e3);
    gauge("gctrace.heap.start", Bytes, Some(mib(cycle.heap_start_mib)));
    gauge("gctrace.heap.end", Bytes, Some(mib(cycle.heap_end_mib)));
    gauge("gctrace.heap.live", Bytes, Some(mib(cycle.heap_live_mib)));
    gauge("gctrace.heap.goal", Bytes, cycle.goal_mib.map(mib));
    gauge("gctrace.stacks", Bytes, cycle.stacks_mib.map(mib));
    gauge("gctrace.globals", Bytes, cycle.globals_mib.map(mib));
    gauge("gctrace.procs", Count, Some(f64::from(cycle.procs)));
    gauge(
        "gctrace.gc_percent",
        Percent,
        cycle.gc_percent.map(f64::from),
    );
    gauge(
        "gctrace.forced",
        Count,
        Some(f64::from(u8::from(cycle.forced))),
    );
    gauge(
        "gctrace.clock.sweep_termination",
        Seconds,
        seconds(cycle.sweep_termination_ms),
    );
    gauge("gctrace.clock.mark", Seconds, seconds(cycle.mark_ms));
    gauge(
        "gctrace.clock.mark_termination",
        Seconds,
        seconds(cycle.mark_termination_ms),
    );
    gauge("gctrace.pause", Seconds, seconds(cycle.pause_ms()));
    if let Some(cpu) = &cycle.cpu {
        for (name, milliseconds) in [
            ("gctrace.cpu.sweep_termination", cpu.sweep_termination_ms),
            ("gctrace.cpu.assist", cpu.assist_ms),
            ("gctrace.cpu.dedicated", cpu.dedicated_ms),
            ("gctrace.cpu.idle", cpu.idle_ms),
            ("gctrace.cpu.mark_termination", cpu.mark_termination_ms),
        ] {
            gauge(name, Seconds, seconds(milliseconds));
        }
    }
    readings
}

/// Makes readings of one line of the scavenger, named `scavtrace.…`.
pub fn scavenge_readings(scavenge: &Scavenge) -> Vec<Reading> {
    let kib = |value: Option<u64>| value.map(|value| value as f64 * 1024.0);
    [
        ("scavtrace.work", Bytes, kib(scavenge.work_kib)),
        ("scavtrace.eager", Bytes, kib(scavenge.eager_kib)),
        ("scavtrace.released", Bytes, kib(scavenge.released_kib)),
        ("scavtrace.total", Bytes, kib(scavenge.total_kib)),
        ("scavtrace.inuse", Bytes, kib(scavenge.inuse_kib)),
        ("scavtrace.idle", Bytes, kib(scavenge.idle_kib)),
        ("scavtrace.sys", Bytes, kib(scavenge.sys_kib)),
        ("scavtrace.consumed", Bytes, kib(scavenge.consumed_kib)),
        (
            "scavtrace.utilisation",
            Percent,
            scavenge.utilisation_percent.map(|value| value as f64),
        ),
    ]
    .into_iter()
    .filter_map(|(name, unit, value)| Some(Reading::gauge(name, unit, value?)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_goruntime::gctrace::{Event, parse};

    #[test]
    fn every_field_of_a_line_is_a_reading() {
        let line = b"gc 12 @3.5s 2%: 0.5+1.5+0.25 ms clock, 1.0+0.5/2.5/0+0.5 ms cpu, 4->6->3 MB, 8 MB goal, 1 MB stacks, 2 MB globals, 4 P (forced)\n";
        let (events, _) = parse(line);
        let Event::Cycle(cycle) = &events[0] else {
            panic!("no cycle: {events:?}");
        };
        let look = crate::Look {
            readings: cycle_readings(cycle),
            ..Default::default()
        };
        assert_eq!(look.number("gctrace.cycles"), Some(12.0));
        assert_eq!(look.number("gctrace.heap.live"), Some(3.0 * 1_048_576.0));
        assert_eq!(look.number("gctrace.heap.goal"), Some(8.0 * 1_048_576.0));
        assert_eq!(look.number("gctrace.pause"), Some(0.000_75));
        assert_eq!(look.number("gctrace.cpu.dedicated"), Some(0.002_5));
        assert_eq!(look.number("gctrace.procs"), Some(4.0));
        assert_eq!(look.number("gctrace.forced"), Some(1.0));
        assert_eq!(look.number("gctrace.gc_percent"), Some(2.0));
    }
}
