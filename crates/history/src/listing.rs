//! What a history holds: targets, series, bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fathom_series::Kind;
use rusqlite::{Connection, params};

use crate::answer::{Family, Range, Run, SeriesInfo, TargetInfo, Usage};
use crate::block::BlockInfo;
use crate::embedded::Snapshot;
use crate::{Error, Labels, Result, Selector, Semantics, catalogue};

/// A target's row.
#[derive(Clone, Debug)]
pub(crate) struct TargetRow {
    pub(crate) id: i64,
    pub(crate) labels: Labels,
}

/// Finds the targets that a selector chooses, sorted by labels.
pub(crate) fn chosen(snapshot: &Snapshot<'_>, selector: &Selector) -> Result<Vec<TargetRow>> {
    let fail = |source| snapshot.fail(source);
    let mut select = snapshot
        .connection
        .prepare_cached("select id, labels from target")
        .map_err(fail)?;
    let rows = select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(fail)?;
    let mut targets = Vec::new();
    for row in rows {
        let (id, text): (i64, String) = row.map_err(fail)?;
        let labels: Labels = serde_json::from_str(&text).map_err(|error| {
            let path = catalogue::path(snapshot.folder);
            Error::damaged(&path, format!("labels of target {id}: {error}"))
        })?;
        if selector.chooses(&labels) {
            targets.push(TargetRow { id, labels });
        }
    }
    targets.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(targets)
}

/// Reads the runs of a target, oldest first.
pub(crate) fn runs(snapshot: &Snapshot<'_>, target: i64) -> Result<Vec<Run>> {
    let fail = |source| snapshot.fail(source);
    let mut select = snapshot
        .connection
        .prepare_cached(
            "select started_ms, first_ms, last_ms, build from run where target = ?1 order by id",
        )
        .map_err(fail)?;
    let rows = select.query_map([target], |row| {
        let build: String = row.get(3)?;
        Ok(Run {
            started_ms: row.get(0)?,
            first_ms: row.get(1)?,
            last_ms: row.get(2)?,
            build: serde_json::from_str(&build).unwrap_or_default(),
        })
    });
    rows.and_then(Iterator::collect).map_err(fail)
}

/// Lists all targets.
pub(crate) fn targets(snapshot: &Snapshot<'_>) -> Result<Vec<TargetInfo>> {
    let fail = |source| snapshot.fail(source);
    let mut targets = Vec::new();
    for row in chosen(snapshot, &Selector::all())? {
        let runs = runs(snapshot, row.id)?;
        let blocks: i64 = snapshot
            .connection
            .prepare_cached("select coalesce(sum(bytes), 0) from block_share where target = ?1")
            .and_then(|mut select| select.query_row([row.id], |row| row.get(0)))
            .map_err(fail)?;
        let head: i64 = snapshot
            .connection
            .prepare_cached(
                "select (select coalesce(sum(length(points)), 0) from scrape where target = ?1)
                 + (select coalesce(sum(length(changes)), 0) from head_profile
                    where stream in (select id from stream where target = ?1))",
            )
            .and_then(|mut select| select.query_row([row.id], |row| row.get(0)))
            .map_err(fail)?;
        targets.push(TargetInfo {
            first_ms: runs.iter().map(|run| run.first_ms).min().unwrap_or(0),
            last_ms: runs.iter().map(|run| run.last_ms).max().unwrap_or(0),
            bytes: (blocks + head).unsigned_abs(),
            labels: row.labels,
            runs,
        });
    }
    Ok(targets)
}

/// Lists the series of the chosen targets.
pub(crate) fn series(snapshot: &Snapshot<'_>, selector: &Selector) -> Result<Vec<SeriesInfo>> {
    let fail = |source| snapshot.fail(source);
    let mut all = Vec::new();
    for target in chosen(snapshot, selector)? {
        let mut select = snapshot
            .connection
            .prepare_cached("select name, meaning, unit, detail from series where target = ?1")
            .map_err(fail)?;
        let rows = select
            .query_map(params![target.id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .map_err(fail)?;
        for row in rows {
            let (name, meaning, unit, detail): (String, String, String, String) =
                row.map_err(fail)?;
            let mut push = |name: String, family: Family, unit: &str| {
                all.push(SeriesInfo {
                    target: target.labels.clone(),
                    name,
                    family,
                    unit: unit.to_owned(),
                });
            };
            if let Ok(kind) = meaning.parse::<Kind>() {
                push(name, Family::Points(kind), &unit);
            } else if let Some(semantics) = Semantics::named(&meaning) {
                let words =
                    |text: &str| -> Vec<String> { serde_json::from_str(text).unwrap_or_default() };
                for (kind, unit) in words(&detail).iter().zip(words(&unit)) {
                    push(format!("{name}/{kind}"), Family::Stacks(semantics), &unit);
                }
            }
        }
    }
    all.sort_by(|a, b| {
        let key = |info: &SeriesInfo| (info.target.clone(), info.name.clone(), info.family);
        key(a).cmp(&key(b))
    });
    all.dedup();
    Ok(all)
}

/// Lists the blocks that may hold something of a range, in order of time.
pub(crate) fn blocks_in(snapshot: &Snapshot<'_>, range: Range) -> Result<Vec<BlockInfo>> {
    let blocks = blocks(snapshot.connection).map_err(|source| snapshot.fail(source))?;
    let is_in = |block: &BlockInfo| block.first_ms < range.to_ms && block.last_ms >= range.from_ms;
    Ok(blocks.into_iter().filter(is_in).collect())
}

/// Lists all blocks in order of time.
pub(crate) fn blocks(connection: &Connection) -> rusqlite::Result<Vec<BlockInfo>> {
    connection
        .prepare_cached(
            "select id, folder, first_ms, last_ms, level, resolution_ms, bytes from block
             order by first_ms, id",
        )?
        .query_map([], |row| {
            let bytes: i64 = row.get(6)?;
            Ok(BlockInfo {
                id: row.get(0)?,
                folder: row.get(1)?,
                first_ms: row.get(2)?,
                last_ms: row.get(3)?,
                level: row.get(4)?,
                resolution_ms: row.get(5)?,
                bytes: bytes.unsigned_abs(),
            })
        })?
        .collect()
}

/// Adds up the files of a folder by name; what vanishes meanwhile counts as nothing.
pub(crate) fn usage(folder: &Path) -> Result<Usage> {
    let mut usage = Usage::default();
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("catalog.sqlite") {
            usage.catalogue += entry.metadata().map_or(0, |metadata| metadata.len());
        }
    }
    for block in folders_in(&folder.join("blocks")) {
        for (name, bytes) in files_in(&block) {
            *usage.blocks.entry(name).or_default() += bytes;
        }
    }
    usage.artefacts = files_in(&folder.join("artefacts")).values().sum();
    Ok(usage)
}

fn folders_in(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

/// The files of a folder with their lengths; none when it cannot be read.
pub(crate) fn files_in(folder: &Path) -> BTreeMap<String, u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, metadata.len()))
        })
        .collect()
}
