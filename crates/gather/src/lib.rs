//! Getting evidence from a pid, an address, files or stdin.
