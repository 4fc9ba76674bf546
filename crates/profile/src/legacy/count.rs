//! Goroutines, threads and custom profiles of Go's `debug=1`: counts by stack.

use crate::legacy::Outcome;
use crate::legacy::draft::{Addresses, Draft};
use crate::legacy::maps;
use crate::legacy::number;
use crate::legacy::pattern::{Pattern, group};
use crate::legacy::scanner::{Scanner, is_blank_or_comment};
use crate::limits::Limits;

const FORM: &str = "count profile";

static START: Pattern = Pattern::new(r"\A([^\t\n\f\r ]+) profile: total [0-9]+\z");
static SAMPLE: Pattern = Pattern::new(r"\A([0-9]+) @(( 0x[0-9a-f]+)+)\z");

/// What pprof says of a line that breaks this form.
const MALFORMED: &str = "malformed profile format";

/// Reads a count profile.
pub(crate) fn parse(text: &str, limits: &Limits) -> Outcome {
    let mut scanner = Scanner::new(text);
    scanner.skip_comments();
    let Some(start) = START.captures(scanner.line()) else {
        return Ok(None);
    };
    let kind = (group(&start, 1), "count");
    let mut draft = Draft::new(limits, kind, &[kind]);
    let mut addresses = Vec::new();
    while scanner.advance() {
        let line = scanner.line();
        if is_blank_or_comment(line) {
            continue;
        }
        if line.starts_with("---") {
            break;
        }
        let malformed = || scanner.error(FORM, MALFORMED);
        let fields = SAMPLE.captures(line).ok_or_else(malformed)?;
        let count = number::any_base(group(&fields, 1)).map_err(|_| malformed())?;
        addresses.clear();
        number::addresses(group(&fields, 2), &mut addresses).map_err(|_| malformed())?;
        draft.at(scanner.position());
        let stack = addresses.iter().map(|address| address.wrapping_sub(1));
        draft.add(stack, &[count], None)?;
    }
    draft.place(maps::read_behind(&mut scanner, limits)?)?;
    draft.finish(Addresses::Keep).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        assert!(START.is_valid() && SAMPLE.is_valid());
    }
}
