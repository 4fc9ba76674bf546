//! Collections as comma-separated values: a line each, under a header.

use std::fmt::{Display, Write as _};

use fathom_goruntime::gctrace::GcCycle;

/// The columns, with their units; empty where the Go version does not print it.
const HEADER: &str = "gc,at_seconds,gc_percent,pause_ms,mark_ms,cpu_assist_ms,cpu_dedicated_ms,\
cpu_idle_ms,heap_start_mib,heap_end_mib,heap_live_mib,goal_mib,stacks_mib,globals_mib,procs,\
forced,leak_check";

/// Writes all collections.
pub(super) fn table(cycles: &[GcCycle]) -> String {
    let mut text = format!("{HEADER}\n");
    for cycle in cycles {
        let cpu = cycle.cpu;
        let fields = [
            cycle.number.to_string(),
            known(cycle.at_seconds),
            known(cycle.gc_percent),
            number(cycle.pause_ms()),
            number(cycle.mark_ms),
            known(cpu.map(|cpu| number(cpu.assist_ms))),
            known(cpu.map(|cpu| number(cpu.dedicated_ms))),
            known(cpu.map(|cpu| number(cpu.idle_ms))),
            cycle.heap_start_mib.to_string(),
            cycle.heap_end_mib.to_string(),
            cycle.heap_live_mib.to_string(),
            known(cycle.goal_mib),
            known(cycle.stacks_mib),
            known(cycle.globals_mib),
            cycle.procs.to_string(),
            cycle.forced.to_string(),
            cycle.leak_check.to_string(),
        ];
        let _ = writeln!(text, "{}", fields.join(","));
    }
    text
}

/// Sums of what the runtime rounds to microseconds carry no more than that.
fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn known(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use fathom_goruntime::gctrace::{Event, parse};

    use super::*;

    #[test]
    fn every_line_has_every_column() {
        let log = b"gc 2 @1.020s 1%: 0.030+1.35+0.006 ms clock, 0.060+0.12/0.20/0.50+0.012 ms cpu, 8->9->6 MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)\n\
            gc76(1): 2+1+1390+1 us, 1 -> 3 MB, 16397 (1015746-999349) objects, 12 goroutines, 1436/1/0 sweeps, 0(0) handoff, 0(0) steal, 0/0/0 yields\n";
        let cycles: Vec<GcCycle> = parse(log)
            .0
            .into_iter()
            .filter_map(|event| match event {
                Event::Cycle(cycle) => Some(cycle),
                _ => None,
            })
            .collect();
        let text = table(&cycles);
        let columns = HEADER.split(',').count();
        assert!(
            text.lines().all(|line| line.split(',').count() == columns),
            "{text}"
        );
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            "2,1.02,1,0.036,1.35,0.12,0.2,0.5,8,9,6,8,0,0,2,true,false"
        );
        assert_eq!(lines[2], "76,,,1.394,0,,,,1,3,3,,,,1,false,false");
    }
}
