//! Execution traces: the scenarios of `testbed/tracing`, recorded with a chosen Go version, and
//! the real `go tool trace`, against which ours is compared.
//!
//! ```no_run
//! use fathom_testkit::{GoVersion, tracing};
//!
//! let trace = tracing::record(GoVersion::GO_1_27, "channels", &["-n", "3"])?;
//! let reference = tracing::Reference::build()?;
//! let text = reference.parsed(&trace)?;
//! let events = tracing::events(&text).unwrap_or_default();
//! println!("{} events, the last at {:?}", events.len(), events.last().map(|event| event.time));
//! # Ok::<(), fathom_testkit::Error>(())
//! ```

mod html;
mod pages;
mod parsed;
mod reference;
mod scenario;
mod web;

pub use pages::{
    Bucket, GoroutineGroup, GoroutinePage, MmuCurve, RegionGroup, RegionPage, Task, TaskEvent,
    TaskGroup, Times,
};
pub use parsed::{Event, Frame, events};
pub use reference::{Reference, Waits};
pub use scenario::{SCENARIOS, Scenario, record};
pub use web::Web;
