//! Lines of `InfluxDB`, read by the rules of its line protocol.

use std::collections::BTreeMap;

use fathom_series::export::influx::{self, Process};
use fathom_series::{Look, Reading, Unit};

/// A line, taken apart.
struct Line {
    measurement: String,
    tags: BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
    nanos: i64,
}

/// Splits at a character that no backslash stands before.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            let part = parts.last_mut().unwrap();
            part.push('\\');
            part.extend(characters.next());
        } else if character == at {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(character);
        }
    }
    parts
}

fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            plain.extend(characters.next());
        } else {
            plain.push(character);
        }
    }
    plain
}

fn pairs(parts: &[String]) -> BTreeMap<String, String> {
    parts
        .iter()
        .map(|part| {
            let sides = split(part, '=');
            assert_eq!(sides.len(), 2, "{part}");
            (plain(&sides[0]), plain(&sides[1]))
        })
        .collect()
}

fn read(text: &str) -> Line {
    let line = text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    let parts = split(line, ' ');
    assert_eq!(parts.len(), 3, "{parts:?}");
    let key = split(&parts[0], ',');
    Line {
        measurement: plain(&key[0]),
        tags: pairs(&key[1..]),
        fields: pairs(&split(&parts[1], ',')),
        nanos: parts[2].parse().unwrap(),
    }
}

/// What the panels of dashboard 3242 ask for.
const ASKED: [&str; 20] = [
    "cpu.goroutines",
    "mem.sys",
    "mem.heap.objects",
    "mem.heap.alloc",
    "mem.heap.sys",
    "mem.heap.idle",
    "mem.heap.inuse",
    "mem.heap.released",
    "mem.malloc",
    "mem.frees",
    "mem.total",
    "mem.stack.inuse",
    "mem.stack.sys",
    "mem.stack.mspan_inuse",
    "mem.stack.mspan_sys",
    "mem.stack.mcache_inuse",
    "mem.gc.cpu_fraction",
    "mem.gc.pause_total",
    "mem.gc.count",
    "mem.gc.pause",
];

/// A look as expvar gives it.
fn look() -> Look {
    let bytes = [
        "Alloc",
        "TotalAlloc",
        "Sys",
        "HeapAlloc",
        "HeapSys",
        "HeapIdle",
        "HeapInuse",
        "HeapReleased",
        "StackInuse",
        "StackSys",
        "MSpanInuse",
        "MSpanSys",
        "MCacheInuse",
        "MCacheSys",
        "OtherSys",
        "GCSys",
        "NextGC",
    ];
    let counts = ["Lookups", "Mallocs", "Frees", "HeapObjects", "NumGC"];
    let mut readings = Vec::new();
    for (index, name) in bytes.iter().chain(&counts).enumerate() {
        let value = 1000.0 + index as f64;
        readings.push(Reading::gauge(
            format!("memstats.{name}"),
            Unit::Bytes,
            value,
        ));
    }
    let seconds =
        |name: &str, value| Reading::gauge(format!("memstats.{name}"), Unit::Seconds, value);
    readings.extend([
        seconds("LastGC", 1_700_000_000.0),
        seconds("PauseTotal", 0.5),
        seconds("Pause", 0.001),
        Reading::gauge("memstats.GCCPUFraction", Unit::Fraction, 0.0125),
        Reading::gauge("/sched/goroutines:goroutines", Unit::Count, 12.0),
        Reading::counter("/cgo/go-to-c-calls:calls", Unit::Count, 3.0),
        Reading::gauge("process.cpus", Unit::Count, 8.0),
    ]);
    Look {
        at_ms: 1_700_000_000_123,
        started_ms: None,
        readings,
    }
}

#[test]
fn every_field_that_the_dashboard_asks_for_is_written() {
    let process = Process {
        host: "web-1",
        os: "linux",
        arch: "amd64",
        version: "go1.27.3",
        labels: &[("job", "api"), ("path", "a b,c=d")],
    };
    let line = read(&influx::write(&process, &look()));
    assert_eq!(line.measurement, "go.runtime.web-1");
    assert_eq!(line.tags["go.os"], "linux");
    assert_eq!(line.tags["go.arch"], "amd64");
    assert_eq!(line.tags["go.version"], "go1.27.3");
    assert_eq!(line.tags["path"], "a b,c=d");
    assert_eq!(line.nanos, 1_700_000_000_123_000_000);
    assert_eq!(line.fields.len(), 29);
    for name in ASKED {
        assert!(line.fields.contains_key(name), "{name}");
    }
    for (name, value) in [
        ("cpu.count", "8i"),
        ("cpu.goroutines", "12i"),
        ("cpu.cgo_calls", "3i"),
        ("mem.alloc", "1000i"),
        ("mem.heap.alloc", "1003i"),
        ("mem.gc.count", "1021i"),
        ("mem.gc.last", "1700000000000000000i"),
        ("mem.gc.pause_total", "500000000i"),
        ("mem.gc.pause", "1000000i"),
        ("mem.gc.cpu_fraction", "0.0125"),
    ] {
        assert_eq!(line.fields[name], value, "{name}");
    }
    // All but the fraction are integers: a field that changes its type is refused.
    let integers = line.fields.values().filter(|value| value.ends_with('i'));
    assert_eq!(integers.count(), 28);
}

#[test]
fn what_is_not_known_is_left_out() {
    let process = Process {
        host: "a,b c",
        labels: &[("x", ""), ("y", "end\\"), ("z", "two\nlines")],
        ..Process::default()
    };
    assert_eq!(influx::write(&process, &Look::default()), "");
    let look = Look {
        at_ms: 1,
        started_ms: None,
        readings: vec![
            Reading::gauge("go_goroutines", Unit::Count, 7.0),
            Reading::gauge("memstats.HeapAlloc", Unit::Bytes, f64::NAN),
            Reading::gauge("memstats.HeapSys", Unit::Bytes, 1e300),
        ],
    };
    let line = read(&influx::write(&process, &look));
    assert_eq!(line.measurement, "go.runtime.a,b c");
    assert_eq!(line.fields.len(), 1, "{:?}", line.fields);
    assert_eq!(line.fields["cpu.goroutines"], "7i");
    let tags: Vec<(&str, &str)> = line
        .tags
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(tags, [("y", "end"), ("z", "two lines")]);
}
