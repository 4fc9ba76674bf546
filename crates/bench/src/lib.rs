//! Benches and comparisons with named peers.
