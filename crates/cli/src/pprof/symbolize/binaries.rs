//! Binaries of this machine, each of them read once.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fathom_profile::load::with_mapping_files;
use fathom_profile::{Mapping, MappingId, Profile};
use fathom_symbols::lookup::{Candidate, Wanted, binaries};
use fathom_symbols::mapping::{RuntimeMapping, base};
use fathom_symbols::{Image, Limits};

use super::super::numbered::go_reason;
use super::super::talk::Talk;

type Opened = Result<Arc<Image>, String>;

/// Binaries of this machine, shared by all sources and mappings.
pub(crate) struct Binaries {
    /// `PPROF_BINARY_PATH`.
    directories: Vec<PathBuf>,
    compat: bool,
    opened: Mutex<HashMap<PathBuf, Arc<OnceLock<Opened>>>>,
}

impl Binaries {
    /// Looks below `directories`. `compat` keeps to the rules of `go tool pprof`, which
    /// knows no build ids of binaries.
    pub(crate) fn new(directories: Vec<PathBuf>, compat: bool) -> Self {
        Self {
            directories,
            compat,
            opened: Mutex::default(),
        }
    }

    /// Where binaries are looked for.
    pub(super) fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// Reads a binary, or says why there is none in the words of Go.
    pub(super) fn open(&self, path: &Path) -> Opened {
        let slot = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(opened.entry(path.to_owned()).or_default())
        };
        slot.get_or_init(|| self.read(path)).clone()
    }

    fn read(&self, path: &Path) -> Opened {
        let shown = path.display();
        let bytes = read_binary(path)
            .map_err(|error| format!("open {shown}: {}", go_reason(&error)))?
            .ok_or_else(|| format!("open {shown}: unrecognized object file"))?;
        match Image::parse(bytes, &Limits::default()) {
            Ok(image) => Ok(Arc::new(image)),
            Err(_) if self.compat => Err(format!("open {shown}: unrecognized object file")),
            Err(error) => Err(format!("open {shown}: {error}")),
        }
    }

    /// Puts the files that were found below the directories in place of those that the
    /// mappings of a profile name (`locateBinaries` in google/pprof
    /// `internal/driver/fetch.go`).
    ///
    /// # Errors
    ///
    /// When the profile has no room for another string.
    pub(crate) fn located(
        &self,
        profile: Profile,
        talk: &dyn Talk,
    ) -> Result<Profile, fathom_profile::Error> {
        let mut files = Vec::new();
        for (index, mapping) in profile.mappings().iter().enumerate() {
            let found = self.locate(&profile, mapping, talk);
            files.extend(MappingId::from_index(index).zip(found));
        }
        with_mapping_files(profile, files)
    }

    fn locate(&self, profile: &Profile, mapping: &Mapping, talk: &dyn Talk) -> Option<String> {
        let wanted = Wanted {
            path: profile.text(mapping.file),
            build_id: profile.text(mapping.build_id),
        };
        let candidates = candidates(&self.directories, &wanted);
        let mut seen = Vec::new();
        for path in candidates {
            let is_new = self.compat || !seen.contains(&path);
            if !is_new || !Path::new(&path).is_file() {
                continue;
            }
            seen.push(path.clone());
            let Ok(image) = self.open(Path::new(&path)) else {
                continue;
            };
            let found = match image.build_id() {
                Some(build_id) if !self.compat => build_id,
                _ => "",
            };
            if !wanted.build_id.is_empty() && wanted.build_id != found {
                talk.error(&format!(
                    "Ignoring local file {path}: build-id mismatch ({} != {found})",
                    wanted.build_id
                ));
                continue;
            }
            let runtime = runtime_mapping(mapping);
            if self.compat || base(&image, &runtime, mapping.start).is_ok() {
                return Some(path);
            }
        }
        None
    }
}

/// Reads a file if it begins as a binary: profiles also name devices, which have no end.
fn read_binary(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let metadata = fs::metadata(path)?;
    let mut bytes = Vec::new();
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut file = fs::File::open(path)?;
    file.by_ref().take(4).read_to_end(&mut bytes)?;
    let is_binary = matches!(
        bytes.as_slice(),
        [0x7f, b'E', b'L', b'F']
            | [b'M', b'Z', ..]
            | [0xcf | 0xce, 0xfa, 0xed, 0xfe]
            | [0xfe, 0xed, 0xfa, 0xcf | 0xce]
            | [0xca, 0xfe, 0xba, 0xbe | 0xbf]
    );
    if !is_binary {
        return Ok(None);
    }
    bytes.try_reserve_exact(usize::try_from(metadata.len()).unwrap_or(usize::MAX))?;
    file.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The part of a mapping that tells where its binary was loaded.
pub(super) fn runtime_mapping(mapping: &Mapping) -> RuntimeMapping {
    RuntimeMapping {
        start: mapping.start,
        limit: mapping.limit,
        offset: mapping.offset,
    }
}

/// Lists where a binary may be below directories of binaries.
pub(crate) fn candidates<'a>(
    directories: &'a [PathBuf],
    wanted: &'a Wanted<'_>,
) -> impl Iterator<Item = String> + 'a {
    directories
        .iter()
        .flat_map(|directory| binaries(&directory.to_string_lossy(), wanted))
        .flat_map(|candidate| match candidate {
            Candidate::File(path) => vec![path],
            Candidate::FilesOf(directory) => files_of(&directory),
        })
}

/// Lists the files of a directory, by name.
fn files_of(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<String> = entries
        .map(|entry| entry.path().to_string_lossy().into_owned())
        .collect();
    files.sort();
    files
}
