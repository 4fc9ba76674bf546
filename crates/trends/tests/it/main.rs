//! The integration tests of `fathom-trends`.

mod innocent;
mod known_values;
mod leaking;
mod scrapes;
mod stacks;
