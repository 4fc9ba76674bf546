//! What must hold for every input; the fuzz targets `elf`, `pclntab` and `dwarf` run the same.

use std::sync::Arc;

use fathom_symbols::mapping::{RuntimeMapping, file_address, simple_base};
use fathom_symbols::names::{DemangleMode, demangled, printed, shortened, unescaped};
use fathom_symbols::pclntab::Pclntab;
use fathom_symbols::{FileBytes, Image, Limits, Symbolizer};

/// Limits small enough for many runs a second.
pub(crate) fn limits() -> Limits {
    Limits {
        sections: 1 << 10,
        symbols: 1 << 16,
        functions: 1 << 16,
        relocations: 1 << 16,
        debug_section_bytes: 1 << 22,
        units: 1 << 10,
        depth: 64,
        table_entries: 1 << 12,
    }
}

/// Reads bytes as a binary and asks it everything.
pub(crate) fn any_image(bytes: &[u8]) {
    let Ok(image) = Image::parse(bytes.to_vec(), &limits()) else {
        return;
    };
    let image = Arc::new(image);
    let _ = (image.go_build_id(), image.build_id(), image.debug_link());
    for section in image.sections() {
        let _ = image.section_bytes(section);
    }
    let mut addresses: Vec<u64> = image
        .symbols()
        .take(200)
        .flat_map(|symbol| {
            assert!(symbol.end >= symbol.address);
            [symbol.address, symbol.end.wrapping_sub(1), symbol.end]
        })
        .collect();
    for segment in image.segments().iter().take(20) {
        addresses.extend([segment.address, segment.address.wrapping_add(segment.size)]);
    }
    if let Ok(Some(table)) = image.pclntab() {
        any_table(table);
        addresses.push(table.text_start());
    }
    addresses.extend([0, 1, u64::MAX]);
    let _ = image.wanted_debug_files();
    let mapping = RuntimeMapping {
        start: 0x55_5000,
        limit: 0x77_7000,
        offset: 0x1000,
    };
    let _ = file_address(&image, &mapping, 0x66_6000);
    let _ = simple_base(&image, mapping.start);
    let symbolizer = Symbolizer::new(Arc::clone(&image))
        .with_alternate_file(Arc::clone(&image))
        .with_split_file("a.dwo", Arc::clone(&image));
    let resolution = symbolizer.resolve(&addresses).expect("few enough");
    assert_eq!(resolution.len(), addresses.len());
    for index in 0..addresses.len() {
        let frames = resolution.frames(index);
        assert_eq!(frames.is_empty(), resolution.source(index).is_none());
        for frame in frames {
            assert!(resolution.function(frame.function).is_some());
        }
    }
}

/// Reads bytes as a function table alone in memory.
pub(crate) fn any_table_bytes(bytes: &[u8]) {
    let bytes = FileBytes::new(bytes.to_vec());
    let base = 0x50_0000;
    for offset in [0, bytes.len() as u64 / 2] {
        let data = Some(base + offset);
        if let Ok(table) = Pclntab::parse(bytes.clone(), base, 0x40_1000, data, &limits()) {
            any_table(&table);
        }
    }
}

fn any_table(table: &Pclntab) {
    for function in table.functions().take(300) {
        assert!(function.code_end() <= function.end() || function.end() < function.entry());
        let _ = (function.entry_position(), function.start_line());
        let middle = function.entry().midpoint(function.end());
        for address in [function.entry(), middle, function.end().wrapping_sub(1)] {
            let frames = table.frames(address);
            assert!(frames.len() <= limits().depth);
            assert!(frames.is_empty() || table.function_at(address).is_some());
            for frame in &frames {
                any_name(&frame.function);
            }
        }
    }
}

/// Shows a name in every way.
pub(crate) fn any_name(name: &str) {
    let _ = (printed(name), unescaped(name), shortened(name));
    for mode in [
        DemangleMode::Short,
        DemangleMode::Templates,
        DemangleMode::Full,
    ] {
        let _ = demangled(name, mode);
    }
    assert_eq!(demangled(name, DemangleMode::None), name);
}
