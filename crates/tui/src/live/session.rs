//! The session: what news make of what was known.

use std::collections::VecDeque;

use fathom_explain::{DatedHeap, Explanation, Leaks, SiteGrowth, leaks, site_growth};
use fathom_finding::{Confidence, Finding, Severity, rank};
use fathom_goruntime::gctrace::GcCycle;
use fathom_goruntime::goroutine::{Order, Population, Report, compare};
use fathom_series::plots::Between;
use fathom_series::{Collection, Look, Reading, Taken, cycle_readings, scavenge_readings};

use super::timeline::{Point, Timeline};
use super::{Mark, MarkKind, News, State, tracks};

/// Most marks, collections and lines of output that are kept.
const MAX_MARKS: usize = 1000;
const MAX_CYCLES: usize = 1000;
const MAX_OUTPUT: usize = 2000;

/// Most heap profiles that are kept; of more, every second is forgotten.
const MAX_HEAPS: usize = 48;

/// Counters that fall when a process starts anew whose start nobody tells.
const FALLING: [&str; 4] = [
    "memstats.TotalAlloc",
    "/gc/heap/allocs:bytes",
    "process_cpu_seconds_total",
    "gctrace.cycles",
];

/// What is known of a process since it is watched.
#[derive(Debug)]
pub struct Session {
    /// What is watched, in the user's words.
    pub name: String,
    /// The values of all plots.
    pub timeline: Timeline,
    /// How the process answers.
    pub state: State,
    /// Since when it does, in milliseconds since 1970 (UTC); 0 before anything was heard.
    pub state_since_ms: i64,
    /// When something was heard last.
    pub heard_ms: i64,
    /// What was marked, in order of time.
    pub marks: VecDeque<Mark>,
    /// The last look.
    pub last: Option<Look>,
    /// The toolchain that built the program.
    pub go_version: Option<String>,
    /// The last collections, of gctrace or MemStats.
    pub collections: VecDeque<Collection>,
    /// The last collections of gctrace, each with its time.
    pub cycles: VecDeque<(i64, GcCycle)>,
    /// Heap profiles.
    pub heaps: Heaps,
    /// Goroutine profiles.
    pub goroutines: Goroutines,
    /// The last ledger and what was found with it.
    pub explanation: Option<Explanation>,
    /// What a child wrote last to standard error.
    pub output: VecDeque<String>,
    /// What to tell the user once: the name of a capture.
    pub notice: Option<String>,
    /// How many times the process started anew.
    pub restarts: u32,
    /// What gctrace and scavtrace said last, which belongs to the next look.
    traced: Vec<Reading>,
}

/// Heap profiles of one run of the process.
#[derive(Debug, Default)]
pub struct Heaps {
    all: Vec<DatedHeap>,
    mark: Option<DatedHeap>,
    /// What changed since the first or the marked one, the most live bytes first.
    pub growth: Vec<SiteGrowth>,
    /// What the profiles show together, as soon as there are enough.
    pub trend: Option<Leaks>,
}

/// Goroutine profiles of one run of the process.
#[derive(Debug, Default)]
pub struct Goroutines {
    base: Option<Population>,
    last: Option<Population>,
    /// The groups of the last against the first or marked.
    pub report: Option<Report>,
}

impl Session {
    /// Begins with nothing.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            timeline: Timeline::default(),
            state: State::Waiting,
            state_since_ms: 0,
            heard_ms: 0,
            marks: VecDeque::new(),
            last: None,
            go_version: None,
            collections: VecDeque::new(),
            cycles: VecDeque::new(),
            heaps: Heaps::default(),
            goroutines: Goroutines::default(),
            explanation: None,
            output: VecDeque::new(),
            notice: None,
            restarts: 0,
            traced: Vec::new(),
        }
    }

    /// Takes in what was seen. Tells whether it was a look, or the news that there is none.
    pub fn apply(&mut self, news: News) -> bool {
        match news {
            News::Look { taken, trouble } => {
                self.look(*taken, trouble);
                return true;
            }
            News::Lost { at_ms, why } => {
                self.enter(State::Lost(why), at_ms);
                return true;
            }
            News::Ended { at_ms, why } => {
                self.enter(State::Ended(why), at_ms);
                return true;
            }
            News::Heap(heap) => self.heaps.push(*heap),
            News::Goroutines(population) => self.goroutines.push(*population),
            News::Explained(explanation) => self.explanation = Some(*explanation),
            News::Cycle {
                at_ms,
                cycle,
                is_look,
            } => {
                self.traced
                    .retain(|reading| !reading.name.starts_with("gctrace."));
                self.traced.extend(cycle_readings(&cycle));
                push(&mut self.cycles, (at_ms, *cycle), MAX_CYCLES);
                if is_look {
                    let mut taken = Taken::default();
                    taken.look.at_ms = at_ms;
                    self.look(taken, None);
                    return true;
                }
            }
            News::Scavenge(scavenge) => {
                self.traced
                    .retain(|reading| !reading.name.starts_with("scavtrace."));
                self.traced.extend(scavenge_readings(&scavenge));
            }
            News::Output(line) => push(&mut self.output, line, MAX_OUTPUT),
            News::Captured { at_ms, file } => match file {
                Ok(file) => {
                    self.mark(at_ms, MarkKind::Capture);
                    self.notice = Some(format!("captured to {file}"));
                }
                Err(why) => self.notice = Some(format!("no capture: {why}")),
            },
        }
        false
    }

    fn look(&mut self, taken: Taken, trouble: Option<String>) {
        let Taken {
            mut look,
            collections,
            go_version,
            problems,
        } = taken;
        look.readings.extend(self.traced.iter().cloned());
        let at_ms = look.at_ms;
        let was_away = !matches!(self.state, State::Fine | State::Partly(_));
        let is_restart = self
            .last
            .as_ref()
            .is_some_and(|last| is_restart(last, &look));
        if is_restart {
            self.restarts = self.restarts.saturating_add(1);
            self.mark(at_ms, MarkKind::Restart);
            self.heaps.restart();
            self.goroutines.restart();
            self.collections.clear();
        }
        let between = Between {
            before: self.last.as_ref(),
            now: &look,
        };
        let values = tracks::values(&between);
        self.timeline.push(at_ms, was_away || is_restart, values);
        for collection in collections {
            let known = self.collections.back();
            if known.is_none_or(|known| known.ended_ms < collection.ended_ms) {
                push(&mut self.collections, collection, MAX_CYCLES);
            }
        }
        self.go_version = go_version.or(self.go_version.take());
        let trouble = trouble.or_else(|| {
            // A page that is not understood hides what it says.
            look.readings
                .is_empty()
                .then(|| problems.first().cloned())
                .flatten()
        });
        let state = match trouble {
            Some(why) if look.readings.is_empty() => State::Lost(why),
            Some(why) => State::Partly(why),
            None => State::Fine,
        };
        self.last = Some(look);
        self.enter(state, at_ms);
    }

    fn enter(&mut self, state: State, at_ms: i64) {
        self.heard_ms = at_ms;
        // A reason that is told anew with other words is the same outage.
        if std::mem::discriminant(&self.state) != std::mem::discriminant(&state) {
            self.state_since_ms = at_ms;
        }
        self.state = state;
    }

    fn mark(&mut self, at_ms: i64, what: MarkKind) {
        push(&mut self.marks, Mark { at_ms, what }, MAX_MARKS);
    }

    /// Marks a moment: from now on growth is against what is there now.
    pub fn mark_now(&mut self, now_ms: i64) {
        self.mark(now_ms, MarkKind::User);
        self.heaps.mark();
        self.goroutines.mark();
        self.notice = Some("marked: growth is now against this moment".to_owned());
    }

    /// The last moment that the user marked, in this run of the process.
    pub fn marked_ms(&self) -> Option<i64> {
        self.marks
            .iter()
            .rev()
            .take_while(|mark| mark.what != MarkKind::Restart)
            .find(|mark| mark.what == MarkKind::User)
            .map(|mark| mark.at_ms)
    }

    /// What is wrong, or worth to know: of the ledger and of the series.
    pub fn findings(&self) -> Vec<Finding> {
        let mut all: Vec<Finding> = self
            .explanation
            .as_ref()
            .map(|explanation| explanation.findings.clone())
            .unwrap_or_default();
        all.extend(self.heaps.trend.as_ref().and_then(leak));
        rank(all)
    }

    /// The last value of a line, by the id of its plot and its label; nothing while nothing is
    /// heard.
    pub fn value(&self, plot: &str, label: &str) -> Option<f64> {
        let point = self.latest()?;
        Some(point.band(tracks::named(plot, label)?)?.mean)
    }

    /// The last look, if the process answers.
    pub fn latest(&self) -> Option<&Point> {
        let answers = matches!(self.state, State::Fine | State::Partly(_) | State::Ended(_));
        self.timeline.last().filter(|_| answers)
    }
}

/// Whether another process answers than before. A start that is known to be the same is believed
/// more than counters.
fn is_restart(before: &Look, now: &Look) -> bool {
    if before.started_ms.is_some() && now.started_ms.is_some() {
        return Between {
            before: Some(before),
            now,
        }
        .is_restart();
    }
    FALLING.iter().any(|name| {
        let pair = before.number(name).zip(now.number(name));
        pair.is_some_and(|(before, now)| now < before)
    })
}

/// A leak as a finding, with the line that grows most.
fn leak(trend: &Leaks) -> Option<Finding> {
    if !trend.leaks {
        return None;
    }
    let rate = trend.rate?;
    let grown = trend.last_bytes.saturating_sub(trend.first_bytes);
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let an_hour = fathom_explain::signed_bytes(rate.bytes_per_hour.round() as i64);
    let site = trend.sites.first().map_or_else(String::new, |site| {
        format!(
            "{} makes up {:.0} % of it.",
            site.place,
            (site.share * 100.0).clamp(0.0, 100.0)
        )
    });
    Some(
        Finding::new("live-heap-leaks", Severity::Warning, Confidence::Likely)
            .bytes(grown)
            .title(format!(
                "the live heap grows as a leak does, {an_hour} an hour"
            ))
            .detail(site)
            .action("Look at what keeps the objects of the lines that grow: the screen of sites.")
            .verify("After the fix the live heap levels off in the same load."),
    )
}

impl Heaps {
    fn push(&mut self, heap: DatedHeap) {
        self.all.push(heap);
        if self.all.len() > MAX_HEAPS {
            // The first stays, as does the last.
            let last = self.all.len() - 1;
            let mut index = 0;
            self.all.retain(|_| {
                let keeps = index % 2 == 0 || index == last;
                index += 1;
                keeps
            });
        }
        self.compare();
        self.trend = leaks(&mut self.all, None).ok();
    }

    fn compare(&mut self) {
        let base = self.mark.as_ref().or(self.all.first());
        if let (Some(base), Some(last)) = (base, self.all.last()) {
            self.growth = site_growth(base, last);
        }
    }

    fn mark(&mut self) {
        self.mark = self.all.last().cloned();
        self.compare();
    }

    fn restart(&mut self) {
        *self = Self::default();
    }

    /// How many profiles of this run there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// When the profile was taken that growth is against, in milliseconds since 1970 (UTC).
    pub fn base_ms(&self) -> Option<i64> {
        let base = self.mark.as_ref().or(self.all.first())?;
        Some(base.unix_nanos() / 1_000_000)
    }
}

impl Goroutines {
    fn push(&mut self, population: Population) {
        if self.base.is_none() {
            self.base = Some(population.clone());
        }
        self.last = Some(population);
        self.compare();
    }

    fn compare(&mut self) {
        if let Some(last) = &self.last {
            self.report = Some(compare(last, self.base.as_ref(), Order::Count));
        }
    }

    fn mark(&mut self) {
        self.base.clone_from(&self.last);
        self.compare();
    }

    fn restart(&mut self) {
        *self = Self::default();
    }
}

fn push<T>(queue: &mut VecDeque<T>, value: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_series::Unit;

    fn look(at_ms: i64, started_ms: Option<i64>, allocated: f64) -> News {
        let look = Look {
            at_ms,
            started_ms,
            readings: vec![Reading::counter(
                "memstats.TotalAlloc",
                Unit::Bytes,
                allocated,
            )],
        };
        let taken = Taken {
            look,
            ..Taken::default()
        };
        News::Look {
            taken: Box::new(taken),
            trouble: None,
        }
    }

    #[test]
    fn an_outage_is_a_gap_and_has_a_beginning() {
        let mut session = Session::new("test");
        assert!(session.apply(look(1000, Some(0), 10.0)));
        assert_eq!(
            (&session.state, session.state_since_ms),
            (&State::Fine, 1000)
        );
        for at_ms in [2000, 3000] {
            session.apply(News::Lost {
                at_ms,
                why: format!("refused at {at_ms}"),
            });
        }
        assert_eq!(session.state, State::Lost("refused at 3000".to_owned()));
        assert_eq!(session.state_since_ms, 2000);
        assert_eq!(session.value("allocation-rate", "allocated"), None);
        session.apply(look(4000, Some(0), 40.0));
        let gaps: Vec<bool> = session
            .timeline
            .points()
            .map(|point| point.after_gap)
            .collect();
        assert_eq!(gaps, [true, true]);
        assert_eq!(session.value("allocation-rate", "allocated"), Some(10.0));
        assert_eq!(session.restarts, 0);
    }

    #[test]
    fn a_restart_is_a_mark_whether_its_start_is_told_or_not() {
        for (first, second) in [(Some(0), Some(9000)), (None, None)] {
            let mut session = Session::new("test");
            session.apply(look(1000, first, 100.0));
            session.apply(look(10_000, second, 5.0));
            let mark = Mark {
                at_ms: 10_000,
                what: MarkKind::Restart,
            };
            assert_eq!(session.marks, [mark]);
        }
        let mut session = Session::new("test");
        session.apply(look(1000, Some(0), 100.0));
        session.apply(look(2000, Some(0), 5.0));
        assert_eq!(session.restarts, 0, "a start that stays is believed");
    }

    #[test]
    fn growth_is_since_the_last_mark_of_this_run() {
        let mut session = Session::new("test");
        session.apply(look(1000, Some(0), 1.0));
        assert_eq!(session.marked_ms(), None);
        session.mark_now(1500);
        assert_eq!(session.marked_ms(), Some(1500));
        session.apply(look(9000, Some(8000), 1.0));
        assert_eq!(session.marked_ms(), None);
    }
}
