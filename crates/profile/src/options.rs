//! What a reader may decide one way or another.

use crate::profile::RuntimeLeaf;

/// How a profile is read where there is more than one way.
///
/// ```
/// use fathom_profile::{Limits, ParseOptions, Profile, TextForms};
///
/// let text = b"goroutine profile: total 1\n1 @ 0x11\n#\t0x10\tmain.main+0x1\t/src/main.go:3\n";
/// let limits = Limits::default();
/// let ours = Profile::parse_as(text, &limits, ParseOptions::default())?;
/// assert_eq!(ours.frames(0).next().map(|frame| frame.function), Some("main.main"));
/// let theirs = Profile::parse_as(text, &limits, ParseOptions::as_pprof())?;
/// assert_eq!(theirs.frames(0).next().map(|frame| frame.function), Some(""));
/// # Ok::<(), fathom_profile::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseOptions {
    /// What becomes of the runtime's frames at the leaf of a heap profile's text form.
    pub runtime_leaf: RuntimeLeaf,
    /// Whose reading of text forms is wanted.
    pub text_forms: TextForms,
    /// What becomes of labels that are the number 0 without a unit.
    pub zero_labels: ZeroLabels,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            runtime_leaf: RuntimeLeaf::Drop,
            text_forms: TextForms::WithSymbols,
            zero_labels: ZeroLabels::Keep,
        }
    }
}

impl ParseOptions {
    /// The choices that give what `go tool pprof` reads, defects included.
    pub const fn as_pprof() -> Self {
        Self {
            runtime_leaf: RuntimeLeaf::Keep,
            text_forms: TextForms::AsPprof,
            zero_labels: ZeroLabels::Drop,
        }
    }
}

/// Whose reading of text forms is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextForms {
    /// Ours: functions, files and lines come from the `#` lines that Go writes below each
    /// record. The forms of other runtimes are read by pprof's rules.
    #[default]
    WithSymbols,
    /// That of `go tool pprof` (`profile/legacy_profile.go`): addresses alone, each in the
    /// mapping it lies in, or else in one that covers everything.
    AsPprof,
}

/// Whether arithmetic repeats the defects of `go tool pprof`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Defects {
    /// Nothing is joined or lost that should not be.
    #[default]
    Corrected,
    /// As in `go tool pprof`: locations that differ in the columns of inlined calls alone
    /// are joined (`profile/merge.go`, `Location.key`), and a sample is lost when all its
    /// scaled values are 0, though others are not (`profile/profile.go`, `ScaleN`).
    AsPprof,
}

/// What becomes of labels that are the number 0 without a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ZeroLabels {
    /// They are labels like others.
    #[default]
    Keep,
    /// They are lost, as in `go tool pprof` (`profile/encode.go`, `postDecode`), where
    /// empty texts go the same way.
    Drop,
}
