//! From the ids that a writer chose to positions in our tables.

use hashbrown::HashMap;

use crate::error::Error;
use crate::handle::NONE;

/// Maps ids of profile.proto, which may be any non-zero `u64`, to table positions.
#[derive(Debug)]
pub(crate) struct IdMap {
    of: &'static str,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// The ids are 1, 2, 3, … in order, as most writers choose them: so many.
    InOrder(u32),
    /// The ids are small: position by id, `NONE` in the gaps.
    Small(Vec<u32>),
    /// The ids are anything.
    Any(HashMap<u64, u32>),
}

impl IdMap {
    /// Maps `ids`, which come with their offsets in the input, to 0, 1, 2, ….
    ///
    /// Fails when an id comes twice. There must be fewer than `u32::MAX` of them, which
    /// the limits see to.
    pub(crate) fn new(
        of: &'static str,
        ids: impl ExactSizeIterator<Item = (u64, usize)> + Clone,
    ) -> Result<Self, Error> {
        let count = u32::try_from(ids.len()).unwrap_or(NONE);
        if ids
            .clone()
            .zip(1_u64..)
            .all(|((id, _), wanted)| id == wanted)
        {
            return Ok(Self {
                of,
                form: Form::InOrder(count),
            });
        }
        let twice = |id: u64, offset: usize| {
            Err(Error::inconsistent(
                offset,
                format!("{of} id {id} comes twice"),
                format!("multiple {of}s with same id: {id}"),
            ))
        };
        let largest = ids.clone().map(|(id, _)| id).max().unwrap_or(0);
        if largest < 4 * u64::from(count) + 1024 {
            let mut positions = vec![NONE; usize::try_from(largest).unwrap_or(0) + 1];
            for ((id, offset), position) in ids.zip(0_u32..) {
                let slot = usize::try_from(id)
                    .ok()
                    .and_then(|id| positions.get_mut(id));
                match slot {
                    Some(slot) if *slot == NONE => *slot = position,
                    _ => return twice(id, offset),
                }
            }
            return Ok(Self {
                of,
                form: Form::Small(positions),
            });
        }
        let mut positions = HashMap::with_capacity(ids.len());
        for ((id, offset), position) in ids.zip(0_u32..) {
            if positions.insert(id, position).is_some() {
                return twice(id, offset);
            }
        }
        Ok(Self {
            of,
            form: Form::Any(positions),
        })
    }

    /// What most writers make: the ids 1, 2, 3, … in order, however many come.
    pub(crate) const fn assumed(of: &'static str) -> Self {
        Self {
            of,
            form: Form::InOrder(NONE - 1),
        }
    }

    /// Returns what the ids are of, for messages.
    pub(crate) const fn of(&self) -> &'static str {
        self.of
    }

    /// Returns how many ids there are when they are 1, 2, 3, … in order.
    pub(crate) const fn in_order(&self) -> Option<u32> {
        match self.form {
            Form::InOrder(count) => Some(count),
            Form::Small(_) | Form::Any(_) => None,
        }
    }

    /// Returns the position of an id.
    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<u32> {
        match &self.form {
            Form::InOrder(count) => {
                let position = u32::try_from(id.wrapping_sub(1)).ok()?;
                (position < *count).then_some(position)
            }
            Form::Small(positions) => {
                let position = *positions.get(usize::try_from(id).ok()?)?;
                (position != NONE).then_some(position)
            }
            Form::Any(positions) => positions.get(&id).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(ids: &[u64], asked: &[u64]) -> Vec<Option<u32>> {
        let map = IdMap::new("location", ids.iter().map(|&id| (id, 7))).unwrap();
        asked.iter().map(|&id| map.get(id)).collect()
    }

    #[test]
    fn every_form_finds_its_ids_and_no_others() {
        assert_eq!(
            positions(&[1, 2, 3], &[0, 1, 3, 4]),
            [None, Some(0), Some(2), None]
        );
        assert_eq!(
            positions(&[7, 2, 5], &[0, 7, 2, 3, 8]),
            [None, Some(0), Some(1), None, None]
        );
        assert_eq!(
            positions(&[u64::MAX, 9], &[0, u64::MAX, 9, 1]),
            [None, Some(0), Some(1), None]
        );
        assert_eq!(positions(&[], &[0, 1]), [None, None]);
    }

    #[test]
    fn an_id_that_comes_twice_is_an_error() {
        for ids in [&[2, 2][..], &[1 << 40, 3, 1 << 40]] {
            let error = IdMap::new("function", ids.iter().map(|&id| (id, 7))).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("at byte 7") && text.contains("comes twice"),
                "{text}"
            );
        }
    }
}
