//! One pass over the input, while it is decompressed.
//!
//! Nearly every profile numbers its locations 1, 2, 3, … and names its sample types before
//! its samples. Taken for granted, samples can be read before the tables they point to, and
//! the decompressed input need not be kept. At the end it shows whether that was right:
//! where it was not, and where anything at all is wrong, there is no profile, and the input
//! is to be read in the way that explains it.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::decode::ids::IdMap;
use crate::decode::samples::Pass;
use crate::decode::{Raw, tables};
use crate::error::{Error, Position};
use crate::handle::{LocationId, NONE};
use crate::limits::Limits;
use crate::options::ParseOptions;
use crate::profile::Profile;
use crate::text;
use crate::wire::{Field, Reader};

/// How many bytes are decompressed at once: they are read while the processor's cache
/// holds them.
const PIECE_BYTES: u64 = 256 << 10;

/// How many decompressed pieces may wait to be read.
const PIECES_AHEAD: usize = 4;

/// Reads a profile that is not compressed; `None` to read it the other way.
pub(super) fn slice(bytes: &[u8], limits: &Limits, options: ParseOptions) -> Option<Profile> {
    let assumed = IdMap::assumed("location");
    let mut once = Once::new(limits, &assumed, options);
    let mut reader = Reader::new(bytes);
    while let Some(field) = reader.field().ok()? {
        once.take(&field).ok()?;
    }
    once.finish(bytes.len())
}

/// Reads a profile from a decompressor, which runs in a thread of its own; `None` when it
/// is not a profile in this form, or to read it the other way.
pub(crate) fn compressed(
    input: impl Read + Send,
    limits: &Limits,
    options: ParseOptions,
) -> Option<Profile> {
    let (filled, pieces) = sync_channel(PIECES_AHEAD);
    let (empty, returned) = sync_channel(PIECES_AHEAD + 2);
    thread::scope(|scope| {
        let decompressor = thread::Builder::new().name("decompress".to_owned());
        let limit = limits.decompressed_bytes;
        decompressor
            .spawn_scoped(scope, move || decompress(input, limit, &filled, &returned))
            .ok()?;
        // The channels go with the reader: the decompressor must not wait for one that has
        // given up.
        read(pieces, empty, limits, options)
    })
}

/// Sends the decompressed input in pieces: `None` at its end, nothing where it is damaged
/// or too long.
fn decompress(
    mut input: impl Read,
    limit: u64,
    filled: &SyncSender<Option<Vec<u8>>>,
    returned: &Receiver<Vec<u8>>,
) {
    let mut left = limit;
    loop {
        let mut piece = returned.try_recv().unwrap_or_default();
        piece.clear();
        let Ok(length) = input.by_ref().take(PIECE_BYTES).read_to_end(&mut piece) else {
            return;
        };
        let Some(rest) = left.checked_sub(length as u64) else {
            return;
        };
        left = rest;
        let piece = (length > 0).then_some(piece);
        let is_end = piece.is_none();
        // Nobody listens any more where the reader has given up.
        if filled.send(piece).is_err() || is_end {
            return;
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "dropped when it is done")]
fn read(
    pieces: Receiver<Option<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    limits: &Limits,
    options: ParseOptions,
) -> Option<Profile> {
    let assumed = IdMap::assumed("location");
    let mut once = Once::new(limits, &assumed, options);
    // What is not read yet, and where in the input it begins.
    let mut unread: Vec<u8> = Vec::new();
    let mut base = 0;
    while let Some(piece) = pieces.recv().ok()? {
        if base == 0 && unread.is_empty() && text::is_text(&piece) {
            return None;
        }
        unread.extend_from_slice(&piece);
        // A piece that does not go back is made anew.
        let _ = empty.try_send(piece);
        let mut reader = Reader::at(&unread, base);
        let mut end = base;
        // A field that is not whole yet looks like one that never will be.
        while let Ok(Some(field)) = reader.field() {
            once.take(&field).ok()?;
            end = reader.offset();
        }
        unread.drain(..end - base);
        base = end;
    }
    unread.is_empty().then(|| once.finish(base))?
}

/// What is known after a part of the input.
struct Once<'a> {
    limits: &'a Limits,
    options: ParseOptions,
    assumed: &'a IdMap,
    raw: Raw,
    profile: Profile,
    /// From the first sample on.
    samples: Option<Pass<'a>>,
}

impl<'a> Once<'a> {
    fn new(limits: &'a Limits, assumed: &'a IdMap, options: ParseOptions) -> Self {
        Self {
            limits,
            options,
            assumed,
            raw: Raw::default(),
            profile: Profile::empty(),
            samples: None,
        }
    }

    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        self.raw.take(field, self.limits, &mut self.profile)?;
        match field.number {
            2 => {
                let columns = self.raw.sample_types.len();
                let samples = self.samples.get_or_insert_with(|| {
                    let strings = NONE as usize;
                    Pass::new(self.limits, self.assumed, columns, strings, self.options)
                });
                samples.sample(field)
            }
            // The first is the empty string, which every table has.
            6 if self.raw.strings > 1 => {
                let position = Position::Byte(field.offset as u64);
                let text = field.message()?.bytes();
                let pushed = self.profile.strings.push(text, self.limits, position);
                pushed.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Puts everything together; `length` is that of the input.
    fn finish(mut self, length: usize) -> Option<Profile> {
        self.raw.check(length).ok()?;
        let mut profile = self.profile;
        profile.strings.shrink_to_fit();
        let location_ids = tables(&mut self.raw, length, self.options, &mut profile).ok()?;
        let columns = profile.sample_types.len();
        let samples = self
            .samples
            .unwrap_or_else(|| Pass::new(self.limits, self.assumed, columns, 0, self.options));
        let highest = samples.highest();
        let has_strings = highest.string < profile.strings.len() as u64;
        if samples.columns() != columns || !has_strings {
            return None;
        }
        profile.samples = samples.finish(&profile.strings);
        match location_ids.in_order() {
            Some(count) if highest.location < count || profile.samples.stacks.is_empty() => {}
            Some(_) => return None,
            None => {
                for location in &mut profile.samples.stacks {
                    *location = location_ids
                        .get(u64::from(location.0) + 1)
                        .map(LocationId)?;
                }
            }
        }
        Some(profile)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use fathom_testkit::generator::Shape;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::decode::twice;

    fn generated(shape: &Shape) -> Vec<u8> {
        let mut bytes = Vec::new();
        shape.write(&mut bytes).unwrap();
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn from_gzip(bytes: &[u8]) -> Option<Profile> {
        let reader = flate2::bufread::MultiGzDecoder::new(bytes);
        compressed(reader, &Limits::default(), ParseOptions::default())
    }

    #[test]
    fn one_pass_gives_what_two_give() {
        let bytes = generated(&Shape::medium());
        assert!(bytes.len() as u64 > 3 * PIECE_BYTES, "several pieces");
        let wanted = twice(&bytes, &Limits::default(), ParseOptions::default()).unwrap();
        let once = slice(&bytes, &Limits::default(), ParseOptions::default());
        assert!(once.as_ref() == Some(&wanted));
        assert!(from_gzip(&gzip(&bytes)).as_ref() == Some(&wanted));
    }

    #[test]
    fn whatever_is_damaged_is_left_to_two_passes() {
        let bytes = generated(&Shape::small());
        let limits = Limits::default();
        let mut refused = 0;
        for (place, flip) in (0..bytes.len())
            .step_by(7)
            .zip([0x01, 0x80, 0xff].into_iter().cycle())
        {
            let mut damaged = bytes.clone();
            damaged[place] ^= flip;
            let careful = twice(&damaged, &limits, ParseOptions::default());
            match slice(&damaged, &limits, ParseOptions::default()) {
                Some(once) => assert!(careful.as_ref() == Ok(&once), "at {place}"),
                None => refused += 1,
            }
        }
        assert!(refused > bytes.len() / 21, "{refused} of {}", bytes.len());
        let packed = gzip(&bytes);
        assert!(from_gzip(&packed).is_some());
        assert!(from_gzip(&packed[..packed.len() - 9]).is_none(), "cut off");
        assert!(from_gzip(&gzip(&bytes[..bytes.len() - 1])).is_none());
    }

    #[test]
    fn giving_up_early_does_not_wait_for_the_rest() {
        let pieces = 4 * PIECES_AHEAD * usize::try_from(PIECE_BYTES).unwrap();
        let text = b"main;work 1\n".repeat(pieces / 12);
        assert!(from_gzip(&gzip(&text)).is_none());
        let mut damaged = generated(&Shape::medium());
        let field_of_no_profile = [0x07];
        damaged.splice(..0, field_of_no_profile);
        damaged.resize(pieces, 0);
        assert!(from_gzip(&gzip(&damaged)).is_none());
    }

    #[test]
    fn a_limit_on_the_input_holds_for_what_comes_out_of_it() {
        let packed = gzip(&generated(&Shape::medium()));
        let limits = Limits {
            decompressed_bytes: PIECE_BYTES,
            ..Limits::default()
        };
        let reader = flate2::bufread::MultiGzDecoder::new(&*packed);
        assert!(compressed(reader, &limits, ParseOptions::default()).is_none());
    }
}
