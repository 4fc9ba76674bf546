//! Threads and their stacks, as Google's servers print them: a section a thread.

use crate::error::Error;
use crate::legacy::draft::{Addresses, Draft};
use crate::legacy::maps;
use crate::legacy::number;
use crate::legacy::pattern::Pattern;
use crate::legacy::scanner::Scanner;
use crate::legacy::{Outcome, Strictness};
use crate::limits::Limits;

const FORM: &str = "thread profile";

static HEAD: Pattern = Pattern::new(r"--- threadz [0-9]+ ---");
static THREAD: Pattern =
    Pattern::new(r"--- Thread ([[:xdigit:]]+) \(name: (.*)/([0-9]+)\) stack: ---");

/// Whether a line begins such a profile.
pub(crate) fn is_start(line: &str) -> bool {
    HEAD.captures(line).is_some() || THREAD.captures(line).is_some()
}

/// Reads a thread profile. pprof wants a memory map or "no stack trace" behind the last
/// thread; without strictness the end of the input is good enough.
pub(crate) fn parse(text: &str, limits: &Limits, strictness: Strictness) -> Outcome {
    let mut scanner = Scanner::new(text);
    scanner.skip_comments();
    let mut line = scanner.line();
    if HEAD.captures(line).is_some() {
        while scanner.advance() {
            line = scanner.line();
            if maps::is_sentinel(line) || line.starts_with('-') {
                break;
            }
        }
    } else if THREAD.captures(line).is_none() {
        return Ok(None);
    }
    let kind = ("thread", "count");
    let mut draft = Draft::new(limits, kind, &[kind]);
    let mut addresses = Vec::new();
    while !maps::is_sentinel(line) && !line.starts_with("---- no stack trace for") {
        if THREAD.captures(line).is_none() {
            let may_end = strictness == Strictness::Lenient && draft.sample_count() > 0;
            if may_end && scanner.line().is_empty() {
                break;
            }
            return Ok(None);
        }
        let (next, is_repeated) = section(&mut scanner, &mut addresses)?;
        line = next;
        if is_repeated || addresses.is_empty() {
            draft.count_last_again();
            continue;
        }
        draft.at(scanner.position());
        // All but the leaf are return addresses; the call lies before.
        let stack = addresses
            .iter()
            .enumerate()
            .map(|(index, address)| address.wrapping_sub(u64::from(index > 0)));
        draft.add(stack, &[1], None)?;
    }
    draft.place(maps::read_behind(&mut scanner, limits)?)?;
    draft.remove_double_leaves();
    draft.finish(Addresses::Keep).map(Some)
}

/// Reads the stack of a thread up to the next section; returns the last line read and
/// whether the stack is said to be that of the thread before.
fn section<'a>(
    scanner: &mut Scanner<'a>,
    addresses: &mut Vec<u64>,
) -> Result<(&'a str, bool), Error> {
    addresses.clear();
    let mut line = "";
    let mut is_repeated = false;
    while scanner.advance() {
        line = scanner.line().trim();
        if line.starts_with("---") {
            break;
        }
        if line.contains("same as previous thread") {
            is_repeated = true;
            continue;
        }
        number::addresses(line, addresses)
            .map_err(|reason| scanner.error(FORM, format!("malformed sample: {line}: {reason}")))?;
    }
    Ok((line, is_repeated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        assert!(HEAD.is_valid() && THREAD.is_valid());
    }
}
