//! amd64, decoded by `iced-x86`.

mod gnu;
mod go;
mod names;
mod operands;
mod prefixes;
mod vector;

pub(super) use gnu::{GnuSyntax, push_address};
pub(super) use go::GoSyntax;
