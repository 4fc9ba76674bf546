//! Where a result goes: standard output, or a file that is whole or not there at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;

use crate::failure::Failure;
use crate::output::Output;
use crate::pprof::report::Report;

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and writing fails.
    Keep,
}

/// Writes a result to the file of the option `output`; empty and `-` are standard output.
///
/// # Errors
///
/// As [`write()`] and [`Output::bytes`].
pub(crate) fn put(bytes: &[u8], output_option: &str, output: &Output) -> anyhow::Result<()> {
    match output_option {
        "" | "-" => output.bytes(bytes),
        path => write(Path::new(path), bytes, Existing::Replace),
    }
}

/// Writes a file beside its place and moves it there, so that nobody ever sees half of
/// one.
///
/// # Errors
///
/// When the file exists and is to stay, or cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8], existing: Existing) -> anyhow::Result<()> {
    write_with(path, existing, &mut |file| file.write_all(bytes))
}

/// Puts a report as [`put`] puts bytes, piece by piece.
///
/// # Errors
///
/// As [`put`].
pub(crate) fn put_report(
    report: &Report<'_>,
    output_option: &str,
    output: &Output,
) -> anyhow::Result<()> {
    match output_option {
        "" | "-" => report.write(&mut |bytes: &[u8]| output.bytes(bytes)),
        path => write_with(Path::new(path), Existing::Replace, &mut |file| {
            report.write(&mut |bytes: &[u8]| file.write_all(bytes))
        }),
    }
}

/// Writes a file as [`write()`] does, with what `body` writes.
pub(crate) fn write_with(
    path: &Path,
    existing: Existing,
    body: &mut dyn FnMut(&mut fs::File) -> io::Result<()>,
) -> anyhow::Result<()> {
    let shown = path.display();
    let context = || format!("cannot write {shown}");
    let is_special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    if is_special && existing == Existing::Replace {
        // A pipe or a device is written to, never replaced.
        let mut file = OpenOptions::new()
            .write(true)
            .open(path)
            .with_context(context)?;
        return body(&mut file).with_context(context);
    }
    let file = path
        .file_name()
        .ok_or_else(|| Failure::new(format!("{shown} names no file")))?;
    let mut name = file.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let mut stream = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&part)
        .with_context(context)?;
    let written = body(&mut stream).and_then(|()| stream.sync_all());
    drop(stream);
    // A hard link fails where a file has appeared meanwhile; a rename replaces it.
    let placed = written.and_then(|()| match existing {
        Existing::Replace => fs::rename(&part, path),
        Existing::Keep => fs::hard_link(&part, path),
    });
    let outcome = match placed {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        // File systems without hard links.
        Err(_) if existing == Existing::Keep && !path.exists() => {
            fs::rename(&part, path).with_context(context)
        }
        placed => placed.with_context(context),
    };
    // Gone already after a rename.
    let _ = fs::remove_file(&part);
    outcome
}

/// Says that a file is there which is not to be replaced.
pub(crate) fn exists(path: &Path) -> anyhow::Error {
    Failure::new(format!("{} exists", path.display()))
        .hint("--force replaces it")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_or_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, b"one", Existing::Keep).unwrap();
        let error = write(&path, b"two", Existing::Keep).unwrap_err();
        assert!(error.to_string().ends_with("out exists"));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, b"two", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        // Nothing else is left behind.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("no/such/out"), b"", Existing::Replace).is_err());
    }
}
