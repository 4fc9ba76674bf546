//! Protocol buffer wire format, bounds-checked, over a slice.

use crate::error::Error;

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 2 with the offset of its first byte.
    Bytes(&'a [u8], usize),
    /// Wire types 1 and 5, which profile.proto does not use.
    Fixed,
}

/// A field number with its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    pub(crate) value: Value<'a>,
    /// Where the field's tag begins in the whole input.
    pub(crate) offset: usize,
}

impl<'a> Field<'a> {
    /// Returns the field's number as `uint64`.
    pub(crate) fn unsigned(&self) -> Result<u64, Error> {
        match self.value {
            Value::Varint(value) => Ok(value),
            Value::Bytes(..) | Value::Fixed => Err(self.mismatch("a number")),
        }
    }

    /// Returns the field's number as `int64`.
    pub(crate) fn signed(&self) -> Result<i64, Error> {
        Ok(self.unsigned()?.cast_signed())
    }

    /// Returns the field's number as `bool`.
    pub(crate) fn flag(&self) -> Result<bool, Error> {
        Ok(self.unsigned()? != 0)
    }

    /// Returns a reader over the field's message.
    pub(crate) fn message(&self) -> Result<Reader<'a>, Error> {
        match self.value {
            Value::Bytes(bytes, offset) => Ok(Reader::at(bytes, offset)),
            Value::Varint(_) | Value::Fixed => Err(self.mismatch("a message or a string")),
        }
    }

    fn mismatch(&self, wanted: &str) -> Error {
        let number = self.number;
        Error::malformed(self.offset, format!("field {number} is not {wanted}"))
    }
}

/// Reads the fields of a message one after another.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    next: usize,
    /// Where `bytes` begins in the whole input.
    base: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self::at(bytes, 0)
    }

    pub(crate) const fn at(bytes: &'a [u8], base: usize) -> Self {
        Self {
            bytes,
            next: 0,
            base,
        }
    }

    pub(crate) const fn offset(&self) -> usize {
        self.base + self.next
    }

    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.next >= self.bytes.len()
    }

    /// Reads one variable-length number.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        match self.bytes.get(self.next) {
            Some(&byte) if byte < 0x80 => {
                self.next += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    #[inline]
    fn long_varint(&mut self) -> Result<u64, Error> {
        let mut value = 0_u64;
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        for (index, &byte) in rest.iter().take(10).enumerate() {
            // The tenth byte holds the 64th bit alone.
            if index == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.next += index + 1;
                return Ok(value);
            }
        }
        Err(self.bad_varint(rest.len()))
    }

    #[cold]
    fn bad_varint(&self, rest: usize) -> Error {
        let reason = if rest < 10 {
            "the input ends inside a number"
        } else {
            "a number is longer than 64 bits"
        };
        Error::malformed(self.offset(), reason)
    }

    /// Reads the next field; `None` at the end of the message.
    #[inline]
    pub(crate) fn field(&mut self) -> Result<Option<Field<'a>>, Error> {
        if self.is_empty() {
            return Ok(None);
        }
        let offset = self.offset();
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            2 => {
                let length = self.varint()?;
                let start = self.offset();
                Value::Bytes(self.take(length, offset)?, start)
            }
            1 => {
                self.take(8, offset)?;
                Value::Fixed
            }
            5 => {
                self.take(4, offset)?;
                Value::Fixed
            }
            other => {
                return Err(Error::malformed(
                    offset,
                    format!("unknown wire type {other}"),
                ));
            }
        };
        if tag >> 3 == 0 {
            return Err(Error::malformed(offset, "field number 0"));
        }
        Ok(Some(Field {
            number: tag >> 3,
            value,
            offset,
        }))
    }

    #[inline]
    fn take(&mut self, length: u64, field_offset: usize) -> Result<&'a [u8], Error> {
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| self.next.checked_add(length))
            .and_then(|end| Some((self.bytes.get(self.next..end)?, end)));
        if let Some((bytes, end)) = taken {
            self.next = end;
            return Ok(bytes);
        }
        let rest = self.bytes.len() - self.next;
        let reason = format!("a field of {length} bytes has only {rest} left");
        Err(Error::malformed(field_offset, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_where_its_bytes_do() {
        let mut reader = Reader::new(&[0xac, 0x02, 0x01]);
        assert_eq!(reader.varint(), Ok(300));
        assert_eq!(reader.varint(), Ok(1));
        let error = reader.varint().unwrap_err();
        assert_eq!(
            error.to_string(),
            "malformed profile at byte 3: the input ends inside a number"
        );
    }

    #[test]
    fn the_largest_number_fits_and_one_more_bit_does_not() {
        let mut largest = [0xff_u8; 10];
        largest[9] = 1;
        assert_eq!(Reader::new(&largest).varint(), Ok(u64::MAX));
        largest[9] = 2;
        assert_eq!(
            Reader::new(&largest).varint().unwrap_err().to_string(),
            "malformed profile at byte 0: a number is longer than 64 bits"
        );
    }

    #[test]
    fn a_length_past_the_end_is_told_with_both_numbers() {
        let mut reader = Reader::at(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x00], 100);
        assert_eq!(
            reader.field().unwrap_err().to_string(),
            "malformed profile at byte 100: a field of 1099511627775 bytes has only 1 left"
        );
    }

    #[test]
    fn groups_are_refused_and_fixed_fields_skipped() {
        let mut reader = Reader::new(&[0x0d, 1, 2, 3, 4, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x0b]);
        assert!(matches!(
            reader.field().unwrap().unwrap().value,
            Value::Fixed
        ));
        assert!(matches!(
            reader.field().unwrap().unwrap().value,
            Value::Fixed
        ));
        assert_eq!(
            reader.field().unwrap_err().to_string(),
            "malformed profile at byte 14: unknown wire type 3"
        );
    }
}
