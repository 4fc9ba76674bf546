//! What was added between two snapshots of one process.

use super::{Bucket, Estimate, Measure, SamplingRate, estimate};

/// By how much objects grew from one snapshot to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Allocated less freed; may be negative. Its samples are those of both.
    pub net: Estimate,
    /// Allocated between the snapshots.
    pub allocated: Estimate,
    /// Freed between the snapshots.
    pub freed: Estimate,
}

impl Growth {
    /// Whether the growth is more than three standard errors above 0.
    pub fn is_significant(&self) -> bool {
        self.net.samples > 0 && self.net.value > 3.0 * self.net.standard_error
    }
}

/// Estimates growth from the samples that came and went.
///
/// A sampled object stays sampled while it lives, so the noise of what did not change is
/// the same in both snapshots and cancels: only what was allocated and what was freed
/// between them counts. `None` when profiling was off.
pub fn growth(
    rate: SamplingRate,
    measure: Measure,
    allocated: impl IntoIterator<Item = Bucket>,
    freed: impl IntoIterator<Item = Bucket>,
) -> Option<Growth> {
    let allocated = estimate(rate, measure, allocated)?;
    let freed = estimate(rate, measure, freed)?;
    let value = allocated.value - freed.value;
    let below = (allocated.value - allocated.low).hypot(freed.high - freed.value);
    let above = (allocated.high - allocated.value).hypot(freed.value - freed.low);
    let net = Estimate {
        value,
        low: value - below,
        high: value + above,
        standard_error: allocated.standard_error.hypot(freed.standard_error),
        samples: allocated.samples + freed.samples,
    };
    Some(Growth {
        net,
        allocated,
        freed,
    })
}
