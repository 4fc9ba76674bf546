//! The keys, over whatever is shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget as _};

use super::{Theme, bold, put};

const KEYS: [(&str, &str); 16] = [
    ("1 to 8, Tab", "screens"),
    ("space", "pause, and go on"),
    ("← →", "while paused: the cursor, and back in time"),
    ("+ -", "less and more time: a minute to all"),
    ("[ ] or p n", "the plots before and after"),
    ("/", "filter plots, goroutines, sites by their names"),
    ("s", "sort lists by size or by growth"),
    ("↑ ↓ PgUp PgDn", "rows of a list"),
    ("m", "mark this moment: growth is against it"),
    ("c", "take a capture (fathom explain reads it)"),
    ("o", "how to open the process in the browser"),
    ("Esc", "drop the filter, go on after a pause"),
    ("?", "this help; any key leaves it"),
    ("q, Ctrl-C", "quit"),
    ("R M C", "below a plot: restart, mark, capture"),
    ("a b c", "at the end of a curve: its letter in the legend"),
];

pub(crate) fn draw(buffer: &mut Buffer, area: Rect, _theme: Theme) {
    let width = area.width.min(66);
    let height = area
        .height
        .min(u16::try_from(KEYS.len()).unwrap_or(u16::MAX) + 2);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, buffer);
    let block = Block::bordered().title(" keys ");
    let inner = block.inner(place);
    block.render(place, buffer);
    for ((keys, what), y) in KEYS.iter().zip(0..) {
        put(buffer, inner, (1, y), keys, bold());
        put(buffer, inner, (16, y), what, Style::new());
    }
}
