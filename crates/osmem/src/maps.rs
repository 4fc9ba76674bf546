//! `/proc/PID/maps` (`proc_pid_maps(5)`; `show_map_vma` in `fs/proc/task_mmu.c`).

use crate::lines::{self, decimal, hexadecimal};
use crate::mapping::{Mapping, Permissions};
use crate::{Error, Input, Limits};

const DELETED: &str = " (deleted)";

/// Reads the mappings of a process; their `memory` stays `None`.
///
/// # Errors
/// A line that is no mapping, a last line that was cut, an empty file, or more than `limits`.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Vec<Mapping>, Error> {
    let input = Input::Maps;
    lines::check_size(bytes, input, limits)?;
    let mut mappings = Vec::new();
    for line in lines::lines(bytes) {
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        check_line(&line, mappings.len(), input, limits)?;
        match header(line.bytes) {
            Some(mapping) if line.terminated || mapping.path.ends_with(']') => {
                mappings.push(mapping);
            }
            Some(_) | None => return Err(line.refuse(input, NOT_A_MAPPING)),
        }
    }
    Ok(mappings)
}

pub(crate) const NOT_A_MAPPING: &str = "expected `start-end permissions offset device inode path`";

/// Refuses a line that is too long or one mapping too many.
pub(crate) fn check_line(
    line: &lines::Line<'_>,
    mappings: usize,
    input: Input,
    limits: &Limits,
) -> Result<(), Error> {
    let (what, limit) = if line.bytes.len() > limits.line_bytes {
        ("bytes in a line", limits.line_bytes)
    } else if mappings >= limits.mappings {
        ("mappings", limits.mappings)
    } else {
        return Ok(());
    };
    Err(Error::Limit {
        input,
        line: line.number,
        what,
        limit,
    })
}

/// Reads one line of `maps`, which is also the head of an entry of `smaps`.
pub(crate) fn header(line: &[u8]) -> Option<Mapping> {
    let (range, rest) = word(line)?;
    let dash = range.iter().position(|&byte| byte == b'-')?;
    let start = hexadecimal(range.get(..dash)?)?;
    let end = hexadecimal(range.get(dash + 1..)?)?;
    if end <= start {
        return None;
    }
    let (permission_letters, rest) = word(rest)?;
    let permissions = permissions(permission_letters)?;
    let (offset, rest) = word(rest)?;
    let (device, rest) = word(rest)?;
    let colon = device.iter().position(|&byte| byte == b':')?;
    let major = hexadecimal(device.get(..colon)?)?;
    let minor = hexadecimal(device.get(colon + 1..)?)?;
    let (inode, rest) = word(rest)?;
    let (path, deleted) = path(rest.trim_ascii_start());
    Some(Mapping {
        start,
        end,
        permissions,
        offset: hexadecimal(offset)?,
        device: (u32::try_from(major).ok()?, u32::try_from(minor).ok()?),
        inode: decimal(inode)?,
        path,
        deleted,
        ..Mapping::default()
    })
}

/// Splits the first word off; what follows keeps its spaces.
fn word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_start();
    if line.is_empty() {
        return None;
    }
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    Some(line.split_at(end))
}

fn permissions(letters: &[u8]) -> Option<Permissions> {
    let flag = |index: usize, letter: u8| match letters.get(index) {
        Some(&found) if found == letter => Some(true),
        Some(b'-') => Some(false),
        _ => None,
    };
    if letters.len() != 4 {
        return None;
    }
    Some(Permissions {
        read: flag(0, b'r')?,
        write: flag(1, b'w')?,
        execute: flag(2, b'x')?,
        shared: match letters.get(3)? {
            b's' | b'S' => true,
            b'p' | b'-' => false,
            _ => return None,
        },
    })
}

/// Undoes the kernel's escape of newlines and splits off the mark of a deleted file. A name that
/// really ends in ` (deleted)` or holds a literal `\012` cannot be told apart.
fn path(raw: &[u8]) -> (String, bool) {
    let mut path = lines::text(raw);
    if path.contains("\\012") {
        path = path.replace("\\012", "\n");
    }
    // `/SYSV` segments and pseudo names may have trailing spaces; files keep theirs.
    if path.starts_with('[') {
        path.truncate(path.trim_end().len());
    }
    let deleted = path.ends_with(DELETED);
    if deleted {
        path.truncate(path.len() - DELETED.len());
    }
    (path, deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Mapping {
        header(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_file_with_spaces_newlines_and_a_deletion() {
        let mapping = one(
            "7fcbe9a60000-7fcbf1a60000 r-xs 0001f000 103:0a 18446744073709551615   /srv/a b\\012c (deleted)",
        );
        assert_eq!(mapping.path, "/srv/a b\nc");
        assert!(mapping.deleted);
        assert_eq!(mapping.size(), 0x800_0000);
        assert_eq!(mapping.offset, 0x1f000);
        assert_eq!(mapping.device, (0x103, 0x0a));
        assert_eq!(mapping.inode, u64::MAX);
        assert_eq!(mapping.permissions.to_string(), "r-xs");
    }

    #[test]
    fn anonymous_memory_has_no_path() {
        let mapping = one("c000000000-c000400000 rw-p 00000000 00:00 0 ");
        assert_eq!(mapping.path, "");
        assert!(mapping.is_private_anonymous() && mapping.is_readable_writable());
        assert!(!mapping.deleted);
    }

    #[test]
    fn names_of_anonymous_memory_keep_their_inner_spaces() {
        let mapping = one("c000000000-c000400000 rw-p 00000000 00:00 0    [anon: Go: heap]");
        assert_eq!(mapping.path, "[anon: Go: heap]");
        assert!(mapping.is_private_anonymous());
    }

    #[test]
    fn lines_that_are_no_mapping() {
        for line in [
            "",
            "Rss: 4 kB",
            "c000000000 rw-p 00000000 00:00 0",
            "2-1 rw-p 00000000 00:00 0",
            "1-1 rw-p 00000000 00:00 0",
            "1-2 rwp 00000000 00:00 0",
            "1-2 rw-q 00000000 00:00 0",
            "1-2 rw-p 00000000 0000 0",
            "1-2 rw-p 00000000 00:00",
            "1-10000000000000000 rw-p 00000000 00:00 0",
        ] {
            assert_eq!(header(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_cut_line_and_a_wrong_line_name_themselves() {
        let limits = Limits::default();
        let good = "1000-2000 rw-p 00000000 00:00 0 \n";
        assert_eq!(
            parse(format!("{good}3000-40").as_bytes(), &limits),
            Err(Error::Truncated {
                input: Input::Maps,
                line: 2
            })
        );
        let error = parse(format!("{good}<html>\n").as_bytes(), &limits).unwrap_err();
        assert_eq!(
            error.to_string(),
            "maps line 2: expected `start-end permissions offset device inode path`"
        );
        let few = Limits {
            mappings: 1,
            ..limits
        };
        assert_eq!(
            parse(format!("{good}{good}").as_bytes(), &few)
                .unwrap_err()
                .to_string(),
            "maps line 2: more than 1 mappings"
        );
        assert_eq!(
            parse(b"\n", &limits),
            Err(Error::Empty { input: Input::Maps })
        );
    }
}
