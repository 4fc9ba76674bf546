//! Samples into columns.

use crate::builder::label_order;
use crate::decode::ids::IdMap;
use crate::decode::over;
use crate::error::{Error, LimitKind};
use crate::handle::{LocationId, StringId};
use crate::limits::Limits;
use crate::options::{ParseOptions, ZeroLabels};
use crate::strings::StringTable;
use crate::tables::{Label, LabelValue, SampleTable};
use crate::wire::{Field, Reader, Value};

/// The way through the samples.
pub(crate) struct Pass<'a> {
    limits: &'a Limits,
    location_ids: &'a IdMap,
    zero_labels: ZeroLabels,
    /// How many strings there are.
    strings: usize,
    samples: SampleTable,
    /// The highest position of a location that was met, and the highest string.
    highest: Highest,
}

/// What a pass refers to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Highest {
    /// The highest position of a location.
    pub(crate) location: u32,
    /// The highest string of a label.
    pub(crate) string: u64,
}

impl<'a> Pass<'a> {
    /// Prepares to read samples of so many `columns`, whose labels refer to so many
    /// `strings`.
    pub(crate) fn new(
        limits: &'a Limits,
        location_ids: &'a IdMap,
        columns: usize,
        strings: usize,
        options: ParseOptions,
    ) -> Self {
        Self {
            limits,
            location_ids,
            zero_labels: options.zero_labels,
            strings,
            samples: SampleTable::new(columns),
            highest: Highest::default(),
        }
    }

    /// Reads the next `count` samples.
    pub(crate) fn read(&mut self, mut reader: Reader<'_>, count: u64) -> Result<(), Error> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.samples.stack_starts.reserve_exact(count);
        self.samples.label_starts.reserve_exact(count);
        for column in &mut self.samples.values {
            column.reserve_exact(count);
        }
        let mut left = count;
        while left > 0 {
            let Some(field) = reader.field()? else { break };
            if field.number == 2 {
                self.sample(&field)?;
                left -= 1;
            }
        }
        Ok(())
    }

    /// What the samples refer to.
    pub(crate) const fn highest(&self) -> Highest {
        self.highest
    }

    /// How many columns the samples have.
    pub(crate) const fn columns(&self) -> usize {
        self.samples.values.len()
    }

    /// Returns the samples, the labels of each in order.
    pub(crate) fn finish(self, strings: &StringTable) -> SampleTable {
        let mut samples = self.samples;
        for &[start, end] in samples.label_starts.array_windows() {
            if end - start > 1
                && let Some(labels) = samples.labels.get_mut(start as usize..end as usize)
            {
                labels.sort_by(|a, b| label_order(a, b, strings.get(a.key), strings.get(b.key)));
            }
        }
        samples.stack_starts.shrink_to_fit();
        samples.stacks.shrink_to_fit();
        samples.label_starts.shrink_to_fit();
        samples.labels.shrink_to_fit();
        for column in &mut samples.values {
            column.shrink_to_fit();
        }
        samples
    }

    /// Reads a sample.
    pub(crate) fn sample(&mut self, sample: &Field<'_>) -> Result<(), Error> {
        let mut message = sample.message()?;
        let at = sample.offset;
        let stack_start = self.samples.stacks.len();
        let row = self.samples.len();
        let mut column = 0;
        while let Some(field) = message.field()? {
            match (field.number, field.value) {
                (1, Value::Varint(id)) => {
                    let location = self.location(id, field.offset)?;
                    self.samples.stacks.push(location);
                }
                (1, Value::Bytes(ids, offset)) => self.stack(ids, offset)?,
                (2, Value::Varint(value)) => self.value(&mut column, value, at)?,
                (2, Value::Bytes(values, offset)) => {
                    let mut packed = Reader::at(values, offset);
                    while !packed.is_empty() {
                        let value = packed.varint()?;
                        self.value(&mut column, value, at)?;
                    }
                }
                (3, _) => self.label(&field)?,
                (1 | 2, Value::Fixed) => {
                    return Err(Error::malformed(field.offset, "a sample's field is fixed"));
                }
                _ => {}
            }
        }
        if column != self.samples.values.len() {
            let types = self.samples.values.len();
            return Err(Error::inconsistent(
                at,
                format!("sample {row} has {column} values for {types} sample types"),
                format!("mismatch: sample has {column} values vs. {types} types"),
            ));
        }
        let depth = self.samples.stacks.len() - stack_start;
        if depth as u64 > self.limits.depth {
            return Err(over(LimitKind::Depth, self.limits.depth, at));
        }
        let entries = self.limits.stack_entries.min(u64::from(u32::MAX) - 1);
        if self.samples.stacks.len() as u64 > entries {
            return Err(over(LimitKind::StackEntries, entries, at));
        }
        self.samples.close();
        Ok(())
    }

    /// Reads a packed stack: the bulk of every large profile.
    fn stack(&mut self, ids: &[u8], offset: usize) -> Result<(), Error> {
        let depth = ids.len() as u64;
        if depth > self.limits.depth.saturating_mul(10) {
            return Err(over(LimitKind::Depth, self.limits.depth, offset));
        }
        let mut rest = ids;
        if let Some(count) = self.location_ids.in_order() {
            let mut run = [LocationId(0); RUN];
            loop {
                let Run { filled, read, most } = short_run(rest, count, &mut run);
                self.samples
                    .stacks
                    .extend_from_slice(run.get(..filled).unwrap_or_default());
                self.highest.location = self.highest.location.max(most);
                rest = rest.get(read..).unwrap_or_default();
                if filled < RUN {
                    break;
                }
            }
        }
        // The last few bytes, long numbers, and whatever is wrong.
        let mut packed = Reader::at(rest, offset + ids.len() - rest.len());
        while !packed.is_empty() {
            let at = packed.offset();
            let id = packed.varint()?;
            let location = self.location(id, at)?;
            self.samples.stacks.push(location);
        }
        Ok(())
    }

    #[inline]
    fn location(&mut self, id: u64, offset: usize) -> Result<LocationId, Error> {
        let Some(position) = self.location_ids.get(id) else {
            let row = self.samples.len();
            return Err(Error::inconsistent(
                offset,
                format!("sample {row} refers to missing location {id}"),
                "sample has nil location",
            ));
        };
        self.highest.location = self.highest.location.max(position);
        Ok(LocationId(position))
    }

    #[inline]
    fn value(&mut self, column: &mut usize, value: u64, offset: usize) -> Result<(), Error> {
        let Some(values) = self.samples.values.get_mut(*column) else {
            let types = self.samples.values.len();
            return Err(Error::inconsistent(
                offset,
                format!(
                    "sample {} has more values than the {types} sample types",
                    self.samples.len(),
                ),
                format!(
                    "mismatch: sample has {} values vs. {types} types",
                    types + 1
                ),
            ));
        };
        values.push(value.cast_signed());
        *column += 1;
        Ok(())
    }

    fn label(&mut self, label: &Field<'_>) -> Result<(), Error> {
        if self.samples.labels.len() as u64 >= self.limits.labels.min(u64::from(u32::MAX) - 1) {
            return Err(over(LimitKind::Labels, self.limits.labels, label.offset));
        }
        let mut message = label.message()?;
        let (mut key, mut text, mut number, mut unit) = (0, None, None, 0);
        while let Some(field) = message.field()? {
            match field.number {
                1 => key = field.unsigned()?,
                2 => text = Some(field.unsigned()?),
                3 => number = Some(field.signed()?),
                4 => unit = field.unsigned()?,
                _ => {}
            }
        }
        let count = self.strings;
        let highest = &mut self.highest.string;
        let mut string = |raw: u64| {
            *highest = raw.max(*highest);
            usize::try_from(raw)
                .ok()
                .filter(|&index| index < count)
                .and_then(StringId::from_index)
                .ok_or_else(|| {
                    let reason = format!("a label refers to string {raw} of {count}");
                    Error::malformed(label.offset, reason)
                })
        };
        // proto3 writers leave out what is zero: a label with neither is the number 0.
        let value = match (text, number) {
            (Some(text), _) if text != 0 => LabelValue::Text(string(text)?),
            (Some(_), None) if unit == 0 => LabelValue::Text(StringId::EMPTY),
            (_, number) => LabelValue::Number {
                value: number.unwrap_or(0),
                unit: string(unit)?,
            },
        };
        let key = string(key)?;
        let is_lost = match value {
            LabelValue::Text(text) => text.is_empty(),
            LabelValue::Number { value, unit } => value == 0 && unit.is_empty(),
        };
        if is_lost && self.zero_labels == ZeroLabels::Drop {
            return Ok(());
        }
        self.samples.labels.push(Label { key, value });
        Ok(())
    }
}

/// How many locations are read at once.
const RUN: usize = 64;

/// What was read at once.
struct Run {
    /// How many locations.
    filled: usize,
    /// From how many bytes.
    read: usize,
    /// The highest position of theirs.
    most: u32,
}

/// Reads locations whose ids are short and at most `count`, until one is not, `run` is full
/// or the end is near.
fn short_run(bytes: &[u8], count: u32, run: &mut [LocationId; RUN]) -> Run {
    let mut read = 0;
    let mut filled = 0;
    let mut most = 0;
    for pair in run.as_chunks_mut::<2>().0 {
        let rest = bytes.get(read..).unwrap_or_default();
        let Some(([first, second], length)) = two_varints(rest) else {
            break;
        };
        // An id of 0 becomes the highest position of all.
        let (first, second) = (first.wrapping_sub(1), second.wrapping_sub(1));
        let higher = first.max(second);
        if higher >= count {
            break;
        }
        most = most.max(higher);
        *pair = [LocationId(first), LocationId(second)];
        filled += 2;
        read += length;
    }
    Run { filled, read, most }
}

/// Reads two numbers of at most 28 bits without branching on their lengths; returns them
/// with the length of both. `None` where one is longer, and within eight bytes of the end.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "halves of a word")]
fn two_varints(bytes: &[u8]) -> Option<([u32; 2], usize)> {
    let word = u64::from_le_bytes(*bytes.first_chunk::<8>()?);
    // A byte without the continuation bit is the last of its number.
    let ends = !word & 0x8080_8080_8080_8080;
    let later = ends & ends.wrapping_sub(1);
    if later == 0 {
        return None;
    }
    // All bits up to the lowest that is set.
    let up_to = |ends: u64| ends ^ ends.wrapping_sub(1);
    let first = word & up_to(ends);
    let second = (word & up_to(later)) >> (ends.trailing_zeros() + 1);
    if (first | second) >> 32 != 0 {
        return None;
    }
    // Seven bits of each byte, joined in both halves at once.
    let bits = first | (second << 32);
    let bits = (bits & 0x007f_007f_007f_007f) | ((bits & 0x7f00_7f00_7f00_7f00) >> 1);
    let bits = (bits & 0x0000_3fff_0000_3fff) | ((bits & 0x3fff_0000_3fff_0000) >> 2);
    let length = later.trailing_zeros() as usize / 8 + 1;
    Some(([bits as u32, (bits >> 32) as u32], length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = value;
        while rest >= 0x80 {
            bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap());
        bytes
    }

    #[test]
    fn pairs_of_short_numbers_are_read_as_single_ones_are() {
        const SHORT: [u32; 10] = [
            0,
            1,
            127,
            128,
            300,
            16_383,
            16_384,
            2_097_151,
            2_097_152,
            268_435_455,
        ];
        for one in SHORT {
            for two in SHORT {
                let mut bytes = [varint(one.into()), varint(two.into())].concat();
                let length = bytes.len();
                for filler in [0x00, 0xff] {
                    bytes.resize(length, 0);
                    bytes.resize(length.max(7) + 1, filler);
                    assert_eq!(two_varints(&bytes), Some(([one, two], length)));
                }
            }
        }
    }

    #[test]
    fn long_numbers_and_the_end_are_left_to_others() {
        let long = varint(268_435_456);
        let padding = vec![0; 8];
        for bytes in [
            [long.clone(), vec![1], padding.clone()].concat(),
            [vec![1], long, padding].concat(),
            vec![0xff; 8],
            vec![1; 7],
        ] {
            assert_eq!(two_varints(&bytes), None, "{bytes:?}");
        }
    }
}
