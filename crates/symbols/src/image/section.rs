//! Sections and segments, and what is in them.

use std::borrow::Cow;
use std::io::Read;

use crate::{Error, Limits, Result};

/// What a section holds.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// Instructions.
    Code,
    /// Data that a program reads or writes.
    Data,
    /// Data that is zero at first and not in the file.
    Zeroed,
    /// What is not loaded: symbols, strings, debug information, notes.
    Other,
}

/// How the bytes of a section are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Compression {
    None,
    Zlib,
    Zstandard,
    Unknown,
}

/// A section of a binary.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name, as the file has it.
    pub name: String,
    /// What it holds.
    pub kind: SectionKind,
    /// The address it is loaded at; 0 where it is not loaded.
    pub address: u64,
    /// Its size in memory, in bytes.
    pub size: u64,
    /// Where its bytes begin in the file (or in the part of the file for this architecture),
    /// behind the header of compressed ones.
    pub file_offset: u64,
    /// How many bytes the file has for it.
    pub file_size: u64,
    pub(crate) compression: Compression,
    pub(crate) uncompressed_size: u64,
}

/// A part of a binary that the loader maps.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The address it asks for.
    pub address: u64,
    /// Its size in memory, in bytes.
    pub size: u64,
    /// Where its bytes begin in the file.
    pub file_offset: u64,
    /// How many bytes the file has for it; the rest of the memory is zero.
    pub file_size: u64,
    /// The alignment of its address, in bytes; at least 1.
    pub alignment: u64,
    /// Whether it is executable.
    pub executable: bool,
    /// Whether it is writable.
    pub writable: bool,
    /// Whether Mach-O calls it `__TEXT`.
    pub(crate) mach_text: bool,
}

/// Returns the bytes of a section, decompressed.
pub(super) fn bytes<'a>(
    file: &'a [u8],
    section: &Section,
    limits: &Limits,
) -> Result<Cow<'a, [u8]>> {
    let damaged = |reason: String| Error::Decompress {
        section: section.name.clone(),
        reason,
    };
    let start = usize::try_from(section.file_offset).unwrap_or(usize::MAX);
    let size = usize::try_from(section.file_size).unwrap_or(usize::MAX);
    let stored = file
        .get(start..start.saturating_add(size))
        .ok_or_else(|| Error::malformed("section", section.file_offset, "past the file's end"))?;
    let maximum = limits.debug_section_bytes;
    if section.uncompressed_size > maximum || stored.len() as u64 > maximum {
        return Err(Error::Limit {
            limit: "bytes of one section",
            maximum,
        });
    }
    match section.compression {
        Compression::None => Ok(Cow::Borrowed(stored)),
        Compression::Unknown => Err(damaged("unknown compression".to_owned())),
        Compression::Zlib => inflate(
            flate2::bufread::ZlibDecoder::new(stored),
            section.uncompressed_size,
        )
        .map(Cow::Owned)
        .map_err(|error| damaged(error.to_string())),
        Compression::Zstandard => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(stored)
                .map_err(|error| damaged(error.to_string()))?;
            inflate(decoder, section.uncompressed_size)
                .map(Cow::Owned)
                .map_err(|error| damaged(error.to_string()))
        }
    }
}

/// Reads what a decompressor gives, no more than the size that was promised.
fn inflate(decoder: impl Read, promised: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    decoder.take(promised).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == promised {
        Ok(bytes)
    } else {
        Err(std::io::Error::new(
            std::io::ErrorKind::UnexpectedEof,
            format!("{} bytes of {promised}", bytes.len()),
        ))
    }
}
