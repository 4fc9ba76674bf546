//! The tail of a text heap profile.

use std::collections::HashMap;

use super::{MemStats, Source};
use crate::line::{Lines, decimal, float};
use crate::{Error, Result};

const INPUT: &str = "MemStats tail";
const MARK: &[u8] = b"# runtime.MemStats";
/// Bounds the tail that is read; it is about 10 KiB in Go 1.27.
const MAX_TAIL: usize = 1 << 20;

/// Reads the MemStats tail of `/debug/pprof/heap?debug=1` or allocs.
///
/// It looks for the mark from the end of the text, so its cost does not grow
/// with the profile. Go writes the same lines from 1.21 to 1.27
/// (`runtime/pprof/pprof.go`, `writeHeapInternal`); older ones leave some out.
///
/// # Errors
///
/// [`Error::Line`] for a line that is no `# Name = value`, with the line's
/// number counted from the mark; [`Error::MissingField`] if a core field is
/// missing, as in a text that was cut. A text without the mark is `None`.
pub fn from_heap_text(text: &[u8]) -> Result<Option<MemStats>> {
    let Some(tail) = find_tail(text) else {
        return Ok(None);
    };
    let mut fields = HashMap::new();
    for (index, (line, _)) in Lines::new(tail).enumerate().skip(1) {
        if line.is_empty() {
            continue;
        }
        let Some(rest) = line.strip_prefix(b"# ") else {
            break;
        };
        let number = index.saturating_add(1);
        let text = std::str::from_utf8(rest).map_err(|_| bad(number, "not UTF-8"))?;
        let (name, value) = text
            .split_once(" = ")
            .ok_or_else(|| bad(number, "not `# name = value`"))?;
        fields.insert(name, (value, number));
    }
    read(&fields).map(Some)
}

fn find_tail(text: &[u8]) -> Option<&[u8]> {
    let window_start = text.len().saturating_sub(MAX_TAIL);
    let window = text.get(window_start..)?;
    let mut end = window.len();
    loop {
        let at = window
            .get(..end)?
            .windows(MARK.len())
            .rposition(|bytes| bytes == MARK)?;
        let at_line_start = match at.checked_sub(1) {
            None => window_start == 0,
            Some(before) => window.get(before) == Some(&b'\n'),
        };
        if at_line_start {
            return window.get(at..);
        }
        end = at.saturating_add(MARK.len()).saturating_sub(1);
    }
}

fn bad(line: usize, reason: &str) -> Error {
    Error::Line {
        input: INPUT,
        line,
        reason: reason.to_owned(),
    }
}

fn read(fields: &HashMap<&str, (&str, usize)>) -> Result<MemStats> {
    let number = |field: &'static str| match fields.get(field) {
        None => Ok(None),
        Some((value, line)) => decimal(value.as_bytes())
            .map(Some)
            .ok_or_else(|| bad(*line, &format!("{field} is not a whole number"))),
    };
    let core = |field: &'static str| {
        number(field)?.ok_or(Error::MissingField {
            input: INPUT,
            field,
        })
    };
    let pair = |field: &'static str| {
        let (value, line) = fields.get(field).ok_or(Error::MissingField {
            input: INPUT,
            field,
        })?;
        let both = value.split_once(" / ");
        both.and_then(|(inuse, sys)| Some((decimal(inuse.as_bytes())?, decimal(sys.as_bytes())?)))
            .ok_or_else(|| bad(*line, &format!("{field} is not `inuse / sys`")))
    };
    let array = |field: &'static str| match fields.get(field) {
        None => Ok(Vec::new()),
        Some((value, line)) => {
            let inner = value
                .strip_prefix('[')
                .and_then(|value| value.strip_suffix(']'));
            let items = inner.map(|inner| {
                inner
                    .split_ascii_whitespace()
                    .map(|item| decimal(item.as_bytes()))
            });
            items
                .and_then(Iterator::collect)
                .ok_or_else(|| bad(*line, &format!("{field} is not an array of whole numbers")))
        }
    };
    let (stack_inuse, stack_sys) = pair("Stack")?;
    let (mspan_inuse, mspan_sys) = pair("MSpan")?;
    let (mcache_inuse, mcache_sys) = pair("MCache")?;
    Ok(MemStats {
        source: Source::HeapText,
        sys: core("Sys")?,
        heap_alloc: core("HeapAlloc")?,
        heap_sys: core("HeapSys")?,
        heap_idle: core("HeapIdle")?,
        heap_inuse: core("HeapInuse")?,
        heap_released: core("HeapReleased")?,
        heap_objects: core("HeapObjects")?,
        stack_inuse,
        stack_sys,
        mspan_inuse,
        mspan_sys,
        mcache_inuse,
        mcache_sys,
        buck_hash_sys: core("BuckHashSys")?,
        gc_sys: core("GCSys")?,
        other_sys: core("OtherSys")?,
        next_gc: core("NextGC")?,
        last_gc: core("LastGC")?,
        num_gc: core("NumGC")?,
        total_alloc: core("TotalAlloc")?,
        mallocs: core("Mallocs")?,
        frees: core("Frees")?,
        lookups: number("Lookups")?,
        num_forced_gc: number("NumForcedGC")?,
        gc_cpu_fraction: fields
            .get("GCCPUFraction")
            .and_then(|(value, _)| float(value.as_bytes())),
        pause_ns: array("PauseNs")?,
        pause_end: array("PauseEnd")?,
        pause_total_ns: None,
        by_size: Vec::new(),
        max_rss: number("MaxRSS")?,
        debug_gc: fields
            .get("DebugGC")
            .and_then(|(value, _)| value.parse().ok()),
    })
}
