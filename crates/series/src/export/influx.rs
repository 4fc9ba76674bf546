//! `InfluxDB`'s line protocol, with the measurement, tags and fields of go-runtime-metrics.
//!
//! Grafana's dashboard 3242 ("Go Runtime") is made for them, and shows what is written here.

use std::fmt::Write as _;

use crate::Look;

/// Where a field's value comes from: the first of these readings that there is.
struct Field {
    name: &'static str,
    readings: &'static [&'static str],
    form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As an integer.
    Integer,
    /// As an integer; seconds become nanoseconds.
    Nanos,
    /// As a number with a fraction.
    Float,
}

/// The fields of go-runtime-metrics, in its order (its `collector/collector.go`).
const FIELDS: [Field; 29] = [
    integer("cpu.count", &["process.cpus"]),
    integer(
        "cpu.goroutines",
        &["/sched/goroutines:goroutines", "go_goroutines"],
    ),
    integer("cpu.cgo_calls", &["/cgo/go-to-c-calls:calls"]),
    integer("mem.alloc", &["memstats.Alloc", "memstats.HeapAlloc"]),
    integer("mem.total", &["memstats.TotalAlloc"]),
    integer("mem.sys", &["memstats.Sys"]),
    integer("mem.lookups", &["memstats.Lookups"]),
    integer("mem.malloc", &["memstats.Mallocs"]),
    integer("mem.frees", &["memstats.Frees"]),
    integer("mem.heap.alloc", &["memstats.HeapAlloc"]),
    integer("mem.heap.sys", &["memstats.HeapSys"]),
    integer("mem.heap.idle", &["memstats.HeapIdle"]),
    integer("mem.heap.inuse", &["memstats.HeapInuse"]),
    integer("mem.heap.released", &["memstats.HeapReleased"]),
    integer("mem.heap.objects", &["memstats.HeapObjects"]),
    integer("mem.stack.inuse", &["memstats.StackInuse"]),
    integer("mem.stack.sys", &["memstats.StackSys"]),
    integer("mem.stack.mspan_inuse", &["memstats.MSpanInuse"]),
    integer("mem.stack.mspan_sys", &["memstats.MSpanSys"]),
    integer("mem.stack.mcache_inuse", &["memstats.MCacheInuse"]),
    integer("mem.stack.mcache_sys", &["memstats.MCacheSys"]),
    integer("mem.othersys", &["memstats.OtherSys"]),
    integer("mem.gc.sys", &["memstats.GCSys"]),
    integer("mem.gc.next", &["memstats.NextGC"]),
    nanos("mem.gc.last", &["memstats.LastGC"]),
    nanos("mem.gc.pause_total", &["memstats.PauseTotal"]),
    nanos("mem.gc.pause", &["memstats.Pause"]),
    integer("mem.gc.count", &["memstats.NumGC"]),
    Field {
        name: "mem.gc.cpu_fraction",
        readings: &["memstats.GCCPUFraction"],
        form: Form::Float,
    },
];

const fn integer(name: &'static str, readings: &'static [&'static str]) -> Field {
    Field {
        name,
        readings,
        form: Form::Integer,
    }
}

const fn nanos(name: &'static str, readings: &'static [&'static str]) -> Field {
    Field {
        name,
        readings,
        form: Form::Nanos,
    }
}

/// What go-runtime-metrics says of a process in its tags.
#[derive(Clone, Copy, Debug, Default)]
pub struct Process<'a> {
    /// The host's name, which is part of the measurement.
    pub host: &'a str,
    /// `linux`.
    pub os: &'a str,
    /// `amd64`.
    pub arch: &'a str,
    /// `go1.27.3`.
    pub version: &'a str,
    /// Further tags: the labels of the target.
    pub labels: &'a [(&'a str, &'a str)],
}

/// Writes a look as one line with its line break; nothing if none of the fields is known.
///
/// Fields that are not known are left out.
///
/// ```
/// use fathom_series::export::influx::{self, Process};
/// use fathom_series::{Look, Reading, Unit};
///
/// let look = Look {
///     at_ms: 1_700_000_000_000,
///     readings: vec![Reading::gauge("memstats.HeapAlloc", Unit::Bytes, 4096.0)],
///     ..Look::default()
/// };
/// let process = Process { host: "web 1", os: "linux", ..Process::default() };
/// assert_eq!(
///     influx::write(&process, &look),
///     "go.runtime.web\\ 1,go.os=linux mem.alloc=4096i,mem.heap.alloc=4096i 1700000000000000000\n"
/// );
/// ```
pub fn write(process: &Process<'_>, look: &Look) -> String {
    let mut fields = String::new();
    for field in &FIELDS {
        let Some(value) = value(field, look) else {
            continue;
        };
        let comma = if fields.is_empty() { "" } else { "," };
        let _ = write!(fields, "{comma}{}={value}", field.name);
    }
    if fields.is_empty() {
        return String::new();
    }
    let mut line = escaped(&format!("go.runtime.{}", process.host), false);
    let own = [
        ("go.os", process.os),
        ("go.arch", process.arch),
        ("go.version", process.version),
    ];
    let mut tags: Vec<(&str, &str)> = own
        .into_iter()
        .chain(process.labels.iter().copied())
        .collect();
    // Sorted tags spare the server the work; no tag may stand twice, nor be empty.
    tags.sort_unstable();
    tags.dedup_by_key(|(name, _)| *name);
    for (name, value) in tags {
        if !name.is_empty() && !value.is_empty() {
            let _ = write!(line, ",{}={}", escaped(name, true), escaped(value, true));
        }
    }
    let nanos = look.at_ms.saturating_mul(1_000_000);
    let _ = writeln!(line, " {fields} {nanos}");
    line
}

fn value(field: &Field, look: &Look) -> Option<String> {
    let reading = field.readings.iter().find_map(|name| look.get(name))?;
    let mut value = reading.number()?;
    if field.form == Form::Nanos && reading.unit == crate::Unit::Seconds {
        value *= 1e9;
    }
    if !value.is_finite() {
        return None;
    }
    Some(match field.form {
        Form::Float => format!("{value}"),
        Form::Integer | Form::Nanos => {
            let whole = value.round();
            // An integer of InfluxDB has 64 bits with a sign.
            if whole.abs() >= 9.2e18 {
                return None;
            }
            format!("{whole:.0}i")
        }
    })
}

/// Escapes what has a meaning in a measurement or, with `equals`, in a tag. Line breaks, which
/// cannot be written, become blanks; a backslash at the end would escape what follows.
fn escaped(text: &str, equals: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.trim_end_matches('\\').chars() {
        match character {
            ',' => escaped.push_str("\\,"),
            ' ' | '\n' | '\r' => escaped.push_str("\\ "),
            '=' if equals => escaped.push_str("\\="),
            other => escaped.push(other),
        }
    }
    escaped
}
