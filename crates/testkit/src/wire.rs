//! The protobuf wire format, written: only what profile.proto needs.
//!
//! Source: the protobuf encoding guide; varints are little-endian groups of seven bits.

/// A message that is being written into a buffer of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// The message as written so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the fields but keeps the buffer.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Writes a varint field, unless it is 0, which is what a missing field means.
    pub(crate) fn number(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.varint(u64::from(field) << 3);
            self.varint(value);
        }
    }

    /// Writes a length-delimited field: a string or an embedded message, empty or not.
    pub(crate) fn delimited(&mut self, field: u32, content: &[u8]) {
        self.varint((u64::from(field) << 3) | 2);
        self.varint(content.len() as u64);
        self.bytes.extend_from_slice(content);
    }

    /// Writes a packed repeated field of varints.
    pub(crate) fn packed(&mut self, field: u32, values: impl Iterator<Item = u64> + Clone) {
        let length: u64 = values.clone().map(varint_length).sum();
        self.varint((u64::from(field) << 3) | 2);
        self.varint(length);
        for value in values {
            self.varint(value);
        }
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push((value & 0x7f) as u8);
    }
}

fn varint_length(value: u64) -> u64 {
    u64::from((64 - (value | 1).leading_zeros()).div_ceil(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_encoding_guide() {
        let mut message = Message::default();
        message.number(1, 150);
        assert_eq!(message.bytes(), [0x08, 0x96, 0x01]);
        message.clear();
        message.delimited(2, b"testing");
        assert_eq!(message.bytes(), b"\x12\x07testing");
        message.clear();
        message.packed(6, [3, 270, 86942].into_iter());
        assert_eq!(
            message.bytes(),
            [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]
        );
        message.clear();
        message.number(1, 0);
        assert!(message.bytes().is_empty());
    }

    #[test]
    fn a_varint_is_as_long_as_said() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::MAX >> 1, u64::MAX] {
            let mut message = Message::default();
            message.varint(value);
            assert_eq!(message.bytes.len() as u64, varint_length(value), "{value}");
        }
    }
}
