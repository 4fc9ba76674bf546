//! Amounts as sentences say them: `312 MB`, `1.2 GB`, `14 %`.

/// Writes bytes in binary units with three significant digits, in the unit
/// names of `go tool pprof` (MB is 2^20 bytes).
///
/// ```
/// use fathom_explain::bytes;
/// assert_eq!(bytes(0), "0 B");
/// assert_eq!(bytes(1_288_490_188), "1.20 GB");
/// assert_eq!(bytes(327_155_712), "312 MB");
/// assert_eq!(bytes(1_048_575), "1.00 MB");
/// ```
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64;
    let mut unit = 0;
    // 999.5 would print as four digits: go one unit up before that.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Writes a signed difference of bytes: `+12.0 MB`, `-3.00 GB`, `±0 B`.
pub fn signed_bytes(count: i64) -> String {
    match count {
        0 => "±0 B".to_owned(),
        1.. => format!("+{}", bytes(count.unsigned_abs())),
        _ => format!("-{}", bytes(count.unsigned_abs())),
    }
}

/// Writes `part` of `whole` as a percentage: `14 %`, `0.4 %`, `100 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let value = part as f64 * 100.0 / whole as f64;
    if value >= 9.95 || value == 0.0 {
        format!("{value:.0} %")
    } else {
        format!("{value:.1} %")
    }
}

/// Writes a whole number with thousands separated: `20,000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a span of seconds as people say it: `40 ms`, `12 s`, `3 min`, `2.5 h`.
pub fn seconds(span: f64) -> String {
    if span < 1.0 {
        format!("{:.0} ms", span * 1000.0)
    } else if span < 120.0 {
        format!("{span:.0} s")
    } else if span < 7200.0 {
        format!("{:.0} min", span / 60.0)
    } else {
        format!("{:.1} h", span / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_in_every_unit() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.00 kB");
        assert_eq!(bytes(10 << 20), "10.0 MB");
        assert_eq!(bytes(1000 << 20), "0.98 GB");
        assert_eq!(bytes(u64::MAX), "16384 PB");
    }

    #[test]
    fn signs_and_shares() {
        assert_eq!(signed_bytes(-(3 << 30)), "-3.00 GB");
        assert_eq!(signed_bytes(12 << 20), "+12.0 MB");
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(1, 250), "0.4 %");
        assert_eq!(percent(1, 0), "0 %");
    }

    #[test]
    fn counts_and_times() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(seconds(0.04), "40 ms");
        assert_eq!(seconds(200.0), "3 min");
    }
}
