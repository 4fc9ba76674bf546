//! The text forms that Go's `debug=1` prints, and folded stacks.
//!
//! Go prints them in `runtime/pprof/pprof.go` (`writeHeapInternal`, `printCountProfile`,
//! `writeProfileInternal`); their values are scaled as pprof's
//! `profile/legacy_profile.go` does. Unlike that reader, these take functions, files and
//! lines from the `#` lines below each record.

use crate::error::Error;
use crate::exchange;
use crate::folded;
use crate::legacy;
use crate::limits::Limits;
use crate::profile::{Profile, RuntimeLeaf};

mod contention;
mod count;
mod heap;
pub(crate) mod lines;
mod record;
mod scan;

pub(crate) use contention::scaled as scaled_contention;
pub(crate) use heap::scaled as scaled_heap_sample;

/// How much of an input is looked at to tell text from protobuf.
const SNIFFED_BYTES: usize = 512;

/// How much of an unknown text an error quotes.
const QUOTED_CHARACTERS: usize = 40;

/// Whether the input is text: profile.proto always has control bytes in its beginning
/// (lengths, and the empty first string).
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..SNIFFED_BYTES).unwrap_or(bytes);
    !start.is_empty()
        && start
            .iter()
            .all(|&byte| matches!(byte, b'\t' | b'\n' | b'\r') || (byte >= b' ' && byte != 0x7f))
        && start.iter().any(u8::is_ascii_graphic)
}

/// Reads a text form.
pub(crate) fn parse(
    bytes: &[u8],
    limits: &Limits,
    runtime_leaf: RuntimeLeaf,
) -> Result<Profile, Error> {
    let mut lines = lines::Lines::new(bytes);
    let Some(mut head) = lines.next_filled() else {
        return Err(Error::Empty);
    };
    if head.text.starts_with(b"{") {
        return exchange::read_json(bytes, limits);
    }
    if exchange::callgrind::is_start(head.text) {
        return exchange::callgrind::read(bytes, limits);
    }
    while head.text.starts_with(b"#") {
        let Some(next) = lines.next_filled() else {
            break;
        };
        head = next;
    }
    // Go's own texts have no memory map; where there is one, it is worth more than the
    // comments.
    if legacy::has_memory_map(bytes) || legacy::is_foreign(&String::from_utf8_lossy(head.text)) {
        let foreign = legacy::parse(bytes, limits, legacy::Strictness::Lenient)?;
        if let Some(profile) = foreign {
            return Ok(profile);
        }
    }
    if let Some(header) = heap::header(&head)? {
        return heap::read(header, lines, limits, runtime_leaf);
    }
    if let Some(name) = count::header(&head) {
        return count::read(&name, lines, limits);
    }
    if exchange::callgrind::is_start(head.text) {
        return exchange::callgrind::read(bytes, limits);
    }
    if contention::is_header(&head) {
        return contention::read(lines, limits);
    }
    if folded::is_line(head.text) {
        return folded::read(bytes, limits);
    }
    let quoted: String = String::from_utf8_lossy(head.text)
        .chars()
        .take(QUOTED_CHARACTERS)
        .collect();
    Err(Error::Unrecognized {
        reason: format!("it is text that begins \"{quoted}\""),
    })
}
