//! The forms that came before profile.proto: what gperftools, Java agents and Go's
//! `debug=1` wrote, read as google/pprof reads them (`profile/legacy_profile.go` and
//! `profile/legacy_java_profile.go`, as vendored in Go 1.27.3).
//!
//! Each form knows its own beginning. They are tried in pprof's order, and the first that
//! knows it reads the rest; a form may also find later that the input is another's.
//! Samples hold addresses; the memory map behind them tells in which object file each
//! lies. Unlike pprof, lines may be longer than 64 KiB.

use crate::error::Error;
use crate::limits::Limits;
use crate::profile::Profile;

mod contention;
mod count;
mod cpu;
mod draft;
mod heap;
mod java;
mod maps;
mod number;
mod pattern;
mod scanner;
mod thread;
mod uninteresting;

/// How exactly pprof is followed where it refuses what can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// What can be understood is read.
    Lenient,
    /// What pprof refuses is refused.
    AsPprof,
}

/// A form's answer: the profile, or `None` when the input is not of this form.
type Outcome = Result<Option<Profile>, Error>;

/// Reads a profile of any of these forms; `None` when it is of none.
pub(crate) fn parse(bytes: &[u8], limits: &Limits, strictness: Strictness) -> Outcome {
    if let Some(profile) = cpu::parse(bytes, limits)? {
        return Ok(Some(profile));
    }
    let text = String::from_utf8_lossy(bytes);
    let forms: [&dyn Fn() -> Outcome; 5] = [
        &|| heap::parse(&text, limits),
        &|| count::parse(&text, limits),
        &|| thread::parse(&text, limits, strictness),
        &|| contention::parse(&text, limits),
        &|| java::parse(&text, limits),
    ];
    for form in forms {
        if let Some(profile) = form()? {
            return Ok(Some(profile));
        }
    }
    Ok(None)
}

/// Whether a line begins a form that Go does not write.
pub(crate) fn is_foreign(line: &str) -> bool {
    heap::is_foreign(line)
        || thread::is_start(line)
        || java::is_start(line)
        || line.starts_with("--- contentionz ")
}

/// Whether a text has a memory map, which Go's own text forms never have.
pub(crate) fn has_memory_map(text: &[u8]) -> bool {
    maps::SENTINELS.iter().any(|sentinel| {
        text.windows(sentinel.len())
            .any(|window| window == sentinel.as_bytes())
    })
}
