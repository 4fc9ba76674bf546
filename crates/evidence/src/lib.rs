//! Captures: typed, dated artefacts, and the bundle file.
