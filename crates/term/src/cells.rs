//! The width of text in the cells of a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::Style;

/// Returns how many cells a text takes. Control characters take one.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Makes control characters visible, so that a name out of a profile cannot
/// move the cursor or change colours: `\x1b` becomes `␛`, a line feed `␊`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let picture = |character: char| match u32::from(character) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    };
    Cow::Owned(text.chars().map(picture).collect())
}

/// Cuts a text to at most `limit` cells and marks the cut at its end.
pub fn shorten<'t>(text: &'t str, limit: usize, style: &Style) -> Cow<'t, str> {
    if width(text) <= limit {
        return Cow::Borrowed(text);
    }
    let mark = mark(limit, style);
    let kept = head(text, limit.saturating_sub(width(mark)));
    Cow::Owned(format!("{kept}{mark}"))
}

/// Cuts a text to at most `limit` cells and marks the cut at its start: paths
/// tell most at their end.
pub fn shorten_start<'t>(text: &'t str, limit: usize, style: &Style) -> Cow<'t, str> {
    if width(text) <= limit {
        return Cow::Borrowed(text);
    }
    let mark = mark(limit, style);
    let kept = tail(text, limit.saturating_sub(width(mark)));
    Cow::Owned(format!("{mark}{kept}"))
}

fn mark(limit: usize, style: &Style) -> &'static str {
    let mark = if style.unicode { "…" } else { "..." };
    if width(mark) > limit { "" } else { mark }
}

/// Returns the longest start of a text that fits.
pub(crate) fn head(text: &str, limit: usize) -> &str {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(1);
        if used > limit {
            return text.get(..at).unwrap_or(text);
        }
    }
    text
}

/// Returns the longest end of a text that fits.
fn tail(text: &str, limit: usize) -> &str {
    let mut used = 0;
    let mut from = text.len();
    for (at, character) in text.char_indices().rev() {
        used += character.width().unwrap_or(1);
        if used > limit {
            break;
        }
        from = at;
    }
    text.get(from..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_cells_and_not_by_bytes() {
        let style = Style::plain(80);
        assert_eq!(shorten("goroutine", 9, &style), "goroutine");
        assert_eq!(shorten("goroutine", 5, &style), "goro…");
        assert_eq!(shorten("内存分配", 5, &style), "内存…");
        assert_eq!(shorten("内存分配", 4, &style), "内…");
        assert_eq!(shorten_start("/a/b/main.go", 8, &style), "…main.go");
        assert_eq!(shorten("abc", 0, &style), "");
    }

    #[test]
    fn ascii_has_three_dots_where_they_fit() {
        let style = Style {
            unicode: false,
            ..Style::plain(80)
        };
        assert_eq!(shorten("goroutine", 6, &style), "gor...");
        assert_eq!(shorten("goroutine", 2, &style), "go");
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(visible("a\x1b[31mb\n\u{9b}"), "a␛[31mb␊\u{fffd}");
        assert_eq!(visible("main.Map[…]"), "main.Map[…]");
    }
}
