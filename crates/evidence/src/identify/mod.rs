//! Telling what a loose file is.

mod profile;
mod text;

use std::io::Read;

use crate::Kind;

/// Most decompressed bytes that are looked at: enough to reach the strings of
/// any ordinary profile, little enough to be instant on a huge one.
const PEEK_BYTES: usize = 8 << 20;

/// Tells what a file is from its bytes, and from its name where the bytes
/// leave a choice: a mutex and a block profile are alike, and only the name
/// says that a heap profile was taken after a forced collection.
///
/// Looks at no more than the first 8 MiB of decompressed bytes, and never
/// fails: what it does not know is [`Kind::Unknown`].
///
/// ```
/// use fathom_evidence::{Kind, identify};
///
/// let text = b"heap profile: 2: 4096 [8: 16384] @ heap/1048576\n";
/// assert_eq!(identify("anything.txt", text), Kind::Heap);
/// assert_eq!(identify("heap_gc1.txt", text), Kind::HeapAfterGc);
/// assert_eq!(identify("x", b"<!DOCTYPE html><html>sign in</html>"), Kind::Html);
/// ```
pub fn identify(name: &str, bytes: &[u8]) -> Kind {
    match bytes {
        [] => Kind::Unknown,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Kind::Bundle,
        [0x1f, 0x8b, ..] => identify_compressed(name, flate2::read::MultiGzDecoder::new(bytes)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => match ruzstd::decoding::StreamingDecoder::new(bytes) {
            Ok(decoder) => identify_compressed(name, decoder),
            Err(_) => Kind::Unknown,
        },
        // The heads of ELF, PE, and Mach-O of either order and width.
        [0x7f, b'E', b'L', b'F', ..]
        | [b'M', b'Z', ..]
        | [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..]
        | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..] => Kind::Executable,
        _ if is_trace(bytes) => Kind::Trace,
        _ => {
            let peeked = bytes.get(..PEEK_BYTES).unwrap_or(bytes);
            identify_plain(name, peeked)
        }
    }
}

/// Reads on until the peek is full or the data ends, soundly or not.
fn identify_compressed(name: &str, decoder: impl Read) -> Kind {
    let mut peeked = Vec::new();
    // An error leaves what was decompressed before it, which may be enough.
    let _ = decoder.take(PEEK_BYTES as u64).read_to_end(&mut peeked);
    if is_trace(&peeked) {
        return Kind::Trace;
    }
    identify_plain(name, &peeked)
}

fn identify_plain(name: &str, bytes: &[u8]) -> Kind {
    let hints = NameHints::of(name);
    if text::looks_like_text(bytes) {
        text::identify(&hints, &String::from_utf8_lossy(bytes))
    } else {
        profile::identify(&hints, bytes)
    }
}

/// Tells whether the bytes begin as a Go execution trace does: sixteen bytes
/// `go 1.NN trace` and zeroes (Go, `src/internal/trace/reader.go`).
fn is_trace(bytes: &[u8]) -> bool {
    bytes.get(..16).is_some_and(|head| {
        head.starts_with(b"go 1.") && head.windows(6).any(|window| window == b" trace")
    })
}

/// What a file's name says.
struct NameHints {
    /// The name in lower case, without folders.
    lower: String,
}

impl NameHints {
    fn of(name: &str) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        Self {
            lower: file.to_ascii_lowercase(),
        }
    }

    fn says(&self, word: &str) -> bool {
        self.lower.contains(word)
    }

    /// Tells which of the heap profiles a heap-like profile is.
    fn heap_kind(&self) -> Kind {
        let after_gc = ["gc1", "gc=1", "aftergc", "after_gc", "after-gc"];
        if self.says("delta") {
            Kind::OtherProfile
        } else if self.says("allocs") {
            Kind::Allocs
        } else if after_gc.iter().any(|word| self.says(word)) {
            Kind::HeapAfterGc
        } else {
            Kind::Heap
        }
    }

    fn contention_kind(&self) -> Kind {
        if self.says("mutex") {
            Kind::Mutex
        } else {
            Kind::Block
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_numbers() {
        assert_eq!(identify("a", b""), Kind::Unknown);
        assert_eq!(identify("a", b"\x7fELF\x02\x01\x01\0"), Kind::Executable);
        assert_eq!(identify("a", b"go 1.23 trace\0\0\0rest"), Kind::Trace);
        assert_eq!(identify("a", b"PK\x03\x04rest"), Kind::Bundle);
        assert_eq!(identify("a", &[0x1f, 0x8b, 8, 0, 0]), Kind::Unknown);
        assert_eq!(identify("a", &[0x28, 0xb5, 0x2f, 0xfd, 0]), Kind::Unknown);
    }
}
