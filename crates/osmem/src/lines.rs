//! Lines and numbers of the kernel's text files.

use crate::{Error, Input, Limits};

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: usize,
    pub(crate) bytes: &'a [u8],
    /// Whether a newline followed; the kernel ends every line with one.
    pub(crate) terminated: bool,
}

impl Line<'_> {
    /// Makes the error of a line that cannot be read: if it lacks its end, the file was cut.
    pub(crate) fn refuse(&self, input: Input, problem: &'static str) -> Error {
        let line = self.number;
        if self.terminated {
            Error::Malformed {
                input,
                line,
                problem,
            }
        } else {
            Error::Truncated { input, line }
        }
    }
}

/// Splits a file into lines; a carriage return before the newline is dropped.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .enumerate()
        .map(|(index, raw)| {
            let terminated = raw.last() == Some(&b'\n');
            let body = raw.strip_suffix(b"\n").unwrap_or(raw);
            Line {
                number: index + 1,
                bytes: body.strip_suffix(b"\r").unwrap_or(body),
                terminated,
            }
        })
}

/// Refuses a file that is empty or larger than `limits` allow.
pub(crate) fn check_size(bytes: &[u8], input: Input, limits: &Limits) -> Result<(), Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Empty { input });
    }
    if bytes.len() > limits.bytes {
        return Err(Error::Limit {
            input,
            line: 1,
            what: "bytes",
            limit: limits.bytes,
        });
    }
    Ok(())
}

/// Reads an unsigned decimal number that fills `digits`.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    number(digits, 10)
}

/// Reads an unsigned hexadecimal number that fills `digits`.
pub(crate) fn hexadecimal(digits: &[u8]) -> Option<u64> {
    number(digits, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &byte| {
        let digit = char::from(byte).to_digit(radix)?;
        value
            .checked_mul(u64::from(radix))?
            .checked_add(u64::from(digit))
    })
}

/// Reads `   12 kB` as bytes; the unit is required, so that a number that was cut is not taken.
pub(crate) fn kilobytes(value: &[u8]) -> Option<u64> {
    let digits = value
        .trim_ascii()
        .strip_suffix(b"kB")?
        .strip_suffix(b" ")?
        .trim_ascii_end();
    decimal(digits)?.checked_mul(1024)
}

/// Splits `Key:  value` at its first colon.
pub(crate) fn key_value(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (key, rest) = line.split_at(colon);
    Some((key, rest.get(1..)?.trim_ascii()))
}

/// Splits a line into words at spaces and tabs.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// Makes text of bytes; what is not UTF-8 becomes U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_bounded() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal(b"18446744073709551616"), None);
        assert_eq!(decimal(b""), None);
        assert_eq!(decimal(b"-1"), None);
        assert_eq!(
            hexadecimal(b"ffffffffff600000"),
            Some(0xffff_ffff_ff60_0000)
        );
        assert_eq!(hexadecimal(b"0x10"), None);
    }

    #[test]
    fn kilobytes_need_their_unit() {
        assert_eq!(kilobytes(b"     12 kB"), Some(12 * 1024));
        assert_eq!(kilobytes(b"12"), None);
        assert_eq!(kilobytes(b"12 k"), None);
        assert_eq!(kilobytes(b"18014398509481984 kB"), None);
    }

    #[test]
    fn lines_know_their_number_and_end() {
        let seen: Vec<_> = lines(b"a\r\nb\n\nc")
            .map(|line| (line.number, line.bytes.to_vec(), line.terminated))
            .collect();
        assert_eq!(
            seen,
            [
                (1, b"a".to_vec(), true),
                (2, b"b".to_vec(), true),
                (3, b"".to_vec(), true),
                (4, b"c".to_vec(), false),
            ]
        );
    }
}
