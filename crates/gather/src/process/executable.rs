//! What an executable says of its build.
//!
//! Only ranges of the file are read: a Go binary may be hundreds of megabytes,
//! and its build information lies within the first pages of its data. The
//! format is that of Go's `debug/buildinfo` since Go 1.18.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use fathom_evidence::{Kind, Missing, Target, redact};

use super::Process;
use crate::recorder::{Recorder, Wanted};

/// What the blob of build information begins with, on a multiple of 16 bytes.
const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: usize = 16;
const HEADER_BYTES: usize = 32;
/// Flag of the header: the strings follow it (Go 1.18 and later).
const INLINE_STRINGS: u8 = 2;

/// How far into a writable segment the blob is sought: a linker may put
/// relocated tables before it.
const MAX_SEARCH_BYTES: u64 = 16 << 20;
const MAX_PROGRAM_HEADERS: usize = 256;
/// Most bytes of the list of modules.
const MAX_TEXT_BYTES: usize = 4 << 20;

/// ELF's type of a loaded segment, and its flag of a writable one.
const PT_LOAD: u32 = 1;
const PF_W: u32 = 2;

/// What an executable says of its build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildText {
    /// `go1.27.3`.
    pub(crate) go_version: String,
    /// Path of the main module, or of the main package.
    pub(crate) main_module: Option<String>,
    /// What `go version -m` prints.
    pub(crate) text: String,
}

/// Takes the build information of a process's executable.
pub(super) fn take(process: &Process, recorder: &mut Recorder<'_>) {
    let path = process.path("exe");
    let origin = path.display().to_string();
    let name = "proc/buildinfo.txt";
    let mut found = None;
    let wanted = Wanted {
        kind: Kind::BuildInfo,
        name,
        origin: &origin,
        round: 0,
    };
    recorder.take(wanted, || match build_text(&path) {
        Ok(info) => {
            let text = info.text.clone().into_bytes();
            found = Some(info);
            Ok(text)
        }
        Err(reason) => {
            let missing = Missing::new(name, reason.clone());
            Err(if reason.contains("ermission") {
                missing.with_hint("run as the user of the process, or with sudo")
            } else {
                missing
            })
        }
    });
    if let Some(info) = found {
        describe(&mut recorder.capture.target, &info);
    }
}

/// Notes in a target what the build information says.
pub(crate) fn describe(target: &mut Target, info: &BuildText) {
    target.go_version = Some(info.go_version.clone());
    target.main_module.clone_from(&info.main_module);
}

/// Reads the build information of an executable; the error says why there is
/// none.
pub(crate) fn build_text(path: &Path) -> Result<BuildText, String> {
    let shown = path.display();
    let mut file = File::open(path).map_err(|error| format!("{shown}: {error}"))?;
    let blob = find_blob(&mut file).map_err(|error| format!("{shown}: {error}"))?;
    let blob = blob.ok_or_else(|| format!("{shown}: no Go build information in it"))?;
    read_blob(&blob, path)
        .ok_or_else(|| format!("{shown}: its build information is older than Go 1.18 or damaged"))
}

/// Finds the blob in a writable segment of an ELF file, and returns it with
/// what follows.
fn find_blob(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    for (offset, size) in writable_segments(file)? {
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        let most = size.min(MAX_SEARCH_BYTES);
        // The blob is nearly always in the first pages.
        for step in [most.min(64 << 10), most] {
            let have = bytes.len() as u64;
            Read::by_ref(file)
                .take(step.saturating_sub(have))
                .read_to_end(&mut bytes)?;
            let Some(start) = magic_offset(&bytes) else {
                continue;
            };
            let mut blob = bytes.split_off(start);
            let missing = (HEADER_BYTES + MAX_TEXT_BYTES).saturating_sub(blob.len());
            let left = size.saturating_sub(start as u64 + blob.len() as u64);
            Read::by_ref(file)
                .take(left.min(missing as u64))
                .read_to_end(&mut blob)?;
            return Ok(Some(blob));
        }
    }
    Ok(None)
}

fn magic_offset(bytes: &[u8]) -> Option<usize> {
    bytes
        .chunks(ALIGNMENT)
        .position(|chunk| chunk.starts_with(MAGIC))
        .map(|index| index * ALIGNMENT)
}

/// Returns offset and size in the file of each writable segment (ELF, System V
/// ABI, chapters 4 and 5).
fn writable_segments(file: &mut (impl Read + Seek)) -> io::Result<Vec<(u64, u64)>> {
    let not_elf = || io::Error::other("no ELF executable");
    let mut head = [0_u8; 64];
    file.read_exact(&mut head).map_err(|_| not_elf())?;
    if !head.starts_with(b"\x7fELF") {
        return Err(not_elf());
    }
    let is_wide = head.get(4) == Some(&2);
    let is_big = head.get(5) == Some(&2);
    let read = |bytes: &[u8], at: usize, width: usize| -> u64 {
        let field = bytes.get(at..at + width).unwrap_or(&[]);
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        if is_big {
            field.iter().fold(0, fold)
        } else {
            field.iter().rev().fold(0, fold)
        }
    };
    let (table, entry_size, count) = if is_wide {
        (read(&head, 32, 8), read(&head, 54, 2), read(&head, 56, 2))
    } else {
        (read(&head, 28, 4), read(&head, 42, 2), read(&head, 44, 2))
    };
    let entry_size = usize::try_from(entry_size).unwrap_or(0);
    let count = usize::try_from(count).unwrap_or(0).min(MAX_PROGRAM_HEADERS);
    let mut headers = vec![0_u8; entry_size * count];
    file.seek(SeekFrom::Start(table))?;
    file.read_exact(&mut headers)?;
    let segments = headers.chunks(entry_size.max(1)).filter_map(|header| {
        let (flags, offset, size) = if is_wide {
            (read(header, 4, 4), read(header, 8, 8), read(header, 32, 8))
        } else {
            (read(header, 24, 4), read(header, 4, 4), read(header, 16, 4))
        };
        let is_wanted = read(header, 0, 4) == u64::from(PT_LOAD) && flags & u64::from(PF_W) != 0;
        is_wanted.then_some((offset, size))
    });
    Ok(segments.collect())
}

/// Reads the two strings of a blob.
fn read_blob(blob: &[u8], path: &Path) -> Option<BuildText> {
    if blob.get(15)? & INLINE_STRINGS == 0 {
        return None;
    }
    let (version, rest) = inline_string(blob.get(HEADER_BYTES..)?)?;
    let (modules, _) = inline_string(rest).unwrap_or_default();
    let go_version = std::str::from_utf8(version).ok()?.to_owned();
    if go_version.is_empty() {
        return None;
    }
    // The list of modules stands between two marks of 16 bytes.
    let modules = match modules.len() {
        length if length >= 33 && modules.get(length - 17) == Some(&b'\n') => {
            modules.get(16..length - 16).unwrap_or(&[])
        }
        _ => &[],
    };
    let modules = String::from_utf8_lossy(modules);
    let exe = std::fs::read_link(path).unwrap_or_else(|_| path.to_owned());
    let name = exe
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut text = format!("{name}: {go_version}\n");
    for line in modules.lines() {
        text.push('\t');
        text.push_str(&without_link_secrets(line));
        text.push('\n');
    }
    let field = |field: &str| {
        let value = modules.lines().find_map(|line| line.strip_prefix(field))?;
        value.split('\t').next().map(str::to_owned)
    };
    Some(BuildText {
        main_module: field("mod\t").or_else(|| field("path\t")),
        go_version,
        text,
    })
}

/// Leaves out linker flags that set variables: that is how keys get into
/// binaries.
fn without_link_secrets(line: &str) -> String {
    match line.split_once('=') {
        Some((name, value)) if name.ends_with("-ldflags") && value.contains("-X") => {
            format!("{name}={}", redact::REMOVED)
        }
        _ => line.to_owned(),
    }
}

/// Reads a string with its length before it, as a varint.
fn inline_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_usize;
    for (index, &byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return bytes.get(index + 1..)?.split_at_checked(length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file of one writable segment that holds a blob at `at`.
    fn elf(at: usize, blob: &[u8]) -> Vec<u8> {
        let mut file = vec![0_u8; 64 + 56];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[32] = 64;
        file[54] = 56;
        file[56] = 1;
        file[64] = 1;
        file[68] = 6;
        file[72] = 120;
        let size = u32::try_from(at + blob.len()).unwrap();
        file[96..100].copy_from_slice(&size.to_le_bytes());
        file.extend(vec![0_u8; at]);
        file.extend_from_slice(blob);
        file
    }

    fn blob(modules: &str) -> Vec<u8> {
        let mut blob = MAGIC.to_vec();
        blob.extend([8, INLINE_STRINGS]);
        blob.resize(HEADER_BYTES, 0);
        blob.push(8);
        blob.extend(b"go1.27.3");
        let marked = format!("0123456789abcdef{modules}0123456789abcdef");
        let length = marked.len();
        blob.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        blob.push(u8::try_from(length >> 7).unwrap());
        blob.extend(marked.as_bytes());
        blob
    }

    fn read(file: &[u8]) -> Option<BuildText> {
        let found = find_blob(&mut io::Cursor::new(file)).unwrap()?;
        read_blob(&found, Path::new("prog"))
    }

    #[test]
    fn modules_and_settings() {
        let modules = "path\texample.com/a/cmd\nmod\texample.com/a\tv1.0.0\nbuild\t-ldflags=\"-X main.key=hunter2\"\nbuild\tCGO_ENABLED=1\n";
        for at in [0, 16, 80 << 10] {
            let info = read(&elf(at, &blob(modules))).unwrap();
            assert_eq!(info.go_version, "go1.27.3");
            assert_eq!(info.main_module.as_deref(), Some("example.com/a"));
            assert_eq!(
                info.text,
                "prog: go1.27.3\n\tpath\texample.com/a/cmd\n\tmod\texample.com/a\tv1.0.0\n\tbuild\t-ldflags=(removed)\n\tbuild\tCGO_ENABLED=1\n"
            );
        }
    }

    #[test]
    fn what_is_no_go_program() {
        assert_eq!(read(&elf(0, b"nothing here")), None);
        assert!(find_blob(&mut io::Cursor::new(b"#!/bin/sh\n")).is_err());
        let whole = elf(16, &blob("path\tx\n"));
        for length in 0..whole.len() {
            let _ = find_blob(&mut io::Cursor::new(&whole[..length]))
                .map(|found| found.and_then(|blob| read_blob(&blob, Path::new("prog"))));
        }
    }
}
