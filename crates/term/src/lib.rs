//! Drawing views as the text of a terminal.
//!
//! Every function here turns a typed view into a `String`. Nothing reads the
//! environment, asks for the size of a terminal or writes anywhere: the caller
//! says all of that in a [`Style`]. Nothing is computed here either, beyond the
//! layout: the views come ready from the crates that own them.
//!
//! What is decided here:
//!
//! - A colour has one meaning ([`Ink`]), is safe for the colour-blind and never
//!   says anything alone: the word or the letter stands beside it.
//! - Every list is the one [`Table`], so that all of them align, shorten and
//!   wrap alike. Widths are those of a terminal's cells, not of bytes.
//! - Text of a profile or a log is foreign: control characters are made
//!   visible before they reach a terminal ([`visible`]).
//!
//! ```
//! use fathom_term::{Column, Style, Table};
//!
//! let mut table = Table::new([Column::right("goroutines"), Column::left("state")]);
//! table.row(["20000".into(), "chan receive".into()]);
//! table.row(["7".into(), "IO wait".into()]);
//! let text = table.render(&Style::plain(80));
//! assert_eq!(text, "goroutines  state\n     20000  chan receive\n         7  IO wait\n");
//! ```

pub mod bar;
mod cells;
mod difference;
mod explanation;
pub mod finding;
pub mod gctrace;
pub mod goroutines;
mod growth;
mod leaks;
mod palette;
mod paragraph;
mod style;
mod table;
pub mod trace;
pub mod wrap;

pub use cells::{shorten, shorten_start, visible, width};
pub use difference::difference;
pub use explanation::{Detail, explanation};
pub use growth::growth;
pub use leaks::leaks;
pub use palette::{Ink, class_colour, class_letter, severity_colour};
pub use style::{Emphasis, Style, bold, dim, emphasise, paint};
pub use table::{Align, Cell, Column, Overflow, Table};
