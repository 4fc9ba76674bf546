//! Debug information that lies outside of its binary.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fathom_symbols::dwarf::{DebugFile, build_id_path, debug_link_checksum};
use fathom_symbols::lookup::{DebuginfodFile, debuginfod_path, linked_debug_files};
use fathom_symbols::{Image, Limits, Symbolizer};

use super::super::talk::Talk;
use super::binaries::Binaries;

/// Where systems keep the debug information of their packages.
const SYSTEM_DIRECTORY: &str = "/usr/lib/debug";
/// How long a server may take until it answers, as elfutils allows it.
const PATIENCE: Duration = Duration::from_secs(90);
/// The largest file that is taken from a server.
const MOST_BYTES: u64 = 4 << 30;

/// The servers of `DEBUGINFOD_URLS`, which get nothing but build ids.
#[derive(Debug, Default)]
pub(super) struct Debuginfod {
    urls: Vec<String>,
}

impl Debuginfod {
    /// Takes the value of `DEBUGINFOD_URLS`: URLs separated by spaces.
    pub(super) fn new(urls: &str) -> Self {
        let urls = urls.split_whitespace();
        Self {
            urls: urls
                .map(|url| url.trim_end_matches('/').to_owned())
                .collect(),
        }
    }

    /// Asks one server after the other.
    pub(super) fn get(
        &self,
        build_id: &str,
        file: DebuginfodFile,
        talk: &dyn Talk,
    ) -> Option<Arc<Image>> {
        let path = debuginfod_path(build_id, file)?;
        let options = fathom_gather::Options {
            max_bytes: MOST_BYTES,
            ..fathom_gather::Options::default()
        };
        for url in &self.urls {
            let url = format!("{url}{path}");
            let shown = fathom_evidence::redact::url(&url);
            talk.say(&format!("Fetching {shown}"));
            let bytes = match fathom_gather::fetch(&url, &options, PATIENCE) {
                Ok(bytes) => bytes,
                Err(error) => {
                    talk.error(&format!("{shown}: {error}"));
                    continue;
                }
            };
            match Image::parse(bytes, &Limits::default()) {
                Ok(image) if image.build_id() == Some(build_id) => return Some(Arc::new(image)),
                Ok(_) => talk.error(&format!("{shown}: build-id mismatch")),
                Err(error) => talk.error(&format!("{shown}: {error}")),
            }
        }
        None
    }
}

/// Finds the files that a binary says hold its debug information.
pub(super) struct Search<'a> {
    pub(super) binaries: &'a Binaries,
    pub(super) debuginfod: &'a Debuginfod,
    pub(super) talk: &'a dyn Talk,
}

impl Search<'_> {
    /// Returns a symbolizer with all files that were found; `None` if there are none. `path`
    /// is where the binary lies.
    pub(super) fn symbolizer(&self, image: &Arc<Image>, path: &Path) -> Option<Symbolizer> {
        let mut symbolizer = Symbolizer::new(Arc::clone(image));
        let wanted = self.wanted(image, path);
        let separate = wanted.iter().find_map(|file| match file {
            DebugFile::BuildId { build_id } => self.by_build_id(build_id, image),
            DebugFile::Link { name, checksum } => linked(path, name, *checksum),
            _ => None,
        });
        let mut any = separate.is_some();
        // A separate file says itself where its units and what it shares are.
        let (source, own) = match &separate {
            Some((file, at)) => (self.wanted(file, at), at.as_path()),
            None => (wanted, path),
        };
        if let Some((file, _)) = &separate {
            symbolizer = symbolizer.with_debug_file(Arc::clone(file));
        }
        let mut is_packed = false;
        for file in source {
            let found = match &file {
                DebugFile::Alternate { path, build_id } => self.alternate(own, path, build_id),
                DebugFile::Package { suffix } => [path, own]
                    .iter()
                    .find_map(|path| self.at(&with_suffix(path, suffix))),
                DebugFile::Split {
                    name, directory, ..
                } if !is_packed => self.split(path, name, directory.as_deref()),
                _ => None,
            };
            let Some(found) = found else { continue };
            any = true;
            symbolizer = match file {
                DebugFile::Alternate { .. } => symbolizer.with_alternate_file(found),
                DebugFile::Package { .. } => {
                    is_packed = true;
                    symbolizer.with_package(found)
                }
                DebugFile::Split { name, .. } => symbolizer.with_split_file(name, found),
                _ => symbolizer,
            };
        }
        any.then_some(symbolizer)
    }

    fn wanted(&self, image: &Image, path: &Path) -> Vec<DebugFile> {
        image.wanted_debug_files().unwrap_or_else(|error| {
            self.talk.error(&format!("{}: {error}", path.display()));
            Vec::new()
        })
    }

    fn at(&self, path: &Path) -> Option<Arc<Image>> {
        path.is_file().then(|| self.binaries.open(path).ok())?
    }

    /// Looks below the directories of binaries and of the system, then asks the servers.
    fn by_build_id(&self, build_id: &str, of: &Arc<Image>) -> Option<(Arc<Image>, PathBuf)> {
        let below = build_id_path(build_id)?;
        let system = PathBuf::from(SYSTEM_DIRECTORY);
        let mut directories = self.binaries.directories().iter().chain([&system]);
        let found = directories.find_map(|directory| {
            let path = directory.join(&below);
            let file = self.at(&path)?;
            let is_it = file.build_id() == Some(build_id) && !Arc::ptr_eq(&file, of);
            is_it.then_some((file, path))
        });
        found.or_else(|| {
            let file = self
                .debuginfod
                .get(build_id, DebuginfodFile::DebugInfo, self.talk)?;
            Some((file, system.join(&below)))
        })
    }

    /// Finds what `dwz` shared between binaries.
    fn alternate(&self, own: &Path, path: &str, build_id: &str) -> Option<Arc<Image>> {
        let beside = own.parent().unwrap_or(Path::new("")).join(path);
        let named = self
            .at(&beside)
            .filter(|file| file.build_id() == Some(build_id));
        if named.is_some() {
            return named;
        }
        let below = build_id_path(build_id)?;
        let file = self.at(&Path::new(SYSTEM_DIRECTORY).join(below));
        file.filter(|file| file.build_id() == Some(build_id))
            .or_else(|| {
                self.debuginfod
                    .get(build_id, DebuginfodFile::DebugInfo, self.talk)
            })
    }

    /// Finds a split unit where the compiler left it, or beside the binary.
    fn split(&self, path: &Path, name: &str, directory: Option<&str>) -> Option<Arc<Image>> {
        let left = Path::new(directory.unwrap_or_default()).join(name);
        let beside = path.parent().unwrap_or(Path::new(""));
        let moved = Path::new(name).file_name().map(|name| beside.join(name));
        [Some(left), moved]
            .into_iter()
            .flatten()
            .find_map(|path| self.at(&path))
    }
}

/// Follows a `.gnu_debuglink` to the first file with its checksum.
fn linked(path: &Path, name: &str, checksum: u32) -> Option<(Arc<Image>, PathBuf)> {
    let places = linked_debug_files(&path.to_string_lossy(), name, SYSTEM_DIRECTORY);
    places.into_iter().find_map(|place| {
        let place = PathBuf::from(place);
        let bytes = std::fs::read(&place).ok()?;
        if debug_link_checksum(&bytes) != checksum {
            return None;
        }
        let image = Image::parse(bytes, &Limits::default()).ok()?;
        Some((Arc::new(image), place))
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
