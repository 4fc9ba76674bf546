//! The memory map behind the samples: which object file lies where.
//!
//! It is `/proc/PID/maps`, or lines of "start-end file (@offset) build id", or a mixture
//! with anything else between. A line `name=value` defines what `$name` stands for in the
//! lines that follow. Prefixes of glog's are taken off (`file.cc:12] `).

use crate::error::{Error, LimitKind, Position};
use crate::legacy::pattern::{Pattern, group};
use crate::legacy::scanner::Scanner;
use crate::limits::Limits;

/// What introduces a memory map.
pub(crate) const SENTINELS: [&str; 2] = ["--- Memory map: ---", "MAPPED_LIBRARIES:"];

const FORM: &str = "memory map";

/// How many variables a map may define, and how long a line may become through them.
const MOST_VARIABLES: usize = 1000;
const LONGEST_LINE: usize = 1 << 20;

/// Start, limit, permissions, offset, device, inode, file: the kernel's own lines.
static PROC_MAPS: Pattern = Pattern::new(concat!(
    r"^[\t\n\f\r ]*(?:0x)?([[:xdigit:]]+)[\t\n\f\r -]?[\t\n\f\r ]*(?:0x)?([[:xdigit:]]+):?",
    r"(?:[\t\n\f\r ]+([-rwxp]+))?",
    r"(?:[\t\n\f\r ]+([[:xdigit:]]+))?",
    r"[\t\n\f\r ]+[[:xdigit:]]+:[[:xdigit:]]+",
    r"[\t\n\f\r ]+[0-9]+",
    r"(?:[\t\n\f\r ]+([^\t\n\f\r ]+))?",
));

/// Start, limit, permissions, file, offset, build id.
static BRIEF_MAPS: Pattern = Pattern::new(concat!(
    r"^[\t\n\f\r ]*(?:0x)?([[:xdigit:]]+)[\t\n\f\r -]?[\t\n\f\r ]*(?:0x)?([[:xdigit:]]+):?",
    r"(?:[\t\n\f\r ]+([-rwxp]+))?",
    r"(?:[\t\n\f\r ]+([^\t\n\f\r ]+))?",
    r"(?:[\t\n\f\r ]+\(@([[:xdigit:]]+)\))?",
    r"(?:[\t\n\f\r ]+([[:xdigit:]]+))?",
));

/// A file name of a shared library.
static LIBRARY: Pattern = Pattern::new(r"([.]so$|[.]so[._][0-9]+)");

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct MapEntry {
    pub(crate) start: u64,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
    pub(crate) file: String,
    pub(crate) build_id: String,
}

/// Whether a line introduces a memory map.
pub(crate) fn is_sentinel(line: &str) -> bool {
    SENTINELS.iter().any(|sentinel| line.contains(sentinel))
}

/// Skips to the memory map, beginning with the current line, and reads it.
pub(crate) fn read_behind(
    scanner: &mut Scanner<'_>,
    limits: &Limits,
) -> Result<Vec<MapEntry>, Error> {
    while !is_sentinel(scanner.line()) && scanner.advance() {}
    read(scanner, limits)
}

/// Reads the memory map in the lines that follow, joins what belongs together and puts
/// the main binary first.
pub(crate) fn read(scanner: &mut Scanner<'_>, limits: &Limits) -> Result<Vec<MapEntry>, Error> {
    let mut entries = Vec::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    while scanner.advance() {
        let line = without_log_prefix(scanner.line());
        let line = substituted(line, &variables)
            .ok_or_else(|| scanner.error(FORM, "its variables make the line too long"))?;
        match entry(&line) {
            MapLine::Entry(entry) => entries.push(entry),
            MapLine::NotExecutable => {}
            MapLine::Other => {
                let Some((name, value)) = line.split_once('=') else {
                    continue;
                };
                if variables.len() >= MOST_VARIABLES {
                    let reason = format!("more than {MOST_VARIABLES} variables");
                    return Err(scanner.error(FORM, reason));
                }
                variables.push((format!("${}", name.trim()), value.trim().to_owned()));
            }
        }
        if entries.len() as u64 > limits.mappings {
            return Err(Error::Limit {
                limit: LimitKind::Mappings,
                maximum: limits.mappings,
                position: scanner.position(),
            });
        }
    }
    Ok(main_first(joined(entries)))
}

/// Takes off what glog writes before a message: `… file:line] `.
fn without_log_prefix(line: &str) -> &str {
    let Some(end) = line.find(['[', ']']) else {
        return line;
    };
    let (before, after) = line.split_at(end);
    let Some(message) = after.strip_prefix(']') else {
        return line;
    };
    let is_place = before.rsplit_once(':').is_some_and(|(file, number)| {
        !file.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !is_place {
        return line;
    }
    message
        .strip_prefix(['\t', '\n', '\u{c}', '\r', ' '])
        .unwrap_or(line)
}

/// Replaces variables; of several that fit, the first that was defined counts. `None`
/// when the line becomes too long.
fn substituted(line: &str, variables: &[(String, String)]) -> Option<String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some(dollar) = rest.find('$') {
        if variables.is_empty() {
            break;
        }
        let (before, from) = rest.split_at(dollar);
        out.push_str(before);
        let known = variables.iter().find(|(name, _)| from.starts_with(name));
        if let Some((name, value)) = known {
            out.push_str(value);
            rest = from.get(name.len()..).unwrap_or_default();
        } else {
            out.push('$');
            rest = from.get(1..).unwrap_or_default();
        }
        if out.len() > LONGEST_LINE {
            return None;
        }
    }
    out.push_str(rest);
    Some(out)
}

/// What a line of a memory map is.
enum MapLine {
    Entry(MapEntry),
    NotExecutable,
    Other,
}

fn entry(line: &str) -> MapLine {
    let (fields, [permissions, file, offset, build_id]) =
        if let Some(fields) = PROC_MAPS.captures(line) {
            (fields, [Some(3), Some(5), Some(4), None])
        } else if let Some(fields) = BRIEF_MAPS.captures(line) {
            (fields, [Some(3), Some(4), Some(5), Some(6)])
        } else {
            return MapLine::Other;
        };
    let field = |index: Option<usize>| index.map_or("", |index| group(&fields, index));
    let permissions = field(permissions);
    if !permissions.is_empty() && !permissions.contains('x') {
        return MapLine::NotExecutable;
    }
    let hex = |digits: &str| u64::from_str_radix(digits, 16).ok();
    let offset = field(offset);
    let offset = if offset.is_empty() {
        Some(0)
    } else {
        hex(offset)
    };
    match (hex(group(&fields, 1)), hex(group(&fields, 2)), offset) {
        (Some(start), Some(limit), Some(offset)) => MapLine::Entry(MapEntry {
            start,
            limit,
            offset,
            file: field(file).to_owned(),
            build_id: field(build_id).to_owned(),
        }),
        _ => MapLine::Other,
    }
}

/// Joins mappings that follow each other and are of one file (`profile/profile.go`,
/// `massageMappings`).
fn joined(entries: Vec<MapEntry>) -> Vec<MapEntry> {
    let mut joined: Vec<MapEntry> = Vec::with_capacity(entries.len());
    for entry in entries {
        match joined.last_mut() {
            Some(last) if is_continued(last, &entry) => {
                last.limit = entry.limit;
                if !entry.file.is_empty() {
                    last.file = entry.file;
                }
                if !entry.build_id.is_empty() {
                    last.build_id = entry.build_id;
                }
            }
            _ => joined.push(entry),
        }
    }
    joined
}

/// Whether `next` goes on where `entry` ends; what only one of them says is no difference.
fn is_continued(entry: &MapEntry, next: &MapEntry) -> bool {
    let agree = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
    let size = entry.limit.wrapping_sub(entry.start);
    agree(&entry.file, &next.file)
        && agree(&entry.build_id, &next.build_id)
        && entry.limit == next.start
        && (entry.offset == 0 || next.offset == 0 || entry.offset.wrapping_add(size) == next.offset)
}

/// Swaps the first mapping that looks like a program to the front.
fn main_first(mut entries: Vec<MapEntry>) -> Vec<MapEntry> {
    let is_main = |entry: &MapEntry| {
        let file = entry.file.replace("(deleted)", "");
        let file = file.trim();
        !file.is_empty() && !file.starts_with('[') && LIBRARY.captures(file).is_none()
    };
    if let Some(main) = entries.iter().position(is_main) {
        entries.swap(0, main);
    }
    entries
}

/// Reads a memory map that fills a text, as the one behind binary samples does.
pub(crate) fn read_all(text: &str, limits: &Limits) -> Result<Vec<MapEntry>, Error> {
    let mut scanner = Scanner::new(text);
    read(&mut scanner, limits).map_err(|error| match error {
        // Lines are counted from the end of the samples, which is nowhere.
        Error::Limit { limit, maximum, .. } => Error::Limit {
            limit,
            maximum,
            position: Position::Whole,
        },
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(u64, u64, u64, String, String)> {
        read_all(text, &Limits::small())
            .unwrap()
            .into_iter()
            .map(|entry| {
                (
                    entry.start,
                    entry.limit,
                    entry.offset,
                    entry.file,
                    entry.build_id,
                )
            })
            .collect()
    }

    fn row(
        start: u64,
        limit: u64,
        offset: u64,
        file: &str,
        build_id: &str,
    ) -> (u64, u64, u64, String, String) {
        (start, limit, offset, file.to_owned(), build_id.to_owned())
    }

    #[test]
    fn patterns_compile() {
        for pattern in [&PROC_MAPS, &BRIEF_MAPS, &LIBRARY] {
            assert!(pattern.is_valid());
        }
    }

    #[test]
    fn both_kinds_of_lines_are_read() {
        let text = "00400000-00500000 r-xp 00001000 fd:01 1234   /bin/app\n\
                    0x600000 0x700000: /lib/libx.so (@ff0) abc123\n\
                    700000-800000 rw-p 00000000 00:00 0\n\
                    nonsense\n";
        assert_eq!(
            parsed(text),
            [
                row(0x40_0000, 0x50_0000, 0x1000, "/bin/app", ""),
                row(0x60_0000, 0x70_0000, 0xff0, "/lib/libx.so", "abc123"),
            ]
        );
    }

    #[test]
    fn variables_and_log_prefixes_are_resolved() {
        let text = "build=/home/build\n\
                    buildx=/never\n\
                    I0101 main.cc:12] 10-20 r-xp 0 0:0 0 $build/app$buildx $none\n";
        assert_eq!(
            parsed(text),
            [row(0x10, 0x20, 0, "/home/build/app/home/buildx", "")]
        );
        let blown: String = std::iter::once("v00=xxxxxxxxxx\n".to_owned())
            .chain((1..40).map(|n| format!("v{n:02}=$v{:02}$v{:02}.\n", n - 1, n - 1)))
            .collect();
        assert!(read_all(&blown, &Limits::small()).is_err());
    }

    #[test]
    fn neighbours_are_joined_and_the_program_comes_first() {
        let text = "1000-2000 r-xp 0 0:0 0 /lib/libc.so.6\n\
                    2000-3000 r-xp 0 0:0 0 [vdso]\n\
                    4000-5000 r-xp 1000 0:0 0 /bin/app\n\
                    5000-6000 r-xp 2000 0:0 0 /bin/app\n\
                    6000-7000 r-xp 9000 0:0 0 /bin/app\n";
        assert_eq!(
            parsed(text),
            [
                row(0x4000, 0x6000, 0x1000, "/bin/app", ""),
                row(0x2000, 0x3000, 0, "[vdso]", ""),
                row(0x1000, 0x2000, 0, "/lib/libc.so.6", ""),
                row(0x6000, 0x7000, 0x9000, "/bin/app", ""),
            ]
        );
    }
}
