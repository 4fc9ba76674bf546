//! Events as they stand in the file, one after another, without any order
//! (`src/internal/trace/raw`, Go 1.27.3), and as `go tool trace -d=wire` prints them.

use std::io::{self, Read};

use super::{push_number, push_quoted};
use crate::error::Error;
use crate::version::{HEAD_LENGTH, Version};
use crate::wire::Wire;

/// How many bytes are read at once.
const PIECE: usize = 128 << 10;
/// The frames that a stack may have here; traces have no more than 128.
const MOST_FRAMES: u64 = 1 << 12;
/// The bytes that a string or a batch may have here; traces have no more than 64 KiB.
const MOST_DATA: u64 = 1 << 20;
/// Numbers below this that no event has are events without a name in Go 1.26 and later.
const FIRST_EXPERIMENTAL: u8 = 128;

/// An event as it stands in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawEvent {
    /// Its number.
    pub number: u8,
    /// Its arguments; of a stack also the frames, four numbers each.
    pub arguments: Vec<u64>,
    /// The text of a string or the bytes of an experiment's batch.
    pub data: Vec<u8>,
    size: u64,
}

impl RawEvent {
    /// The event; nothing for a number that no event has.
    pub fn wire(&self) -> Option<Wire> {
        Wire::from_number(self.number)
    }

    /// How many bytes it takes when each number takes as few as it can.
    pub fn encoded_size(&self) -> u64 {
        self.size
    }

    /// Appends the lines that `go tool trace -d=wire` prints, with the end of the last.
    pub fn push(&self, out: &mut Vec<u8>) {
        if let Some(wire) = self.wire() {
            let spec = wire.spec();
            out.extend_from_slice(spec.name.as_bytes());
            let has_time = spec.is_timed.then_some("dt");
            let names = has_time.into_iter().chain(spec.arguments.iter().copied());
            let mut values = self.arguments.iter();
            for (name, &value) in names.zip(values.by_ref()) {
                out.push(b' ');
                push_field(out, name, value);
            }
            for frame in values.as_slice().chunks(4) {
                let mut separator = b"\n\t".as_slice();
                for (name, &value) in ["pc", "func", "file", "line"].into_iter().zip(frame) {
                    out.extend_from_slice(separator);
                    push_field(out, name, value);
                    separator = b" ";
                }
            }
        }
        if !self.data.is_empty() {
            out.extend_from_slice(b"\n\tdata=");
            push_quoted(out, &self.data);
        }
        out.push(b'\n');
    }
}

fn push_field(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    push_number(out, value);
}

/// Reads the events of a trace as they stand in the file, in the memory of one.
///
/// It needs no whole trace and no order, so that it shows what is in a trace that cannot be read
/// otherwise. Unlike the reference it also reads the experiments of Go 1.23 to 1.25.
#[derive(Debug)]
pub struct RawEvents<R> {
    input: R,
    version: Version,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// The bytes before the buffer.
    before: u64,
}

/// Why there is no further byte.
enum Stop {
    /// The input ends.
    End,
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl<R: Read> RawEvents<R> {
    /// Reads the head of a trace.
    ///
    /// # Errors
    ///
    /// When it is no trace, or of a format that is not read here, or cannot be read.
    pub fn new(input: R) -> Result<Self, Error> {
        let mut events = Self {
            input,
            // Until the head is read.
            version: Version::Go122,
            buffer: vec![0; PIECE],
            at: 0,
            end: 0,
            before: 0,
        };
        let mut head = Vec::new();
        while head.len() < HEAD_LENGTH {
            match events.byte() {
                Ok(byte) => head.push(byte),
                Err(Stop::End) => break,
                Err(Stop::Broken(error)) => return Err(error),
            }
        }
        events.version = Version::from_head(&head)?;
        Ok(events)
    }

    /// The format.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How many bytes were read until the end of the last event.
    pub fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    /// Reads the next event; says no at the end of the input. An event that the end cuts off is
    /// left out, as the reference does.
    ///
    /// # Errors
    ///
    /// When the input cannot be read, or what follows is no event.
    pub fn next(&mut self, event: &mut RawEvent) -> Result<bool, Error> {
        match self.read(event) {
            Ok(()) => Ok(true),
            Err(Stop::End) => Ok(false),
            Err(Stop::Broken(error)) => Err(error),
        }
    }

    fn read(&mut self, event: &mut RawEvent) -> Result<(), Stop> {
        let offset = self.offset();
        event.arguments.clear();
        event.data.clear();
        event.number = self.byte()?;
        event.size = 1;
        let Some(wire) = event.wire() else {
            let is_blank = self.version >= Version::Go126
                && event.number > 0
                && event.number < FIRST_EXPERIMENTAL;
            return if is_blank {
                Ok(())
            } else {
                let number = event.number;
                Err(malformed(
                    offset,
                    format!("there is no event of the number {number}"),
                ))
            };
        };
        let spec = wire.spec();
        let mut count = spec.arguments.len() + usize::from(spec.is_timed);
        while event.arguments.len() < count {
            let value = self.varint()?;
            event.size += length(value);
            event.arguments.push(value);
            if wire == Wire::Stack && event.arguments.len() == 2 {
                if value > MOST_FRAMES {
                    let what = format!("a stack has {value} frames, more than {MOST_FRAMES}");
                    return Err(malformed(offset, what));
                }
                count += 4 * usize::try_from(value).unwrap_or_default();
            }
        }
        if matches!(wire, Wire::String | Wire::ExperimentalBatch) {
            let bytes = self.varint()?;
            if bytes > MOST_DATA {
                let what = format!("{bytes} bytes of data, more than {MOST_DATA}");
                return Err(malformed(offset, what));
            }
            event.size += length(bytes) + bytes;
            self.data(usize::try_from(bytes).unwrap_or_default(), &mut event.data)?;
        }
        Ok(())
    }

    fn data(&mut self, mut bytes: usize, data: &mut Vec<u8>) -> Result<(), Stop> {
        while bytes > 0 {
            if self.at >= self.end {
                self.fill()?;
            }
            let there = bytes.min(self.end - self.at);
            data.extend_from_slice(&self.buffer[self.at..self.at + there]);
            self.at += there;
            bytes -= there;
        }
        Ok(())
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, Stop> {
        if self.at >= self.end {
            self.fill()?;
        }
        let byte = self.buffer.get(self.at).copied().ok_or(Stop::End)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Stop> {
        let offset = self.offset();
        let mut value = 0;
        for index in 0..10 {
            let byte = self.byte()?;
            // The tenth byte has room for one bit.
            if index == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed(
            offset,
            "a number has more than 64 bits".to_owned(),
        ))
    }

    fn fill(&mut self) -> Result<(), Stop> {
        self.before += self.end as u64;
        (self.at, self.end) = (0, 0);
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Err(Stop::End),
                Ok(count) => {
                    self.end = count;
                    return Ok(());
                }
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let offset = self.before;
                    return Err(Stop::Broken(Error::Read { offset, source }));
                }
            }
        }
    }
}

fn malformed(offset: u64, what: String) -> Stop {
    Stop::Broken(Error::Malformed { offset, what })
}

/// How many bytes a number takes.
fn length(value: u64) -> u64 {
    u64::from((64 - value.leading_zeros()).div_ceil(7).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(bytes: &[u8]) -> (String, Option<Error>) {
        let mut events = RawEvents::new(bytes).expect("a trace");
        let (mut event, mut out) = (RawEvent::default(), Vec::new());
        let end = loop {
            match events.next(&mut event) {
                Ok(true) => event.push(&mut out),
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
        };
        (String::from_utf8(out).expect("text"), end)
    }

    #[test]
    fn events_stand_as_they_are() {
        let mut bytes = b"go 1.26 trace\0\0\0".to_vec();
        bytes.extend([1, 1, 0xac, 0x02, 9, 3, 4]);
        bytes.extend([5, 7, 3, b'a', b'"', 0xff]);
        bytes.extend([5, 8, 0]);
        bytes.extend([3, 1, 1, 0x80, 1, 2, 3, 4]);
        bytes.extend([16, 5, 6, 7, 17, 1, 52]);
        let (text, error) = wire(&bytes);
        assert!(error.is_none());
        assert_eq!(
            text,
            "EventBatch gen=1 m=300 time=9 size=3\nStrings\n\
             String id=7\n\tdata=\"a\\\"\\xff\"\nString id=8\n\
             Stack id=1 nframes=1\n\tpc=128 func=2 file=3 line=4\n\
             GoStart dt=5 g=6 g_seq=7\nGoDestroy dt=1\nEndOfGeneration\n"
        );
        for cut in HEAD_LENGTH..bytes.len() {
            let (part, error) = wire(&bytes[..cut]);
            assert!(error.is_none(), "the end cuts an event off");
            assert!(text.starts_with(&part));
        }
    }

    #[test]
    fn what_is_no_event_is_told() {
        let error = |rest: &[u8]| {
            let bytes = [b"go 1.22 trace\0\0\0".as_slice(), rest].concat();
            wire(&bytes).1.expect("an error").to_string()
        };
        assert!(error(&[4, 99]).contains("byte 17"));
        assert!(error(&[0]).contains("number 0"));
        assert!(error(&[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]).contains("64 bits"));
        assert!(error(&[3, 1, 255, 255, 127]).contains("frames"));
        assert!(error(&[5, 1, 255, 255, 255, 127]).contains("bytes of data"));
        assert!(RawEvents::new(b"nothing".as_slice()).is_err());
    }

    #[test]
    fn sizes_are_those_of_the_encoding() {
        for (value, bytes) in [(0, 1), (127, 1), (128, 2), (u64::MAX, 10)] {
            assert_eq!(length(value), bytes);
        }
    }
}
