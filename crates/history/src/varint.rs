//! Integers in few bytes, seven bits each, as in protocol buffers.

/// Appends an unsigned integer.
pub(crate) fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(low_bits(value) | 0x80);
        value >>= 7;
    }
    bytes.push(low_bits(value));
}

/// The lowest seven bits.
const fn low_bits(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
}

/// Appends a signed integer; small ones of either sign are short.
pub(crate) fn put_signed(bytes: &mut Vec<u8>, value: i64) {
    put(
        bytes,
        (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned(),
    );
}

/// Appends a text with its length.
pub(crate) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// Reads what the functions of this module wrote; nothing where the bytes end too early.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// Begins at the first byte.
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Whether all was read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads an unsigned integer.
    pub(crate) fn get(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// Reads an unsigned integer that fits 32 bits.
    pub(crate) fn get_u32(&mut self) -> Option<u32> {
        self.get()?.try_into().ok()
    }

    /// Reads a signed integer.
    pub(crate) fn get_signed(&mut self) -> Option<i64> {
        let value = self.get()?;
        Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    /// Reads so many bytes.
    pub(crate) fn get_bytes(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Reads a number of 8 bytes.
    pub(crate) fn get_f64(&mut self) -> Option<f64> {
        let bytes = self.get_bytes(8)?.try_into().ok()?;
        Some(f64::from_le_bytes(bytes))
    }

    /// Reads a text with its length.
    pub(crate) fn get_text(&mut self) -> Option<&'b str> {
        let length = usize::try_from(self.get()?).ok()?;
        std::str::from_utf8(self.get_bytes(length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read() {
        let mut bytes = Vec::new();
        let values = [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN];
        for value in values {
            put_signed(&mut bytes, value);
        }
        put(&mut bytes, u64::MAX);
        put_text(&mut bytes, "main.work");
        let mut reader = Reader::new(&bytes);
        for value in values {
            assert_eq!(reader.get_signed(), Some(value));
        }
        assert_eq!(reader.get(), Some(u64::MAX));
        assert_eq!(reader.get_text(), Some("main.work"));
        assert!(reader.is_empty());
    }

    #[test]
    fn a_cut_or_endless_integer_is_none() {
        assert_eq!(Reader::new(&[0x80]).get(), None);
        assert_eq!(Reader::new(&[0xff; 20]).get(), None);
        assert_eq!(Reader::new(&[5, b'a']).get_text(), None);
    }
}
