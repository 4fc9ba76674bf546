//! Files whose names end in the first number that is free, as pprof makes them
//! (google/pprof `internal/driver/tempfile.go`).

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Creates `<prefix>NNN<suffix>` in a directory; an empty one is the working directory.
///
/// # Errors
///
/// When the directory cannot be written to, or all numbers up to 9999 are taken.
pub(crate) fn create(directory: &Path, prefix: &str, suffix: &str) -> io::Result<(File, PathBuf)> {
    for number in 1..10_000 {
        let path = directory.join(format!("{prefix}{number:03}{suffix}"));
        let created = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path);
        match created {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!(
        "could not create file of the form {prefix}001{suffix}"
    )))
}

/// Says what the system said as Go does: without a number, in lower case.
pub(crate) fn go_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = match text.find(" (os error") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    };
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_taken_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let create = || name(create(folder.path(), "profile", ".svg").unwrap().1);
        assert_eq!(create(), "profile001.svg");
        assert_eq!(create(), "profile002.svg");
    }

    #[test]
    fn errors_are_worded_as_go_words_them() {
        let error = std::fs::metadata("/no/such/file").unwrap_err();
        assert_eq!(go_reason(&error), "no such file or directory");
    }
}
