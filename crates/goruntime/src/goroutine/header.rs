//! The first line of a goroutine (`runtime/traceback.go`, `goroutineheader`).

use crate::line::decimal;

/// Is what a header line says.
#[derive(Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the runtime prints these marks independently"
)]
pub(super) struct Header<'a> {
    pub(super) id: u64,
    pub(super) state: &'a str,
    pub(super) leaked: bool,
    pub(super) scan: bool,
    pub(super) durable: bool,
    pub(super) wait_minutes: Option<u32>,
    pub(super) locked_to_thread: bool,
    pub(super) synctest: Option<u64>,
    pub(super) labels: Vec<(String, String)>,
}

/// Bounds the labels of one goroutine that are kept.
const MAX_LABELS: usize = 256;

/// Reads `goroutine N [state, ...]:`; `None` unless the whole line is one.
pub(super) fn parse(line: &str) -> Option<Header<'_>> {
    let rest = line.trim_end().strip_prefix("goroutine ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let (id, rest) = rest.split_at_checked(digits)?;
    let id = decimal(id.as_bytes())?;
    let mut rest = rest.strip_prefix(' ')?;
    for field in ["gp=", "m=", "mp="] {
        if rest.starts_with(field) {
            rest = rest.split_once(' ')?.1;
        }
    }
    let rest = rest.strip_prefix('[')?;
    let mut header = Header {
        id,
        ..Header::default()
    };
    let rest = status(rest, &mut header)?;
    let rest = attributes(rest, &mut header)?;
    let rest = match rest.strip_prefix(" {") {
        Some(inner) => labels(inner, &mut header.labels)?,
        None => rest,
    };
    (rest == ":").then_some(header)
}

/// Reads the status and the marks in parentheses; returns what follows it.
fn status<'a>(rest: &'a str, header: &mut Header<'a>) -> Option<&'a str> {
    let end = rest
        .find([',', ']'])
        .into_iter()
        .chain(rest.find(" labels:{"))
        .min()?;
    let (mut state, rest) = rest.split_at_checked(end)?;
    loop {
        let (mark, shorter) = if let Some(shorter) = state.strip_suffix(" (leaked)") {
            (&mut header.leaked, shorter)
        } else if let Some(shorter) = state.strip_suffix(" (scan)") {
            (&mut header.scan, shorter)
        } else if let Some(shorter) = state.strip_suffix(" (durable)") {
            (&mut header.durable, shorter)
        } else {
            break;
        };
        *mark = true;
        state = shorter;
    }
    header.state = state;
    (!state.is_empty()).then_some(rest)
}

/// Reads what stands between the status and the bracket's end; returns what
/// follows the bracket.
fn attributes<'a>(mut rest: &'a str, header: &mut Header<'a>) -> Option<&'a str> {
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            return Some(after);
        }
        if let Some(inner) = rest.strip_prefix(" labels:{") {
            rest = labels(inner, &mut header.labels)?;
            continue;
        }
        let attribute = rest.strip_prefix(", ")?;
        let end = attribute
            .find([',', ']'])
            .into_iter()
            .chain(attribute.find(" labels:{"))
            .min()?;
        let (attribute, after) = attribute.split_at_checked(end)?;
        rest = after;
        if let Some(minutes) = attribute.strip_suffix(" minutes") {
            header.wait_minutes = minutes.parse().ok();
        } else if attribute == "locked to thread" {
            header.locked_to_thread = true;
        } else if let Some(bubble) = attribute
            .strip_prefix("synctest bubble ")
            .or_else(|| attribute.strip_prefix("synctest group "))
        {
            header.synctest = bubble.parse().ok();
        }
        // What a later Go adds is passed over.
    }
}

/// Reads `key: value, ...}`, quoted or not; returns what follows.
fn labels<'a>(mut rest: &'a str, labels: &mut Vec<(String, String)>) -> Option<&'a str> {
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some(after);
        }
        let (key, after) = token(rest, &[":"])?;
        let (value, after) = token(after.strip_prefix(':')?.trim_start(), &[", ", "}"])?;
        if labels.len() < MAX_LABELS {
            labels.push((key, value));
        }
        rest = after.strip_prefix(", ").unwrap_or(after);
    }
}

/// Reads one quoted text, or a plain one up to the first of the ends.
fn token<'a>(text: &'a str, ends: &[&str]) -> Option<(String, &'a str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        return unquote(quoted);
    }
    let end = ends.iter().filter_map(|end| text.find(end)).min()?;
    let (plain, rest) = text.split_at_checked(end)?;
    Some((plain.to_owned(), rest))
}

/// Reads a text as Go quotes it, after its first quote; returns what follows
/// the last.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                digits @ ('x' | 'u' | 'U') => {
                    let width = match digits {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let (hex, rest) = chars.as_str().split_at_checked(width)?;
                    let code = u32::from_str_radix(hex, 16).ok()?;
                    value.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    chars = rest.chars();
                }
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_read() {
        let header = parse("goroutine 21 [chan receive (leaked), locked to thread]:").unwrap();
        assert_eq!(
            (
                header.id,
                header.state,
                header.leaked,
                header.locked_to_thread
            ),
            (21, "chan receive", true, true)
        );
        let header =
            parse("goroutine 5 gp=0xc000002000 m=3 mp=0xc00007e008 [syscall, 12 minutes]:")
                .unwrap();
        assert_eq!((header.state, header.wait_minutes), ("syscall", Some(12)));
        let header =
            parse("goroutine 5 gp=0xc000002000 m=nil [select (no cases) (scan)]:").unwrap();
        assert_eq!((header.state, header.scan), ("select (no cases)", true));
        let header =
            parse("goroutine 9 [select (durable), 2 minutes, synctest bubble 4]:").unwrap();
        assert_eq!(
            (header.state, header.durable, header.synctest),
            ("select", true, Some(4))
        );
        let header = parse("goroutine 0 gp=0x4f3a00 m=0 mp=0x4f3fc0 [idle]: ").unwrap();
        assert_eq!((header.id, header.state), (0, "idle"));
        assert_eq!(
            parse("goroutine 1 [sleep, new thing 7]:").unwrap().state,
            "sleep"
        );
    }

    #[test]
    fn labels_of_both_versions_are_read() {
        let expected = [("path", "/api/v1"), ("tenant", "acme, \"corp\"] ü")];
        let inside = r#"goroutine 29 [chan receive, 3 minutes labels:{"path": "/api/v1", "tenant": "acme, \"corp\"] \u00fc"}]:"#;
        let after = r#"goroutine 26 [chan receive, 3 minutes] {path: /api/v1, tenant: "acme, \"corp\"] ü"}:"#;
        for line in [inside, after] {
            let header = parse(line).unwrap();
            let labels: Vec<_> = header
                .labels
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect();
            assert_eq!(labels, expected, "{line}");
            assert_eq!(
                (header.state, header.wait_minutes),
                ("chan receive", Some(3))
            );
        }
    }

    #[test]
    fn what_is_no_header_is_none() {
        for line in [
            "goroutine 1",
            "goroutine 1 [running]",
            "goroutine 1 [running",
            "goroutine x [running]:",
            "goroutine 1 []:",
            "goroutine 1 [running]: main",
            "goroutine 99999999999999999999 [running]:",
            "goroutine running on other thread; stack unavailable",
            "goroutine 1 [a] {b: \"c}:",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
