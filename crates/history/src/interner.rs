//! From the samples of a profile to the numbers of their stacks.

use std::hash::{BuildHasher as _, RandomState};

use fathom_profile::{Label, LabelRefValue, LocationId, Profile};
use hashbrown::{HashMap, HashSet};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::dictionary::{FrameRow, StackRow};
use crate::shelf;

/// Odd constants that mix well (the fractional parts of square roots of primes).
const MIXERS: [u64; 2] = [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b];

/// A hash so wide that two different stacks never share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Wide(u64, u64);

impl Wide {
    /// Goes on with another hash.
    fn then(self, next: Self) -> Self {
        Self(
            fold(self.0 ^ next.0, MIXERS[0]).wrapping_add(next.1),
            fold(self.1 ^ next.1, MIXERS[1]).wrapping_add(next.0),
        )
    }
}

fn fold(value: u64, by: u64) -> u64 {
    let product = u128::from(value ^ by) * u128::from(by);
    let [low, high] = [product, product >> 64].map(|half| half & u128::from(u64::MAX));
    u64::try_from(low ^ high).unwrap_or(0)
}

/// Gives frames and stacks of the head their numbers. It remembers hashes alone; what they stand
/// for lies in the catalogue.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    seeds: [RandomState; 2],
    frames: HashMap<Wide, u32>,
    stacks: HashMap<Wide, u32>,
    /// Of stacks that several samples of one profile have had, the hash by the number.
    doubled: HashMap<u32, Wide>,
    next_frame: u32,
    next_stack: u32,
    /// The stacks of this profile that are not stored yet.
    fresh: Vec<(u32, StackRow)>,
    /// The bytes of stacks that were stored since they were last asked for.
    written: u64,
}

/// Of the samples of one profile with the same frames and labels, which is which: by the
/// addresses they had when they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Doubles {
    variants: HashMap<Wide, Vec<u64>>,
    /// Those that are not stored yet.
    changed: Vec<Wide>,
}

/// A sample whose stack has its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered {
    pub(crate) stack: u32,
    pub(crate) sample: usize,
    /// Tells the addresses of its stack.
    pub(crate) variant: u64,
}

impl Interner {
    /// Learns the frames and stacks that the head of a catalogue holds.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        Self::default().reload(connection)
    }

    /// Forgets all, and learns anew what the head holds. Hashes stay what they were.
    pub(crate) fn reload(&self, connection: &Connection) -> rusqlite::Result<Self> {
        let mut interner = Self {
            seeds: self.seeds.clone(),
            ..Self::default()
        };
        let mut hashes: HashMap<u32, Wide> = HashMap::new();
        let mut select = connection.prepare("select id, frame from head_frame")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let id: u32 = row.get(0)?;
            interner.next_frame = interner.next_frame.max(id + 1);
            let frame = row.get_ref(1)?.as_blob().ok().and_then(FrameRow::decode);
            if let Some(frame) = frame {
                let hash = interner.hash_frame(&frame);
                interner.frames.insert(hash, id);
                hashes.insert(id, hash);
            }
        }
        let doubled: HashSet<u32> = connection
            .prepare("select distinct stack from head_double")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        shelf::each(connection, (0, u32::MAX), |id, stack| {
            interner.next_stack = interner.next_stack.max(id + 1);
            let frames = stack.frames.iter().filter_map(|frame| hashes.get(frame));
            let hash = frames.fold(Wide::default(), |hash, frame| hash.then(*frame));
            let hash = hash.then(interner.hash_text(&stack.labels));
            let with_ordinal = with_ordinal(hash, stack.ordinal);
            interner.stacks.insert(with_ordinal, id);
            if doubled.contains(&id) {
                interner.doubled.insert(id, hash);
            }
        })?;
        Ok(interner)
    }

    /// The bytes of stacks that were stored since this was last asked.
    pub(crate) fn take_written(&mut self) -> u64 {
        std::mem::take(&mut self.written)
    }

    fn hash_text(&self, text: &str) -> Wide {
        let [first, second] = &self.seeds;
        Wide(first.hash_one(text), second.hash_one(text))
    }

    fn hash_frame(&self, frame: &FrameRow) -> Wide {
        let [first, second] = &self.seeds;
        Wide(first.hash_one(frame), second.hash_one(frame))
    }

    /// Numbers the samples of a profile, those that hold something; what is new goes into the
    /// catalogue. `known` tells the variant of a stack that the profile before had.
    pub(crate) fn number(
        &mut self,
        connection: &Connection,
        profile: &Profile,
        doubles: &mut Doubles,
        known: impl Fn(u32) -> Option<u64>,
    ) -> rusqlite::Result<Vec<Numbered>> {
        let frame_hashes: Vec<Vec<Wide>> = profile
            .location_ids()
            .map(|id| {
                let frames = frames_of(profile, id);
                frames
                    .iter()
                    .rev()
                    .map(|frame| self.hash_frame(frame))
                    .collect()
            })
            .collect();
        // Many samples share few sets of labels: the sizes of objects.
        let mut labels: HashMap<&[Label], Wide> = HashMap::new();
        let columns = profile.sample_types().len();
        let mut found: Vec<(Wide, u64, usize)> = Vec::with_capacity(profile.sample_count());
        for sample in 0..profile.sample_count() {
            if (0..columns).all(|column| profile.value(sample, column) == 0) {
                continue;
            }
            let mut hash = Wide::default();
            let mut variant = 0;
            for location in profile.stack(sample).iter().rev() {
                for frame in &frame_hashes[location.index()] {
                    hash = hash.then(*frame);
                }
                variant = fold(variant ^ profile.address(*location), MIXERS[0]);
            }
            let labels = *labels
                .entry(profile.label_rows(sample))
                .or_insert_with(|| self.hash_text(&label_text(profile, sample)));
            found.push((hash.then(labels), variant, sample));
        }
        found.sort_unstable();
        let mut numbered = Vec::with_capacity(found.len());
        for same in found.chunk_by(|a, b| a.0 == b.0) {
            let base = same[0].0;
            if let [(_, variant, sample)] = *same
                && !doubles.variants.contains_key(&base)
            {
                let stack = self.stack(connection, profile, sample, base, 0)?;
                numbered.push(Numbered {
                    stack,
                    sample,
                    variant,
                });
                continue;
            }
            let variants = doubles.variants.entry(base).or_insert_with(|| {
                let first = self.stacks.get(&with_ordinal(base, 0));
                first.and_then(|&stack| known(stack)).into_iter().collect()
            });
            let before_count = variants.len();
            let mut repeated = 0;
            let mut before = None;
            let mut ordinals = Vec::with_capacity(same.len());
            for &(_, variant, _) in same {
                repeated = if before == Some(variant) {
                    repeated + 1
                } else {
                    0
                };
                before = Some(variant);
                let variant = variant.wrapping_add(repeated);
                let place = variants.iter().position(|known| *known == variant);
                let place = place.unwrap_or_else(|| {
                    variants.push(variant);
                    variants.len() - 1
                });
                ordinals.push((u32::try_from(place).unwrap_or(u32::MAX), variant));
            }
            if variants.len() > before_count {
                doubles.changed.push(base);
            }
            for (&(_, _, sample), (ordinal, variant)) in same.iter().zip(ordinals) {
                let stack = self.stack(connection, profile, sample, base, ordinal)?;
                numbered.push(Numbered {
                    stack,
                    sample,
                    variant,
                });
            }
        }
        self.written += shelf::store(connection, &std::mem::take(&mut self.fresh))?;
        numbered.sort_unstable_by_key(|numbered| numbered.stack);
        Ok(numbered)
    }

    /// Learns which samples were which, as [`Interner::store_doubles`] wrote it down.
    pub(crate) fn load_doubles(
        &self,
        connection: &Connection,
        stream: i64,
    ) -> rusqlite::Result<Doubles> {
        let mut doubles = Doubles::default();
        let mut select = connection
            .prepare_cached("select stack, variants from head_double where stream = ?1")?;
        let mut rows = select.query([stream])?;
        while let Some(row) = rows.next()? {
            let stack: u32 = row.get(0)?;
            let bytes: Vec<u8> = row.get(1)?;
            if let Some(&base) = self.doubled.get(&stack) {
                let variants = bytes.as_chunks::<8>().0.iter();
                let variants = variants.map(|bytes| u64::from_le_bytes(*bytes));
                doubles.variants.insert(base, variants.collect());
            }
        }
        Ok(doubles)
    }

    /// Writes down what is new of which samples are which.
    pub(crate) fn store_doubles(
        &mut self,
        connection: &Connection,
        stream: i64,
        doubles: &mut Doubles,
    ) -> rusqlite::Result<()> {
        for base in doubles.changed.drain(..) {
            let first = self.stacks.get(&with_ordinal(base, 0)).copied();
            let (Some(stack), Some(variants)) = (first, doubles.variants.get(&base)) else {
                continue;
            };
            let bytes: Vec<u8> = variants.iter().flat_map(|one| one.to_le_bytes()).collect();
            connection
                .prepare_cached("insert or replace into head_double values (?1, ?2, ?3)")?
                .execute((stream, stack, bytes))?;
            self.doubled.insert(stack, base);
        }
        Ok(())
    }

    /// The number of a stack, which is stored when it is new.
    fn stack(
        &mut self,
        connection: &Connection,
        profile: &Profile,
        sample: usize,
        base: Wide,
        ordinal: u32,
    ) -> rusqlite::Result<u32> {
        let hash = with_ordinal(base, ordinal);
        if let Some(&stack) = self.stacks.get(&hash) {
            return Ok(stack);
        }
        let mut frames = Vec::new();
        for location in profile.stack(sample).iter().rev() {
            for frame in frames_of(profile, *location).iter().rev() {
                frames.push(self.frame(connection, frame)?);
            }
        }
        let row = StackRow {
            frames,
            labels: label_text(profile, sample),
            ordinal,
        };
        let stack = self.next_stack;
        self.fresh.push((stack, row));
        self.next_stack += 1;
        self.stacks.insert(hash, stack);
        Ok(stack)
    }

    fn frame(&mut self, connection: &Connection, frame: &FrameRow) -> rusqlite::Result<u32> {
        let hash = self.hash_frame(frame);
        if let Some(&known) = self.frames.get(&hash) {
            return Ok(known);
        }
        let id = self.next_frame;
        connection
            .prepare_cached("insert into head_frame (id, frame) values (?1, ?2)")?
            .execute((id, frame.encode()))?;
        self.next_frame += 1;
        self.frames.insert(hash, id);
        Ok(id)
    }
}

fn with_ordinal(base: Wide, ordinal: u32) -> Wide {
    Wide(base.0.wrapping_add(u64::from(ordinal)), base.1)
}

/// The frames of a location, the innermost first. One without symbols is named for its address,
/// which alone tells it from others.
fn frames_of(profile: &Profile, location: LocationId) -> Vec<FrameRow> {
    let mut frames: Vec<FrameRow> = profile
        .lines(location)
        .map(|line| {
            let text = |name: fn(&Profile, fathom_profile::FunctionId) -> &str| {
                line.function.map_or("", |id| name(profile, id)).to_owned()
            };
            FrameRow {
                function: text(Profile::function_name),
                file: text(Profile::function_file),
                line: line.line,
                system_name: text(Profile::function_system_name),
                start_line: line
                    .function
                    .map_or(0, |id| profile.function_start_line(id)),
                column: line.column,
                inlined: true,
                is_bare: false,
            }
        })
        .collect();
    if let Some(last) = frames.last_mut() {
        last.inlined = false;
    } else {
        frames.push(FrameRow {
            function: format!("{:#x}", profile.address(location)),
            is_bare: true,
            ..FrameRow::default()
        });
    }
    frames
}

/// The labels of a sample as JSON: `[["key","text"],["key",number,"unit"]]`.
fn label_text(profile: &Profile, sample: usize) -> String {
    let labels = profile.labels(sample).map(|label| match label.value {
        LabelRefValue::Text(text) => json!([label.key, text]),
        LabelRefValue::Number { value, unit } => json!([label.key, value, unit]),
    });
    Value::Array(labels.collect()).to_string()
}
