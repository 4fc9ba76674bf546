//! A log that is read while it grows.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The longest line that is kept; what is longer is handed over in parts.
const MAX_LINE: usize = 1 << 20;

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// A log that is read while it grows, and when another file took its place.
///
/// A log is rotated by renaming it, after which a new file has its name, or by cutting it to
/// nothing. Of a renamed file the rest is read first.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: File,
    position: u64,
    partial: Vec<u8>,
}

impl Follower {
    /// Opens a log, to be read from its start.
    ///
    /// # Errors
    ///
    /// What the system says, if it cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: File::open(path)?,
            position: 0,
            partial: Vec::new(),
        })
    }

    /// When it was last written, if the system tells.
    pub fn modified(&self) -> Option<SystemTime> {
        self.file.metadata().ok()?.modified().ok()
    }

    /// Hands over every line that was completed since the last time, with its line feed.
    ///
    /// # Errors
    ///
    /// What the system says, if it cannot be read. That there is no file of this name now is no
    /// error: another may come.
    pub fn poll(&mut self, line: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        self.read_on(line)?;
        let now = match std::fs::metadata(&self.path) {
            Ok(now) => now,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if !is_same(&self.file.metadata()?, &now) {
            self.end_line(line);
            self.file = File::open(&self.path)?;
            self.position = 0;
            self.read_on(line)?;
        } else if now.len() < self.position {
            self.end_line(line);
            self.file.seek(SeekFrom::Start(0))?;
            self.position = 0;
            self.read_on(line)?;
        }
        Ok(())
    }

    fn read_on(&mut self, line: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = match self.file.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.position = self.position.saturating_add(length as u64);
            for part in chunk
                .get(..length)
                .unwrap_or_default()
                .split_inclusive(|byte| *byte == b'\n')
            {
                self.partial.extend_from_slice(part);
                if part.ends_with(b"\n") || self.partial.len() >= MAX_LINE {
                    self.end_line(line);
                }
            }
        }
    }

    fn end_line(&mut self, line: &mut dyn FnMut(&[u8])) {
        if !self.partial.is_empty() {
            line(&self.partial);
            self.partial.clear();
        }
    }
}

/// Whether two are the same file. Where files have no numbers, one that is not shorter passes
/// for the same.
#[cfg(unix)]
fn is_same(opened: &Metadata, named: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (opened.dev(), opened.ino()) == (named.dev(), named.ino())
}

/// Whether two are the same file, by when they were made.
#[cfg(not(unix))]
fn is_same(opened: &Metadata, named: &Metadata) -> bool {
    match (opened.created(), named.created()) {
        (Ok(opened), Ok(named)) => opened == named,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn lines(follower: &mut Follower) -> Vec<String> {
        let mut found = Vec::new();
        follower
            .poll(&mut |line| found.push(String::from_utf8_lossy(line).into_owned()))
            .unwrap();
        found
    }

    #[test]
    fn lines_come_when_they_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        std::fs::write(&path, "one\ntw").unwrap();
        let mut follower = Follower::open(&path).unwrap();
        assert_eq!(lines(&mut follower), ["one\n"]);
        assert_eq!(lines(&mut follower), [""; 0]);
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"o\nthree\n").unwrap();
        assert_eq!(lines(&mut follower), ["two\n", "three\n"]);
    }

    #[test]
    fn rotation_by_name_and_by_cutting_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        std::fs::write(&path, "one\n").unwrap();
        let mut follower = Follower::open(&path).unwrap();
        assert_eq!(lines(&mut follower), ["one\n"]);
        let mut old = File::options().append(true).open(&path).unwrap();
        std::fs::rename(&path, folder.path().join("app.log.1")).unwrap();
        old.write_all(b"last of the old\n").unwrap();
        assert_eq!(lines(&mut follower), ["last of the old\n"]);
        std::fs::write(&path, "first of the new\n").unwrap();
        assert_eq!(lines(&mut follower), ["first of the new\n"]);
        std::fs::write(&path, "cut\n").unwrap();
        assert_eq!(lines(&mut follower), ["cut\n"]);
    }
}
