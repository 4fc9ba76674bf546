//! What a program's source lines and instructions cost: `list`, `disasm` and `weblist`.
//!
//! Each view is made in two steps: what fell to functions, lines and instructions comes from
//! the profile in passes over its samples; text and code come from files that the caller
//! reads ([`Sources`](crate::Sources), [`Objects`](crate::Objects)). What is missing or does
//! not fit is told in the view and in its notes, and is never an error of the whole.
//!
//! With the option `compat` the numbers are those of `go tool pprof` even where it is wrong.
//! Without it
//!
//! - a sample counts once towards the sum of a function and towards a line, however often
//!   recursion repeats it, and however many columns or binaries tell its frames apart;
//! - averages are divided in sums too;
//! - lines that the source file does not have are shown with what fell to them;
//! - instructions know the calls inlined at them, and functions end where they end.

mod address;
mod annotate;
mod binary;
mod disassembly;
mod disassembly_text;
mod head;
mod list;
mod list_text;
mod page;
mod page_compat;
mod page_html;
mod page_own;
mod source;

pub use disassembly::{AnnotatedInstruction, CodeFrame, Disassembly, Routine};
pub use head::ListingHead;
pub use list::{ListedFile, ListedFunction, ListedLine, Listing};
pub use page::{InlinedCall, PageFunction, PageInstruction, PageLine, SourcePage};
pub use source::SourceText;
