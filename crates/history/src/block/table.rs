//! Rows on their way into a Parquet file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::{Int64Type, UInt32Type};
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMillisecondArray, UInt32Array,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::{Error, Result};

/// Compression of blocks: they are written a few times and kept for a month.
const LEVEL: i32 = 6;

/// How many rows are gathered before they are encoded.
const BATCH_ROWS: usize = 1 << 14;

/// How many rows a part of a file has that can be read by itself.
const GROUP_ROWS: usize = 1 << 20;

/// A part of so many rows is closed where a series ends.
const SMALL_GROUP_ROWS: usize = 1 << 17;

/// The values of a column that wait.
#[derive(Debug)]
pub(super) enum Column {
    Id(Vec<u32>),
    Ids(Vec<Vec<u32>>),
    Whole(Vec<i64>),
    /// Whole numbers of which most are 0, or the same as another column's: those are null.
    Rare(Vec<Option<i64>>),
    Time(Vec<i64>),
    RareTime(Vec<Option<i64>>),
    Number(Vec<f64>),
    RareNumber(Vec<Option<f64>>),
    Flag(Vec<bool>),
    Text(Vec<String>),
    Wholes(Vec<Vec<i64>>),
}

impl Column {
    fn take(&mut self) -> ArrayRef {
        match self {
            Self::Id(values) => Arc::new(UInt32Array::from(std::mem::take(values))),
            Self::Ids(values) => {
                let lists = std::mem::take(values).into_iter();
                let lists = lists.map(|list| Some(list.into_iter().map(Some)));
                Arc::new(ListArray::from_iter_primitive::<UInt32Type, _, _>(lists))
            }
            Self::Whole(values) => Arc::new(Int64Array::from(std::mem::take(values))),
            Self::Rare(values) => Arc::new(Int64Array::from(std::mem::take(values))),
            Self::Time(values) => {
                let array = TimestampMillisecondArray::from(std::mem::take(values));
                Arc::new(array.with_timezone_utc())
            }
            Self::RareTime(values) => {
                let array = TimestampMillisecondArray::from(std::mem::take(values));
                Arc::new(array.with_timezone_utc())
            }
            Self::Number(values) => Arc::new(Float64Array::from(std::mem::take(values))),
            Self::RareNumber(values) => Arc::new(Float64Array::from(std::mem::take(values))),
            Self::Flag(values) => Arc::new(BooleanArray::from(std::mem::take(values))),
            Self::Text(values) => Arc::new(StringArray::from(std::mem::take(values))),
            Self::Wholes(values) => {
                let lists = std::mem::take(values).into_iter();
                let lists = lists.map(|list| Some(list.into_iter().map(Some)));
                Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(lists))
            }
        }
    }

    const fn is_nullable(&self) -> bool {
        matches!(
            self,
            Self::Rare(_) | Self::RareTime(_) | Self::RareNumber(_)
        )
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Table {
    path: PathBuf,
    names: &'static [&'static str],
    pub(super) columns: Vec<Column>,
    waiting: usize,
    in_group: usize,
    writer: Option<ArrowWriter<File>>,
}

impl Table {
    /// Begins a file with these columns.
    pub(super) fn new(
        folder: &Path,
        name: &str,
        names: &'static [&'static str],
        columns: Vec<Column>,
    ) -> Self {
        Self {
            path: folder.join(name),
            names,
            columns,
            waiting: 0,
            in_group: 0,
            writer: None,
        }
    }

    /// Counts a row whose values were pushed to all columns.
    pub(super) fn row(&mut self) -> Result<()> {
        self.waiting += 1;
        if self.waiting >= BATCH_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Tells that a series ends here.
    pub(super) fn series_ends(&mut self) -> Result<()> {
        if self.in_group + self.waiting >= SMALL_GROUP_ROWS {
            self.flush()?;
            self.in_group = 0;
            if let Some(writer) = &mut self.writer {
                writer.flush().map_err(fail(&self.path))?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let nullable: Vec<bool> = self.columns.iter().map(Column::is_nullable).collect();
        let arrays = self.columns.iter_mut().map(Column::take);
        let columns = self.names.iter().zip(arrays).zip(nullable);
        let columns = columns.map(|((name, array), nullable)| (*name, array, nullable));
        let batch = RecordBatch::try_from_iter_with_nullable(columns)
            .map_err(|error| fail(&self.path)(ParquetError::from(error)))?;
        if self.writer.is_none() {
            let file = File::create(&self.path).map_err(Error::io(&self.path))?;
            let writer = ArrowWriter::try_new(file, batch.schema(), Some(properties()?));
            self.writer = Some(writer.map_err(fail(&self.path))?);
        }
        if let Some(writer) = &mut self.writer {
            writer.write(&batch).map_err(fail(&self.path))?;
        }
        self.in_group += self.waiting;
        if self.in_group >= GROUP_ROWS {
            self.in_group = 0;
        }
        self.waiting = 0;
        Ok(())
    }

    /// Writes what waits, and makes sure that all is on the disk.
    pub(super) fn finish(mut self) -> Result<()> {
        if self.waiting > 0 || self.writer.is_none() {
            self.flush()?;
        }
        if let Some(writer) = self.writer {
            let file = writer.into_inner().map_err(fail(&self.path))?;
            file.sync_all().map_err(Error::io(&self.path))?;
        }
        Ok(())
    }
}

fn properties() -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(LEVEL)
        .map_err(|error| Error::unsuitable(format!("compression of blocks: {error}")))?;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build())
}

/// Makes the error of a Parquet file.
pub(super) fn fail(path: &Path) -> impl Fn(ParquetError) -> Error + '_ {
    move |error| match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::io(path)(*source),
            Err(source) => Error::damaged(path, source.to_string()),
        },
        other => Error::damaged(path, other.to_string()),
    }
}
