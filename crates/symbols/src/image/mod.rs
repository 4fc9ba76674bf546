//! An executable, a library or a file of debug information.

mod build_id;
mod memory;
mod parse;
mod section;
mod symbols;

use std::sync::{Arc, OnceLock};

pub(crate) use self::memory::{Extent, Memory, decode_word};
pub use self::section::{Section, SectionKind, Segment};
use self::symbols::SymbolTable;
pub use self::symbols::{Symbol, SymbolKind};
use crate::pclntab::Pclntab;
use crate::{Error, FileBytes, Limits, Result};

/// The format of a binary.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Linux, the BSDs and most others.
    Elf,
    /// macOS and iOS.
    MachO,
    /// Windows.
    Pe,
}

/// What a binary is to the loader.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageKind {
    /// A program at a fixed address (`ET_EXEC`), or a Mach-O or PE program.
    Executable,
    /// A library, or a program that runs at any address (`ET_DYN`).
    Dynamic,
    /// An object file before linking (`ET_REL`), a kernel module.
    Relocatable,
    /// Anything else: a core dump, a dSYM file.
    Other,
}

/// The instruction set of a binary.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// x86 with 64 bits.
    Amd64,
    /// x86 with 32 bits.
    I386,
    /// ARM with 64 bits.
    Arm64,
    /// ARM with 32 bits.
    Arm,
    /// POWER with 64 bits, of either byte order.
    Ppc64,
    /// RISC-V with 64 bits.
    Riscv64,
    /// IBM Z.
    S390x,
    /// `LoongArch` with 64 bits.
    Loong64,
    /// MIPS with 32 bits, of either byte order.
    Mips,
    /// MIPS with 64 bits, of either byte order.
    Mips64,
    /// Any other.
    Other,
}

impl Architecture {
    /// The name that Go uses for it in `GOARCH`, but for the byte order.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::I386 => "386",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
            Self::Ppc64 => "ppc64",
            Self::Riscv64 => "riscv64",
            Self::S390x => "s390x",
            Self::Loong64 => "loong64",
            Self::Mips => "mips",
            Self::Mips64 => "mips64",
            Self::Other => "another architecture",
        }
    }
}

/// An executable, a library or a file of debug information.
///
/// Its headers and symbols are read at once, its Go function table when first asked for. It is
/// shared between threads as an `Arc`.
#[derive(Debug)]
pub struct Image {
    bytes: FileBytes,
    limits: Limits,
    format: Format,
    kind: ImageKind,
    architecture: Architecture,
    big_endian: bool,
    wide: bool,
    preferred_base: u64,
    segments: Vec<Segment>,
    sections: Vec<Section>,
    symbols: SymbolTable,
    build_id: Option<String>,
    mach_uuid: Option<String>,
    debug_link: Option<(String, u32)>,
    alternate_link: Option<(String, String)>,
    memory: Memory,
    pclntab: OnceLock<std::result::Result<Option<Arc<Pclntab>>, Error>>,
}

impl Image {
    /// Reads a binary. Of a Mach-O file for several architectures it takes the first.
    ///
    /// # Errors
    ///
    /// When the bytes are no binary of a known format, are damaged, or pass a limit.
    pub fn parse(bytes: impl Into<FileBytes>, limits: &Limits) -> Result<Self> {
        parse::image(&bytes.into(), None, limits)
    }

    /// Reads a binary; of a Mach-O file for several architectures it takes the wanted one.
    ///
    /// # Errors
    ///
    /// As [`Image::parse`], and when a file for several architectures lacks the wanted one.
    pub fn parse_for(
        bytes: impl Into<FileBytes>,
        architecture: Architecture,
        limits: &Limits,
    ) -> Result<Self> {
        parse::image(&bytes.into(), Some(architecture), limits)
    }

    /// The format of the file.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What the binary is to the loader.
    pub fn kind(&self) -> ImageKind {
        self.kind
    }

    /// The instruction set.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Whether numbers have their most significant byte first.
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// The size of a pointer in bytes, 4 or 8.
    pub fn pointer_size(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// The GNU build id in lower-case hexadecimal, as the mappings of profiles carry it.
    pub fn build_id(&self) -> Option<&str> {
        self.build_id.as_deref()
    }

    /// The build id that the Go linker writes, four parts separated by slashes.
    ///
    /// It is looked for where `go tool buildid` looks (cmd/internal/buildid of Go 1.27): in the
    /// note of an ELF file, else in the beginning of the code.
    pub fn go_build_id(&self) -> Option<String> {
        build_id::go(self)
    }

    /// The UUID of a Mach-O file in upper-case hexadecimal with dashes, as Apple's tools print it.
    pub fn mach_uuid(&self) -> Option<&str> {
        self.mach_uuid.as_deref()
    }

    /// The name and the CRC-32 of the file that holds the debug information, as
    /// `.gnu_debuglink` tells them.
    pub fn debug_link(&self) -> Option<(&str, u32)> {
        self.debug_link
            .as_ref()
            .map(|(name, checksum)| (name.as_str(), *checksum))
    }

    /// The path and the build id in hexadecimal of the file that holds debug information shared
    /// by several binaries, as `.gnu_debugaltlink` tells them.
    pub fn alternate_link(&self) -> Option<(&str, &str)> {
        self.alternate_link
            .as_ref()
            .map(|(path, build_id)| (path.as_str(), build_id.as_str()))
    }

    /// The parts that the loader maps, in the order of the file.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The sections, in the order of the file.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of a name. Mach-O names begin with two underscores, where ELF's have a dot.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// A section of debug information by its ELF name, whatever the format calls it.
    pub(crate) fn debug_section(&self, name: &str) -> Option<&Section> {
        let bare = name.trim_start_matches('.');
        self.sections.iter().find(|section| {
            let found = section.name.as_str();
            let found = found
                .strip_prefix("__")
                .or_else(|| found.strip_prefix('.'))
                .unwrap_or(found);
            // ".zdebug_info" is the older way to compress ELF's sections and Go's way to
            // compress Mach-O's; Mach-O cuts names at 16 bytes.
            let found_bare = found
                .strip_prefix('z')
                .filter(|rest| rest.starts_with("debug_"));
            [Some(found), found_bare]
                .into_iter()
                .flatten()
                .any(|found| {
                    found == bare
                        || (self.format == Format::MachO
                            && found.len() >= 13
                            && section.name.len() == 16
                            && bare.starts_with(found))
                })
        })
    }

    /// The bytes of a section, decompressed where it is compressed.
    ///
    /// # Errors
    ///
    /// When the section is cut, damaged, or decompresses to more than
    /// [`Limits::debug_section_bytes`].
    pub fn section_bytes(&self, section: &Section) -> Result<std::borrow::Cow<'_, [u8]>> {
        section::bytes(self.bytes.as_slice(), section, &self.limits)
    }

    /// The symbols by address, then the better one first: those with a size, then global ones.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = Symbol<'_>> {
        self.symbols.iter(self.bytes.as_slice())
    }

    /// The symbol that covers an address: the one that begins last among those that reach it.
    ///
    /// A symbol without a size of its own (Mach-O, PE, hand-written assembly in ELF) reaches to
    /// the next symbol or the end of its section; one with a size never further than that size.
    pub fn symbol_at(&self, address: u64) -> Option<Symbol<'_>> {
        self.symbols.at(self.bytes.as_slice(), address)
    }

    /// The first symbol of a name. It looks at all of them: for a few names, not for many.
    pub fn symbol_named(&self, name: &str) -> Option<Symbol<'_>> {
        self.symbols()
            .find(|symbol| symbol.raw_name == name.as_bytes())
    }

    /// The bytes of the file that are loaded at an address, up to the end of their segment and
    /// no more than asked for: code to decode, for example.
    pub fn loaded_bytes(&self, address: u64, size: u64) -> Option<&[u8]> {
        let bytes = self.memory.bytes_from(address)?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        bytes.get(..size.min(bytes.len()))
    }

    /// Whether the file has symbols beside those for dynamic linking.
    pub fn has_symbol_table(&self) -> bool {
        self.symbols.is_full()
    }

    /// Whether the file has DWARF debug information.
    pub fn has_dwarf(&self) -> bool {
        [".debug_info", ".debug_info.dwo"].iter().any(|name| {
            self.debug_section(name)
                .is_some_and(|section| section.file_size > 0)
        })
    }

    /// The Go function table. `None` when the binary has none: it was not built by Go.
    ///
    /// The first call looks for it, by section and symbol and then through the whole data, which
    /// takes time in proportion to the size of the binary; the rest are free.
    ///
    /// # Errors
    ///
    /// When there is a table in a section or at a symbol of its name but it is damaged, or passes
    /// a limit.
    pub fn pclntab(&self) -> Result<Option<&Arc<Pclntab>>> {
        self.pclntab
            .get_or_init(|| crate::pclntab::locate(self).map(|table| table.map(Arc::new)))
            .as_ref()
            .map(Option::as_ref)
            .map_err(Clone::clone)
    }

    /// The address that the binary asks to be loaded at: the image base of PE, the address of
    /// `__TEXT` of Mach-O, 0 for ELF.
    pub fn preferred_base(&self) -> u64 {
        self.preferred_base
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn bytes(&self) -> &FileBytes {
        &self.bytes
    }

    /// The address space with what the loader relocates.
    pub(crate) fn relocated_memory(&self) -> Result<Memory> {
        parse::relocated_memory(self)
    }
}
