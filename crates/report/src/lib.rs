//! Views over a profile: tables, trees, stacks, labels, call graphs.
//!
//! A view is a pure function of a [`Profile`](fathom_profile::Profile) and options to a
//! typed value that can be serialised; text is made of that value. Nothing here reads
//! files, clocks or the environment: the caller says the time zone, for example.
//!
//! What is decided here:
//!
//! - A view maps every location once to the [nodes](Granularity) it stands for, then
//!   streams over the samples; nothing is built or hashed for a sample.
//! - A profile is never changed: filters choose samples, differences are profiles
//!   subtracted beforehand (`fathom_profile::diff`).
//! - Numbers, order and text are those of `go tool pprof`, and tests hold them to the
//!   real tool; patterns are Go's ([`pattern`]).
//!
//! ```
//! use fathom_profile::{Limits, Profile};
//! use fathom_report::options::Options;
//! use fathom_report::top::{Intervals, TextOptions, Top, render_text};
//!
//! let profile = Profile::parse(b"main;work 3\nmain;wait 1\n", &Limits::default())?;
//! let top = Top::new(&profile, &Options::default(), Intervals::Omit)?;
//! assert_eq!(top.rows[0].name, "work");
//! assert_eq!((top.rows[0].flat, top.head.total), (3, 4));
//! assert!(render_text(&top, &TextOptions::default()).contains("75.00%"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod callgraph;
pub mod callgrind;
mod colour;
pub mod command;
mod csv;
pub mod diff;
mod dot;
mod drawing;
mod edge;
mod error;
pub mod flame;
mod functions;
mod graph;
pub mod handle;
mod head;
mod heading;
mod label_units;
pub mod listing;
mod memo;
mod node;
pub mod options;
mod order;
mod parallel;
mod paths;
pub mod pattern;
pub mod picture;
mod produce;
mod scope;
mod surroundings;
pub mod symbolize;
mod tag_filter;
pub mod tags;
mod tally;
pub mod top;
mod top_proto;
pub mod traces;
pub mod tree;
mod xml;

pub use drawing::Drawing;
pub use edge::Inlining;
pub use error::{Error, Failure};
pub use functions::FunctionTable;
pub use handle::Handle;
pub use head::{Head, Hidden};
pub use heading::Heading;
pub use memo::{Memoized, Subject};
pub use node::Granularity;
pub use produce::{Produced, produce, profile_labels};
pub use surroundings::{Objects, Sources, Surroundings};
