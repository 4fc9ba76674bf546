//! Lists of targets in files, which are read again when they change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::list;
use crate::Error;
use crate::config::{FileSd, Group};

/// Most bytes of one list.
const MOST_BYTES: u64 = 64 << 20;

/// Files with lists, and what they held when they were last read well.
#[derive(Debug)]
pub(super) struct Files {
    config: FileSd,
    known: BTreeMap<PathBuf, Known>,
    read_all: Option<Instant>,
}

#[derive(Debug, Default)]
struct Known {
    /// What tells that it has changed.
    state: Option<(SystemTime, u64)>,
    groups: Vec<Group>,
    error: Option<Error>,
}

impl Files {
    pub(super) fn new(config: FileSd) -> Self {
        Self {
            config,
            known: BTreeMap::new(),
            read_all: None,
        }
    }

    pub(super) fn refresh_interval(&self) -> Duration {
        self.config.refresh_interval
    }

    /// Reads what has changed, and everything once per refresh interval. The groups are `None`
    /// if nothing changed; files that cannot be read stand beside them.
    pub(super) fn read(&mut self, now: Instant) -> Result<(Option<Vec<Group>>, Vec<Error>), Error> {
        let is_time = self
            .read_all
            .is_none_or(|last| now.saturating_duration_since(last) >= self.config.refresh_interval);
        let mut paths = Vec::new();
        for pattern in &self.config.files {
            paths.extend(matching(pattern)?);
        }
        paths.sort();
        paths.dedup();
        let before = self.known.len();
        self.known.retain(|path, _| paths.contains(path));
        let mut changed = self.known.len() != before || self.read_all.is_none();
        for path in paths {
            let known = self.known.entry(path.clone()).or_default();
            let state = fs::metadata(&path)
                .ok()
                .and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
            if !is_time && state.is_some() && state == known.state {
                continue;
            }
            known.state = state;
            match read(&path) {
                Ok(groups) => {
                    known.error = None;
                    if groups != known.groups {
                        known.groups = groups;
                        changed = true;
                    }
                }
                Err(error) => known.error = Some(error),
            }
        }
        if is_time {
            self.read_all = Some(now);
        }
        let errors = self.known.values().filter_map(|known| known.error.clone());
        let errors = errors.collect();
        let all = self.known.values().flat_map(|known| known.groups.clone());
        Ok((changed.then(|| all.collect()), errors))
    }
}

/// Reads one list.
fn read(path: &Path) -> Result<Vec<Group>, Error> {
    let wrong = |reason: String| Error::Discovery {
        source_name: path.display().to_string(),
        reason,
    };
    let metadata = fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if metadata.len() > MOST_BYTES {
        return Err(wrong(format!("larger than {MOST_BYTES} bytes")));
    }
    let bytes = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        return list::from_json(&bytes).map_err(wrong);
    }
    let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    list::from_yaml(&text).map_err(wrong)
}

/// The files that a path with `*` in its last element stands for. A folder that is not there has
/// none, and a path without `*` is itself, there or not.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Error> {
    let name = pattern.file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_default();
    if !name.contains('*') {
        return Ok(vec![pattern.to_owned()]);
    }
    let folder = match pattern.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let wrong = |error: &std::io::Error| Error::Discovery {
        source_name: folder.display().to_string(),
        reason: error.to_string(),
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(&error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| wrong(&error))?.path();
        let own = path
            .file_name()
            .map(|own| own.to_string_lossy().into_owned());
        if own.is_some_and(|own| is_match(&name, &own)) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether a name fits a pattern in which `*` stands for any text.
fn is_match(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name, expected) in [
            ("*.json", "a.json", true),
            ("*.json", ".json", true),
            ("*.json", "a.jso", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
        ] {
            assert_eq!(is_match(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn lists_follow_their_files_and_survive_bad_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
        let mut files = Files::new(FileSd {
            files: vec![path("*.json"), path("more.yaml")],
            refresh_interval: Duration::from_mins(5),
        });
        let start = Instant::now();
        let mut read = |seconds: u64| {
            let (groups, errors) = files.read(start + Duration::from_secs(seconds)).unwrap();
            let targets: Option<Vec<String>> =
                groups.map(|groups| groups.into_iter().flat_map(|group| group.targets).collect());
            (targets, errors)
        };
        let some = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());

        write("a.json", r#"[{"targets": ["a:1"]}]"#);
        write("more.yaml", "- targets: ['m:1']\n");
        write("other.txt", "[]");
        assert_eq!(read(0), (some(&["a:1", "m:1"]), Vec::new()));
        // Nothing changed.
        assert_eq!(read(5), (None, Vec::new()));
        write("b.json", r#"[{"targets": ["b:1", "b:2"]}]"#);
        assert_eq!(read(10), (some(&["a:1", "b:1", "b:2", "m:1"]), Vec::new()));
        // A bad file keeps its last list.
        write("b.json", r#"[{"targets": ["#);
        let (groups, errors) = read(15);
        assert_eq!(groups, None);
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0].to_string().contains("b.json: EOF"),
            "{}",
            errors[0]
        );
        write("b.json", r#"[{"targets": ["b:33"]}]"#);
        assert_eq!(read(20), (some(&["a:1", "b:33", "m:1"]), Vec::new()));
        fs::remove_file(path("b.json")).unwrap();
        assert_eq!(read(25), (some(&["a:1", "m:1"]), Vec::new()));
        // A file that is named and not there is an error; its last list stays.
        fs::remove_file(path("more.yaml")).unwrap();
        let (groups, errors) = read(30);
        assert_eq!((groups, errors.len()), (None, 1));
    }
}
