//! Source files and their lines.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Serialize, Serializer};

use crate::Sources;
use crate::options::Options;

/// The longest line that `go tool pprof` reads, its end not counted, in bytes: the buffer of
/// Go's `bufio.Scanner` must hold the line with its end (`MaxScanTokenSize`).
const COMPAT_LINE_BYTES: usize = 64 * 1024 - 1;

/// A line of a source file, without its end. Sources need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText(Box<[u8]>);

impl SourceText {
    /// The bytes of the line.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The line, with what is no UTF-8 replaced.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl From<&[u8]> for SourceText {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl Serialize for SourceText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

/// A source file in lines.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceFile {
    bytes: Arc<[u8]>,
    lines: Vec<Range<usize>>,
}

impl SourceFile {
    /// Splits a file as Go's `bufio.ScanLines` does: a carriage return before the end of a
    /// line belongs to it. With a longest line, the file ends before a longer one.
    fn new(bytes: Arc<[u8]>, longest: Option<usize>) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        while let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) {
            let length = rest.iter().position(|&byte| byte == b'\n');
            let length = length.unwrap_or(rest.len());
            if longest.is_some_and(|longest| length > longest) {
                break;
            }
            let line = rest.get(..length).unwrap_or_default();
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            lines.push(start..start + text.len());
            start += length + 1;
        }
        Self { bytes, lines }
    }

    /// How many lines there are.
    pub(super) fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// A line, from 1.
    pub(super) fn line(&self, number: i64) -> Option<&[u8]> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.bytes.get(self.lines.get(index)?.clone())
    }
}

/// Reads every source file once.
pub(super) struct SourceReader<'a> {
    sources: &'a dyn Sources,
    options: &'a Options,
    files: HashMap<String, Result<SourceFile, String>>,
}

impl<'a> SourceReader<'a> {
    pub(super) fn new(sources: &'a dyn Sources, options: &'a Options) -> Self {
        Self {
            sources,
            options,
            files: HashMap::new(),
        }
    }

    /// The file of a path, or why there is none.
    pub(super) fn file(&mut self, path: &str) -> Result<&SourceFile, &str> {
        let Self {
            sources,
            options,
            files,
        } = self;
        let file = files.entry_ref(path).or_insert_with(|| {
            let longest = options.compat.then_some(COMPAT_LINE_BYTES);
            sources
                .read(path, &options.source_path, &options.trim_path)
                .map(|bytes| SourceFile::new(bytes, longest))
        });
        file.as_ref().map_err(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], longest: Option<usize>) -> Vec<Vec<u8>> {
        let file = SourceFile::new(text.into(), longest);
        let all = 1..=i64::try_from(file.line_count()).unwrap();
        all.filter_map(|line| file.line(line).map(<[u8]>::to_vec))
            .collect()
    }

    #[test]
    fn lines_end_as_go_ends_them() {
        assert_eq!(
            lines(b"a\r\n\nb\xff\r\r\nc", None),
            [&b"a"[..], b"", b"b\xff\r", b"c"]
        );
        assert!(lines(b"", None).is_empty());
        assert_eq!(lines(b"\n", None), [b""]);
        let file = SourceFile::new(b"x\n"[..].into(), None);
        assert_eq!(
            (file.line(0), file.line(2), file.line(-1)),
            (None, None, None)
        );
        assert_eq!(file.line(i64::MAX), None);
    }

    #[test]
    fn the_longest_line_ends_a_file() {
        assert_eq!(lines(b"a\nbbbb\nc\n", Some(3)), [b"a"]);
        assert_eq!(lines(b"a\nbbb\nc\n", Some(3)).len(), 3);
        assert_eq!(lines(b"a\nbbbb\nc\n", None).len(), 3);
    }
}
