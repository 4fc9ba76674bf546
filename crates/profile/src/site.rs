//! Who allocates: samples grouped by the first frame that is the program's own doing.

use hashbrown::HashMap;

use crate::error::Error;
use crate::handle::{FunctionId, StringId};
use crate::heap::{HeapColumn, HeapProfile};
use crate::profile::{Frame, Profile};
use crate::sampling::Estimate;

/// A place that allocates: one line of one function.
#[derive(Debug, Clone, PartialEq)]
pub struct Site<'p> {
    /// The function; its address in hexadecimal when it has no name.
    pub function: String,
    /// Its file; may be empty.
    pub file: &'p str,
    /// The line; 0 when unknown.
    pub line: i64,
    /// The name of the leaf frame of the largest sample, which is the function itself
    /// unless the runtime allocates on its behalf.
    pub leaf: &'p str,
    /// The sum of the column's values, as pprof would show it.
    pub flat: i64,
    /// The estimate with its interval; `None` when profiling was off.
    pub estimate: Option<Estimate>,
    /// The largest sample: its stack is a chain of callers that leads here.
    pub example: usize,
    /// All samples of the site.
    pub samples: Vec<usize>,
}

/// Whether a function is the Go runtime's own.
///
/// Packages under `runtime/`, such as `runtime/pprof`, are libraries and not meant.
pub fn is_runtime(function: &str) -> bool {
    function.starts_with("runtime.") || function.starts_with("internal/runtime/")
}

/// Returns the frame to which a sample is attributed: the first that is not the
/// runtime's, else the leaf.
pub fn site_frame(profile: &Profile, sample: usize) -> Option<Frame<'_>> {
    profile
        .frames(sample)
        .find(|frame| !frame.function.is_empty() && !is_runtime(frame.function))
        .or_else(|| profile.frames(sample).next())
}

/// What makes two frames one site.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Named(StringId, StringId, i64),
    Address(u64),
    Nowhere,
}

fn key(profile: &Profile, frame: Option<&Frame<'_>>) -> Key {
    let Some(frame) = frame else {
        return Key::Nowhere;
    };
    let named = |id: FunctionId| {
        Key::Named(
            profile.function_name_id(id),
            profile.function_file_id(id),
            frame.line,
        )
    };
    frame.function_id.map_or(Key::Address(frame.address), named)
}

/// Groups the samples of a heap profile by the line that allocates; the largest site
/// first, equal ones by name.
///
/// Standard library helpers stay sites of their own: who called them is in the example's
/// stack. Samples that are 0 in the column belong to no site.
///
/// # Errors
///
/// [`Error::Unsuitable`] when it is no heap profile or lacks the column.
pub fn sites(profile: &Profile, column: HeapColumn) -> Result<Vec<Site<'_>>, Error> {
    let heap = HeapProfile::new(profile)?;
    let Some(index) = heap.column(column) else {
        let reason = format!("it has no {}", column.name());
        return Err(Error::Unsuitable { reason });
    };
    let values = profile.values(index);
    let mut groups: HashMap<Key, Vec<usize>> = HashMap::new();
    for (sample, _) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
        let frame = site_frame(profile, sample);
        groups
            .entry(key(profile, frame.as_ref()))
            .or_default()
            .push(sample);
    }
    let mut sites: Vec<Site<'_>> = groups
        .into_values()
        .filter_map(|samples| {
            let largest = |&sample: &usize| (values[sample], std::cmp::Reverse(sample));
            let example = samples.iter().copied().max_by_key(largest)?;
            let frame = site_frame(profile, example);
            let function = match frame {
                Some(frame) if frame.function.is_empty() => format!("{:#x}", frame.address),
                Some(frame) => frame.function.to_owned(),
                None => String::new(),
            };
            Some(Site {
                function,
                file: frame.map_or("", |frame| frame.file),
                line: frame.map_or(0, |frame| frame.line),
                leaf: profile
                    .frames(example)
                    .next()
                    .map_or("", |frame| frame.function),
                flat: samples
                    .iter()
                    .fold(0, |sum: i64, &sample| sum.saturating_add(values[sample])),
                estimate: heap.estimate(column, samples.iter().copied()),
                example,
                samples,
            })
        })
        .collect();
    sites.sort_by(|a, b| {
        b.flat
            .cmp(&a.flat)
            .then_with(|| a.function.cmp(&b.function))
            .then_with(|| (a.file, a.line, a.example).cmp(&(b.file, b.line, b.example)))
    });
    Ok(sites)
}
