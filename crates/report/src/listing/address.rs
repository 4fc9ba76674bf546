//! Addresses as commands take them in place of a pattern.

/// Reads a number as Go's `strconv.ParseUint` does with base 0: decimal, or behind `0x`, `0b`,
/// `0o` or `0`; underscores stand between digits.
pub(super) fn go_address(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    // An underscore may follow the prefix.
    let digits = match digits.strip_prefix('_') {
        Some(rest) if radix != 10 => rest,
        _ => digits,
    };
    if digits.split('_').any(str::is_empty) || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits.replace('_', ""), radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_go_reads_them() {
        for (text, value) in [
            ("0x401000", Some(0x40_1000)),
            ("0X4_0", Some(0x40)),
            ("0x_40", Some(0x40)),
            ("4198400", Some(4_198_400)),
            ("0", Some(0)),
            ("017", Some(15)),
            ("0o17", Some(15)),
            ("0b11", Some(3)),
            ("1_000", Some(1000)),
            ("_1", None),
            ("1_", None),
            ("1__0", None),
            ("0x", None),
            ("+1", None),
            ("0x+1", None),
            ("", None),
            ("main", None),
            ("08", None),
            ("18446744073709551616", None),
        ] {
            assert_eq!(go_address(text), value, "{text}");
        }
    }
}
