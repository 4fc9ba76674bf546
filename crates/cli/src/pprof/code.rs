//! Source files and binaries, found where a profile or a Go setup says they are.
//!
//! First come the rules of pprof (`internal/report/source.go`, `openSourceFile`; for
//! binaries `internal/driver/fetch.go`, `locateBinaries`). Where these find no source
//! file, the places follow in which Go keeps sources, which pprof does not know: GOROOT,
//! the module cache, `vendor`, and the main module itself.

mod gopath;

use std::env::split_paths;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fathom_report::{Objects, Sources};
use fathom_symbols::lookup::Wanted;

use self::gopath::GoPlaces;
use super::numbered::go_reason;
use super::symbolize::candidates as candidates_below;

/// How much of a file tells whether it is a binary.
const HEAD_BYTES: usize = 4096;

/// Whether a file is an executable or library: ELF, Mach-O or PE. A profile is none,
/// whatever it begins with.
pub(crate) fn is_binary(file: &str) -> bool {
    let mut head = Vec::new();
    let read =
        fs::File::open(file).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    read.is_ok() && is_binary_head(&head)
}

fn is_binary_head(head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', ..]
        | [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..]
        | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..]
        | [0xca, 0xfe, 0xba, 0xbe, ..] => true,
        [b'M', b'Z', ..] => {
            // The offset of the PE header stands at 0x3c of the DOS header.
            let at = head.get(0x3c..0x40).and_then(|bytes| bytes.try_into().ok());
            let at = at
                .map(u32::from_le_bytes)
                .and_then(|at| usize::try_from(at).ok());
            at.and_then(|at| head.get(at..))
                .is_some_and(|header| header.starts_with(b"PE\0\0"))
        }
        _ => false,
    }
}

/// Source files of this machine.
pub(crate) struct SourceFiles {
    /// Whether only pprof's places are searched.
    pub(crate) compat: bool,
}

impl Sources for SourceFiles {
    fn read(&self, path: &str, source_path: &str, trim_path: &str) -> Result<Arc<[u8]>, String> {
        let working = std::env::current_dir().unwrap_or_default();
        let search = if source_path.is_empty() {
            working.to_string_lossy().into_owned()
        } else {
            source_path.to_owned()
        };
        let trimmed = trimmed(path, trim_path, &search);
        let as_pprof = candidates(trimmed, &search);
        let found = as_pprof.iter().find_map(|candidate| open(candidate));
        if let Some(bytes) = found {
            return bytes;
        }
        if !self.compat {
            let places = GoPlaces::of_this_machine(&search);
            let found = places.candidates(path);
            if let Some(bytes) = found.iter().find_map(|candidate| open(candidate)) {
                return bytes;
            }
        }
        if Path::new(trimmed).is_absolute() {
            let error = fs::File::open(trimmed).err();
            let reason =
                error.map_or_else(|| "it is a directory".to_owned(), |error| go_reason(&error));
            return Err(format!("open {trimmed}: {reason}"));
        }
        Err(format!("could not find file {trimmed} on path {search}"))
    }
}

/// Reads a file; `None` if there is none that can be opened.
fn open(path: &Path) -> Option<Result<Arc<[u8]>, String>> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.is_dir() {
        return None;
    }
    match fs::read(path) {
        Ok(bytes) => Some(Ok(bytes.into())),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(error) => Some(Err(format!(
            "read {}: {}",
            path.display(),
            go_reason(&error)
        ))),
    }
}

/// Cuts from a path what `trim_path` names. Without it, what stands before the name of a
/// directory of the search path is cut.
fn trimmed<'a>(path: &'a str, trim_path: &str, search: &str) -> &'a str {
    if trim_path.is_empty() {
        for directory in split_paths(search) {
            let Some(name) = directory.file_name() else {
                continue;
            };
            let wanted = format!("/{}/", name.to_string_lossy());
            if let Some(at) = path.find(&wanted) {
                return path.get(at + wanted.len()..).unwrap_or(path);
            }
        }
    }
    let mut prefixes: Vec<String> = split_paths(trim_path)
        .map(|prefix| prefix.to_string_lossy().into_owned())
        .filter(|prefix| !prefix.is_empty())
        .collect();
    // What build sandboxes leave in debug information.
    prefixes.extend(["/proc/self/cwd/./".to_owned(), "/proc/self/cwd/".to_owned()]);
    for mut prefix in prefixes {
        if !prefix.ends_with('/') {
            prefix.push('/');
        }
        if let Some(rest) = path.strip_prefix(&prefix) {
            return rest;
        }
    }
    path
}

/// Lists where a path is looked for: itself if it is absolute, else in every directory
/// of the search path and all its parents.
fn candidates(path: &str, search: &str) -> Vec<PathBuf> {
    if Path::new(path).is_absolute() {
        return vec![PathBuf::from(path)];
    }
    let mut found = Vec::new();
    for directory in split_paths(search) {
        found.extend(directory.ancestors().map(|parent| parent.join(path)));
    }
    found
}

/// Binaries of this machine.
pub(crate) struct Binaries {
    /// Whether build ids count as for pprof: it takes what the profile names unseen, and
    /// nothing else where the profile has a build id, since it reads none of Go's binaries.
    pub(crate) compat: bool,
}

impl Objects for Binaries {
    fn read(&self, file: &str, build_id: &str) -> Result<Arc<[u8]>, String> {
        if self.compat {
            let directories = if build_id.is_empty() {
                binary_path()
            } else {
                Vec::new()
            };
            let candidates = binary_candidates(&directories, file, build_id);
            let mut reason = "no such file or directory".to_owned();
            for candidate in candidates {
                match fs::read(&candidate) {
                    Ok(bytes) => return Ok(bytes.into()),
                    // Go opens directories, and finds no binary in them.
                    Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                        "unrecognized object file".clone_into(&mut reason);
                    }
                    Err(error) => reason = go_reason(&error),
                }
            }
            return Err(format!("open {file}: {reason}"));
        }
        let mut refused = None;
        for candidate in binary_candidates(&binary_path(), file, build_id) {
            let Ok(bytes) = fs::read(&candidate) else {
                continue;
            };
            let head = bytes.get(..HEAD_BYTES).unwrap_or(&bytes);
            if !is_binary_head(head) {
                continue;
            }
            match gnu_build_id(&bytes) {
                Some(found) if !build_id.is_empty() && found != build_id => {
                    refused.get_or_insert_with(|| {
                        let name = candidate.display();
                        format!("{name}: build-id mismatch ({build_id} != {found})")
                    });
                }
                _ => return Ok(bytes.into()),
            }
        }
        Err(refused.unwrap_or_else(|| match file {
            "" => "the profile does not name its binary".to_owned(),
            _ => format!("open {file}: no such file or directory, nor in PPROF_BINARY_PATH"),
        }))
    }
}

/// Returns the directories that are searched for binaries.
pub(crate) fn binary_path() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("PPROF_BINARY_PATH") {
        return split_paths(&path).collect();
    }
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let home = variable(home).map(PathBuf::from);
    home.into_iter()
        .map(|home| home.join("pprof/binaries"))
        .collect()
}

/// Lists where a binary may be: in each directory by build id, name and path, and as
/// debuggers keep symbols; at last where the profile says.
fn binary_candidates(directories: &[PathBuf], file: &str, build_id: &str) -> Vec<PathBuf> {
    let wanted = Wanted {
        path: file,
        build_id,
    };
    let mut found: Vec<PathBuf> = candidates_below(directories, &wanted)
        .map(PathBuf::from)
        .collect();
    if !file.is_empty() {
        found.push(PathBuf::from(file));
    }
    found
}

/// Finds the GNU build id of an ELF file: a note whose head says how long its owner's
/// name and its content are, that its type is 3, and `GNU`.
fn gnu_build_id(bytes: &[u8]) -> Option<String> {
    const OWNER_AND_TYPE: &[u8] = b"\x03\0\0\0GNU\0";
    const LONGEST: u32 = 64;
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    // The note lies in the first segment, among the headers.
    let searched = bytes.get(..1 << 20).unwrap_or(bytes);
    for at in 8..searched.len() {
        let Some(rest) = searched.get(at..) else {
            break;
        };
        if !rest.starts_with(OWNER_AND_TYPE) {
            continue;
        }
        let word = |from: usize| {
            let bytes = searched.get(from..from.checked_add(4)?)?;
            bytes.try_into().ok().map(u32::from_le_bytes)
        };
        let (owner, length) = (word(at - 8)?, word(at - 4)?);
        if owner != 4 || length == 0 || length > LONGEST {
            continue;
        }
        let start = at.checked_add(OWNER_AND_TYPE.len())?;
        let id = searched.get(start..start.checked_add(usize::try_from(length).ok()?)?)?;
        let mut text = String::new();
        for byte in id {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        return Some(text);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_told_by_their_heads() {
        assert!(is_binary_head(b"\x7fELF\x02"));
        assert!(is_binary_head(b"\xcf\xfa\xed\xfe"));
        let mut pe = vec![0; 0x80];
        pe[..2].copy_from_slice(b"MZ");
        pe[0x3c] = 0x40;
        assert!(!is_binary_head(&pe));
        pe[0x40..0x44].copy_from_slice(b"PE\0\0");
        assert!(is_binary_head(&pe));
        // What Go's debug/pe takes for an object file is a legacy profile.
        assert!(!is_binary_head(&[0; 64]));
        assert!(!is_binary_head(b"MZ;folded 3\n"));
        assert!(is_binary(
            &std::env::current_exe().unwrap().to_string_lossy()
        ));
        assert!(!is_binary("/no/such/file"));
    }

    #[test]
    fn paths_are_trimmed_as_pprof_trims_them() {
        assert_eq!(
            trimmed("/remote/me/project/a/b.go", "", "/local/project"),
            "a/b.go"
        );
        assert_eq!(
            trimmed("/remote/a.go", "", "/local/project"),
            "/remote/a.go"
        );
        assert_eq!(trimmed("/x/y/a.go", "/w:/x", "/local/y"), "y/a.go");
        assert_eq!(trimmed("/proc/self/cwd/a.go", "", "/z"), "a.go");
        assert_eq!(trimmed("/proc/self/cwd/./a.go", "/none", "/z"), "a.go");
    }

    #[test]
    fn every_parent_is_searched() {
        let search = std::env::join_paths(["/x/y", "/z"]).unwrap();
        let found = candidates("p/a.go", &search.to_string_lossy());
        let expected = [
            "/x/y/p/a.go",
            "/x/p/a.go",
            "/p/a.go",
            "/z/p/a.go",
            "/p/a.go",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
        assert_eq!(candidates("/abs/a.go", "/x"), [PathBuf::from("/abs/a.go")]);
    }

    #[test]
    fn sources_are_read_or_missed_in_pprofs_words() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("pkg/deep")).unwrap();
        fs::write(folder.path().join("pkg/a.go"), "package pkg\n").unwrap();
        let files = SourceFiles { compat: true };
        let deep = folder.path().join("pkg/deep");
        let deep = deep.to_string_lossy();
        let found = files.read("pkg/a.go", &deep, "").unwrap();
        assert_eq!(&*found, b"package pkg\n");
        assert_eq!(
            files.read("pkg/b.go", &deep, "").unwrap_err(),
            format!("could not find file pkg/b.go on path {deep}")
        );
        assert_eq!(
            files.read("/no/b.go", &deep, "").unwrap_err(),
            "open /no/b.go: no such file or directory"
        );
    }

    #[test]
    fn binaries_are_sought_by_build_id_and_name() {
        let found = binary_candidates(&["/b".into()], "/usr/bin/app", "abcdef");
        for expected in [
            "/b/abcdef/app",
            "/b/usr/bin/app/abcdef",
            "/b/ab/cdef.debug",
            "/b/app",
            "/b/usr/bin/app",
            "/b/usr/bin/app.debug",
            "/b/usr/bin/.debug/app.debug",
            "/b/usr/lib/debug/usr/bin/app.debug",
        ] {
            assert!(found.contains(&PathBuf::from(expected)), "{expected}");
        }
        assert_eq!(found.last(), Some(&PathBuf::from("/usr/bin/app")));
        assert!(binary_candidates(&["/b".into()], "", "").is_empty());
    }

    #[test]
    fn a_build_id_is_read_out_of_its_note() {
        let mut elf = b"\x7fELF".to_vec();
        elf.extend([0; 60]);
        elf.extend(b"\x04\0\0\0\x03\0\0\0\x03\0\0\0GNU\0\xab\x01\xff");
        assert_eq!(gnu_build_id(&elf).as_deref(), Some("ab01ff"));
        elf.truncate(elf.len() - 1);
        assert_eq!(gnu_build_id(&elf), None);
        assert_eq!(gnu_build_id(b"no"), None);
    }
}
