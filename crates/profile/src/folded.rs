//! Folded stacks: `root;caller;leaf count`, one stack a line, as flame graph tools use
//! them.

use std::fmt::Write as _;

use hashbrown::HashMap;

use crate::builder::ProfileBuilder;
use crate::error::{Error, Position};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::tables::Line;
use crate::text::lines::Lines;

const FORM: &str = "folded stacks";

/// Splits a line into its stack and its count.
fn split(line: &[u8]) -> Option<(&[u8], i64)> {
    let blank = line
        .iter()
        .rposition(|&byte| byte == b' ' || byte == b'\t')?;
    let count = std::str::from_utf8(&line[blank + 1..]).ok()?.parse().ok()?;
    let stack = line[..blank].trim_ascii_end();
    (!stack.is_empty()).then_some((stack, count))
}

/// Whether a line is a folded stack.
pub(crate) fn is_line(line: &[u8]) -> bool {
    split(line).is_some()
}

/// Reads folded stacks: one sample a line, one value, `samples` in `count`.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let mut builder = ProfileBuilder::new(limits);
    builder.add_sample_type("samples", "count")?;
    let mut stack = Vec::new();
    for line in Lines::new(bytes) {
        if line.is_blank() || line.text.starts_with(b"#") {
            continue;
        }
        builder.at(Position::Line(line.number));
        let (frames, count) =
            split(line.text).ok_or_else(|| line.error(FORM, "this is no stack with a count"))?;
        stack.clear();
        for frame in frames.split(|&byte| byte == b';').rev() {
            let name = String::from_utf8_lossy(frame);
            let function = builder.function(&name, &name, "", 0)?;
            let line = Line {
                function: Some(function),
                line: 0,
                column: 0,
            };
            stack.push(builder.location(0, None, &[line], false)?);
        }
        builder.add_sample(&stack, &[count], &[])?;
    }
    Ok(builder.finish())
}

/// Writes a column as folded stacks: equal stacks joined, sorted by their text, those
/// whose value is 0 left out.
///
/// A frame without a name is its address. Blanks at a name's ends are cut; `;` and line
/// breaks within a name become `:` and blanks, so that [`Profile::parse`] reads the same
/// stacks back.
///
/// ```
/// use fathom_profile::{Limits, Profile, folded};
///
/// let profile = Profile::parse(b"a;b 1\na;c 2\na;b 3\n", &Limits::default())?;
/// assert_eq!(folded::write(&profile, 0), "a;b 4\na;c 2\n");
/// # Ok::<(), fathom_profile::Error>(())
/// ```
pub fn write(profile: &Profile, column: usize) -> String {
    let mut stacks: HashMap<String, i64> = HashMap::new();
    let mut names = Vec::new();
    for sample in 0..profile.sample_count() {
        names.clear();
        names.extend(profile.frames(sample).map(|frame| {
            let name = frame.function.trim();
            if name.is_empty() {
                format!("{:#x}", frame.address)
            } else {
                name.replace(';', ":").replace(['\n', '\r'], " ")
            }
        }));
        names.reverse();
        let total = stacks.entry(names.join(";")).or_default();
        *total = total.saturating_add(profile.value(sample, column));
    }
    let mut rows: Vec<(String, i64)> = stacks
        .into_iter()
        .filter(|(stack, value)| *value != 0 && !stack.is_empty())
        .collect();
    rows.sort_unstable();
    let mut out = String::new();
    for (stack, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{stack} {value}");
    }
    out
}
