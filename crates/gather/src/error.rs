//! What keeps evidence from being gathered at all.

use std::path::PathBuf;

use thiserror::Error;

/// What keeps evidence from being gathered at all. A part that could not be
/// had is no error but a [`fathom_evidence::Missing`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The argument is neither a pid, nor an address, nor a file.
    #[error("{argument:?} is no file, no pid and no address: {reason}")]
    Source {
        /// The argument.
        argument: String,
        /// What speaks against the likeliest reading.
        reason: String,
    },
    /// The sources do not belong together.
    #[error("{reason}")]
    Combination {
        /// Which of them exclude each other.
        reason: String,
    },
    /// A file, folder or standard input could not be read.
    #[error("{}: {reason}", path.display())]
    Read {
        /// The path; `-` is standard input.
        path: PathBuf,
        /// What the operating system said, or which limit was passed.
        reason: String,
    },
    /// A bundle could not be read.
    #[error(transparent)]
    Bundle(#[from] fathom_evidence::Error),
    /// The TLS options cannot be used.
    #[error("{what}: {reason}")]
    Tls {
        /// The option or file.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header that was asked for is none.
    #[error("header {name:?} cannot be sent: {reason}")]
    Header {
        /// Name of the header; its value may be secret.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing at all could be had.
    #[error("no evidence from {what}: {why}")]
    Nothing {
        /// The sources.
        what: String,
        /// Why, of the first thing that failed.
        why: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// What was given is no live process.
    #[error("{what} is no live process")]
    NotLive {
        /// The sources.
        what: String,
    },
    /// A URL gave nothing.
    #[error("{why}")]
    Fetch {
        /// What the server or the connection said.
        why: String,
        /// The status, if the server answered with one that is no success.
        status: Option<u16>,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// This part of the system cannot be read here.
    #[error("{what} is not supported on this system: it needs Linux's /proc")]
    Unsupported {
        /// What was asked for.
        what: String,
    },
}

impl Error {
    /// Returns what the user can do about it, in one line, where there is
    /// something to say.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Source { .. } => {
                Some("give a pid, host:port, a URL, unix:/path, a file, a folder or - for stdin")
            }
            Self::NotLive { .. } => Some("give a pid, host:port, a URL or unix:/path"),
            Self::Bundle(error) => error.hint(),
            Self::Nothing { hint, .. } | Self::Fetch { hint, .. } => hint.as_deref(),
            Self::Unsupported { .. } => Some("give the address of net/http/pprof instead of a pid"),
            _ => None,
        }
    }
}
