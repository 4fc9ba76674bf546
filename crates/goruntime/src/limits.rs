//! The limits of the readers of this crate.

/// Bounds what a reader accepts; past one it returns [`crate::Error::Limit`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bounds the input, in bytes: 1 GiB unless changed.
    pub bytes: usize,
    /// Bounds the goroutines of a dump: 10 million unless changed.
    pub goroutines: usize,
    /// Bounds the frames of one goroutine: 65536 unless changed. The runtime
    /// prints 101 at most.
    pub frames: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            goroutines: 10_000_000,
            frames: 1 << 16,
        }
    }
}
