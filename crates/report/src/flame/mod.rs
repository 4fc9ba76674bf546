//! Flame graphs: stacks merged from the root, each frame as wide as what it holds.
//!
//! [`Flame`] is the view; [`render_html`] and [`render_svg`] write it as one file that needs
//! nothing else. A frame is a function called along one path: the same function under two
//! callers is two frames. Its width is the sum of the samples below it, in absolute values,
//! so that frames never stick out of their callers.
//!
//! Of two profiles, [`Flame::difference`] shows the new one, coloured by what changed: widths
//! are those of the new profile, and frames that only the base has are listed beside it.
//!
//! Half a million samples make more frames than anyone can look at: those narrower than a
//! [twenty-thousandth](SMALLEST_SHARE) of the whole are left out, and [`LeftOut`] says how much
//! that is; the option `trim` keeps them.
//!
//! ```
//! use fathom_profile::{Limits, Profile};
//! use fathom_report::flame::Flame;
//! use fathom_report::options::Options;
//!
//! let profile = Profile::parse(b"main;work 3\nmain;wait 1\nmain 1\n", &Limits::default())?;
//! let flame = Flame::new(&profile, &Options::default())?;
//! assert_eq!(flame.frames.value[0], 5);
//! let names: Vec<&str> = (0..4).map(|frame| flame.name(frame)).collect();
//! assert_eq!(names, ["all", "main", "work", "wait"]);
//! assert_eq!(flame.frames.own[1], 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod colour;
mod difference;
mod facts;
mod head;
mod page;
mod svg;
mod walk;
mod window;

use fathom_profile::Profile;
use fathom_profile::diff::{DiffMode, Normalize, subtract};
use jiff::tz::TimeZone;
use serde::Serialize;

pub use self::difference::Gone;
pub use self::page::render_html;
pub use self::svg::render_svg;
pub use self::window::{Walk, Window};
use crate::heading::Heading;
use crate::options::Options;
use crate::{Error, Failure, Granularity};

/// Frames narrower than this share of the whole are left out unless the option `trim` is off.
pub const SMALLEST_SHARE: f64 = 1.0 / 20_000.0;

/// The most frames; the narrowest beyond are left out.
pub const MOST_FRAMES: usize = 200_000;

/// A flame graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flame {
    /// What the profile says of itself.
    pub heading: Heading,
    /// The filters that were applied, as `name=value`.
    pub filters: Vec<String>,
    /// Which frames fall together.
    pub granularity: Granularity,
    /// The unit in which values are written; `minimum` and `auto` choose for each.
    pub display_unit: String,
    /// What values are divided by when they are written.
    pub divide_by: f64,
    /// What percentages are of: of a difference, all of the new profile.
    pub total: i64,
    /// What the percentages of the base are of; nothing unless this is a difference.
    pub base_total: Option<i64>,
    /// The functions; frames refer to them by place.
    pub functions: Vec<FlameFunction>,
    /// The frames, callers before their callees.
    pub frames: Frames,
    /// What is not among the frames.
    pub left_out: LeftOut,
    /// Of a difference: the heaviest frames that only the base has, heaviest first.
    pub gone: Vec<Gone>,
    /// By sample type of the profile and by frame, what fell to it and to what it called; only
    /// where the [`Window`] wants it.
    #[serde(skip)]
    pub columns: Vec<Vec<i64>>,
    /// What to tell about the options.
    pub notes: Vec<String>,
}

/// What frames stand for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct FlameFunction {
    /// Its name; by the option `granularity` with its place, or the place alone.
    pub name: String,
    /// The file that holds it; empty when unknown. Where the granularity merges functions of
    /// several files, the first.
    pub file: String,
    /// The package, class or namespace it belongs to, by which it is coloured.
    pub package: String,
}

/// The frames in columns, depth first: the first is the root, which stands for everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Frames {
    /// The place of the caller; the root is its own.
    pub parent: Vec<u32>,
    /// How many callers there are above: 0 for the root.
    pub depth: Vec<u32>,
    /// The place of the function.
    pub function: Vec<u32>,
    /// What fell to it and to what it called: its width.
    pub value: Vec<i64>,
    /// What fell to itself.
    pub own: Vec<i64>,
    /// Where it begins, in the unit of the values: callees stand side by side from the
    /// beginning of their caller, the widest first, what fell to the caller itself last.
    pub start: Vec<i64>,
    /// Whether all its code lies inside its caller's.
    pub inlined: Vec<bool>,
    /// What fell to it in the base; empty unless this is a difference.
    pub base: Vec<i64>,
    /// What fell to itself in the base; empty unless this is a difference.
    pub base_own: Vec<i64>,
}

/// What is left out of a flame graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LeftOut {
    /// Frames of less than this are left out.
    pub below: i64,
    /// How many frames are left out whose caller is not, each with all it calls.
    pub frames: u64,
    /// What they hold together.
    pub value: i64,
}

/// Where the root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Above, callees hang below their callers: an icicle, as `go tool pprof -http` draws it.
    #[default]
    Down,
    /// Below, callees stand on their callers: a flame.
    Up,
}

/// How a flame graph is drawn.
#[derive(Debug, Clone)]
pub struct FlameOptions {
    /// The title; empty for one made of the profile.
    pub title: String,
    /// The zone in which times are told.
    pub zone: TimeZone,
    /// Where the root is at first; a reader can turn the page around.
    pub direction: Direction,
    /// The width of the SVG in pixels.
    pub width: u32,
    /// The SVG leaves out frames narrower than this, in pixels; the page shows them when it
    /// is zoomed.
    pub least_width: f64,
}

impl Default for FlameOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            zone: TimeZone::UTC,
            direction: Direction::default(),
            width: 1_200,
            least_width: 0.5,
        }
    }
}

impl Flame {
    /// Merges the stacks of a profile.
    ///
    /// Filters, `sample_index`, `granularity`, `noinlines` and what else shapes stacks are
    /// taken from the options as every report takes them; `nodecount` and the fractions have
    /// no meaning here. A profile with negative samples is a difference: they are its base.
    ///
    /// # Errors
    ///
    /// When an option does not fit.
    pub fn new(profile: &Profile, options: &Options) -> Result<Self, Failure> {
        Self::within(profile, options, &Window::default())
    }

    /// Merges the part of the stacks that a window shows, as [`Flame::new`] merges all.
    ///
    /// # Errors
    ///
    /// When an option does not fit.
    pub fn within(profile: &Profile, options: &Options, window: &Window) -> Result<Self, Failure> {
        build::flame(profile, options, build::Totals::Scope, window)
    }

    /// Merges the stacks of two profiles to show what changed from `base` to `new`.
    ///
    /// With the option `normalize` the new profile is first scaled to the sum of the base.
    ///
    /// # Errors
    ///
    /// When an option does not fit, or the profiles do not hold the same kinds of values.
    pub fn difference(base: &Profile, new: &Profile, options: &Options) -> Result<Self, Failure> {
        Self::difference_within(base, new, options, &Window::default())
    }

    /// Shows what changed in the part of the stacks that a window shows, as
    /// [`Flame::difference`] does in all.
    ///
    /// # Errors
    ///
    /// As [`Flame::difference`].
    pub fn difference_within(
        base: &Profile,
        new: &Profile,
        options: &Options,
        window: &Window,
    ) -> Result<Self, Failure> {
        let normalize = if options.normalize {
            Normalize::Yes
        } else {
            Normalize::No
        };
        let both = subtract(new, base, DiffMode::DiffBase, normalize)
            .map_err(|source| Error::Profile { source })?;
        build::flame(&both, options, build::Totals::Two, window)
    }

    /// Whether this shows what changed between two profiles.
    pub fn is_difference(&self) -> bool {
        self.base_total.is_some()
    }

    /// Returns the name of a frame; empty for a place where there is none.
    pub fn name(&self, frame: usize) -> &str {
        let function = self.frames.function.get(frame);
        function
            .and_then(|&function| self.functions.get(function as usize))
            .map_or("", |function| &function.name)
    }

    /// Returns how many frames there are, the root included.
    pub fn len(&self) -> usize {
        self.frames.value.len()
    }

    /// Whether there is no frame; there always is the root.
    pub fn is_empty(&self) -> bool {
        self.frames.value.is_empty()
    }

    /// Returns how deep the deepest frame is; 0 when there is only the root.
    pub fn depth(&self) -> u32 {
        self.frames.depth.iter().copied().max().unwrap_or(0)
    }
}
