//! What must never reach a bundle: credentials, environments, command lines.
//!
//! Everything else of an artefact stays as it came, byte for byte.

use std::borrow::Cow;

/// What stands in place of a removed value.
pub const REMOVED: &str = "(removed)";

/// Query parameters of `net/http/pprof` whose values are harmless (Go 1.27,
/// `net/http/pprof/pprof.go`).
const HARMLESS_PARAMETERS: [&str; 4] = ["debug", "gc", "seconds", "format"];

/// Names of published variables that hold a command line or an environment.
const SECRET_NAMES: [&str; 7] = [
    "cmdline",
    "command_line",
    "args",
    "argv",
    "env",
    "environ",
    "environment",
];

/// Parts of names that announce a credential.
const SECRET_PARTS: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "credential",
    "apikey",
    "api_key",
    "private_key",
    "authorization",
];

/// Returns an address without user name, password, fragment and the values of
/// query parameters, of which only those that steer a profile are kept.
///
/// ```
/// use fathom_evidence::redact;
///
/// let url = "https://bob:s3cret@host:6060/debug/pprof/heap?gc=1&token=abc#top";
/// assert_eq!(
///     redact::url(url),
///     "https://host:6060/debug/pprof/heap?gc=1&token=(removed)"
/// );
/// ```
pub fn url(address: &str) -> String {
    let without_fragment = address.split('#').next().unwrap_or(address);
    let (before_query, query) = match without_fragment.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (without_fragment, None),
    };
    let mut clean = match before_query.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = match rest.find('/') {
                Some(slash) => rest.split_at(slash),
                None => (rest, ""),
            };
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}{path}")
        }
        None => before_query.to_owned(),
    };
    for (index, parameter) in query.into_iter().flat_map(|q| q.split('&')).enumerate() {
        clean.push(if index == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, value)) => {
                let harmless = HARMLESS_PARAMETERS.contains(&name)
                    && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let shown = if harmless { value } else { REMOVED };
                clean.push_str(name);
                clean.push('=');
                clean.push_str(shown);
            }
            // A bare word may be the token itself.
            None => clean.push_str(if HARMLESS_PARAMETERS.contains(&parameter) {
                parameter
            } else {
                REMOVED
            }),
        }
    }
    clean
}

/// Returns a sentence with every address in it cleaned as by [`url`].
pub fn sentence(text: &str) -> String {
    text.split(' ')
        .map(|word| {
            if word.contains("://") {
                Cow::Owned(url(word))
            } else {
                Cow::Borrowed(word)
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the JSON of `/debug/vars` without command line, environment and
/// published credentials; the rest is byte for byte what it was.
///
/// The value of `cmdline` (at any depth) and of names that announce an
/// environment or a credential becomes `["(removed)"]`; numbers stay, because
/// a counter called `tokens` is one. JSON that is cut off loses everything
/// from an unfinished secret on.
pub fn expvar(json: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(json.len());
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        if byte != b'"' {
            clean.push(byte);
            at += 1;
            continue;
        }
        let end = string_end(json, at);
        let name = &json[at..end];
        clean.extend_from_slice(name);
        at = end;
        let colon = skip_spaces(json, at);
        if json.get(colon) != Some(&b':') || !is_secret_name(name) {
            continue;
        }
        let value = skip_spaces(json, colon + 1);
        let is_container = matches!(json.get(value), Some(b'"' | b'[' | b'{'));
        if !is_container {
            continue;
        }
        clean.extend_from_slice(&json[at..value]);
        clean.extend_from_slice(b"[\"");
        clean.extend_from_slice(REMOVED.as_bytes());
        clean.extend_from_slice(b"\"]");
        at = value_end(json, value);
    }
    clean
}

/// Tells whether a quoted JSON name announces something secret.
fn is_secret_name(quoted: &[u8]) -> bool {
    let name = serde_json::from_slice::<String>(quoted)
        .unwrap_or_else(|_| String::from_utf8_lossy(quoted).trim_matches('"').to_owned())
        .to_ascii_lowercase();
    SECRET_NAMES.contains(&name.as_str()) || SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// Returns the offset after the string that begins with the quote at `start`.
fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

fn skip_spaces(json: &[u8], start: usize) -> usize {
    let spaces = json
        .iter()
        .skip(start)
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    start + spaces
}

/// Returns the offset after the string, array or object that begins at `start`.
fn value_end(json: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                at = string_end(json, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(json: &str) -> String {
        String::from_utf8(expvar(json.as_bytes())).unwrap()
    }

    #[test]
    fn command_line_goes_and_the_rest_stays_byte_for_byte() {
        assert_eq!(
            cleaned(
                "{\n\"cmdline\": [\"./prog\",\"--key=]\\\"}\"],\n\"memstats\": {\"Alloc\":1e3 }\n}\n"
            ),
            "{\n\"cmdline\": [\"(removed)\"],\n\"memstats\": {\"Alloc\":1e3 }\n}\n"
        );
    }

    #[test]
    fn nothing_secret_means_nothing_changes() {
        let json = "{\"a\": \"cmdline\", \"tokens\": 12, \"x\": [\"env\", {\"b\": null}]}";
        assert_eq!(cleaned(json), json);
    }

    #[test]
    fn finds_escaped_nested_and_announced_secrets() {
        assert_eq!(
            cleaned(r#"{"\u0063mdline":["a"],"app":{"ENV":{"K":"v"},"db_password" : "x"}}"#),
            r#"{"\u0063mdline":["(removed)"],"app":{"ENV":["(removed)"],"db_password" : ["(removed)"]}}"#
        );
    }

    #[test]
    fn cut_json_loses_the_unfinished_secret() {
        assert_eq!(
            cleaned(r#"{"cmdline":["./prog","--pass"#),
            r#"{"cmdline":["(removed)"]"#
        );
        assert_eq!(
            cleaned(r#"{"cmdline":["./prog\"#),
            r#"{"cmdline":["(removed)"]"#
        );
        assert_eq!(cleaned(r#"{"cmdline""#), r#"{"cmdline""#);
        assert_eq!(cleaned(r#"{"cmdl"#), r#"{"cmdl"#);
    }

    #[test]
    fn addresses_lose_credentials() {
        assert_eq!(url("http://u:p@h:1/a"), "http://h:1/a");
        assert_eq!(url("http://u:p@x@h"), "http://h");
        assert_eq!(
            url("http://h/p?abcdef&seconds=5"),
            "http://h/p?(removed)&seconds=5"
        );
        assert_eq!(
            url("http://h/p?debug=%73ecret"),
            "http://h/p?debug=(removed)"
        );
        assert_eq!(url("/proc/1/smaps"), "/proc/1/smaps");
        assert_eq!(
            sentence("GET http://u:p@h/x failed"),
            "GET http://h/x failed"
        );
    }
}
