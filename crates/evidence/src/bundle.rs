//! The bundle file: a capture as a plain zip.
//!
//! A bundle (`*.fathom`) is a zip archive whose first entry is
//! `manifest.json`; every other entry is an artefact under a telling name, so
//! that anyone can unzip it and run `go tool pprof` on its parts. The manifest
//! comes first so that a bundle that was cut off can still be read as far as
//! it goes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read, Seek, Write};

use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::{Artefact, Capture, Error, FORMAT, Kind, Limits, Missing, Target, identify, redact};

/// What the schema of a manifest begins with; the format's number follows.
const SCHEMA: &str = "fathom.bundle/";

/// Name of the manifest inside the archive.
const MANIFEST: &str = "manifest.json";

#[derive(Serialize, Deserialize)]
struct Manifest {
    schema: String,
    #[serde(default)]
    tool_version: String,
    #[serde(default)]
    target: Target,
    #[serde(default)]
    started_at_unix_nanos: u64,
    #[serde(default)]
    finished_at_unix_nanos: u64,
    #[serde(default)]
    artefacts: Vec<Entry>,
    #[serde(default)]
    missing: Vec<Missing>,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    kind: Kind,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    taken_at_unix_nanos: u64,
    #[serde(default)]
    duration_nanos: u64,
    #[serde(default)]
    round: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    go_version: Option<String>,
    #[serde(default)]
    size_bytes: u64,
}

/// An artefact's name inside the archive, and its bytes without secrets.
type CleanEntry<'a> = (String, Cow<'a, [u8]>);

/// What could be read of an archive: its entries in order, and where and why
/// reading ended early.
#[derive(Default)]
struct Contents {
    entries: Vec<(String, Vec<u8>)>,
    broken: Vec<Missing>,
    cut_at: Option<u64>,
}

impl Capture {
    /// Writes the capture as a bundle.
    ///
    /// Credentials in addresses, and command lines and environments that
    /// `/debug/vars` published, are left out ([`redact`]).
    ///
    /// # Errors
    ///
    /// [`Error::Write`] if the writer fails.
    pub fn write_bundle(&self, writer: impl Write + Seek) -> Result<(), Error> {
        let write_error = |error: &dyn std::fmt::Display| Error::Write {
            reason: error.to_string(),
        };
        let mut taken = HashSet::from([MANIFEST.to_owned()]);
        let cleaned: Vec<CleanEntry<'_>> = self
            .artefacts
            .iter()
            .enumerate()
            .map(|(index, artefact)| {
                let bytes = match artefact.kind {
                    Kind::ExpVar => redact::expvar(&artefact.bytes).into(),
                    _ => artefact.bytes.as_slice().into(),
                };
                let mut name = safe_name(&artefact.name);
                if !taken.insert(name.clone()) {
                    name = format!("artefact-{index}/{name}");
                }
                (name, bytes)
            })
            .collect();
        let manifest = self.manifest(&cleaned);
        let json = serde_json::to_vec_pretty(&manifest).map_err(|error| write_error(&error))?;

        let mut archive = ZipWriter::new(writer);
        let manifest_entry = (MANIFEST.to_owned(), json.into());
        for (name, bytes) in std::iter::once(&manifest_entry).chain(&cleaned) {
            let compressed = bytes.starts_with(&[0x1f, 0x8b]);
            let method = if compressed {
                CompressionMethod::Stored
            } else {
                CompressionMethod::Deflated
            };
            let options = SimpleFileOptions::default()
                .compression_method(method)
                .large_file(u32::try_from(bytes.len()).is_err());
            archive
                .start_file(name.as_str(), options)
                .map_err(|error| write_error(&error))?;
            archive
                .write_all(bytes)
                .map_err(|error| write_error(&error))?;
        }
        let mut inner = archive.finish().map_err(|error| write_error(&error))?;
        inner.flush().map_err(|error| write_error(&error))
    }

    fn manifest(&self, cleaned: &[CleanEntry<'_>]) -> Manifest {
        let artefacts = self
            .artefacts
            .iter()
            .zip(cleaned)
            .map(|(artefact, (name, bytes))| Entry {
                name: name.clone(),
                kind: artefact.kind,
                origin: redact::url(&artefact.origin),
                taken_at_unix_nanos: artefact.taken_at_unix_nanos,
                duration_nanos: artefact.duration_nanos,
                round: artefact.round,
                go_version: artefact.go_version.clone(),
                size_bytes: bytes.len() as u64,
            })
            .collect();
        let missing = self
            .missing
            .iter()
            .map(|missing| Missing {
                what: redact::sentence(&missing.what),
                why: redact::sentence(&missing.why),
                hint: missing.hint.as_deref().map(redact::sentence),
            })
            .collect();
        Manifest {
            schema: format!("{SCHEMA}{FORMAT}"),
            tool_version: self.tool_version.clone(),
            target: Target {
                url: self.target.url.as_deref().map(redact::url),
                ..self.target.clone()
            },
            started_at_unix_nanos: self.started_at_unix_nanos,
            finished_at_unix_nanos: self.finished_at_unix_nanos,
            artefacts,
            missing,
            notes: self
                .notes
                .iter()
                .map(|note| redact::sentence(note))
                .collect(),
        }
    }

    /// Reads a bundle; `name` names the input in errors.
    ///
    /// A bundle that was cut off, or an entry that is damaged, gives what
    /// could be read, and says in [`Capture::missing`] what could not. A zip
    /// of loose evidence without a manifest is read as such. Names that point
    /// outside the archive are made harmless.
    ///
    /// # Errors
    ///
    /// [`Error::NotABundle`] for anything else, [`Error::NewerFormat`],
    /// [`Error::Manifest`], [`Error::Limit`], and [`Error::Cut`] if it ends
    /// before the manifest does.
    pub fn read_bundle(bytes: &[u8], name: &str, limits: &Limits) -> Result<Self, Error> {
        if !bytes.starts_with(b"PK\x03\x04") {
            return Err(Error::NotABundle {
                name: name.to_owned(),
                reason: "it does not begin as a zip archive does".to_owned(),
            });
        }
        let contents = match ZipArchive::new(Cursor::new(bytes)) {
            Ok(archive) => read_archive(archive, name, limits)?,
            // No central directory: the file was cut off. The entries that
            // precede the cut can still be read one after another.
            Err(_) => read_stream(bytes, name, limits)?,
        };
        let manifest = contents.entries.iter().find(|(entry, _)| entry == MANIFEST);
        match manifest {
            Some((_, json)) => {
                let manifest = read_manifest(json, name)?;
                Ok(assemble(manifest, contents))
            }
            None => match contents.cut_at {
                Some(offset) => Err(Error::Cut {
                    name: name.to_owned(),
                    offset,
                }),
                None => loose_archive(contents, name),
            },
        }
    }
}

/// Reads the entries through the central directory.
fn read_archive(
    mut archive: ZipArchive<Cursor<&[u8]>>,
    name: &str,
    limits: &Limits,
) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    let mut budget = Budget::new(name, limits);
    budget.entries(archive.len())?;
    for index in 0..archive.len() {
        let shown_name = match archive.name_for_index(index) {
            Some(Ok(entry_name)) => safe_name(&entry_name),
            _ => format!("entry {index}"),
        };
        let mut entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(error) => {
                contents
                    .broken
                    .push(Missing::new(shown_name, error.to_string()));
                continue;
            }
        };
        if entry.is_dir() {
            continue;
        }
        let entry_name = safe_name(&String::from_utf8_lossy(entry.name_raw()));
        match budget.read(&mut entry, &entry_name)? {
            Ok(bytes) => contents.entries.push((entry_name, bytes)),
            Err(reason) => contents.broken.push(Missing::new(
                entry_name,
                format!("damaged inside the bundle: {reason}"),
            )),
        }
    }
    Ok(contents)
}

/// Reads the entries one after another, until the bytes end or make no sense.
fn read_stream(bytes: &[u8], name: &str, limits: &Limits) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    let mut budget = Budget::new(name, limits);
    let mut cursor = Cursor::new(bytes);
    let mut complete_to = 0;
    loop {
        let entry_name;
        let outcome;
        match zip::read::read_zipfile_from_stream(&mut cursor) {
            Ok(Some(mut entry)) => {
                budget.entries(contents.entries.len() + 1)?;
                entry_name = safe_name(&String::from_utf8_lossy(entry.name_raw()));
                outcome = budget.read(&mut entry, &entry_name)?;
            }
            _ => break,
        }
        match outcome {
            Ok(entry_bytes) => contents.entries.push((entry_name, entry_bytes)),
            Err(_) => break,
        }
        complete_to = cursor.position();
    }
    contents.cut_at = Some(complete_to);
    Ok(contents)
}

/// What the limits still allow.
struct Budget<'a> {
    input: &'a str,
    limits: &'a Limits,
    left: u64,
}

impl<'a> Budget<'a> {
    fn new(input: &'a str, limits: &'a Limits) -> Self {
        Self {
            input,
            limits,
            left: limits.max_total_bytes,
        }
    }

    fn limit(&self, what: impl Into<String>, limit: u64) -> Error {
        Error::Limit {
            name: self.input.to_owned(),
            what: what.into(),
            limit,
        }
    }

    fn entries(&self, count: usize) -> Result<(), Error> {
        if count > self.limits.max_entries {
            return Err(self.limit("number of entries", self.limits.max_entries as u64));
        }
        Ok(())
    }

    /// Reads an entry to its end. The inner error says that the entry is
    /// damaged, the outer that a limit was passed.
    fn read(
        &mut self,
        entry: &mut impl Read,
        name: &str,
    ) -> Result<Result<Vec<u8>, String>, Error> {
        let entry_limit = if name == MANIFEST {
            self.limits.max_manifest_bytes
        } else {
            self.limits.max_entry_bytes
        };
        let most = entry_limit.min(self.left);
        let mut bytes = Vec::new();
        let outcome = entry.take(most.saturating_add(1)).read_to_end(&mut bytes);
        let length = bytes.len() as u64;
        if length > entry_limit {
            return Err(self.limit(format!("bytes of {name}"), entry_limit));
        }
        if length > self.left {
            return Err(self.limit("bytes in all", self.limits.max_total_bytes));
        }
        self.left -= length;
        Ok(match outcome {
            Ok(_) => Ok(bytes),
            Err(error) => Err(error.to_string()),
        })
    }
}

fn read_manifest(json: &[u8], name: &str) -> Result<Manifest, Error> {
    #[derive(Deserialize)]
    struct Schema {
        schema: String,
    }
    let manifest_error = |error: serde_json::Error| Error::Manifest {
        name: name.to_owned(),
        line: error.line(),
        column: error.column(),
        reason: error.to_string(),
    };
    let Schema { schema } = serde_json::from_slice(json).map_err(manifest_error)?;
    let format = schema
        .strip_prefix(SCHEMA)
        .and_then(|format| format.parse::<u32>().ok())
        .ok_or_else(|| Error::NotABundle {
            name: name.to_owned(),
            reason: format!("its manifest says schema {schema:?}"),
        })?;
    if format > FORMAT {
        return Err(Error::NewerFormat {
            name: name.to_owned(),
            found: schema,
            supported: FORMAT,
        });
    }
    serde_json::from_slice(json).map_err(manifest_error)
}

/// Joins the manifest and the entries it describes.
fn assemble(manifest: Manifest, contents: Contents) -> Capture {
    let mut bytes_by_name: HashMap<String, Vec<u8>> = contents.entries.into_iter().collect();
    bytes_by_name.remove(MANIFEST);
    let mut capture = Capture {
        format: FORMAT,
        tool_version: manifest.tool_version,
        target: manifest.target,
        started_at_unix_nanos: manifest.started_at_unix_nanos,
        finished_at_unix_nanos: manifest.finished_at_unix_nanos,
        artefacts: Vec::new(),
        missing: manifest.missing,
        notes: manifest.notes,
    };
    for entry in manifest.artefacts {
        let name = safe_name(&entry.name);
        let Some(bytes) = bytes_by_name.remove(&name) else {
            if !contents.broken.iter().any(|missing| missing.what == name) {
                let why = match contents.cut_at {
                    Some(offset) => format!("the bundle is cut off at byte {offset}"),
                    None => "named in the manifest, and not in the bundle".to_owned(),
                };
                capture.missing.push(Missing::new(name, why));
            }
            continue;
        };
        capture.push(Artefact {
            kind: entry.kind,
            name,
            origin: entry.origin,
            taken_at_unix_nanos: entry.taken_at_unix_nanos,
            duration_nanos: entry.duration_nanos,
            round: entry.round,
            go_version: entry.go_version,
            bytes,
        });
    }
    capture.missing.extend(contents.broken);
    if let Some(offset) = contents.cut_at {
        capture.notes.push(format!(
            "the bundle is cut off at byte {offset}; what precedes the cut is used"
        ));
    }
    // What someone added to the archive by hand is evidence as well.
    let mut added: Vec<_> = bytes_by_name.into_iter().collect();
    added.sort();
    for (name, bytes) in added {
        let kind = identify(&name, &bytes);
        capture.push(Artefact::new(kind, name, bytes));
    }
    capture
}

/// Reads a zip without a manifest as loose files.
fn loose_archive(contents: Contents, name: &str) -> Result<Capture, Error> {
    let mut capture = Capture::new();
    for (entry_name, bytes) in contents.entries {
        let kind = identify(&entry_name, &bytes);
        capture.push(Artefact::new(kind, entry_name, bytes));
    }
    let recognised = capture
        .artefacts
        .iter()
        .any(|artefact| !matches!(artefact.kind, Kind::Unknown | Kind::Html));
    if !recognised {
        return Err(Error::NotABundle {
            name: name.to_owned(),
            reason: "the archive has no manifest.json and nothing that looks like evidence"
                .to_owned(),
        });
    }
    capture.missing.extend(contents.broken);
    capture.notes.push(format!(
        "{name} has no manifest: its files were read as loose evidence"
    ));
    Ok(capture)
}

/// Returns a name that points nowhere but into the archive: relative, without
/// `..`, backslashes or control characters, and never the manifest's.
fn safe_name(name: &str) -> String {
    let cleaned: String = name
        .chars()
        .map(|character| match character {
            '\\' => '/',
            ':' => '_',
            other if other.is_control() => '_',
            other => other,
        })
        .collect();
    let parts: Vec<&str> = cleaned
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."))
        .collect();
    if parts.is_empty() {
        return "unnamed".to_owned();
    }
    parts.join("/")
}
