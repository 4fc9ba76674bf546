//! The arithmetic of a line.

use crate::{Look, Value};

/// What is taken of each reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Its value.
    Value,
    /// What it grew by over the interval.
    Increase,
    /// What it grew by over the interval, a second.
    Rate,
}

/// A sum of readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expr {
    /// What is taken of each reading.
    pub mode: Mode,
    /// The readings, each with its factor.
    pub terms: &'static [(&'static str, f64)],
    /// What the sum is divided by: a gauge, or, of an increase, what a counter grew by.
    pub over: Option<&'static str>,
}

/// The readings of one interval, of two looks or of one step of a history.
pub trait Sample {
    /// The value of a reading at the end of the interval.
    fn value(&self, name: &str) -> Option<f64>;
    /// What a counter grew by over the interval; a restart begins at nothing.
    fn increase(&self, name: &str) -> Option<f64>;
    /// The length of the interval.
    fn seconds(&self) -> f64;
}

impl Expr {
    /// The readings that it needs.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.terms.iter().map(|(name, _)| *name).chain(self.over)
    }

    /// Computes it, or nothing if a reading is not there.
    pub fn value(&self, sample: &dyn Sample) -> Option<f64> {
        let mut sum = 0.0;
        for (name, factor) in self.terms {
            let taken = match self.mode {
                Mode::Value => sample.value(name)?,
                Mode::Increase | Mode::Rate => sample.increase(name)?,
            };
            sum += factor * taken;
        }
        if self.mode == Mode::Rate {
            let seconds = sample.seconds();
            if seconds <= 0.0 {
                return None;
            }
            sum /= seconds;
        }
        if let Some(name) = self.over {
            let divisor = match self.mode {
                Mode::Increase => sample.increase(name)?,
                Mode::Value | Mode::Rate => sample.value(name)?,
            };
            // Nothing is no share of nothing.
            if divisor <= 0.0 {
                return None;
            }
            sum /= divisor;
        }
        Some(sum)
    }
}

/// Two looks at one process, of which the earlier may be missing.
#[derive(Clone, Copy, Debug)]
pub struct Between<'a> {
    /// The earlier look.
    pub before: Option<&'a Look>,
    /// The later look.
    pub now: &'a Look,
}

impl Between<'_> {
    /// Whether the process was started anew between the looks.
    pub fn is_restart(&self) -> bool {
        let before = self.before.and_then(|look| look.started_ms);
        // The start is known to a second.
        matches!((before, self.now.started_ms), (Some(a), Some(b)) if (a - b).abs() > 2000)
    }
}

impl Sample for Between<'_> {
    fn value(&self, name: &str) -> Option<f64> {
        self.now.number(name)
    }

    fn increase(&self, name: &str) -> Option<f64> {
        let before = self.before?.number(name)?;
        let now = self.now.number(name)?;
        Some(if self.is_restart() || now < before {
            now
        } else {
            now - before
        })
    }

    fn seconds(&self) -> f64 {
        let before = self.before.map_or(self.now.at_ms, |look| look.at_ms);
        self.now.at_ms.saturating_sub(before) as f64 / 1e3
    }
}

impl Between<'_> {
    /// What an interval added to each bucket of a histogram, or what of it is left after `taken`.
    /// Buckets are those of the histogram; nothing if it is not there.
    pub fn buckets(&self, heat: &super::Heat) -> Option<crate::Histogram> {
        let of = |look: &Look, name: &str| match look.get(name).map(|reading| &reading.value) {
            Some(Value::Histogram(histogram)) => Some(histogram.clone()),
            _ => None,
        };
        let mut now = of(self.now, heat.added)?;
        let taken = match heat.taken {
            Some(name) => of(self.now, name)?,
            None if self.is_restart() => return Some(now),
            None => of(self.before?, heat.added)?,
        };
        if taken.buckets != now.buckets {
            return None;
        }
        let fell = now
            .counts
            .iter()
            .zip(&taken.counts)
            .any(|(now, taken)| now < taken);
        if fell && heat.taken.is_none() {
            // Counts that fall are those of another process.
            return Some(now);
        }
        for (count, taken) in now.counts.iter_mut().zip(&taken.counts) {
            *count = count.saturating_sub(*taken);
        }
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reading, Unit};

    fn look(at_ms: i64, started_ms: i64, allocated: f64) -> Look {
        Look {
            at_ms,
            started_ms: Some(started_ms),
            readings: vec![
                Reading::counter("allocated", Unit::Bytes, allocated),
                Reading::gauge("cpus", Unit::Count, 4.0),
            ],
        }
    }

    const RATE: Expr = Expr {
        mode: Mode::Rate,
        terms: &[("allocated", 2.0)],
        over: Some("cpus"),
    };

    #[test]
    fn a_rate_begins_at_nothing_after_a_restart() {
        let (first, second, third) = (
            look(0, 0, 100.0),
            look(2000, 0, 140.0),
            look(4000, 3000, 150.0),
        );
        let rate = |before: Option<&Look>, now: &Look| RATE.value(&Between { before, now });
        assert_eq!(rate(None, &first), None);
        assert_eq!(rate(Some(&first), &second), Some(10.0));
        assert_eq!(rate(Some(&second), &third), Some(37.5));
    }
}
