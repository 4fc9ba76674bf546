//! Heap and contention profiles of Java agents: attributes, samples `bytes count @
//! addresses`, and for each address the name of its place.

use crate::error::Error;
use crate::legacy::Outcome;
use crate::legacy::draft::{Addresses, Draft};
use crate::legacy::number;
use crate::legacy::pattern::{Pattern, group};
use crate::legacy::scanner::Scanner;
use crate::limits::Limits;
use crate::text::scaled_heap_sample;

const FORM: &str = "Java profile";

/// The mean number of bytes between two samples of the Java heap.
const HEAP_PERIOD: i64 = 524_288;

static ATTRIBUTE: Pattern = Pattern::new(r"([0-9A-Za-z_ ]+)=([0-9A-Za-z_ ]+)");
static SAMPLE: Pattern = Pattern::new(r" *([0-9]+) +([0-9]+) +@ +([ x0-9a-f]*)");
static LOCATION: Pattern =
    Pattern::new(r"^[\t\n\f\r ]*0x([[:xdigit:]]+)[\t\n\f\r ]+(.*)[\t\n\f\r ]*$");
static FILE_AND_LINE: Pattern = Pattern::new(r"^(.*)[\t\n\f\r ]+\((.+):(-?[[:digit:]]+)\)$");
static FILE_ALONE: Pattern = Pattern::new(r"^(.*)[\t\n\f\r ]+\((.*)\)$");

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Heap,
    Contention,
}

fn kind(line: &str) -> Option<Kind> {
    match line.trim() {
        "--- heapz 1 ---" => Some(Kind::Heap),
        "--- contentionz 1 ---" => Some(Kind::Contention),
        _ => None,
    }
}

/// Whether a line may begin such a profile.
pub(crate) fn is_start(line: &str) -> bool {
    kind(line).is_some()
}

/// Lines that end in a line break; what follows the last is left for the locations.
struct Lines<'a> {
    rest: &'a str,
    number: u64,
}

impl<'a> Lines<'a> {
    /// Returns the next line without blanks at its ends, and what lies behind it.
    fn peek(&self) -> Option<(&'a str, &'a str)> {
        let (line, rest) = self.rest.split_once('\n')?;
        Some((line.trim(), rest))
    }

    fn take(&mut self, rest: &'a str) {
        self.rest = rest;
        self.number += 1;
    }

    fn error(&self, reason: impl Into<String>) -> Error {
        Error::Text {
            form: FORM,
            line: self.number + 1,
            reason: reason.into(),
        }
    }
}

/// Reads a Java heap or contention profile.
pub(crate) fn parse(text: &str, limits: &Limits) -> Outcome {
    let Some((first, rest)) = text.split_once('\n') else {
        return Ok(None);
    };
    let Some(kind) = kind(first) else {
        return Ok(None);
    };
    let mut lines = Lines { rest, number: 1 };
    let mut draft = Draft::new(limits, ("", ""), &[]);
    draft.period = 0;
    if !attributes(&mut lines, kind, &mut draft)? {
        return Ok(None);
    }
    samples(&mut lines, kind, &mut draft)?;
    if draft.is_untyped() && draft.sample_count() > 0 {
        return Err(lines.error("missing sample type information"));
    }
    locations(lines.rest, lines.number, &mut draft)?;
    draft.place(Vec::new())?;
    draft.finish(Addresses::Drop).map(Some)
}

/// Reads the attributes; `false` when one of them is not of this form.
fn attributes(lines: &mut Lines<'_>, kind: Kind, draft: &mut Draft<'_>) -> Result<bool, Error> {
    while let Some((line, rest)) = lines.peek() {
        if !line.is_empty() {
            let Some(fields) = ATTRIBUTE.captures(line) else {
                return Ok(true);
            };
            let value = group(&fields, 2).trim();
            let number = || {
                number::any_base(value).map_err(|reason| {
                    lines.error(format!("failed to parse attribute {line}: {reason}"))
                })
            };
            match (kind, group(&fields, 1).trim()) {
                (_, "format") if value == "java" => {}
                (Kind::Heap, "resolution") => {
                    draft.set_sample_types(&[("inuse_objects", "count"), ("inuse_space", value)]);
                }
                (Kind::Contention, "resolution") => {
                    draft.set_sample_types(&[("contentions", "count"), ("delay", value)]);
                }
                (Kind::Contention, "sampling period") => {
                    draft.period = number()?;
                    draft.set_period_type("contentions", "count");
                }
                (Kind::Contention, "ms since reset") => {
                    draft.duration_nanos = number()?.wrapping_mul(1_000_000);
                }
                _ => return Ok(false),
            }
        }
        lines.take(rest);
    }
    Ok(true)
}

/// Reads the samples, up to a line that is none.
fn samples(lines: &mut Lines<'_>, kind: Kind, draft: &mut Draft<'_>) -> Result<(), Error> {
    let mut addresses = Vec::new();
    while let Some((line, rest)) = lines.peek() {
        if !line.is_empty() {
            let Some(fields) = SAMPLE.captures(line) else {
                return Ok(());
            };
            addresses.clear();
            number::addresses(group(&fields, 3), &mut addresses)
                .map_err(|reason| lines.error(format!("malformed sample: {line}: {reason}")))?;
            let value = |index: usize| {
                number::any_base(group(&fields, index))
                    .map_err(|reason| lines.error(format!("parsing sample {line}: {reason}")))
            };
            // The order is the other way round than in other profiles.
            let (count, amount) = (value(2)?, value(1)?);
            let (values, bytes) = match kind {
                Kind::Heap => {
                    let size = amount.checked_div(count).ok_or_else(|| {
                        let reason =
                            format!("parsing sample {line}: second value must be non-zero");
                        lines.error(reason)
                    })?;
                    let (count, amount) = scaled_heap_sample(count, amount, HEAP_PERIOD);
                    ([count, amount], Some(size))
                }
                Kind::Contention if draft.period != 0 => {
                    let period = draft.period;
                    let values = [count.wrapping_mul(period), amount.wrapping_mul(period)];
                    (values, None)
                }
                Kind::Contention => ([count, amount], None),
            };
            draft.add(addresses.iter().copied(), &values, bytes)?;
        }
        lines.take(rest);
    }
    Ok(())
}

/// Reads the names of addresses, which fill the rest of a profile. `lines_before` are
/// those before the text.
pub(crate) fn locations(text: &str, lines_before: u64, draft: &mut Draft<'_>) -> Result<(), Error> {
    let mut scanner = Scanner::new(text);
    while scanner.advance() {
        let line = scanner.line().trim();
        let Some(fields) = LOCATION.captures(line) else {
            continue;
        };
        let digits = group(&fields, 1);
        let address = u64::from_str_radix(digits, 16).map_err(|_| {
            let crate::error::Position::Line(number) = scanner.position() else {
                return scanner.error(FORM, "");
            };
            Error::Text {
                form: FORM,
                line: lines_before + number,
                reason: format!(
                    "parsing sample {line}: strconv.ParseUint: parsing {digits:?}: value out of range"
                ),
            }
        })?;
        let place = group(&fields, 2);
        if let Some(fields) = FILE_AND_LINE.captures(place) {
            let line = number::decimal(group(&fields, 3)).map_or(0, |line| line.max(0));
            draft.name(address, group(&fields, 1), group(&fields, 2), line)?;
        } else if let Some(fields) = FILE_ALONE.captures(place) {
            // The path of a shared library; only its name tells something.
            draft.name(address, group(&fields, 1), base(group(&fields, 2)), 0)?;
        } else if place.contains("generated stub/JIT") {
            draft.name(address, "STUB", "", 0)?;
        } else {
            // A state such as "GC".
            draft.name(address, place, "", 0)?;
        }
    }
    Ok(())
}

/// Returns the last element of a path as Go's `filepath.Base`.
fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return "/";
    }
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        for pattern in [&ATTRIBUTE, &SAMPLE, &LOCATION, &FILE_AND_LINE, &FILE_ALONE] {
            assert!(pattern.is_valid());
        }
    }

    #[test]
    fn a_path_has_a_last_element() {
        for (path, last) in [("", "."), ("//", "/"), ("/a/b.so/", "b.so"), ("c", "c")] {
            assert_eq!(base(path), last);
        }
    }
}
