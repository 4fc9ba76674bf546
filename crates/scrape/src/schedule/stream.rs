//! One thing that is taken of a target again and again: its readings, or a profile.

use std::time::Duration;

use super::grid::{Grid, Moment};
use crate::config::{Limits, Profile, duration_text};
use crate::labels::Fingerprint;
use crate::probe::Part;
use crate::target::Target;

/// An interval is stretched at most so much.
const MOST_STRETCH: u32 = 64;

/// So many cheap profiles in a row shorten a stretched interval again.
const CHEAP_IN_A_ROW: u32 = 3;

/// Longest time for which a profile that is missing is not asked for.
const MOST_PATIENCE: Duration = Duration::from_hours(1);

/// Where something runs: a look is short, a recording takes its seconds. Of one target there is
/// at most one of each at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// What is answered at once.
    Look,
    /// What is recorded over a time.
    Recording,
}

/// One thing that is taken of a target again and again.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// The profile's name; `None` of the readings.
    pub(super) profile: Option<String>,
    /// How long it is recorded.
    pub(super) seconds: Option<u32>,
    /// How often it is wanted.
    interval: Duration,
    /// What the interval is multiplied by, a power of two.
    stretch: u32,
    /// How many in a row were cheap enough for half the stretch.
    cheap: u32,
    /// How many in a row were missing.
    missing: u32,
    /// The unstretched moments, and those that hold now.
    plain: Grid,
    grid: Grid,
    /// The target's and the name's part in choosing the moments.
    seeds: (u64, u64),
    base: Duration,
    last: Option<u64>,
    /// When it is due.
    pub(super) due: Moment,
}

/// The streams of a target: its readings, and the profiles of its job.
pub(super) fn streams(target: &Target, now: Moment) -> Vec<Stream> {
    let profiles = target.job.profiles.iter().map(Some);
    std::iter::once(None)
        .chain(profiles)
        .map(|profile| Stream::new(target, profile, now))
        .collect()
}

impl Stream {
    fn new(target: &Target, profile: Option<&Profile>, now: Moment) -> Self {
        let name = profile.map_or("", |profile| profile.name.as_str());
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(name.as_bytes());
        let seeds = (
            target.key(),
            if name.is_empty() {
                0
            } else {
                fingerprint.finish()
            },
        );
        let interval = profile.map_or(target.interval, |profile| profile.interval);
        let seconds = profile.and_then(|profile| profile.seconds);
        let plain = match seconds {
            None => Grid::steady(seeds.0, seeds.1, target.interval, interval),
            Some(seconds) => Grid::roaming(
                seeds.0,
                seeds.1,
                interval,
                Duration::from_secs(u64::from(seconds)),
            ),
        };
        let mut stream = Self {
            profile: profile.map(|profile| profile.name.clone()),
            seconds,
            interval,
            stretch: 1,
            cheap: 0,
            missing: 0,
            plain,
            grid: plain,
            seeds,
            base: target.interval,
            last: None,
            due: now,
        };
        stream.move_on(now);
        stream
    }

    /// Where it runs.
    pub(super) fn lane(&self) -> Lane {
        match self.seconds {
            None => Lane::Look,
            Some(_) => Lane::Recording,
        }
    }

    /// Takes over what was learnt of the same thing before its settings changed.
    pub(super) fn learn(&mut self, before: &Self, now: Moment) {
        self.missing = before.missing;
        if self.interval == before.interval && before.stretch > 1 {
            self.set_stretch(before.stretch);
            self.move_on(now);
        }
    }

    /// Chooses the next moment after `now`.
    pub(super) fn move_on(&mut self, now: Moment) {
        (_, self.due) = self.step(now);
    }

    fn step(&mut self, now: Moment) -> (u64, Moment) {
        let (number, moment) = self.grid.next(now, self.last);
        self.last = Some(number);
        (number, moment)
    }

    /// Begins it: chooses the next moment, and returns how many were let pass meanwhile.
    pub(super) fn begin(&mut self, now: Moment) -> u64 {
        let before = self.last;
        let (number, moment) = self.step(now);
        self.due = moment;
        before.map_or(0, |before| number.saturating_sub(before).saturating_sub(1))
    }

    /// Makes it due at a moment that is not its own.
    pub(super) fn put_off(&mut self, until: Moment) {
        self.due = until;
    }

    /// Whether it is taken less often than is wanted.
    pub(super) fn is_stretched(&self) -> bool {
        self.stretch > 1
    }

    /// What it is called in a sentence.
    fn name(&self) -> &str {
        self.profile.as_deref().unwrap_or("readings")
    }

    fn set_stretch(&mut self, stretch: u32) {
        self.stretch = stretch;
        self.cheap = 0;
        self.grid = self
            .plain
            .stretched(stretch, self.seeds.0, self.seeds.1, self.base);
        self.last = None;
    }

    /// Learns from what came; returns what is worth telling.
    pub(super) fn learn_from(
        &mut self,
        part: &Part,
        limits: &Limits,
        now: Moment,
    ) -> Option<String> {
        if let Some(why) = &part.missing {
            return self.is_missing(why, now);
        }
        let was_missing = std::mem::take(&mut self.missing) > 0;
        let told = if self.profile.is_some() {
            self.weigh(part, limits, now)
        } else {
            None
        };
        match told {
            None if was_missing => Some(format!("{} can be had again", self.name())),
            told => told,
        }
    }

    /// Asks less and less often for what is not there.
    fn is_missing(&mut self, why: &str, now: Moment) -> Option<String> {
        self.missing = self.missing.saturating_add(1);
        let most = MOST_PATIENCE.max(self.interval);
        let patience = doubled(self.interval, self.missing - 1).min(most);
        self.move_on(now.after(patience.saturating_sub(self.interval)));
        (self.missing == 1).then(|| format!("no {}: {why}", self.name()))
    }

    /// Compares cost with what a profile may cost, and changes the interval.
    fn weigh(&mut self, part: &Part, limits: &Limits, now: Moment) -> Option<String> {
        let allowed_seconds = limits.max_share * self.interval.as_secs_f64();
        let of_time = part.duration.as_secs_f64() / allowed_seconds.max(1e-9);
        let of_bytes = part.bytes as f64 / (limits.max_bytes_per_interval.max(1)) as f64;
        let cost = of_time.max(of_bytes);
        let mut wanted = 1;
        while f64::from(wanted) < cost && wanted < MOST_STRETCH {
            wanted *= 2;
        }
        if wanted > self.stretch {
            self.set_stretch(wanted);
            self.move_on(now);
            let (what, bound) = if of_time >= of_bytes {
                (
                    format!("{:.1} s to serve", part.duration.as_secs_f64()),
                    format!("{:.0} %", limits.max_share * 100.0),
                )
            } else {
                (
                    format!("{:.1} MB", part.bytes as f64 / f64::from(1 << 20)),
                    format!(
                        "{:.1} MB",
                        limits.max_bytes_per_interval as f64 / f64::from(1 << 20)
                    ),
                )
            };
            return Some(format!(
                "{} takes {what}, more than {bound} of its interval of {}: it is taken every {} \
                 from now on",
                self.name(),
                duration_text(self.interval),
                duration_text(self.interval * wanted)
            ));
        }
        // Well below, and not once: else an interval would change back and forth.
        let half = self.stretch / 2;
        if self.stretch > 1 && cost <= 0.8 * f64::from(half) {
            self.cheap += 1;
            if self.cheap >= CHEAP_IN_A_ROW {
                self.set_stretch(half);
                self.move_on(now);
                return Some(format!(
                    "{} costs less than it did: it is taken every {} again",
                    self.name(),
                    duration_text(self.interval * half)
                ));
            }
        } else {
            self.cheap = 0;
        }
        None
    }
}

/// A time doubled so many times.
pub(super) fn doubled(time: Duration, times: u32) -> Duration {
    2_u32
        .checked_pow(times)
        .and_then(|factor| time.checked_mul(factor))
        .unwrap_or(Duration::MAX)
}
