//! The columnar pprof profile: formats, merge, diff, units, sampling intervals.
//!
//! A profile is read once, from any form in which Go programs and pprof tools hand it
//! out, into tables of columns with `u32` handles ([`Profile`]). Nothing in this crate
//! reads files or sockets: bytes come in, values go out. Every reader takes [`Limits`]
//! and ends in one [`Error`] that says where the input went wrong.
//!
//! What is decided here:
//!
//! - A profile is never changed in place: [`merge`], [`diff`] and [`scale`] return new ones.
//! - Strings are interned in one buffer and compared by handle.
//! - Arithmetic and unit texts follow `go tool pprof`, so that numbers agree to the byte;
//!   where that tool is known to be wrong (see [`merge`]), this crate is right instead.
//! - What Go's sampling heap profiler can and cannot know is in [`sampling`].
//!
//! It draws nothing and knows no views: `fathom-report` does that.
//!
//! ```
//! use fathom_profile::{Limits, Profile};
//!
//! let profile = Profile::parse(b"main;work 3\nmain;wait 4\n", &Limits::default())?;
//! assert_eq!(profile.sample_count(), 2);
//! assert_eq!(profile.column_sum(0), 7);
//! let leaf = profile.frames(1).next().map(|frame| frame.function);
//! assert_eq!(leaf, Some("wait"));
//! # Ok::<(), fathom_profile::Error>(())
//! ```

pub mod builder;
mod compress;
mod decode;
mod detect;
pub mod diff;
pub mod encode;
mod equality;
mod error;
pub mod exchange;
pub mod folded;
mod handle;
pub mod heap;
mod kind;
mod legacy;
mod limits;
pub mod load;
pub mod measurement;
pub mod merge;
pub mod naming;
mod options;
mod profile;
pub mod prune;
pub mod raw;
pub mod refine;
pub mod sampling;
pub mod scale;
pub mod site;
pub mod snapshot;
mod strings;
mod tables;
mod text;
pub mod units;
mod wire;

pub use builder::ProfileBuilder;
pub use error::{Error, LimitKind, Position};
pub use handle::{FunctionId, LocationId, MappingId, StringId};
pub use kind::ProfileKind;
pub use limits::Limits;
pub use options::{Defects, ParseOptions, TextForms, ZeroLabels};
pub use profile::{BASE_LABEL, Frame, Frames, LabelRef, LabelRefValue, Profile, RuntimeLeaf};
pub use tables::{Label, LabelValue, Line, Mapping, Symbolization, ValueType};
