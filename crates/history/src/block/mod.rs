//! Blocks: folders of Parquet files that are written once.
//!
//! `docs/history.md` tells what the columns mean. The rows of all files are sorted, frames and
//! stacks by what they say, so that blocks are merged while they are read.

mod read;
mod samples;
mod table;
mod write;

pub(crate) use read::{BlockReader, ProfileRow, ProfileStream, SampleStream, StackStream};
pub(crate) use samples::{Needs, SamplePart};
pub(crate) use write::{BlockWriter, SeriesRow};

use std::path::{Path, PathBuf};

/// The names of a block's files.
pub(crate) const FRAMES: &str = "frames.parquet";
pub(crate) const STACKS: &str = "stacks.parquet";
pub(crate) const SAMPLES: &str = "samples.parquet";
pub(crate) const PROFILES: &str = "profiles.parquet";
pub(crate) const SERIES: &str = "series.parquet";
pub(crate) const POINTS: &str = "points.parquet";
pub(crate) const HISTOGRAMS: &str = "histograms.parquet";

/// A block's row in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlockInfo {
    pub(crate) id: i64,
    pub(crate) folder: String,
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
    pub(crate) level: i64,
    pub(crate) resolution_ms: i64,
    pub(crate) bytes: u64,
}

impl BlockInfo {
    /// Where its files lie.
    pub(crate) fn path(&self, folder: &Path) -> PathBuf {
        blocks(folder).join(&self.folder)
    }
}

/// Where the blocks of a history lie.
pub(crate) fn blocks(folder: &Path) -> PathBuf {
    folder.join("blocks")
}
