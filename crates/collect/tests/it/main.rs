//! Processes with known answers, recorded and judged.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use fathom_collect::{Found, Watchdog, growth_of};
use fathom_evidence::{Artefact, Capture, Kind};
use fathom_explain::Growth;
use fathom_history::{
    Build, Embedded, History, Labels, MarkKind, Options, Range, Scrape, Selector, Taken,
};
use fathom_profile::{Limits, Profile};
use fathom_series::{Look, Reading, Unit, profile_readings};

const START: i64 = 1_700_000_000_000;
const MIB: f64 = 1_048_576.0;

/// What something is at a second.
type Course = Box<dyn Fn(f64) -> f64>;

/// A simulated process: what it holds at a second of its life.
struct Simulated {
    /// Live bytes by line of the program.
    lines: Vec<(&'static str, Course)>,
    goroutines: Course,
    outside: Course,
    /// When it was started anew, in seconds.
    restart: Option<f64>,
}

impl Simulated {
    fn new() -> Self {
        Self {
            lines: vec![("main.cache", Box::new(|_| 150.0 * MIB))],
            goroutines: Box::new(|_| 20.0),
            outside: Box::new(|_| 20.0 * MIB),
            restart: None,
        }
    }

    fn line(mut self, name: &'static str, bytes: impl Fn(f64) -> f64 + 'static) -> Self {
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
        Look {
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
                Reading::counter("memstats.TotalAlloc", Unit::Bytes, age * 5e6),
                bytes("cgroup.limit", 4096.0 * MIB),
            ],
        }
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
    fn record(&self, history: &dyn History, hours: f64) {
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
            let profiles: Vec<Taken<'_>> =
                heap.iter().map(|heap| Taken::new("heap", heap)).collect();
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

    fn judged(&self, hours: f64) -> Growth {
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

fn labels() -> Labels {
    Labels::new([("job", "shop"), ("instance", "a:6060")])
}

fn open(folder: &Path) -> Embedded {
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

fn ids(growth: &Growth) -> Vec<&str> {
    growth.findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn leaks_are_found_within_half_an_hour_with_the_right_line_first() {
    for bytes_a_second in [10e3, 100e3, 1e6] {
        let found = Simulated::new()
            .line("main.other", |_| 30.0 * MIB)
            .line("main.leak", move |second| second * bytes_a_second)
            .judged(0.52);
        assert_eq!(ids(&found), ["growth-live-heap"], "{bytes_a_second}");
        let site = &found.heap.as_ref().unwrap().sites[0];
        assert!(site.place.contains("main.leak"), "{}", site.place);
        let per_hour = found.live_heap.as_ref().unwrap().per_hour.unwrap();
        let ratio = per_hour.value / (bytes_a_second * 3600.0);
        assert!((0.8..1.25).contains(&ratio), "{bytes_a_second}: {ratio}");
    }
}

#[test]
fn a_slow_leak_is_found_when_it_is_eight_mebibytes() {
    // 1 kB a second is 8 MiB after 140 minutes.
    let found = Simulated::new()
        .line("main.leak", |second| second * 1e3)
        .judged(2.8);
    assert_eq!(ids(&found), ["growth-live-heap"]);
    let site = &found.heap.as_ref().unwrap().sites[0];
    assert!(site.place.contains("main.leak"), "{}", site.place);
}

#[test]
fn innocent_processes_are_not_accused_over_a_day() {
    let flat = Simulated::new();
    assert_eq!(ids(&flat.judged(24.0)), [""; 0]);
    let filled = Simulated::new().line("main.bounded", |second| {
        200.0 * MIB * (1.0 - (-second / 1200.0).exp())
    });
    assert_eq!(ids(&filled.judged(8.0)), [""; 0]);
    let saw = Simulated::new().line("main.batch", |second| {
        100.0 * MIB * (second / 2400.0).fract()
    });
    assert_eq!(ids(&saw.judged(12.0)), [""; 0]);
}

#[test]
fn memory_outside_go_and_goroutines_are_told_apart() {
    let outside = Simulated {
        outside: Box::new(|second| 20.0 * MIB + second * 50e3),
        ..Simulated::new()
    };
    let found = outside.judged(1.5);
    assert_eq!(ids(&found), ["growth-beyond-go"]);
    assert!(found.limit.is_some());
    let goroutines = Simulated {
        goroutines: Box::new(|second| 20.0 + second / 5.0),
        ..Simulated::new()
    };
    assert_eq!(ids(&goroutines.judged(1.5)), ["growth-goroutines"]);
}

#[test]
fn a_restart_begins_anew() {
    let process = Simulated {
        restart: Some(5400.0),
        ..Simulated::new()
    };
    let process = process.line("main.leak", |second| {
        if second < 5400.0 { second * 100e3 } else { 0.0 }
    });
    let found = process.judged(3.0);
    assert_eq!(found.restarts, 1);
    assert_eq!(ids(&found), [""; 0]);
}

#[test]
fn what_is_found_is_kept_with_a_capture_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let history: std::sync::Arc<dyn History> = std::sync::Arc::new(open(folder.path()));
    // It leaks for two hours, and is mended by a restart.
    let process = Simulated {
        restart: Some(7200.0),
        ..Simulated::new()
    };
    let process = process.line("main.leak", |second| {
        if second < 7200.0 { second * 100e3 } else { 0.0 }
    });
    process.record(&*history, 3.0);
    let watchdog = Watchdog::new(history.clone(), None);
    let captured = std::cell::Cell::new(0);
    let capture = || {
        captured.set(captured.get() + 1);
        let mut capture = Capture::new();
        capture.push(Artefact::new(
            Kind::MemInfo,
            "host/meminfo.txt",
            b"MemTotal: 1 kB\n".to_vec(),
        ));
        Ok(capture)
    };
    let mut told = Vec::new();
    for minutes in [60_i64, 65, 110, 130, 140, 150, 170] {
        let now_ms = START + minutes * 60_000;
        let mut tell = |found: Found<'_>| {
            told.push(match found {
                Found::New(finding) => format!("{minutes} new {}", finding.id),
                Found::Over(id) => format!("{minutes} over {id}"),
                Found::Trouble(line) => format!("{minutes} trouble {line}"),
            });
        };
        watchdog
            .judge(&labels(), now_ms, &capture, &mut tell)
            .unwrap();
    }
    assert_eq!(
        told,
        ["60 new growth-live-heap", "130 over growth-live-heap"]
    );
    assert_eq!(captured.get(), 1);
    let kept = history.findings(&Selector::all(), Range::ALL).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].first_ms, START + 60 * 60_000);
    assert_eq!(kept[0].last_ms, START + 110 * 60_000);
    let artefacts = history.artefacts(&Selector::all(), Range::ALL).unwrap();
    assert_eq!(artefacts[0].finding.as_deref(), Some("growth-live-heap"));
    let bytes = history.artefact(artefacts[0].id).unwrap().unwrap();
    let bundle = Capture::read_bundle(&bytes, "kept", &fathom_evidence::Limits::default()).unwrap();
    assert!(bundle.first(Kind::MemInfo).is_some());
    let marks = history.marks(&Selector::all(), Range::ALL).unwrap();
    assert!(marks.iter().any(|mark| mark.mark.kind == MarkKind::Capture));
}
