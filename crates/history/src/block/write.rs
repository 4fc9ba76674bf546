//! Writing a block.

use std::fs;
use std::path::{Path, PathBuf};

use super::table::{Column, Column as C, Table};
use super::{FRAMES, HISTOGRAMS, POINTS, PROFILES, ProfileRow, SAMPLES, SERIES, STACKS};
use crate::curves::Point;
use crate::dictionary::{FrameRow, StackRow};
use crate::rows::Row;
use crate::{Error, Result};

/// What a block tells of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SeriesRow {
    pub(crate) series: i64,
    /// The labels as JSON.
    pub(crate) target: String,
    pub(crate) name: String,
    pub(crate) meaning: String,
    /// The sample types of `value_a` and `value_b`, or empty.
    pub(crate) types: [String; 2],
    pub(crate) units: [String; 2],
    /// The boundaries of a histogram, or empty.
    pub(crate) boundaries: String,
}

/// A block that is being written, in a folder of its own until it is whole. Rows must come in
/// their order. Dropped before [`BlockWriter::finish`], it leaves no trace.
#[derive(Debug)]
pub(crate) struct BlockWriter {
    folder: PathBuf,
    is_finished: bool,
    frames: Option<Table>,
    stacks: Option<Table>,
    samples: Option<Table>,
    profiles: Option<Table>,
    series: Option<Table>,
    points: Option<Table>,
    histograms: Option<Table>,
    frame_count: u32,
    stack_count: u32,
    last_series: Option<i64>,
    /// How many rows each series has.
    pub(crate) rows: hashbrown::HashMap<i64, u64>,
}

macro_rules! push {
    ($table:expr, $($kind:ident $value:expr),+ $(,)?) => {{
        if let Some(table) = $table.as_mut() {
            let mut columns = table.columns.iter_mut();
            $(if let Some(Column::$kind(values)) = columns.next() {
                values.push($value);
            })+
            table.row()?;
        }
    }};
}

impl BlockWriter {
    /// Begins a block in a new folder.
    pub(crate) fn new(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let at = folder.as_path();
        let new = || Vec::new();
        let table = |name, names, columns| Some(Table::new(at, name, names, columns));
        Ok(Self {
            is_finished: false,
            frames: table(
                FRAMES,
                &[
                    "frame",
                    "function",
                    "file",
                    "line",
                    "system_name",
                    "start_line",
                    "column",
                    "inlined",
                    "bare",
                ],
                vec![
                    C::Id(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Whole(new()),
                    C::Text(vec![]),
                    C::Whole(new()),
                    C::Whole(new()),
                    C::Flag(vec![]),
                    C::Flag(vec![]),
                ],
            ),
            stacks: table(
                STACKS,
                &["stack", "frames", "labels", "ordinal"],
                vec![
                    C::Id(vec![]),
                    C::Ids(vec![]),
                    C::Text(vec![]),
                    C::Id(vec![]),
                ],
            ),
            samples: table(
                SAMPLES,
                &[
                    "series",
                    "stack",
                    "time",
                    "until",
                    "value_a",
                    "value_b",
                    "carried_a",
                    "carried_b",
                ],
                vec![
                    C::Whole(new()),
                    C::Id(vec![]),
                    C::Time(new()),
                    C::RareTime(vec![]),
                    C::Whole(new()),
                    C::Rare(vec![]),
                    C::Rare(vec![]),
                    C::Rare(vec![]),
                ],
            ),
            profiles: table(
                PROFILES,
                &[
                    "stream",
                    "target",
                    "kind",
                    "form",
                    "time",
                    "time_nanos",
                    "duration_nanos",
                    "profiles",
                    "samples",
                    "totals",
                ],
                vec![
                    C::Whole(new()),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Time(new()),
                    C::Whole(new()),
                    C::Whole(new()),
                    C::Whole(new()),
                    C::Whole(new()),
                    C::Wholes(vec![]),
                ],
            ),
            series: table(
                SERIES,
                &[
                    "series",
                    "target",
                    "name",
                    "meaning",
                    "type_a",
                    "unit_a",
                    "type_b",
                    "unit_b",
                    "boundaries",
                ],
                vec![
                    C::Whole(new()),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                    C::Text(vec![]),
                ],
            ),
            points: table(
                POINTS,
                &[
                    "series", "time", "value", "mean", "min", "max", "count", "increase",
                ],
                vec![
                    C::Whole(new()),
                    C::Time(new()),
                    C::Number(vec![]),
                    C::RareNumber(vec![]),
                    C::RareNumber(vec![]),
                    C::RareNumber(vec![]),
                    C::Rare(vec![]),
                    C::RareNumber(vec![]),
                ],
            ),
            histograms: table(
                HISTOGRAMS,
                &["series", "time", "bucket", "increase"],
                vec![
                    C::Whole(new()),
                    C::Time(new()),
                    C::Id(vec![]),
                    C::Whole(new()),
                ],
            ),
            frame_count: 0,
            stack_count: 0,
            last_series: None,
            rows: hashbrown::HashMap::new(),
            folder,
        })
    }

    /// Adds the next frame.
    pub(crate) fn frame(&mut self, frame: &FrameRow) -> Result<()> {
        push!(self.frames,
            Id self.frame_count,
            Text frame.function.clone(),
            Text frame.file.clone(),
            Whole frame.line,
            Text frame.system_name.clone(),
            Whole frame.start_line,
            Whole frame.column,
            Flag frame.inlined,
            Flag frame.is_bare,
        );
        self.frame_count += 1;
        Ok(())
    }

    /// Adds the next stack and gives its number.
    pub(crate) fn stack(&mut self, stack: StackRow) -> Result<u32> {
        let number = self.stack_count;
        push!(self.stacks,
            Id number,
            Ids stack.frames,
            Text stack.labels,
            Id stack.ordinal,
        );
        self.stack_count += 1;
        Ok(number)
    }

    fn count(&mut self, series: i64) {
        *self.rows.entry(series).or_default() += 1;
    }

    /// Adds the next row of a series.
    pub(crate) fn sample(&mut self, series: i64, row: &Row) -> Result<()> {
        if self.last_series.replace(series) != Some(series)
            && let Some(samples) = &mut self.samples
        {
            samples.series_ends()?;
        }
        let some = |value: i64| (value != 0).then_some(value);
        push!(self.samples,
            Whole series,
            Id row.stack,
            Time row.time,
            RareTime (row.until != row.time).then_some(row.until),
            Whole row.values[0],
            Rare some(row.values[1]),
            Rare some(row.carried[0]),
            Rare some(row.carried[1]),
        );
        self.count(series);
        Ok(())
    }

    /// Adds the next profile.
    pub(crate) fn profile(&mut self, row: &ProfileRow) -> Result<()> {
        push!(self.profiles,
            Whole row.stream,
            Text row.target.clone(),
            Text row.kind.clone(),
            Text row.form.clone(),
            Time row.entry.at_ms,
            Whole row.entry.time_nanos,
            Whole row.entry.duration_nanos,
            Whole row.entry.profiles.cast_signed(),
            Whole row.entry.samples.cast_signed(),
            Wholes row.entry.totals.clone(),
        );
        Ok(())
    }

    /// Adds the next series.
    pub(crate) fn series(&mut self, row: &SeriesRow) -> Result<()> {
        push!(self.series,
            Whole row.series,
            Text row.target.clone(),
            Text row.name.clone(),
            Text row.meaning.clone(),
            Text row.types[0].clone(),
            Text row.units[0].clone(),
            Text row.types[1].clone(),
            Text row.units[1].clone(),
            Text row.boundaries.clone(),
        );
        Ok(())
    }

    /// Adds the next point of a series.
    pub(crate) fn point(&mut self, series: i64, point: &Point) -> Result<()> {
        let is_thinned = point.count != 1 || point.increase.is_some();
        let some = |value: f64| is_thinned.then_some(value);
        push!(self.points,
            Whole series,
            Time point.at_ms,
            Number point.last,
            RareNumber some(point.mean),
            RareNumber some(point.min),
            RareNumber some(point.max),
            Rare is_thinned.then_some(point.count.cast_signed()),
            RareNumber point.increase,
        );
        self.count(series);
        Ok(())
    }

    /// Adds the next growth of a bucket.
    pub(crate) fn bucket(
        &mut self,
        series: i64,
        (at_ms, bucket, count): (i64, u32, u64),
    ) -> Result<()> {
        push!(self.histograms,
            Whole series,
            Time at_ms,
            Id bucket,
            Whole count.cast_signed(),
        );
        self.count(series);
        Ok(())
    }

    /// Ends the block: it takes its place under its name.
    pub(crate) fn finish(mut self, place: &Path) -> Result<()> {
        let tables = [
            self.frames.take(),
            self.stacks.take(),
            self.samples.take(),
            self.profiles.take(),
            self.series.take(),
            self.points.take(),
            self.histograms.take(),
        ];
        for table in tables.into_iter().flatten() {
            table.finish()?;
        }
        sync_folder(&self.folder)?;
        if place.exists() {
            // Of one whose row in the catalogue could not be written.
            fs::remove_dir_all(place).map_err(Error::io(place))?;
        }
        fs::rename(&self.folder, place).map_err(Error::io(place))?;
        self.is_finished = true;
        place.parent().map_or(Ok(()), sync_folder)
    }
}

impl Drop for BlockWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Makes sure that the names in a folder are on the disk, where the system can do that.
fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let folder_file = fs::File::open(folder).map_err(Error::io(folder))?;
        folder_file.sync_all().map_err(Error::io(folder))?;
    }
    Ok(())
}
