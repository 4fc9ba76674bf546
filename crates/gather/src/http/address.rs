//! The address of a pprof server.

use std::fmt;
use std::path::PathBuf;

use fathom_evidence::redact;

/// The path at which `net/http/pprof` registers itself.
const DEFAULT_PATH: &str = "/debug/pprof/";

/// The address of a server of `net/http/pprof`.
///
/// Its `Debug` form and all its addresses are without credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// `http` or `https`.
    scheme: String,
    /// `host:port`, or `localhost` of a unix socket.
    authority: String,
    /// Path of the index, with a slash at the end: `/debug/pprof/`.
    path: String,
    /// One profile with its query, if the address names one: `heap?gc=1`.
    profile: Option<String>,
    /// User name and password that stood in the address.
    user: Option<(String, String)>,
    /// The unix socket.
    socket: Option<PathBuf>,
}

impl Address {
    /// Reads an address; the error says what is wrong with it.
    pub(crate) fn parse(argument: &str) -> Result<Self, String> {
        if let Some(path) = argument.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("unix: is followed by no path".to_owned());
            }
            return Ok(Self {
                scheme: "http".to_owned(),
                authority: "localhost".to_owned(),
                path: DEFAULT_PATH.to_owned(),
                profile: None,
                user: None,
                socket: Some(PathBuf::from(path)),
            });
        }
        let (scheme, rest) = match argument.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), argument),
        };
        let explicit = argument.contains("://");
        if scheme != "http" && scheme != "https" {
            return Err(format!("the scheme {scheme:?} is neither http nor https"));
        }
        let rest = rest.split('#').next().unwrap_or(rest);
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(split_user(user)), host),
            None => (None, authority),
        };
        let authority = checked_host(host, explicit)?;
        let (path, profile) = split_path(path);
        Ok(Self {
            scheme,
            authority,
            path,
            profile,
            user,
            socket: None,
        })
    }

    /// Returns the address of the same server spoken to in TLS.
    pub(crate) fn with_tls(mut self) -> Self {
        "https".clone_into(&mut self.scheme);
        self
    }

    /// Returns the address of the index, without credentials.
    pub fn base_url(&self) -> String {
        match &self.socket {
            Some(socket) => format!("unix:{}", socket.display()),
            None => format!("{}://{}{}", self.scheme, self.authority, self.path),
        }
    }

    /// Returns the profile that the address names, with its query.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Returns the URL of something beside the index: `heap?gc=1`.
    pub(crate) fn pprof_url(&self, name: &str) -> String {
        format!("{}://{}{}{name}", self.scheme, self.authority, self.path)
    }

    /// Returns the URL of `/debug/vars`, which lies beside `/debug/pprof/`.
    pub(crate) fn vars_url(&self) -> String {
        let parent = parent_of(&self.path);
        format!("{}://{}{parent}vars", self.scheme, self.authority)
    }

    /// Returns the URL of `/metrics`, which lies beside `/debug/`.
    pub(crate) fn metrics_url(&self) -> String {
        let parent = parent_of(&self.path);
        let root = parent.strip_suffix("debug/").unwrap_or(parent);
        format!("{}://{}{root}metrics", self.scheme, self.authority)
    }

    /// Returns a URL as it is shown: with the socket's path for its host.
    pub(crate) fn shown(&self, url: &str) -> String {
        match &self.socket {
            Some(socket) => {
                let path = url.strip_prefix("http://localhost").unwrap_or(url);
                redact::url(&format!("unix:{}{path}", socket.display()))
            }
            None => redact::url(url),
        }
    }

    pub(crate) fn user(&self) -> Option<&(String, String)> {
        self.user.as_ref()
    }

    pub(crate) fn socket(&self) -> Option<&PathBuf> {
        self.socket.as_ref()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// Returns `scheme://host:port`, which redirections may not leave.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Returns host (without brackets) and port.
    pub(crate) fn host_and_port(&self) -> (String, u16) {
        let default_port = if self.is_tls() { 443 } else { 80 };
        let (host, port) = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, port.parse().unwrap_or(default_port))
            }
            _ => (self.authority.as_str(), default_port),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        (bare.to_owned(), port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("url", &self.base_url())
            .field("profile", &self.profile.as_deref().map(redact::url))
            .field("user", &self.user.is_some())
            .finish_non_exhaustive()
    }
}

fn split_user(user: &str) -> (String, String) {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    (percent_decoded(name), percent_decoded(password))
}

/// Decodes `%xx`; what is no such thing stays.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = text
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(hex.unwrap_or(byte));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn checked_host(host: &str, explicit: bool) -> Result<String, String> {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    match port {
        Some(port) if port.parse::<u16>().is_ok_and(|number| number > 0) => {}
        Some(port) => return Err(format!("{port:?} is no port")),
        None if explicit => {}
        None => return Err("an address needs a port, as in localhost:6060".to_owned()),
    }
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let is_plain = bare
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte));
    if !is_plain {
        return Err(format!("{name:?} is no host name"));
    }
    if name.is_empty() {
        return match port {
            Some(port) => Ok(format!("localhost:{port}")),
            None => Err("the address has no host".to_owned()),
        };
    }
    Ok(host.to_owned())
}

/// Splits a path into that of the index and the profile it names.
fn split_path(path: &str) -> (String, Option<String>) {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    // The index is the folder called pprof, wherever it is mounted.
    if let Some(start) = path.find("/pprof/") {
        let (base, name) = path.split_at(start + "/pprof/".len());
        let profile = (!name.is_empty()).then(|| match query {
            Some(query) => format!("{name}?{query}"),
            None => name.to_owned(),
        });
        return (base.to_owned(), profile);
    }
    let prefix = path.trim_end_matches('/');
    if prefix.ends_with("/pprof") {
        return (format!("{prefix}/"), None);
    }
    if let Some(before) = prefix.strip_suffix("/debug") {
        return (format!("{before}{DEFAULT_PATH}"), None);
    }
    (format!("{prefix}{DEFAULT_PATH}"), None)
}

/// Returns the folder above a folder: `/debug/` of `/debug/pprof/`.
fn parent_of(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rfind('/') {
        Some(slash) => &trimmed[..=slash],
        None => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(argument: &str) -> String {
        Address::parse(argument).unwrap().base_url()
    }

    #[test]
    fn addresses_find_the_index() {
        let default = "http://localhost:6060/debug/pprof/";
        assert_eq!(base(":6060"), default);
        assert_eq!(base("localhost:6060"), default);
        assert_eq!(base("http://localhost:6060"), default);
        assert_eq!(base("localhost:6060/debug/pprof"), default);
        assert_eq!(base("localhost:6060/debug/"), default);
        assert_eq!(base("http://localhost:6060/debug/pprof/heap?gc=1"), default);
        assert_eq!(base("https://h/x"), "https://h/x/debug/pprof/");
        assert_eq!(base("https://h/x/pprof/"), "https://h/x/pprof/");
        assert_eq!(base("[::1]:6060"), "http://[::1]:6060/debug/pprof/");
        assert_eq!(base("unix:/run/a.sock"), "unix:/run/a.sock");
        assert_eq!(base("unix:///run/a.sock"), "unix:/run/a.sock");
    }

    #[test]
    fn the_neighbours_follow_the_prefix() {
        let address = Address::parse("http://h:1/svc/debug/pprof/heap?gc=1").unwrap();
        assert_eq!(address.profile(), Some("heap?gc=1"));
        assert_eq!(address.vars_url(), "http://h:1/svc/debug/vars");
        assert_eq!(address.metrics_url(), "http://h:1/svc/metrics");
        assert_eq!(address.pprof_url("heap"), "http://h:1/svc/debug/pprof/heap");
    }

    #[test]
    fn credentials_are_used_and_never_shown() {
        let address = Address::parse("https://bob:p%40ss@h:1/debug/pprof/").unwrap();
        assert_eq!(address.user().unwrap().1, "p@ss");
        assert!(!format!("{address:?}").contains("ss@"));
        assert_eq!(address.base_url(), "https://h:1/debug/pprof/");
    }

    #[test]
    fn hosts_and_ports() {
        let parts = |argument: &str| Address::parse(argument).unwrap().host_and_port();
        assert_eq!(parts("[::1]:6060"), ("::1".to_owned(), 6060));
        assert_eq!(parts("https://h/"), ("h".to_owned(), 443));
    }

    #[test]
    fn what_is_no_address_says_why() {
        let reason = |argument: &str| Address::parse(argument).unwrap_err();
        assert_eq!(
            reason("localhost"),
            "an address needs a port, as in localhost:6060"
        );
        assert_eq!(reason("h:99999"), "\"99999\" is no port");
        assert_eq!(
            reason("ftp://h"),
            "the scheme \"ftp\" is neither http nor https"
        );
        assert_eq!(reason("a b:1"), "\"a b\" is no host name");
        assert_eq!(reason("unix:"), "unix: is followed by no path");
        assert_eq!(reason("http://"), "the address has no host");
    }
}
