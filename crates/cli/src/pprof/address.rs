//! What a source means as an address: pprof's rule for texts that name no file
//! (Go 1.27, `src/cmd/pprof/pprof.go`, and `src/net/url` for what it takes for a URL).

use std::collections::BTreeMap;
use std::time::Duration;

/// Where a server without a path has its profile of processor time.
const DEFAULT_PROFILE: &str = "profile";

/// What is fetched, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The whole URL, its query sorted.
    pub(crate) url: String,
    /// How long to wait for the beginning of the answer.
    pub(crate) timeout: Duration,
}

/// Reads a source as an address; `None` if it is none. `profile` is what is taken from a
/// server whose address has no path; empty for that of processor time.
pub(crate) fn target(
    source: &str,
    seconds: Option<u64>,
    timeout: Option<u64>,
    profile: &str,
) -> Option<Target> {
    let mut url = match Url::parse(source) {
        Some(url) if !url.host.is_empty() || url.scheme.is_empty() || url.scheme == "file" => url,
        // The name of a host before a colon looks like a scheme.
        _ => Url::parse(&format!("http://{source}"))?,
    };
    if url.host.is_empty() {
        return None;
    }
    if matches!(url.path.as_str(), "" | "/") {
        let profile = if profile.is_empty() {
            DEFAULT_PROFILE
        } else {
            profile
        };
        let (name, query) = profile.split_once('?').unwrap_or((profile, ""));
        url.path = format!("/debug/pprof/{name}");
        if url.query.is_empty() {
            query.clone_into(&mut url.query);
        }
    }
    let mut values = parameters(&url.query);
    let duration = seconds.or_else(|| {
        let named = values.get("seconds").and_then(|values| values.first())?;
        let seconds = u64::try_from(named.parse::<i32>().ok()?).ok()?;
        (seconds > 0).then_some(seconds)
    });
    if let Some(seconds) = seconds {
        values.insert("seconds".to_owned(), vec![seconds.to_string()]);
    }
    url.query = encode(&values);
    let timeout = match (timeout, duration) {
        (Some(seconds), _) => Duration::from_secs(seconds),
        (None, Some(seconds)) => Duration::from_secs(seconds) * 3 / 2,
        (None, None) => Duration::from_mins(1),
    };
    Some(Target {
        url: url.text(),
        timeout,
    })
}

/// Returns the URL of the `/symbol` that belongs to the URL of a profile; `None` if that is
/// no server's (`symbolz` in google/pprof `internal/symbolz/symbolz.go`).
pub(crate) fn symbol_url(source: &str) -> Option<String> {
    if let Some(rest) = source.strip_prefix("unix:") {
        let (socket, path) = rest.split_once(":/")?;
        let beside = symbol_url(&format!("http://localhost/{path}"))?;
        let path = beside.strip_prefix("http://localhost")?;
        return Some(format!("unix:{socket}:{path}"));
    }
    let mut url = Url::parse(source).filter(|url| !url.host.is_empty())?;
    let is_gperftools = ["heap", "growth", "profile", "pmuprofile", "contention"]
        .iter()
        .any(|name| url.path.ends_with(&format!("/pprof/{name}")));
    let name = if is_gperftools || url.path.contains("/debug/pprof/") {
        "symbol"
    } else {
        "symbolz"
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in url.path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.pop();
    parts.push(name);
    url.path = format!("/{}", parts.join("/"));
    url.query.clear();
    Some(url.text())
}

/// Writes whole seconds as Go writes a duration: `1m30s`.
pub(crate) fn go_seconds(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

/// The parts of a URL.
#[derive(Debug, Default, PartialEq, Eq)]
struct Url {
    scheme: String,
    user: Option<String>,
    host: String,
    path: String,
    query: String,
    fragment: Option<String>,
}

impl Url {
    /// Splits a text; `None` where Go's `url.Parse` fails.
    fn parse(text: &str) -> Option<Self> {
        if text.chars().any(|character| character.is_ascii_control()) {
            return None;
        }
        let (text, fragment) = match text.split_once('#') {
            Some((text, fragment)) => (text, Some(fragment.to_owned())),
            None => (text, None),
        };
        let (scheme, rest) = scheme(text)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            scheme: scheme.to_ascii_lowercase(),
            query: query.to_owned(),
            fragment,
            ..Self::default()
        };
        if !rest.starts_with('/') {
            // After a scheme this is opaque, which has no host.
            if !url.scheme.is_empty() {
                return Some(url);
            }
            let first = rest.split('/').next().unwrap_or(rest);
            if first.contains(':') {
                return None;
            }
        }
        let Some(after) = rest
            .strip_prefix("//")
            .filter(|_| !rest.starts_with("///") || !url.scheme.is_empty())
        else {
            rest.clone_into(&mut url.path);
            return Some(url);
        };
        let end = after.find('/').unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        if !is_host(host) {
            return None;
        }
        url.user = user;
        host.clone_into(&mut url.host);
        path.clone_into(&mut url.path);
        Some(url)
    }

    fn text(&self) -> String {
        let mut text = format!("{}://", self.scheme);
        if let Some(user) = &self.user {
            text.push_str(user);
            text.push('@');
        }
        text.push_str(&self.host);
        for byte in self.path.bytes() {
            if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
                text.push(char::from(byte));
            } else {
                push_escaped(&mut text, byte);
            }
        }
        if !self.query.is_empty() {
            text.push('?');
            text.push_str(&self.query);
        }
        if let Some(fragment) = &self.fragment {
            text.push('#');
            text.push_str(fragment);
        }
        text
    }
}

/// Splits a scheme off; `None` if a colon stands first.
fn scheme(text: &str) -> Option<(&str, &str)> {
    for (at, character) in text.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return None,
            ':' => {
                let (scheme, rest) = text.split_at(at);
                return Some((scheme, rest.strip_prefix(':').unwrap_or(rest)));
            }
            _ => break,
        }
    }
    Some(("", text))
}

/// Whether this is a host, with a port of digits if any.
fn is_host(host: &str) -> bool {
    let after = match host.strip_prefix('[') {
        Some(inner) => match inner.split_once(']') {
            Some((_, after)) => after,
            None => return false,
        },
        None => host
            .find(':')
            .map_or("", |at| host.get(at..).unwrap_or_default()),
    };
    let port = after.strip_prefix(':').unwrap_or(after);
    let has_colon_or_nothing = after.is_empty() || after.starts_with(':');
    has_colon_or_nothing
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && !host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '}', '|'])
}

/// Reads a query; what Go's `url.Query` cannot read is left out.
fn parameters(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&') {
        if pair.is_empty() || pair.contains(';') {
            continue;
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(key), Some(value)) = (unescaped(key), unescaped(value)) {
            values.entry(key).or_default().push(value);
        }
    }
    values
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [left.next()?, left.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                u8::from_str_radix(digits, 16).ok()?
            }
            other => other,
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes a query sorted by key, as Go's `Values.Encode`.
fn encode(values: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = String::new();
    for (key, values) in values {
        for value in values {
            if !text.is_empty() {
                text.push('&');
            }
            push_query(&mut text, key);
            text.push('=');
            push_query(&mut text, value);
        }
    }
    text
}

fn push_query(text: &mut String, part: &str) {
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            b' ' => text.push('+'),
            _ => push_escaped(text, byte),
        }
    }
}

fn push_escaped(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    for digit in [byte >> 4, byte & 15] {
        text.extend(
            DIGITS
                .get(usize::from(digit))
                .map(|&digit| char::from(digit)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(source: &str) -> Option<String> {
        target(source, None, None, "").map(|target| target.url)
    }

    #[test]
    fn addresses_are_those_that_pprof_takes() {
        for (source, expected) in [
            ("http://h:1/debug/pprof/heap", "http://h:1/debug/pprof/heap"),
            ("h:1/debug/pprof/heap", "http://h:1/debug/pprof/heap"),
            ("127.0.0.1:1/x", "http://127.0.0.1:1/x"),
            (":6060/x", "http://:6060/x"),
            (
                "localhost:6060",
                "http://localhost:6060/debug/pprof/profile",
            ),
            ("https://h/", "https://h/debug/pprof/profile"),
            (
                "https+insecure://h:1/heap?b=2&a=x y",
                "https+insecure://h:1/heap?a=x+y&b=2",
            ),
            ("http://me:pw@h/x", "http://me:pw@h/x"),
            ("http://[::1]:1/x", "http://[::1]:1/x"),
            ("HTTP://h/a b", "http://h/a%20b"),
            ("h:1/x?seconds=5&debug", "http://h:1/x?debug=&seconds=5"),
        ] {
            assert_eq!(url(source).as_deref(), Some(expected), "{source}");
        }
        for source in [
            "nosuchfile",
            "dir/file",
            "/abs/file",
            "",
            "-",
            "h:port/x",
            "file:x",
            "a b:1",
        ] {
            assert_eq!(url(source), None, "{source}");
        }
    }

    #[test]
    fn seconds_and_timeouts() {
        let with = |seconds, timeout| target("h:1/x?seconds=4", seconds, timeout, "").unwrap();
        assert_eq!(with(Some(10), None).url, "http://h:1/x?seconds=10");
        assert_eq!(with(Some(10), None).timeout, Duration::from_secs(15));
        assert_eq!(with(None, None).timeout, Duration::from_secs(6));
        assert_eq!(with(Some(10), Some(3)).timeout, Duration::from_secs(3));
        assert_eq!(
            target("h:1/x", None, None, "").unwrap().timeout,
            Duration::from_mins(1)
        );
        assert_eq!(go_seconds(30), "30s");
        assert_eq!(go_seconds(90), "1m30s");
        assert_eq!(go_seconds(3600), "1h0m0s");
    }

    #[test]
    fn symbols_are_beside_profiles() {
        for (source, expected) in [
            (
                "http://h:1/debug/pprof/heap?gc=1",
                Some("http://h:1/debug/pprof/symbol"),
            ),
            ("http://h/a/pprof/growth", Some("http://h/a/pprof/symbol")),
            ("http://h/pprof/other", Some("http://h/pprof/symbolz")),
            (
                "https+insecure://me:pw@h/x",
                Some("https+insecure://me:pw@h/symbolz"),
            ),
            (
                "http://h//debug/pprof/./x/",
                Some("http://h/debug/pprof/symbol"),
            ),
            ("http://h", Some("http://h/symbolz")),
            (
                "unix:/run/s:/debug/pprof/heap?debug=1",
                Some("unix:/run/s:/debug/pprof/symbol"),
            ),
            ("/file", None),
            ("unix:/run/s", None),
        ] {
            assert_eq!(symbol_url(source).as_deref(), expected, "{source}");
        }
    }

    #[test]
    fn a_server_is_asked_for_the_profile_that_was_named() {
        let named = target("h:1", None, None, "heap").unwrap();
        assert_eq!(named.url, "http://h:1/debug/pprof/heap");
        let queried = target("h:1/", Some(3), None, "goroutine?debug=1").unwrap();
        assert_eq!(
            queried.url,
            "http://h:1/debug/pprof/goroutine?debug=1&seconds=3"
        );
    }
}
