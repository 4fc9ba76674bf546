//! Looking at targets and keeping what they show: for `fathom record` and `fathom serve`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use fathom_collect::{
    Board, Form, Found, Keeper, Notice, Outlet, Sampler, Watchdog, Webhook, groups_of, take_push,
};
use fathom_history::{Embedded, History};
use fathom_scrape::config::{CPU, Config, Job, Profile};
use fathom_scrape::ingest::Push;
use fathom_scrape::schedule::First;
use fathom_scrape::{Settings, Target};
use fathom_server::{Collector, Problem};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::args::{ConnectionArgs, KeepingArgs};
use crate::failure::Failure;
use crate::output::Output;

/// How often targets are judged.
const JUDGE_EVERY: Duration = Duration::from_mins(5);

/// How often the history is put in order.
const MAINTAIN_EVERY: Duration = Duration::from_mins(1);

/// How often what was read is sent on.
const SEND_EVERY: Duration = Duration::from_secs(15);

/// How long it takes at most to notice that it is over.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long a CPU profile is recorded.
const CPU_SECONDS: u32 = 5;

/// Tells the user a line.
pub(crate) type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// What is looked at, and where it is kept.
pub(crate) struct Collecting {
    pub(crate) config: Config,
    pub(crate) history: Arc<dyn History>,
    sampler: Arc<Sampler>,
    keeper: Arc<Keeper>,
    watchdog: Watchdog,
    board: Arc<Board>,
    outlets: Arc<Vec<Outlet>>,
    /// Who hears of what happens: nobody before it runs.
    say: Arc<OnceLock<Say>>,
    /// How many looks were stored, and how many gave nothing.
    pub(crate) looks: Arc<AtomicU64>,
    pub(crate) failures: Arc<AtomicU64>,
    pub(crate) stored: watch::Sender<u64>,
}

impl Collecting {
    /// Reads what the arguments say.
    ///
    /// # Errors
    ///
    /// When a target or the configuration is not understood, or the folder cannot be written.
    pub(crate) fn new(
        targets: &[String],
        keeping: &KeepingArgs,
        connection: &ConnectionArgs,
        folder: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let mut config = match &keeping.config {
            Some(path) => Config::load(path).map_err(|error| {
                let failure = Failure::new(error.to_string());
                match error.hint() {
                    Some(hint) => failure.hint(hint.to_owned()),
                    None => failure,
                }
            })?,
            None => Config::of_jobs(Vec::new()),
        };
        if !targets.is_empty() {
            config.jobs.push(job(targets, keeping)?);
        }
        let folder = folder
            .or(config.storage.path.as_deref())
            .unwrap_or_else(|| Path::new("fathom-history"));
        let mut options = fathom_history::Options::default();
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        if let Some(retention) = keeping.retention.or(config.storage.retention) {
            options.keep_ms = milliseconds(retention);
        }
        if let Some(bytes) = keeping.max_disk.or(config.storage.max_bytes) {
            options.keep_bytes = bytes;
        }
        let history: Arc<dyn History> = Arc::new(Embedded::open(folder, options)?);
        // What the command line says of the connection is meant for its own targets.
        let own_options = (keeping.config.is_none()).then(|| connection.options());
        let url = keeping
            .webhook
            .clone()
            .or_else(|| config.webhook.as_ref().map(|url| url.reveal().to_owned()));
        let remote_writes = config.remote_write.iter().cloned();
        let outlets: Vec<Outlet> = remote_writes
            .map(|destination| Outlet::new(Form::RemoteWrite, destination))
            .chain(
                config
                    .line_protocol
                    .clone()
                    .map(|destination| Outlet::new(Form::LineProtocol, destination)),
            )
            .collect();
        let (outlets, board) = (Arc::new(outlets), Arc::new(Board::default()));
        let (looks, failures) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (stored, say) = (watch::Sender::new(0_u64), Arc::new(OnceLock::<Say>::new()));
        let notify = {
            let (looks, failures, stored) = (looks.clone(), failures.clone(), stored.clone());
            let (outlets, board, say) = (outlets.clone(), board.clone(), say.clone());
            move |notice: Notice<'_>| match notice {
                Notice::Line(line) => {
                    if let Some(say) = say.get() {
                        say(line);
                    }
                }
                Notice::Stored { labels, look } => {
                    looks.fetch_add(1, Ordering::Relaxed);
                    stored.send_modify(|count| *count = count.wrapping_add(1));
                    board.note(labels, look);
                    for outlet in outlets.iter() {
                        outlet.put(labels, look);
                    }
                }
                Notice::Failed { .. } => {
                    failures.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let external = config.external_labels.iter();
        let external = external
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(Self {
            keeper: Arc::new(Keeper::new(history.clone(), external, Box::new(notify))),
            watchdog: Watchdog::new(history.clone(), url.map(Webhook::new)),
            sampler: Arc::new(Sampler::new(own_options)),
            config,
            history,
            board,
            outlets,
            say,
            looks,
            failures,
            stored,
        })
    }

    /// Collects until it is to stop. `say` tells the user a line.
    pub(crate) fn run(&self, stop: &Arc<AtomicBool>, say: &Say) {
        // Only the first run is told of; there is no second.
        let _ = self.say.set(say.clone());
        thread::scope(|scope| {
            scope.spawn(|| self.keep_in_order(stop, say));
            scope.spawn(|| self.judge(stop, say));
            if !self.outlets.is_empty() {
                scope.spawn(|| self.send_on(stop, say));
            }
            let settings = Settings {
                first: First::AtOnce,
                ..Settings::default()
            };
            fathom_scrape::run(&self.config, &settings, &self.sampler, &self.keeper, stop);
        });
    }

    fn send_on(&self, stop: &AtomicBool, say: &Say) {
        let mut told = vec![String::new(); self.outlets.len()];
        every(SEND_EVERY, stop, || {
            for (outlet, told) in self.outlets.iter().zip(&mut told) {
                let trouble = outlet.send().err().unwrap_or_default();
                // The same trouble is told once.
                if trouble != *told && !trouble.is_empty() {
                    say(&format!("could not send on: {trouble}"));
                }
                *told = trouble;
            }
        });
    }

    fn keep_in_order(&self, stop: &AtomicBool, say: &Say) {
        every(MAINTAIN_EVERY, stop, || {
            if let Err(error) = self.history.maintain(Timestamp::now().as_millisecond()) {
                say(&format!("the history could not be put in order: {error}"));
            }
        });
    }

    fn judge(&self, stop: &AtomicBool, say: &Say) {
        every(JUDGE_EVERY, stop, || {
            for target in self.keeper.all_targets() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                self.judge_one(&target, say);
            }
        });
    }

    fn judge_one(&self, target: &Target, say: &Say) {
        let labels = self.keeper.labels(target);
        let capture = || {
            self.sampler
                .capture(target)
                .map_err(|error| error.to_string())
        };
        let name = &target.address;
        let mut tell = |found: Found<'_>| match found {
            Found::New(finding) => say(&format!("{name}: {}", finding.title)),
            Found::Over(id) => say(&format!("{name}: {id} is over")),
            Found::Trouble(line) => say(&format!("{name}: {line}")),
        };
        let now_ms = Timestamp::now().as_millisecond();
        if let Err(error) = self.watchdog.judge(&labels, now_ms, &capture, &mut tell) {
            say(&format!("{name}: not judged: {error}"));
        }
    }
}

impl Collector for Collecting {
    fn metrics(&self) -> String {
        let now_ms = Timestamp::now().as_millisecond();
        let health = self.keeper.last_health().look(now_ms);
        self.board.page(&health, &self.watchdog.open())
    }

    fn push(&self, query: &str, content_type: &str, body: &[u8]) -> Result<(), Problem> {
        let push = Push {
            query,
            content_type,
            body,
            now_unix_nanos: u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(0),
        };
        take_push(&*self.history, &push)
            .map_err(|rejected| Problem::rejected(rejected.status.code(), rejected.reason))?;
        self.stored
            .send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }
}

/// Does something again and again until it is to stop.
fn every(time: Duration, stop: &AtomicBool, mut work: impl FnMut()) {
    let mut next = Instant::now() + time;
    while !stop.load(Ordering::Relaxed) {
        if Instant::now() >= next {
            work();
            next = Instant::now() + time;
        }
        thread::sleep(PATIENCE);
    }
}

/// The job of the targets that were named on the command line.
fn job(targets: &[String], keeping: &KeepingArgs) -> anyhow::Result<Job> {
    let mut job = Job::new("fathom", Vec::new());
    job.static_groups = groups_of(targets)?;
    job.interval = keeping.interval;
    job.timeout = keeping.interval.min(Duration::from_secs(10));
    if keeping.interval.is_zero() {
        return Err(Failure::new("--interval 0s: it needs some time")
            .hint("1s is the shortest that makes sense")
            .into());
    }
    job.profiles.clear();
    if !keeping.profiles.is_zero() {
        let of = |name: &str| Profile {
            name: name.to_owned(),
            interval: keeping.profiles,
            seconds: None,
            path: None,
        };
        job.profiles
            .extend(["heap", "goroutine", "mutex", "block"].map(of));
    }
    if let Some(interval) = keeping.cpu {
        if interval < Duration::from_secs(u64::from(2 * CPU_SECONDS)) {
            return Err(Failure::new(format!(
                "--cpu: a profile takes {CPU_SECONDS} s, and needs at least twice as long between two"
            ))
            .into());
        }
        job.profiles.push(Profile {
            name: CPU.to_owned(),
            interval,
            seconds: Some(CPU_SECONDS),
            path: None,
        });
    }
    Ok(job)
}

/// Stops when the user asks for it.
///
/// # Errors
///
/// When signals cannot be handled.
pub(crate) fn stop_on_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    ctrlc::set_handler(move || {
        // Who asks twice does not want to wait.
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(|error| Failure::new(format!("signals cannot be handled: {error}")))?;
    Ok(stop)
}

/// Prints lines for the user, from any thread.
pub(crate) fn sayer(output: &Output) -> Say {
    let output = output.clone();
    Arc::new(move |line: &str| output.note(line))
}
