//! Taking the compression off an input, within limits, and compressing what is written.

use std::borrow::Cow;
use std::io::{self, Read, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Error, LimitKind, Position, TRUNCATED};
use crate::limits::Limits;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Deflate's best ratio: a bit for 258 bytes at each end of a match, about 1032 to 1.
const MOST_DEFLATE_RATIO: usize = 1032;

/// How many bytes are asked of a decompressor when its input does not tell its size.
const UNKNOWN_SIZE: usize = 64 << 10;

/// Returns the input without its gzip or zstd compression.
pub(crate) fn plain<'a>(input: Cow<'a, [u8]>, limits: &Limits) -> Result<Cow<'a, [u8]>, Error> {
    if let Some(packed) = reader(&input)? {
        return inflate(packed, limits).map(Cow::Owned);
    }
    if input.len() as u64 > limits.decompressed_bytes {
        return Err(too_long(limits));
    }
    Ok(input)
}

/// A compressed input.
pub(crate) struct Packed<'a> {
    /// Gives the input without its compression.
    pub(crate) reader: Box<dyn Read + Send + 'a>,
    format: &'static str,
    /// How many bytes it is likely to give.
    hint: usize,
}

/// Returns what takes the compression off an input; `None` when it has none.
pub(crate) fn reader(input: &[u8]) -> Result<Option<Packed<'_>>, Error> {
    if input.starts_with(GZIP_MAGIC) {
        return Ok(Some(Packed {
            reader: Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            format: "gzip",
            hint: gzip_size_hint(input),
        }));
    }
    if input.starts_with(ZSTD_MAGIC) {
        let reader = ruzstd::decoding::StreamingDecoder::new(input);
        let reader = reader.map_err(|error| Error::Decompress {
            format: "zstd",
            produced: 0,
            reason: error.to_string(),
        })?;
        return Ok(Some(Packed {
            reader: Box::new(reader),
            format: "zstd",
            hint: UNKNOWN_SIZE,
        }));
    }
    Ok(None)
}

/// Compresses as Go's runtime compresses profiles, for speed.
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // A vector takes all that is written to it.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

/// Returns the size that the last four bytes of a gzip file claim (RFC 1952, ISIZE), as
/// far as it is believable: it is the size modulo 2^32 of the last member alone.
fn gzip_size_hint(input: &[u8]) -> usize {
    let claimed = input
        .last_chunk::<4>()
        .map_or(UNKNOWN_SIZE, |last| u32::from_le_bytes(*last) as usize);
    claimed.min(input.len().saturating_mul(MOST_DEFLATE_RATIO))
}

fn inflate(packed: Packed<'_>, limits: &Limits) -> Result<Vec<u8>, Error> {
    let limit = limits.decompressed_bytes;
    let damaged = |produced: usize, reason: String| Error::Decompress {
        format: packed.format,
        produced: produced as u64,
        reason,
    };
    // One byte more than announced, so that the end is seen without growing.
    let wanted = u64::min(packed.hint as u64, limit).saturating_add(1);
    let mut output = Vec::new();
    output
        .try_reserve_exact(usize::try_from(wanted).unwrap_or(usize::MAX))
        .map_err(|_| damaged(0, format!("no memory for {wanted} bytes")))?;
    packed
        .reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut output)
        .map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::UnexpectedEof => TRUNCATED.to_owned(),
                _ => error.to_string(),
            };
            damaged(output.len(), reason)
        })?;
    if output.len() as u64 > limit {
        return Err(too_long(limits));
    }
    Ok(output)
}

fn too_long(limits: &Limits) -> Error {
    Error::Limit {
        limit: LimitKind::DecompressedBytes,
        maximum: limits.decompressed_bytes,
        position: Position::Whole,
    }
}
