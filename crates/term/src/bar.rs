//! Horizontal bars.

use crate::style::{Emphasis, Style, dress};
use crate::{Ink, paint};

/// The blocks that fill one to eight eighths of a cell from the left.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Draws `value` as a part of `whole` on `cells` cells, without padding. What is
/// above zero shows at least the thinnest mark; what passes the whole is full.
pub fn bar(value: u64, whole: u64, cells: usize, ink: Option<Ink>, style: &Style) -> String {
    let text = if style.unicode {
        blocks(eighths(value, whole, cells))
    } else {
        "#".repeat(eighths(value, whole, cells).div_ceil(8))
    };
    dress(&text, ink, Emphasis::Plain, style)
}

/// Draws a difference: bars of what shrank point at the middle from the left,
/// bars of what grew from the middle to the right. `side` is the cells of each.
pub fn difference(
    value: i64,
    largest: u64,
    side: usize,
    inks: (Ink, Ink),
    style: &Style,
) -> String {
    let extent = value.unsigned_abs();
    let cells = eighths(extent, largest, side).div_ceil(8);
    let (block, axis) = if style.unicode {
        ("█", "│")
    } else {
        ("#", "|")
    };
    let (shrunk, grown) = inks;
    if value < 0 {
        let bar = paint(&block.repeat(cells), shrunk, style);
        format!(
            "{}{bar}{axis}{}",
            " ".repeat(side - cells),
            " ".repeat(side)
        )
    } else {
        let bar = paint(&block.repeat(cells), grown, style);
        format!(
            "{}{axis}{bar}{}",
            " ".repeat(side),
            " ".repeat(side - cells)
        )
    }
}

/// One part of a bar of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its extent, in the unit of all parts.
    pub value: u64,
    /// Its colour.
    pub ink: Option<Ink>,
    /// What fills its cells where there are no colours.
    pub letter: char,
}

/// Draws parts one after another on exactly `cells` cells: the largest
/// remainders get the cells that rounding leaves, so that no cell is lost.
/// Empty where all parts are zero.
pub fn stacked(parts: &[Part], cells: usize, style: &Style) -> String {
    let shares = shares(parts, cells);
    let mut text = String::new();
    for (part, share) in parts.iter().zip(shares) {
        let fill = if style.colour && style.unicode {
            '█'
        } else {
            part.letter
        };
        let run: String = std::iter::repeat_n(fill, share).collect();
        text.push_str(&dress(&run, part.ink, Emphasis::Plain, style));
    }
    text
}

/// Apportions cells by the largest remainders.
fn shares(parts: &[Part], cells: usize) -> Vec<usize> {
    let whole: u128 = parts.iter().map(|part| u128::from(part.value)).sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let scaled = |part: &Part| u128::from(part.value) * cells as u128;
    let mut shares: Vec<usize> = parts
        .iter()
        .map(|part| usize::try_from(scaled(part) / whole).unwrap_or(cells))
        .collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order
        .sort_by_key(|&index| std::cmp::Reverse(parts.get(index).map(|part| scaled(part) % whole)));
    let mut left = cells.saturating_sub(shares.iter().sum());
    for index in order {
        if left == 0 {
            break;
        }
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
            left -= 1;
        }
    }
    shares
}

fn eighths(value: u64, whole: u64, cells: usize) -> usize {
    if whole == 0 || value == 0 {
        return 0;
    }
    let full = cells.saturating_mul(8);
    let part = u128::from(value) * full as u128 / u128::from(whole);
    usize::try_from(part).unwrap_or(full).clamp(1, full.max(1))
}

fn blocks(eighths: usize) -> String {
    let mut text: String = std::iter::repeat_n('█', eighths / 8).collect();
    text.extend(
        (eighths % 8)
            .checked_sub(1)
            .and_then(|rest| EIGHTHS.get(rest)),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii() -> Style {
        Style {
            unicode: false,
            ..Style::plain(80)
        }
    }

    #[test]
    fn bars_have_eighths() {
        let style = Style::plain(80);
        let draw = |value| bar(value, 80, 10, None, &style);
        assert_eq!(draw(80), "██████████");
        assert_eq!(draw(1000), "██████████");
        assert_eq!(draw(12), "█▌");
        assert_eq!(draw(0), "");
        assert_eq!(bar(1, 1 << 40, 10, None, &style), "▏");
        assert_eq!(bar(1, 0, 10, None, &style), "");
        assert_eq!(bar(u64::MAX, u64::MAX, 2, None, &style), "██");
        assert_eq!(bar(12, 80, 10, None, &ascii()), "##");
    }

    #[test]
    fn differences_lean_both_ways() {
        let inks = (Ink::Blue, Ink::Orange);
        assert_eq!(difference(-5, 10, 4, inks, &ascii()), "  ##|    ");
        assert_eq!(difference(10, 10, 4, inks, &ascii()), "    |####");
        assert_eq!(difference(0, 10, 4, inks, &ascii()), "    |    ");
    }

    #[test]
    fn parts_fill_the_whole_bar() {
        let part = |value, letter| Part {
            value,
            ink: None,
            letter,
        };
        let parts = [part(1, 'a'), part(1, 'b'), part(1, 'c'), part(0, 'd')];
        assert_eq!(stacked(&parts, 10, &ascii()), "aaaabbbccc");
        assert_eq!(stacked(&parts, 1, &ascii()), "a");
        assert_eq!(stacked(&[part(0, 'a')], 10, &ascii()), "");
    }
}
