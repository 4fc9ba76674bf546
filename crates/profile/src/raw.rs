//! A profile as text, table by table: what `go tool pprof -raw` prints
//! (`profile/profile.go`, `Profile.String`), byte for byte.

use std::fmt::Write as _;

use crate::handle::LocationId;
use crate::profile::{LabelRefValue, Profile};

mod clock;

pub use clock::TimeZone;

/// Where the texts of labels and of inlined calls begin.
const LABEL_INDENT: &str = "                ";
const LINE_INDENT: &str = "             ";

/// Writes all tables of a profile as text; the time is shown in `zone`.
///
/// Numbers of locations and mappings are those of the file it was read from.
///
/// ```
/// use fathom_profile::{Limits, Profile, raw};
///
/// let profile = Profile::parse(b"main;work 3\n", &Limits::default())?;
/// let text = raw::write(&profile, &raw::TimeZone::UTC);
/// assert!(text.starts_with("PeriodType:  \nPeriod: 0\nSamples:\nsamples/count\n"));
/// assert!(text.contains("          3: 1 2 \n"));
/// # Ok::<(), fathom_profile::Error>(())
/// ```
pub fn write(profile: &Profile, zone: &TimeZone<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_to(&mut out, profile, zone);
    out
}

fn write_to(out: &mut String, profile: &Profile, zone: &TimeZone<'_>) -> std::fmt::Result {
    for comment in profile.comments() {
        writeln!(out, "Comment: {comment}")?;
    }
    if !profile.doc_url().is_empty() {
        writeln!(out, "Doc: {}", profile.doc_url())?;
    }
    let (kind, unit) = profile.period_type().unwrap_or_default();
    writeln!(out, "PeriodType: {kind} {unit}")?;
    writeln!(out, "Period: {}", profile.period())?;
    if profile.time_nanos() != 0 {
        writeln!(out, "Time: {}", zone.format(profile.time_nanos()))?;
    }
    if profile.duration_nanos() != 0 {
        // Go's "%.4v" of a time.Duration keeps four characters of its text.
        let duration: String = clock::duration(profile.duration_nanos())
            .chars()
            .take(4)
            .collect();
        writeln!(out, "Duration: {duration}")?;
    }
    out.push_str("Samples:\n");
    sample_types(out, profile)?;
    for sample in 0..profile.sample_count() {
        write_sample(out, profile, sample)?;
    }
    out.push_str("Locations\n");
    for index in 0..profile.location_count() {
        if let Some(id) = LocationId::from_index(index) {
            write_location(out, profile, id)?;
        }
    }
    out.push_str("Mappings\n");
    write_mappings(out, profile)
}

fn sample_types(out: &mut String, profile: &Profile) -> std::fmt::Result {
    let mut head = String::new();
    for column in 0..profile.sample_types().len() {
        let (kind, unit) = profile.sample_type(column);
        let default = if kind == profile.default_sample_type() {
            "[dflt]"
        } else {
            ""
        };
        write!(head, "{kind}/{unit}{default} ")?;
    }
    writeln!(out, "{}", head.trim())
}

fn write_sample(out: &mut String, profile: &Profile, sample: usize) -> std::fmt::Result {
    for column in 0..profile.sample_types().len() {
        write!(out, " {:>10}", profile.value(sample, column))?;
    }
    out.push_str(": ");
    for &location in profile.stack(sample) {
        write!(out, "{} ", profile.location_number(location))?;
    }
    out.push('\n');
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    for label in profile.labels(sample) {
        match label.value {
            LabelRefValue::Text(text) => texts.push((label.key, text)),
            LabelRefValue::Number { value, unit } => numbers.push((label.key, value, unit)),
        }
    }
    let mut texts: Vec<String> = texts
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| {
            let values: Vec<&str> = group.iter().map(|(_, text)| *text).collect();
            format!("{}:[{}]", group[0].0, values.join(" "))
        })
        .collect();
    let mut numbers: Vec<String> = numbers
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| {
            let has_units = group.iter().any(|(_, _, unit)| !unit.is_empty());
            let values: Vec<String> = group
                .iter()
                .map(|(_, value, unit)| {
                    if has_units {
                        format!("{value} {unit}")
                    } else {
                        value.to_string()
                    }
                })
                .collect();
            format!("{}:[{}]", group[0].0, values.join(" "))
        })
        .collect();
    for labels in [&mut texts, &mut numbers] {
        if !labels.is_empty() {
            labels.sort_unstable();
            writeln!(out, "{LABEL_INDENT}{}", labels.join(" "))?;
        }
    }
    Ok(())
}

fn write_location(out: &mut String, profile: &Profile, id: LocationId) -> std::fmt::Result {
    write!(
        out,
        "{:>6}: {:#x} ",
        profile.location_number(id),
        profile.address(id)
    )?;
    if let Some(mapping) = profile.location_mapping(id) {
        write!(out, "M={} ", profile.mapping_number(mapping))?;
    }
    if profile.is_folded(id) {
        out.push_str("[F] ");
    }
    if profile.line_count(id) == 0 {
        out.push('\n');
    }
    for (index, line) in profile.lines(id).enumerate() {
        if index > 0 {
            out.push_str(LINE_INDENT);
        }
        let Some(function) = line.function else {
            out.push_str("??\n");
            continue;
        };
        let name = profile.function_name(function);
        write!(
            out,
            "{name} {}:{}:{} s={}",
            profile.function_file(function),
            line.line,
            line.column,
            profile.function_start_line(function)
        )?;
        let system_name = profile.function_system_name(function);
        if system_name != name {
            write!(out, "({system_name})")?;
        }
        out.push('\n');
    }
    Ok(())
}

fn write_mappings(out: &mut String, profile: &Profile) -> std::fmt::Result {
    for (index, mapping) in profile.mappings().iter().enumerate() {
        let number = crate::MappingId::from_index(index).map_or(0, |id| profile.mapping_number(id));
        write!(
            out,
            "{number}: {:#x}/{:#x}/{:#x} {} {} ",
            mapping.start,
            mapping.limit,
            mapping.offset,
            profile.text(mapping.file),
            profile.text(mapping.build_id)
        )?;
        let symbols = mapping.symbols;
        for (has, mark) in [
            (symbols.functions, "[FN]"),
            (symbols.filenames, "[FL]"),
            (symbols.line_numbers, "[LN]"),
            (symbols.inline_frames, "[IN]"),
        ] {
            if has {
                out.push_str(mark);
            }
        }
        out.push('\n');
    }
    Ok(())
}
