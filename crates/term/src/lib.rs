//! Drawing views in a terminal.
