//! The `cargo xtask` tasks.
fn main() {}
