//! The query of a push: what the profile is of, and of which time.

use crate::config;
use crate::labels::Labels;

use super::Rejected;

/// Most labels in one name.
const MOST_LABELS: usize = 100;

/// Longest name or value.
const MOST_TEXT: usize = 4096;

/// Samples per second where the agent does not say.
const DEFAULT_RATE: u32 = 100;

/// What a push says in its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The name before the braces: the application.
    pub name: String,
    /// The labels in the braces.
    pub labels: Labels,
    /// When the profile began, in nanoseconds since 1970 (UTC).
    pub from_unix_nanos: u64,
    /// When it ended.
    pub until_unix_nanos: u64,
    /// Samples per second.
    pub sample_rate: u32,
    /// Which agent sends: `gospy`.
    pub spy_name: String,
    /// What folded stacks count: `samples`, `objects`, `bytes`.
    pub units: String,
    /// How values are joined: `sum` or `average`.
    pub aggregation: String,
    /// The form of the body, if it is said.
    pub(super) format: String,
}

impl Meta {
    /// Reads a query.
    pub(super) fn read(query: &str, now: u64) -> Result<Self, Rejected> {
        let mut meta = Self {
            name: String::new(),
            labels: Labels::new(),
            from_unix_nanos: now,
            until_unix_nanos: now,
            sample_rate: DEFAULT_RATE,
            spy_name: "unknown".to_owned(),
            units: "samples".to_owned(),
            aggregation: "sum".to_owned(),
            format: String::new(),
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            match &*key {
                "name" => (meta.name, meta.labels) = name(&value)?,
                "from" => meta.from_unix_nanos = time("from", &value, now)?,
                "until" => meta.until_unix_nanos = time("until", &value, now)?,
                "sampleRate" => {
                    let rate = value.parse().ok().filter(|rate| *rate > 0);
                    meta.sample_rate = rate.ok_or_else(|| {
                        Rejected::metadata(format!("sampleRate {value:?} is no number above 0"))
                    })?;
                }
                "spyName" => meta.spy_name = value.into_owned(),
                "units" => meta.units = value.into_owned(),
                "aggregationType" => meta.aggregation = value.into_owned(),
                "format" => meta.format = value.into_owned(),
                // Agents of all versions send more than is needed.
                _ => {}
            }
        }
        if meta.name.is_empty() {
            return Err(Rejected::metadata("the query has no name"));
        }
        if meta.until_unix_nanos < meta.from_unix_nanos {
            return Err(Rejected::metadata("until is before from"));
        }
        for text in [&meta.spy_name, &meta.units, &meta.aggregation] {
            check_text(text)?;
        }
        Ok(meta)
    }
}

/// Reads `app.name{key=value,…}`.
fn name(text: &str) -> Result<(String, Labels), Rejected> {
    let wrong = |what: &str| Rejected::metadata(format!("name {text:?}: {what}"));
    if text.len() > MOST_LABELS * MOST_TEXT {
        return Err(Rejected::metadata("the name is too long"));
    }
    let (app, rest) = match text.split_once('{') {
        None => (text, ""),
        Some((app, rest)) => {
            let inside = rest.trim_end().strip_suffix('}');
            (app, inside.ok_or_else(|| wrong("the brace is not closed"))?)
        }
    };
    let app = app.trim();
    if app.is_empty() {
        return Err(wrong("there is nothing before the brace"));
    }
    check_text(app)?;
    let mut labels = Labels::new();
    let pairs = rest.split(',').filter(|pair| !pair.trim().is_empty());
    for (index, pair) in pairs.enumerate() {
        if index >= MOST_LABELS {
            return Err(Rejected::metadata(format!(
                "the name has more than {MOST_LABELS} labels"
            )));
        }
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| wrong(&format!("{pair:?} is no label")))?;
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() {
            return Err(wrong("a label has no name"));
        }
        check_text(key)?;
        check_text(value)?;
        labels.set(key, value);
    }
    Ok((app.to_owned(), labels))
}

fn check_text(text: &str) -> Result<(), Rejected> {
    if text.len() > MOST_TEXT {
        return Err(Rejected::metadata(format!(
            "a text of {} bytes is longer than {MOST_TEXT}",
            text.len()
        )));
    }
    if text.chars().any(char::is_control) {
        return Err(Rejected::metadata(format!(
            "{text:?} has characters that cannot be shown"
        )));
    }
    Ok(())
}

/// Reads a time: seconds, milli-, micro- or nanoseconds since 1970, told apart by their size;
/// `now`, `now-1h`; `YYYYMMDD`.
fn time(key: &str, text: &str, now: u64) -> Result<u64, Rejected> {
    let wrong = || {
        Rejected::metadata(format!(
            "{key} {text:?} is no time: seconds since 1970, now-1h, or YYYYMMDD"
        ))
    };
    if let Some(rest) = text.strip_prefix("now") {
        if rest.is_empty() {
            return Ok(now);
        }
        let back = rest.strip_prefix('-').ok_or_else(wrong)?;
        let back = config::duration(back).map_err(|_| wrong())?;
        let nanos = u64::try_from(back.as_nanos()).map_err(|_| wrong())?;
        return Ok(now.saturating_sub(nanos));
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    if text.len() == 8 {
        return day(text).ok_or_else(wrong);
    }
    let number: u64 = text.parse().map_err(|_| wrong())?;
    let scale = match text.len() {
        0..=11 => 1_000_000_000,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        _ => 1,
    };
    number.checked_mul(scale).ok_or_else(wrong)
}

/// The beginning of a day, `YYYYMMDD`, in UTC.
fn day(text: &str) -> Option<u64> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let month = i8::try_from(part(4, 6)?).ok()?;
    let day = i8::try_from(part(6, 8)?).ok()?;
    let date = jiff::civil::Date::new(part(0, 4)?, month, day).ok()?;
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    u64::try_from(zoned.timestamp().as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000_000_000;

    fn meta(query: &str) -> Result<Meta, String> {
        Meta::read(query, NOW).map_err(|rejected| {
            assert_eq!(rejected.status.code(), 400);
            rejected.reason
        })
    }

    #[test]
    fn defaults_are_pyroscopes() {
        let meta = meta("name=app").unwrap();
        assert_eq!((meta.from_unix_nanos, meta.until_unix_nanos), (NOW, NOW));
        assert_eq!(meta.sample_rate, 100);
        let texts = [&meta.spy_name, &meta.units, &meta.aggregation];
        assert_eq!(texts, ["unknown", "samples", "sum"]);
        assert!(meta.labels.is_empty());
    }

    #[test]
    fn names_hold_labels() {
        let meta = meta("name=my.app%7Benv%3Dprod%2C+zone%3Dx%3Dy%2C%7D").unwrap();
        assert_eq!(meta.name, "my.app");
        assert_eq!(meta.labels.to_string(), r#"{env="prod", zone="x=y"}"#);
    }

    #[test]
    fn times_of_all_sizes() {
        for (text, nanos) in [
            ("1700000000", NOW),
            ("1700000000000", NOW),
            ("1700000000000000", NOW),
            ("1700000000000000000", NOW),
            ("now", NOW),
            ("now-1h", NOW - 3_600_000_000_000),
            ("20231114", 1_699_920_000_000_000_000),
        ] {
            assert_eq!(time("from", text, NOW), Ok(nanos), "{text}");
        }
        for text in [
            "",
            "x",
            "-5",
            "now+1h",
            "now-",
            "20231399",
            "99999999999999999999",
            "1e9",
        ] {
            let is_wrong = text.is_empty() || time("from", text, NOW).is_err();
            assert!(is_wrong, "{text}");
        }
    }

    #[test]
    fn queries_that_cannot_be_read_say_why() {
        for (query, reason) in [
            ("", "no name"),
            ("name=%7Ba%3Db%7D", "nothing before the brace"),
            ("name=app%7Ba%3Db", "not closed"),
            ("name=app%7Bab%7D", "no label"),
            ("name=app%7B%3Db%7D", "no name"),
            ("name=a%0Ab", "cannot be shown"),
            ("name=a&sampleRate=0", "sampleRate"),
            ("name=a&sampleRate=-1", "sampleRate"),
            ("name=a&from=20&until=10", "until is before from"),
            ("name=a&from=yesterday", "is no time"),
        ] {
            let error = meta(query).unwrap_err();
            assert!(error.contains(reason), "{query}: {error}");
        }
    }
}
