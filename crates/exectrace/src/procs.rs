//! Values by P.

use hashbrown::HashMap;

use crate::event::ProcId;

/// The Ps that have a place in the array: more than any machine has.
const DENSE: usize = 1 << 12;

/// Values by P, which are there as soon as they are asked for: an array for the numbers that Ps
/// have, a map for the rest, so that damaged numbers cost no memory.
#[derive(Debug, Default)]
pub(crate) struct ByProc<T> {
    dense: Vec<T>,
    sparse: HashMap<i64, T>,
}

impl<T: Default> ByProc<T> {
    #[inline]
    pub(crate) fn get_mut(&mut self, proc: ProcId) -> &mut T {
        let at = usize::try_from(proc.0).unwrap_or(DENSE);
        if at >= DENSE {
            return self.sparse.entry(proc.0).or_default();
        }
        if at >= self.dense.len() {
            self.dense.resize_with(at + 1, T::default);
        }
        &mut self.dense[at]
    }

    /// All that were asked for, and those of lower numbers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.dense.iter().chain(self.sparse.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_have_their_value() {
        let mut values = ByProc::default();
        for number in [3, -1, 1 << 40, i64::MIN] {
            *values.get_mut(ProcId(number)) = number;
        }
        for number in [3, -1, 1 << 40, i64::MIN] {
            assert_eq!(*values.get_mut(ProcId(number)), number);
        }
        assert_eq!(values.values().count(), 4 + 3);
    }
}
