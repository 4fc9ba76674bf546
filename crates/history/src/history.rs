//! The trait through which a history is written and asked.

use fathom_profile::Profile;

use crate::answer::{
    ArtefactInfo, At, Counted, Curve, CurveQuery, FunctionCurve, KeptFinding, Maintenance, Merge,
    PointsQuery, ProfileEntry, Range, SeriesInfo, TargetInfo, TargetMark, Usage,
};
use crate::{Labels, Mark, Result, Scrape, Selector};

/// Numbers and profiles of many processes over time.
///
/// All methods block, for a query of a day at most some tenths of a second. They may be called
/// from several threads at once; one append waits for another.
///
/// # Errors
///
/// All methods: when the disk, the catalogue or a file refuses, or when a file is damaged. Each
/// names the file or folder.
pub trait History: Send + Sync {
    /// Stores all of a scrape or nothing.
    ///
    /// Its time is kept as it is, even when a clock jumped. Samples whose values are all 0 are not
    /// kept, nor are addresses, mappings and comments.
    ///
    /// # Errors
    ///
    /// Also when the history is open for reading, when the disk is full (what was stored stays,
    /// and a later scrape is stored as soon as there is space), and when a profile's semantics
    /// are not as many as its sample types or two profiles are of one kind.
    fn append(&self, scrape: &Scrape<'_>) -> Result<()>;

    /// Lists the targets, sorted by their labels.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn targets(&self) -> Result<Vec<TargetInfo>>;

    /// Lists the series of the chosen targets, sorted by target and name.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn series(&self, selector: &Selector) -> Result<Vec<SeriesInfo>>;

    /// Tells numbers over time, sorted by target and name.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn points(&self, query: &PointsQuery) -> Result<Vec<Curve>>;

    /// Tells what the buckets of histograms had counted since the start of the process, at the
    /// end of each step; series of numbers are left out. It reads what was stored since the range
    /// began: somewhat costly when that was long ago.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn counts(&self, query: &PointsQuery) -> Result<Vec<Counted>>;

    /// Lists the profiles of the chosen targets, of one kind or of all, in order of time.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn profiles(
        &self,
        selector: &Selector,
        kind: Option<&str>,
        range: Range,
    ) -> Result<Vec<ProfileEntry>>;

    /// Gives one profile as it was stored: the same stacks, labels and values.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn profile_at(&self, target: &Labels, kind: &str, at: At) -> Result<Option<Profile>>;

    /// Makes one profile of all profiles of a kind in a range.
    ///
    /// # Errors
    ///
    /// Also [`Error::SumOfLevels`](crate::Error::SumOfLevels), and
    /// [`Error::NoProfile`](crate::Error::NoProfile) when there is none in the range.
    fn merged(&self, selector: &Selector, kind: &str, range: Range, how: Merge) -> Result<Profile>;

    /// Tells what a function cost over time, for each sample type: in itself and with what it
    /// called. The function is named as the profile names it.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn function_curve(&self, query: &CurveQuery, function: &str) -> Result<Vec<FunctionCurve>>;

    /// Tells what one place in a flame graph cost over time: `functions` is the path to it from
    /// the outermost call; `flat` counts the stacks that end there, `cum` all that pass it.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn stack_curve(&self, query: &CurveQuery, functions: &[&str]) -> Result<Vec<FunctionCurve>>;

    /// Lists marks of the chosen targets, and those of all targets, in order of time.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn marks(&self, selector: &Selector, range: Range) -> Result<Vec<TargetMark>>;

    /// Adds a mark to a target, or to all when there is none.
    ///
    /// # Errors
    ///
    /// As [`History::append`].
    fn add_mark(&self, target: Option<&Labels>, mark: &Mark) -> Result<()>;

    /// Keeps a finding; one of the same target and id is replaced.
    ///
    /// # Errors
    ///
    /// As [`History::append`].
    fn put_finding(&self, finding: &KeptFinding) -> Result<()>;

    /// Lists the findings of the chosen targets that were seen in a range, last seen first.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn findings(&self, selector: &Selector, range: Range) -> Result<Vec<KeptFinding>>;

    /// Keeps bytes; `info` says all but their number and length, which are returned within it.
    ///
    /// # Errors
    ///
    /// As [`History::append`].
    fn put_artefact(&self, info: &ArtefactInfo, bytes: &[u8]) -> Result<ArtefactInfo>;

    /// Lists the artefacts of the chosen targets, in order of time.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn artefacts(&self, selector: &Selector, range: Range) -> Result<Vec<ArtefactInfo>>;

    /// Reads the bytes of an artefact; nothing when there is none of this number.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn artefact(&self, id: i64) -> Result<Option<Vec<u8>>>;

    /// Compacts, thins and removes what is due at a moment, in milliseconds since 1970 (UTC). To
    /// be called every few minutes; without anything to do it costs little.
    ///
    /// # Errors
    ///
    /// As [`History::append`]. What was done until then stays done.
    fn maintain(&self, now_ms: i64) -> Result<Maintenance>;

    /// Tells the bytes on disk.
    ///
    /// # Errors
    ///
    /// As all methods.
    fn usage(&self) -> Result<Usage>;
}
