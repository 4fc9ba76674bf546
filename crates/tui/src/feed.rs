//! The threads that look at a process or follow a log, and tell the news.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fathom_evidence::{Artefact, Capture, Kind};
use fathom_explain::{DatedHeap, explain_with, population};
use fathom_gather::{Follower, Options, Source, Wanted, Watched};
use fathom_goruntime::gctrace::{Event, Parser};
use fathom_profile::{Limits, Profile};
use fathom_series::{Reading, Taken, Unit};

use crate::live::News;

/// How often a log is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(250);

/// The longest line that is kept; what is longer is handed over in parts.
const MAX_LINE: u64 = 1 << 20;

/// How often what is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The numbers.
    pub interval: Duration,
    /// Heap and goroutine profiles; `None` for never.
    pub profiles: Option<Duration>,
    /// The mappings with their sizes, for the ledger; `None` for never.
    pub ledger: Option<Duration>,
}

/// What to do besides looking.
#[derive(Debug)]
#[non_exhaustive]
pub enum Order {
    /// Take a capture and save it in a folder.
    Capture(PathBuf),
}

/// Looks at a process until nobody wants the news any more. A capture is taken by a thread of its
/// own.
pub fn watch(
    watched: Watched,
    sources: Vec<Source>,
    options: Options,
    pace: Pace,
    news: Sender<News>,
) -> Sender<Order> {
    let (orders, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut looking = Watcher {
            watched,
            sources,
            options,
            pace,
            news,
            profiles_at: None,
            ledger_at: None,
            had_runtime: false,
            totals: Vec::new(),
        };
        looking.run(&receiver);
    });
    orders
}

struct Watcher {
    watched: Watched,
    sources: Vec<Source>,
    options: Options,
    pace: Pace,
    news: Sender<News>,
    /// When profiles and ledger were taken last.
    profiles_at: Option<Instant>,
    ledger_at: Option<Instant>,
    /// Whether the runtime's own numbers were seen.
    had_runtime: bool,
    /// The totals of the last goroutine profile, which hold until the next.
    totals: Vec<Reading>,
}

/// Nobody wants the news any more.
struct Unheard;

impl Watcher {
    fn run(&mut self, orders: &Receiver<Order>) {
        let mut next = Instant::now();
        loop {
            if self.look().is_err() {
                return;
            }
            // A look that took longer than the interval is not made up for.
            next = (next + self.pace.interval).max(Instant::now());
            loop {
                let left = next.saturating_duration_since(Instant::now());
                match orders.recv_timeout(left) {
                    Ok(Order::Capture(folder)) => self.capture(folder),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }

    fn tell(&self, news: News) -> Result<(), Unheard> {
        self.news.send(news).map_err(|_| Unheard)
    }

    fn look(&mut self) -> Result<(), Unheard> {
        let due = |every: Option<Duration>, last: Option<Instant>| {
            every.is_some_and(|every| last.is_none_or(|last| last.elapsed() >= every))
        };
        let mappings = due(self.pace.ledger, self.ledger_at);
        // A ledger without a profile of its moment would say less.
        let profiles =
            self.pace.profiles.is_some() && (mappings || due(self.pace.profiles, self.profiles_at));
        let mut wanted = Wanted::numbers();
        wanted.mappings = mappings;
        if profiles {
            wanted.profiles = vec!["heap".to_owned(), "goroutine".to_owned()];
        }
        let now = Instant::now();
        let capture = match self.watched.look(&wanted, &mut |_| {}) {
            Ok(capture) => capture,
            Err(error) => {
                self.totals.clear();
                return self.lost(error.to_string());
            }
        };
        if mappings {
            self.ledger_at = Some(now);
        }
        if profiles {
            self.profiles_at = Some(now);
        }
        self.profiles(&capture, mappings)?;
        let mut taken = Taken::of(&capture);
        taken.look.readings.extend(self.totals.iter().cloned());
        let has_runtime = taken.look.readings.iter().any(|reading| {
            let name = &reading.name;
            name.starts_with("memstats.") || name.starts_with('/') || name.starts_with("go_")
        });
        self.had_runtime |= has_runtime;
        let trouble = self.trouble(&capture, &taken, has_runtime);
        self.tell(News::Look {
            taken: Box::new(taken),
            trouble,
        })
    }

    /// Why the runtime's numbers are missing, where they were there before, or where an address
    /// was given that answers with nothing that is understood.
    fn trouble(&self, capture: &Capture, taken: &Taken, has_runtime: bool) -> Option<String> {
        let is_address = |source: &Source| matches!(source, Source::Address(_));
        let has_answered = taken.problems.is_empty()
            && capture
                .artefacts
                .iter()
                .any(|artefact| artefact.origin.contains("://"));
        let expects = self.had_runtime || (self.sources.iter().any(is_address) && !has_answered);
        if has_runtime || !expects {
            return None;
        }
        let first = capture.missing.first().map(|missing| missing.why.clone());
        first.or_else(|| taken.problems.first().cloned())
    }

    fn lost(&self, why: String) -> Result<(), Unheard> {
        let at_ms = now_ms();
        // A pid alone does not come back.
        let is_over = self
            .sources
            .iter()
            .all(|source| matches!(source, Source::Pid(_)));
        if is_over {
            self.tell(News::Ended { at_ms, why })?;
            return Err(Unheard);
        }
        self.tell(News::Lost { at_ms, why })
    }

    /// Tells what the profiles of a look show.
    fn profiles(&mut self, capture: &Capture, with_ledger: bool) -> Result<(), Unheard> {
        let heap = capture.first(Kind::Heap);
        let profile =
            heap.and_then(|artefact| Profile::parse(&artefact.bytes, &Limits::default()).ok());
        if let (Some(artefact), Some(profile)) = (heap, &profile) {
            let taken = i64::try_from(artefact.taken_at_unix_nanos).unwrap_or(i64::MAX);
            if let Some(heap) = DatedHeap::read(profile, taken) {
                self.tell(News::Heap(Box::new(heap)))?;
            }
        }
        if let Some(found) = capture
            .first(Kind::Goroutine)
            .and_then(|artefact| population(artefact).ok())
        {
            let total = found.total as f64;
            self.totals = vec![Reading::gauge(
                "profile.goroutine.goroutine",
                Unit::Count,
                total,
            )];
            self.tell(News::Goroutines(Box::new(found)))?;
        }
        if with_ledger {
            let known = |artefact: &Artefact| {
                let is_read = heap.is_some_and(|heap| heap.name == artefact.name);
                profile.as_ref().filter(|_| is_read)
            };
            let explained = explain_with(capture, &known);
            self.tell(News::Explained(Box::new(explained.explanation)))?;
        }
        Ok(())
    }

    /// Takes a whole capture beside the looks.
    fn capture(&self, folder: PathBuf) {
        let (sources, options, news) = (
            self.sources.clone(),
            self.options.clone(),
            self.news.clone(),
        );
        thread::spawn(move || {
            let at_ms = now_ms();
            let file = save(&sources, &options, &folder, at_ms);
            // Nobody is left to hear it after the end.
            let _ = news.send(News::Captured { at_ms, file });
        });
    }
}

fn save(
    sources: &[Source],
    options: &Options,
    folder: &Path,
    at_ms: i64,
) -> Result<String, String> {
    let capture =
        fathom_gather::capture(sources, options, &mut |_| {}).map_err(|error| error.to_string())?;
    let moment = jiff::Timestamp::from_millisecond(at_ms).map_err(|error| error.to_string())?;
    let name = format!("watch-{}.fathom", moment.strftime("%Y%m%dT%H%M%SZ"));
    let path = folder.join(name);
    let shown = path.display().to_string();
    let file = std::fs::File::create_new(&path).map_err(|error| format!("{shown}: {error}"))?;
    capture
        .write_bundle(file)
        .map_err(|error| format!("{shown}: {error}"))?;
    Ok(shown)
}

/// Follows a log with lines of gctrace, from its start on, until nobody wants the news any more.
pub fn follow(mut follower: Follower, news: Sender<News>) {
    thread::spawn(move || {
        let mut log = Log::new(news);
        let mut first = Vec::new();
        let mut failed = follower.poll(&mut |line| first.push(line.to_vec())).err();
        let written = follower.modified().map_or_else(now_ms, milliseconds);
        log.catch_up(&first, written);
        drop(first);
        loop {
            if let Some(error) = failed.take() {
                let why = error.to_string();
                log.tell(News::Lost {
                    at_ms: now_ms(),
                    why,
                });
            }
            thread::sleep(FOLLOW_EVERY);
            failed = follower.poll(&mut |line| log.line(line)).err();
            if log.unheard {
                return;
            }
        }
    });
}

/// Reads lines of gctrace from a stream until its end.
pub fn read(stream: impl Read + Send + 'static, news: Sender<News>) {
    thread::spawn(move || {
        let mut log = Log::new(news);
        each_line(stream, |line| {
            log.line(line);
            !log.unheard
        });
        log.tell(News::Ended {
            at_ms: now_ms(),
            why: "the input has ended".to_owned(),
        });
    });
}

/// Hands what a child writes to standard error on, and tells the collections that are in it.
pub fn listen(
    stream: impl Read + Send + 'static,
    news: Sender<News>,
    mut other: impl FnMut(&[u8]) + Send + 'static,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut parser = Parser::new();
        each_line(stream, |line| {
            let told = match parser.line(line) {
                Some(Event::Cycle(cycle)) => News::Cycle {
                    at_ms: now_ms(),
                    cycle: Box::new(cycle),
                    is_look: false,
                },
                Some(Event::Scavenge(scavenge)) => News::Scavenge(Box::new(scavenge)),
                Some(_) => return true,
                None => {
                    other(line);
                    let text = String::from_utf8_lossy(line);
                    News::Output(text.trim_end_matches(['\n', '\r']).to_owned())
                }
            };
            // The child is read to its end even if nobody listens: it must not block.
            let _ = news.send(told);
            true
        });
    })
}

/// A log of gctrace, whose lines tell seconds since the start of the program.
struct Log {
    parser: Parser,
    news: Sender<News>,
    /// When the program started, in milliseconds since 1970 (UTC).
    started_ms: Option<i64>,
    last_seconds: f64,
    unheard: bool,
}

impl Log {
    fn new(news: Sender<News>) -> Self {
        Self {
            parser: Parser::new(),
            news,
            started_ms: None,
            last_seconds: 0.0,
            unheard: false,
        }
    }

    /// Reads what was there already, whose last collection was when the file was written.
    fn catch_up(&mut self, lines: &[Vec<u8>], written_ms: i64) {
        let mut starts = vec![0.0_f64];
        // Several runs may follow each other in one log: each begins after the one before.
        for line in lines {
            let Some(Event::Cycle(cycle)) = Parser::new().line(line) else {
                continue;
            };
            let at = cycle.at_seconds.unwrap_or(0.0);
            if let Some(length) = starts.last_mut() {
                if at < *length {
                    starts.push(at);
                } else {
                    *length = at;
                }
            }
        }
        let all: f64 = starts.iter().sum();
        self.started_ms = Some(written_ms - millis(all));
        for line in lines {
            self.line(line);
        }
    }

    fn line(&mut self, line: &[u8]) {
        match self.parser.line(line) {
            Some(Event::Cycle(cycle)) => {
                let seconds = cycle.at_seconds.unwrap_or(self.last_seconds);
                let started = match self.started_ms {
                    // A run after another: it began when the other was last heard of.
                    Some(started) if seconds < self.last_seconds => {
                        started + millis(self.last_seconds)
                    }
                    Some(started) => started,
                    None => now_ms() - millis(seconds),
                };
                self.started_ms = Some(started);
                self.last_seconds = seconds;
                self.tell(News::Cycle {
                    at_ms: started + millis(seconds),
                    cycle: Box::new(cycle),
                    is_look: true,
                });
            }
            Some(Event::Scavenge(scavenge)) => self.tell(News::Scavenge(Box::new(scavenge))),
            _ => {}
        }
    }

    fn tell(&mut self, news: News) {
        self.unheard |= self.news.send(news).is_err();
    }
}

fn each_line(stream: impl Read, mut wanted: impl FnMut(&[u8]) -> bool) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        // An error of a pipe is its end.
        match stream.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(1..) if wanted(&line) => {}
            _ => return,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1e3).round() as i64
}

fn milliseconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// The time by the clock, in milliseconds since 1970 (UTC).
pub fn now_ms() -> i64 {
    milliseconds(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNS: [&str; 4] = ["10.5", "11.5", "0.5", "2.5"];

    fn line(at: &str) -> Vec<u8> {
        format!(
            "gc 1 @{at}s 2%: 0.5+1.5+0.25 ms clock, 1.0+0.5/2.5/0+0.5 ms cpu, 4->6->3 MB, 8 MB goal, 1 MB stacks, 2 MB globals, 4 P\n"
        )
        .into_bytes()
    }

    #[test]
    fn runs_in_one_log_follow_each_other_in_time() {
        let (sender, receiver) = mpsc::channel();
        let mut log = Log::new(sender);
        let lines: Vec<Vec<u8>> = RUNS.iter().map(|at| line(at)).collect();
        log.catch_up(&lines, 1_000_000);
        log.line(&line("3.5"));
        drop(log);
        let times: Vec<i64> = receiver
            .iter()
            .filter_map(|news| match news {
                News::Cycle { at_ms, .. } => Some(at_ms),
                _ => None,
            })
            .collect();
        assert_eq!(times, [996_500, 997_500, 998_000, 1_000_000, 1_001_000]);
    }
}
