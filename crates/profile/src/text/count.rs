//! Goroutines, threads and custom profiles with `debug=1`: counts by stack.

use std::borrow::Cow;

use crate::builder::ProfileBuilder;
use crate::error::{Error, Position};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::profile::RuntimeLeaf;
use crate::text::lines::{Lines, TextLine};
use crate::text::record;
use crate::text::scan::Scan;

const FORM: &str = "count profile";

/// Reads `NAME profile: total N` and returns the name.
pub(crate) fn header<'a>(line: &TextLine<'a>) -> Option<Cow<'a, str>> {
    let end = line
        .text
        .windows(16)
        .rposition(|window| window == b" profile: total ")?;
    let (name, rest) = line.text.split_at(end);
    let total = &rest[16..];
    let is_total = !total.is_empty() && total.iter().all(u8::is_ascii_digit);
    let is_name = !name.is_empty() && !name.iter().any(u8::is_ascii_whitespace);
    (is_total && is_name).then(|| String::from_utf8_lossy(name))
}

/// Reads the records.
pub(crate) fn read(name: &str, mut lines: Lines<'_>, limits: &Limits) -> Result<Profile, Error> {
    let mut builder = ProfileBuilder::new(limits);
    builder.set_period(name, "count", 1)?;
    builder.add_sample_type(name, "count")?;
    let mut counters = Vec::new();
    let mut frames = Vec::new();
    let mut stack = Vec::new();
    while let Some(line) = lines.next_filled() {
        if line.text.starts_with(b"#") {
            continue;
        }
        if line.text.starts_with(b"---") {
            break;
        }
        builder.at(Position::Line(line.number));
        let mut scan = Scan::new(line.text);
        let count = scan
            .number()
            .filter(|&count| count >= 0 && scan.mark(b"@").is_some())
            .ok_or_else(|| line.error(FORM, "this is no record \"n @ pcs\""))?;
        record::counters(&mut scan, &line, FORM, &mut counters)?;
        let mut labels = Vec::new();
        record::frame_lines(&mut lines, &mut frames, |comment| {
            let Some(text) = comment.text.strip_prefix(b"# labels:") else {
                return Ok(());
            };
            for (key, value) in label_set(text)
                .ok_or_else(|| comment.error(FORM, "the labels are not {\"key\":\"value\"}"))?
            {
                labels.push(builder.text_label(&key, &value)?);
            }
            Ok(())
        })?;
        record::stack(
            &mut builder,
            &counters,
            &frames,
            RuntimeLeaf::Keep,
            &mut stack,
        )?;
        builder.add_sample(&stack, &[count], &labels)?;
    }
    Ok(builder.finish())
}

/// Reads `{"key":"value", "key":"value"}` as Go's `labelMap.String` prints it.
fn label_set(text: &[u8]) -> Option<Vec<(String, String)>> {
    let mut scan = Scan::new(text);
    let mut labels = Vec::new();
    scan.mark(b"{")?;
    while scan.mark(b"}").is_none() {
        if !labels.is_empty() {
            scan.mark(b",")?;
        }
        let key = quoted(&mut scan)?;
        scan.mark(b":")?;
        labels.push((key, quoted(&mut scan)?));
    }
    Some(labels)
}

/// Takes a string as Go's `%q` prints it.
fn quoted(scan: &mut Scan<'_>) -> Option<String> {
    scan.literal(b"\"")?;
    let mut out = Vec::new();
    loop {
        let (&byte, rest) = scan.rest.split_first()?;
        scan.rest = rest;
        match byte {
            b'"' => return Some(String::from_utf8_lossy(&out).into_owned()),
            b'\\' => escape(scan, &mut out)?,
            _ => out.push(byte),
        }
    }
}

/// Takes what follows a backslash.
fn escape(scan: &mut Scan<'_>, out: &mut Vec<u8>) -> Option<()> {
    let (&byte, rest) = scan.rest.split_first()?;
    scan.rest = rest;
    let digits = match byte {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    };
    if digits > 0 {
        let (hex, rest) = scan.rest.split_at_checked(digits)?;
        scan.rest = rest;
        let code = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
        if byte == b'x' {
            out.push(u8::try_from(code).ok()?);
        } else {
            let character = char::from_u32(code)?;
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        return Some(());
    }
    out.push(match byte {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' | b'"' | b'\'' => byte,
        _ => return None,
    });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_unquoted_as_go_quotes_them() {
        let text = br#" {"path":"/api/\u00fc \x41\t\"", "k":""}"#;
        let labels = label_set(text).unwrap();
        assert_eq!(
            labels,
            [
                ("path".to_owned(), "/api/ü A\t\"".to_owned()),
                ("k".to_owned(), String::new())
            ]
        );
        assert_eq!(label_set(b"{\"k\":"), None);
        assert_eq!(label_set(b"{\"k\":\"\\q\"}"), None);
        assert_eq!(label_set(b"{}"), Some(vec![]));
    }

    #[test]
    fn a_header_names_its_profile() {
        let name = |text: &'static [u8]| header(&TextLine { text, number: 1 });
        assert_eq!(
            name(b"example.com/conns profile: total 1").as_deref(),
            Some("example.com/conns")
        );
        assert_eq!(name(b"goroutine profile: total "), None);
        assert_eq!(name(b"a b profile: total 3"), None);
    }
}
