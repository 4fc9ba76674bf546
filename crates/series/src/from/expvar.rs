//! The program's own variables of package expvar.

use serde_json::Value;

use crate::{Reading, Unit};

/// How deep maps of maps are followed.
const MAX_DEPTH: usize = 4;

/// Makes a gauge of every number, named by its path after `expvar.`.
///
/// expvar does not say whether a number only grows, so that none is called a counter. MemStats,
/// the command line and runtime/metrics are read elsewhere.
pub(super) fn readings(text: &[u8]) -> Vec<Reading> {
    let Ok(Value::Object(map)) = serde_json::from_slice(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in &map {
        if !matches!(key.as_str(), "memstats" | "cmdline") {
            collect(&format!("expvar.{key}"), key, value, MAX_DEPTH, &mut found);
        }
    }
    found
}

fn collect(path: &str, key: &str, value: &Value, depth: usize, found: &mut Vec<Reading>) {
    // A name of runtime/metrics, wherever it stands.
    if key.starts_with('/') && key.contains(':') {
        return;
    }
    match value {
        Value::Number(number) => {
            if let Some(number) = number.as_f64() {
                found.push(Reading::gauge(path, Unit::Unknown, number));
            }
        }
        Value::Bool(is_set) => {
            found.push(Reading::gauge(
                path,
                Unit::Unknown,
                f64::from(u8::from(*is_set)),
            ));
        }
        Value::Object(map) if depth > 0 => {
            for (key, value) in map {
                collect(&format!("{path}.{key}"), key, value, depth - 1, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_a_series() {
        let text = br#"{"cmdline": ["secret"], "memstats": {"Sys": 1}, "requests": 12,
            "pool": {"idle": 3, "name": "x", "/gc/heap/live:bytes": 1}, "ready": true}"#;
        let found: Vec<_> = readings(text)
            .iter()
            .map(|one| (one.name.clone(), one.number().unwrap()))
            .collect();
        let expected = [
            ("expvar.pool.idle", 3.0),
            ("expvar.ready", 1.0),
            ("expvar.requests", 12.0),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        assert_eq!(found, expected);
        assert_eq!(readings(b"no json"), []);
    }
}
