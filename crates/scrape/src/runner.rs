//! The threads around the schedule.
//!
//! One thread keeps the schedule. Each look has a thread of its own, which ends with it: to start
//! one costs some ten microseconds, a look costs milliseconds, and one that hangs holds nothing
//! but itself. Each list of targets from elsewhere has one as well. All of them tell the first
//! what they found by one channel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::config::{Config, Group, Job};
use crate::discovery::Provider;
use crate::probe::{Answer, Failure, Part, Prober, Reason, Sink, Task};
use crate::schedule::{Bounds, First, Moment, Schedule};
use crate::target::{self, Target};

/// Longest time until a wish to stop is heeded.
const ATTENTION: Duration = Duration::from_millis(100);

/// How long looks that run may take to end once they should.
const FAREWELL: Duration = Duration::from_secs(2);

/// How often the sink hears of the scraper's own numbers.
const HEALTH_INTERVAL: Duration = Duration::from_secs(15);

/// How [`run`] goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// When a target is looked at for the first time.
    pub first: First,
    /// How long after its timeout a look is given up.
    pub grace: Duration,
    /// How often the sink hears of the scraper's own numbers.
    pub health_interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            first: First::InTurn,
            grace: Bounds::default().grace,
            health_interval: HEALTH_INTERVAL,
        }
    }
}

/// What threads tell the one that keeps the schedule.
enum News {
    /// A target has answered or failed.
    Answered(u64, Result<Vec<Part>, Failure>),
    /// What came of it is stored.
    Stored(u64),
    /// A list of targets has come.
    List {
        /// Which one.
        provider: usize,
        groups: Option<Vec<Group>>,
        told: Vec<String>,
        failures: u64,
    },
}

/// Monotonic time that began at the wall clock's.
#[derive(Clone, Copy)]
struct Clock {
    began: Instant,
    at: u64,
}

impl Clock {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            at: wall_clock(),
        }
    }

    fn now(&self) -> Moment {
        Moment(self.at).after(self.began.elapsed())
    }
}

/// Nanoseconds since 1970 by the wall clock.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// Looks at the targets of a configuration until `stop` is set.
///
/// It returns within seconds of that; looks that hang are left behind. A prober or sink that
/// panics costs its look.
pub fn run(
    config: &Config,
    settings: &Settings,
    prober: &Arc<impl Prober>,
    sink: &Arc<impl Sink>,
    stop: &AtomicBool,
) {
    let (sender, news) = channel();
    let stopped = Arc::new(AtomicBool::new(false));
    let jobs: Vec<Arc<Job>> = config.jobs.iter().cloned().map(Arc::new).collect();
    let mut lists = Lists::new(&jobs, &sender, &stopped);
    let mut runner = Runner {
        clock: Clock::new(),
        schedule: Schedule::new(Bounds {
            concurrent: config.max_concurrent_scrapes.max(1),
            grace: settings.grace,
            first: settings.first,
        }),
        prober: Arc::clone(prober),
        sink: Arc::clone(sink),
        sender,
        discovery_failures: 0,
    };
    runner.set_targets(&mut lists);
    let mut next_health = runner.clock.now().after(settings.health_interval);
    while !stop.load(Ordering::Relaxed) {
        let now = runner.clock.now();
        for task in runner.schedule.next(now) {
            runner.begin(task);
        }
        runner.tell();
        if now >= next_health {
            next_health = now.after(settings.health_interval);
            runner.tell_health();
        }
        runner.wait(&news, &mut lists);
    }
    stopped.store(true, Ordering::Relaxed);
    let end = Instant::now() + FAREWELL;
    while runner.schedule.health().running > 0 && Instant::now() < end {
        runner.wait(&news, &mut lists);
    }
    runner.tell();
    runner.tell_health();
}

struct Runner<P, S> {
    clock: Clock,
    schedule: Schedule,
    prober: Arc<P>,
    sink: Arc<S>,
    sender: Sender<News>,
    discovery_failures: u64,
}

impl<P: Prober, S: Sink> Runner<P, S> {
    /// Waits for news, until something is due.
    fn wait(&mut self, news: &Receiver<News>, lists: &mut Lists) {
        let now = self.clock.now();
        let due = self.schedule.wake_at();
        let time = due.map_or(ATTENTION, |due| due.since(now).min(ATTENTION));
        let mut first = match news.recv_timeout(time) {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        };
        let mut changed = false;
        while let Some(one) = first.take().or_else(|| news.try_recv().ok()) {
            changed |= self.hear(one, lists);
        }
        if changed {
            self.set_targets(lists);
        }
    }

    /// Heeds one piece of news; whether the targets may have changed.
    fn hear(&mut self, news: News, lists: &mut Lists) -> bool {
        match news {
            News::Answered(id, outcome) => {
                self.schedule.answered(self.clock.now(), id, &outcome);
                false
            }
            News::Stored(id) => {
                self.schedule.stored(id);
                false
            }
            News::List {
                provider,
                groups,
                told,
                failures,
            } => {
                self.discovery_failures += failures;
                for line in told {
                    self.sink.told(&line);
                }
                let changed = groups.is_some();
                if let (Some(groups), Some(list)) = (groups, lists.found.get_mut(provider)) {
                    list.1 = groups;
                }
                changed
            }
        }
    }

    fn set_targets(&mut self, lists: &mut Lists) {
        let (targets, wrong) = lists.targets();
        for line in wrong {
            self.sink.told(&line);
        }
        let changes = self.schedule.set_targets(self.clock.now(), targets);
        for target in &changes.removed {
            self.prober.forget(target);
        }
        self.sink.targets(&self.schedule.targets());
    }

    fn tell(&mut self) {
        for line in self.schedule.take_told() {
            self.sink.told(&line);
        }
    }

    fn tell_health(&self) {
        let mut health = self.schedule.health();
        health.discovery_failures = self.discovery_failures;
        self.sink.health(&health);
    }

    /// Starts the thread of a look.
    fn begin(&self, task: Task) {
        let (prober, sink) = (Arc::clone(&self.prober), Arc::clone(&self.sink));
        let sender = self.sender.clone();
        let id = task.id;
        let started = thread::Builder::new()
            .name("look".to_owned())
            .spawn(move || look(&*prober, &*sink, &sender, &task));
        if let Err(error) = started {
            let failure = Failure {
                reason: Reason::Other,
                what: format!("no thread could be started: {error}"),
            };
            let _ = self.sender.send(News::Answered(id, Err(failure)));
            let _ = self.sender.send(News::Stored(id));
        }
    }
}

/// One look, in its own thread. Who listens may be gone: then nothing is to be told.
fn look(prober: &impl Prober, sink: &impl Sink, sender: &Sender<News>, task: &Task) {
    let at = wall_clock();
    let answer = catch_unwind(AssertUnwindSafe(|| prober.probe(task)));
    let answer: Result<Answer, Failure> = answer.unwrap_or_else(|_| {
        Err(Failure {
            reason: Reason::Other,
            what: "reading it failed by a mistake of ours (a panic)".to_owned(),
        })
    });
    let outcome = match &answer {
        Ok(answer) => Ok(answer.parts.clone()),
        Err(failure) => Err(failure.clone()),
    };
    let _ = sender.send(News::Answered(task.id, outcome));
    let stored = catch_unwind(AssertUnwindSafe(|| sink.looked(task, at, answer)));
    if stored.is_err() {
        let name = task.target.labels.get("instance");
        sink.told(&format!(
            "what {name} answered was not stored, by a mistake of ours (a panic)"
        ));
    }
    let _ = sender.send(News::Stored(task.id));
}

/// The lists of targets, from wherever they come.
struct Lists {
    jobs: Vec<Arc<Job>>,
    /// What each provider found last.
    found: Vec<(Arc<Job>, Vec<Group>)>,
    /// What was wrong with targets the last time: it is told once.
    wrong: Vec<String>,
}

impl Lists {
    /// Starts a thread for each list that comes from elsewhere.
    fn new(jobs: &[Arc<Job>], sender: &Sender<News>, stopped: &Arc<AtomicBool>) -> Self {
        let now = Instant::now();
        let providers = jobs.iter().flat_map(|job| Provider::of_job(job, now));
        let mut found = Vec::new();
        for (index, provider) in providers.enumerate() {
            found.push((Arc::clone(&provider.job), Vec::new()));
            let name = provider.job.name.clone();
            let (their_sender, stopped) = (sender.clone(), Arc::clone(stopped));
            let started = thread::Builder::new()
                .name("discovery".to_owned())
                .spawn(move || discover(provider, index, &their_sender, &stopped));
            if let Err(error) = started {
                let line = format!("job {name:?}: no thread for its lists of targets: {error}");
                let _ = sender.send(News::List {
                    provider: index,
                    groups: None,
                    told: vec![line],
                    failures: 1,
                });
            }
        }
        Self {
            jobs: jobs.to_vec(),
            found,
            wrong: Vec::new(),
        }
    }

    /// All targets, and what is newly wrong with those that are none.
    fn targets(&mut self) -> (Vec<Arc<Target>>, Vec<String>) {
        let mut targets = Vec::new();
        let mut wrong = Vec::new();
        let own = self.jobs.iter().map(|job| (job, &job.static_groups));
        let found = self.found.iter().map(|(job, groups)| (job, groups));
        for (job, groups) in own.chain(found) {
            let (more, mistakes) = target::targets(job, groups);
            targets.extend(more);
            wrong.extend(mistakes);
        }
        let new = wrong.iter().filter(|line| !self.wrong.contains(line));
        let new = new.cloned().collect();
        self.wrong = wrong;
        (targets, new)
    }
}

/// Asks one provider again and again.
fn discover(mut provider: Provider, index: usize, sender: &Sender<News>, stopped: &AtomicBool) {
    while !stopped.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now < provider.next() {
            thread::sleep(ATTENTION.min(provider.next() - now));
            continue;
        }
        let found = provider.ask(now);
        let news = News::List {
            provider: index,
            groups: found.groups,
            told: found.told,
            failures: found.failures,
        };
        if sender.send(news).is_err() {
            return;
        }
    }
}
