//! Synthetic address spaces.
