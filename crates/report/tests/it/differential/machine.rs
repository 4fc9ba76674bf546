//! The files of this machine, found as the real tool finds them when it is run by tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fathom_report::{Objects, Sources};

/// This machine, with the directory that the real tool works in.
pub(super) struct Machine {
    working: PathBuf,
}

impl Machine {
    pub(super) fn of_the_tool() -> Self {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let working = kept.join("pprof-home");
        Self {
            working: working.canonicalize().unwrap_or(working),
        }
    }
}

impl Sources for Machine {
    /// As `openSourceFile` in internal/report/source.go of google/pprof.
    fn read(&self, path: &str, source_path: &str, _trim: &str) -> Result<Arc<[u8]>, String> {
        if Path::new(path).is_absolute() {
            return read(path);
        }
        let working = self.working.to_string_lossy();
        let search = if source_path.is_empty() {
            &*working
        } else {
            source_path
        };
        // `trimPath` of the same file: the name of a directory of the search path is taken for
        // the place where the path of the builder's machine ends.
        let path = search
            .split(':')
            .filter_map(|directory| Path::new(directory).file_name())
            .find_map(|name| path.split_once(&format!("/{}/", name.to_string_lossy())))
            .map_or(path, |(_, rest)| rest);
        let directories = search.split(':').flat_map(|it| Path::new(it).ancestors());
        let found = directories.map(|it| it.join(path)).find(|it| it.exists());
        match found {
            Some(found) => read(&found.to_string_lossy()),
            None => Err(format!("could not find file {path} on path {search}")),
        }
    }
}

impl Objects for Machine {
    fn read(&self, file: &str, _build_id: &str) -> Result<Arc<[u8]>, String> {
        read(file)
    }
}

fn read(path: &str) -> Result<Arc<[u8]>, String> {
    let bytes = std::fs::read(path);
    bytes
        .map(Into::into)
        .map_err(|_| format!("open {path}: no such file or directory"))
}
