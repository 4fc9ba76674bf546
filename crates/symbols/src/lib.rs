//! What the binaries behind a profile say.
//!
//! Pure: bytes in, values out. [`disassembly`] tells what the machine code of a function does.

pub mod disassembly;
