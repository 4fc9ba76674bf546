//! What the count, heap and contention forms share: a record's program counters, and the
//! `#` lines below it that say what they are.
//!
//! Since Go 1.21 a record's counters are logical: an inlined call has its own, so that
//! each `#` line belongs to one of them, one less than what the `@` list shows (the
//! call, not the return), in the same order (`runtime/pprof/pprof.go`,
//! `printStackRecord`). The lines leave out `runtime.goexit` and, unless everything is
//! the runtime's, the runtime's frames at the leaf.

use crate::builder::ProfileBuilder;
use crate::error::Error;
use crate::handle::LocationId;
use crate::profile::RuntimeLeaf;
use crate::tables::Line;
use crate::text::lines::{Lines, TextLine};
use crate::text::scan::Scan;

/// One `#` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameLine<'a> {
    pub(crate) pc: u64,
    pub(crate) function: &'a [u8],
    pub(crate) file: &'a [u8],
    pub(crate) line: i64,
}

/// Reads `#\t0xPC\tFUNCTION+0xOFFSET\tFILE:LINE`; `None` for any other comment.
pub(crate) fn frame_line<'a>(line: &TextLine<'a>) -> Option<FrameLine<'a>> {
    let mut scan = Scan::new(line.text);
    scan.literal(b"#")?;
    scan.blanks();
    let pc = scan.address()?;
    scan.blanks();
    // Both names may hold blanks, but Go puts tabs only between them.
    let mut parts = scan
        .rest
        .split(|&byte| byte == b'\t')
        .filter(|part| !part.is_empty());
    let function = parts.next().map_or(&[][..], <[u8]>::trim_ascii);
    let place = parts.next().map_or(&[][..], <[u8]>::trim_ascii);
    let plus = function.windows(3).rposition(|window| window == b"+0x");
    let function = plus.map_or(function, |plus| &function[..plus]);
    let (file, line) = match place.iter().rposition(|&byte| byte == b':') {
        Some(colon) => {
            let number = std::str::from_utf8(&place[colon + 1..]).ok();
            match number.and_then(|number| number.parse().ok()) {
                Some(number) => (&place[..colon], number),
                None => (place, 0),
            }
        }
        None => (place, 0),
    };
    Some(FrameLine {
        pc,
        function,
        file,
        line,
    })
}

/// Takes the program counters of a record, up to the end of its line.
///
/// A counter of 0, which Go ≥ 1.24 prints for threads without a stack, is no place and is
/// left out.
pub(crate) fn counters(
    scan: &mut Scan<'_>,
    line: &TextLine<'_>,
    form: &'static str,
    counters: &mut Vec<u64>,
) -> Result<(), Error> {
    counters.clear();
    loop {
        scan.blanks();
        if scan.rest.is_empty() {
            return Ok(());
        }
        let Some(pc) = scan.address() else {
            let word = String::from_utf8_lossy(scan.word()).into_owned();
            return Err(line.error(form, format!("\"{word}\" is no program counter")));
        };
        if pc != 0 {
            counters.push(pc);
        }
    }
}

/// Takes the `#` lines that follow a record; calls `other` with those that are no frames.
pub(crate) fn frame_lines<'a>(
    lines: &mut Lines<'a>,
    frames: &mut Vec<FrameLine<'a>>,
    mut other: impl FnMut(&TextLine<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    frames.clear();
    loop {
        let mut ahead = lines.clone();
        let Some(line) = ahead.next().filter(|line| line.text.starts_with(b"#")) else {
            return Ok(());
        };
        match frame_line(&line) {
            Some(frame) => frames.push(frame),
            None => other(&line)?,
        }
        *lines = ahead;
    }
}

/// Joins a record's counters with its frame lines into a stack.
pub(crate) fn stack(
    builder: &mut ProfileBuilder,
    counters: &[u64],
    frames: &[FrameLine<'_>],
    runtime_leaf: RuntimeLeaf,
    stack: &mut Vec<LocationId>,
) -> Result<(), Error> {
    stack.clear();
    let belongs = |frame: &FrameLine<'_>, pc: u64| frame.pc == pc || frame.pc == pc - 1;
    let named = |frame: &&FrameLine<'_>| !frame.function.is_empty();
    let mut frames = frames.iter().filter(named).peekable();
    let has_names = frames.peek().is_some();
    let mut seen_name = false;
    let mut lines = Vec::new();
    for &pc in counters {
        lines.clear();
        while let Some(frame) = frames.next_if(|frame| belongs(frame, pc)) {
            let name = String::from_utf8_lossy(frame.function);
            let file = String::from_utf8_lossy(frame.file);
            let function = builder.function(&name, &name, &file, 0)?;
            lines.push(Line {
                function: Some(function),
                line: frame.line,
                column: 0,
            });
            if frames.peek().is_some_and(|next| next.pc != frame.pc) {
                break;
            }
        }
        if has_names && lines.is_empty() {
            // Before the first name: the runtime's own leaf. After the last: goexit.
            let at_end = seen_name && frames.peek().is_none();
            let at_leaf = !seen_name && runtime_leaf == RuntimeLeaf::Drop;
            if at_end || at_leaf {
                continue;
            }
        }
        seen_name |= !lines.is_empty();
        // The counters are return addresses; the call lies before.
        stack.push(builder.location(pc - 1, None, &lines, false)?);
    }
    // Lines that fit no counter, as a truncated or edited text may have.
    for frame in frames {
        let name = String::from_utf8_lossy(frame.function);
        let file = String::from_utf8_lossy(frame.file);
        let function = builder.function(&name, &name, &file, 0)?;
        let line = Line {
            function: Some(function),
            line: frame.line,
            column: 0,
        };
        stack.push(builder.location(frame.pc, None, &[line], false)?);
    }
    Ok(())
}
