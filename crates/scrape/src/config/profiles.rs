//! Which profiles are taken, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::quantity::{DurationText, duration_text};

/// Name under which the CPU profile is asked for in a configuration.
pub const CPU: &str = "cpu";

const MINUTE: Duration = Duration::from_mins(1);

/// How often a profile is taken where nobody says, and what `/debug/pprof/` calls it.
struct Known {
    name: &'static str,
    interval: Duration,
    /// Length of a profile that is recorded over a time.
    seconds: Option<u32>,
    /// Whether it is taken where no profiles are named.
    by_default: bool,
}

/// The profiles of `net/http/pprof`. `goroutineleak` runs a collection, and a CPU profile costs
/// its process some percent while it lasts: neither is taken unless it is asked for.
const KNOWN: [Known; 8] = [
    known("heap", 1, true),
    known("goroutine", 1, true),
    known("mutex", 5, false),
    known("block", 5, false),
    known("allocs", 5, false),
    known("threadcreate", 5, false),
    known("goroutineleak", 10, false),
    Known {
        name: CPU,
        interval: Duration::from_mins(10),
        seconds: Some(10),
        by_default: false,
    },
];

const fn known(name: &'static str, minutes: u32, by_default: bool) -> Known {
    Known {
        name,
        interval: Duration::from_secs(60 * minutes as u64),
        seconds: None,
        by_default,
    }
}

/// One profile of a job's targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name, under which it is stored: `heap`, `cpu`, a program's own.
    pub name: String,
    /// How often it is taken.
    pub interval: Duration,
    /// How long it is recorded, if it is recorded over a time as a CPU profile is.
    pub seconds: Option<u32>,
    /// Its path on the server, if it does not lie beside `heap`.
    pub path: Option<String>,
}

/// The profiles that are taken where a configuration names none.
pub fn default_profiles() -> Vec<Profile> {
    KNOWN
        .iter()
        .filter(|known| known.by_default)
        .map(|known| Profile {
            name: known.name.to_owned(),
            interval: known.interval,
            seconds: known.seconds,
            path: None,
        })
        .collect()
}

/// `profiles` as it is written. What a name and its settings may be is checked here, so that an
/// error knows its line.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct RawProfiles(BTreeMap<RawName, Option<RawProfile>>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct RawName(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    interval: Option<DurationText>,
    seconds: Option<u32>,
    path: Option<RawPath>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct RawPath(String);

impl TryFrom<String> for RawName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if let Some((stem, query)) = name.split_once('?') {
            return Err(refused_query(stem, query));
        }
        match name.as_str() {
            "profile" => Err("the CPU profile is called cpu here".to_owned()),
            "trace" => Err(
                "an execution trace is no profile and costs far more: take it by hand, \
                 with fathom capture --trace-seconds"
                    .to_owned(),
            ),
            "cmdline" | "symbol" => Err(format!("{name} is no profile")),
            _ if is_profile_name(&name) => Ok(Self(name)),
            _ => Err(format!(
                "{name:?} is no name of a profile: letters, digits, and . _ - / between them"
            )),
        }
    }
}

impl TryFrom<String> for RawPath {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        if let Some((stem, query)) = path.split_once('?') {
            return Err(refused_query(stem, query));
        }
        if !path.starts_with('/') || path.bytes().any(|byte| byte <= b' ' || byte == b'#') {
            return Err(format!(
                "{path:?} is no path: it begins with / and has no blanks"
            ));
        }
        Ok(Self(path))
    }
}

fn is_profile_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    !name.is_empty()
        && name.len() <= 200
        && name.bytes().all(allowed)
        && !name
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..")
}

/// Says why a profile cannot be asked for with this query.
pub(super) fn refused_query(name: &str, query: &str) -> String {
    for pair in query.split('&') {
        let key = pair.split('=').next().unwrap_or(pair);
        if let Some(reason) = refused_parameter(key) {
            return format!("{name}?{query}: {reason}");
        }
    }
    format!("{name}?{query}: a profile is named without a query")
}

/// Says why a parameter of a request is refused, if it is.
pub(super) fn refused_parameter(key: &str) -> Option<&'static str> {
    match key {
        "gc" => Some(
            "gc=1 would force a collection of the whole process at every scrape; \
             a plain heap profile is as of the last collection, which is what trends need",
        ),
        "seconds" => Some(
            "seconds= makes the server subtract two profiles, in-use values too, which \
             corrupts them; take plain profiles, the difference is made here",
        ),
        "debug" => Some("debug= asks for text; profiles are taken in their binary form"),
        _ => None,
    }
}

/// Fills in what is not said. The error says which profile is wrong, and why.
pub(super) fn resolve(raw: Option<RawProfiles>) -> Result<Vec<Profile>, String> {
    let Some(raw) = raw else {
        return Ok(default_profiles());
    };
    raw.0
        .into_iter()
        .map(|(RawName(name), settings)| profile(name, settings))
        .collect()
}

fn profile(name: String, settings: Option<RawProfile>) -> Result<Profile, String> {
    let known = KNOWN.iter().find(|known| known.name == name);
    let settings = settings.unwrap_or(RawProfile {
        interval: None,
        seconds: None,
        path: None,
    });
    let seconds = match (settings.seconds, known) {
        (Some(0), _) => return Err(format!("profiles: {name}: seconds cannot be 0")),
        (Some(_), Some(known)) if known.seconds.is_none() => {
            let reason = refused_parameter("seconds").unwrap_or_default();
            return Err(format!("profiles: {name}: {reason}"));
        }
        (said, known) => said.or(known.and_then(|known| known.seconds)),
    };
    let default_interval = known.map_or(MINUTE * if seconds.is_some() { 10 } else { 1 }, |known| {
        known.interval
    });
    let interval = settings
        .interval
        .map_or(default_interval, |DurationText(interval)| interval);
    if interval < Duration::from_secs(1) {
        return Err(format!(
            "profiles: {name}: the interval {} is shorter than a second",
            duration_text(interval)
        ));
    }
    if let Some(seconds) = seconds
        && Duration::from_secs(u64::from(seconds)) >= interval
    {
        return Err(format!(
            "profiles: {name}: {seconds} seconds of every {}: the profiles would overlap, and a \
             Go process records one CPU profile at a time; choose a longer interval",
            duration_text(interval)
        ));
    }
    Ok(Profile {
        name,
        interval,
        seconds,
        path: settings.path.map(|RawPath(path)| path),
    })
}
