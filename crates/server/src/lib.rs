//! The web app: the answer on one page, every view a click away.
//!
//! The server reads nothing itself: it is given a [`Subject`] — profiles, what explain found,
//! perhaps an earlier state of both — and answers with the views of `fathom-report` over it,
//! under the table of options that the command line has ([`Server`], `/api/v1/openapi.json`).
//! The page in `web/` draws them.
//!
//! What is decided here:
//!
//! - It listens on loopback behind a random part of the path; beyond loopback only with a
//!   secret of the user's.
//! - Everything is read with `GET`, so an answer is a function of the address, and is made
//!   once; who asks for what is being made waits for it.
//! - One thing is taken: a profile to compare with, which stays in memory, under a name that
//!   is given once.
//! - Views are made on threads of their own, as many at a time as there are processors.
//! - A page can be saved as one file that needs no server ([`save`]).
//! - The server listens before the sources are read, so that the page is there at once.

mod access;
mod api;
mod assets;
mod live;
mod memo;
mod past;
mod pprof_paths;
mod problem;
mod query;
mod serve;
mod shelf;
mod subject;

use std::net::SocketAddr;

use thiserror::Error as ThisError;

pub use api::{Saving, SourceText, save};
pub use past::{Collector, Past};
pub use problem::Problem;
pub use query::is_parameter;
pub use serve::{Server, Settings};
pub use subject::{Around, Goroutines, NamedProfile, Slot, Subject};

/// Why there is no server.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken, or not one of this machine.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Others could reach it, and no secret keeps them out.
    #[error("others can reach {address}, and nothing keeps them out")]
    Unprotected {
        /// The address.
        address: SocketAddr,
    },
    /// The token would be guessed, or does not fit into a path.
    #[error("the token needs at least 16 characters, of letters, digits, - and _")]
    Token,
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random,
    /// The server ended.
    #[error("the server ended")]
    Serve {
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// Says what to do about it.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unprotected { .. } => Some(
                "--password or --token (in the environment FATHOM_PASSWORD, FATHOM_TOKEN) does",
            ),
            Self::Listen { .. } => Some("--port 0 takes one that is free"),
            _ => None,
        }
    }
}
