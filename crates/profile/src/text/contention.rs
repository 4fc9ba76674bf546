//! Go's block and mutex profiles with `debug=1`.
//!
//! Waiting is told in cycles and becomes nanoseconds as in pprof's
//! `profile/legacy_profile.go` (`parseContentionSample`): times the sampling period, by
//! the cycles of a nanosecond, cut to whole numbers.

use crate::builder::ProfileBuilder;
use crate::error::{Error, Position};
use crate::limits::Limits;
use crate::profile::{Profile, RuntimeLeaf};
use crate::text::lines::{Lines, TextLine};
use crate::text::record;
use crate::text::scan::Scan;

const FORM: &str = "contention profile";

/// Whether a line begins such a profile.
pub(crate) fn is_header(line: &TextLine<'_>) -> bool {
    [&b"--- contention:"[..], b"--- mutex:", b"--- contentionz "]
        .iter()
        .any(|prefix| line.text.starts_with(prefix))
}

/// Reads the attributes, then the records.
pub(crate) fn read(mut lines: Lines<'_>, limits: &Limits) -> Result<Profile, Error> {
    let mut builder = ProfileBuilder::new(limits);
    builder.add_sample_type("contentions", "count")?;
    builder.add_sample_type("delay", "nanoseconds")?;
    let mut period = 1;
    let mut cycles_per_second = 0;
    let mut duration_nanos = 0;
    let mut counters = Vec::new();
    let mut frames = Vec::new();
    let mut stack = Vec::new();
    while let Some(line) = lines.next_filled() {
        if line.text.starts_with(b"#") {
            continue;
        }
        if line.text.starts_with(b"---") {
            break;
        }
        builder.at(Position::Line(line.number));
        if let Some((key, value)) = attribute(&line) {
            let number = || {
                Scan::new(value).number().ok_or_else(|| {
                    let key = String::from_utf8_lossy(key).into_owned();
                    line.error(FORM, format!("\"{key}\" is no number"))
                })
            };
            match key {
                b"cycles/second" => cycles_per_second = number()?,
                b"sampling period" => period = number()?,
                b"ms since reset" => duration_nanos = number()?.saturating_mul(1_000_000),
                b"discarded samples" => {}
                _ => {
                    let key = String::from_utf8_lossy(key).into_owned();
                    return Err(line.error(FORM, format!("unknown attribute \"{key}\"")));
                }
            }
            continue;
        }
        let mut scan = Scan::new(line.text);
        let broken = || line.error(FORM, "this is no record \"cycles n @ pcs\"");
        let cycles = scan.number().ok_or_else(broken)?;
        scan.blanks();
        let count = scan.number().ok_or_else(broken)?;
        scan.mark(b"@").ok_or_else(broken)?;
        record::counters(&mut scan, &line, FORM, &mut counters)?;
        record::frame_lines(&mut lines, &mut frames, |_| Ok(()))?;
        record::stack(
            &mut builder,
            &counters,
            &frames,
            RuntimeLeaf::Keep,
            &mut stack,
        )?;
        let (contentions, delay) = scaled(cycles, count, period, cycles_per_second);
        builder.add_sample(&stack, &[contentions, delay], &[])?;
    }
    builder.set_period("contentions", "count", period)?;
    builder.set_time(0, duration_nanos);
    Ok(builder.finish())
}

/// Splits `key=value`; `None` for a record.
fn attribute<'a>(line: &TextLine<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let equals = line.text.iter().position(|&byte| byte == b'=')?;
    let (key, value) = line.text.split_at(equals);
    Some((key.trim_ascii(), value[1..].trim_ascii()))
}

/// Scales sampled contentions and their cycles to an estimate of all: contentions, and
/// nanoseconds where the length of a cycle is known.
#[expect(
    clippy::cast_possible_truncation,
    reason = "pprof cuts, and so saturates"
)]
pub(crate) fn scaled(cycles: i64, count: i64, period: i64, cycles_per_second: i64) -> (i64, i64) {
    if period <= 0 {
        return (count, cycles);
    }
    let delay = if cycles_per_second > 0 {
        let cycles_per_nano = cycles_per_second as f64 / 1e9;
        (cycles as f64 * period as f64 / cycles_per_nano) as i64
    } else {
        cycles
    };
    (count.saturating_mul(period), delay)
}
