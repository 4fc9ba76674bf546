//! Where the profiles of some streams lie: in blocks and in the head.

use hashbrown::{HashMap, HashSet};

use crate::answer::Range;
use crate::block::{BlockInfo, BlockReader, Needs, SamplePart};
use crate::cut::series_of;
use crate::dictionary::{FrameRow, StackRow};
use crate::embedded::Snapshot;
use crate::form::{Entry, Form, Pair};
use crate::head::{self, HeadStream};
use crate::listing::{self, TargetRow, chosen};
use crate::rows::Row;
use crate::stream::Fail;
use crate::{Error, Labels, Result, Selector, catalogue};

/// A target's profiles of one kind and form.
#[derive(Clone, Debug)]
pub(crate) struct StreamInfo {
    pub(crate) id: i64,
    pub(crate) target: Labels,
    pub(crate) kind: String,
    pub(crate) form: Form,
    /// The pairs of columns with their series.
    pub(crate) pairs: Vec<(Pair, i64)>,
}

/// What one block, or the head, holds of some streams.
#[derive(Debug)]
pub(crate) struct Source<'s, 'h> {
    snapshot: &'s Snapshot<'h>,
    /// Nothing for the head.
    block: Option<BlockReader>,
    /// The directory: for each stream that is in it, its profiles in order of time.
    pub(crate) entries: HashMap<i64, Vec<Entry>>,
    /// Of the head, the rows by series.
    rows: HashMap<i64, Vec<Row>>,
}

/// Some rows of one series.
#[derive(Debug)]
pub(crate) enum Part<'r> {
    Head(&'r [Row]),
    Block(SamplePart),
}

impl Part<'_> {
    /// Shows the rows of all stacks, or of some, which should be few; of a block in their order.
    pub(crate) fn each(
        &self,
        needs: Needs,
        stacks: Option<&HashSet<u32>>,
        mut see: impl FnMut(&Row),
    ) -> Result<()> {
        match self {
            Self::Head(rows) => {
                for row in *rows {
                    if stacks.is_none_or(|stacks| stacks.contains(&row.stack)) {
                        see(row);
                    }
                }
                Ok(())
            }
            Self::Block(part) => part.each(needs, stacks, see),
        }
    }
}

/// Frames, and stacks with their numbers.
pub(crate) type Stacks = (Vec<FrameRow>, Vec<(u32, StackRow)>);

/// Finds the streams of the chosen targets, of one kind or of all.
pub(crate) fn streams(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    kind: Option<&str>,
) -> Result<Vec<StreamInfo>> {
    let mut streams = Vec::new();
    for target in chosen(snapshot, selector)? {
        streams.extend(streams_of(snapshot, &target, kind)?);
    }
    Ok(streams)
}

fn streams_of(
    snapshot: &Snapshot<'_>,
    target: &TargetRow,
    kind: Option<&str>,
) -> Result<Vec<StreamInfo>> {
    let fail = |source| snapshot.fail(source);
    let mut select = snapshot
        .connection
        .prepare_cached(
            "select id, kind, form from stream
             where target = ?1 and (?2 is null or kind = ?2) order by kind, id",
        )
        .map_err(fail)?;
    let mut rows = select.query((target.id, kind)).map_err(fail)?;
    let mut streams = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let id: i64 = row.get(0).map_err(fail)?;
        let text: String = row.get(2).map_err(fail)?;
        let form: Form = serde_json::from_str(&text).map_err(|error| {
            let path = catalogue::path(snapshot.folder);
            Error::damaged(&path, format!("the form of stream {id}: {error}"))
        })?;
        let series = series_of(snapshot.connection, id).map_err(fail)?;
        streams.push(StreamInfo {
            id,
            target: target.labels.clone(),
            kind: row.get(1).map_err(fail)?,
            pairs: form.pairs().into_iter().zip(series).collect(),
            form,
        });
    }
    Ok(streams)
}

/// Finds where the profiles of these streams lie that are in a range, and lists those.
pub(crate) fn sources<'s, 'h>(
    snapshot: &'s Snapshot<'h>,
    streams: &[StreamInfo],
    range: Range,
) -> Result<Vec<Source<'s, 'h>>> {
    let mut sources = Vec::new();
    for block in listing::blocks_in(snapshot, range)? {
        sources.push(Source::of_block(snapshot, &block, streams)?);
    }
    sources.push(Source::of_head(snapshot, streams)?);
    for source in &mut sources {
        for entries in source.entries.values_mut() {
            entries.retain(|entry| range.contains(entry.at_ms));
        }
        source.entries.retain(|_, entries| !entries.is_empty());
    }
    sources.retain(|source| !source.entries.is_empty());
    Ok(sources)
}

impl<'s, 'h> Source<'s, 'h> {
    /// What a block holds of some streams.
    pub(crate) fn of_block(
        snapshot: &'s Snapshot<'h>,
        block: &BlockInfo,
        streams: &[StreamInfo],
    ) -> Result<Self> {
        let reader = BlockReader::new(block.path(snapshot.folder));
        let mut ids: Vec<i64> = streams.iter().map(|stream| stream.id).collect();
        ids.sort_unstable();
        let mut entries: HashMap<i64, Vec<Entry>> = HashMap::new();
        reader.each_entry(&ids, |stream, entry| {
            entries.entry(stream).or_default().push(entry);
        })?;
        Ok(Self {
            snapshot,
            block: Some(reader),
            entries,
            rows: HashMap::new(),
        })
    }

    /// What the head holds of some streams.
    pub(crate) fn of_head(snapshot: &'s Snapshot<'h>, streams: &[StreamInfo]) -> Result<Self> {
        let fail: Fail<'_> = &|source| snapshot.fail(source);
        let mut source = Self {
            snapshot,
            block: None,
            entries: HashMap::new(),
            rows: HashMap::new(),
        };
        for stream in streams {
            let head = HeadStream::read(snapshot.connection, stream.id, &stream.form, fail)?;
            if head.profiles.is_empty() {
                continue;
            }
            let rows = head.rows(&stream.form);
            for ((_, series), rows) in stream.pairs.iter().zip(rows) {
                source.rows.insert(*series, rows);
            }
            let entries = head.profiles.into_iter().map(|(entry, _)| entry);
            source.entries.insert(stream.id, entries.collect());
        }
        Ok(source)
    }

    /// The parts in which the rows of a series can be read side by side.
    pub(crate) fn parts(&self, series: i64) -> Result<Vec<Part<'_>>> {
        if let Some(block) = &self.block {
            let parts = block.sample_parts(series)?;
            return Ok(parts.into_iter().map(Part::Block).collect());
        }
        let rows = self.rows.get(&series);
        Ok(rows.map(|rows| Part::Head(rows)).into_iter().collect())
    }

    /// Reads stacks by their numbers, which must come in ascending order.
    pub(crate) fn stacks(&self, wanted: &[u32]) -> Result<Stacks> {
        if let Some(block) = &self.block {
            return Ok((block.frames()?, block.stacks_of(wanted)?));
        }
        let fail: Fail<'_> = &|source| self.snapshot.fail(source);
        head::stacks(self.snapshot.connection, wanted, fail)
    }

    /// Shows the frames of every stack that the streams may use: what `prepare` makes of all
    /// frames, and the numbers of a stack and of its frames.
    pub(crate) fn each_stack<P>(
        &self,
        prepare: impl FnOnce(&[FrameRow]) -> P,
        mut see: impl FnMut(&P, u32, &[u32]),
    ) -> Result<()> {
        if let Some(block) = &self.block {
            let prepared = prepare(&block.frames()?);
            return block.each_stack(|stack, frames| see(&prepared, stack, frames));
        }
        let wanted: HashSet<u32> = self.rows.values().flatten().map(|row| row.stack).collect();
        let mut wanted: Vec<u32> = wanted.into_iter().collect();
        wanted.sort_unstable();
        let (frames, stacks) = self.stacks(&wanted)?;
        let prepared = prepare(&frames);
        for (number, stack) in &stacks {
            see(&prepared, *number, &stack.frames);
        }
        Ok(())
    }
}
