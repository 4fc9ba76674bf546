//! Which further files a binary's debug information lies in.

use gimli::Reader as _;

use super::{Reader, damaged};
use crate::{Error, Image, Result};

/// A file that would tell more of a binary than the binary itself.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DebugFile {
    /// The debug information of this build id, below a directory such as `/usr/lib/debug` at
    /// [`build_id_path`], or from a debuginfod server.
    BuildId {
        /// The build id in hexadecimal.
        build_id: String,
    },
    /// The file of this name beside the binary, in `.debug` beside it, or below a directory for
    /// debug information.
    Link {
        /// The name, without directories.
        name: String,
        /// Its checksum, as [`debug_link_checksum`] computes it.
        checksum: u32,
    },
    /// What several binaries share, put there by `dwz`.
    Alternate {
        /// Its path, absolute or from the directory of the file that names it.
        path: String,
        /// Its build id in hexadecimal.
        build_id: String,
    },
    /// A unit of debug information that the compiler left out of the linker's input.
    Split {
        /// The path, from `directory` where it is relative.
        name: String,
        /// The directory in which the compiler ran.
        directory: Option<String>,
        /// The number that the unit and its split file have in common.
        id: Option<u64>,
    },
    /// All split units in one file: that of the binary with this added to its name.
    Package {
        /// `.dwp`.
        suffix: &'static str,
    },
}

impl Image {
    /// Lists the files that the binary says hold its debug information, the likeliest first.
    ///
    /// To name the split units it reads the head of every unit of debug information.
    ///
    /// # Errors
    ///
    /// When the debug information is damaged, or has more units than [`Limits::units`].
    ///
    /// [`Limits::units`]: crate::Limits::units
    pub fn wanted_debug_files(&self) -> Result<Vec<DebugFile>> {
        let mut wanted = Vec::new();
        if !self.has_dwarf() {
            if let Some(build_id) = self.build_id() {
                wanted.push(DebugFile::BuildId {
                    build_id: build_id.to_owned(),
                });
            }
            if let Some((name, checksum)) = self.debug_link() {
                wanted.push(DebugFile::Link {
                    name: name.to_owned(),
                    checksum,
                });
            }
        }
        if let Some((path, build_id)) = self.alternate_link() {
            wanted.push(DebugFile::Alternate {
                path: path.to_owned(),
                build_id: build_id.to_owned(),
            });
        }
        if self.debug_section(".debug_info").is_some() {
            let split = split_files(self)?;
            if !split.is_empty() {
                wanted.push(DebugFile::Package { suffix: ".dwp" });
                wanted.extend(split);
            }
        }
        Ok(wanted)
    }
}

fn split_files(image: &Image) -> Result<Vec<DebugFile>> {
    let dwarf = super::dwarf(image)?;
    let most = image.limits().units;
    let mut files = Vec::new();
    let mut units = dwarf.units();
    let mut count = 0;
    while let Some(header) = units.next().map_err(|error| damaged(&error))? {
        count += 1;
        if count > most {
            return Err(Error::limit("units of debug information", most));
        }
        let unit = dwarf.unit(header).map_err(|error| damaged(&error))?;
        let Some(name) = unit.dwo_name().map_err(|error| damaged(&error))? else {
            continue;
        };
        let name = dwarf
            .attr_string(&unit, name)
            .map_err(|error| damaged(&error))?;
        files.push(DebugFile::Split {
            name: text(&name)?,
            directory: unit.comp_dir.as_ref().map(text).transpose()?,
            id: unit.dwo_id.map(|id| id.0),
        });
    }
    Ok(files)
}

fn text(reader: &Reader) -> Result<String> {
    reader
        .to_string_lossy()
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| damaged(&error))
}

/// The path of the debug information of a build id, below a directory such as `/usr/lib/debug`.
/// `None` for a build id too short to be split.
///
/// ```
/// use fathom_symbols::dwarf::build_id_path;
///
/// assert_eq!(build_id_path("abcdef0123").as_deref(), Some(".build-id/ab/cdef0123.debug"));
/// ```
pub fn build_id_path(build_id: &str) -> Option<String> {
    let (first, rest) = build_id.split_at_checked(2)?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digits(first) && digits(rest)).then(|| format!(".build-id/{first}/{rest}.debug"))
}

/// Computes the checksum of a file as `.gnu_debuglink` has it: the CRC-32 of zlib and PNG.
///
/// ```
/// assert_eq!(fathom_symbols::dwarf::debug_link_checksum(b"123456789"), 0xcbf4_3926);
/// ```
pub fn debug_link_checksum(bytes: &[u8]) -> u32 {
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    checksum.sum()
}
