//! What the place where text goes can show.

use crate::Ink;

/// Says what the place where text goes can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences for colour and weight are understood.
    pub colour: bool,
    /// How many cells a line has.
    pub width: usize,
    /// Whether more than ASCII can be shown: blocks, ellipses, box lines.
    pub unicode: bool,
}

impl Style {
    /// Returns a style without colour, as for a file.
    pub const fn plain(width: usize) -> Self {
        Self {
            colour: false,
            width,
            unicode: true,
        }
    }
}

/// Says how much a text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Emphasis {
    /// As everything else.
    #[default]
    Plain,
    /// As a heading or the number that matters.
    Bold,
    /// As what is there for completeness.
    Dim,
}

/// Colours a text, if the style has colours.
pub fn paint(text: &str, ink: Ink, style: &Style) -> String {
    dress(text, Some(ink), Emphasis::Plain, style)
}

/// Makes a text bold, if the style can.
pub fn bold(text: &str, style: &Style) -> String {
    dress(text, None, Emphasis::Bold, style)
}

/// Makes a text faint, if the style can.
pub fn dim(text: &str, style: &Style) -> String {
    dress(text, None, Emphasis::Dim, style)
}

/// Colours a text and gives it weight, if the style can.
pub fn emphasise(text: &str, ink: Ink, emphasis: Emphasis, style: &Style) -> String {
    dress(text, Some(ink), emphasis, style)
}

pub(crate) fn dress(text: &str, ink: Option<Ink>, emphasis: Emphasis, style: &Style) -> String {
    if !style.colour || text.is_empty() || (ink.is_none() && emphasis == Emphasis::Plain) {
        return text.to_owned();
    }
    let weight = match emphasis {
        Emphasis::Plain => "",
        Emphasis::Bold => "\x1b[1m",
        Emphasis::Dim => "\x1b[2m",
    };
    let colour = ink.map(|ink| format!("\x1b[38;5;{}m", ink.code()));
    format!("{weight}{}{text}\x1b[0m", colour.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_without_colour_changes_nothing() {
        let style = Style::plain(80);
        assert_eq!(paint("warning", Ink::Orange, &style), "warning");
        assert_eq!(bold("warning", &style), "warning");
    }

    #[test]
    fn colour_and_weight_end_where_the_text_ends() {
        let style = Style {
            colour: true,
            ..Style::plain(80)
        };
        assert_eq!(paint("a", Ink::Orange, &style), "\x1b[38;5;214ma\x1b[0m");
        assert_eq!(
            emphasise("a", Ink::Blue, Emphasis::Bold, &style),
            "\x1b[1m\x1b[38;5;32ma\x1b[0m"
        );
        assert_eq!(dim("", &style), "");
    }
}
