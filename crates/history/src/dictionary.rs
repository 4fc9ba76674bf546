//! Stacks with names: frames, and lists of frames with the labels of a sample.

use std::cmp::Ordering;

use crate::varint::{self, Reader};

/// One frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FrameRow {
    pub(crate) function: String,
    pub(crate) file: String,
    pub(crate) line: i64,
    pub(crate) system_name: String,
    pub(crate) start_line: i64,
    pub(crate) column: i64,
    /// Whether it was inlined into its caller.
    pub(crate) inlined: bool,
    /// Whether it is a location of its own without any line.
    pub(crate) is_bare: bool,
}

impl FrameRow {
    /// Writes it down.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        varint::put_text(&mut bytes, &self.function);
        varint::put_text(&mut bytes, &self.system_name);
        varint::put_text(&mut bytes, &self.file);
        varint::put_signed(&mut bytes, self.line);
        varint::put_signed(&mut bytes, self.start_line);
        varint::put_signed(&mut bytes, self.column);
        varint::put(
            &mut bytes,
            u64::from(self.inlined) | u64::from(self.is_bare) << 1,
        );
        bytes
    }

    /// Reads what [`FrameRow::encode`] wrote; nothing when it is damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let function = reader.get_text()?.to_owned();
        let system_name = reader.get_text()?.to_owned();
        let file = reader.get_text()?.to_owned();
        let line = reader.get_signed()?;
        let start_line = reader.get_signed()?;
        let column = reader.get_signed()?;
        let flags = reader.get()?;
        Some(Self {
            function,
            file,
            line,
            system_name,
            start_line,
            column,
            inlined: flags & 1 != 0,
            is_bare: flags & 2 != 0,
        })
    }
}

/// A stack: its frames from the outermost call to the leaf, the labels of the sample as JSON, and
/// which of the samples of one profile with these frames and labels it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StackRow {
    pub(crate) frames: Vec<u32>,
    pub(crate) labels: String,
    pub(crate) ordinal: u32,
}

impl StackRow {
    /// Writes it down.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.frames.len() * 2 + 8);
        varint::put(&mut bytes, u64::from(self.ordinal));
        varint::put_text(&mut bytes, &self.labels);
        for &frame in &self.frames {
            varint::put(&mut bytes, u64::from(frame));
        }
        bytes
    }

    /// Reads what [`StackRow::encode`] wrote; nothing when it is damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let ordinal = reader.get_u32()?;
        let labels = reader.get_text()?.to_owned();
        let mut frames = Vec::new();
        while !reader.is_empty() {
            frames.push(reader.get_u32()?);
        }
        Some(Self {
            frames,
            labels,
            ordinal,
        })
    }

    /// The order of stacks in a block, where frames are numbered in their own order: it is the
    /// same in every block, so that blocks can be merged as they are read.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.frames
            .cmp(&other.frames)
            .then_with(|| self.labels.cmp(&other.labels))
            .then(self.ordinal.cmp(&other.ordinal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let frame = FrameRow {
            function: "main.work".to_owned(),
            file: "main.go".to_owned(),
            line: 12,
            system_name: "main.work".to_owned(),
            start_line: -1,
            column: 3,
            inlined: true,
            is_bare: false,
        };
        assert_eq!(FrameRow::decode(&frame.encode()), Some(frame));
        let stack = StackRow {
            frames: vec![3, 0, 70_000],
            labels: "[[\"bytes\",48,\"\"]]".to_owned(),
            ordinal: 1,
        };
        assert_eq!(StackRow::decode(&stack.encode()), Some(stack));
    }
}
