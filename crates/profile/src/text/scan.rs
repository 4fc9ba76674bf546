//! Taking numbers and words off the front of a line.

/// A cursor over the bytes of one line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) fn blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Takes `prefix`.
    pub(crate) fn literal(&mut self, prefix: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(prefix)?;
        Some(())
    }

    /// Takes blanks, then `prefix`, then blanks.
    pub(crate) fn mark(&mut self, prefix: &[u8]) -> Option<()> {
        self.blanks();
        self.literal(prefix)?;
        self.blanks();
        Some(())
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self
            .rest
            .iter()
            .position(|&byte| !wanted(byte))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Takes a decimal number with an optional minus sign; `None` when there is none or
    /// it does not fit.
    pub(crate) fn number(&mut self) -> Option<i64> {
        let start = self.rest;
        let negative = self.literal(b"-").is_some();
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        let length = usize::from(negative) + digits.len();
        let text = std::str::from_utf8(start.get(..length)?).ok()?;
        text.parse().ok()
    }

    /// Takes a hexadecimal number with `0x`.
    pub(crate) fn address(&mut self) -> Option<u64> {
        self.literal(b"0x")?;
        let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// Takes everything up to the next blank.
    pub(crate) fn word(&mut self) -> &'a [u8] {
        self.take_while(|byte| !byte.is_ascii_whitespace())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stop_at_their_end_and_do_not_overflow() {
        let mut scan = Scan::new(b"-12: 9223372036854775808 0xfF 0x");
        assert_eq!(scan.number(), Some(-12));
        assert_eq!(scan.mark(b":"), Some(()));
        assert_eq!(scan.number(), None);
        scan.blanks();
        assert_eq!(scan.address(), Some(255));
        scan.blanks();
        assert_eq!(scan.address(), None);
    }
}
