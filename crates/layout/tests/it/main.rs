//! The integration tests of `fathom-layout`.

mod call_graphs;
mod geometry;
mod limits;
mod recorded;
mod seeds;
