//! Reading the samples of one series of a block, in parts that can be read side by side.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::types::{Int64Type, TimestampMillisecondType, UInt32Type};
use arrow_array::{Array as _, PrimitiveArray, RecordBatch};
use hashbrown::HashSet;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions,
    ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;

use super::SAMPLES;
use super::read::{BATCH_ROWS, BlockReader, chosen, column, groups_of};
use super::table::fail;
use crate::rows::Row;
use crate::{Error, Result};

/// What of a row is wanted beside its stack and time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    /// Which of the two values; the others are 0.
    pub(crate) values: [bool; 2],
    /// Until when it holds; without, it is its time.
    pub(crate) until: bool,
    /// What is carried; without, it is 0.
    pub(crate) carried: bool,
}

/// Some rows of one series.
#[derive(Clone, Debug)]
pub(crate) struct SamplePart {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    group: usize,
    series: i64,
    /// Whether the part holds nothing but the series.
    is_alone: bool,
}

impl BlockReader {
    /// The parts in which the rows of a series lie, in their order.
    pub(crate) fn sample_parts(&self, series: i64) -> Result<Vec<SamplePart>> {
        let path = self.folder().join(SAMPLES);
        let file = File::open(&path).map_err(Error::io(&path))?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(fail(&path))?;
        let (groups, is_alone) = groups_of(metadata.metadata(), &[series]);
        Ok(groups
            .into_iter()
            .map(|group| SamplePart {
                path: path.clone(),
                metadata: metadata.clone(),
                group,
                series,
                is_alone,
            })
            .collect())
    }
}

impl SamplePart {
    /// Shows the rows in their order: those of all stacks, or of some, which should be few.
    pub(crate) fn each(
        &self,
        needs: Needs,
        stacks: Option<&HashSet<u32>>,
        mut see: impl FnMut(&Row),
    ) -> Result<()> {
        let file = File::open(&self.path).map_err(Error::io(&self.path))?;
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(vec![self.group])
                .with_batch_size(BATCH_ROWS);
        let mask = |names: &[&str]| {
            ProjectionMask::columns(self.metadata.parquet_schema(), names.iter().copied())
        };
        let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::new();
        if !self.is_alone {
            let series = self.series;
            predicates.push(Box::new(ArrowPredicateFn::new(
                mask(&["series"]),
                move |batch| chosen::<Int64Type>(&batch, |known| known == series),
            )));
        }
        if let Some(stacks) = stacks {
            let stacks = stacks.clone();
            predicates.push(Box::new(ArrowPredicateFn::new(
                mask(&["stack"]),
                move |batch| {
                    // Rows of a stack follow each other.
                    let mut last = None;
                    chosen::<UInt32Type>(&batch, |stack| match last {
                        Some((known, is_wanted)) if known == stack => is_wanted,
                        _ => {
                            let is_wanted = stacks.contains(&stack);
                            last = Some((stack, is_wanted));
                            is_wanted
                        }
                    })
                },
            )));
        }
        if !predicates.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(predicates));
        }
        // In the order of the file.
        let mut names = vec!["stack", "time"];
        names.extend(needs.until.then_some("until"));
        names.extend(needs.values[0].then_some("value_a"));
        names.extend(needs.values[1].then_some("value_b"));
        if needs.carried {
            names.extend(["carried_a", "carried_b"]);
        }
        let reader = builder
            .with_projection(mask(&names))
            .build()
            .map_err(fail(&self.path))?;
        for batch in reader {
            let batch = batch.map_err(|error| fail(&self.path)(ParquetError::from(error)))?;
            let columns = Columns::of(&self.path, &batch, needs)?;
            for row in 0..batch.num_rows() {
                see(&columns.row(row));
            }
        }
        Ok(())
    }
}

/// A column in which 0 is left out.
struct Rare<'b>(&'b PrimitiveArray<Int64Type>);

impl Rare<'_> {
    #[inline]
    fn value(&self, row: usize) -> i64 {
        if self.0.is_valid(row) {
            self.0.values()[row]
        } else {
            0
        }
    }
}

/// The columns of a batch of samples.
struct Columns<'b> {
    stack: &'b [u32],
    time: &'b [i64],
    until: Option<&'b PrimitiveArray<TimestampMillisecondType>>,
    value_a: Option<&'b [i64]>,
    value_b: Option<Rare<'b>>,
    carried: Option<[Rare<'b>; 2]>,
}

impl<'b> Columns<'b> {
    fn of(path: &Path, batch: &'b RecordBatch, needs: Needs) -> Result<Self> {
        let mut places = 0..batch.num_columns();
        let mut next = || places.next().unwrap_or(usize::MAX);
        let rare = |at: usize| column(path, batch, at).map(Rare);
        Ok(Self {
            stack: column::<UInt32Type>(path, batch, next())?.values(),
            time: column::<TimestampMillisecondType>(path, batch, next())?.values(),
            until: needs
                .until
                .then(&mut next)
                .map(|at| column(path, batch, at))
                .transpose()?,
            value_a: needs.values[0]
                .then(&mut next)
                .map(|at| column::<Int64Type>(path, batch, at))
                .transpose()?
                .map(|column| &column.values()[..]),
            value_b: needs.values[1].then(&mut next).map(rare).transpose()?,
            carried: if needs.carried {
                Some([rare(next())?, rare(next())?])
            } else {
                None
            },
        })
    }

    #[inline]
    fn row(&self, row: usize) -> Row {
        let time = self.time[row];
        let until = match self.until {
            Some(until) if until.is_valid(row) => until.values()[row],
            _ => time,
        };
        let carried = match &self.carried {
            Some([first, second]) => [first.value(row), second.value(row)],
            None => [0; 2],
        };
        Row {
            stack: self.stack[row],
            time,
            until,
            values: [
                self.value_a.map_or(0, |values| values[row]),
                self.value_b.as_ref().map_or(0, |values| values.value(row)),
            ],
            carried,
        }
    }
}
