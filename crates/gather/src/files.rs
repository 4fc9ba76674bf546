//! Evidence from files, folders and standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fathom_evidence::{Artefact, Capture, Kind, Missing, identify};

use crate::clock::Stopwatch;
use crate::process::{executable, read_limited};
use crate::recorder::{Recorder, Wanted};
use crate::{Error, Event};

/// How deep a folder of evidence is searched, and how many files it may hold.
const MAX_DEPTH: usize = 4;
const MAX_FILES: usize = 4096;

/// Takes a file that the user named.
pub(crate) fn take_file(recorder: &mut Recorder<'_>, path: &Path) -> Result<(), Error> {
    let bytes = read_limited(path, recorder.options.max_bytes).map_err(|error| Error::Read {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let name = path.file_name().map_or_else(
        || "file".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    take_bytes(
        recorder,
        Loose {
            name: &name,
            path,
            bytes,
            named: true,
        },
    )
}

/// Takes standard input.
pub(crate) fn take_stdin(recorder: &mut Recorder<'_>) -> Result<(), Error> {
    let path = Path::new("-");
    let max_bytes = recorder.options.max_bytes;
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Error::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    if bytes.len() as u64 > max_bytes {
        return Err(Error::Read {
            path: path.to_owned(),
            reason: format!("larger than the limit of {max_bytes} bytes"),
        });
    }
    take_bytes(
        recorder,
        Loose {
            name: "stdin",
            path,
            bytes,
            named: true,
        },
    )
}

/// Takes every file of a folder that looks like evidence.
pub(crate) fn take_directory(recorder: &mut Recorder<'_>, folder: &Path) -> Result<(), Error> {
    let mut paths = Vec::new();
    list(folder, MAX_DEPTH, &mut paths).map_err(|error| Error::Read {
        path: folder.to_owned(),
        reason: error.to_string(),
    })?;
    if paths.len() > MAX_FILES {
        return Err(Error::Read {
            path: folder.to_owned(),
            reason: format!("more than {MAX_FILES} files: give the files that matter"),
        });
    }
    paths.sort();
    for path in paths {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        match read_limited(&path, recorder.options.max_bytes) {
            Ok(bytes) => take_bytes(
                recorder,
                Loose {
                    name: &name,
                    path: &path,
                    bytes,
                    named: false,
                },
            )?,
            Err(error) => recorder.skip(Missing::new(name, error.to_string())),
        }
    }
    Ok(())
}

fn list(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_file() {
            paths.push(entry.path());
        } else if kind.is_dir() && depth > 1 {
            list(&entry.path(), depth - 1, paths)?;
        }
        if paths.len() > MAX_FILES {
            break;
        }
    }
    Ok(())
}

/// A file in memory.
struct Loose<'a> {
    name: &'a str,
    path: &'a Path,
    bytes: Vec<u8>,
    /// Whether the user named this very file, and wants to hear of it.
    named: bool,
}

fn take_bytes(recorder: &mut Recorder<'_>, mut loose: Loose<'_>) -> Result<(), Error> {
    let shown = loose.path.display().to_string();
    let kind = identify(loose.name, &loose.bytes);
    match kind {
        Kind::Bundle => {
            let limits = recorder.options.bundle_limits;
            let bundle = Capture::read_bundle(&loose.bytes, &shown, &limits)?;
            merge(recorder, bundle)
        }
        Kind::Unknown | Kind::Html => {
            if loose.named {
                recorder.skip(unrecognised(&shown, kind, &loose.bytes));
            }
            Ok(())
        }
        Kind::Executable => {
            match executable::build_text(loose.path) {
                Ok(info) => {
                    executable::describe(&mut recorder.capture.target, &info);
                    push(recorder, Kind::BuildInfo, &loose, info.text.into_bytes());
                }
                Err(reason) if loose.named => recorder.skip(Missing::new(shown, reason)),
                Err(_) => {}
            }
            Ok(())
        }
        _ => {
            let bytes = std::mem::take(&mut loose.bytes);
            let bytes = plain_bytes(kind, bytes, recorder.options.max_bytes);
            push(recorder, kind, &loose, bytes);
            Ok(())
        }
    }
}

fn push(recorder: &mut Recorder<'_>, kind: Kind, loose: &Loose<'_>, bytes: Vec<u8>) {
    let origin = loose.path.display().to_string();
    let wanted = Wanted {
        kind,
        name: loose.name,
        origin: &origin,
        round: round_of(kind, loose.name),
    };
    recorder.record(wanted, Stopwatch::start(), bytes);
    // A file tells when it was written, which is when its contents held.
    let modified = fs::metadata(loose.path)
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    if let (Some(artefact), Some(since)) = (recorder.capture.artefacts.last_mut(), modified) {
        artefact.taken_at_unix_nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        artefact.duration_nanos = 0;
    }
}

/// Returns what a file that was compressed on its own holds; profiles stay as
/// they are, because compression is part of their form.
fn plain_bytes(kind: Kind, bytes: Vec<u8>, max_bytes: u64) -> Vec<u8> {
    if kind.is_profile() || !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    // What precedes damage is still evidence.
    let _ = flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .take(max_bytes)
        .read_to_end(&mut plain);
    plain
}

/// Tells the round from the names that recorders give to later readings:
/// `status_2.txt`, `status.1.txt`, `mutex.1.pb.gz`, `vars_gc1.json`,
/// `status_after3s.txt`.
fn round_of(kind: Kind, name: &str) -> u8 {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) => stem,
        None => file,
    };
    if stem.contains("_after") && kind != Kind::HeapAfterGc {
        return 2;
    }
    let stem = stem.strip_suffix(".pb").unwrap_or(stem);
    let again = ["_2", "-2", ".1"].iter().any(|end| stem.ends_with(end));
    let after_gc = stem.contains("gc1") && kind != Kind::HeapAfterGc;
    u8::from(again || after_gc)
}

fn unrecognised(shown: &str, kind: Kind, bytes: &[u8]) -> Missing {
    if bytes.is_empty() {
        return Missing::new(shown, "the file is empty");
    }
    if kind == Kind::Html {
        return Missing::new(shown, "this looks like an HTML page, not like evidence")
            .with_hint("check the address it was fetched from: a login page often answers so");
    }
    Missing::new(shown, "nothing that fathom knows: neither a profile nor a file of /proc")
        .with_hint("fathom reads profiles, smaps, status, cgroup files, /debug/vars, goroutine dumps, gctrace logs and bundles")
}

/// Adds what a bundle holds. Two bundles are two moments, which do not mix.
fn merge(recorder: &mut Recorder<'_>, bundle: Capture) -> Result<(), Error> {
    let is_first = recorder.capture.is_empty();
    let names_a_process =
        |capture: &Capture| capture.target.pid.is_some() || capture.target.url.is_some();
    if !is_first && names_a_process(&recorder.capture) && names_a_process(&bundle) {
        return Err(Error::Combination {
            reason: "two bundles, or a bundle and a live process: compare them with --base"
                .to_owned(),
        });
    }
    for artefact in &bundle.artefacts {
        recorder.tell_event(Event::Finished {
            name: &artefact.name,
            bytes: artefact.bytes.len() as u64,
            duration: std::time::Duration::ZERO,
        });
    }
    let capture = &mut recorder.capture;
    if names_a_process(&bundle) || is_first {
        capture.target = bundle.target;
        capture.started_at_unix_nanos = bundle.started_at_unix_nanos;
        capture.finished_at_unix_nanos = bundle.finished_at_unix_nanos;
        capture.tool_version = bundle.tool_version;
    }
    bundle
        .artefacts
        .into_iter()
        .for_each(|artefact: Artefact| capture.push(artefact));
    capture.missing.extend(bundle.missing);
    capture.notes.extend(bundle.notes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_readings_are_told_by_name() {
        assert_eq!(round_of(Kind::Status, "status.txt"), 0);
        assert_eq!(round_of(Kind::Status, "a/status_2.txt"), 1);
        assert_eq!(round_of(Kind::Status, "proc/status.1.txt"), 1);
        assert_eq!(round_of(Kind::ExpVar, "vars_gc1.json"), 1);
        assert_eq!(round_of(Kind::Mutex, "pprof/mutex.1.pb.gz"), 1);
        assert_eq!(round_of(Kind::Mutex, "mutex.pb.gz"), 0);
        assert_eq!(round_of(Kind::HeapAfterGc, "heap_gc1.pb.gz"), 0);
        assert_eq!(round_of(Kind::Status, "status_after3s.txt"), 2);
        assert_eq!(round_of(Kind::CgroupFile, "memory.current"), 0);
    }
}
