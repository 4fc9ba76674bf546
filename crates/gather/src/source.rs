//! Where evidence comes from: what an argument means.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::http::Address;

/// Where evidence comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A process of this machine.
    Pid(u32),
    /// A server of `net/http/pprof`, by URL or `unix:` socket.
    Address(Address),
    /// A file: a bundle or loose evidence.
    File(PathBuf),
    /// A folder of loose evidence.
    Directory(PathBuf),
    /// Standard input: a bundle or loose evidence.
    Stdin,
}

impl Source {
    /// Reads an argument: an existing file or folder wins over everything
    /// else, then `-`, a pid, `unix:/path.sock`, a URL, `host:port`, `:port`.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] if it is none of these.
    ///
    /// # Examples
    ///
    /// ```
    /// use fathom_gather::Source;
    ///
    /// assert_eq!(Source::parse("4711")?, Source::Pid(4711));
    /// let Source::Address(address) = Source::parse(":6060")? else {
    ///     unreachable!()
    /// };
    /// assert_eq!(address.base_url(), "http://localhost:6060/debug/pprof/");
    /// # Ok::<(), fathom_gather::Error>(())
    /// ```
    pub fn parse(argument: &str) -> Result<Self, Error> {
        if argument == "-" {
            return Ok(Self::Stdin);
        }
        let path = Path::new(argument);
        if path.is_dir() {
            return Ok(Self::Directory(path.to_owned()));
        }
        if path.exists() {
            return Ok(Self::File(path.to_owned()));
        }
        let is_number = !argument.is_empty() && argument.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            return match argument.parse::<u32>() {
                Ok(pid) if pid > 0 => Ok(Self::Pid(pid)),
                _ => Err(Error::Source {
                    argument: argument.to_owned(),
                    reason: "no process has that number".to_owned(),
                }),
            };
        }
        Address::parse(argument)
            .map(Self::Address)
            .map_err(|reason| Error::Source {
                argument: fathom_evidence::redact::url(argument),
                reason,
            })
    }

    /// Returns the source as a user would write it, without credentials.
    pub fn describe(&self) -> String {
        match self {
            Self::Pid(pid) => format!("pid {pid}"),
            Self::Address(address) => address.base_url(),
            Self::File(path) | Self::Directory(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
        }
    }
}
