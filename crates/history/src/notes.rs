//! Marks, findings and artefacts.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension as _, params};

use crate::answer::{ArtefactInfo, KeptFinding, Range, TargetMark};
use crate::embedded::Snapshot;
use crate::listing::{TargetRow, chosen};
use crate::scrape::MarkKind;
use crate::writer::{Writer, insert_mark};
use crate::{Error, Labels, Mark, Result, Selector, catalogue};

fn labels_of(targets: &[TargetRow], id: i64) -> Option<&Labels> {
    let target = targets.iter().find(|target| target.id == id);
    target.map(|target| &target.labels)
}

/// Lists marks.
pub(crate) fn marks(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    range: Range,
) -> Result<Vec<TargetMark>> {
    let fail = |source| snapshot.fail(source);
    let targets = chosen(snapshot, selector)?;
    let mut select = snapshot
        .connection
        .prepare_cached(
            "select target, at_ms, kind, text from mark where at_ms >= ?1 and at_ms < ?2
             order by at_ms, id",
        )
        .map_err(fail)?;
    let rows = select
        .query_map([range.from_ms, range.to_ms], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .map_err(fail)?;
    let mut marks = Vec::new();
    for row in rows {
        let (target, at_ms, kind, text): (Option<i64>, i64, String, String) = row.map_err(fail)?;
        let target = match target {
            None => None,
            Some(id) => match labels_of(&targets, id) {
                Some(labels) => Some(labels.clone()),
                None => continue,
            },
        };
        let kind = MarkKind::named(&kind).unwrap_or(MarkKind::Note);
        marks.push(TargetMark {
            target,
            mark: Mark { at_ms, kind, text },
        });
    }
    Ok(marks)
}

/// Adds a mark.
pub(crate) fn add_mark(writer: &mut Writer, target: Option<&Labels>, mark: &Mark) -> Result<()> {
    let target = match target {
        Some(labels) => Some(writer.target_id(labels)?),
        None => None,
    };
    insert_mark(&writer.connection, target, mark).map_err(|source| writer.fail(source))
}

/// Keeps a finding.
pub(crate) fn put_finding(writer: &mut Writer, finding: &KeptFinding) -> Result<()> {
    let target = writer.target_id(&finding.target)?;
    writer
        .connection
        .execute(
            "insert into finding values (?1, ?2, ?3, ?4, ?5)
             on conflict (target, id) do update set
                 first_ms = min(first_ms, excluded.first_ms),
                 last_ms = max(last_ms, excluded.last_ms),
                 payload = excluded.payload",
            params![
                target,
                finding.id,
                finding.first_ms,
                finding.last_ms,
                finding.payload.to_string()
            ],
        )
        .map_err(|source| writer.fail(source))?;
    Ok(())
}

/// Lists findings.
pub(crate) fn findings(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    range: Range,
) -> Result<Vec<KeptFinding>> {
    let fail = |source| snapshot.fail(source);
    let mut findings = Vec::new();
    for target in chosen(snapshot, selector)? {
        let mut select = snapshot
            .connection
            .prepare_cached(
                "select id, first_ms, last_ms, payload from finding
                 where target = ?1 and last_ms >= ?2 and first_ms < ?3",
            )
            .map_err(fail)?;
        let rows = select
            .query_map(params![target.id, range.from_ms, range.to_ms], |row| {
                let payload: String = row.get(3)?;
                Ok(KeptFinding {
                    id: row.get(0)?,
                    target: target.labels.clone(),
                    first_ms: row.get(1)?,
                    last_ms: row.get(2)?,
                    payload: serde_json::from_str(&payload).unwrap_or_default(),
                })
            })
            .map_err(fail)?;
        for row in rows {
            findings.push(row.map_err(fail)?);
        }
    }
    findings.sort_by(|a, b| {
        let names = (&a.target, &a.id).cmp(&(&b.target, &b.id));
        b.last_ms.cmp(&a.last_ms).then(names)
    });
    Ok(findings)
}

/// Where the bytes of an artefact lie.
pub(crate) fn artefact_path(folder: &Path, id: i64) -> PathBuf {
    folder.join("artefacts").join(format!("{id}.fathom"))
}

/// Keeps bytes: first the file, then its row.
pub(crate) fn put_artefact(
    folder: &Path,
    writer: &mut Writer,
    info: &ArtefactInfo,
    bytes: &[u8],
) -> Result<ArtefactInfo> {
    let target = writer.target_id(&info.target)?;
    let path = catalogue::path(folder);
    let fail = |source| Error::catalogue(&path, source);
    let length = bytes.len() as u64;
    let transaction = writer.connection.transaction().map_err(fail)?;
    transaction
        .execute(
            "insert into artefact (target, finding, name, at_ms, bytes)
             values (?1, ?2, ?3, ?4, ?5)",
            params![
                target,
                info.finding,
                info.name,
                info.at_ms,
                i64::try_from(length).unwrap_or(i64::MAX)
            ],
        )
        .map_err(fail)?;
    let id = transaction.last_insert_rowid();
    let place = artefact_path(folder, id);
    let shelf = folder.join("artefacts");
    fs::create_dir_all(&shelf).map_err(Error::io(&shelf))?;
    write_durably(&place, bytes)?;
    transaction.commit().map_err(fail)?;
    Ok(ArtefactInfo {
        id,
        bytes: length,
        ..info.clone()
    })
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| {
        let _ = fs::remove_file(path);
        Error::io(path)(error)
    })
}

/// Lists artefacts.
pub(crate) fn artefacts(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    range: Range,
) -> Result<Vec<ArtefactInfo>> {
    let fail = |source| snapshot.fail(source);
    let targets = chosen(snapshot, selector)?;
    let mut select = snapshot
        .connection
        .prepare_cached(
            "select id, target, finding, name, at_ms, bytes from artefact
             where at_ms >= ?1 and at_ms < ?2 order by at_ms, id",
        )
        .map_err(fail)?;
    let mut rows = select.query([range.from_ms, range.to_ms]).map_err(fail)?;
    let mut artefacts = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let Some(labels) = labels_of(&targets, row.get(1).map_err(fail)?) else {
            continue;
        };
        let bytes: i64 = row.get(5).map_err(fail)?;
        artefacts.push(ArtefactInfo {
            id: row.get(0).map_err(fail)?,
            target: labels.clone(),
            finding: row.get(2).map_err(fail)?,
            name: row.get(3).map_err(fail)?,
            at_ms: row.get(4).map_err(fail)?,
            bytes: bytes.unsigned_abs(),
        });
    }
    Ok(artefacts)
}

/// Reads the bytes of an artefact.
pub(crate) fn artefact(snapshot: &Snapshot<'_>, id: i64) -> Result<Option<Vec<u8>>> {
    let known: Option<i64> = snapshot
        .connection
        .query_row("select id from artefact where id = ?1", [id], |row| {
            row.get(0)
        })
        .optional()
        .map_err(|source| snapshot.fail(source))?;
    if known.is_none() {
        return Ok(None);
    }
    let path = artefact_path(snapshot.folder, id);
    fs::read(&path).map(Some).map_err(Error::io(&path))
}
