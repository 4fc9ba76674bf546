//! Tables of values by address, one for each function and kind of value.
//!
//! A table is a run of pairs of variable-length numbers: by how much the value changes (zigzag,
//! from -1) and over how many instruction quanta it then holds; a change of 0 that is not the
//! first ends it. `step` in runtime/symtab.go, which Go 1.16 and 1.27 have alike.

/// The values of one table over one function: each with the offset at which it ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    runs: Vec<(u32, i32)>,
}

impl Values {
    /// Reads a table that begins with these bytes, as far as it goes and the function reaches.
    ///
    /// What cannot be read ends it: the runtime, too, knows no value there.
    pub(super) fn decode(&mut self, bytes: &[u8], quantum: u32, size: u32, most: usize) {
        self.runs.clear();
        let mut reader = Numbers { bytes };
        let mut value: i32 = -1;
        let mut end: u32 = 0;
        while end < size && self.runs.len() < most {
            let Some(change) = reader.next() else { break };
            if change == 0 && !self.runs.is_empty() {
                break;
            }
            let Some(quanta) = reader.next() else { break };
            value = value.wrapping_add(unzigzag(change));
            let Some(next_end) = quanta
                .checked_mul(quantum)
                .and_then(|distance| end.checked_add(distance))
            else {
                break;
            };
            end = next_end;
            self.runs.push((end, value));
        }
    }

    /// Forgets everything: a function without a table of this kind.
    pub(super) fn clear(&mut self) {
        self.runs.clear();
    }

    /// The value at an offset from the function's entry, -1 where there is none.
    pub(super) fn at(&self, offset: u32) -> i32 {
        let index = self.runs.partition_point(|(end, _)| *end <= offset);
        self.runs.get(index).map_or(-1, |(_, value)| *value)
    }

    /// The offset behind the last that has a value.
    pub(super) fn end(&self) -> u32 {
        self.runs.last().map_or(0, |(end, _)| *end)
    }
}

struct Numbers<'a> {
    bytes: &'a [u8],
}

impl Numbers<'_> {
    fn next(&mut self) -> Option<u32> {
        let mut value: u32 = 0;
        let mut shift = 0;
        loop {
            let (first, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            // The runtime shifts what is too long around; a table of the linker never is.
            value |= u32::from(first & 0x7f).checked_shl(shift)?;
            if first & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
        }
    }
}

fn unzigzag(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], quantum: u32, size: u32) -> Values {
        let mut values = Values::default();
        values.decode(bytes, quantum, size, 1000);
        values
    }

    #[test]
    fn values_hold_until_their_end() {
        // From -1: +1 over 4, +300 over 2, -301 over 1.
        let bytes = [2, 4, 0xd8, 0x04, 2, 0xd9, 0x04, 1, 0];
        let values = decoded(&bytes, 1, 100);
        assert_eq!(values.at(0), 0);
        assert_eq!(values.at(3), 0);
        assert_eq!(values.at(4), 300);
        assert_eq!(values.at(6), -1);
        assert_eq!(values.at(7), -1);
        assert_eq!(values.end(), 7);
        assert_eq!(decoded(&bytes, 4, 100).at(23), 300);
    }

    #[test]
    fn a_first_change_of_zero_is_a_value() {
        let values = decoded(&[0, 3, 4, 2, 0], 1, 100);
        assert_eq!((values.at(2), values.at(3)), (-1, 1));
    }

    #[test]
    fn damage_ends_a_table() {
        assert_eq!(decoded(&[2], 1, 10).end(), 0);
        assert_eq!(
            decoded(&[2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1, 10).end(),
            0
        );
        assert_eq!(decoded(&[2, 0xff, 0xff, 0xff, 0xff, 0x0f], 4, 10).end(), 0);
        // Pairs that never advance end with the bytes.
        assert_eq!(decoded(&[2, 0, 2, 0, 2, 0], 1, 10).end(), 0);
    }
}
