//! The longest of many, in bounded memory.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use serde::Serialize;

/// Keeps the longest of what it sees, and counts and adds up all.
#[derive(Debug)]
pub(crate) struct Longest<T> {
    most: usize,
    /// The shortest of those kept is on top.
    kept: BinaryHeap<Kept<T>>,
    count: u64,
    total: i64,
    max: i64,
}

#[derive(Debug)]
struct Kept<T> {
    nanoseconds: i64,
    /// Which one it was: of equals the first is kept.
    order: u64,
    value: T,
}

impl<T> PartialEq for Kept<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Kept<T> {}

impl<T> PartialOrd for Kept<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Kept<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .nanoseconds
            .cmp(&self.nanoseconds)
            .then(self.order.cmp(&other.order))
    }
}

impl<T> Longest<T> {
    /// Keeps so many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            kept: BinaryHeap::new(),
            count: 0,
            total: 0,
            max: 0,
        }
    }

    pub(crate) fn add(&mut self, nanoseconds: i64, value: T) {
        let order = self.count;
        self.count += 1;
        self.total = self.total.saturating_add(nanoseconds);
        self.max = self.max.max(nanoseconds);
        if self.kept.len() >= self.most {
            match self.kept.peek() {
                Some(shortest) if shortest.nanoseconds < nanoseconds => {
                    self.kept.pop();
                }
                _ => return,
            }
        }
        self.kept.push(Kept {
            nanoseconds,
            order,
            value,
        });
    }

    /// The count, total and percentiles of all.
    pub(crate) fn durations(&self) -> Durations {
        let mut kept: Vec<i64> = self.kept.iter().map(|kept| kept.nanoseconds).collect();
        kept.sort_unstable();
        let percentile = |percent: u64| {
            // The rank from the longest, which is 0.
            let from_end = (self.count * (100 - percent) / 100) as usize;
            let at = kept.len().checked_sub(from_end + 1)?;
            kept.get(at).copied()
        };
        Durations {
            count: self.count,
            total_ns: self.total,
            p50_ns: percentile(50),
            p95_ns: percentile(95),
            p99_ns: percentile(99),
            max_ns: self.max,
        }
    }

    /// Those that were kept, in the order in which they came, and how many were not.
    pub(crate) fn into_kept(self) -> (Vec<T>, u64) {
        let omitted = self.count - self.kept.len() as u64;
        let mut kept = self.kept.into_vec();
        kept.sort_unstable_by_key(|kept| kept.order);
        (kept.into_iter().map(|kept| kept.value).collect(), omitted)
    }
}

/// How long many things of a kind took, in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Durations {
    /// How many there were.
    pub count: u64,
    /// All of them together.
    pub total_ns: i64,
    /// Half took no longer. Missing where there were none, or where there were so many that the
    /// short ones were not kept.
    pub p50_ns: Option<i64>,
    /// 95 in 100 took no longer.
    pub p95_ns: Option<i64>,
    /// 99 in 100 took no longer.
    pub p99_ns: Option<i64>,
    /// The longest.
    pub max_ns: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact() {
        let mut longest = Longest::new(1000);
        for nanoseconds in (1..=100).rev() {
            longest.add(nanoseconds, nanoseconds);
        }
        let durations = longest.durations();
        assert_eq!(durations.count, 100);
        assert_eq!(durations.total_ns, 5050);
        assert_eq!(durations.p50_ns, Some(50));
        assert_eq!(durations.p95_ns, Some(95));
        assert_eq!(durations.p99_ns, Some(99));
        assert_eq!(durations.max_ns, 100);
        let (kept, omitted) = longest.into_kept();
        assert_eq!(kept.first(), Some(&100));
        assert_eq!(omitted, 0);
        assert_eq!(Longest::<()>::new(5).durations(), Durations::default());
    }

    #[test]
    fn the_longest_stay() {
        let mut longest = Longest::new(10);
        for nanoseconds in 1..=100 {
            longest.add(nanoseconds, nanoseconds);
        }
        longest.add(91, 1000);
        let durations = longest.durations();
        assert_eq!(durations.p50_ns, None, "not kept");
        assert_eq!(durations.p95_ns, Some(95));
        assert_eq!(durations.max_ns, 100);
        let (kept, omitted) = longest.into_kept();
        assert_eq!(kept, (91..=100).collect::<Vec<_>>());
        assert_eq!(omitted, 91);
    }
}
