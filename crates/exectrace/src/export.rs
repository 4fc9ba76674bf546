//! Traces for other viewers: Perfetto's protobuf and the JSON that Chrome's tracing, Perfetto and
//! Speedscope read, of a window of time.
//!
//! [`Timeline`] sees events and tells a [`Canvas`] what to draw, in the order of time: a track for
//! each goroutine with its states, for each P and each thread with the goroutine that it runs, for
//! regions and assists of goroutines, for tasks, for the collector and the stops of the world; and
//! numbers. Wake-ups are arrows. It takes the memory of the goroutines that live, and of the
//! tracks that it drew.

mod chrome;
mod perfetto;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use hashbrown::{HashMap, HashSet};

use crate::event::{
    Event, EventKind, GoroutineId, GoroutineState, GoroutineTransition, Metric, Range, Time,
};
use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::visitor::Visitor;

pub use chrome::Chrome;
pub use perfetto::Perfetto;

/// How often counts of goroutines are drawn at most, in nanoseconds.
const COUNT_EVERY: i64 = 100_000;

/// What has a line of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// When the world stands still.
    Stops,
    /// When the collector marks.
    Collector,
    /// What a P runs.
    Proc(i64),
    /// When a P sweeps.
    Sweep(i64),
    /// What a thread runs.
    Thread(i64),
    /// What a goroutine does.
    Goroutine(i64),
    /// The regions and assists of a goroutine.
    Regions(i64),
    /// A user's task.
    Task(u64),
}

/// A number over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// The live heap in bytes.
    HeapLive,
    /// The heap's goal in bytes.
    HeapGoal,
    /// GOMAXPROCS.
    Procs,
    /// Goroutines that run.
    Running,
    /// Goroutines that could run and have no P.
    Runnable,
}

impl Counter {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::HeapLive,
        Self::HeapGoal,
        Self::Procs,
        Self::Running,
        Self::Runnable,
    ];

    /// Its name, with its unit.
    pub fn name(self) -> &'static str {
        match self {
            Self::HeapLive => "live heap (bytes)",
            Self::HeapGoal => "heap goal (bytes)",
            Self::Procs => "GOMAXPROCS",
            Self::Running => "running goroutines",
            Self::Runnable => "runnable goroutines",
        }
    }

    /// Whether it is of bytes.
    pub fn is_bytes(self) -> bool {
        matches!(self, Self::HeapLive | Self::HeapGoal)
    }
}

/// An arrow from what woke a goroutine to its run, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrow {
    /// It begins here.
    From(u64),
    /// It ends here.
    To(u64),
}

/// Draws tracks in the order of time. Times are nanoseconds since the trace began.
pub trait Canvas {
    /// Names a track, once, before anything is drawn on it.
    fn track(&mut self, track: Track, name: &str);
    /// Begins a slice on a track; slices lie within those that are open. The place is where the
    /// program was.
    fn begin(&mut self, track: Track, time: i64, name: &str, place: &str, arrow: Option<Arrow>);
    /// Ends the slice of a track that began last.
    fn end(&mut self, track: Track, time: i64);
    /// Marks a moment on a track.
    fn mark(&mut self, track: Track, time: i64, name: &str, arrow: Option<Arrow>);
    /// Sets a number.
    fn count(&mut self, counter: Counter, time: i64, value: u64);
    /// Ends the drawing.
    ///
    /// # Errors
    ///
    /// The first that the output made.
    fn finish(self) -> io::Result<()>;
}

/// What is known of a goroutine that lives.
#[derive(Debug, Clone, Copy)]
struct Goroutine {
    state: GoroutineState,
    reason: Name,
    entry: Name,
    stack: StackId,
    /// The arrow that ends when it runs next.
    arrow: Option<u64>,
}

/// Draws a window of a trace on a canvas.
pub struct Timeline<C> {
    canvas: C,
    /// In nanoseconds since the trace began.
    window: (i64, i64),
    begin: Option<Time>,
    now: i64,
    is_drawing: bool,
    is_drawn: bool,
    goroutines: HashMap<GoroutineId, Goroutine>,
    /// The goroutines that Ps and threads run, by track.
    runs: BTreeMap<Track, GoroutineId>,
    /// How many slices are open on tracks of ranges, regions and tasks, with their names.
    open: BTreeMap<Track, Vec<String>>,
    named: HashSet<Track>,
    counts: [(u64, i64); 5],
    arrows: u64,
}

impl<C> fmt::Debug for Timeline<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline")
            .field("window", &self.window)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl<C: Canvas> Timeline<C> {
    /// Draws what lies in a window, in nanoseconds since the trace began.
    pub fn new(canvas: C, from: i64, to: i64) -> Self {
        Self {
            canvas,
            window: (from.max(0), to),
            begin: None,
            now: 0,
            is_drawing: false,
            is_drawn: false,
            goroutines: HashMap::new(),
            runs: BTreeMap::new(),
            open: BTreeMap::new(),
            named: HashSet::new(),
            counts: [(0, i64::MIN); 5],
            arrows: 0,
        }
    }

    /// Whether the window is past, so that the rest of the trace need not be read.
    pub fn is_past(&self) -> bool {
        self.now >= self.window.1
    }

    /// Ends what is open, and the drawing.
    ///
    /// # Errors
    ///
    /// The first that the output made.
    pub fn finish(mut self, tables: &Tables) -> io::Result<()> {
        if self.begin.is_some() && self.now >= self.window.0 {
            self.start(tables);
        }
        self.stop();
        self.canvas.finish()
    }

    /// Draws what is there when the window begins.
    fn start(&mut self, tables: &Tables) {
        if self.is_drawing || self.is_drawn {
            return;
        }
        self.is_drawing = true;
        let now = std::mem::replace(&mut self.now, self.window.0);
        for counter in Counter::ALL {
            let (value, _) = self.counts[counter as usize];
            self.canvas.count(counter, self.now, value);
        }
        for (track, names) in self.open.clone() {
            for name in names {
                self.begin_slice(track, &name, "", None, tables);
            }
        }
        for (track, goroutine) in self.runs.clone() {
            self.begin_run(track, goroutine, tables);
        }
        let mut goroutines: Vec<_> = self.goroutines.keys().copied().collect();
        goroutines.sort_unstable();
        for goroutine in goroutines {
            self.begin_state(goroutine, tables);
        }
        self.now = now;
    }

    /// Ends all slices that are open.
    fn stop(&mut self) {
        if !self.is_drawing {
            return;
        }
        self.is_drawing = false;
        self.is_drawn = true;
        let time = self.now.min(self.window.1);
        for counter in Counter::ALL {
            self.canvas
                .count(counter, time, self.counts[counter as usize].0);
        }
        let mut goroutines: Vec<_> = self.goroutines.keys().copied().collect();
        goroutines.sort_unstable();
        for goroutine in goroutines {
            self.canvas.end(Track::Goroutine(goroutine.0), time);
        }
        for &track in self.runs.keys() {
            self.canvas.end(track, time);
        }
        for (&track, names) in &self.open {
            for _ in names {
                self.canvas.end(track, time);
            }
        }
    }

    fn begin_slice(
        &mut self,
        track: Track,
        name: &str,
        place: &str,
        arrow: Option<Arrow>,
        tables: &Tables,
    ) {
        self.name(track, tables);
        self.canvas.begin(track, self.now, name, place, arrow);
    }

    fn name(&mut self, track: Track, tables: &Tables) {
        if !self.named.insert(track) {
            return;
        }
        let name = match track {
            Track::Stops => "world stopped".to_owned(),
            Track::Collector => "collector".to_owned(),
            Track::Proc(proc) => format!("P{proc}"),
            Track::Sweep(proc) => format!("P{proc} sweeps"),
            Track::Thread(thread) => format!("thread {thread}"),
            Track::Goroutine(goroutine) => self.goroutine_name(GoroutineId(goroutine), tables),
            Track::Regions(goroutine) => format!("G{goroutine} regions"),
            Track::Task(task) => format!("task {task}"),
        };
        self.canvas.track(track, &name);
    }

    fn goroutine_name(&self, goroutine: GoroutineId, tables: &Tables) -> String {
        let entry = self.goroutines.get(&goroutine).map(|known| known.entry);
        let entry = entry.map_or("", |entry| tables.names.get(entry));
        let space = if entry.is_empty() { "" } else { " " };
        format!("G{}{space}{entry}", goroutine.0)
    }

    fn begin_run(&mut self, track: Track, goroutine: GoroutineId, tables: &Tables) {
        let name = self.goroutine_name(goroutine, tables);
        self.begin_slice(track, &name, "", None, tables);
    }

    fn begin_state(&mut self, goroutine: GoroutineId, tables: &Tables) {
        let Some(known) = self.goroutines.get_mut(&goroutine) else {
            return;
        };
        let reason = tables.names.get(known.reason);
        let (name, arrow) = match known.state {
            GoroutineState::Running => ("running", known.arrow.take().map(Arrow::To)),
            GoroutineState::Runnable => ("runnable", None),
            GoroutineState::Syscall => ("system call", None),
            GoroutineState::Waiting if reason.is_empty() => ("waiting", None),
            GoroutineState::Waiting => (reason, None),
            GoroutineState::Undetermined | GoroutineState::NotExist => return,
        };
        let leaf = tables.stacks.frames(known.stack).next();
        let place = leaf.map_or("", |frame| tables.names.get(frame.function));
        self.begin_slice(Track::Goroutine(goroutine.0), name, place, arrow, tables);
    }

    fn set_run(&mut self, track: Track, goroutine: Option<GoroutineId>, tables: &Tables) {
        let before = match goroutine {
            Some(goroutine) => self.runs.insert(track, goroutine),
            None => self.runs.remove(&track),
        };
        if self.is_drawing {
            if before.is_some() {
                self.canvas.end(track, self.now);
            }
            if let Some(goroutine) = goroutine {
                self.begin_run(track, goroutine, tables);
            }
        }
    }

    fn transition(&mut self, event: &Event, to: &GoroutineTransition, tables: &Tables) {
        let goroutine = to.goroutine;
        if to.from == to.to {
            return;
        }
        let known = self.goroutines.get(&goroutine).copied();
        let was = known.map_or(GoroutineState::NotExist, |known| known.state);
        let root = || {
            let frame = tables.stacks.root(to.stack);
            frame.map_or(Name::EMPTY, |frame| frame.function)
        };
        let mut arrow = known.and_then(|known| known.arrow);
        if self.is_drawing && to.to == GoroutineState::Runnable && event.goroutine != goroutine {
            arrow = self.wake(event, goroutine, tables);
        }
        if self.is_drawing && known.is_some() {
            self.canvas.end(Track::Goroutine(goroutine.0), self.now);
        }
        self.count_states(was, to.to);
        let (proc, thread) = (Track::Proc(event.proc.0), Track::Thread(event.thread.0));
        if was == GoroutineState::Running && self.runs.get(&proc) == Some(&goroutine) {
            self.set_run(proc, None, tables);
        }
        if was.is_executing() && !to.to.is_executing() && self.runs.get(&thread) == Some(&goroutine)
        {
            self.set_run(thread, None, tables);
        }
        if to.to == GoroutineState::NotExist {
            self.goroutines.remove(&goroutine);
            return;
        }
        let known = Goroutine {
            state: to.to,
            reason: to.reason,
            entry: known.map_or_else(root, |known| known.entry),
            stack: to.stack,
            arrow,
        };
        self.goroutines.insert(goroutine, known);
        if to.to == GoroutineState::Running && event.proc.is_some() {
            self.set_run(proc, Some(goroutine), tables);
        }
        if to.to.is_executing() && !was.is_executing() && event.thread.is_some() {
            self.set_run(thread, Some(goroutine), tables);
        }
        if self.is_drawing {
            self.begin_state(goroutine, tables);
        }
    }

    /// Draws where a goroutine is woken or made, and gives the number of the arrow.
    fn wake(&mut self, event: &Event, goroutine: GoroutineId, tables: &Tables) -> Option<u64> {
        let track = Track::Goroutine(event.goroutine.0);
        // The runtime itself has no track.
        if !event.goroutine.is_some() || !self.named.contains(&track) {
            return None;
        }
        self.arrows += 1;
        let name = format!("wakes {}", self.goroutine_name(goroutine, tables));
        let arrow = Some(Arrow::From(self.arrows));
        self.canvas.mark(track, self.now, &name, arrow);
        Some(self.arrows)
    }

    fn count_states(&mut self, from: GoroutineState, to: GoroutineState) {
        for (counter, state) in [
            (Counter::Running, GoroutineState::Running),
            (Counter::Runnable, GoroutineState::Runnable),
        ] {
            let by = i64::from(to == state) - i64::from(from == state);
            if by != 0 {
                let (value, _) = self.counts[counter as usize];
                self.set_count(counter, value.saturating_add_signed(by), COUNT_EVERY);
            }
        }
    }

    fn set_count(&mut self, counter: Counter, value: u64, every: i64) {
        let (known, drawn) = &mut self.counts[counter as usize];
        *known = value;
        if self.is_drawing && self.now.saturating_sub(*drawn) >= every {
            *drawn = self.now;
            self.canvas.count(counter, self.now, value);
        }
    }

    fn open(&mut self, track: Track, name: &str, event: &Event, tables: &Tables) {
        self.open.entry(track).or_default().push(name.to_owned());
        if self.is_drawing {
            let leaf = tables.stacks.frames(event.stack).next();
            let place = leaf.map_or("", |frame| tables.names.get(frame.function));
            self.begin_slice(track, name, place, None, tables);
        }
    }

    fn close(&mut self, track: Track) {
        let Some(names) = self.open.get_mut(&track) else {
            return;
        };
        if names.pop().is_some() && self.is_drawing {
            self.canvas.end(track, self.now);
        }
        if names.is_empty() {
            self.open.remove(&track);
        }
    }

    fn range(&mut self, range: Range, is_active: bool, event: &Event, tables: &Tables) {
        let (track, name) = of_range(range, tables);
        // Ranges are told of again in each generation.
        if !(is_active && self.open.contains_key(&track)) {
            self.open(track, name, event, tables);
        }
    }

    fn see(&mut self, event: &Event, tables: &Tables) {
        let name = |name: Name| tables.names.get(name);
        match event.kind {
            EventKind::Goroutine(to) => self.transition(event, &to, tables),
            EventKind::Metric(metric, value) => {
                let counter = match metric {
                    Metric::Procs => Counter::Procs,
                    Metric::HeapLive => Counter::HeapLive,
                    Metric::HeapGoal => Counter::HeapGoal,
                };
                self.set_count(counter, value, 0);
            }
            EventKind::RangeBegin(range) => self.range(range, false, event, tables),
            EventKind::RangeActive(range) => self.range(range, true, event, tables),
            EventKind::RangeEnd(range, _) => self.close(of_range(range, tables).0),
            EventKind::TaskBegin(task) => {
                self.open(Track::Task(task.id.0), name(task.kind), event, tables);
            }
            EventKind::TaskEnd(task) => self.close(Track::Task(task.id.0)),
            EventKind::RegionBegin(region) => {
                let track = Track::Regions(event.goroutine.0);
                self.open(track, name(region.kind), event, tables);
            }
            EventKind::RegionEnd(_) => self.close(Track::Regions(event.goroutine.0)),
            EventKind::Log(log) if self.is_drawing => {
                let track = Track::Regions(event.goroutine.0);
                self.name(track, tables);
                let text = format!("{}: {}", name(log.category), tables.text(log.message));
                self.canvas.mark(track, self.now, &text, None);
            }
            _ => {}
        }
    }
}

fn of_range(range: Range, tables: &Tables) -> (Track, &str) {
    match range {
        Range::StopTheWorld(_, reason) => (Track::Stops, tables.names.get(reason)),
        Range::Mark => (Track::Collector, "mark"),
        Range::Sweep(proc) => (Track::Sweep(proc.0), "sweep"),
        Range::MarkAssist(goroutine) => (Track::Regions(goroutine.0), "mark assist"),
    }
}

impl<C: Canvas> Visitor for Timeline<C> {
    fn event(&mut self, event: &Event, tables: &Tables) {
        let begin = *self.begin.get_or_insert(event.time);
        let now = event.time.since(begin).max(self.now);
        if self.is_past() {
            return;
        }
        self.now = now;
        if self.is_past() {
            self.start(tables);
            return self.stop();
        }
        if now >= self.window.0 {
            self.start(tables);
        }
        self.see(event, tables);
    }
}

#[cfg(test)]
pub(crate) mod tests;
