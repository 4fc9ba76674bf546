//! Reading a block.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type, TimestampMillisecondType, UInt32Type};
use arrow_array::{Array as _, ArrowPrimitiveType, BooleanArray, PrimitiveArray, RecordBatch};
use arrow_schema::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::statistics::Statistics;

use super::table::fail;
use super::{FRAMES, HISTOGRAMS, POINTS, PROFILES, SAMPLES, STACKS};
use crate::answer::Range;
use crate::curves::Point;
use crate::dictionary::{FrameRow, StackRow};
use crate::form::{Entry, Origin};
use crate::rows::Row;
use crate::{Error, Result};

/// How many rows are decoded at a time.
pub(super) const BATCH_ROWS: usize = 1 << 13;

/// A profile in a block's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProfileRow {
    pub(crate) stream: i64,
    /// The labels as JSON.
    pub(crate) target: String,
    pub(crate) kind: String,
    /// The form as JSON.
    pub(crate) form: String,
    pub(crate) entry: Entry,
}

/// A point with its series.
type PointRow = (i64, Point);

/// A block whose files are opened when they are asked for.
#[derive(Clone, Debug)]
pub(crate) struct BlockReader {
    folder: PathBuf,
}

impl BlockReader {
    /// Reads the block of a folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where its files lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn open(&self, name: &str) -> Result<Opened> {
        let path = self.folder.join(name);
        let file = File::open(&path).map_err(Error::io(&path))?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
            .map_err(fail(&path))?;
        Ok(Opened { path, builder })
    }

    /// The frames, by their numbers.
    pub(crate) fn frames(&self) -> Result<Vec<FrameRow>> {
        let names = [
            "function",
            "file",
            "line",
            "system_name",
            "start_line",
            "column",
            "inlined",
            "bare",
        ];
        let mut frames = Vec::new();
        let opened = self.open(FRAMES)?;
        opened.batches(&names, None)?.each(|batch, path| {
            let text = |at: usize| {
                let column = batch.column(at).as_string_opt::<i32>();
                column.ok_or_else(|| wrong(path, batch, at))
            };
            let flag = |at: usize| {
                let column = batch.column(at).as_boolean_opt();
                column.ok_or_else(|| wrong(path, batch, at))
            };
            let (functions, files, system_names) = (text(0)?, text(1)?, text(3)?);
            let lines = column::<Int64Type>(path, batch, 2)?;
            let start_lines = column::<Int64Type>(path, batch, 4)?;
            let columns = column::<Int64Type>(path, batch, 5)?;
            let (inlined, bare) = (flag(6)?, flag(7)?);
            for row in 0..batch.num_rows() {
                frames.push(FrameRow {
                    function: functions.value(row).to_owned(),
                    file: files.value(row).to_owned(),
                    line: lines.value(row),
                    system_name: system_names.value(row).to_owned(),
                    start_line: start_lines.value(row),
                    column: columns.value(row),
                    inlined: inlined.value(row),
                    is_bare: bare.value(row),
                });
            }
            Ok(())
        })?;
        Ok(frames)
    }

    /// The stacks, one after the other.
    pub(crate) fn stacks(&self) -> Result<StackStream> {
        let batches = self
            .open(STACKS)?
            .batches(&["frames", "labels", "ordinal"], None)?;
        Ok(StackStream {
            batches,
            batch: None,
            at: 0,
        })
    }

    /// Those of the stacks that are wanted, which come in ascending order.
    pub(crate) fn stacks_of(&self, wanted: &[u32]) -> Result<Vec<(u32, StackRow)>> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut wanted = wanted.iter().copied().peekable();
        let batches = self
            .open(STACKS)?
            .batches(&["frames", "labels", "ordinal"], None)?;
        let mut first = 0_u32;
        batches.each(|batch, path| {
            let count = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
            let behind = first.saturating_add(count);
            while let Some(stack) = wanted.next_if(|stack| *stack < behind) {
                let row = stack_row(path, batch, (stack - first) as usize)?;
                found.push((stack, row));
            }
            first = behind;
            Ok(())
        })?;
        Ok(found)
    }

    /// Shows the frames of every stack.
    pub(crate) fn each_stack(&self, mut see: impl FnMut(u32, &[u32])) -> Result<()> {
        let mut stack = 0;
        let batches = self.open(STACKS)?.batches(&["frames"], None)?;
        batches.each(|batch, path| {
            let list = batch.column(0).as_list_opt::<i32>();
            let list = list.ok_or_else(|| wrong(path, batch, 0))?;
            let values = list.values().as_primitive_opt::<UInt32Type>();
            let values = values.ok_or_else(|| wrong(path, batch, 0))?.values();
            let place = |offset: i32| usize::try_from(offset).unwrap_or(0);
            for ends in list.offsets().windows(2) {
                let frames = values.get(place(ends[0])..place(ends[1]));
                see(stack, frames.unwrap_or_default());
                stack += 1;
            }
            Ok(())
        })
    }

    /// All rows of samples, one after the other.
    pub(crate) fn samples(&self) -> Result<SampleStream> {
        let names = [
            "series",
            "stack",
            "time",
            "until",
            "value_a",
            "value_b",
            "carried_a",
            "carried_b",
        ];
        let batches = self.open(SAMPLES)?.batches(&names, None)?;
        Ok(SampleStream {
            batches,
            rows: Vec::new().into_iter(),
        })
    }

    /// Shows the directory's profiles of some streams (sorted).
    pub(crate) fn each_entry(
        &self,
        streams: &[i64],
        mut see: impl FnMut(i64, Entry),
    ) -> Result<()> {
        let names = [
            "stream",
            "time",
            "time_nanos",
            "duration_nanos",
            "profiles",
            "samples",
            "totals",
        ];
        let batches = self.open(PROFILES)?.batches(&names, Some(streams))?;
        batches.each(|batch, path| {
            let columns = EntryColumns::of(path, batch, 0)?;
            for row in 0..batch.num_rows() {
                see(columns.stream.value(row), columns.entry(row));
            }
            Ok(())
        })
    }

    /// The whole directory, one profile after the other.
    pub(crate) fn profiles(&self) -> Result<ProfileStream> {
        let names = [
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
        ];
        Ok(ProfileStream {
            batches: self.open(PROFILES)?.batches(&names, None)?,
            batch: None,
            at: 0,
        })
    }

    /// Shows the points of a range, of some series (sorted) or of all.
    pub(crate) fn each_point(
        &self,
        series: Option<&[i64]>,
        range: Range,
        mut see: impl FnMut(&PointRow),
    ) -> Result<()> {
        let names = [
            "series", "time", "value", "mean", "min", "max", "count", "increase",
        ];
        self.open(POINTS)?
            .batches(&names, series)?
            .each(|batch, path| {
                let series = column::<Int64Type>(path, batch, 0)?;
                let times = column::<TimestampMillisecondType>(path, batch, 1)?;
                let values = column::<Float64Type>(path, batch, 2)?;
                let number = |at| column::<Float64Type>(path, batch, at);
                let (mean, min, max) = (number(3)?, number(4)?, number(5)?);
                let counts = column::<Int64Type>(path, batch, 6)?;
                let increases = number(7)?;
                for row in 0..batch.num_rows() {
                    let at_ms = times.value(row);
                    if !range.contains(at_ms) {
                        continue;
                    }
                    let value = values.value(row);
                    let or_value = |column: &PrimitiveArray<Float64Type>| {
                        if column.is_valid(row) {
                            column.value(row)
                        } else {
                            value
                        }
                    };
                    let count = counts
                        .is_valid(row)
                        .then(|| counts.value(row).unsigned_abs());
                    let point = Point {
                        at_ms,
                        last: value,
                        mean: or_value(mean),
                        min: or_value(min),
                        max: or_value(max),
                        count: count.unwrap_or(1),
                        increase: increases.is_valid(row).then(|| increases.value(row)),
                    };
                    see(&(series.value(row), point));
                }
                Ok(())
            })
    }

    /// Shows the growth of buckets in a range, of some series (sorted) or of all: series, time,
    /// bucket, count.
    pub(crate) fn each_bucket(
        &self,
        series: Option<&[i64]>,
        range: Range,
        mut see: impl FnMut(i64, (i64, u32, u64)),
    ) -> Result<()> {
        let names = ["series", "time", "bucket", "increase"];
        self.open(HISTOGRAMS)?
            .batches(&names, series)?
            .each(|batch, path| {
                let series = column::<Int64Type>(path, batch, 0)?;
                let times = column::<TimestampMillisecondType>(path, batch, 1)?;
                let buckets = column::<UInt32Type>(path, batch, 2)?;
                let counts = column::<Int64Type>(path, batch, 3)?;
                for row in 0..batch.num_rows() {
                    let at_ms = times.value(row);
                    if range.contains(at_ms) {
                        let count = counts.value(row).unsigned_abs();
                        see(series.value(row), (at_ms, buckets.value(row), count));
                    }
                }
                Ok(())
            })
    }
}

/// The columns of a batch of the directory.
struct EntryColumns<'b> {
    stream: &'b PrimitiveArray<Int64Type>,
    time: &'b PrimitiveArray<TimestampMillisecondType>,
    time_nanos: &'b PrimitiveArray<Int64Type>,
    duration_nanos: &'b PrimitiveArray<Int64Type>,
    profiles: &'b PrimitiveArray<Int64Type>,
    samples: &'b PrimitiveArray<Int64Type>,
    total_offsets: &'b [i32],
    totals: &'b [i64],
}

impl<'b> EntryColumns<'b> {
    /// Finds them, `texts` columns of text after the first.
    fn of(path: &Path, batch: &'b RecordBatch, texts: usize) -> Result<Self> {
        let list = batch.column(texts + 6).as_list_opt::<i32>();
        let list = list.ok_or_else(|| wrong(path, batch, texts + 6))?;
        let totals = list.values().as_primitive_opt::<Int64Type>();
        let totals = totals.ok_or_else(|| wrong(path, batch, texts + 6))?;
        Ok(Self {
            stream: column(path, batch, 0)?,
            time: column(path, batch, texts + 1)?,
            time_nanos: column(path, batch, texts + 2)?,
            duration_nanos: column(path, batch, texts + 3)?,
            profiles: column(path, batch, texts + 4)?,
            samples: column(path, batch, texts + 5)?,
            total_offsets: list.offsets(),
            totals: totals.values(),
        })
    }

    fn entry(&self, row: usize) -> Entry {
        let offset = |at: usize| usize::try_from(self.total_offsets[at]).unwrap_or(0);
        let totals = self.totals.get(offset(row)..offset(row + 1));
        Entry {
            at_ms: self.time.value(row),
            origin: Origin::Continues,
            time_nanos: self.time_nanos.value(row),
            duration_nanos: self.duration_nanos.value(row),
            profiles: self.profiles.value(row).unsigned_abs(),
            samples: self.samples.value(row).unsigned_abs(),
            totals: totals.unwrap_or_default().to_vec(),
        }
    }
}

/// The directory of a block, one profile after the other.
#[derive(Debug)]
pub(crate) struct ProfileStream {
    batches: Batches,
    batch: Option<RecordBatch>,
    at: usize,
}

impl ProfileStream {
    /// The next profile.
    pub(crate) fn next(&mut self) -> Result<Option<ProfileRow>> {
        loop {
            if let Some(batch) = &self.batch
                && self.at < batch.num_rows()
            {
                let path = &self.batches.path;
                let text = |at: usize| -> Result<String> {
                    let column = batch.column(at).as_string_opt::<i32>();
                    let column = column.ok_or_else(|| wrong(path, batch, at))?;
                    Ok(column.value(self.at).to_owned())
                };
                let columns = EntryColumns::of(path, batch, 3)?;
                let row = ProfileRow {
                    stream: columns.stream.value(self.at),
                    target: text(1)?,
                    kind: text(2)?,
                    form: text(3)?,
                    entry: columns.entry(self.at),
                };
                self.at += 1;
                return Ok(Some(row));
            }
            let Some(batch) = self.batches.next()? else {
                return Ok(None);
            };
            self.batch = Some(batch);
            self.at = 0;
        }
    }
}

/// The stacks of a block, one after the other.
#[derive(Debug)]
pub(crate) struct StackStream {
    batches: Batches,
    batch: Option<RecordBatch>,
    at: usize,
}

impl StackStream {
    /// The next stack; its number is one more than that of the one before.
    pub(crate) fn next(&mut self) -> Result<Option<StackRow>> {
        loop {
            if let Some(batch) = &self.batch
                && self.at < batch.num_rows()
            {
                self.at += 1;
                return stack_row(&self.batches.path, batch, self.at - 1).map(Some);
            }
            let Some(batch) = self.batches.next()? else {
                return Ok(None);
            };
            self.batch = Some(batch);
            self.at = 0;
        }
    }
}

fn stack_row(path: &Path, batch: &RecordBatch, row: usize) -> Result<StackRow> {
    let frames = batch.column(0).as_list_opt::<i32>();
    let frames = frames.ok_or_else(|| wrong(path, batch, 0))?.value(row);
    let frames = frames.as_primitive_opt::<UInt32Type>();
    let labels = batch.column(1).as_string_opt::<i32>();
    Ok(StackRow {
        frames: frames
            .ok_or_else(|| wrong(path, batch, 0))?
            .values()
            .to_vec(),
        labels: labels
            .ok_or_else(|| wrong(path, batch, 1))?
            .value(row)
            .to_owned(),
        ordinal: column::<UInt32Type>(path, batch, 2)?.value(row),
    })
}

/// The rows of samples of a block with their series, one after the other.
#[derive(Debug)]
pub(crate) struct SampleStream {
    batches: Batches,
    rows: std::vec::IntoIter<(i64, Row)>,
}

impl SampleStream {
    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<(i64, Row)>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            let Some(batch) = self.batches.next()? else {
                return Ok(None);
            };
            let columns = SampleColumns::of(&self.batches.path, &batch)?;
            let rows =
                (0..batch.num_rows()).map(|row| (columns.series.value(row), columns.row(row)));
            self.rows = rows.collect::<Vec<_>>().into_iter();
        }
    }
}

/// The columns of a batch of samples.
struct SampleColumns<'b> {
    series: &'b PrimitiveArray<Int64Type>,
    stack: &'b PrimitiveArray<UInt32Type>,
    time: &'b PrimitiveArray<TimestampMillisecondType>,
    until: &'b PrimitiveArray<TimestampMillisecondType>,
    value_a: &'b PrimitiveArray<Int64Type>,
    value_b: &'b PrimitiveArray<Int64Type>,
    carried_a: &'b PrimitiveArray<Int64Type>,
    carried_b: &'b PrimitiveArray<Int64Type>,
}

impl<'b> SampleColumns<'b> {
    fn of(path: &Path, batch: &'b RecordBatch) -> Result<Self> {
        Ok(Self {
            series: column(path, batch, 0)?,
            stack: column(path, batch, 1)?,
            time: column(path, batch, 2)?,
            until: column(path, batch, 3)?,
            value_a: column(path, batch, 4)?,
            value_b: column(path, batch, 5)?,
            carried_a: column(path, batch, 6)?,
            carried_b: column(path, batch, 7)?,
        })
    }

    fn row(&self, row: usize) -> Row {
        let or_zero = |column: &PrimitiveArray<Int64Type>| {
            if column.is_valid(row) {
                column.value(row)
            } else {
                0
            }
        };
        let time = self.time.value(row);
        Row {
            stack: self.stack.value(row),
            time,
            until: if self.until.is_valid(row) {
                self.until.value(row)
            } else {
                time
            },
            values: [self.value_a.value(row), or_zero(self.value_b)],
            carried: [or_zero(self.carried_a), or_zero(self.carried_b)],
        }
    }
}

/// A file whose metadata was read.
struct Opened {
    path: PathBuf,
    builder: ParquetRecordBatchReaderBuilder<File>,
}

impl Opened {
    /// Begins to read columns, in the order of `names`, which must be that of the file; the first
    /// is what `series` chooses by.
    fn batches(self, names: &[&str], series: Option<&[i64]>) -> Result<Batches> {
        let Self { path, mut builder } = self;
        let mask = |names: &[&str]| {
            ProjectionMask::columns(builder.parquet_schema(), names.iter().copied())
        };
        let projection = mask(names);
        let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::new();
        if let Some(series) = series {
            let (groups, is_alone) = groups_of(builder.metadata(), series);
            builder = builder.with_row_groups(groups);
            if !is_alone {
                let mask = ProjectionMask::columns(builder.parquet_schema(), [names[0]]);
                let series = series.to_vec();
                predicates.push(Box::new(ArrowPredicateFn::new(mask, move |batch| {
                    chosen::<Int64Type>(&batch, |known| series.binary_search(&known).is_ok())
                })));
            }
        }
        if !predicates.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(predicates));
        }
        let reader = builder
            .with_projection(projection)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(fail(&path))?;
        Ok(Batches { path, reader })
    }
}

pub(super) fn chosen<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    mut is_wanted: impl FnMut(T::Native) -> bool,
) -> std::result::Result<BooleanArray, ArrowError> {
    let values = batch.column(0).as_primitive_opt::<T>();
    let values = values.ok_or_else(|| {
        ArrowError::SchemaError("a column has another type than it should have".to_owned())
    })?;
    Ok(values
        .values()
        .iter()
        .map(|value| Some(is_wanted(*value)))
        .collect())
}

/// The parts of a file that may hold some series, sorted, and whether these parts hold nothing
/// else.
pub(super) fn groups_of(metadata: &ParquetMetaData, series: &[i64]) -> (Vec<usize>, bool) {
    let mut is_alone = true;
    let groups = (0..metadata.num_row_groups()).filter(|&group| {
        let statistics = metadata.row_group(group).column(0).statistics();
        let Some(Statistics::Int64(values)) = statistics else {
            is_alone = false;
            return true;
        };
        let (Some(&least), Some(&most)) = (values.min_opt(), values.max_opt()) else {
            is_alone = false;
            return true;
        };
        let next = series.partition_point(|series| *series < least);
        let is_in = series.get(next).is_some_and(|series| *series <= most);
        is_alone &= !is_in || least == most;
        is_in
    });
    let groups = groups.collect();
    (groups, is_alone)
}

/// Batches of rows of a file.
struct Batches {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Batches").field(&self.path).finish()
    }
}

impl Batches {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let batch = self.reader.next().transpose();
        batch.map_err(|error| fail(&self.path)(ParquetError::from(error)))
    }

    fn each(mut self, mut see: impl FnMut(&RecordBatch, &Path) -> Result<()>) -> Result<()> {
        while let Some(batch) = self.next()? {
            see(&batch, &self.path)?;
        }
        Ok(())
    }
}

pub(super) fn column<'b, T: ArrowPrimitiveType>(
    path: &Path,
    batch: &'b RecordBatch,
    at: usize,
) -> Result<&'b PrimitiveArray<T>> {
    let column = batch.columns().get(at);
    let column = column.and_then(|column| column.as_primitive_opt::<T>());
    column.ok_or_else(|| wrong(path, batch, at))
}

fn wrong(path: &Path, batch: &RecordBatch, at: usize) -> Error {
    let schema = batch.schema();
    let name = schema.fields().get(at).map_or("", |field| field.name());
    Error::damaged(
        path,
        format!("column {at} ({name}) has another type than it should have"),
    )
}
