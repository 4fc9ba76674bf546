//! Who may ask: a secret part of every path, strict `Host` and `Origin`, and what browsers
//! are told.
//!
//! The secret keeps other users of this machine out, and pages of other sites that guess
//! the port. `Host` is checked so that no other name can be made to lead here, `Origin` and
//! `Sec-Fetch-Site` so that no other site's script is answered. Beyond loopback a secret of
//! the user's own is demanded: a token, or a password.

use std::fmt::Write as _;
use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Error;
use crate::problem::Problem;

/// The longest path and query.
pub(crate) const LONGEST_URI: usize = 16 << 10;

/// Bytes of a random token.
const TOKEN_BYTES: usize = 16;

/// The fewest characters of a token that is chosen.
const SHORTEST_TOKEN: usize = 16;

/// Every answer says so: nothing from elsewhere, no inline script, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Reading, without a body.
    Reading,
    /// Bringing a profile.
    Bringing,
}

/// Headers of every answer.
const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// What is demanded of a request.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    token: String,
    password: Option<String>,
    port: u16,
    /// Whether only names of this machine lead here.
    is_loopback: bool,
}

impl Access {
    /// Decides what is demanded; a random token unless one is given.
    ///
    /// # Errors
    ///
    /// [`Error::Unprotected`] beyond loopback without a token or password of the user's,
    /// [`Error::Token`] for a token that is short or does not fit into a path.
    pub(crate) fn new(
        address: SocketAddr,
        token: Option<String>,
        password: Option<String>,
    ) -> Result<Self, Error> {
        let is_loopback = address.ip().is_loopback();
        // An empty one keeps nobody out.
        let password = password.filter(|password| !password.is_empty());
        if !is_loopback && token.is_none() && password.is_none() {
            return Err(Error::Unprotected { address });
        }
        let fits = |token: &String| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            token.len() >= SHORTEST_TOKEN && token.bytes().all(is_plain)
        };
        let token = match token {
            Some(token) if fits(&token) => token,
            Some(_) => return Err(Error::Token),
            None => random_token()?,
        };
        Ok(Self {
            token,
            password,
            port: address.port(),
            is_loopback,
        })
    }

    /// The secret part of paths.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Checks a request; returns its path below the secret part, beginning with a slash.
    ///
    /// # Errors
    ///
    /// What the asker may know of why not.
    pub(crate) fn check(
        &self,
        asks: Asks,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<String, Problem> {
        let length = uri.path_and_query().map_or(0, |text| text.as_str().len());
        if length > LONGEST_URI {
            let detail = format!("the address has {length} bytes, more than {LONGEST_URI}");
            return Err(Problem::new(StatusCode::URI_TOO_LONG, detail));
        }
        self.check_host(headers)?;
        check_origin(headers)?;
        let is_answered = match asks {
            Asks::Reading => matches!(*method, Method::GET | Method::HEAD),
            Asks::Bringing => *method == Method::POST,
        };
        if !is_answered {
            let detail = match asks {
                Asks::Reading => format!("{method} is not answered: this is read with GET"),
                Asks::Bringing => format!("{method} is not answered: profiles come with POST"),
            };
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail));
        }
        let has_body = headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length.as_bytes() != b"0")
            || headers.contains_key(header::TRANSFER_ENCODING);
        if has_body && asks == Asks::Reading {
            let detail = "a request with a body is not answered";
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let below = uri.path().strip_prefix('/').unwrap_or_default();
        let (token, rest) = below.split_once('/').unwrap_or((below, ""));
        if !is_same(token, &self.token) {
            let detail = "there is nothing here: the address has a secret part, which fathom \
                          printed when it started";
            return Err(Problem::not_found(detail));
        }
        self.check_password(headers)?;
        Ok(format!("/{rest}"))
    }

    fn check_host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        // Beyond loopback this machine has names that nobody here knows; the secrets do.
        let refused = |detail: &str| Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail));
        let Some(host) = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
        else {
            return refused("the request names no host");
        };
        if !self.is_loopback {
            return Ok(());
        }
        let known = ["127.0.0.1", "localhost", "[::1]"];
        let is_known = known
            .iter()
            .any(|name| host.eq_ignore_ascii_case(&format!("{name}:{}", self.port)));
        if is_known {
            return Ok(());
        }
        refused("the request is for another host: ask for 127.0.0.1 or localhost")
    }

    fn check_password(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(wanted) = &self.password else {
            return Ok(());
        };
        let given = headers.get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
        let decoded = given.and_then(|text| STANDARD.decode(text).ok());
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|text| text.split_once(':')) {
            Some((_, password)) if is_same(password, wanted) => Ok(()),
            _ => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "a password is needed: the user's name does not matter",
            )),
        }
    }
}

/// Adds what every answer says.
pub(crate) fn add_headers(headers: &mut HeaderMap, status: StatusCode) {
    for (name, value) in HEADERS {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"fathom\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
}

/// Refuses what another site's page asks for; following a link to a page is no such thing.
fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let refused = || {
        let detail = "the request comes from another site";
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    };
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = text("host").map(|host| format!("http://{host}"));
        if origin.to_str().ok() != own.as_deref() {
            return refused();
        }
    }
    let is_navigation = text("sec-fetch-mode") == Some("navigate");
    match text("sec-fetch-site") {
        Some("cross-site" | "same-site") if !is_navigation => refused(),
        _ => Ok(()),
    }
}

fn random_token() -> Result<String, Error> {
    let mut bytes = [0_u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    let mut token = String::with_capacity(2 * TOKEN_BYTES);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

/// Compares in a time that tells only the length.
fn is_same(given: &str, wanted: &str) -> bool {
    let (given, wanted) = (given.as_bytes(), wanted.as_bytes());
    let differing = given
        .iter()
        .zip(wanted)
        .fold(0_u8, |sum, (a, b)| sum | (a ^ b));
    given.len() == wanted.len() && differing == 0
}
