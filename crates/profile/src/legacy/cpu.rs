//! The binary CPU profile of gperftools, and of Java agents that write the same.
//!
//! It is a sequence of words of 32 or 64 bits in either byte order. The header is 0, 3,
//! 0 (C++) or 1 (Java), the period in microseconds, 0; each sample is a count, a number of
//! addresses and the addresses, leaf first; 0, 1, 0 ends them. A text follows: the memory
//! map, or for Java the names of locations.

use crate::error::{Error, Position};
use crate::legacy::Outcome;
use crate::legacy::draft::{Addresses, Draft};
use crate::legacy::java;
use crate::legacy::maps;
use crate::limits::Limits;

/// The size and byte order of words.
#[derive(Debug, Clone, Copy)]
enum Width {
    Little32,
    Big32,
    Little64,
    Big64,
}

const WIDTHS: [Width; 4] = [Width::Little32, Width::Big32, Width::Little64, Width::Big64];

/// Reads words. At the end of the input there are zeros, and it is known to have ended.
#[derive(Debug, Clone)]
struct Words<'a> {
    rest: &'a [u8],
    length: usize,
    width: Width,
    has_ended: bool,
}

impl<'a> Words<'a> {
    const fn new(bytes: &'a [u8], width: Width) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
            width,
            has_ended: false,
        }
    }

    fn next(&mut self) -> u64 {
        let word = match self.width {
            Width::Little32 => self.take().map(|word| u64::from(u32::from_le_bytes(word))),
            Width::Big32 => self.take().map(|word| u64::from(u32::from_be_bytes(word))),
            Width::Little64 => self.take().map(u64::from_le_bytes),
            Width::Big64 => self.take().map(u64::from_be_bytes),
        };
        word.unwrap_or_else(|| {
            self.has_ended = true;
            self.rest = &[];
            0
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (word, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*word)
    }

    fn position(&self) -> Position {
        Position::Byte((self.length - self.rest.len()) as u64)
    }
}

/// Which runtime wrote the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Native,
    Java,
}

/// Reads the header; returns the words behind it and the period in microseconds.
fn header(bytes: &[u8]) -> Option<(Words<'_>, Language, i64)> {
    WIDTHS.into_iter().find_map(|width| {
        let mut words = Words::new(bytes, width);
        let head: [u64; 5] = std::array::from_fn(|_| words.next());
        let language = match head {
            _ if words.has_ended => return None,
            [0, 3, 0, period, 0] if period > 0 => Language::Native,
            [0, 3, 1, period, 0] if period > 0 => Language::Java,
            _ => return None,
        };
        Some((words, language, head[3].cast_signed()))
    })
}

/// Reads a CPU profile.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Outcome {
    let Some((mut words, language, micros)) = header(bytes) else {
        return Ok(None);
    };
    let mut draft = Draft::new(
        limits,
        ("cpu", "nanoseconds"),
        &[("samples", "count"), ("cpu", "nanoseconds")],
    );
    draft.period = micros.wrapping_mul(1000);
    if !samples(&mut words, language, &mut draft)? {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(words.rest);
    if language == Language::Java {
        java::locations(&text, 0, &mut draft)?;
        draft.place(Vec::new())?;
        return draft.finish(Addresses::Drop).map(Some);
    }
    draft.remove_handler_frames();
    draft.place(maps::read_all(&text, limits)?)?;
    draft.remove_double_leaves();
    draft.finish(Addresses::Keep).map(Some)
}

/// Reads the samples; `false` when they make no sense.
fn samples(
    words: &mut Words<'_>,
    language: Language,
    draft: &mut Draft<'_>,
) -> Result<bool, Error> {
    let mut stack = Vec::new();
    while !words.rest.is_empty() {
        draft.at(words.position());
        let count = words.next();
        let depth = words.next();
        // A word has at least four bytes.
        let most = words.rest.len() as u64 / 4;
        if words.has_ended || depth > most {
            return Ok(false);
        }
        stack.clear();
        stack.extend((0..depth).map(|_| words.next()));
        if count == 0 && stack == [0] {
            break;
        }
        if language == Language::Native {
            // All but the leaf are return addresses; the call lies before.
            for address in stack.iter_mut().skip(1) {
                *address = address.wrapping_sub(1);
            }
        }
        let count = count.cast_signed();
        let values = [count, count.wrapping_mul(draft.period)];
        draft.add(stack.iter().copied(), &values, None)?;
    }
    Ok(true)
}
