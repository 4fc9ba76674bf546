//! Which Go processes are looked at, when, and what they push to us.
//!
//! - [`config`] reads the YAML file of `fathom serve`, in Prometheus' manner.
//! - [`Target::new`] gives a discovered address its labels, by the rules of [`relabel`].
//! - [`discovery`] reads lists of targets: of files, and of servers.
//! - [`schedule`] decides what is due when. It has neither clock nor thread: a test drives a day
//!   of a thousand targets in a second.
//!
//! - [`run`] keeps the schedule, with threads.
//! - [`ingest`] reads what agents push.
//!
//! How a process is read is the caller's: it implements [`Prober`]. What comes of it goes to its
//! [`Sink`]. Nothing is stored here.

pub mod config;
pub mod discovery;
mod error;
mod health;
pub mod ingest;
pub mod labels;
mod probe;
pub mod relabel;
mod runner;
pub mod schedule;
mod target;

pub use error::Error;
pub use health::Health;
pub use labels::Labels;
pub use probe::{Answer, Failure, Part, Prober, Reason, Sink, Task};
pub use runner::{Settings, run};
pub use target::Target;
