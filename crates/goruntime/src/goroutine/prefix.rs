//! What a logger writes before every line of a dump.

/// Is the prefix of the lines of one goroutine, as its header's line had it.
///
/// Digits stand for digits: time stamps advance and process ids keep their
/// form, while letters and signs stay as they are.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    pattern: Vec<u8>,
}

impl Prefix {
    pub(super) fn new(pattern: &[u8]) -> Self {
        Self {
            pattern: pattern.to_vec(),
        }
    }

    /// Removes the prefix; `None` if the line has another.
    pub(super) fn strip<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        match_pattern(&self.pattern, line).or_else(|| {
            // An empty line may have lost the blanks at the end of its prefix.
            let rest = match_pattern(self.pattern.trim_ascii_end(), line)?;
            rest.trim_ascii().is_empty().then_some(&[][..])
        })
    }
}

fn match_pattern<'a>(mut pattern: &[u8], mut line: &'a [u8]) -> Option<&'a [u8]> {
    while let Some((&wanted, rest_of_pattern)) = pattern.split_first() {
        if wanted.is_ascii_digit() {
            pattern = skip_digits(pattern);
            let rest = skip_digits(line);
            if rest.len() == line.len() {
                return None;
            }
            line = rest;
        } else {
            let (&found, rest) = line.split_first()?;
            if found != wanted {
                return None;
            }
            pattern = rest_of_pattern;
            line = rest;
        }
    }
    Some(line)
}

fn skip_digits(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_vary_and_letters_do_not() {
        let prefix = Prefix::new(b"2026-01-02T03:04:05.678901234Z stderr F ");
        assert_eq!(
            prefix.strip(b"2026-01-02T03:04:05.67891Z stderr F \tx.go:1"),
            Some(&b"\tx.go:1"[..])
        );
        assert_eq!(
            prefix.strip(b"2026-01-02T03:04:05.6Z stderr F"),
            Some(&b""[..])
        );
        assert_eq!(prefix.strip(b"2026-01-02T03:04:05.6Z stdout F x"), None);
        assert_eq!(Prefix::default().strip(b"x"), Some(&b"x"[..]));
    }
}
