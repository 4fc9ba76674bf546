//! Sharing a measured sum among parts of which only upper bounds are known.
//!
//! The kernel says how many bytes of the Go arenas are resident; the runtime
//! says how many it committed for each purpose. Where fewer are resident than
//! committed, nobody says which were never touched, so each part gets its
//! share in proportion, and the bounds that the two sums leave.

/// The resident bytes of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// The estimate, or the exact value where `low == high`.
    pub(crate) bytes: u64,
    /// The fewest bytes that the sums allow.
    pub(crate) low: u64,
    /// The most bytes that the sums allow.
    pub(crate) high: u64,
}

/// Shares `resident` bytes among parts that committed `committed[i]` bytes each.
///
/// Returns the shares and what is left when every part is wholly resident.
/// Shares and remainder sum to `resident` exactly. Callers have refused sizes
/// that no address space has, so nothing overflows here.
///
/// Bounds of part i, with C the sum of all: `resident - (C - committed[i])`
/// from below, `min(committed[i], resident)` from above.
pub(crate) fn apportion(resident: u64, committed: &[u64]) -> (Vec<Share>, u64) {
    let total: u128 = committed.iter().map(|&part| u128::from(part)).sum();
    if total <= u128::from(resident) {
        let shares = committed
            .iter()
            .map(|&part| Share {
                bytes: part,
                low: part,
                high: part,
            })
            .collect();
        let spoken_for = u64::try_from(total).unwrap_or(resident);
        return (shares, resident - spoken_for);
    }
    let mut shares = Vec::with_capacity(committed.len());
    let mut seen: u128 = 0;
    let mut given: u64 = 0;
    for &part in committed {
        // Rounding the running sum, not each part, keeps the total exact.
        seen += u128::from(part);
        let until = u64::try_from(seen * u128::from(resident) / total).unwrap_or(resident);
        let others = total - u128::from(part);
        let low = u128::from(resident).saturating_sub(others);
        shares.push(Share {
            bytes: until - given,
            low: u64::try_from(low).unwrap_or(resident).min(part),
            high: part.min(resident),
        });
        given = until;
    }
    (shares, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_resident_leaves_a_remainder() {
        let (shares, rest) = apportion(100, &[30, 50]);
        assert_eq!(shares.iter().map(|s| s.bytes).collect::<Vec<_>>(), [30, 50]);
        assert!(shares.iter().all(|s| s.low == s.bytes && s.high == s.bytes));
        assert_eq!(rest, 20);
    }

    #[test]
    fn a_deficit_is_shared_in_proportion_within_bounds() {
        let (shares, rest) = apportion(90, &[100, 20]);
        assert_eq!(rest, 0);
        assert_eq!(shares.iter().map(|s| s.bytes).sum::<u64>(), 90);
        assert_eq!(
            shares[0],
            Share {
                bytes: 75,
                low: 70,
                high: 90
            }
        );
        assert_eq!(
            shares[1],
            Share {
                bytes: 15,
                low: 0,
                high: 20
            }
        );
    }

    #[test]
    fn nothing_committed_is_all_remainder() {
        assert_eq!(apportion(7, &[]), (Vec::new(), 7));
        let (shares, rest) = apportion(0, &[0, 0]);
        assert_eq!((shares.len(), rest), (2, 0));
    }

    proptest::proptest! {
        #[test]
        fn shares_sum_to_what_is_resident(
            resident in 0_u64..=1 << 60,
            committed in proptest::collection::vec(0_u64..=1 << 60, 0..12),
        ) {
            let (shares, rest) = apportion(resident, &committed);
            let sum: u128 = shares.iter().map(|s| u128::from(s.bytes)).sum();
            proptest::prop_assert_eq!(sum + u128::from(rest), u128::from(resident));
            for (share, &part) in shares.iter().zip(&committed) {
                proptest::prop_assert!(share.low <= share.high && share.high <= part);
                // One byte of rounding may lie outside the bounds.
                proptest::prop_assert!(share.bytes <= share.high.saturating_add(1));
                proptest::prop_assert!(share.bytes.saturating_add(1) >= share.low);
            }
        }
    }
}
