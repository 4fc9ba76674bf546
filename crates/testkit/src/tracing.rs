//! Execution traces: the scenarios of `testbed/tracing`, recorded with a chosen Go version, and
//! the real `go tool trace`, against which ours is compared.
//!
//! ```no_run
//! use fathom_testkit::{GoVersion, tracing};
//!
//! let trace = tracing::record(GoVersion::GO_1_27, "channels", &["-n", "3"])?;
//! let reference = tracing::Reference::build()?;
//! println!("{}", reference.parsed(&trace)?);
//! # Ok::<(), fathom_testkit::Error>(())
//! ```

mod html;
mod pages;
mod reference;
mod scenario;
mod web;

pub use pages::{
    Bucket, GoroutineGroup, GoroutinePage, MmuCurve, RegionGroup, RegionPage, Task, TaskEvent,
    TaskGroup, Times,
};
pub use reference::{Reference, Waits};
pub use scenario::{SCENARIOS, Scenario, record};
pub use web::Web;
