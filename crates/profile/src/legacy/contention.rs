//! Contention profiles of C++ servers, and of Go's block and mutex profiles (`debug=1`):
//! attributes, then `cycles count @ addresses`.

use crate::legacy::Outcome;
use crate::legacy::draft::{Addresses, Draft};
use crate::legacy::maps;
use crate::legacy::number;
use crate::legacy::pattern::{Pattern, group};
use crate::legacy::scanner::{Scanner, is_blank_or_comment};
use crate::limits::Limits;
use crate::text::scaled_contention;

const FORM: &str = "contention profile";

static SAMPLE: Pattern = Pattern::new(r"([0-9]+) *([0-9]+) @([ x0-9a-f]*)");

/// Whether a line begins such a profile.
fn is_start(line: &str) -> bool {
    ["--- contentionz ", "--- mutex:", "--- contention:"]
        .iter()
        .any(|prefix| line.starts_with(prefix))
}

/// Reads a contention profile. An attribute that is unknown here makes it another form's.
pub(crate) fn parse(text: &str, limits: &Limits) -> Outcome {
    let mut scanner = Scanner::new(text);
    scanner.advance();
    if !is_start(scanner.line()) {
        return Ok(None);
    }
    let mut draft = Draft::new(
        limits,
        ("contentions", "count"),
        &[("contentions", "count"), ("delay", "nanoseconds")],
    );
    let mut cycles_per_second = 0;
    while scanner.advance() {
        let line = scanner.line().trim();
        if is_blank_or_comment(line) {
            continue;
        }
        if line.starts_with("---") {
            break;
        }
        let Some((name, value)) = line.split_once('=') else {
            break;
        };
        let value = number::any_base(value.trim());
        match (name.trim(), value) {
            ("cycles/second", Ok(value)) => cycles_per_second = value,
            ("sampling period", Ok(value)) => draft.period = value,
            ("ms since reset", Ok(value)) => {
                draft.duration_nanos = value.wrapping_mul(1_000_000);
            }
            ("discarded samples", _) => {}
            _ => return Ok(None),
        }
    }
    let mut addresses = Vec::new();
    loop {
        let line = scanner.line().trim();
        if line.starts_with("---") {
            break;
        }
        if !is_blank_or_comment(line) {
            let malformed =
                |reason: String| scanner.error(FORM, format!("malformed sample: {line}: {reason}"));
            let Some(fields) = SAMPLE.captures(line) else {
                return Ok(None);
            };
            let cycles = number::decimal(group(&fields, 1)).map_err(malformed)?;
            let count = number::decimal(group(&fields, 2)).map_err(malformed)?;
            addresses.clear();
            number::addresses(group(&fields, 3), &mut addresses).map_err(malformed)?;
            let (contentions, delay) =
                scaled_contention(cycles, count, draft.period, cycles_per_second);
            draft.at(scanner.position());
            let stack = addresses.iter().map(|address| address.wrapping_sub(1));
            draft.add(stack, &[contentions, delay], None)?;
        }
        if !scanner.advance() {
            break;
        }
    }
    draft.place(maps::read_behind(&mut scanner, limits)?)?;
    draft.finish(Addresses::Keep).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        assert!(SAMPLE.is_valid());
    }
}
