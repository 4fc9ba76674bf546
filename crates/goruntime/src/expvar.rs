//! `/debug/vars`, the JSON of package expvar.

use serde_json::{Map, Value};

use crate::memstats::{self, MemStats};
use crate::metrics::{self, Metrics};
use crate::version::GoVersion;
use crate::{Error, Result};

const INPUT: &str = "expvar";
/// Bounds the text; a hostile server must not fill the memory.
const MAX_BYTES: usize = 64 << 20;
const MAX_KEYS: usize = 1024;

/// Holds what a process publishes about its runtime.
///
/// `cmdline` is never kept, as it may hold secrets.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Vars {
    /// Is the key `memstats`.
    pub memstats: Option<MemStats>,
    /// Holds the runtime/metrics under whichever key they stand.
    pub metrics: Metrics,
    /// Is the Go version, if a key such as `goversion` or `go_version` holds one.
    pub go_version: Option<String>,
    /// Names all keys but `cmdline`, in order; a thousand at most.
    pub keys: Vec<String>,
}

/// Reads `/debug/vars`.
///
/// # Errors
///
/// [`Error::Json`] if the text is no JSON object, [`Error::Limit`] past 64 MiB,
/// and the errors of [`memstats::from_expvar`].
pub fn parse(text: &[u8]) -> Result<Vars> {
    let map = object(text)?;
    let memstats = map.get("memstats").map(memstats::from_value).transpose()?;
    let keys = map
        .keys()
        .filter(|key| *key != "cmdline" && !metrics::looks_like_metric(key));
    Ok(Vars {
        memstats,
        metrics: metrics::collect(&map),
        go_version: map.iter().find_map(go_version),
        keys: keys.take(MAX_KEYS).cloned().collect(),
    })
}

/// Reads a JSON object within the limit.
pub(crate) fn object(text: &[u8]) -> Result<Map<String, Value>> {
    if text.len() > MAX_BYTES {
        return Err(Error::Limit {
            input: INPUT,
            what: "bytes",
            limit: MAX_BYTES as u64,
        });
    }
    serde_json::from_slice(text).map_err(|source| Error::Json {
        input: INPUT,
        source,
    })
}

fn go_version((key, value): (&String, &Value)) -> Option<String> {
    let plain = key.to_ascii_lowercase().replace(['_', '-', '.'], "");
    let named = matches!(plain.as_str(), "goversion" | "runtimeversion" | "version");
    let text = value.as_str().filter(|_| named)?;
    GoVersion::parse(text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_not_kept() {
        let vars =
            parse(br#"{"cmdline": ["x", "--token=secret"], "goversion": "go1.27.3", "hits": 1}"#)
                .unwrap();
        assert_eq!(vars.keys, ["goversion", "hits"]);
        assert_eq!(vars.go_version.as_deref(), Some("go1.27.3"));
        assert!(!format!("{vars:?}").contains("secret"));
    }

    #[test]
    fn a_missing_field_is_named() {
        let error = parse(br#"{"memstats": {"Sys": 1}}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expvar memstats: the field HeapAlloc is missing"
        );
    }

    #[test]
    fn html_is_not_json() {
        assert!(matches!(parse(b"<html>"), Err(Error::Json { .. })));
    }
}
