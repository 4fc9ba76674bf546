//! The configuration file, with all its mistakes.
