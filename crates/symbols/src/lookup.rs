//! Where a binary and its debug information may lie.
//!
//! Nothing is opened here: the functions list paths for the caller to try in order, the first
//! that exists and has the right build id being the one.

/// What a profile's mapping says of its binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The path that the mapping had on the machine where it ran; empty where it is not known.
    pub path: &'a str,
    /// The build id in hexadecimal; empty where it is not known.
    pub build_id: &'a str,
}

/// A place to look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Candidate {
    /// A file.
    File(String),
    /// Every file of a directory, by name.
    FilesOf(String),
}

/// Lists the files that may be a mapping's binary below a directory of binaries, one of
/// `$PPROF_BINARY_PATH` or `$HOME/pprof/binaries`.
///
/// The order and the places are those of `locateBinaries` in internal/driver/fetch.go of
/// github.com/google/pprof as Go 1.27 has it, with one more that it lacks and the systems'
/// packages of debug information have: `.build-id/xx/yyyy.debug`.
pub fn binaries(directory: &str, wanted: &Wanted<'_>) -> Vec<Candidate> {
    let Wanted { path, build_id } = *wanted;
    let path = without_volume(path);
    let base = base_name(path);
    let parent = parent(path);
    let file = |parts: &[&str]| Candidate::File(join(directory, parts));
    let mut candidates = Vec::new();
    if !build_id.is_empty() {
        if !base.is_empty() {
            candidates.push(file(&[build_id, base]));
        }
        candidates.push(Candidate::FilesOf(join(directory, &[build_id])));
        if !path.is_empty() {
            candidates.push(file(&[path, build_id]));
        }
        if let Some((first, rest)) = build_id.split_at_checked(2) {
            candidates.push(file(&[first, &format!("{rest}.debug")]));
        }
        if let Some(below) = crate::dwarf::build_id_path(build_id) {
            candidates.push(file(&[&below]));
        }
    }
    if !path.is_empty() {
        let debug = format!("{base}.debug");
        candidates.push(file(&[base]));
        candidates.push(file(&[path]));
        candidates.push(file(&[&format!("{path}.debug")]));
        candidates.push(file(&[parent, ".debug", &debug]));
        candidates.push(file(&["usr", "lib", "debug", parent, &debug]));
    }
    let mut seen = std::collections::HashSet::new();
    candidates.retain(|candidate| seen.insert(candidate.clone()));
    candidates
}

/// Lists the files that may hold the debug information of a binary at `path` whose
/// `.gnu_debuglink` names `link`, below the directory for debug information (`/usr/lib/debug`).
///
/// The order is gdb's ("Debugging Information in Separate Files" of its manual).
pub fn linked_debug_files(path: &str, link: &str, debug_directory: &str) -> Vec<String> {
    // A name with a directory would lead anywhere.
    let link = base_name(link);
    if link.is_empty() {
        return Vec::new();
    }
    let path = without_volume(path);
    let parent = parent(path);
    vec![
        join(parent, &[link]),
        join(parent, &[".debug", link]),
        join(debug_directory, &[parent, link]),
    ]
}

/// What a debuginfod server has of a build id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DebuginfodFile {
    /// The debug information.
    DebugInfo,
    /// The binary itself.
    Executable,
}

/// The path of a file below a debuginfod server's address; `None` for what is no build id.
///
/// The protocol of elfutils, `debuginfod(8)`: `/buildid/BUILDID/debuginfo` and `/executable`.
///
/// ```
/// use fathom_symbols::lookup::{DebuginfodFile, debuginfod_path};
///
/// let path = debuginfod_path("00ff", DebuginfodFile::DebugInfo);
/// assert_eq!(path.as_deref(), Some("/buildid/00ff/debuginfo"));
/// assert_eq!(debuginfod_path("../x", DebuginfodFile::Executable), None);
/// ```
pub fn debuginfod_path(build_id: &str, file: DebuginfodFile) -> Option<String> {
    let digits = build_id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if build_id.is_empty() || !digits {
        return None;
    }
    let kind = match file {
        DebuginfodFile::DebugInfo => "debuginfo",
        DebuginfodFile::Executable => "executable",
    };
    Some(format!("/buildid/{}/{kind}", build_id.to_lowercase()))
}

/// Joins paths as Go's `filepath.Join` does: an absolute part goes below the others, empty ones
/// vanish, `.` and `..` are resolved.
fn join(directory: &str, parts: &[&str]) -> String {
    let joined = std::iter::once(directory)
        .chain(parts.iter().copied())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    let absolute = joined.starts_with(is_separator);
    let mut kept: Vec<&str> = Vec::new();
    for part in joined.split(is_separator) {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if absolute => {}
            part => kept.push(part),
        }
    }
    let relative = kept.join("/");
    match (absolute, relative.is_empty()) {
        (true, _) => format!("/{relative}"),
        (false, true) => ".".to_owned(),
        (false, false) => relative,
    }
}

/// Profiles of Windows have backslashes, wherever they are read.
fn is_separator(character: char) -> bool {
    matches!(character, '/' | '\\')
}

/// Takes a drive's letter off a path.
fn without_volume(path: &str) -> &str {
    match path.as_bytes() {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => path.get(2..).unwrap_or_default(),
        _ => path,
    }
}

fn base_name(path: &str) -> &str {
    path.trim_end_matches(is_separator)
        .rsplit(is_separator)
        .next()
        .unwrap_or_default()
}

fn parent(path: &str) -> &str {
    path.trim_end_matches(is_separator)
        .rfind(is_separator)
        .and_then(|at| path.get(..=at))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(candidates: &[Candidate]) -> Vec<&str> {
        candidates
            .iter()
            .map(|candidate| match candidate {
                Candidate::File(path) | Candidate::FilesOf(path) => path.as_str(),
            })
            .collect()
    }

    #[test]
    fn binaries_are_looked_for_in_this_order() {
        let wanted = Wanted {
            path: "/srv/bin/app",
            build_id: "abcdef01",
        };
        assert_eq!(
            paths(&binaries("/home/me/pprof/binaries/", &wanted)),
            [
                "/home/me/pprof/binaries/abcdef01/app",
                "/home/me/pprof/binaries/abcdef01",
                "/home/me/pprof/binaries/srv/bin/app/abcdef01",
                "/home/me/pprof/binaries/ab/cdef01.debug",
                "/home/me/pprof/binaries/.build-id/ab/cdef01.debug",
                "/home/me/pprof/binaries/app",
                "/home/me/pprof/binaries/srv/bin/app",
                "/home/me/pprof/binaries/srv/bin/app.debug",
                "/home/me/pprof/binaries/srv/bin/.debug/app.debug",
                "/home/me/pprof/binaries/usr/lib/debug/srv/bin/app.debug",
            ]
        );
    }

    #[test]
    fn what_is_not_known_is_not_looked_for() {
        let nothing = Wanted {
            path: "",
            build_id: "",
        };
        assert_eq!(binaries("d", &nothing), []);
        let only_path = Wanted {
            path: "C:\\srv\\app.exe",
            build_id: "",
        };
        assert_eq!(
            paths(&binaries("d", &only_path)).get(..2),
            Some(&["d/app.exe", "d/srv/app.exe"][..])
        );
    }

    #[test]
    fn a_link_is_followed_by_its_name_alone() {
        assert_eq!(
            linked_debug_files("/usr/bin/app", "../../etc/app.debug", "/usr/lib/debug"),
            [
                "/usr/bin/app.debug",
                "/usr/bin/.debug/app.debug",
                "/usr/lib/debug/usr/bin/app.debug",
            ]
        );
        assert_eq!(
            linked_debug_files("app", "a", "/d"),
            ["a", ".debug/a", "/d/a"]
        );
    }
}
