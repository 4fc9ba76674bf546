//! The vocabulary of diagnosis.
//!
//! A rule looks at a situation and says what it found: a [`Finding`] with a
//! stable id, a severity, the bytes it explains, how sure it is, the sentence,
//! the evidence, the action and how to check that the action worked. This crate
//! knows no Go and no Linux: `explain`, `trends` and `exectrace` bring their own
//! situations, and faces draw findings without knowing who made them.
//!
//! ```
//! use fathom_finding::{Confidence, Finding, Severity, rank};
//!
//! let small = Finding::new("many-threads", Severity::Warning, Confidence::Likely).bytes(1 << 20);
//! let large = Finding::new("goroutine-leak", Severity::Warning, Confidence::Certain).bytes(1 << 30);
//! let ranked = rank(vec![small, large]);
//! assert_eq!(ranked[0].id, "goroutine-leak");
//! ```

mod finding;
mod rule;

pub use finding::{Confidence, Evidence, Finding, Severity, Value, rank};
pub use rule::{Rule, RuleDoc, run};
