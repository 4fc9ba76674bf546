//! From the headers of ELF, Mach-O and PE files to an image.

use std::fmt::Write;
use std::sync::OnceLock;

use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{
    CompressionFormat, FileKind, Object, ObjectKind, ObjectSection, ObjectSegment, ObjectSymbol,
    RelocationFlags,
};

use super::memory::{Extent, Memory};
use super::section::Compression;
use super::symbols::{Entry, SymbolTable};
use super::{Architecture, Format, Image, ImageKind, Section, SectionKind, Segment, SymbolKind};
use crate::{Error, FileBytes, Limits, Result};

pub(super) fn image(
    bytes: &FileBytes,
    wanted: Option<Architecture>,
    limits: &Limits,
) -> Result<Image> {
    let bytes = &thin(bytes, wanted)?;
    let data = bytes.as_slice();
    let file = object::File::parse(data).map_err(unrecognized)?;
    let format = match file.format() {
        object::BinaryFormat::Elf => Format::Elf,
        object::BinaryFormat::MachO => Format::MachO,
        object::BinaryFormat::Pe => Format::Pe,
        other => {
            return Err(Error::Unrecognized {
                reason: format!("{other:?}"),
            });
        }
    };
    let architecture = architecture(file.architecture());
    let segments = segments(&file, limits)?;
    let sections = sections(&file, data.len() as u64, limits)?;
    let symbols = symbols(&file, data, &sections, limits)?;
    let wide = file.is_64();
    let big_endian = !file.is_little_endian();
    let memory = memory(bytes, format, &segments, &sections, big_endian, wide);
    let hex_of = |bytes: Option<&[u8]>| bytes.map(hex);
    Ok(Image {
        bytes: bytes.clone(),
        limits: *limits,
        format,
        kind: match file.kind() {
            ObjectKind::Executable => ImageKind::Executable,
            ObjectKind::Dynamic => ImageKind::Dynamic,
            ObjectKind::Relocatable => ImageKind::Relocatable,
            _ => ImageKind::Other,
        },
        architecture,
        big_endian,
        wide,
        preferred_base: match format {
            Format::Elf => 0,
            Format::Pe => file.relative_address_base(),
            Format::MachO => segments
                .iter()
                .find(|segment| segment.mach_text)
                .map_or(0, |segment| segment.address),
        },
        // A damaged note or link is as good as none: the rest is still of use.
        build_id: hex_of(file.build_id().unwrap_or_default()).filter(|id| !id.is_empty()),
        mach_uuid: file.mach_uuid().ok().flatten().map(|uuid| dashed(&uuid)),
        debug_link: file
            .gnu_debuglink()
            .unwrap_or_default()
            .map(|(name, checksum)| (String::from_utf8_lossy(name).into_owned(), checksum)),
        alternate_link: file
            .gnu_debugaltlink()
            .unwrap_or_default()
            .map(|(path, id)| (String::from_utf8_lossy(path).into_owned(), hex(id))),
        segments,
        sections,
        symbols,
        memory,
        pclntab: OnceLock::new(),
    })
}

/// Takes the part for one architecture out of a Mach-O file for several.
fn thin(bytes: &FileBytes, wanted: Option<Architecture>) -> Result<FileBytes> {
    let data = bytes.as_slice();
    let parts = match FileKind::parse(data).map_err(unrecognized)? {
        FileKind::MachOFat32 => {
            fat_parts(MachOFatFile32::parse(data).map_err(unrecognized)?.arches())
        }
        FileKind::MachOFat64 => {
            fat_parts(MachOFatFile64::parse(data).map_err(unrecognized)?.arches())
        }
        _ => return Ok(bytes.clone()),
    };
    let found = parts
        .iter()
        .find(|(part, _, _)| wanted.is_none_or(|wanted| wanted == *part));
    let Some((_, offset, size)) = found else {
        let names: Vec<&str> = parts.iter().map(|(part, _, _)| part.name()).collect();
        return Err(Error::NoArchitecture {
            wanted: wanted
                .map_or("any architecture", Architecture::name)
                .to_owned(),
            found: names.join(", "),
        });
    };
    bytes
        .slice(*offset, *size)
        .ok_or_else(|| Error::malformed("Mach-O file", *offset, "a part past the file's end"))
}

fn fat_parts<A: FatArch>(arches: &[A]) -> Vec<(Architecture, u64, u64)> {
    arches
        .iter()
        .map(|arch| {
            let (offset, size) = arch.file_range();
            (architecture(arch.architecture()), offset, size)
        })
        .collect()
}

fn segments(file: &object::File<'_>, limits: &Limits) -> Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for segment in file.segments() {
        if segments.len() >= limits.sections {
            return Err(Error::limit("segments", limits.sections));
        }
        let (file_offset, file_size) = segment.file_range();
        let permissions = segment.permissions();
        segments.push(Segment {
            address: segment.address(),
            size: segment.size(),
            file_offset,
            file_size,
            alignment: segment.align().max(1),
            executable: permissions.executable(),
            writable: permissions.writable(),
            mach_text: segment.name_bytes().ok().flatten() == Some(b"__TEXT"),
        });
    }
    Ok(segments)
}

fn sections(file: &object::File<'_>, length: u64, limits: &Limits) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for section in file.sections() {
        if sections.len() >= limits.sections {
            return Err(Error::limit("sections", limits.sections));
        }
        let Ok(name) = section.name_bytes() else {
            continue;
        };
        // What is wrong with a compressed section comes to light when its bytes are asked for.
        let stored = section.compressed_file_range().ok();
        let (compression, file_offset, file_size, uncompressed_size) = match stored {
            Some(range) => (
                match range.format {
                    CompressionFormat::None => Compression::None,
                    CompressionFormat::Zlib => Compression::Zlib,
                    CompressionFormat::Zstandard => Compression::Zstandard,
                    _ => Compression::Unknown,
                },
                range.offset,
                range.compressed_size,
                range.uncompressed_size,
            ),
            None => (Compression::Unknown, 0, 0, 0),
        };
        sections.push(Section {
            name: String::from_utf8_lossy(name).into_owned(),
            kind: match section.kind() {
                object::SectionKind::Text => SectionKind::Code,
                kind if kind.is_bss() => SectionKind::Zeroed,
                object::SectionKind::Data
                | object::SectionKind::ReadOnlyData
                | object::SectionKind::ReadOnlyDataWithRel
                | object::SectionKind::ReadOnlyString
                | object::SectionKind::Tls => SectionKind::Data,
                _ => SectionKind::Other,
            },
            address: section.address(),
            size: section.size(),
            file_offset,
            file_size: file_size.min(length),
            compression,
            uncompressed_size,
        });
    }
    Ok(sections)
}

fn symbols(
    file: &object::File<'_>,
    data: &[u8],
    sections: &[Section],
    limits: &Limits,
) -> Result<SymbolTable> {
    let mut entries = Vec::new();
    collect_symbols(file, file.symbols(), data, &mut entries, limits)?;
    let full = !entries.is_empty();
    if !full {
        collect_symbols(file, file.dynamic_symbols(), data, &mut entries, limits)?;
    }
    let bounds = sections
        .iter()
        .filter(|section| section.kind != SectionKind::Other && section.size > 0)
        .map(|section| {
            let end = section.address.saturating_add(section.size);
            (section.address, end)
        })
        .collect();
    Ok(SymbolTable::new(entries, bounds, full))
}

fn collect_symbols<'data, 'file>(
    file: &'file object::File<'data>,
    symbols: object::SymbolIterator<'data, 'file>,
    data: &'data [u8],
    entries: &mut Vec<Entry>,
    limits: &Limits,
) -> Result<()> {
    let base = data.as_ptr() as usize;
    let mach = file.format() == object::BinaryFormat::MachO;
    for symbol in symbols {
        if !symbol.is_definition() {
            continue;
        }
        let Ok(mut name) = symbol.name_bytes() else {
            continue;
        };
        // Mach-O puts the underscore of C before every name.
        if mach && let Some(bare) = name.strip_prefix(b"_") {
            name = bare;
        }
        // A name is a slice of the file: only its place is kept.
        let offset = (name.as_ptr() as usize).wrapping_sub(base);
        let mapping_symbol = name.first() == Some(&b'$') && symbol.size() == 0;
        if name.is_empty() || mapping_symbol || offset >= data.len() {
            continue;
        }
        let kind = match symbol.kind() {
            object::SymbolKind::Text => SymbolKind::Code,
            object::SymbolKind::Data => SymbolKind::Data,
            object::SymbolKind::Unknown | object::SymbolKind::Label => {
                section_kind(file, symbol.section_index())
            }
            _ => continue,
        };
        if entries.len() >= limits.symbols {
            return Err(Error::limit("symbols", limits.symbols));
        }
        entries.push(Entry {
            address: symbol.address(),
            size: symbol.size(),
            end: 0,
            name_offset: offset as u64,
            name_length: u32::try_from(name.len()).unwrap_or(u32::MAX),
            kind,
            global: symbol.is_global(),
        });
    }
    Ok(())
}

fn section_kind(file: &object::File<'_>, index: Option<object::SectionIndex>) -> SymbolKind {
    let section = index.and_then(|index| file.section_by_index(index).ok());
    match section.map(|section| section.kind()) {
        Some(object::SectionKind::Text) => SymbolKind::Code,
        Some(_) => SymbolKind::Data,
        None => SymbolKind::Other,
    }
}

fn memory(
    bytes: &FileBytes,
    format: Format,
    segments: &[Segment],
    sections: &[Section],
    big_endian: bool,
    wide: bool,
) -> Memory {
    let mut extents: Vec<Extent> = segments
        .iter()
        .filter(|segment| segment.file_size > 0)
        .map(|segment| Extent {
            address: segment.address,
            offset: segment.file_offset,
            size: segment.file_size.min(segment.size),
        })
        .collect();
    if extents.is_empty() {
        extents = sections
            .iter()
            .filter(|section| matches!(section.kind, SectionKind::Code | SectionKind::Data))
            .map(|section| Extent {
                address: section.address,
                offset: section.file_offset,
                size: section.file_size,
            })
            .collect();
    }
    let memory = Memory::new(bytes.clone(), extents, big_endian, wide);
    match segments.iter().find(|segment| segment.mach_text) {
        Some(text) if format == Format::MachO => memory.with_chained_pointers(text.address),
        _ => memory,
    }
}

/// Adds the pointers that the loader writes into a position-independent ELF binary. Other linkers
/// than Go's leave zeros in their places.
pub(super) fn relocated_memory(image: &Image) -> Result<Memory> {
    let memory = image.memory.clone();
    if image.format != Format::Elf || image.kind != ImageKind::Dynamic {
        return Ok(memory);
    }
    let file = object::File::parse(image.bytes.as_slice()).map_err(unrecognized)?;
    let Some(relative) = relative_relocation(image.architecture) else {
        return Ok(memory);
    };
    let mut pointers = Vec::new();
    for (place, relocation) in file.dynamic_relocations().into_iter().flatten() {
        if relocation.flags() != (RelocationFlags::Elf { r_type: relative })
            || relocation.has_implicit_addend()
        {
            continue;
        }
        if pointers.len() >= image.limits.relocations {
            return Err(Error::limit("relocations", image.limits.relocations));
        }
        pointers.push((place, relocation.addend().cast_unsigned()));
    }
    Ok(memory.with_pointers(pointers))
}

/// The type of the relocation that adds the load address to a number.
fn relative_relocation(architecture: Architecture) -> Option<object::elf::RelocationType> {
    use object::elf;
    Some(match architecture {
        Architecture::Amd64 => elf::R_X86_64_RELATIVE,
        Architecture::I386 => elf::R_386_RELATIVE,
        Architecture::Arm64 => elf::R_AARCH64_RELATIVE,
        Architecture::Arm => elf::R_ARM_RELATIVE,
        Architecture::Ppc64 => elf::R_PPC64_RELATIVE,
        Architecture::Riscv64 => elf::R_RISCV_RELATIVE,
        Architecture::S390x => elf::R_390_RELATIVE,
        Architecture::Loong64 => elf::R_LARCH_RELATIVE,
        _ => return None,
    })
}

fn architecture(architecture: object::Architecture) -> Architecture {
    match architecture {
        object::Architecture::X86_64 => Architecture::Amd64,
        object::Architecture::I386 => Architecture::I386,
        object::Architecture::Aarch64 => Architecture::Arm64,
        object::Architecture::Arm => Architecture::Arm,
        object::Architecture::PowerPc64 => Architecture::Ppc64,
        object::Architecture::Riscv64 => Architecture::Riscv64,
        object::Architecture::S390x => Architecture::S390x,
        object::Architecture::LoongArch64 => Architecture::Loong64,
        object::Architecture::Mips => Architecture::Mips,
        object::Architecture::Mips64 => Architecture::Mips64,
        _ => Architecture::Other,
    }
}

fn unrecognized(error: object::Error) -> Error {
    Error::Unrecognized {
        reason: error.to_string(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Formats a UUID as Apple's tools do.
fn dashed(uuid: &[u8; 16]) -> String {
    let mut text = hex(uuid).to_uppercase();
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
