//! Asking an HTTP server, with limits and clear failures.

mod address;
mod failure;
mod tls;
#[cfg(unix)]
mod unix;

use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use ureq::config::Config;
use ureq::{Agent, RequestBuilder};

pub use address::Address;
pub(crate) use failure::Failure;

use crate::{Error, Options};

/// Redirections that are followed, all of them on one server.
const MAX_REDIRECTS: usize = 3;
/// How much of an error's body is looked at.
const ERROR_BODY_BYTES: u64 = 4096;

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Tells whether it is a page for people.
    pub(crate) fn is_html(&self) -> bool {
        self.content_type.starts_with("text/html")
            || self
                .body
                .get(..512)
                .unwrap_or(&self.body)
                .to_ascii_lowercase()
                .trim_ascii_start()
                .starts_with(b"<!doctype html")
    }
}

/// A client of one server.
pub(crate) struct Client {
    agent: Agent,
    address: Address,
    headers: Vec<(String, String)>,
    timeout: Duration,
    max_bytes: u64,
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    pub(crate) fn new(address: &Address, options: &Options) -> Result<Self, Error> {
        let mut config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(options.connect_timeout))
            .user_agent(concat!("fathom/", env!("CARGO_PKG_VERSION")));
        // A proxy has no way to what this machine's loopback means.
        if address.socket().is_some() || is_local_host(&address.host_and_port().0) {
            config = config.proxy(None);
        }
        if address.is_tls() {
            config = config.tls_config(tls::config(&options.tls)?);
        }
        Ok(Self {
            agent: agent(config.build(), address)?,
            address: address.clone(),
            headers: headers(address, options)?,
            timeout: options.timeout,
            max_bytes: options.max_bytes,
        })
    }

    /// Gets a URL of the server within the usual time.
    pub(crate) fn get(&self, url: &str) -> Result<Answer, Failure> {
        self.get_within(url, self.timeout)
    }

    /// Gets a URL of the server within a time.
    pub(crate) fn get_within(&self, url: &str, timeout: Duration) -> Result<Answer, Failure> {
        let mut url = url.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            match self.get_once(&url, timeout)? {
                Outcome::Answer(answer) => return Ok(answer),
                Outcome::Redirect(location) => {
                    let origin = self.address.origin();
                    let target = if location.starts_with('/') {
                        format!("{origin}{location}")
                    } else {
                        location
                    };
                    // Elsewhere, headers and credentials are nobody's business.
                    if !target.starts_with(&format!("{origin}/")) {
                        return Err(Failure::Redirect(self.address.shown(&target)));
                    }
                    url = target;
                }
            }
        }
        Err(Failure::Redirect("itself, again and again".to_owned()))
    }

    fn get_once(&self, url: &str, timeout: Duration) -> Result<Outcome, Failure> {
        let reply = self.request(url, None, Wait::Whole(timeout))?;
        if let (300..=399, Some(location)) = (reply.status, reply.location) {
            return Ok(Outcome::Redirect(location));
        }
        if reply.status != 200 {
            return Err(status_failure(
                reply.status,
                &reply.content_type,
                &reply.body,
            ));
        }
        Ok(Outcome::Answer(Answer {
            content_type: reply.content_type,
            body: reply.body,
        }))
    }

    /// Asks once and returns whatever is answered, within `timeout` until it begins.
    pub(crate) fn exchange(&self, url: &str, timeout: Duration) -> Result<Reply, Failure> {
        self.request(url, None, Wait::Beginning(timeout))
    }

    /// Sends bytes with a POST and returns whatever is answered, within `timeout` until it
    /// begins.
    pub(crate) fn post(&self, url: &str, body: &[u8], timeout: Duration) -> Result<Reply, Failure> {
        self.request(url, Some(body), Wait::Beginning(timeout))
    }

    /// Adds headers and timeouts to a request.
    fn prepared<B>(&self, mut request: RequestBuilder<B>, wait: Wait) -> RequestBuilder<B> {
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let config = request.config();
        let config = match wait {
            Wait::Whole(timeout) => config.timeout_global(Some(timeout)),
            Wait::Beginning(timeout) => config.timeout_recv_response(Some(timeout)),
        };
        config.build()
    }

    fn request(&self, url: &str, body: Option<&[u8]>, wait: Wait) -> Result<Reply, Failure> {
        let (Wait::Whole(timeout) | Wait::Beginning(timeout)) = wait;
        let answered = match body {
            None => self.prepared(self.agent.get(url), wait).call(),
            Some(bytes) => {
                let request = self
                    .agent
                    .post(url)
                    .header("Content-Type", "application/octet-stream");
                self.prepared(request, wait).send(bytes)
            }
        };
        let mut response = answered.map_err(|error| Failure::of(&error, timeout))?;
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let mut reply = Reply {
            status,
            content_type: header("content-type").unwrap_or_default(),
            location: header("location"),
            is_go_pprof: header("x-go-pprof").is_some_and(|value| !value.is_empty()),
            body: Vec::new(),
        };
        if status != 200 {
            // The status tells enough if the body cannot be read.
            let _ = response
                .body_mut()
                .as_reader()
                .take(ERROR_BODY_BYTES)
                .read_to_end(&mut reply.body);
            return Ok(reply);
        }
        let most = self.max_bytes.saturating_add(1);
        let outcome = response
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .reader()
            .take(most)
            .read_to_end(&mut reply.body);
        let length = reply.body.len() as u64;
        if length > self.max_bytes {
            return Err(Failure::TooLarge(self.max_bytes));
        }
        match outcome {
            Ok(_) => Ok(reply),
            Err(error) => Err(match Failure::of_io(&error, timeout) {
                Failure::Other(_) | Failure::Unexpected(_) => Failure::Cut(length),
                failure => failure,
            }),
        }
    }
}

/// What is waited for.
#[derive(Clone, Copy)]
enum Wait {
    /// The whole answer.
    Whole(Duration),
    /// Its beginning; the rest may take as long as it does.
    Beginning(Duration),
}

/// An answer of any status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// Where the server points to.
    pub(crate) location: Option<String>,
    /// Whether `net/http/pprof` itself answers (`X-Go-Pprof`).
    pub(crate) is_go_pprof: bool,
    /// What came; of a status other than 200 the beginning.
    pub(crate) body: Vec<u8>,
}

enum Outcome {
    Answer(Answer),
    Redirect(String),
}

fn status_failure(status: u16, content_type: &str, said: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(said);
    if status == 400 && text.contains("HTTP request to an HTTPS server") {
        return Failure::WantsTls;
    }
    let first = text.lines().next().unwrap_or("").trim();
    let is_plain = content_type.starts_with("text/plain") && first.len() <= 120;
    Failure::Status(
        status,
        if is_plain {
            first.to_owned()
        } else {
            String::new()
        },
    )
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "fails where there are no unix sockets"
)]
fn agent(config: Config, address: &Address) -> Result<Agent, Error> {
    Ok(match address.socket() {
        Some(path) => Agent::with_parts(
            config,
            unix::UnixConnector { path: path.clone() },
            ureq::unversioned::resolver::DefaultResolver::default(),
        ),
        None => Agent::new_with_config(config),
    })
}

#[cfg(not(unix))]
fn agent(config: Config, address: &Address) -> Result<Agent, Error> {
    match address.socket() {
        Some(_) => Err(Error::Unsupported {
            what: "a unix socket".to_owned(),
        }),
        None => Ok(Agent::new_with_config(config)),
    }
}

/// Collects the headers of every request, and checks them, so that a mistake
/// is told once and not per artefact.
fn headers(address: &Address, options: &Options) -> Result<Vec<(String, String)>, Error> {
    let mut headers = options.headers.clone();
    let basic = options.basic.as_ref().or(address.user());
    if let Some((user, password)) = basic {
        let credentials = base64(format!("{user}:{password}").as_bytes());
        headers.push(("Authorization".to_owned(), format!("Basic {credentials}")));
    } else if let Some(token) = &options.bearer {
        headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
    }
    for (name, value) in &headers {
        let reason = if ureq::http::HeaderName::try_from(name.as_str()).is_err() {
            "its name has characters that no header's has"
        } else if ureq::http::HeaderValue::try_from(value.as_str()).is_err() {
            "its value has characters that no header's has"
        } else {
            continue;
        };
        return Err(Error::Header {
            name: name.clone(),
            reason: reason.to_owned(),
        });
    }
    Ok(headers)
}

/// Encodes bytes as RFC 4648 says.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0_usize, |bits, (index, &byte)| {
                bits | usize::from(byte) << (16 - 8 * index)
            });
        for digit in 0..4 {
            let symbol = ALPHABET.get((bits >> (18 - 6 * digit)) & 63);
            text.push(match symbol {
                Some(&symbol) if digit <= group.len() => char::from(symbol),
                _ => '=',
            });
        }
    }
    text
}

/// Tells whether a host name is this machine's loopback.
fn is_local_host(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Returns the addresses of a host that belong to this machine.
pub(crate) fn local_addresses(host: &str, port: u16) -> Vec<IpAddr> {
    let Ok(addresses) = (host, port).to_socket_addrs() else {
        return Vec::new();
    };
    addresses
        .map(|address| address.ip())
        // Only a machine's own address can be bound to.
        .filter(|&ip| ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
