//! What a series of collections says of a program.

use std::fmt;

use serde::Serialize;

use super::GcCycle;

/// Holds percentiles of a time in milliseconds, by the nearest rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of all are at most this.
    pub p50: f64,
    /// 95 of 100 are at most this.
    pub p95: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// Is the largest.
    pub max: f64,
}

/// Is one process: its cycles from the first to the last that were seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Segment {
    /// Is the index of its first cycle in the series.
    pub start: usize,
    /// Counts its cycles.
    pub cycles: usize,
    /// Is the number of its first cycle; above 1 the beginning was not seen.
    pub first_number: u64,
    /// Counts the numbers that are missing in between: lost lines.
    pub missing: u64,
    /// Is the time from its first to its last cycle in seconds (Go 1.5).
    pub seconds: Option<f64>,
}

/// Is something that the series shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Observation {
    /// The live heap rises from one fifth of the series to the next, by half or
    /// more over all: a leak, or a cache that fills.
    LiveHeapGrows {
        /// Is the middle live heap of the first fifth, in MiB.
        from_mib: u64,
        /// Is the middle live heap of the last fifth, in MiB.
        to_mib: u64,
        /// Is the slope of a straight line through all, in MiB an hour.
        mib_per_hour: Option<f64>,
    },
    /// The program itself asks for many of its collections (`runtime.GC`,
    /// `debug.FreeOSMemory`) or has so little to do that the runtime does.
    ForcedOften {
        /// Counts the forced cycles.
        forced: usize,
        /// Counts all cycles.
        cycles: usize,
    },
    /// The collector takes more than a quarter of the CPU.
    GcCpuHigh {
        /// Is its share, 0 to 1.
        share: f64,
    },
    /// The goal is hardly above the live heap, again and again: a memory limit
    /// leaves no room and the collector runs all the time.
    MemoryLimitThrash {
        /// Counts the cycles with a goal within a tenth of the live heap.
        cycles: usize,
        /// Is the part of all cycles, 0 to 1.
        share: f64,
    },
    /// More than ten collections a second.
    CyclesFrequent {
        /// Counts the cycles a second.
        per_second: f64,
    },
    /// The world stood still for long: one pause in a hundred is above 10 ms.
    PausesLong {
        /// Is the 99th percentile in milliseconds.
        p99_ms: f64,
    },
    /// Allocating goroutines did much of the collector's work: more than the
    /// workers did.
    AssistsHigh {
        /// Is the assists' part of the marking's CPU time, 0 to 1.
        share: f64,
    },
}

impl fmt::Display for Observation {
    /// Says it in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        match self {
            Self::LiveHeapGrows {
                from_mib,
                to_mib,
                mib_per_hour,
            } => {
                write!(
                    f,
                    "The live heap grew steadily from {from_mib} MiB to {to_mib} MiB"
                )?;
                match mib_per_hour {
                    Some(slope) => write!(
                        f,
                        ", {slope:.1} MiB an hour: a leak, or a cache that fills."
                    ),
                    None => write!(f, ": a leak, or a cache that fills."),
                }
            }
            Self::ForcedOften { forced, cycles } => write!(
                f,
                "{forced} of {cycles} collections were forced, by runtime.GC, debug.FreeOSMemory or two minutes without one."
            ),
            Self::GcCpuHigh { share } => {
                write!(
                    f,
                    "The collector takes {:.0} % of the CPU.",
                    percent(*share)
                )
            }
            Self::MemoryLimitThrash { cycles, share } => write!(
                f,
                "{cycles} collections ({:.0} %) had a goal at the live heap: a memory limit leaves no room, or GOGC is very low.",
                percent(*share)
            ),
            Self::CyclesFrequent { per_second } => {
                write!(f, "The collector runs {per_second:.1} times a second.")
            }
            Self::PausesLong { p99_ms } => {
                write!(f, "One pause in a hundred takes {p99_ms:.1} ms or more.")
            }
            Self::AssistsHigh { share } => write!(
                f,
                "Allocating goroutines did {:.0} % of the marking: they allocate faster than the collector marks.",
                percent(*share)
            ),
        }
    }
}

/// Is a summary of a series of collections.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Counts the cycles.
    pub cycles: usize,
    /// Counts those that were forced.
    pub forced: usize,
    /// Counts those that looked for leaked goroutines.
    pub leak_checks: usize,
    /// Holds the processes: a number that starts again is another process.
    pub segments: Vec<Segment>,
    /// Is the pauses, each the sum of the cycle's stops of the world.
    pub pause_ms: Option<Percentiles>,
    /// Is the sum of all pauses in milliseconds.
    pub pause_total_ms: f64,
    /// Is the concurrent marking.
    pub mark_ms: Option<Percentiles>,
    /// Is the seconds that the segments with times cover.
    pub seconds: Option<f64>,
    /// Counts the cycles a second over that time.
    pub per_second: Option<f64>,
    /// Is the time between the beginnings of two cycles, the middle one, in
    /// seconds.
    pub interval_seconds: Option<f64>,
    /// Is the collector's share of the CPU as the last line tells it, since the
    /// process's start, 0 to 1.
    pub gc_cpu_share_since_start: Option<f64>,
    /// Is its share over the time the series covers, 0 to 1: all CPU time but
    /// idle workers' by the time on all processors.
    pub gc_cpu_share: Option<f64>,
    /// Is the live heap of the first cycle in MiB.
    pub live_first_mib: u64,
    /// Is the live heap of the last cycle in MiB.
    pub live_last_mib: u64,
    /// Is the largest live heap in MiB.
    pub live_peak_mib: u64,
    /// Is the largest heap at all in MiB.
    pub heap_peak_mib: u64,
    /// Is the slope of the live heap in the last segment, by least squares, in
    /// MiB an hour; none below 10 cycles.
    pub live_mib_per_hour: Option<f64>,
    /// Is the goal of the last cycle in MiB.
    pub goal_last_mib: Option<u64>,
    /// Is the goal of the last cycle less its live heap, in MiB: what the
    /// collector lets the program allocate.
    pub headroom_mib: Option<u64>,
    /// Holds what the series shows.
    pub observations: Vec<Observation>,
}

/// Summarises cycles in the order of the log. Linear, but for two sorts.
///
/// Rates and trends are those of the segments with times, so that a restart does
/// not look like a fall of the heap.
pub fn summary(cycles: &[GcCycle]) -> Summary {
    let (Some(first), Some(last)) = (cycles.first(), cycles.last()) else {
        return Summary::default();
    };
    let segments = segments(cycles);
    let of = |segment: &Segment| {
        cycles
            .get(segment.start..)
            .and_then(|rest| rest.get(..segment.cycles))
    };
    let timed: Vec<&[GcCycle]> = segments
        .iter()
        .filter(|segment| segment.seconds.is_some())
        .filter_map(of)
        .collect();
    let seconds = segments
        .iter()
        .filter_map(|segment| segment.seconds)
        .sum::<f64>();
    let seconds = (seconds > 0.0).then_some(seconds);
    let intervals: usize = timed
        .iter()
        .map(|cycles| cycles.len().saturating_sub(1))
        .sum();
    let per_second = seconds.map(|seconds| intervals as f64 / seconds);
    let last_segment = segments.last().and_then(of).unwrap_or_default();
    let mut result = Summary {
        cycles: cycles.len(),
        forced: cycles.iter().filter(|cycle| cycle.forced).count(),
        leak_checks: cycles.iter().filter(|cycle| cycle.leak_check).count(),
        pause_ms: percentiles(cycles.iter().map(GcCycle::pause_ms)),
        pause_total_ms: cycles.iter().map(GcCycle::pause_ms).sum(),
        mark_ms: percentiles(
            cycles
                .iter()
                .filter(|cycle| cycle.cpu.is_some())
                .map(|cycle| cycle.mark_ms),
        ),
        seconds,
        per_second,
        interval_seconds: interval(&timed),
        gc_cpu_share_since_start: last.gc_percent.map(|percent| f64::from(percent) / 100.0),
        gc_cpu_share: seconds.and_then(|seconds| cpu_share(&timed, seconds)),
        live_first_mib: first.heap_live_mib,
        live_last_mib: last.heap_live_mib,
        live_peak_mib: cycles
            .iter()
            .map(|cycle| cycle.heap_live_mib)
            .max()
            .unwrap_or(0),
        heap_peak_mib: cycles
            .iter()
            .map(|cycle| cycle.heap_start_mib.max(cycle.heap_end_mib))
            .max()
            .unwrap_or(0),
        live_mib_per_hour: slope(last_segment),
        goal_last_mib: last.goal_mib,
        headroom_mib: last
            .goal_mib
            .map(|goal| goal.saturating_sub(last.heap_live_mib)),
        segments,
        observations: Vec::new(),
    };
    result.observations = observations(cycles, last_segment, &result);
    result
}

fn segments(cycles: &[GcCycle]) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut start = 0;
    for (index, pair) in cycles.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        // Go 1.5 printed each collection twice with gctrace=2: the same number
        // is the same process.
        if after.number < before.number {
            let end = index.saturating_add(1);
            segments.extend(segment(cycles, start, end));
            start = end;
        }
    }
    segments.extend(segment(cycles, start, cycles.len()));
    segments
}

fn segment(cycles: &[GcCycle], start: usize, end: usize) -> Option<Segment> {
    let own = cycles.get(start..end)?;
    let (first, last) = (own.first()?, own.last()?);
    let expected = last.number.saturating_sub(first.number).saturating_add(1);
    let seconds = last
        .at_seconds
        .zip(first.at_seconds)
        .map(|(last, first)| (last - first).max(0.0));
    Some(Segment {
        start,
        cycles: own.len(),
        first_number: first.number,
        missing: expected.saturating_sub(own.len() as u64),
        seconds,
    })
}

fn percentiles(values: impl Iterator<Item = f64>) -> Option<Percentiles> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let rank = |percent: usize| {
        let rank = values.len().checked_mul(percent)?.div_ceil(100);
        values.get(rank.saturating_sub(1)).copied()
    };
    Some(Percentiles {
        p50: rank(50)?,
        p95: rank(95)?,
        p99: rank(99)?,
        max: *values.last()?,
    })
}

fn interval(timed: &[&[GcCycle]]) -> Option<f64> {
    let pairs = timed.iter().flat_map(|cycles| cycles.windows(2));
    let intervals = pairs.filter_map(|pair| match pair {
        [before, after] => Some(after.at_seconds? - before.at_seconds?),
        _ => None,
    });
    percentiles(intervals).map(|percentiles| percentiles.p50)
}

/// The last cycle of a segment begins at its end, so that its time is left out.
fn cpu_share(timed: &[&[GcCycle]], seconds: f64) -> Option<f64> {
    let mut used_ms = 0.0;
    let mut procs = 0;
    for cycles in timed {
        for cycle in cycles.split_last().map_or(&[][..], |(_, before)| before) {
            let cpu = cycle.cpu?;
            used_ms += cpu.sweep_termination_ms
                + cpu.assist_ms
                + cpu.dedicated_ms
                + cpu.mark_termination_ms;
            procs = procs.max(cycle.procs);
        }
    }
    let available_ms = seconds * 1000.0 * f64::from(procs);
    (available_ms > 0.0).then(|| (used_ms / available_ms).clamp(0.0, 1.0))
}

/// Is the slope of the live heap in MiB an hour, by least squares.
fn slope(cycles: &[GcCycle]) -> Option<f64> {
    if cycles.len() < 10 {
        return None;
    }
    let points: Option<Vec<(f64, f64)>> = cycles
        .iter()
        .map(|cycle| Some((cycle.at_seconds?, cycle.heap_live_mib as f64)))
        .collect();
    let points = points?;
    let count = points.len() as f64;
    let mean_time = points.iter().map(|(time, _)| time).sum::<f64>() / count;
    let mean_live = points.iter().map(|(_, live)| live).sum::<f64>() / count;
    let covariance: f64 = points
        .iter()
        .map(|(time, live)| (time - mean_time) * (live - mean_live))
        .sum();
    let variance: f64 = points
        .iter()
        .map(|(time, _)| (time - mean_time).powi(2))
        .sum();
    (variance > 0.0).then(|| covariance / variance * 3600.0)
}

/// The first cycles of a process start from nothing, whatever it does.
const WARM_UP: usize = 5;

fn observations(
    cycles: &[GcCycle],
    last_segment: &[GcCycle],
    summary: &Summary,
) -> Vec<Observation> {
    let mut found = Vec::new();
    found.extend(live_heap_grows(last_segment));
    if summary.forced >= 5 && summary.forced.saturating_mul(4) >= summary.cycles {
        found.push(Observation::ForcedOften {
            forced: summary.forced,
            cycles: summary.cycles,
        });
    }
    // The share since the start counts where the series covers next to nothing.
    let covers = summary.seconds.is_some_and(|seconds| seconds >= 1.0);
    let share = summary
        .gc_cpu_share
        .filter(|_| covers)
        .or(summary.gc_cpu_share_since_start);
    if let Some(share) = share.filter(|share| *share > 0.25) {
        found.push(Observation::GcCpuHigh { share });
    }
    found.extend(memory_limit_thrash(cycles));
    if let Some(per_second) = summary
        .per_second
        .filter(|per_second| *per_second > 10.0 && covers)
    {
        found.push(Observation::CyclesFrequent { per_second });
    }
    if let Some(pauses) = summary
        .pause_ms
        .filter(|pauses| pauses.p99 > 10.0 && cycles.len() > WARM_UP)
    {
        found.push(Observation::PausesLong { p99_ms: pauses.p99 });
    }
    let cpu = || cycles.iter().filter_map(|cycle| cycle.cpu);
    let assists: f64 = cpu().map(|cpu| cpu.assist_ms).sum();
    let workers: f64 = cpu().map(|cpu| cpu.dedicated_ms + cpu.idle_ms).sum();
    if assists > workers && cycles.len() > WARM_UP {
        found.push(Observation::AssistsHigh {
            share: assists / (assists + workers),
        });
    }
    found
}

fn live_heap_grows(cycles: &[GcCycle]) -> Option<Observation> {
    let settled = cycles
        .get(WARM_UP..)
        .filter(|settled| settled.len() >= 10)?;
    let fifth = settled.len() / 5;
    let middles: Vec<u64> = settled
        .chunks_exact(fifth)
        .take(5)
        .filter_map(|chunk| {
            let mut live: Vec<u64> = chunk.iter().map(|cycle| cycle.heap_live_mib).collect();
            live.sort_unstable();
            live.get(live.len() / 2).copied()
        })
        .collect();
    let (from_mib, to_mib) = (*middles.first()?, *middles.last()?);
    let rises = middles
        .windows(2)
        .all(|pair| matches!(pair, [before, after] if before < after));
    let much = to_mib >= from_mib.saturating_add(from_mib / 2).saturating_add(4);
    (rises && much).then(|| Observation::LiveHeapGrows {
        from_mib,
        to_mib,
        mib_per_hour: slope(cycles),
    })
}

/// GOGC=100 puts the goal at twice the live heap, and never below 4 MiB; only a
/// memory limit, or a GOGC of a few percent, puts it next to it.
fn memory_limit_thrash(cycles: &[GcCycle]) -> Option<Observation> {
    let tight = |pair: &&[GcCycle]| match pair {
        [before, after] => {
            let live = before.heap_live_mib;
            let goal = after.goal_mib;
            live >= 16
                && !after.forced
                && goal.is_some_and(|goal| goal.saturating_sub(live).saturating_mul(10) <= live)
        }
        _ => false,
    };
    let count = cycles.windows(2).filter(tight).count();
    let share = count as f64 / cycles.len().max(1) as f64;
    (count >= 5 && share >= 0.25).then_some(Observation::MemoryLimitThrash {
        cycles: count,
        share,
    })
}
