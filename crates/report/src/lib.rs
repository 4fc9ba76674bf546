//! Views over a profile: top.
