//! A process whose course is known, in the real store.

use std::fmt::Write as _;
use std::path::Path;

use fathom_collect::growth_of;
use fathom_explain::Growth;
use fathom_history::{Build, Embedded, History, Labels, Options, Range, Scrape, Taken};
use fathom_profile::{Limits, Profile};
use fathom_series::{Look, Reading, Unit, profile_readings};

pub(crate) const START: i64 = 1_700_000_000_000;
pub(crate) const MIB: f64 = 1_048_576.0;

/// What something is at a second.
pub(crate) type Course = Box<dyn Fn(f64) -> f64>;

/// A simulated process: what it holds at a second of its life.
pub(crate) struct Simulated {
    /// Live bytes by line of the program.
    pub(crate) lines: Vec<(&'static str, Course)>,
    pub(crate) goroutines: Course,
    pub(crate) outside: Course,
    /// How busy it is: 1 is 5 MB of allocations a second.
    pub(crate) load: Course,
    /// What CPU time the collector has taken since the beginning.
    pub(crate) gc_seconds: Course,
    pub(crate) limit: f64,
    /// GOMEMLIMIT.
    pub(crate) memory_limit: Option<f64>,
    /// Stored with each heap profile.
    pub(crate) more: Vec<(&'static str, Profile)>,
    /// When it was started anew, in seconds.
    pub(crate) restart: Option<f64>,
}

impl Simulated {
    pub(crate) fn new() -> Self {
        Self {
            lines: vec![("main.cache", Box::new(|_| 150.0 * MIB))],
            goroutines: Box::new(|_| 20.0),
            outside: Box::new(|_| 20.0 * MIB),
            load: Box::new(|_| 1.0),
            gc_seconds: Box::new(|second| 0.02 * second),
            limit: 4096.0 * MIB,
            memory_limit: None,
            more: Vec::new(),
            restart: None,
        }
    }

    pub(crate) fn line(mut self, name: &'static str, bytes: impl Fn(f64) -> f64 + 'static) -> Self {
        self.lines.push((name, Box::new(bytes)));
        self
    }

    /// How long the present run has lasted at a second.
    fn age(&self, second: f64) -> f64 {
        match self.restart {
            Some(restart) if second >= restart => second - restart,
            _ => second + 7200.0,
        }
    }

    /// The load that the present run has had, times its seconds.
    fn so_far(&self, second: f64) -> f64 {
        let age = self.age(second);
        // Simpson's rule is exact enough for loads that change over hours.
        let at = |age_then: f64| (self.load)(second - age + age_then);
        let parts = (age / 1800.0).ceil().max(1.0);
        let length = age / parts;
        let mut sum = 0.0;
        let mut from = 0.0;
        while from + length * 0.5 < age {
            sum += length / 6.0 * (at(from) + 4.0 * at(from + length / 2.0) + at(from + length));
            from += length;
        }
        sum
    }

    fn live(&self, second: f64) -> f64 {
        self.lines.iter().map(|(_, bytes)| bytes(second)).sum()
    }

    fn look(&self, second: f64) -> Look {
        let live = self.live(second);
        let age = self.age(second);
        // The heap rises from what is live to twice as much, and is collected.
        let phase = (second / 37.0).fract();
        let allocated = live * (1.0 + phase);
        let idle = live * (1.0 - phase) + 8.0 * MIB;
        let resident = allocated + idle + 10.0 * MIB + (self.outside)(second);
        let bytes = |name: &str, value: f64| Reading::gauge(name, Unit::Bytes, value);
        let mut look = Look {
            at_ms: START + milliseconds(second),
            started_ms: Some(START + milliseconds(second - age)),
            readings: vec![
                bytes("process.rss", resident),
                bytes("memstats.HeapAlloc", allocated),
                bytes("memstats.HeapInuse", allocated),
                bytes("memstats.HeapIdle", idle),
                bytes("memstats.HeapReleased", 0.0),
                bytes("memstats.StackSys", 4.0 * MIB),
                bytes("memstats.MSpanSys", 2.0 * MIB),
                bytes("memstats.MCacheSys", 0.0),
                bytes("memstats.GCSys", 3.0 * MIB),
                bytes("memstats.BuckHashSys", 0.5 * MIB),
                bytes("memstats.OtherSys", 0.5 * MIB),
                bytes("memstats.Sys", allocated + idle + 10.0 * MIB),
                Reading::gauge("go_goroutines", Unit::Count, (self.goroutines)(second)),
                Reading::counter("memstats.NumGC", Unit::Count, (age / 37.0).floor()),
                Reading::counter(
                    "memstats.TotalAlloc",
                    Unit::Bytes,
                    self.so_far(second) * 5e6,
                ),
                bytes("cgroup.limit", self.limit),
                bytes("cgroup.working_set", resident * 1.02),
                Reading::counter(
                    "/cpu/classes/gc/total:cpu-seconds",
                    Unit::Seconds,
                    (self.gc_seconds)(second),
                ),
                Reading::counter("/cpu/classes/total:cpu-seconds", Unit::Seconds, age),
            ],
        };
        if let Some(limit) = self.memory_limit {
            look.readings.push(bytes("/gc/gomemlimit:bytes", limit));
        }
        look
    }

    /// A heap profile as Go's sampler gives it: whole samples of 512 KiB, of objects of 1 KiB.
    fn heap(&self, second: f64) -> Profile {
        let mut text = String::new();
        for (name, bytes) in &self.lines {
            let samples = (bytes(second) / 524_288.0).round();
            let objects = samples * 512.0;
            writeln!(
                text,
                "{objects:.0} {:.0} {:.0} {:.0} {name}",
                samples * 524_288.0,
                objects + self.age(second),
                samples * 524_288.0 + self.age(second) * 1e5,
            )
            .unwrap();
        }
        heap_profile(&text)
    }

    /// Records so many hours, a look each 15 seconds and a heap profile each minute.
    pub(crate) fn record(&self, history: &dyn History, hours: f64) {
        let labels = labels();
        for step in 0_u32.. {
            let second = f64::from(step) * 15.0;
            if second > hours * 3600.0 {
                return;
            }
            let mut look = self.look(second);
            let heap = step.is_multiple_of(4).then(|| self.heap(second));
            if let Some(heap) = &heap {
                look.readings.extend(profile_readings("heap", heap));
            }
            let mut profiles: Vec<Taken<'_>> =
                heap.iter().map(|heap| Taken::new("heap", heap)).collect();
            if heap.is_some() {
                profiles.extend(self.more.iter().map(|(kind, it)| Taken::new(kind, it)));
            }
            history
                .append(&Scrape {
                    target: &labels,
                    look: &look,
                    build: &Build::default(),
                    profiles: &profiles,
                    marks: &[],
                })
                .unwrap();
        }
    }

    /// The findings of all judgements of so many hours, one an hour, each of the twelve hours before.
    pub(crate) fn accused(&self, hours: u32) -> Vec<(u32, &'static str)> {
        let folder = tempfile::tempdir().unwrap();
        let history = open(folder.path());
        self.record(&history, f64::from(hours));
        let mut found = Vec::new();
        for hour in 1..=hours {
            let now = START + i64::from(hour) * 3_600_000;
            let range = Range::new(now - 12 * 3_600_000, now);
            let growth = growth_of(&history, &labels(), range).unwrap();
            found.extend(growth.findings.iter().map(|finding| (hour, finding.id)));
        }
        found
    }

    pub(crate) fn judged(&self, hours: f64) -> Growth {
        let folder = tempfile::tempdir().unwrap();
        let history = open(folder.path());
        self.record(&history, hours);
        let growth = growth_of(&history, &labels(), Range::ALL).unwrap();
        // What is not judged is not found innocent.
        let judged = growth.until - growth.from;
        let warm_up = if self.restart.is_some() { 6100.0 } else { 20.0 };
        assert!(judged > hours * 3600.0 - warm_up, "{judged} of {hours} h");
        assert_ne!(growth.live_heap.as_ref().unwrap().shape, "unknown");
        growth
    }
}

#[expect(clippy::cast_possible_truncation, reason = "some hours")]
fn milliseconds(second: f64) -> i64 {
    (second * 1e3) as i64
}

pub(crate) fn labels() -> Labels {
    Labels::new([("job", "shop"), ("instance", "a:6060")])
}

pub(crate) fn open(folder: &Path) -> Embedded {
    Embedded::open(folder, Options::default()).unwrap()
}

/// Makes a heap profile of lines `inuse_objects inuse_space alloc_objects alloc_space function`.
fn heap_profile(text: &str) -> Profile {
    let mut builder = fathom_profile::ProfileBuilder::new(&Limits::default());
    for (kind, unit) in [
        ("alloc_objects", "count"),
        ("alloc_space", "bytes"),
        ("inuse_objects", "count"),
        ("inuse_space", "bytes"),
    ] {
        builder.add_sample_type(kind, unit).unwrap();
    }
    builder.set_period("space", "bytes", 524_288).unwrap();
    for line in text.lines() {
        let mut words = line.split(' ');
        let mut number = || words.next().unwrap().parse::<i64>().unwrap();
        let (objects, bytes, all_objects, all_bytes) = (number(), number(), number(), number());
        let name = words.next().unwrap();
        let function = builder.function(name, name, "/src/main.go", 10).unwrap();
        let address = 0x1000 + u64::try_from(name.len()).unwrap();
        let call = builder.call(address, function, 20).unwrap();
        let label = builder.number_label("bytes", 1024, "bytes").unwrap();
        builder
            .add_sample(&[call], &[all_objects, all_bytes, objects, bytes], &[label])
            .unwrap();
    }
    builder.finish()
}

pub(crate) fn ids(growth: &Growth) -> Vec<&str> {
    growth.findings.iter().map(|finding| finding.id).collect()
}

/// Makes a goroutine profile of lines `count function`.
pub(crate) fn goroutine_profile(text: &str) -> Profile {
    let mut builder = fathom_profile::ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("goroutine", "count").unwrap();
    builder.set_period("goroutine", "count", 1).unwrap();
    for (line, address) in text.lines().zip(0x1000..) {
        let (count, name) = line.split_once(' ').unwrap();
        let gopark = builder
            .function("runtime.gopark", "runtime.gopark", "/go/proc.go", 1)
            .unwrap();
        let function = builder.function(name, name, "/src/main.go", 10).unwrap();
        let park = builder.call(0x10, gopark, 20).unwrap();
        let call = builder.call(address, function, 20).unwrap();
        let count = count.parse().unwrap();
        builder.add_sample(&[park, call], &[count], &[]).unwrap();
    }
    builder.finish()
}
