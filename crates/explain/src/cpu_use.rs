//! A CPU profile as explain needs it: who uses the processors, and for what.
//!
//! Go interrupts each running thread 100 times a second of its CPU time
//! (Go 1.27.3, src/runtime/pprof/pprof.go, `StartCPUProfile`): every sample is
//! 10 ms of use, and counts of samples have the error of counting.

use crate::heap_sites::is_standard_library;
use fathom_profile::Profile;
use fathom_profile::site::is_runtime;
use std::collections::HashMap;

/// The share that a 95 % interval leaves on each side, in standard errors.
const Z: f64 = 1.96;

/// Functions below which everything is the collector's work, or is done for it
/// by who allocates (Go 1.27.3, src/runtime/mgc.go, mgcmark.go, mgcsweep.go,
/// mgcscavenge.go).
const COLLECTOR: [&str; 9] = [
    "runtime.gcBgMarkWorker",
    "runtime.gcAssistAlloc",
    "runtime.gcStart",
    "runtime.gcMarkTermination",
    "runtime.bgsweep",
    "runtime.bgscavenge",
    "runtime.deductSweepCredit",
    "runtime.GC",
    "runtime._GC",
];

/// What a sample was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    Program,
    Collector,
    Scheduler,
}

/// A count of samples against all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// The estimate, 0 to 1.
    pub(crate) value: f64,
    /// The lower end of the 95 % interval.
    pub(crate) low: f64,
    /// The upper end of the 95 % interval.
    pub(crate) high: f64,
}

impl Share {
    /// Estimates a share by Wilson's interval, which holds for small counts too.
    fn of(samples: u64, all: u64) -> Self {
        if all == 0 {
            return Self {
                value: 0.0,
                low: 0.0,
                high: 1.0,
            };
        }
        let (count, value) = (all as f64, samples as f64 / all as f64);
        let scale = 1.0 + Z * Z / count;
        let centre = (value + Z * Z / (2.0 * count)) / scale;
        let spread = (value * (1.0 - value) / count + Z * Z / (4.0 * count * count)).sqrt();
        let half = Z * spread / scale;
        Self {
            value,
            low: (centre - half).max(0.0),
            high: (centre + half).min(1.0),
        }
    }
}

/// A function of the program with what it uses, itself and through libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HotSpot {
    /// The function.
    function: String,
    /// Its source file, or empty.
    file: String,
    /// The line with the most samples, or 0.
    line: i64,
    /// How many samples that line has.
    pub(crate) line_samples: u64,
    /// How many samples the function has.
    pub(crate) samples: u64,
    /// The innermost function of most of them.
    pub(crate) leaf: String,
    /// How many have it.
    pub(crate) leaf_samples: u64,
}

impl HotSpot {
    /// Writes the place: `main.digest (main.go:20)`.
    pub(crate) fn place(&self) -> String {
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        if file.is_empty() || self.line <= 0 {
            self.function.clone()
        } else {
            format!("{} ({file}:{})", self.function, self.line)
        }
    }

    /// Whether most of the time is spent in another function than its own.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.leaf != self.function && self.leaf_samples.saturating_mul(2) > self.samples
    }
}

/// A CPU profile, read for diagnosis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CpuUse {
    /// All samples.
    pub(crate) samples: u64,
    /// The CPU time that they stand for, in seconds.
    pub(crate) seconds: f64,
    /// How long the profile ran, in seconds, where it says so.
    pub(crate) duration: Option<f64>,
    /// Samples of the collector.
    pub(crate) collector: u64,
    /// Samples of threads that looked for work, slept or woke others.
    pub(crate) scheduler: u64,
    /// The program's functions, most samples first.
    pub(crate) spots: Vec<HotSpot>,
    /// The lines below which most samples allocate, with how many.
    pub(crate) allocating: Option<(String, u64)>,
}

impl CpuUse {
    /// Reads the profile; `None` where it is of another sort.
    pub(crate) fn read(profile: &Profile) -> Option<Self> {
        let cpu = profile.column("cpu")?;
        let counts = profile.column("samples");
        let period = profile.period().max(1);
        let mut gathered = Gathered::default();
        let mut nanoseconds = 0_i64;
        for sample in 0..profile.sample_count() {
            let used = profile.value(sample, cpu).max(0);
            let count = counts.map_or(used / period, |column| profile.value(sample, column));
            nanoseconds = nanoseconds.saturating_add(used);
            gathered.add(profile, sample, count.max(0).unsigned_abs());
        }
        let duration = profile.duration_nanos();
        Some(Self {
            samples: gathered.samples,
            seconds: nanoseconds as f64 / 1e9,
            duration: (duration > 0).then_some(duration as f64 / 1e9),
            collector: gathered.collector,
            scheduler: gathered.scheduler,
            allocating: gathered
                .allocating
                .into_iter()
                .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0))),
            spots: spots(gathered.functions),
        })
    }

    /// Returns how many processors were busy at a time.
    pub(crate) fn cores(&self) -> Option<f64> {
        Some(self.seconds / self.duration?)
    }

    /// Returns the share of some samples with its interval.
    pub(crate) fn share(&self, samples: u64) -> Share {
        Share::of(samples, self.samples)
    }
}

/// What is counted of one function.
#[derive(Debug, Default)]
struct Tally {
    samples: u64,
    lines: HashMap<i64, u64>,
    leaves: HashMap<String, u64>,
}

#[derive(Debug, Default)]
struct Gathered {
    samples: u64,
    collector: u64,
    scheduler: u64,
    functions: HashMap<(String, String), Tally>,
    allocating: HashMap<String, u64>,
}

impl Gathered {
    fn add(&mut self, profile: &Profile, sample: usize, count: u64) {
        self.samples = self.samples.saturating_add(count);
        let mut work = None;
        let mut leaf = "";
        let mut own = None;
        let mut outside = None;
        let mut allocates = false;
        for frame in profile.frames(sample) {
            let function = frame.function;
            if function.is_empty() {
                continue;
            }
            if leaf.is_empty() {
                leaf = function;
            }
            allocates |= own.is_none() && function == "runtime.mallocgc";
            if COLLECTOR.iter().any(|name| function.starts_with(name)) {
                work = Some(Work::Collector);
            }
            // C and the kernel's page have no frames of their own (proc.go, `sigprof`).
            let is_foreign = matches!(function, "runtime._ExternalCode" | "runtime._VDSO");
            if outside.is_none() && (is_foreign || !is_runtime(function)) {
                outside = Some(frame);
            }
            if own.is_none() && !is_standard_library(function) {
                own = Some(frame);
            }
        }
        let on_its_own = if outside.is_none() {
            Work::Scheduler
        } else {
            Work::Program
        };
        let of = |count: u64, known: &mut u64| *known = known.saturating_add(count);
        if allocates && let Some(frame) = own {
            let place = place(frame.function, frame.file, frame.line);
            of(count, self.allocating.entry(place).or_default());
        }
        match work.unwrap_or(on_its_own) {
            Work::Collector => of(count, &mut self.collector),
            Work::Scheduler => of(count, &mut self.scheduler),
            Work::Program => {
                let Some(frame) = own.or(outside) else { return };
                let key = (frame.function.to_owned(), frame.file.to_owned());
                let tally = self.functions.entry(key).or_default();
                of(count, &mut tally.samples);
                of(count, tally.lines.entry(frame.line).or_default());
                of(count, tally.leaves.entry(leaf.to_owned()).or_default());
            }
        }
    }
}

fn place(function: &str, file: &str, line: i64) -> String {
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    if file.is_empty() || line <= 0 {
        function.to_owned()
    } else {
        format!("{function} ({file}:{line})")
    }
}

fn spots(functions: HashMap<(String, String), Tally>) -> Vec<HotSpot> {
    let mut spots: Vec<HotSpot> = functions
        .into_iter()
        .map(|((function, file), tally)| {
            let by_count = |a: &(i64, u64), b: &(i64, u64)| a.1.cmp(&b.1).then(b.0.cmp(&a.0));
            let (line, line_samples) = tally.lines.into_iter().max_by(by_count).unwrap_or_default();
            let (leaf, leaf_samples) = tally
                .leaves
                .into_iter()
                .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))
                .unwrap_or_default();
            HotSpot {
                function,
                file,
                line,
                line_samples,
                samples: tally.samples,
                leaf,
                leaf_samples,
            }
        })
        .collect();
    spots.sort_by(|a, b| {
        b.samples
            .cmp(&a.samples)
            .then_with(|| a.function.cmp(&b.function))
            .then_with(|| a.file.cmp(&b.file))
    });
    spots
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_profile::{Limits, ProfileBuilder};

    fn read(rows: &[(&[(&str, i64)], i64)]) -> CpuUse {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("samples", "count").unwrap();
        builder.add_sample_type("cpu", "nanoseconds").unwrap();
        builder
            .set_period("cpu", "nanoseconds", 10_000_000)
            .unwrap();
        builder.set_time(1, 2_000_000_000);
        for (stack, count) in rows {
            let calls: Vec<_> = (1_u64..)
                .zip(*stack)
                .map(|(address, (name, line))| {
                    let function = builder.function(name, name, "/src/m.go", 1).unwrap();
                    builder.call(address, function, *line).unwrap()
                })
                .collect();
            let values = [*count, count * 10_000_000];
            builder.add_sample(&calls, &values, &[]).unwrap();
        }
        CpuUse::read(&builder.finish()).unwrap()
    }

    #[test]
    fn libraries_and_the_runtime_are_charged_to_the_line_that_calls_them() {
        let cpu = read(&[
            (
                &[
                    ("crypto/sha256.block", 1),
                    ("main.digest", 20),
                    ("main.main", 3),
                ],
                60,
            ),
            (&[("main.digest", 21), ("main.main", 3)], 30),
            (&[("runtime.memmove", 1), ("main.copy", 9)], 10),
            (
                &[
                    ("runtime.scanobject", 1),
                    ("runtime.gcBgMarkWorker.func2", 2),
                ],
                50,
            ),
            (&[("runtime.futex", 1), ("runtime.findRunnable", 2)], 50),
        ]);
        assert_eq!(cpu.samples, 200);
        assert_eq!(cpu.cores(), Some(1.0));
        assert_eq!((cpu.collector, cpu.scheduler), (50, 50));
        let first = &cpu.spots[0];
        assert_eq!(first.place(), "main.digest (m.go:20)");
        assert_eq!((first.samples, first.line_samples), (90, 60));
        assert_eq!(first.leaf, "crypto/sha256.block");
        assert!(first.is_elsewhere());
        assert_eq!(cpu.spots[1].place(), "main.copy (m.go:9)");
    }

    #[test]
    fn allocation_and_assists_name_who_allocates() {
        let cpu = read(&[
            (
                &[
                    ("runtime.nextFreeFast", 1),
                    ("runtime.mallocgc", 2),
                    ("main.f", 5),
                ],
                7,
            ),
            (
                &[
                    ("runtime.scanobject", 1),
                    ("runtime.gcAssistAlloc", 2),
                    ("runtime.mallocgc", 3),
                    ("main.f", 5),
                ],
                3,
            ),
        ]);
        assert_eq!(cpu.allocating, Some(("main.f (m.go:5)".to_owned(), 10)));
        assert_eq!((cpu.collector, cpu.spots[0].samples), (3, 7));
    }

    #[test]
    fn the_interval_is_that_of_counting() {
        let share = Share::of(50, 100);
        assert!((share.low - 0.4038).abs() < 1e-3 && (share.high - 0.5962).abs() < 1e-3);
        let all = Share::of(10, 10);
        assert!(all.low > 0.7 && all.low < 0.75);
        assert!(Share::of(0, 0).high > 0.999);
    }
}
