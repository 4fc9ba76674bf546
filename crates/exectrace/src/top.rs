//! The largest of many.

/// Keeps the few with the largest keys; of equal keys the first.
#[derive(Debug, Clone)]
pub struct Top<T> {
    most: usize,
    /// With their key and when they came.
    kept: Vec<(i64, u64, T)>,
    offered: u64,
    /// Where the smallest of them is, once there are as many as may be.
    smallest: usize,
}

impl<T> Top<T> {
    /// Keeps so many.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            kept: Vec::new(),
            offered: 0,
            smallest: 0,
        }
    }

    /// Whether something with this key would be kept.
    #[inline]
    pub fn admits(&self, key: i64) -> bool {
        if self.kept.len() < self.most {
            return true;
        }
        self.kept
            .get(self.smallest)
            .is_some_and(|&(smallest, ..)| key > smallest)
    }

    /// Offers something, which is made only if it is kept.
    #[inline]
    pub fn offer(&mut self, key: i64, make: impl FnOnce() -> T) {
        self.offered += 1;
        if self.admits(key) {
            self.insert(key, make());
        }
    }

    fn insert(&mut self, key: i64, value: T) {
        let new = (key, self.offered, value);
        if self.kept.len() < self.most {
            self.kept.push(new);
            if self.kept.len() < self.most {
                return;
            }
        } else if let Some(place) = self.kept.get_mut(self.smallest) {
            *place = new;
        }
        let smallest = self
            .kept
            .iter()
            .enumerate()
            .min_by_key(|(_, (key, came, _))| (*key, std::cmp::Reverse(*came)));
        self.smallest = smallest.map_or(0, |(at, _)| at);
    }

    /// What was kept, the largest first.
    pub fn sorted(&self) -> Vec<&T> {
        let mut kept: Vec<_> = self.kept.iter().collect();
        kept.sort_by_key(|(key, came, _)| (std::cmp::Reverse(*key), *came));
        kept.into_iter().map(|(_, _, value)| value).collect()
    }

    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_kept() {
        let mut top = Top::new(3);
        for key in [5, 1, 9, 3, 9, 2, 7] {
            let came = top.offered;
            top.offer(key, || (key, came));
        }
        assert_eq!(top.sorted(), [&(9, 2), &(9, 4), &(7, 6)]);
        assert!(!top.admits(7));
        assert!(top.admits(8));
    }

    #[test]
    fn none_may_be_kept() {
        let mut top = Top::new(0);
        top.offer(1, || 1);
        assert!(top.is_empty());
    }
}
