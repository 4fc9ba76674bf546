//! Tests of `fathom-symbols` against Go's own tools.

mod any_code;
mod go_objdump;
mod objdump;
mod program;
mod seeds;
