//! One generation: its batches by thread, and its tables
//! (`src/internal/trace/generation.go`, Go 1.27.3).

use std::io::Read;

use hashbrown::HashMap;

use crate::error::{Fault, fault};
use crate::event::{GoroutineId, ProcId, ThreadId, Time};
use crate::input::{Head, Input, Stop};
use crate::stacks::{Frame, FrameId};
use crate::tables::{ClockSnapshot, Tables};
use crate::version::Version;
use crate::wire::{DEEPEST_STACK, LONGEST_STRING, Wire, varint};

/// Nanoseconds for a unit of the trace's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frequency(f64);

impl Frequency {
    pub(crate) fn from_units_per_second(units: u64) -> Self {
        Self(1.0 / (units as f64 / 1e9))
    }

    /// The moment of a number of units. Each distance is cut to whole nanoseconds by itself, as
    /// the reference does, so that the moments are the same.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what does not fit is damaged"
    )]
    pub(crate) fn moment(self, units: u64) -> i64 {
        (units as f64 * self.0) as i64
    }
}

/// A batch of events: its thread's time at its beginning, and where its bytes are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) time: u64,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The batches of a thread in the order of the input.
#[derive(Debug)]
pub(crate) struct ThreadBatches {
    pub(crate) thread: ThreadId,
    pub(crate) batches: Vec<Batch>,
}

/// A sample of the CPU profiler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) time: Time,
    pub(crate) thread: ThreadId,
    pub(crate) proc: ProcId,
    pub(crate) goroutine: GoroutineId,
    pub(crate) stack: u64,
}

/// A batch whose number of generation was read already: formats before Go 1.26 end a generation
/// by beginning the next.
#[derive(Debug)]
struct Spilled {
    head: Head,
    body: Vec<u8>,
    offset: u64,
}

/// How reading a generation ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It is whole; more may follow.
    Whole,
    /// It is whole, and what follows cannot be read.
    WholeThen(Fault),
    /// There is no further generation.
    Nothing,
    /// It is not whole. What was read of it is there.
    Broken(Fault),
}

/// A generation as it was read. One value is used for all, one after another.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    /// Where it begins in the input.
    pub(crate) offset: u64,
    /// Up to where in the input batches were taken.
    pub(crate) taken: u64,
    /// The earliest time of a batch.
    pub(crate) start: u64,
    /// The latest time of a batch of events.
    pub(crate) latest: u64,
    pub(crate) frequency: Option<Frequency>,
    pub(crate) threads: Vec<ThreadBatches>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) bytes: Vec<u8>,
    by_thread: HashMap<i64, usize>,
    stack_batches: Vec<Batch>,
    /// The snapshot of the clocks with the trace's clock in its units.
    snapshot: Option<(u64, ClockSnapshot)>,
    is_begun: bool,
    frames: HashMap<u64, FrameId>,
    spilled: Option<Spilled>,
    /// The frequency of the generation before, for one that is cut before it says its own.
    last_frequency: Option<Frequency>,
}

impl Generation {
    fn clear(&mut self) {
        self.number = 0;
        self.start = 0;
        self.latest = 0;
        self.frequency = None;
        self.threads.clear();
        self.samples.clear();
        self.bytes.clear();
        self.by_thread.clear();
        self.stack_batches.clear();
        self.snapshot = None;
        self.is_begun = false;
        self.frames.clear();
    }

    /// Whether it has events.
    pub(crate) fn has_events(&self) -> bool {
        !self.threads.is_empty()
    }

    /// Reads the next generation.
    ///
    /// # Errors
    ///
    /// Only those of the input itself; what is wrong with a trace is an [`Ending`].
    pub(crate) fn read(
        &mut self,
        input: &mut Input<impl Read>,
        version: Version,
        most_bytes: usize,
        tables: &mut Tables,
    ) -> Result<Ending, std::io::Error> {
        self.clear();
        tables.generation.clear();
        self.offset = input.offset();
        self.taken = self.offset;
        let ending = match self.read_batches(input, version, most_bytes, tables) {
            Ok(ending) => ending,
            Err(Stop::Read(error)) => return Err(error),
            Err(Stop::Fault(fault)) => Ending::Broken(fault),
            Err(Stop::End) => Ending::Nothing,
        };
        tables.generation.number = self.number;
        if matches!(ending, Ending::Nothing) {
            return Ok(ending);
        }
        let finished = self.finish(version, tables);
        Ok(match (ending, finished) {
            (Ending::Whole | Ending::WholeThen(_), Err(fault)) => Ending::Broken(fault),
            (ending, _) => ending,
        })
    }

    fn read_batches(
        &mut self,
        input: &mut Input<impl Read>,
        version: Version,
        most_bytes: usize,
        tables: &mut Tables,
    ) -> Result<Ending, Stop> {
        if let Some(spilled) = self.spilled.take() {
            self.offset = spilled.offset;
            if let Head::Batch { generation, .. } = spilled.head {
                self.number = generation;
            }
            self.bytes.extend_from_slice(&spilled.body);
            self.add(spilled.head, 0, version, tables)?;
        }
        loop {
            let offset = input.offset();
            let head = match input.head() {
                Ok(head) => head,
                Err(Stop::End) => return Ok(self.at_end(version)),
                Err(Stop::Fault(fault)) => return self.at_fault(fault, version),
                Err(stop) => return Err(stop),
            };
            let (generation, size) = match head {
                Head::EndOfGeneration if version >= Version::Go126 => {
                    self.taken = input.offset();
                    return Ok(Ending::Whole);
                }
                Head::EndOfGeneration => {
                    let fault = fault!("an end of a generation in a format that has none");
                    return self.at_fault(fault, version);
                }
                Head::Batch {
                    generation, size, ..
                } => (generation, size),
            };
            if generation == 0 {
                return Err(fault!("a batch of generation 0, which does not exist").into());
            }
            if self.number == 0 {
                self.number = generation;
            }
            if generation != self.number {
                if version < Version::Go126 && generation == self.number.wrapping_add(1) {
                    return self.spill(input, head, size, offset);
                }
                return Err(fault!(
                    "a batch of generation {generation} within generation {}",
                    self.number
                )
                .into());
            }
            if self.bytes.len() + size > most_bytes {
                return Err(fault!(
                    "the generation has more than {most_bytes} bytes, which is the limit"
                )
                .into());
            }
            let start = self.bytes.len();
            if let Err(stop) = input.body(size, &mut self.bytes) {
                return match stop {
                    Stop::Fault(fault) => self.at_fault(fault, version),
                    stop => Err(stop),
                };
            }
            self.add(head, start, version, tables)?;
            self.taken = input.offset();
        }
    }

    /// The first batch of the next generation ends this one.
    fn spill(
        &mut self,
        input: &mut Input<impl Read>,
        head: Head,
        size: usize,
        offset: u64,
    ) -> Result<Ending, Stop> {
        let mut body = Vec::new();
        match input.body(size, &mut body) {
            Ok(()) => {
                self.spilled = Some(Spilled { head, body, offset });
                Ok(Ending::Whole)
            }
            Err(Stop::Fault(fault)) => Ok(Ending::WholeThen(fault)),
            Err(stop) => Err(stop),
        }
    }

    fn at_end(&self, version: Version) -> Ending {
        if version < Version::Go126 {
            if self.is_begun {
                Ending::Whole
            } else {
                Ending::Nothing
            }
        } else if self.has_events() {
            Ending::Broken(fault!("the input ends before the generation does"))
        } else {
            Ending::Nothing
        }
    }

    /// Before Go 1.26 nobody knows whether a generation was whole when what follows is damaged;
    /// like the reference, assume so.
    fn at_fault(&self, fault: Fault, version: Version) -> Result<Ending, Stop> {
        if version < Version::Go126 && self.number != 0 {
            Ok(Ending::WholeThen(fault))
        } else {
            Err(fault.into())
        }
    }

    /// Takes a batch whose bytes stand at the end of `bytes`.
    fn add(
        &mut self,
        head: Head,
        start: usize,
        version: Version,
        tables: &mut Tables,
    ) -> Result<(), Fault> {
        let Head::Batch {
            experiment,
            thread,
            time,
            ..
        } = head
        else {
            return Ok(());
        };
        if !self.is_begun || self.start == 0 || time < self.start {
            self.start = time;
        }
        self.is_begun = true;
        let batch = Batch {
            time,
            start,
            end: self.bytes.len(),
        };
        if experiment != 0 {
            self.bytes.truncate(start);
            return Ok(());
        }
        let kind = self.bytes.get(start).copied().and_then(Wire::from_number);
        match kind {
            Some(Wire::Strings) => {
                let result = add_strings(self.bytes.get(start + 1..).unwrap_or_default(), tables);
                self.bytes.truncate(start);
                result
            }
            Some(Wire::Stacks) => {
                self.stack_batches.push(batch);
                Ok(())
            }
            Some(Wire::CPUSamples) => {
                let result = self.add_samples(start + 1);
                self.bytes.truncate(start);
                result
            }
            Some(Wire::Frequency) if version < Version::Go125 => self.add_clocks(batch, version),
            Some(Wire::Sync) if version >= Version::Go125 => self.add_clocks(
                Batch {
                    start: start + 1,
                    ..batch
                },
                version,
            ),
            Some(Wire::EndOfGeneration) => Err(fault!("a batch holds the end of a generation")),
            _ => {
                self.latest = self.latest.max(time);
                let threads = &mut self.threads;
                let at = *self.by_thread.entry(thread).or_insert_with(|| {
                    threads.push(ThreadBatches {
                        thread: ThreadId(thread),
                        batches: Vec::new(),
                    });
                    threads.len() - 1
                });
                if let Some(known) = threads.get_mut(at) {
                    known.batches.push(batch);
                }
                Ok(())
            }
        }
    }

    fn add_clocks(&mut self, batch: Batch, version: Version) -> Result<(), Fault> {
        let mut numbers = Numbers::new(self.bytes.get(batch.start..batch.end).unwrap_or_default());
        let mut time = batch.time;
        while let Some(kind) = numbers.byte() {
            match Wire::from_number(kind) {
                Some(Wire::Frequency) => {
                    if self.frequency.is_some() {
                        return Err(fault!("the generation has two frequencies"));
                    }
                    let units = numbers.next("a frequency")?;
                    if units == 0 {
                        return Err(fault!("the clock has no units in a second"));
                    }
                    self.frequency = Some(Frequency::from_units_per_second(units));
                }
                Some(Wire::ClockSnapshot) if version >= Version::Go125 => {
                    if self.snapshot.is_some() {
                        return Err(fault!("the generation has two snapshots of the clocks"));
                    }
                    time = time.wrapping_add(numbers.next("a snapshot's time")?);
                    let monotonic = numbers.next("a snapshot's monotonic clock")?;
                    let seconds = numbers.next("a snapshot's seconds")?.cast_signed();
                    let nanoseconds = numbers.next("a snapshot's nanoseconds")?;
                    self.snapshot = Some((
                        time,
                        ClockSnapshot {
                            trace: Time::default(),
                            monotonic,
                            seconds,
                            nanoseconds,
                        },
                    ));
                }
                _ => {
                    return Err(fault!(
                        "a frequency or a snapshot of the clocks should be here, not event {kind}"
                    ));
                }
            }
        }
        self.bytes.truncate(batch.start);
        Ok(())
    }

    fn add_samples(&mut self, start: usize) -> Result<(), Fault> {
        let mut numbers = Numbers::new(self.bytes.get(start..).unwrap_or_default());
        while let Some(kind) = numbers.byte() {
            if Wire::from_number(kind) != Some(Wire::CPUSample) {
                return Err(fault!("a CPU sample should be here, not event {kind}"));
            }
            let time = numbers.next("a sample's time")?;
            let thread = numbers.next("a sample's thread")?.cast_signed();
            let proc = numbers.next("a sample's P")?.cast_signed();
            let goroutine = match numbers.next("a sample's goroutine")? {
                0 => GoroutineId::NONE,
                number => GoroutineId(number.cast_signed()),
            };
            let stack = numbers.next("a sample's stack")?;
            self.samples.push(Sample {
                // In units of the clock until the generation is finished.
                time: Time(time.cast_signed()),
                thread: ThreadId(thread),
                proc: ProcId(proc),
                goroutine,
                stack,
            });
        }
        Ok(())
    }

    /// Does what needs the whole generation, and of one that is not whole what can be done.
    fn finish(&mut self, version: Version, tables: &mut Tables) -> Result<(), Fault> {
        let mut result = Ok(());
        if self.frequency.is_none() {
            result = Err(fault!(
                "the generation does not say how fast its clock runs"
            ));
            self.frequency = self.last_frequency;
        }
        let Some(frequency) = self.frequency else {
            self.samples.clear();
            return result;
        };
        self.last_frequency = self.frequency;
        if let Some((units, mut snapshot)) = self.snapshot {
            snapshot.trace = Time(frequency.moment(units));
            tables.generation.clocks = Some(snapshot);
        } else if version >= Version::Go125 {
            result = result.and(Err(fault!("the generation has no snapshot of the clocks")));
        }
        for sample in &mut self.samples {
            sample.time = Time(frequency.moment(sample.time.0.cast_unsigned()));
        }
        self.samples.sort_by_key(|sample| sample.time);
        let stacks = self.add_stacks(tables);
        result.and(stacks)
    }

    /// Stacks name strings, which come last.
    fn add_stacks(&mut self, tables: &mut Tables) -> Result<(), Fault> {
        let mut stack = Vec::new();
        for batch in &self.stack_batches {
            let bytes = self.bytes.get(batch.start + 1..batch.end);
            let mut numbers = Numbers::new(bytes.unwrap_or_default());
            while let Some(kind) = numbers.byte() {
                if Wire::from_number(kind) != Some(Wire::Stack) {
                    return Err(fault!("a stack should be here, not event {kind}"));
                }
                let id = numbers.next("a stack's number")?;
                let depth = numbers.next("a stack's depth")?;
                if depth > DEEPEST_STACK {
                    return Err(fault!(
                        "stack {id} has {depth} frames, and {DEEPEST_STACK} is the most that it \
                         may have"
                    ));
                }
                stack.clear();
                for _ in 0..depth {
                    stack.push(frame(&mut numbers, &mut self.frames, tables)?);
                }
                let handle = tables.stacks.intern(&stack);
                if !tables.generation.add_stack(id, handle) {
                    return Err(fault!("two stacks have the number {id}"));
                }
            }
        }
        Ok(())
    }
}

/// Reads a frame. Of frames with the same address in a generation the first is taken.
fn frame(
    numbers: &mut Numbers<'_>,
    known: &mut HashMap<u64, FrameId>,
    tables: &mut Tables,
) -> Result<FrameId, Fault> {
    let address = numbers.next("a frame's address")?;
    let function = numbers.next("a frame's function")?;
    let file = numbers.next("a frame's file")?;
    let line = numbers.next("a frame's line")?;
    if let Some(&frame) = known.get(&address) {
        return Ok(frame);
    }
    let mut name = |id| {
        tables
            .name(id)
            .ok_or_else(|| fault!("a frame names string {id}, which is not there"))
    };
    let frame = Frame {
        address,
        function: name(function)?,
        file: name(file)?,
        line,
    };
    let frame = tables.stacks.intern_frame(frame);
    known.insert(address, frame);
    Ok(frame)
}

fn add_strings(bytes: &[u8], tables: &mut Tables) -> Result<(), Fault> {
    let mut numbers = Numbers::new(bytes);
    while let Some(kind) = numbers.byte() {
        if Wire::from_number(kind) != Some(Wire::String) {
            return Err(fault!("a string should be here, not event {kind}"));
        }
        let id = numbers.next("a string's number")?;
        let length = numbers.next("a string's length")?;
        if length > LONGEST_STRING {
            return Err(fault!(
                "string {id} has {length} bytes, and {LONGEST_STRING} is the most that it may have"
            ));
        }
        let text = numbers
            .bytes(usize::try_from(length).unwrap_or(usize::MAX))
            .ok_or_else(|| fault!("string {id} is cut"))?;
        if !tables.generation.add_string(id, text) {
            return Err(fault!("two strings have the number {id}"));
        }
    }
    Ok(())
}

/// The numbers of a batch, one after another.
struct Numbers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Numbers<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn next(&mut self, what: &str) -> Result<u64, Fault> {
        let (value, at) =
            varint(self.bytes, self.at).ok_or_else(|| fault!("{what} is cut or too long"))?;
        self.at = at;
        Ok(value)
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }
}
