//! Paragraphs that fit a line.

use crate::cells::{head, width};

/// The narrowest column that text is wrapped to.
const NARROWEST: usize = 16;

/// Breaks a paragraph into lines of at most `limit` cells at its spaces. Words
/// that are longer than a line are broken where the line ends.
pub fn lines(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for mut word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(word) <= limit {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        while width(word) > limit {
            let fits = head(word, limit);
            let fits = if fits.is_empty() {
                first_character(word)
            } else {
                fits
            };
            lines.push(fits.to_owned());
            word = word.get(fits.len()..).unwrap_or_default();
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn first_character(word: &str) -> &str {
    let end = word.chars().next().map_or(0, char::len_utf8);
    word.get(..end).unwrap_or(word)
}

/// Wraps a paragraph to `limit` cells: its first line begins with `first`, the
/// others with `rest`. Every line ends in a line feed.
///
/// ```
/// use fathom_term::wrap::hanging;
///
/// let text = hanging("- ", "  ", "no goroutine waits for long", 18);
/// assert_eq!(text, "- no goroutine\n  waits for long\n");
/// ```
pub fn hanging(first: &str, rest: &str, text: &str, limit: usize) -> String {
    let indent = width(first).max(width(rest));
    let mut out = String::new();
    for (number, line) in lines(text, limit.saturating_sub(indent).max(NARROWEST))
        .iter()
        .enumerate()
    {
        out.push_str(if number == 0 { first } else { rest });
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_at_spaces_and_inside_giants() {
        assert_eq!(lines("a bb ccc", 4), ["a bb", "ccc"]);
        assert_eq!(lines("  a   b ", 80), ["a b"]);
        assert_eq!(lines("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(lines("内存 分配", 5), ["内存", "分配"]);
        assert_eq!(lines("内存", 1), ["内", "存"]);
        assert!(lines("", 10).is_empty());
    }
}
