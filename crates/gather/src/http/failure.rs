//! Why a request brought nothing: one line each, and what to do.

use std::io;
use std::time::Duration;

/// Why a request brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nobody listens there.
    Refused,
    /// The host name means nothing.
    HostNotFound,
    /// No answer within the time.
    Timeout(Duration),
    /// An error status, with the first line of what was said.
    Status(u16, String),
    /// A page for people came instead of evidence.
    Html,
    /// The server points elsewhere, to a login for instance.
    Redirect(String),
    /// The server speaks TLS and was spoken to without.
    WantsTls,
    /// The TLS connection could not be made.
    Tls(String),
    /// The body ended early, after so many bytes.
    Cut(u64),
    /// The body is larger than the limit.
    TooLarge(u64),
    /// What came is not what was asked for.
    Unexpected(String),
    /// Anything else.
    Other(String),
}

impl Failure {
    /// Reads what the client said; `waited` is the time that was allowed.
    pub(super) fn of(error: &ureq::Error, waited: Duration) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::Timeout(waited),
            ureq::Error::HostNotFound => Self::HostNotFound,
            ureq::Error::Io(io_error) => Self::of_io(io_error, waited),
            ureq::Error::Rustls(tls_error) => Self::Tls(tls_error.to_string()),
            ureq::Error::Tls(reason) => Self::Tls((*reason).to_owned()),
            ureq::Error::Protocol(protocol) => {
                Self::Unexpected(format!("the answer is not HTTP: {protocol}"))
            }
            other => Self::Other(other.to_string()),
        }
    }

    pub(super) fn of_io(error: &io::Error, waited: Duration) -> Self {
        // The client and rustls hide their own errors inside of those of I/O.
        if let Some(inner) = error.get_ref() {
            if let Some(client) = inner.downcast_ref::<ureq::Error>() {
                return Self::of(client, waited);
            }
            if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls.to_string());
            }
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Self::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout(waited),
            io::ErrorKind::PermissionDenied => Self::Other("permission denied".to_owned()),
            _ => Self::Other(error.to_string()),
        }
    }

    /// Tells whether the server as a whole cannot be spoken to, so that
    /// further requests are pointless.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::HostNotFound
                | Self::Timeout(_)
                | Self::Tls(_)
                | Self::WantsTls
                | Self::Redirect(_)
                | Self::Other(_)
                | Self::Status(401 | 403 | 407, _)
        )
    }

    /// Returns the line that says why.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Refused => "connection refused: nobody listens there".to_owned(),
            Self::HostNotFound => "the host name cannot be resolved".to_owned(),
            Self::Timeout(waited) => {
                format!("no complete answer within {:.1} s", waited.as_secs_f64())
            }
            Self::Status(status, said) if said.is_empty() => format!("HTTP status {status}"),
            Self::Status(status, said) => format!("HTTP status {status}: {said}"),
            Self::Html => "an HTML page came instead of evidence".to_owned(),
            Self::Redirect(location) => format!("the server redirects to {location}"),
            Self::WantsTls => "the server speaks TLS".to_owned(),
            Self::Tls(reason) => format!("TLS: {reason}"),
            Self::Cut(bytes) => format!("the answer broke off after {bytes} bytes"),
            Self::TooLarge(limit) => {
                format!("the answer is larger than the limit of {limit} bytes")
            }
            Self::Unexpected(what) | Self::Other(what) => what.clone(),
        }
    }

    /// Returns what the user can do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Refused => "is the program running, and does it serve net/http/pprof there?",
            Self::Timeout(_) => "allow more time with --timeout",
            Self::Status(401 | 407, _) => "give --user name:password, --bearer or a --header",
            Self::Status(403, _) => "the server forbids it: ask for access, or give a --header",
            Self::Status(404, _) => {
                "import _ \"net/http/pprof\", or give the full URL of its index if it is elsewhere"
            }
            Self::Status(405, _) => "a proxy before the program seems to forbid GET",
            Self::Html => "this looks like a login page or another service: check the address",
            Self::Redirect(_) => "give that address if it is the right one",
            Self::WantsTls => "write https:// before the address",
            Self::Tls(_) => {
                "give the authority with --ca, or accept any certificate with --insecure"
            }
            Self::TooLarge(_) => "raise the limit with --max-bytes",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
