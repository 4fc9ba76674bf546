//! Traces as text: what `go tool trace -d=…` prints, and lines of our own.
//!
//! Lines are appended to bytes that the caller keeps, so that none of them costs an allocation.

mod footprint;
pub(crate) mod json;
mod lines;
mod output;
mod parsed;
mod raw;

pub use footprint::{Footprint, FootprintRow};
pub use lines::{EventFilter, JsonEvents, TextEvents};
pub use output::{EventLines, Printed};
pub use parsed::{Parsed, Zone};
pub use raw::{RawEvent, RawEvents};

/// Appends a number as decimal digits.
pub(crate) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        // A digit fits in a byte.
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a number as decimal digits, with a minus where it is negative.
pub(crate) fn push_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_number(out, number.unsigned_abs());
}

fn push_hex_digit(out: &mut Vec<u8>, digit: u8) {
    out.push(if digit < 10 {
        b'0' + digit
    } else {
        b'a' + digit - 10
    });
}

/// Appends a text as Go's `%q` and `strconv.Quote` write it.
pub(crate) fn push_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    // What nearly all texts are made of goes in one piece.
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if text.iter().all(plain) {
        out.extend_from_slice(text);
    } else {
        for chunk in text.utf8_chunks() {
            for character in chunk.valid().chars() {
                push_quoted_character(out, character);
            }
            for &byte in chunk.invalid() {
                push_escaped_byte(out, byte);
            }
        }
    }
    out.push(b'"');
}

fn push_quoted_character(out: &mut Vec<u8>, character: char) {
    let letter = match character {
        '"' => b'"',
        '\\' => b'\\',
        '\u{7}' => b'a',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{b}' => b'v',
        _ if character < ' ' || character == '\u{7f}' => {
            return push_escaped_byte(out, character as u8);
        }
        _ if character.is_ascii() || is_printable(character) => {
            return out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => {
            let (mark, digits) = if character < '\u{10000}' {
                (b'u', 4)
            } else {
                (b'U', 8)
            };
            out.extend_from_slice(&[b'\\', mark]);
            for digit in (0..digits).rev() {
                push_hex_digit(out, (u32::from(character) >> (4 * digit) & 0xf) as u8);
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

fn push_escaped_byte(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(b"\\x");
    push_hex_digit(out, byte >> 4);
    push_hex_digit(out, byte & 0xf);
}

/// Whether Go calls a character printable: a letter, mark, number, punctuation or symbol. The
/// standard library knows the same, but says it only of characters that are not the first, where
/// marks stand alone.
fn is_printable(character: char) -> bool {
    let mut bytes = [b'a'; 5];
    let [_, rest @ ..] = &mut bytes;
    let length = character.encode_utf8(rest).len();
    bytes
        .get(..=length)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .is_some_and(|text| text.escape_debug().nth(1) == Some(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn numbers_are_whole() {
        assert_eq!(text(|out| push_number(out, 0)), "0");
        assert_eq!(text(|out| push_number(out, u64::MAX)), u64::MAX.to_string());
        assert_eq!(text(|out| push_signed(out, i64::MIN)), i64::MIN.to_string());
        assert_eq!(text(|out| push_signed(out, -1)), "-1");
    }

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        let quoted = |bytes: &[u8]| text(|out| push_quoted(out, bytes));
        assert_eq!(quoted(b"chan send"), r#""chan send""#);
        assert_eq!(
            quoted(b"a\"b\\c\n\t\x07\x1f\x7f"),
            r#""a\"b\\c\n\t\a\x1f\x7f""#
        );
        assert_eq!(quoted(b"it's\n"), r#""it's\n""#);
        assert_eq!(quoted("größe 世界".as_bytes()), "\"größe 世界\"");
        // A mark that stands first, a soft hyphen, a private character, a far unassigned one.
        assert_eq!(quoted("\u{301}".as_bytes()), "\"\u{301}\"");
        assert_eq!(
            quoted("\u{ad}\u{e000}\u{200b}".as_bytes()),
            r#""\u00ad\ue000\u200b""#
        );
        assert_eq!(quoted("\u{10ffff}".as_bytes()), r#""\U0010ffff""#);
        assert_eq!(quoted("\u{a0}".as_bytes()), r#""\u00a0""#);
        assert_eq!(quoted(b"cut \xe4\xb8"), r#""cut \xe4\xb8""#);
    }
}
