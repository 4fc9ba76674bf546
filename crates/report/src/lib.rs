//! Views over a profile: `top`.
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
//! use fathom_report::top::{TextOptions, Top, TopOptions, render_text};
//!
//! let profile = Profile::parse(b"main;work 3\nmain;wait 1\n", &Limits::default())?;
//! let top = Top::new(&profile, &TopOptions::default())?;
//! assert_eq!(top.rows[0].name, "work");
//! assert_eq!((top.rows[0].flat, top.total), (3, 4));
//! assert!(render_text(&top, &TextOptions::default()).contains("75.00%"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod command;
mod error;
mod filter;
mod heading;
mod inline;
mod node;
pub mod options;
mod parallel;
mod paths;
pub mod pattern;
mod tally;
pub mod top;

pub use error::Error;
pub use heading::Heading;
pub use inline::Inlining;
pub use node::Granularity;
