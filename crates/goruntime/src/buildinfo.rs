//! What the Go linker wrote into an executable about its build.
//!
//! The record begins with the mark `\xff Go buildinf:` in the section
//! `.go.buildinfo` (ELF), `__go_buildinfo` (Mach-O) or at the start of the data
//! (PE). Since Go 1.18 two strings follow it, before that two pointers to Go
//! strings (`debug/buildinfo/buildinfo.go`, Go 1.27).

mod image;
mod text;

use serde::{Deserialize, Serialize};

use crate::Result;
use image::{Image, Order};

/// Is a module and its version.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Module {
    /// Is the module's path.
    pub path: String,
    /// Is its version, `(devel)` if it was built from a working tree.
    pub version: String,
}

/// Is the build record of a Go executable.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BuildInfo {
    /// Is the toolchain's version, as `go1.27.3` (see [`crate::version`]).
    pub go_version: String,
    /// Is the import path of package main.
    pub path: Option<String>,
    /// Is the main module; none outside a module.
    pub main_module: Option<Module>,
    /// Counts the modules it depends on.
    pub deps: usize,
    /// Holds the settings of the build in order, as (`-trimpath`, `true`),
    /// (`CGO_ENABLED`, `0`), (`vcs.revision`, ...).
    pub settings: Vec<(String, String)>,
}

/// Reads parts of an executable, so that a large one need not be loaded.
pub trait ReadAt {
    /// Fills the buffer from an offset, or as much of it as the file holds;
    /// returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// The reader's own.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize>;
}

impl ReadAt for [u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.len());
        let rest = self.get(start..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..len), rest.get(..len)) {
            to.copy_from_slice(from);
        }
        Ok(len)
    }
}

impl<F> ReadAt for F
where
    F: Fn(u64, &mut [u8]) -> std::io::Result<usize>,
{
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        self(offset, buffer)
    }
}

const MARK: &[u8] = b"\xff Go buildinf:";
/// The mark stands at a multiple of this.
const ALIGNMENT: usize = 16;
/// Bounds the data that is searched for the mark.
const MAX_SEARCH: u64 = 4 << 20;
/// Bounds the places that are searched; real executables have one or two.
const MAX_PLACES: usize = 4;
/// Bounds the two strings; those of a program of 1000 modules take 100 KiB.
const MAX_STRING: u64 = 16 << 20;

impl BuildInfo {
    /// Reads the record of an ELF, Mach-O or PE executable. It reads the
    /// headers, the section's beginning and the strings: some kilobytes.
    ///
    /// `None` is an executable without the record: not Go's, or its linker's
    /// output was stripped of it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Read`] if the reader fails, [`crate::Error::Binary`] if the file is no
    /// executable or is damaged.
    pub fn from_binary<R: ReadAt + ?Sized>(reader: &R) -> Result<Option<Self>> {
        let image = Image::open(reader)?;
        let Some(at) = find_mark(reader, &image)? else {
            return Ok(None);
        };
        let head = image::bytes(reader, at, 32)?;
        let flags = head.get(15).copied().unwrap_or_default();
        let (version, modules) = if flags & 2 != 0 {
            let mut at = at.saturating_add(32);
            let version = inline_string(reader, &mut at)?;
            (version, inline_string(reader, &mut at)?)
        } else {
            let order = if flags & 1 != 0 {
                Order::Big
            } else {
                Order::Little
            };
            let size = u64::from(head.get(14).copied().unwrap_or_default());
            if size != 4 && size != 8 {
                return Err(image::bad(at, "the pointers are of neither 4 nor 8 bytes"));
            }
            let pointer = |index: u64| order.word(&head, ALIGNMENT as u64 + index * size, size);
            let version = pointed_string(reader, &image, order, size, pointer(0))?;
            (
                version,
                pointed_string(reader, &image, order, size, pointer(1))?,
            )
        };
        if version.is_empty() {
            return Ok(None);
        }
        let mut info = Self {
            go_version: String::from_utf8_lossy(&version).into_owned(),
            ..Self::default()
        };
        text::read_modules(
            &mut info,
            &String::from_utf8_lossy(without_sentinels(&modules)),
        );
        Ok(Some(info))
    }

    /// Is the value of a setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Tells whether it was built with cgo, if the settings say (Go 1.18).
    pub fn cgo(&self) -> Option<bool> {
        self.setting("CGO_ENABLED").map(|value| value == "1")
    }

    /// Removes the values of settings in which builds hide secrets: linker and
    /// C flags.
    #[must_use]
    pub fn without_flags(mut self) -> Self {
        for (key, value) in &mut self.settings {
            let is_flags = key.ends_with("flags") || key.ends_with("FLAGS");
            if is_flags && !value.is_empty() {
                "(not kept)".clone_into(value);
            }
        }
        self
    }
}

fn find_mark<R: ReadAt + ?Sized>(reader: &R, image: &Image) -> Result<Option<u64>> {
    for &(start, size) in image.data.iter().take(MAX_PLACES) {
        let size = usize::try_from(size.min(MAX_SEARCH)).unwrap_or_default();
        let data = image::up_to(reader, start, size)?;
        let found = data
            .chunks(ALIGNMENT)
            .position(|chunk| chunk.starts_with(MARK));
        if let Some(index) = found {
            return Ok(Some(
                start.saturating_add(index.saturating_mul(ALIGNMENT) as u64),
            ));
        }
    }
    Ok(None)
}

/// Reads a string after its length as a varint; moves past it.
fn inline_string<R: ReadAt + ?Sized>(reader: &R, at: &mut u64) -> Result<Vec<u8>> {
    let start = *at;
    let head = image::up_to(reader, start, 10)?;
    let mut length = 0_u64;
    let mut width = 0_u64;
    for (index, byte) in head.iter().enumerate().take(5) {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            width = index as u64 + 1;
            break;
        }
    }
    if width == 0 || length > MAX_STRING {
        return Err(image::bad(start, "the length of a string is damaged"));
    }
    let begin = start.saturating_add(width);
    *at = begin.saturating_add(length);
    image::bytes(reader, begin, usize::try_from(length).unwrap_or_default())
}

/// Reads a Go string by the address of its header; the address 0 is empty.
fn pointed_string<R: ReadAt + ?Sized>(
    reader: &R,
    image: &Image,
    order: Order,
    size: u64,
    header: Option<u64>,
) -> Result<Vec<u8>> {
    let Some(header) = header.filter(|address| *address != 0) else {
        return Ok(Vec::new());
    };
    let place = |address: u64| {
        image
            .offset_of(address)
            .ok_or_else(|| image::bad(address, "an address is in no part of the file"))
    };
    let at = place(header)?;
    let head = image::bytes(reader, at, usize::try_from(size * 2).unwrap_or_default())?;
    let (Some(data), Some(length)) = (order.word(&head, 0, size), order.word(&head, size, size))
    else {
        return Err(image::bad(at, "a string's header is cut"));
    };
    if length == 0 {
        return Ok(Vec::new());
    }
    if length > MAX_STRING {
        return Err(image::bad(at, "the length of a string is damaged"));
    }
    image::bytes(
        reader,
        place(data)?,
        usize::try_from(length).unwrap_or_default(),
    )
}

/// The modules' text stands between two marks of 16 bytes.
fn without_sentinels(modules: &[u8]) -> &[u8] {
    let inner = modules
        .len()
        .checked_sub(16)
        .and_then(|end| modules.get(16..end));
    inner
        .filter(|inner| inner.ends_with(b"\n"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
