//! For how long the utilisation of a window had which value
//! (`src/internal/trace/mud.go`, Go 1.27.3).
//!
//! While the left edge of a window moves from one point to the next, its utilisation goes evenly
//! from one value to another. So the distribution is a sum of even distributions; where the value
//! stays, all the time falls on one point.

/// The buckets of the rough sum that tells while adding where a quantile will be.
const BUCKETS: usize = 1024;

/// The distribution, to which time is added.
#[derive(Debug)]
pub(crate) struct Distribution {
    edges: Vec<Edge>,
    is_sorted: bool,
    /// The time below the quantile that is looked for.
    wanted: f64,
    /// The bucket in which it falls, and the time in the buckets below.
    bucket: usize,
    below: f64,
    rough: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    value: f64,
    /// By how much the density changes here.
    density: f64,
    /// The time that falls on this very point.
    point: f64,
}

impl Distribution {
    /// An empty one, of which the value is wanted below which so much time falls.
    pub(crate) fn new(wanted: f64) -> Self {
        let mut distribution = Self {
            edges: Vec::new(),
            is_sorted: false,
            wanted,
            bucket: BUCKETS,
            below: 0.0,
            rough: vec![0.0; BUCKETS],
        };
        distribution.find_bucket();
        distribution
    }

    /// Adds a time in which the value went from one to another.
    pub(crate) fn add(&mut self, from: f64, to: f64, time: f64) {
        if time == 0.0 {
            return;
        }
        let (low, high) = if to < from { (to, from) } else { (from, to) };
        let is_point = high <= low;
        if is_point {
            self.edges.push(Edge {
                value: low,
                density: 0.0,
                point: time,
            });
        } else {
            let density = time / (high - low);
            for (value, density) in [(low, density), (high, -density)] {
                self.edges.push(Edge {
                    value,
                    density,
                    point: 0.0,
                });
            }
        }
        self.add_roughly(low, high, time);

        let edge = self.bucket as f64 / BUCKETS as f64;
        if low < edge {
            self.below += if high < edge {
                time
            } else {
                time * (edge - low) / (high - low)
            };
            if self.below >= self.wanted {
                self.find_bucket();
            }
        }
    }

    fn add_roughly(&mut self, low: f64, high: f64, time: f64) {
        let (first, from) = bucket(low);
        let (last, to) = bucket(high);
        if first == last {
            self.add_to_bucket(first, time);
            return;
        }
        let each = time / (high - low) / BUCKETS as f64;
        self.add_to_bucket(first, each * (1.0 - from));
        self.add_to_bucket(last, each * to);
        for between in first + 1..last {
            self.add_to_bucket(between, each);
        }
    }

    fn add_to_bucket(&mut self, bucket: usize, time: f64) {
        if let Some(place) = self.rough.get_mut(bucket) {
            *place += time;
        }
    }

    /// Finds the bucket in which the wanted time falls.
    fn find_bucket(&mut self) {
        let mut sum = 0.0;
        for (at, time) in self.rough.iter().enumerate() {
            if sum + time > self.wanted {
                (self.bucket, self.below) = (at, sum);
                return;
            }
            sum += time;
        }
        (self.bucket, self.below) = (BUCKETS, sum);
    }

    /// A value below which the wanted time falls for sure, if there is that much time yet.
    pub(crate) fn bound(&self) -> Option<f64> {
        (self.bucket < BUCKETS).then(|| (self.bucket + 1) as f64 / BUCKETS as f64)
    }

    /// The value below which so much time falls; nothing where no time was added.
    pub(crate) fn value_at(&mut self, time: f64) -> Option<f64> {
        if !self.is_sorted {
            self.edges.sort_by(|a, b| a.value.total_cmp(&b.value));
            self.is_sorted = true;
        }
        let (mut sum, mut density, mut before) = (0.0, 0.0, 0.0);
        for edge in &self.edges {
            let until = sum + (edge.value - before) * density;
            if until >= time {
                // Where nothing falls between the edges, any value between them will do.
                return Some(if density == 0.0 {
                    edge.value
                } else {
                    (time - sum) / density + before
                });
            }
            sum = until + edge.point;
            if sum >= time {
                return Some(edge.value);
            }
            before = edge.value;
            density += edge.density;
        }
        self.edges.last().map(|edge| edge.value)
    }
}

/// The bucket of a value, and how far in it the value is.
fn bucket(value: f64) -> (usize, f64) {
    let scaled = value * BUCKETS as f64;
    if scaled >= BUCKETS as f64 {
        return (BUCKETS - 1, 1.0);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the number of buckets"
    )]
    let bucket = scaled.max(0.0) as usize;
    (bucket, scaled.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: Option<f64>, expected: f64) -> bool {
        value.is_some_and(|value| (value - expected).abs() < 1e-12)
    }

    #[test]
    fn quantiles_are_those_of_the_sum() {
        let mut distribution = Distribution::new(50.0);
        assert_eq!(distribution.value_at(0.0), None);
        assert_eq!(distribution.bound(), None);
        // Evenly from 0 to 1 for 100, and 100 at 0.5.
        let mut distribution = Distribution::new(50.0);
        distribution.add(1.0, 0.0, 100.0);
        distribution.add(0.5, 0.5, 100.0);
        assert!(near(distribution.value_at(0.0), 0.0));
        assert!(near(distribution.value_at(25.0), 0.25));
        assert!(near(distribution.value_at(100.0), 0.5));
        assert!(near(distribution.value_at(175.0), 0.75));
        assert!(near(distribution.value_at(1000.0), 1.0));
        let bound = distribution.bound().expect("enough time");
        assert!((0.5..0.51).contains(&bound));
    }

    #[test]
    fn nothing_falls_between() {
        let mut distribution = Distribution::new(1.0);
        distribution.add(0.2, 0.2, 1.0);
        distribution.add(0.9, 0.9, 1.0);
        assert!(near(distribution.value_at(1.0), 0.2));
        assert!(near(distribution.value_at(1.5), 0.9));
    }
}
