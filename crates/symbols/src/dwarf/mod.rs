//! DWARF: functions, lines and inlined calls of C, C++, Rust and cgo code.
//!
//! The readers are gimli and addr2line; here is which sections of which files go into them.

mod wanted;

use std::sync::Arc;

use addr2line::{LookupContinuation, LookupResult, SplitDwarfLoad};
use gimli::{EndianArcSlice, RunTimeEndian, SectionId};

pub use self::wanted::{DebugFile, build_id_path, debug_link_checksum};
use crate::{Error, Image, Result};

type Reader = EndianArcSlice<RunTimeEndian>;

/// A frame that DWARF tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DwarfFrame {
    /// The name as the linker has it, where DWARF tells that, or else as in the source.
    pub(crate) function: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// The files of debug information that go with a binary.
#[derive(Debug, Clone, Default)]
pub(crate) struct DebugFiles {
    /// The file that `.gnu_debuglink` or the build id leads to.
    pub(crate) separate: Option<Arc<Image>>,
    /// The file that `.gnu_debugaltlink` leads to.
    pub(crate) alternate: Option<Arc<Image>>,
    /// Split units, by the names that the binary has for them.
    pub(crate) split: Vec<(String, Arc<Image>)>,
    /// All split units in one file.
    pub(crate) package: Option<Arc<Image>>,
}

/// The debug information of a binary, ready for questions.
pub(crate) struct Dwarf {
    context: addr2line::Context<Reader>,
    split: Vec<(String, gimli::DwarfSections<Reader>)>,
    package: Option<gimli::DwarfPackage<Reader>>,
    depth: usize,
}

impl Dwarf {
    /// Loads the sections; `None` when there is no debug information. Units are only read when
    /// an address needs them.
    pub(crate) fn load(image: &Image, files: &DebugFiles) -> Result<Option<Self>> {
        let source = match &files.separate {
            Some(separate) if separate.has_dwarf() => separate,
            _ if image.has_dwarf() => image,
            _ => return Ok(None),
        };
        let mut dwarf = dwarf(source)?;
        if let Some(alternate) = &files.alternate {
            dwarf.load_sup(|id| section(alternate, id.name()))?;
        }
        let split = files
            .split
            .iter()
            .map(|(name, file)| {
                let sections = gimli::DwarfSections::load(|id| dwo_section(file, id))?;
                Ok((name.clone(), sections))
            })
            .collect::<Result<_>>()?;
        let package = match &files.package {
            None => None,
            Some(file) => Some(package(file)?),
        };
        let context = addr2line::Context::from_dwarf(dwarf).map_err(|error| damaged(&error))?;
        Ok(Some(Self {
            context,
            split,
            package,
            depth: image.limits().depth,
        }))
    }

    /// Puts the frames of an address into `frames`, the innermost first; none where the debug
    /// information does not reach.
    pub(crate) fn frames(&self, address: u64, frames: &mut Vec<DwarfFrame>) -> Result<()> {
        frames.clear();
        // Ranges end behind their last address, which the last of all does not have.
        if address == u64::MAX {
            return Ok(());
        }
        let mut found = self
            .resolve(self.context.find_frames(address))
            .map_err(|error| damaged(&error))?;
        while let Some(frame) = found.next().map_err(|error| damaged(&error))? {
            if frames.len() >= self.depth {
                break;
            }
            let function = match &frame.function {
                None => None,
                Some(name) => Some(name.raw_name().map_err(|error| damaged(&error))?),
            };
            let location = frame.location.as_ref();
            frames.push(DwarfFrame {
                function: function.map(std::borrow::Cow::into_owned),
                file: location.and_then(|place| place.file).map(str::to_owned),
                line: location.and_then(|place| place.line).unwrap_or(0),
                column: location.and_then(|place| place.column).unwrap_or(0),
            });
        }
        Ok(())
    }

    /// Answers a lookup's demands for split units from the files that were given.
    fn resolve<L: LookupContinuation<Buf = Reader>>(&self, lookup: LookupResult<L>) -> L::Output {
        let mut lookup = lookup;
        loop {
            match lookup {
                LookupResult::Output(output) => return output,
                LookupResult::Load { load, continuation } => {
                    lookup = continuation.resume(self.split_unit(&load));
                }
            }
        }
    }

    fn split_unit(&self, load: &SplitDwarfLoad<Reader>) -> Option<Arc<gimli::Dwarf<Reader>>> {
        use gimli::Reader as _;
        if let Some(package) = &self.package
            && let Ok(Some(unit)) = package.find_cu(load.dwo_id, &load.parent)
        {
            return Some(Arc::new(unit));
        }
        let wanted = load.path.as_ref()?.to_string_lossy().ok()?;
        let (_, sections) = self.split.iter().find(|(name, _)| *name == wanted)?;
        let mut unit = sections.borrow(Reader::clone);
        unit.make_dwo(&load.parent);
        Some(Arc::new(unit))
    }
}

impl std::fmt::Debug for Dwarf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Dwarf")
            .field("split", &self.split.len())
            .field("package", &self.package.is_some())
            .finish_non_exhaustive()
    }
}

/// Loads the sections of an image that is no split unit.
fn dwarf(image: &Image) -> Result<gimli::Dwarf<Reader>> {
    gimli::Dwarf::load(|id| section(image, id.name()))
}

fn package(file: &Image) -> Result<gimli::DwarfPackage<Reader>> {
    let empty = Reader::new(Arc::from(&[][..]), endian(file));
    gimli::DwarfPackage::load(
        |id| match id.dwo_name() {
            Some(name) => section(file, name),
            None => section(file, id.name()),
        },
        empty,
    )
}

fn dwo_section(file: &Image, id: SectionId) -> Result<Reader> {
    match id.dwo_name() {
        Some(name) => section(file, name),
        None => Ok(Reader::new(Arc::from(&[][..]), endian(file))),
    }
}

/// The bytes of a section of debug information; none where there is no such section.
fn section(image: &Image, name: &str) -> Result<Reader> {
    let bytes: Arc<[u8]> = match image.debug_section(name) {
        None => Arc::from(&[][..]),
        Some(section) => Arc::from(image.section_bytes(section)?),
    };
    Ok(Reader::new(bytes, endian(image)))
}

fn endian(image: &Image) -> RunTimeEndian {
    if image.is_big_endian() {
        RunTimeEndian::Big
    } else {
        RunTimeEndian::Little
    }
}

fn damaged(error: &gimli::Error) -> Error {
    Error::debug(error)
}

impl From<gimli::Error> for Error {
    fn from(error: gimli::Error) -> Self {
        damaged(&error)
    }
}
