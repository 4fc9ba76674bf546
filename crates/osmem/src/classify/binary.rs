//! The main binary among the mappings, and its bss.

use super::{RegionClass, names};
use crate::mapping::Mapping;

/// Returns the path of the main binary: `exe` if a mapping has it, else the lowest executable
/// mapping of a file that is no library (a PIE lies above the heap but below all libraries).
pub(super) fn find(mappings: &[Mapping], exe: Option<&str>) -> Option<String> {
    let exe = exe.map(|exe| exe.strip_suffix(" (deleted)").unwrap_or(exe));
    if let Some(exe) = exe
        && mappings.iter().any(|mapping| mapping.path == exe)
    {
        return Some(exe.to_owned());
    }
    mappings
        .iter()
        .find(|mapping| {
            mapping.permissions.execute
                && !mapping.permissions.write
                && mapping.path.starts_with('/')
                && !names::is_library(&mapping.path)
        })
        .map(|mapping| mapping.path.clone())
}

/// Marks the unnamed `rw-p` mappings that follow the binary's data without a gap.
pub(super) fn mark_bss(mappings: &[Mapping], classes: &mut [Option<RegionClass>]) {
    let mut end_of_data = None;
    for (mapping, class) in mappings.iter().zip(classes) {
        let follows = end_of_data == Some(mapping.start);
        end_of_data = None;
        if *class == Some(RegionClass::BinaryData) && mapping.permissions.write {
            end_of_data = Some(mapping.end);
        } else if follows
            && class.is_none()
            && mapping.path.is_empty()
            && mapping.is_readable_writable()
        {
            *class = Some(RegionClass::BinaryBss);
            end_of_data = Some(mapping.end);
        }
    }
}
