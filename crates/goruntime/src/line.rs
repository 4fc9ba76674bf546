//! Lines of a byte text, and numbers in them.

/// Yields the lines of a text without their terminators, and whether each was
/// terminated.
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (&'a [u8], bool);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, terminated, rest) = match self.rest.iter().position(|&b| b == b'\n') {
            Some(end) => (
                self.rest.get(..end)?,
                true,
                self.rest.get(end.saturating_add(1)..).unwrap_or_default(),
            ),
            None => (self.rest, false, &[][..]),
        };
        self.rest = rest;
        Some((line.strip_suffix(b"\r").unwrap_or(line), terminated))
    }
}

/// Reads a whole slice as a decimal number; no sign, no empty text.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Reads a whole slice as a finite number.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// Finds the first occurrence of a needle.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() || needle.len() > haystack.len() {
        return None;
    }
    let first = *needle.first()?;
    let mut start = 0;
    while let Some(step) = haystack.get(start..)?.iter().position(|&b| b == first) {
        let at = start.checked_add(step)?;
        if haystack.get(at..)?.starts_with(needle) {
            return Some(at);
        }
        start = at.checked_add(1)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_the_unterminated_one() {
        let lines: Vec<_> = Lines::new(b"a\r\n\nb").collect();
        assert_eq!(
            lines,
            [(&b"a"[..], true), (&b""[..], true), (&b"b"[..], false)]
        );
    }

    #[test]
    fn decimals_are_strict() {
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(decimal(b"18446744073709551616"), None);
        assert_eq!(decimal(b"-1"), None);
        assert_eq!(decimal(b""), None);
    }

    #[test]
    fn finds_needles() {
        assert_eq!(find(b"aab", b"ab"), Some(1));
        assert_eq!(find(b"aab", b"ba"), None);
        assert_eq!(find(b"a", b""), None);
    }
}
