//! What changed from one profile to the next, in few bytes.

use crate::varint::{self, Reader};

/// Compression of the head: fast.
const LEVEL: i32 = 1;

/// Decompressed, the changes of one profile have at most so many bytes.
const MOST_BYTES: usize = 2 << 30;

/// Stacks, ascending, each with one value per column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackValues {
    pub(crate) columns: usize,
    pub(crate) stacks: Vec<u32>,
    /// The values of the first stack, then those of the second, ….
    pub(crate) values: Vec<i64>,
}

impl StackValues {
    /// None, of so many columns.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// Adds the next stack.
    pub(crate) fn push(&mut self, stack: u32, values: &[i64]) {
        self.stacks.push(stack);
        self.values.extend_from_slice(values);
    }

    /// The values at a place.
    pub(crate) fn at(&self, place: usize) -> &[i64] {
        &self.values[place * self.columns..(place + 1) * self.columns]
    }

    /// Goes through stacks and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[i64])> {
        (0..self.stacks.len()).map(|place| (self.stacks[place], self.at(place)))
    }

    /// By how much each stack of either changed since `before`; stacks that did not are left out.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let mut changes = Self::new(self.columns);
        let zeros = vec![0; self.columns];
        let mut differences = vec![0; self.columns];
        let (mut old, mut new) = (0, 0);
        while old < before.stacks.len() || new < self.stacks.len() {
            let old_stack = before.stacks.get(old).copied().unwrap_or(u32::MAX);
            let new_stack = self.stacks.get(new).copied().unwrap_or(u32::MAX);
            let stack = old_stack.min(new_stack);
            let was = if old < before.stacks.len() && old_stack == stack {
                old += 1;
                before.at(old - 1)
            } else {
                &zeros
            };
            let is = if new < self.stacks.len() && new_stack == stack {
                new += 1;
                self.at(new - 1)
            } else {
                &zeros
            };
            if was == is {
                continue;
            }
            for (difference, (is, was)) in differences.iter_mut().zip(is.iter().zip(was)) {
                *difference = is.wrapping_sub(*was);
            }
            changes.push(stack, &differences);
        }
        changes
    }

    /// Writes them down.
    pub(crate) fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.stacks.len() * (2 + 3 * self.columns));
        varint::put(&mut bytes, self.stacks.len() as u64);
        let mut before = 0;
        for &stack in &self.stacks {
            varint::put(&mut bytes, u64::from(stack - before));
            before = stack;
        }
        // Column by column: neighbours are alike.
        for column in 0..self.columns {
            for place in 0..self.stacks.len() {
                varint::put_signed(&mut bytes, self.at(place)[column]);
            }
        }
        zstd::bulk::compress(&bytes, LEVEL)
    }

    /// Reads what [`StackValues::encode`] wrote; nothing when it is damaged.
    pub(crate) fn decode(columns: usize, bytes: &[u8]) -> Option<Self> {
        let mut plain = Vec::new();
        let decoder = zstd::stream::read::Decoder::new(bytes).ok()?;
        let mut limited = std::io::Read::take(decoder, MOST_BYTES as u64);
        std::io::Read::read_to_end(&mut limited, &mut plain).ok()?;
        let mut reader = Reader::new(&plain);
        // Each stack takes at least one byte.
        let count = usize::try_from(reader.get()?)
            .ok()
            .filter(|count| *count <= plain.len())?;
        let mut all = Self::new(columns);
        let mut stack = 0_u32;
        for _ in 0..count {
            stack = stack.checked_add(reader.get_u32()?)?;
            all.stacks.push(stack);
        }
        all.values = vec![0; count * columns];
        for column in 0..columns {
            for place in 0..count {
                all.values[place * columns + column] = reader.get_signed()?;
            }
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(rows: &[(u32, [i64; 2])]) -> StackValues {
        let mut all = StackValues::new(2);
        for (stack, row) in rows {
            all.push(*stack, row);
        }
        all
    }

    #[test]
    fn only_what_changed_is_kept() {
        let before = values(&[(1, [1, 10]), (2, [2, 20]), (9, [0, 5])]);
        let now = values(&[(1, [1, 10]), (3, [4, 40]), (9, [1, 4])]);
        let changes = now.since(&before);
        assert_eq!(
            changes,
            values(&[(2, [-2, -20]), (3, [4, 40]), (9, [1, -1])])
        );
        assert_eq!(now.since(&now), values(&[]));
        assert_eq!(now.since(&values(&[])), now);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let all = values(&[(0, [i64::MIN, 3]), (7, [0, -1]), (u32::MAX, [1, i64::MAX])]);
        let bytes = all.encode().unwrap();
        assert_eq!(StackValues::decode(2, &bytes), Some(all));
        assert_eq!(StackValues::decode(2, &bytes[..4]), None);
    }
}
