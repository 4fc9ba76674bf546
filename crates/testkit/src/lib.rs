//! Fixtures, profile generators and live Go programs for tests.
