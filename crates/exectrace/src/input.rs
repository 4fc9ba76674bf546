//! The input as a stream of batches.

use std::io::{self, BufReader, Read};

use crate::error::{Fault, fault};
use crate::wire::{LARGEST_BATCH, Wire};

/// Why no batch was read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The input ended where a batch could have begun.
    End,
    /// What is there is no batch.
    Fault(Fault),
    /// The input cannot be read.
    Read(io::Error),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What stands before the bytes of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// A batch of a generation; its bytes follow.
    Batch {
        /// The number of an experiment, 0 for what is none.
        experiment: u8,
        generation: u64,
        thread: i64,
        time: u64,
        size: usize,
    },
    /// The generation ends.
    EndOfGeneration,
}

/// Reads batches and counts bytes.
#[derive(Debug)]
pub(crate) struct Input<R> {
    reader: BufReader<R>,
    offset: u64,
}

impl<R: Read> Input<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(1 << 16, reader),
            offset: 0,
        }
    }

    /// How many bytes were read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads up to `length` bytes, fewer at the end of the input.
    pub(crate) fn read_up_to(&mut self, length: usize, into: &mut Vec<u8>) -> io::Result<usize> {
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        let read = (&mut self.reader).take(limit).read_to_end(into)?;
        self.offset += read as u64;
        Ok(read)
    }

    /// Reads what stands before a batch.
    pub(crate) fn head(&mut self) -> Result<Head, Stop> {
        let Some(kind) = self.byte()? else {
            return Err(Stop::End);
        };
        let experiment = match Wire::from_number(kind) {
            Some(Wire::EndOfGeneration) => return Ok(Head::EndOfGeneration),
            Some(Wire::EventBatch) => 0,
            Some(Wire::ExperimentalBatch) => self.byte()?.ok_or_else(|| cut("an experiment"))?,
            _ => return Err(fault!("a batch should begin here, not event {kind}").into()),
        };
        let generation = self.varint("a batch's generation")?;
        let thread = self.varint("a batch's thread")?.cast_signed();
        let time = self.varint("a batch's time")?;
        let size = self.varint("a batch's size")?;
        if size > LARGEST_BATCH {
            return Err(fault!(
                "a batch has {size} bytes, and {LARGEST_BATCH} is the most that it may have"
            )
            .into());
        }
        Ok(Head::Batch {
            experiment,
            generation,
            thread,
            time,
            size: usize::try_from(size).unwrap_or(usize::MAX),
        })
    }

    /// Appends the bytes of a batch.
    pub(crate) fn body(&mut self, size: usize, into: &mut Vec<u8>) -> Result<(), Stop> {
        let read = self.read_up_to(size, into).map_err(Stop::Read)?;
        if read < size {
            return Err(
                fault!("the input ends within a batch, after {read} of its {size} bytes").into(),
            );
        }
        Ok(())
    }

    /// Reads the rest of the input and returns how many bytes there were.
    pub(crate) fn drain(&mut self) -> io::Result<u64> {
        let rest = io::copy(&mut self.reader, &mut io::sink())?;
        self.offset += rest;
        Ok(rest)
    }

    fn byte(&mut self) -> Result<Option<u8>, Stop> {
        let mut byte = [0];
        loop {
            match self.reader.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    self.offset += 1;
                    let [byte] = byte;
                    return Ok(Some(byte));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::Read(error)),
            }
        }
    }

    fn varint(&mut self, what: &str) -> Result<u64, Stop> {
        let mut value = 0_u64;
        for index in 0..10 {
            let byte = self.byte()?.ok_or_else(|| cut(what))?;
            if index == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(fault!("{what} is longer than a number can be").into())
    }
}

fn cut(what: &str) -> Stop {
    Stop::Fault(fault!("the input ends within {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_read_one_by_one() {
        let mut bytes = vec![1, 3, 7, 0x80, 1, 2, 11, 12];
        bytes.extend([49, 1, 3, 7, 5, 0, 52]);
        let mut input = Input::new(&*bytes);
        let batch = |experiment, time, size| Head::Batch {
            experiment,
            generation: 3,
            thread: 7,
            time,
            size,
        };
        assert_eq!(input.head().expect("a batch"), batch(0, 128, 2));
        let mut body = Vec::new();
        input.body(2, &mut body).expect("its bytes");
        assert_eq!(body, [11, 12]);
        assert_eq!(input.head().expect("a batch"), batch(1, 5, 0));
        assert_eq!(input.head().expect("an end"), Head::EndOfGeneration);
        assert_eq!(input.offset(), 15);
        assert!(matches!(input.head(), Err(Stop::End)));
    }

    #[test]
    fn what_is_cut_or_wrong_is_told() {
        let message = |bytes: &[u8]| match Input::new(bytes).head() {
            Err(Stop::Fault(Fault(what))) => what,
            other => panic!("{other:?}"),
        };
        assert!(message(&[2]).contains("not event 2"));
        assert!(message(&[1, 1]).contains("a batch's thread"));
        assert!(message(&[1, 1, 1, 1, 0xff, 0xff, 0x7f]).contains("65536"));
        assert!(
            message(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2])
                .contains("longer")
        );
        let mut input = Input::new(&[1_u8][..]);
        assert!(matches!(
            input.body(3, &mut Vec::new()),
            Err(Stop::Fault(_))
        ));
    }
}
