//! arm64.

mod gnu;
mod go;

pub(super) use gnu::GnuSyntax;
pub(super) use go::GoSyntax;

/// The length of every instruction, in bytes.
const LENGTH: usize = 4;
