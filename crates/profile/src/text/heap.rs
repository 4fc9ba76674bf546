//! `heap?debug=1` and `allocs?debug=1`, the same text.
//!
//! The counts are those of sampled objects. They are scaled to estimates of all objects
//! as pprof does (`profile/legacy_profile.go`, `scaleHeapSample`): by
//! `1 / (1 - exp(-size / rate))`, cut to whole numbers. The header shows twice
//! `runtime.MemProfileRate`, as the C++ profiler's did.

use crate::builder::ProfileBuilder;
use crate::error::{Error, Position};
use crate::limits::Limits;
use crate::profile::{Profile, RuntimeLeaf};
use crate::text::lines::{Lines, TextLine};
use crate::text::record;
use crate::text::scan::Scan;

const FORM: &str = "heap profile";

/// What the first line says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// The mean number of bytes between two samples.
    rate: i64,
    /// Whether allocations are shown beside what is in use.
    has_allocations: bool,
}

/// Reads `heap profile: n: b [n: b] @ heap/rate`; `None` when the line is something else.
pub(crate) fn header(line: &TextLine<'_>) -> Result<Option<Header>, Error> {
    let mut scan = Scan::new(line.text);
    if scan.literal(b"heap profile:").is_none() {
        return Ok(None);
    }
    let broken = || line.error(FORM, "the header does not say counts, bytes and rate");
    scan.blanks();
    let counts = counts(&mut scan).ok_or_else(broken)?;
    scan.mark(b"@").ok_or_else(broken)?;
    let word = scan.word();
    let (name, period) = match word.iter().position(|&byte| byte == b'/') {
        Some(slash) => (&word[..slash], Scan::new(&word[slash + 1..]).number()),
        None => (word, Some(0)),
    };
    let period = period.ok_or_else(|| line.error(FORM, "the sampling rate is no number"))?;
    let rate = match name {
        b"heap" => period / 2,
        b"heap_v2" | b"heapz_v2" => period,
        b"heapprofile" => 1,
        _ => {
            let name = String::from_utf8_lossy(name).into_owned();
            return Err(line.error(FORM, format!("unknown kind \"{name}\"")));
        }
    };
    let [inuse, bytes, allocated, allocated_bytes] = counts;
    let has_allocations = (allocated != inuse && allocated != 0)
        || (allocated_bytes != bytes && allocated_bytes != 0);
    Ok(Some(Header {
        rate,
        has_allocations,
    }))
}

/// Takes `n: b [n: b]`.
fn counts(scan: &mut Scan<'_>) -> Option<[i64; 4]> {
    let inuse = scan.number()?;
    scan.mark(b":")?;
    let bytes = scan.number()?;
    scan.mark(b"[")?;
    let allocated = scan.number()?;
    scan.mark(b":")?;
    let allocated_bytes = scan.number()?;
    scan.mark(b"]")?;
    Some([inuse, bytes, allocated, allocated_bytes])
}

/// Reads the records. The tail that shows `runtime.MemStats` is left to others.
pub(crate) fn read(
    header: Header,
    mut lines: Lines<'_>,
    limits: &Limits,
    runtime_leaf: RuntimeLeaf,
) -> Result<Profile, Error> {
    let mut builder = ProfileBuilder::new(limits);
    builder.set_period("space", "bytes", header.rate)?;
    let columns: &[(&str, &str)] = if header.has_allocations {
        &[
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes"),
        ]
    } else {
        &[("objects", "count"), ("space", "bytes")]
    };
    for (kind, unit) in columns {
        builder.add_sample_type(kind, unit)?;
    }
    let mut counters = Vec::new();
    let mut frames = Vec::new();
    let mut stack = Vec::new();
    while let Some(line) = lines.next_filled() {
        if line.text.starts_with(b"#") {
            continue;
        }
        if line.text.starts_with(b"---") || line.text.starts_with(b"MAPPED_LIBRARIES:") {
            break;
        }
        builder.at(Position::Line(line.number));
        let mut scan = Scan::new(line.text);
        let counts = counts(&mut scan)
            .filter(|_| scan.mark(b"@").is_some())
            .ok_or_else(|| line.error(FORM, "this is no record \"n: b [n: b] @ pcs\""))?;
        record::counters(&mut scan, &line, FORM, &mut counters)?;
        record::frame_lines(&mut lines, &mut frames, |_| Ok(()))?;
        record::stack(&mut builder, &counters, &frames, runtime_leaf, &mut stack)?;

        let [inuse, bytes, allocated, allocated_bytes] = counts;
        let mut size = 0;
        let mut values = [0; 4];
        let mut pairs = vec![("in-use", inuse, bytes)];
        if header.has_allocations {
            pairs.insert(0, ("allocation", allocated, allocated_bytes));
        }
        for (&(what, count, bytes), out) in pairs.iter().zip(values.chunks_exact_mut(2)) {
            if count == 0 && bytes != 0 {
                return Err(line.error(FORM, format!("{bytes} {what} bytes in 0 objects")));
            }
            if let Some(each) = bytes.checked_div(count) {
                size = each;
                let (count, bytes) = scaled(count, bytes, header.rate);
                out.copy_from_slice(&[count, bytes]);
            }
        }
        let label = builder.number_label("bytes", size, "")?;
        builder.add_sample(
            &stack,
            values.get(..columns.len()).unwrap_or_default(),
            &[label],
        )?;
    }
    Ok(builder.finish())
}

/// Scales sampled objects and their bytes to an estimate of all of them, cut to whole
/// numbers. A rate of 1 saw everything; one of 0 is unknown.
#[expect(
    clippy::cast_possible_truncation,
    reason = "pprof cuts, and so saturates"
)]
pub(crate) fn scaled(count: i64, bytes: i64, rate: i64) -> (i64, i64) {
    if count == 0 || bytes == 0 {
        return (0, 0);
    }
    if rate <= 1 {
        return (count, bytes);
    }
    let size = bytes as f64 / count as f64;
    let scale = 1.0 / (1.0 - (-size / rate as f64).exp());
    ((count as f64 * scale) as i64, (bytes as f64 * scale) as i64)
}
