//! The bytes of a file, shared by all that is read from them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The bytes of a file or of a part of it, cheap to clone.
///
/// The owner is anything that lends bytes: a `Vec<u8>`, an `Arc<[u8]>`, a mapped file. It must
/// lend the same bytes every time; where it does not, answers are wrong but nothing panics.
#[derive(Clone)]
pub struct FileBytes {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl FileBytes {
    /// Takes the bytes that an owner lends.
    pub fn new(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        let range = 0..owner.as_ref().len();
        Self {
            owner: Arc::new(owner),
            range,
        }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        (*self.owner)
            .as_ref()
            .get(self.range.clone())
            .unwrap_or_default()
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// A part of the bytes, `None` where it reaches past the end.
    pub fn slice(&self, offset: u64, size: u64) -> Option<Self> {
        let start = self
            .range
            .start
            .checked_add(usize::try_from(offset).ok()?)?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        (end <= self.range.end).then(|| Self {
            owner: Arc::clone(&self.owner),
            range: start..end,
        })
    }
}

impl<T: AsRef<[u8]> + Send + Sync + 'static> From<T> for FileBytes {
    fn from(owner: T) -> Self {
        Self::new(owner)
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FileBytes({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_part_stays_inside() {
        let whole = FileBytes::new(b"0123456789".to_vec());
        let part = whole.slice(2, 5).expect("inside");
        assert_eq!(part.as_slice(), b"23456");
        assert_eq!(part.slice(4, 1).expect("inside").as_slice(), b"6");
        assert!(part.slice(4, 2).is_none());
        assert!(part.slice(u64::MAX, 2).is_none());
    }
}
