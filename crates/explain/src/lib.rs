//! Where every resident byte of a Go process is, which of the differences
//! between the profile, the runtime and the kernel are normal, what is wrong,
//! how sure that is, and what to do.
//!
//! [`explain`] turns a capture into an [`Explanation`]: a ledger whose leaves
//! sum to the resident memory to the byte, reconciliations of the numbers that
//! people expect to be equal, findings, and what was not seen. [`difference`]
//! compares two. The crate is pure: it touches no file, socket or clock, and
//! it never prints.
//!
//! Formulas stand beside their use, with the file of the Go tree that they come
//! from. What is not here: symbols, retention, history.
//!
//! ```
//! use fathom_evidence::{Artefact, Capture, Kind};
//!
//! let mut capture = Capture::new();
//! let status = "Name:\tserver\nPid:\t7\nVmRSS:\t 2048 kB\nRssAnon:\t 1024 kB\nRssFile:\t 1024 kB\nRssShmem:\t 0 kB\n";
//! capture.push(Artefact::new(Kind::Status, "proc/status.txt", status.into()));
//! let explained = fathom_explain::explain(&capture);
//! assert_eq!(explained.explanation.totals.rss_bytes, Some(2 << 20));
//! assert_eq!(explained.explanation.schema, "fathom.explain/1");
//! ```

mod amount;
mod beside;
mod contention;
mod cpu_use;
mod difference;
mod explanation;
mod goroutine_groups;
mod growth;
mod healthy;
mod heap_sites;
mod heap_state;
mod leaks;
mod ledger;
mod mapped_files;
mod memory_map;
mod missing;
mod population;
mod process;
mod profiles;
mod reconcile;
mod rules;
mod site_growth;
mod situation;
mod time_use;
mod totals;
mod traces;

pub use amount::{bytes, count, percent, seconds, signed_bytes};
pub use difference::{Change, DIFFERENCE_SCHEMA, Difference, Fate, LedgerChange, difference};
pub use explanation::{About, Explanation, MissingRow, SCHEMA, Site};
pub use goroutine_groups::goroutine_places;
pub use growth::{
    Course, GROWTH_SCHEMA, GoroutineSite, GrowingGoroutines, Growth, GrowthEvidence, Part,
    PartCourse, PerHour, growth,
};
pub use heap_sites::{DEFAULT_RATE, is_standard_library};
pub use heap_state::{HeapState, Live, LiveSource};
pub use leaks::{
    DatedHeap, FEWEST_PROFILES, GrowingSite, LEAKS_SCHEMA, LeakCheck, Leaks, LeaksError, Limit,
    Rate, leaks,
};
pub use ledger::{Basis, Beside, Class, Ledger, Row, is_leaf, leaves};
pub use memory_map::{MEMORY_MAP_SCHEMA, MapAmounts, MapKind, MapRow, MemoryMap};
pub use population::{GoroutinesAnswer, PopulationError, population};
pub use reconcile::{Cause, OFF_HEAP_TOLERANCE, Reconciliation, Side};
pub use rules::{Check, Need, RULES};
pub use situation::Situation;
pub use totals::{Span, TimeTotals, Totals};

use fathom_evidence::{Artefact, Capture};
use fathom_profile::Profile;
use missing::Gaps;
use profiles::Profiles;

/// An explanation, and the parsed evidence that it rests on.
#[derive(Debug)]
pub struct Explained {
    /// What faces draw.
    pub explanation: Explanation,
    /// What comparisons need.
    pub situation: Situation,
}

/// Explains a capture. Damaged or missing artefacts are named in
/// [`Explanation::missing`]; the rest is used.
///
/// Costs the parsing of the artefacts; the profile is by far the largest.
pub fn explain(capture: &Capture) -> Explained {
    explain_with(capture, &|_| None)
}

/// Explains a capture of which some profiles were read already: `known` gives those, by
/// their artefacts. What came as text is read once more, for the runtime's frames at its
/// leaves.
pub fn explain_with<'p>(
    capture: &Capture,
    known: &dyn Fn(&Artefact) -> Option<&'p Profile>,
) -> Explained {
    let mut gaps = Gaps::new(capture.missing.clone());
    let situation = Situation::read(capture, &Profiles { known }, &mut gaps);
    rules::note_undecidable(&situation, &mut gaps);
    let explanation = Explanation::of(&situation, gaps);
    Explained {
        explanation,
        situation,
    }
}
pub use site_growth::{SiteGrowth, site_growth};
