//! What is due when: a state machine without clocks, threads or sockets.
//!
//! [`Schedule::next`] says which looks begin now, [`Schedule::answered`] and [`Schedule::stored`]
//! tell it how they ended. What it promises:
//!
//! - of one target there is at most one look and one recording at a time, and of all targets no
//!   more than [`Bounds`] says;
//! - looks of one target keep their distance and their place within the interval, over restarts
//!   too, and looks that could not begin in time are left out, never made up for in a burst;
//! - a target that fails is asked less and less often, at most [`MOST_BACK_OFF`] (or its interval)
//!   apart, and as often as ever once it answers;
//! - a look that does not come back gives its place to others after its time;
//! - a profile that costs more than it may is taken less often, and one that is not there is asked
//!   for less and less often.

mod grid;
mod stream;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

pub use grid::Moment;
use stream::{Lane, Stream, doubled};

use crate::Health;
use crate::config::duration_text;
use crate::labels::mixed;
use crate::probe::{Failure, Part, Reason, Task};
use crate::target::Target;

/// Longest time between two looks at a target that fails, unless its interval is longer.
pub const MOST_BACK_OFF: Duration = Duration::from_mins(5);

/// Looks that hang may take so many times the places of those that do not, in addition to them.
const MOST_HUNG: usize = 4;

/// When a target is looked at for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum First {
    /// At its own place within the interval, so that a start with many targets is no burst.
    #[default]
    InTurn,
    /// At once.
    AtOnce,
}

/// What all looks together may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most looks at one time; most recordings at one time, too.
    pub concurrent: usize,
    /// How long after its timeout a look is given up.
    pub grace: Duration,
    /// When a target is looked at for the first time.
    pub first: First,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            concurrent: 32,
            grace: Duration::from_secs(5),
            first: First::InTurn,
        }
    }
}

/// What is due when.
#[derive(Debug)]
pub struct Schedule {
    bounds: Bounds,
    entries: BTreeMap<u64, Entry>,
    /// When lanes of targets are due. An element counts only if it is that of its entry.
    queues: [BinaryHeap<Reverse<(Moment, u64)>>; 2],
    running: BTreeMap<u64, Running>,
    last_id: u64,
    told: Vec<String>,
    health: Health,
}

/// A target and what is known of it.
#[derive(Debug)]
struct Entry {
    target: Arc<Target>,
    streams: Vec<Stream>,
    /// Looks that failed in a row.
    failures: u32,
    /// Whether the last look gave something; `None` before the first.
    up: Option<bool>,
    lanes: [LaneState; 2],
}

/// What a target does in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LaneState {
    /// It waits until then; `None` if nothing of it runs in this lane.
    Waits(Option<Moment>),
    /// A task runs.
    Runs(u64),
}

/// A task that was begun.
#[derive(Debug)]
struct Running {
    key: u64,
    lane: Lane,
    begun: Moment,
    deadline: Moment,
    profiles: Vec<String>,
    readings: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The target is asked.
    Asks,
    /// It has answered; what came is being stored.
    Stores,
    /// It was given up, and has not come back.
    Hangs,
}

/// What changed with a new list of targets.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Targets that are new.
    pub added: usize,
    /// Targets that are no more.
    pub removed: Vec<Arc<Target>>,
}

impl Lane {
    const ALL: [Self; 2] = [Self::Look, Self::Recording];

    const fn index(self) -> usize {
        match self {
            Self::Look => 0,
            Self::Recording => 1,
        }
    }
}

impl Schedule {
    /// Makes a schedule of nothing.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            entries: BTreeMap::new(),
            queues: [BinaryHeap::new(), BinaryHeap::new()],
            running: BTreeMap::new(),
            last_id: 0,
            told: Vec::new(),
            health: Health::default(),
        }
    }

    /// Sets what is looked at. Targets with the same labels are one; what is known of a target
    /// that was there before is kept.
    pub fn set_targets(
        &mut self,
        now: Moment,
        targets: impl IntoIterator<Item = Arc<Target>>,
    ) -> Changes {
        let mut changes = Changes::default();
        let mut seen: BTreeMap<u64, Arc<Target>> = BTreeMap::new();
        for target in targets {
            let key = target.key();
            match seen.get(&key) {
                Some(first) if first.address != target.address => self.told.push(format!(
                    "{} and {} have the same labels, {}: the first alone is looked at",
                    first.address, target.address, target.labels
                )),
                Some(_) => {}
                None => {
                    seen.insert(key, target);
                }
            }
        }
        let gone: Vec<u64> = self
            .entries
            .keys()
            .filter(|key| !seen.contains_key(key))
            .copied()
            .collect();
        for key in gone {
            if let Some(entry) = self.entries.remove(&key) {
                changes.removed.push(entry.target);
            }
        }
        for (key, target) in seen {
            if let Some(entry) = self.entries.get_mut(&key) {
                if !entry.target.is_same_as(&target) {
                    entry.change(target, now);
                    self.plan(key);
                }
            } else {
                changes.added += 1;
                let entry = self.entry(key, target, now);
                self.entries.insert(key, entry);
                self.plan(key);
            }
        }
        changes
    }

    fn entry(&self, key: u64, target: Arc<Target>, now: Moment) -> Entry {
        let mut streams = stream::streams(&target, now);
        if self.bounds.first == First::AtOnce {
            for stream in streams
                .iter_mut()
                .filter(|stream| stream.lane() == Lane::Look)
            {
                stream.put_off(now);
            }
        }
        // It may have been removed while it was looked at, and come back.
        let runs = |lane: Lane| {
            let mut running = self.running.iter();
            running
                .find(|(_, running)| running.key == key && running.lane == lane)
                .map_or(LaneState::Waits(None), |(&id, _)| LaneState::Runs(id))
        };
        Entry {
            target,
            streams,
            failures: 0,
            up: None,
            lanes: Lane::ALL.map(runs),
        }
    }

    /// The targets, in the order of their keys.
    pub fn targets(&self) -> Vec<Arc<Target>> {
        let entries = self.entries.values();
        entries.map(|entry| Arc::clone(&entry.target)).collect()
    }

    /// What should be told to the user since the last call, one line each.
    pub fn take_told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    /// The scraper's own numbers.
    pub fn health(&self) -> Health {
        let mut health = self.health.clone();
        let entries = self.entries.values();
        health.targets = self.entries.len();
        health.up = entries
            .clone()
            .filter(|entry| entry.up == Some(true))
            .count();
        health.stretched = entries
            .filter(|entry| entry.streams.iter().any(Stream::is_stretched))
            .count();
        health.running = self.running.len() - self.hanging();
        health.hanging = self.hanging();
        health
    }

    /// When [`Self::next`] should be called again at the latest, if nothing ends before.
    pub fn wake_at(&self) -> Option<Moment> {
        let asking = self
            .running
            .values()
            .filter(|running| running.phase == Phase::Asks);
        let deadlines = asking.map(|running| running.deadline);
        let due = Lane::ALL
            .into_iter()
            .filter(|lane| self.free_places(*lane) > 0)
            .filter_map(|lane| self.queues.get(lane.index())?.peek())
            .map(|Reverse((moment, _))| *moment);
        deadlines.chain(due).min()
    }

    /// Begins what is due, and gives up what took too long.
    pub fn next(&mut self, now: Moment) -> Vec<Task> {
        self.give_up(now);
        let mut tasks = Vec::new();
        for lane in Lane::ALL {
            let mut free = self.free_places(lane);
            while free > 0
                && let Some(key) = self.pop_due(lane, now)
            {
                if let Some(task) = self.begin(key, lane, now) {
                    free -= 1;
                    tasks.push(task);
                }
            }
        }
        tasks
    }

    fn free_places(&self, lane: Lane) -> usize {
        let (mut active, mut hanging) = (0_usize, 0_usize);
        for running in self.running.values().filter(|running| running.lane == lane) {
            match running.phase {
                Phase::Hangs => hanging += 1,
                Phase::Asks | Phase::Stores => active += 1,
            }
        }
        let too_many = hanging.saturating_sub(self.bounds.concurrent.saturating_mul(MOST_HUNG));
        self.bounds
            .concurrent
            .saturating_sub(active)
            .saturating_sub(too_many)
    }

    fn hanging(&self) -> usize {
        let running = self.running.values();
        running
            .filter(|running| running.phase == Phase::Hangs)
            .count()
    }

    /// The next target that is due in a lane.
    fn pop_due(&mut self, lane: Lane, now: Moment) -> Option<u64> {
        let queue = self.queues.get_mut(lane.index())?;
        while let Some(&Reverse((moment, key))) = queue.peek() {
            if moment > now {
                return None;
            }
            queue.pop();
            let state = self.entries.get(&key).map(|entry| entry.lane(lane));
            if state == Some(LaneState::Waits(Some(moment))) {
                return Some(key);
            }
        }
        None
    }

    fn begin(&mut self, key: u64, lane: Lane, now: Moment) -> Option<Task> {
        let entry = self.entries.get_mut(&key)?;
        let is_down = entry.failures > 0;
        let mut profiles = Vec::new();
        let (mut readings, mut seconds) = (false, None);
        for stream in &mut entry.streams {
            // Recordings go one by one: a process records one CPU profile at a time.
            if stream.lane() != lane || stream.due > now || seconds.is_some() {
                continue;
            }
            let skipped = stream.begin(now);
            if is_down && lane == Lane::Recording {
                continue;
            }
            if !is_down {
                self.health.skipped += skipped;
            }
            seconds = stream.seconds;
            match &stream.profile {
                Some(name) => profiles.push(name.clone()),
                None => readings = true,
            }
        }
        if profiles.is_empty() && !readings {
            self.plan(key);
            return None;
        }
        self.last_id += 1;
        let id = self.last_id;
        let recorded = Duration::from_secs(u64::from(seconds.unwrap_or(0)));
        let timeout = entry.target.timeout.saturating_add(recorded);
        entry.set_lane(lane, LaneState::Runs(id));
        let task = Task {
            id,
            target: Arc::clone(&entry.target),
            readings,
            profiles: profiles.clone(),
            seconds,
            timeout,
        };
        self.running.insert(
            id,
            Running {
                key,
                lane,
                begun: now,
                deadline: now.after(timeout).after(self.bounds.grace),
                profiles,
                readings,
                phase: Phase::Asks,
            },
        );
        Some(task)
    }

    /// Gives up what took too long: its place is free, its target stays occupied.
    fn give_up(&mut self, now: Moment) {
        let overdue: Vec<u64> = self
            .running
            .iter()
            .filter(|(_, running)| running.phase == Phase::Asks && running.deadline <= now)
            .map(|(&id, _)| id)
            .collect();
        for id in overdue {
            let Some(running) = self.running.get_mut(&id) else {
                continue;
            };
            running.phase = Phase::Hangs;
            let failure = Failure {
                reason: Reason::Hung,
                what: format!(
                    "did not come back within {}",
                    duration_text(running.deadline.since(running.begun))
                ),
            };
            self.learn(id, &Err(failure), now);
        }
    }

    /// Tells that a target has answered or failed. Its place stays taken until
    /// [`Self::stored`]. Tasks that are not known are nothing.
    pub fn answered(&mut self, now: Moment, id: u64, outcome: &Result<Vec<Part>, Failure>) {
        let Some(running) = self.running.get_mut(&id) else {
            return;
        };
        if running.phase == Phase::Hangs {
            // That it hung is known already.
            running.phase = Phase::Stores;
            return;
        }
        running.phase = Phase::Stores;
        self.learn(id, outcome, now);
    }

    /// Tells that what came of a task is stored: its target can be looked at again.
    pub fn stored(&mut self, id: u64) {
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        if let Some(entry) = self.entries.get_mut(&running.key) {
            if entry.lane(running.lane) == LaneState::Runs(id) {
                entry.set_lane(running.lane, LaneState::Waits(None));
            }
            self.plan(running.key);
        }
    }

    /// Puts a target that waits into the queues where it is due.
    fn plan(&mut self, key: u64) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        for lane in Lane::ALL {
            if matches!(entry.lane(lane), LaneState::Runs(_)) {
                continue;
            }
            let streams = entry.streams.iter().filter(|stream| stream.lane() == lane);
            let due = streams.map(|stream| stream.due).min();
            if entry.lane(lane) == LaneState::Waits(due) && due.is_some() {
                continue;
            }
            entry.set_lane(lane, LaneState::Waits(due));
            if let (Some(moment), Some(queue)) = (due, self.queues.get_mut(lane.index())) {
                queue.push(Reverse((moment, key)));
            }
        }
    }

    /// Counts an outcome and changes what is due by it.
    fn learn(&mut self, id: u64, outcome: &Result<Vec<Part>, Failure>, now: Moment) {
        let Some(running) = self.running.get(&id) else {
            return;
        };
        self.health.count(outcome, now.since(running.begun));
        let Some(entry) = self.entries.get_mut(&running.key) else {
            return;
        };
        match outcome {
            Ok(parts) => entry.answers(parts, now, &mut self.told),
            Err(failure) if running.lane == Lane::Look => {
                entry.fails(failure, running, now, &mut self.told);
            }
            Err(failure) => entry.misses(failure, &running.profiles, now, &mut self.told),
        }
    }
}

impl Entry {
    fn lane(&self, lane: Lane) -> LaneState {
        let state = self.lanes.get(lane.index()).copied();
        state.unwrap_or(LaneState::Waits(None))
    }

    fn set_lane(&mut self, lane: Lane, state: LaneState) {
        if let Some(place) = self.lanes.get_mut(lane.index()) {
            *place = state;
        }
    }

    /// Who it is, in a sentence.
    fn name(&self) -> String {
        let target = &self.target;
        format!(
            "{} {}",
            target.labels.get("job"),
            target.labels.get("instance")
        )
    }

    /// Takes other settings, and keeps what was learnt.
    fn change(&mut self, target: Arc<Target>, now: Moment) {
        let mut streams = stream::streams(&target, now);
        for stream in &mut streams {
            let before = self.streams.iter();
            if let Some(before) = before.clone().find(|old| old.profile == stream.profile) {
                stream.learn(before, now);
            }
        }
        self.streams = streams;
        self.target = target;
    }

    fn answers(&mut self, parts: &[Part], now: Moment, told: &mut Vec<String>) {
        let name = self.name();
        if self.up == Some(false) {
            told.push(format!("{name} answers again"));
        }
        (self.up, self.failures) = (Some(true), 0);
        let limits = self.target.job.limits;
        for part in parts {
            let mut streams = self.streams.iter_mut();
            if let Some(stream) = streams.find(|stream| stream.profile == part.profile)
                && let Some(line) = stream.learn_from(part, &limits, now)
            {
                told.push(format!("{name}: {line}"));
            }
        }
    }

    fn fails(&mut self, failure: &Failure, task: &Running, now: Moment, told: &mut Vec<String>) {
        if self.up != Some(false) {
            told.push(format!("{}: {}", self.name(), failure.what));
        }
        self.up = Some(false);
        self.failures = self.failures.saturating_add(1);
        let interval = self.target.interval;
        let next_look = self.streams.iter().find(|stream| stream.profile.is_none());
        let next_look = next_look.map_or(now.after(interval), |stream| stream.due);
        let retry = if self.failures == 1 {
            next_look
        } else {
            let most = MOST_BACK_OFF.max(interval);
            let patience = doubled(interval, self.failures - 1).min(most);
            // Targets that failed together do not come back together.
            let seed = mixed(self.target.key(), u64::from(self.failures));
            let share = 0.9 + 0.1 * (seed % 1024) as f64 / 1024.0;
            next_look.max(now.after(patience.mul_f64(share)))
        };
        for stream in &mut self.streams {
            let was_wanted = match &stream.profile {
                Some(name) => task.profiles.contains(name),
                None => task.readings,
            };
            if stream.lane() == Lane::Look && (was_wanted || stream.due < retry) {
                stream.put_off(retry);
            }
        }
    }

    /// A recording failed, which says nothing of the looks.
    fn misses(
        &mut self,
        failure: &Failure,
        profiles: &[String],
        now: Moment,
        told: &mut Vec<String>,
    ) {
        let name = self.name();
        let limits = self.target.job.limits;
        for profile in profiles {
            let part = Part {
                profile: Some(profile.clone()),
                bytes: 0,
                duration: Duration::ZERO,
                missing: Some(failure.what.clone()),
            };
            let mut streams = self.streams.iter_mut();
            if let Some(stream) = streams.find(|stream| stream.profile == part.profile)
                && let Some(line) = stream.learn_from(&part, &limits, now)
            {
                told.push(format!("{name}: {line}"));
            }
        }
    }
}
