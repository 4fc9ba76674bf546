//! The build id that the Go linker writes.

use super::{Format, Image, SectionKind};

/// How much of the code's beginning is looked through, as `readSize` of
/// cmd/internal/buildid/buildid.go in Go 1.27.
const SEARCHED: u64 = 32 << 10;

const BEFORE: &[u8] = b"\xff Go build ID: \"";
const AFTER: &[u8] = b"\"\n \xff";

/// The type of the note `Go` that holds the build id (`elfGoBuildIDTag`).
const NOTE_TYPE: u64 = 4;

pub(super) fn go(image: &Image) -> Option<String> {
    let found = if image.format() == Format::Elf {
        image
            .section(".note.go.buildid")
            .and_then(|section| image.section_bytes(section).ok())
            .and_then(|bytes| from_note(&bytes, image.is_big_endian()))
    } else {
        None
    };
    found.or_else(|| {
        image
            .sections()
            .iter()
            .filter(|section| section.kind == SectionKind::Code)
            .find_map(|section| {
                let size = section.file_size.min(SEARCHED);
                let bytes = image.bytes().slice(section.file_offset, size)?;
                from_code(bytes.as_slice())
            })
    })
}

/// Reads the note: the sizes of name and text, the type, the name padded to four bytes, the text.
fn from_note(note: &[u8], big_endian: bool) -> Option<String> {
    let word = |at: usize| {
        note.get(at..at + 4)
            .map(|bytes| super::decode_word(bytes, big_endian))
    };
    let name_size = usize::try_from(word(0)?).ok()?;
    let text_size = usize::try_from(word(4)?).ok()?;
    if word(8)? != NOTE_TYPE || note.get(12..)?.get(..name_size)? != b"Go\0\0" {
        return None;
    }
    let text = note.get(12 + name_size.next_multiple_of(4)..)?;
    String::from_utf8(text.get(..text_size)?.to_vec()).ok()
}

fn from_code(code: &[u8]) -> Option<String> {
    let start = code
        .windows(BEFORE.len())
        .position(|window| window == BEFORE)?
        + BEFORE.len();
    let rest = code.get(start..)?;
    let end = rest
        .windows(AFTER.len())
        .position(|window| window == AFTER)?;
    String::from_utf8(rest.get(..end)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_in_a_note_and_in_code() {
        let note = b"\x04\0\0\0\x07\0\0\0\x04\0\0\0Go\0\0a/b/c/d\0";
        assert_eq!(from_note(note, false).as_deref(), Some("a/b/c/d"));
        assert_eq!(from_note(&note[..20], false), None);
        let code = b"\x90\x90\xff Go build ID: \"x/y\"\n \xff\x90";
        assert_eq!(from_code(code).as_deref(), Some("x/y"));
        assert_eq!(from_code(b"\xff Go build ID: \"x/y"), None);
    }
}
