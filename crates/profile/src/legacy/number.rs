//! Numbers as Go's `strconv` reads them, with its words for what is wrong.

use crate::legacy::pattern::Pattern;

static HEX: Pattern = Pattern::new("0x([0-9a-f]+)");

fn out_of_range(text: &str) -> String {
    format!("strconv.ParseInt: parsing {text:?}: value out of range")
}

fn invalid(text: &str) -> String {
    format!("strconv.ParseInt: parsing {text:?}: invalid syntax")
}

/// Reads a decimal number of digits alone, with an optional minus sign.
pub(crate) fn decimal(digits: &str) -> Result<i64, String> {
    digits.parse().map_err(|_| out_of_range(digits))
}

/// Reads a number whose prefix tells its base, as in Go's source: `0x`, `0o`, `0b`, or `0`
/// for octal. Single underscores may stand between digits.
pub(crate) fn any_base(text: &str) -> Result<i64, String> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some(_) if lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    let has_prefix = base != 10;
    let misplaced =
        digits.contains("__") || digits.ends_with('_') || (digits.starts_with('_') && !has_prefix);
    let digits = digits.replace('_', "");
    if misplaced || digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
        return Err(invalid(text));
    }
    let magnitude = u64::from_str_radix(&digits, base).map_err(|_| out_of_range(text))?;
    let value = i128::from(magnitude);
    i64::try_from(if negative { -value } else { value }).map_err(|_| out_of_range(text))
}

/// Reads all numbers of the form `0x…` in a text into `addresses`.
pub(crate) fn addresses(text: &str, addresses: &mut Vec<u64>) -> Result<(), String> {
    let mut rest = text;
    while let Some(found) = HEX.captures(rest) {
        let Some(digits) = found.get(1) else { break };
        let address = u64::from_str_radix(digits.as_str(), 16).map_err(|_| {
            format!(
                "failed to parse as hex 64-bit number: 0x{}",
                digits.as_str()
            )
        })?;
        addresses.push(address);
        rest = rest.get(digits.end()..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        assert!(HEX.is_valid());
        for (text, value) in [
            ("0", 0),
            ("42", 42),
            ("-7", -7),
            ("+7", 7),
            ("010", 8),
            ("0x1F", 31),
            ("0b101", 5),
            ("0o17", 15),
            ("1_000", 1000),
            ("0x_ff", 255),
            ("0_7", 7),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(any_base(text), Ok(value), "{text}");
        }
        for text in ["", "-", "08", "1__0", "_1", "1_", "0x", "12a", "0b2", "ü"] {
            assert_eq!(any_base(text), Err(invalid(text)));
        }
        for text in ["9223372036854775808", "0xffffffffffffffff1"] {
            assert_eq!(any_base(text), Err(out_of_range(text)));
        }
        assert_eq!(
            decimal("99999999999999999999"),
            Err(
                "strconv.ParseInt: parsing \"99999999999999999999\": value out of range".to_owned()
            )
        );
    }

    #[test]
    fn addresses_are_found_among_anything() {
        let mut found = Vec::new();
        assert_eq!(addresses(" 0x10 x 0xffg0x2, 0xF", &mut found), Ok(()));
        assert_eq!(found, [0x10, 0xff, 2]);
        assert!(addresses("0x11112222333344445", &mut found).is_err());
    }
}
