//! What has to be done from time to time: compacting, thinning, removing.

use std::fs;
use std::path::Path;

use hashbrown::HashSet;
use rusqlite::Connection;

use crate::answer::Maintenance;
use crate::block::{BlockInfo, blocks};
use crate::compact::{compact, forget};
use crate::cut::{HeadSize, cut};
use crate::listing;
use crate::notes::artefact_path;
use crate::options::{DAY_MS, Options};
use crate::{Error, Result, catalogue};

/// How many blocks become one at a time: each is open meanwhile.
const MOST_AT_ONCE: usize = 8;

/// The level of a block that holds all of a day.
const DAY_LEVEL: i64 = 1;

/// Removes what the catalogue does not know: blocks and artefacts of a process that ended while it
/// wrote them, or that were to be removed.
pub(crate) fn remove_orphans(folder: &Path, connection: &Connection) -> Result<()> {
    let path = catalogue::path(folder);
    let fail = |source| Error::catalogue(&path, source);
    let known = listing::blocks(connection).map_err(fail)?;
    let known: HashSet<String> = known.into_iter().map(|block| block.folder).collect();
    for entry in entries(&blocks(folder)) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !known.contains(&name) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(Error::io(&path))?;
        }
    }
    let known: HashSet<i64> = connection
        .prepare("select id from artefact")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
        .map_err(fail)?;
    let known: HashSet<_> = known
        .into_iter()
        .map(|id| artefact_path(folder, id))
        .collect();
    for entry in entries(&folder.join("artefacts")) {
        let path = entry.path();
        if !known.contains(&path) {
            fs::remove_file(&path).map_err(Error::io(&path))?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Vec<fs::DirEntry> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .collect()
}

/// Does what is due. Tells as well whether the head became a block.
pub(crate) fn maintain(
    folder: &Path,
    connection: &mut Connection,
    options: &Options,
    now_ms: i64,
) -> Result<(Maintenance, bool)> {
    let mut upkeep = Upkeep {
        folder,
        connection,
        options,
        now_ms,
        done: Maintenance::default(),
    };
    let is_cut = upkeep.cut_old_head()?;
    upkeep.remove_old()?;
    upkeep.compact_days()?;
    upkeep.thin()?;
    upkeep.remove_until_it_fits()?;
    Ok((upkeep.done, is_cut))
}

struct Upkeep<'u> {
    folder: &'u Path,
    connection: &'u mut Connection,
    options: &'u Options,
    now_ms: i64,
    done: Maintenance,
}

impl Upkeep<'_> {
    fn fail(&self, source: rusqlite::Error) -> Error {
        Error::catalogue(&catalogue::path(self.folder), source)
    }

    fn blocks(&self) -> Result<Vec<BlockInfo>> {
        listing::blocks(self.connection).map_err(|source| self.fail(source))
    }

    /// A head to which nothing is appended any more becomes a block too.
    fn cut_old_head(&mut self) -> Result<bool> {
        let size = HeadSize::measure(self.connection).map_err(|source| self.fail(source))?;
        let age = |(first_ms, _)| self.now_ms.saturating_sub(first_ms);
        let is_due = size
            .times
            .map(age)
            .is_some_and(|age| age >= self.options.head_ms);
        if is_due {
            cut(self.folder, self.connection)?;
        }
        Ok(is_due)
    }

    fn remove_folders(&self, names: &[String]) -> Result<()> {
        for name in names {
            let path = blocks(self.folder).join(name);
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io(&path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn remove(&mut self, block: &BlockInfo) -> Result<()> {
        forget(self.connection, block.id).map_err(|source| self.fail(source))?;
        self.done.removed += 1;
        self.remove_folders(std::slice::from_ref(&block.folder))
    }

    /// Removes what is older than it may be.
    fn remove_old(&mut self) -> Result<()> {
        let oldest_ms = self.now_ms.saturating_sub(self.options.keep_ms);
        for block in self.blocks()? {
            if block.last_ms < oldest_ms {
                self.remove(&block)?;
            }
        }
        let removals = [
            "delete from mark where at_ms < ?1",
            "delete from finding where last_ms < ?1",
            "delete from run where last_ms < ?1
                 and id not in (select max(id) from run group by target)",
        ];
        for removal in removals {
            self.connection
                .execute(removal, [oldest_ms])
                .map_err(|source| self.fail(source))?;
        }
        for (id, at_ms, _) in self.artefacts()? {
            if at_ms < oldest_ms {
                self.remove_artefact(id)?;
            }
        }
        Ok(())
    }

    fn artefacts(&self) -> Result<Vec<(i64, i64, u64)>> {
        self.connection
            .prepare("select id, at_ms, bytes from artefact order by at_ms, id")
            .and_then(|mut select| {
                let rows = select.query_map([], |row| {
                    let bytes: i64 = row.get(2)?;
                    Ok((row.get(0)?, row.get(1)?, bytes.unsigned_abs()))
                })?;
                rows.collect()
            })
            .map_err(|source| self.fail(source))
    }

    fn remove_artefact(&mut self, id: i64) -> Result<()> {
        self.connection
            .execute("delete from artefact where id = ?1", [id])
            .map_err(|source| self.fail(source))?;
        self.done.artefacts_removed += 1;
        let path = artefact_path(self.folder, id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(&path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Makes one block of those of a day that is over.
    fn compact_days(&mut self) -> Result<()> {
        loop {
            let blocks = self.blocks()?;
            let Some(group) = self.next_group(&blocks) else {
                return Ok(());
            };
            let is_rest = group.len() < MOST_AT_ONCE;
            let level = if is_rest { DAY_LEVEL } else { 0 };
            let oldest = group.iter().map(|block| block.last_ms).max().unwrap_or(0);
            let resolution = group
                .iter()
                .map(|block| block.resolution_ms)
                .max()
                .unwrap_or(0);
            let wanted = self.options.resolution(self.now_ms.saturating_sub(oldest));
            let names = compact(
                self.folder,
                self.connection,
                &group,
                level,
                resolution.max(wanted),
            )?;
            self.done.compacted += group.len();
            self.remove_folders(&names)?;
        }
    }

    /// Blocks of one day, at least two, that follow each other.
    fn next_group(&self, blocks: &[BlockInfo]) -> Option<Vec<BlockInfo>> {
        let day = |at_ms: i64| at_ms.div_euclid(DAY_MS);
        let is_over = |block: &BlockInfo| day(block.first_ms) < day(self.now_ms);
        let mut group: Vec<BlockInfo> = Vec::new();
        for block in blocks.iter().filter(|block| is_over(block)) {
            let follows = group.last().is_some_and(|last| {
                last.last_ms < block.first_ms && day(last.first_ms) == day(block.first_ms)
            });
            if !follows {
                if group.len() > 1 {
                    break;
                }
                group.clear();
            }
            group.push(block.clone());
            if group.len() == MOST_AT_ONCE {
                break;
            }
        }
        (group.len() > 1).then_some(group)
    }

    /// Thins what is old enough for it.
    fn thin(&mut self) -> Result<()> {
        for block in self.blocks()? {
            let age = self.now_ms.saturating_sub(block.last_ms);
            let wanted = self.options.resolution(age);
            if wanted > block.resolution_ms {
                let level = block.level;
                let group = [block];
                let names = compact(self.folder, self.connection, &group, level, wanted)?;
                self.done.thinned += 1;
                self.remove_folders(&names)?;
            }
        }
        Ok(())
    }

    /// Removes the oldest until the rest has no more bytes than it may have.
    fn remove_until_it_fits(&mut self) -> Result<()> {
        self.give_space_back()?;
        let mut bytes = listing::usage(self.folder)?.total();
        let mut blocks = self.blocks()?;
        blocks.sort_by_key(|block| block.last_ms);
        let mut blocks = blocks.into_iter().peekable();
        let mut artefacts = self.artefacts()?.into_iter().peekable();
        while bytes > self.options.keep_bytes {
            let block_ms = blocks.peek().map(|block| block.last_ms);
            let artefact_ms = artefacts.peek().map(|(_, at_ms, _)| *at_ms);
            if let Some(at_ms) = artefact_ms
                && block_ms.is_none_or(|block_ms| at_ms < block_ms)
            {
                if let Some((id, _, size)) = artefacts.next() {
                    self.remove_artefact(id)?;
                    bytes = bytes.saturating_sub(size);
                }
            } else if let Some(block) = blocks.next() {
                self.remove(&block)?;
                bytes = bytes.saturating_sub(block.bytes);
            } else {
                break;
            }
        }
        self.give_space_back()
    }

    /// Shortens the catalogue by what it does not use.
    fn give_space_back(&self) -> Result<()> {
        self.connection
            .execute_batch("pragma incremental_vacuum; pragma wal_checkpoint(truncate);")
            .map_err(|source| self.fail(source))
    }
}
