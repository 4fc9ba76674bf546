//! How a server is spoken to: credentials and TLS.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fathom_gather::{Options, Tls};
use serde::Deserialize;

use super::Secret;
use crate::Error;

/// Most bytes of a file that holds a password or token.
const MOST_SECRET_BYTES: u64 = 64 << 10;

/// Credentials and TLS of one kind of request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The credentials, if any.
    pub auth: Option<Auth>,
    /// How TLS connections are verified.
    pub tls: Tls,
}

/// Credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// User name and password.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Stored,
    },
    /// A scheme and a token: `Bearer` and what follows it.
    Scheme {
        /// The scheme.
        scheme: String,
        /// The token.
        credentials: Stored,
    },
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// In the configuration.
    Inline(Secret),
    /// In a file, which is read anew whenever it is needed.
    File(PathBuf),
}

impl Stored {
    /// The secret, without line breaks at its end.
    fn read(&self) -> Result<String, Error> {
        match self {
            Self::Inline(secret) => Ok(secret.reveal().to_owned()),
            Self::File(path) => read_secret(path),
        }
    }
}

fn read_secret(path: &Path) -> Result<String, Error> {
    let wrong = |reason: String| Error::Read {
        path: path.to_owned(),
        reason,
    };
    let length = fs::metadata(path)
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if length > MOST_SECRET_BYTES {
        return Err(wrong(format!(
            "larger than a password or token can be ({MOST_SECRET_BYTES} bytes)"
        )));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Ok(text.trim().to_owned())
}

impl Client {
    /// The options with which `gather` asks: credentials that stand in files are read now.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if a file with a secret cannot be read.
    pub fn options(&self, timeout: Duration, max_bytes: u64) -> Result<Options, Error> {
        let mut options = Options {
            timeout,
            max_bytes,
            tls: self.tls.clone(),
            ..Options::default()
        };
        options.connect_timeout = options.connect_timeout.min(timeout);
        match &self.auth {
            None => {}
            Some(Auth::Basic { user, password }) => {
                options.basic = Some((user.clone(), password.read()?));
            }
            Some(Auth::Scheme {
                scheme,
                credentials,
            }) => {
                let token = credentials.read()?;
                if scheme.eq_ignore_ascii_case("bearer") {
                    options.bearer = Some(token);
                } else {
                    let value = format!("{scheme} {token}");
                    options.headers.push(("Authorization".to_owned(), value));
                }
            }
        }
        Ok(options)
    }
}

/// `basic_auth` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBasic {
    username: String,
    password: Option<Secret>,
    password_file: Option<PathBuf>,
}

/// `authorization` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAuthorization {
    #[serde(rename = "type")]
    scheme: Option<String>,
    credentials: Option<Secret>,
    credentials_file: Option<PathBuf>,
}

/// `tls_config` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    server_name: Option<String>,
    #[serde(default)]
    insecure_skip_verify: bool,
}

/// Puts the three parts together. Paths are relative to `folder`. The error says what is wrong.
pub(super) fn resolve(
    basic: Option<RawBasic>,
    authorization: Option<RawAuthorization>,
    tls: Option<RawTls>,
    folder: &Path,
) -> Result<Client, String> {
    let auth = match (basic, authorization) {
        (Some(_), Some(_)) => {
            return Err("basic_auth and authorization exclude each other".to_owned());
        }
        (Some(basic), None) => Some(Auth::Basic {
            user: basic.username,
            password: stored(basic.password, basic.password_file, folder)
                .ok_or("basic_auth needs either password or password_file")?,
        }),
        (None, Some(token)) => Some(Auth::Scheme {
            scheme: match token.scheme.as_deref().map(str::trim) {
                None | Some("") => "Bearer".to_owned(),
                Some(scheme) if scheme.eq_ignore_ascii_case("basic") => {
                    return Err("authorization of type Basic: write basic_auth".to_owned());
                }
                Some(scheme) => scheme.to_owned(),
            },
            credentials: stored(token.credentials, token.credentials_file, folder)
                .ok_or("authorization needs either credentials or credentials_file")?,
        }),
        (None, None) => None,
    };
    let tls = match tls {
        None => Tls::default(),
        Some(raw) => {
            if raw.server_name.is_some() {
                return Err(
                    "tls_config: server_name cannot be set: a certificate is checked against \
                     the host of the target, so give the target by the name in its certificate"
                        .to_owned(),
                );
            }
            if raw.key_file.is_some() && raw.cert_file.is_none() {
                return Err("tls_config: key_file needs cert_file".to_owned());
            }
            Tls {
                ca: raw.ca_file.map(|path| folder.join(path)),
                cert: raw.cert_file.map(|path| folder.join(path)),
                key: raw.key_file.map(|path| folder.join(path)),
                insecure: raw.insecure_skip_verify,
            }
        }
    };
    Ok(Client { auth, tls })
}

/// One of two places; neither or both is `None`.
fn stored(inline: Option<Secret>, file: Option<PathBuf>, folder: &Path) -> Option<Stored> {
    match (inline, file) {
        (Some(secret), None) => Some(Stored::Inline(secret)),
        (None, Some(path)) => Some(Stored::File(folder.join(path))),
        _ => None,
    }
}
