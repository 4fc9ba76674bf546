//! The second pass: samples into columns.

use crate::builder::label_order;
use crate::decode::ids::IdMap;
use crate::decode::over;
use crate::error::{Error, LimitKind};
use crate::handle::{LocationId, StringId};
use crate::limits::Limits;
use crate::options::ZeroLabels;
use crate::profile::Profile;
use crate::tables::{Label, LabelValue, SampleTable};
use crate::wire::{Field, Reader, Value};

/// What the second pass works on.
pub(crate) struct Input<'a> {
    /// Stands before the first sample.
    pub(crate) reader: Reader<'a>,
    /// How many samples there are.
    pub(crate) count: u64,
    pub(crate) location_ids: &'a IdMap,
    pub(crate) zero_labels: ZeroLabels,
}

pub(crate) fn read(input: Input<'_>, limits: &Limits, profile: &mut Profile) -> Result<(), Error> {
    let Input {
        mut reader,
        location_ids,
        zero_labels,
        ..
    } = input;
    let count = usize::try_from(input.count).unwrap_or(usize::MAX);
    let mut samples = std::mem::replace(&mut profile.samples, SampleTable::new(0));
    samples.stack_starts.reserve_exact(count);
    samples.label_starts.reserve_exact(count);
    for column in &mut samples.values {
        column.reserve_exact(count);
    }
    let mut pass = Pass {
        limits,
        location_ids,
        zero_labels,
        profile,
        samples: &mut samples,
    };
    let mut left = count;
    while left > 0 {
        let Some(field) = reader.field()? else { break };
        if field.number == 2 {
            pass.sample(&field)?;
            left -= 1;
        }
    }
    samples.stacks.shrink_to_fit();
    samples.labels.shrink_to_fit();
    profile.samples = samples;
    Ok(())
}

struct Pass<'a> {
    limits: &'a Limits,
    location_ids: &'a IdMap,
    zero_labels: ZeroLabels,
    profile: &'a Profile,
    samples: &'a mut SampleTable,
}

impl Pass<'_> {
    fn sample(&mut self, sample: &Field<'_>) -> Result<(), Error> {
        let mut message = sample.message()?;
        let at = sample.offset;
        let stack_start = self.samples.stacks.len();
        let label_start = self.samples.labels.len();
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
        if self.samples.labels.len() - label_start > 1 {
            let profile = self.profile;
            self.samples.labels[label_start..]
                .sort_by(|a, b| label_order(a, b, profile.text(a.key), profile.text(b.key)));
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
            let stacks = &mut self.samples.stacks;
            stacks.reserve(ids.len() / 2);
            while let Some((id, length)) = short_varint(rest) {
                let position = id.wrapping_sub(1);
                if position >= count {
                    break;
                }
                stacks.push(LocationId(position));
                rest = &rest[length..];
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
    fn location(&self, id: u64, offset: usize) -> Result<LocationId, Error> {
        self.location_ids.get(id).map(LocationId).ok_or_else(|| {
            let row = self.samples.len();
            Error::inconsistent(
                offset,
                format!("sample {row} refers to missing location {id}"),
                "sample has nil location",
            )
        })
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
        let string = |raw: u64| {
            let count = self.profile.string_count();
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

/// Reads a number of at most four bytes without branching on its length; returns it with
/// the length. `None` for a longer number, and within four bytes of the end.
#[inline]
fn short_varint(bytes: &[u8]) -> Option<(u32, usize)> {
    let word = u32::from_le_bytes(*bytes.first_chunk::<4>()?);
    // The first byte without the continuation bit is the last of the number.
    let ends = !word & 0x8080_8080;
    if ends == 0 {
        return None;
    }
    let last = ends.trailing_zeros();
    let kept = word & (u32::MAX >> (31 - last));
    let value = (kept & 0x7f)
        | ((kept >> 1) & (0x7f << 7))
        | ((kept >> 2) & (0x7f << 14))
        | ((kept >> 3) & (0x7f << 21));
    Some((value, last as usize / 8 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_read_as_long_ones_are() {
        for value in [
            0_u32,
            1,
            127,
            128,
            300,
            16_383,
            16_384,
            2_097_151,
            2_097_152,
            268_435_455,
        ] {
            let mut bytes = Vec::new();
            let mut rest = value;
            while rest >= 0x80 {
                bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
                rest >>= 7;
            }
            bytes.push(u8::try_from(rest).unwrap());
            let length = bytes.len();
            for filler in [0x00, 0xff] {
                bytes.resize(length, 0);
                bytes.resize(length + 4, filler);
                assert_eq!(short_varint(&bytes), Some((value, length)));
                assert_eq!(Reader::new(&bytes).varint(), Ok(u64::from(value)));
            }
        }
        assert_eq!(short_varint(&[0x80, 0x80, 0x80, 0x80, 0x01]), None);
        assert_eq!(short_varint(&[1, 1, 1]), None);
    }
}
