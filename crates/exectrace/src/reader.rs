//! Drives the input, the generations and the order (`src/internal/trace/reader.go`, Go 1.27.3).

use std::io::Read;

use crate::error::{Damage, Error, Fault, fault};
use crate::event::{Event, EventKind, GoroutineId, ProcId, ThreadId, Time};
use crate::frontier::{Cursor, Frontier};
use crate::generation::{Ending, Frequency, Generation, Sample};
use crate::input::{Head, Input, Stop};
use crate::order::Order;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::version::{HEAD_LENGTH, Version};
use crate::visitor::Visitor;
use crate::wire::Wire;

/// What to do with a generation that is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tail {
    /// Hand out its events as far as they can be ordered, without the stacks and names that are
    /// lost.
    #[default]
    Salvage,
    /// Leave it out, as `go tool trace` does.
    Drop,
}

/// What a reader takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of one generation. The runtime begins a new one each second; the busiest
    /// program measured had 15 MB in it.
    pub generation_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            generation_bytes: 1 << 30,
        }
    }
}

/// How far reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The generation that was read last.
    pub generation: u64,
    /// The bytes of the input up to its end.
    pub bytes: u64,
    /// The time of the last event handed out.
    pub time: Time,
}

/// What a reader has seen once it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The format.
    pub version: Version,
    /// The generations of which events were handed out.
    pub generations: u64,
    /// The events handed out.
    pub events: u64,
    /// The time of the first event, unless there was none.
    pub start: Option<Time>,
    /// The time of the last event.
    pub end: Time,
    /// The bytes of the input.
    pub bytes: u64,
    /// What is wrong with the trace, if it is not whole.
    pub damage: Option<Damage>,
}

impl Outcome {
    /// The nanoseconds from the first event to the last.
    pub fn nanoseconds(&self) -> i64 {
        self.start.map_or(0, |start| self.end.since(start))
    }
}

/// Reads a trace.
///
/// It takes the memory of one generation, of the names and stacks of the trace, and of the
/// goroutines that live at the same time.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    version: Version,
    tail: Tail,
    limits: Limits,
    tables: Tables,
    generation: Generation,
    order: Order,
    frontier: Frontier,
    /// For each thread of the generation its place in the order.
    slots: Vec<Option<u32>>,
    syncs: u32,
    last: Time,
    outcome: Outcome,
    is_done: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the head of a trace.
    ///
    /// # Errors
    ///
    /// When it is no trace, or of a format that is not read here, or cannot be read.
    pub fn new(input: R) -> Result<Self, Error> {
        let mut input = Input::new(input);
        let mut head = Vec::new();
        input
            .read_up_to(HEAD_LENGTH, &mut head)
            .map_err(|source| Error::Read { offset: 0, source })?;
        let version = Version::from_head(&head)?;
        Ok(Self {
            input,
            version,
            tail: Tail::default(),
            limits: Limits::default(),
            tables: Tables::default(),
            generation: Generation::default(),
            order: Order::new(),
            frontier: Frontier::default(),
            slots: Vec::new(),
            syncs: 0,
            last: Time(0),
            outcome: Outcome {
                version,
                generations: 0,
                events: 0,
                start: None,
                end: Time(0),
                bytes: HEAD_LENGTH as u64,
                damage: None,
            },
            is_done: false,
        })
    }

    /// Says what to do with a generation that is not whole.
    #[must_use]
    pub fn tail(mut self, tail: Tail) -> Self {
        self.tail = tail;
        self.order.is_lenient = tail == Tail::Salvage;
        self
    }

    /// Says what to take at most.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The format.
    pub fn version(&self) -> Version {
        self.version
    }

    /// What the handles of events stand for.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Takes the tables, when all is read.
    pub fn into_tables(self) -> Tables {
        self.tables
    }

    /// What was seen so far; all there is when reading is done.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Hands all events to a visitor.
    ///
    /// # Errors
    ///
    /// When the input cannot be read. A damaged trace is no error: the outcome tells of it.
    pub fn run(&mut self, visitor: &mut impl Visitor) -> Result<&Outcome, Error> {
        while self.next_generation(visitor)?.is_some() {}
        Ok(&self.outcome)
    }

    /// Hands the events of the next generation to a visitor. Nothing is left when it returns
    /// nothing; the last event, which says so, was handed out then too.
    ///
    /// # Errors
    ///
    /// When the input cannot be read. A damaged trace is no error: the outcome tells of it.
    pub fn next_generation(
        &mut self,
        visitor: &mut impl Visitor,
    ) -> Result<Option<Progress>, Error> {
        if self.is_done {
            return Ok(None);
        }
        self.order.is_lenient = self.tail == Tail::Salvage;
        let ending = self
            .generation
            .read(
                &mut self.input,
                self.version,
                self.limits.generation_bytes,
                &mut self.tables,
            )
            .map_err(|source| self.failed(source))?;
        let (is_used, mut fault) = match ending {
            Ending::Nothing if self.outcome.generations == 0 => {
                (false, Some(fault!("the trace ends behind its head")))
            }
            Ending::Nothing => (false, None),
            Ending::Whole => (true, None),
            Ending::WholeThen(fault) => (true, Some(fault)),
            Ending::Broken(fault) => (self.tail == Tail::Salvage, Some(fault)),
        };
        let is_last = !is_used;
        let mut is_broken = false;
        let frequency = self.generation.frequency.filter(|_| is_used);
        let is_used = frequency.is_some();
        if let Some(frequency) = frequency {
            self.outcome.generations += 1;
            if let Err(found) = self.hand_out(frequency, visitor) {
                // What was wrong first is why.
                fault.get_or_insert(found);
                is_broken = true;
            } else if let Some(missing) = self.order.missing.take() {
                fault.get_or_insert(missing);
            }
        }
        if let Some(fault) = fault {
            self.lose(fault, is_used)?;
            self.is_done = true;
        } else if is_last {
            self.is_done = true;
        }
        if self.is_done {
            // The reference says nothing more where events cannot be ordered.
            if !(is_broken && self.tail == Tail::Drop) {
                self.sync(self.last, visitor);
            }
            self.outcome.bytes = self.input.offset();
            return Ok(None);
        }
        self.outcome.bytes = self.input.offset();
        Ok(Some(Progress {
            generation: self.generation.number,
            bytes: self.outcome.bytes,
            time: self.last,
        }))
    }

    /// Puts the events of the generation in order and hands them out.
    fn hand_out(&mut self, frequency: Frequency, visitor: &mut impl Visitor) -> Result<(), Fault> {
        self.order.begin(self.generation.number);
        self.frontier.clear();
        self.slots.clear();
        for (at, thread) in self.generation.threads.iter().enumerate() {
            self.slots.push(self.order.thread(thread.thread));
            let mut cursor = Cursor::new(at);
            if cursor.advance(&thread.batches, &self.generation.bytes, frequency)? {
                self.frontier.insert(cursor);
            }
        }
        self.sync(Time(frequency.moment(self.generation.start)), visitor);

        let mut samples = std::mem::take(&mut self.generation.samples)
            .into_iter()
            .peekable();
        loop {
            let earliest = self.frontier.earliest();
            if let Some(sample) = samples.peek()
                && earliest.is_none_or(|earliest| sample.time.0 < earliest)
            {
                let mut event = self.sampled(sample)?;
                self.emit(&mut event, visitor);
                samples.next();
                continue;
            }
            if earliest.is_none() {
                return Ok(());
            }
            if !self.try_advance(0, frequency)? {
                self.try_others(frequency)?;
            }
            let mut ready = std::mem::take(&mut self.order.ready);
            for event in &mut ready {
                self.emit(event, visitor);
            }
            ready.clear();
            self.order.ready = ready;
        }
    }

    /// Tries all threads but the first in the order of their times.
    #[cold]
    fn try_others(&mut self, frequency: Frequency) -> Result<(), Fault> {
        self.frontier.sort();
        for place in 1..self.frontier.len() {
            if self.try_advance(place, frequency)? {
                return Ok(());
            }
        }
        let mut waiting = Vec::new();
        for place in 0..self.frontier.len().min(8) {
            if let Some(cursor) = self.frontier.cursor(place) {
                waiting.push(cursor.event.wire.spec().name);
            }
        }
        Err(fault!(
            "no thread's next event can come next; they are {}",
            waiting.join(", ")
        ))
    }

    /// Takes the event of a thread if it is possible now, and reads its next.
    #[inline]
    fn try_advance(&mut self, place: usize, frequency: Frequency) -> Result<bool, Fault> {
        let Some(cursor) = self.frontier.cursor(place) else {
            return Ok(false);
        };
        let slot = self.slots.get(cursor.thread).copied().flatten();
        if !self.order.advance(&cursor.event, slot, &mut self.tables)? {
            return Ok(false);
        }
        let thread = self.generation.threads.get(cursor.thread);
        let batches = thread.map_or(&[][..], |thread| &thread.batches);
        if cursor.advance(batches, &self.generation.bytes, frequency)? {
            let time = cursor.event.time;
            self.frontier.update(place, time);
        } else {
            self.frontier.remove(place);
        }
        Ok(true)
    }

    fn sampled(&mut self, sample: &Sample) -> Result<Event, Fault> {
        Ok(Event {
            time: sample.time,
            thread: sample.thread,
            proc: sample.proc,
            goroutine: sample.goroutine,
            stack: self
                .order
                .stack(sample.stack, Wire::CPUSample, &self.tables)?,
            wire: Wire::CPUSample,
            kind: EventKind::StackSample,
        })
    }

    /// Says that a generation begins, or that the trace ends.
    fn sync(&mut self, time: Time, visitor: &mut impl Visitor) {
        self.syncs += 1;
        let mut event = Event {
            time,
            thread: ThreadId::NONE,
            proc: ProcId::NONE,
            goroutine: GoroutineId::NONE,
            stack: StackId::NONE,
            wire: Wire::Sync,
            kind: EventKind::Sync(self.syncs),
        };
        self.emit(&mut event, visitor);
    }

    /// Hands out an event, at a moment after that of the one before.
    #[inline]
    fn emit(&mut self, event: &mut Event, visitor: &mut impl Visitor) {
        if event.time <= self.last {
            event.time = Time(self.last.0.wrapping_add(1));
        }
        self.last = event.time;
        self.outcome.start.get_or_insert(event.time);
        self.outcome.end = event.time;
        self.outcome.events += 1;
        visitor.event(event, &self.tables);
    }

    fn failed(&self, source: std::io::Error) -> Error {
        let offset = self.input.offset();
        Error::Read { offset, source }
    }

    /// Notes what is wrong, and reads to the end of the input to say how much is lost.
    fn lose(&mut self, fault: Fault, is_used: bool) -> Result<(), Error> {
        let (lost_from, unread) = if is_used {
            (self.generation.taken, self.unread())
        } else {
            (self.generation.offset, 0)
        };
        let mut latest = self.generation.latest;
        let mut scratch = Vec::new();
        // As long as batches follow, they tell how much time is lost.
        loop {
            match self.input.head() {
                Ok(Head::EndOfGeneration) => {}
                Ok(Head::Batch { time, size, .. }) => {
                    scratch.clear();
                    match self.input.body(size, &mut scratch) {
                        Ok(()) => latest = latest.max(time),
                        Err(Stop::Read(source)) => return Err(self.failed(source)),
                        Err(_) => break,
                    }
                }
                Err(Stop::Read(source)) => return Err(self.failed(source)),
                Err(_) => break,
            }
        }
        if let Err(source) = self.input.drain() {
            return Err(self.failed(source));
        }
        let end = self
            .generation
            .frequency
            .map(|frequency| frequency.moment(latest));
        self.outcome.damage = Some(Damage {
            offset: self.generation.offset,
            generation: self.generation.number,
            what: fault.0,
            lost_bytes: self.input.offset().saturating_sub(lost_from) + unread,
            lost_nanoseconds: end
                .filter(|_| self.outcome.start.is_some())
                .map(|end| end.saturating_sub(self.last.0).max(0)),
        });
        Ok(())
    }

    /// The bytes of the generation that did not become events.
    fn unread(&mut self) -> u64 {
        let mut bytes = 0;
        for place in 0..self.frontier.len() {
            let Some(cursor) = self.frontier.cursor(place) else {
                continue;
            };
            let thread = self.generation.threads.get(cursor.thread);
            let batches = thread.map_or(&[][..], |thread| &thread.batches);
            bytes += cursor.rest(batches);
        }
        bytes as u64
    }
}
