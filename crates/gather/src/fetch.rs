//! Getting whatever lies at one URL, or asking it something, as a tool of the command line
//! does.

use std::time::Duration;

use crate::http::{Address, Client, Failure, Reply};
use crate::{Error, Options};

/// How many redirections are followed, as Go's `http.Client` does.
const MAX_REDIRECTS: usize = 10;

/// How much longer than the profile takes a server may wait with its answer.
const GRACE: Duration = Duration::from_secs(5);

/// Gets the body of what a URL answers with status 200.
///
/// `http`, `https` and `https+insecure` (any certificate is accepted) are known, and
/// `unix:/path.sock:/path?query` for a socket. `timeout` and five seconds more may pass
/// until the answer begins; the body may take as long as it does. Redirections are
/// followed; to another server they are without headers and credentials.
///
/// # Errors
///
/// [`Error::Fetch`] says why there is nothing; the options may be unusable as well.
pub fn fetch(url: &str, options: &Options, timeout: Duration) -> Result<Vec<u8>, Error> {
    exchange(url, None, options, timeout).map(|reply| reply.body)
}

/// Gets what a URL answers with status 200: its content type as the server says it, and its body.
///
/// # Errors
///
/// As [`fetch`].
pub fn fetch_typed(
    url: &str,
    options: &Options,
    timeout: Duration,
) -> Result<(String, Vec<u8>), Error> {
    exchange(url, None, options, timeout).map(|reply| (reply.content_type, reply.body))
}

/// Sends bytes to a URL with a POST and gets the body of what it answers with status 200, or with
/// another that says that it was taken (201 to 299).
///
/// URLs and time are those of [`fetch`]. A redirection is followed where it asks for the
/// same request, with 307 or 308.
///
/// # Errors
///
/// As [`fetch`].
pub fn post(
    url: &str,
    body: &[u8],
    options: &Options,
    timeout: Duration,
) -> Result<Vec<u8>, Error> {
    exchange(url, Some(body), options, timeout).map(|reply| reply.body)
}

fn exchange(
    url: &str,
    sent: Option<&[u8]>,
    options: &Options,
    timeout: Duration,
) -> Result<Reply, Error> {
    let mut options = options.clone();
    let mut target = match url.strip_prefix("https+insecure://") {
        Some(rest) => {
            options.tls.insecure = true;
            format!("https://{rest}")
        }
        None => url.to_owned(),
    };
    for _ in 0..=MAX_REDIRECTS {
        let (address, request) = locate(&target)?;
        let client = Client::new(&address, &options)?;
        let timeout = timeout.saturating_add(GRACE);
        let reply = match sent {
            None => client.exchange(&request, timeout),
            Some(bytes) => client.post(&request, bytes, timeout),
        };
        let reply = reply.map_err(|failure| failed(&failure))?;
        let points_elsewhere = match sent {
            None => (300..=399).contains(&reply.status),
            Some(_) => matches!(reply.status, 307 | 308),
        };
        let Some(location) = reply.location.clone().filter(|_| points_elsewhere) else {
            return succeeded(reply, sent.is_some());
        };
        let next = if location.starts_with('/') {
            format!("{}{location}", address.origin())
        } else {
            location
        };
        if !next.starts_with(&format!("{}/", address.origin())) {
            // Elsewhere, headers and credentials are nobody's business.
            options.headers.clear();
            options.basic = None;
            options.bearer = None;
            options.tls.cert = None;
            options.tls.key = None;
        }
        target = next;
    }
    Err(Error::Fetch {
        why: format!("stopped after {MAX_REDIRECTS} redirects"),
        status: None,
        hint: None,
    })
}

/// Splits a URL into the server and what is asked of it.
fn locate(url: &str) -> Result<(Address, String), Error> {
    let wrong = |reason: String| Error::Fetch {
        why: reason,
        status: None,
        hint: None,
    };
    if let Some(rest) = url.strip_prefix("unix:") {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (socket, path) = match rest.split_once(":/") {
            Some((socket, path)) => (socket, format!("/{path}")),
            None => (rest, "/".to_owned()),
        };
        let address = Address::parse(&format!("unix:{socket}")).map_err(wrong)?;
        let request = format!("{}{path}", address.origin());
        return Ok((address, request));
    }
    // An absent host is this machine, as Go's dialer has it.
    let url = url.replacen("://:", "://localhost:", 1);
    let address = Address::parse(&url).map_err(wrong)?;
    let after = url.split_once("://").map_or("", |(_, after)| after);
    let after = after.split('#').next().unwrap_or(after);
    let path = after
        .find(['/', '?'])
        .and_then(|at| after.get(at..))
        .unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok((
        address.clone(),
        format!("{}{slash}{path}", address.origin()),
    ))
}

fn succeeded(reply: Reply, was_sent: bool) -> Result<Reply, Error> {
    // What takes something may have nothing to say to it.
    if reply.status == 200 || (was_sent && (201..=299).contains(&reply.status)) {
        return Ok(reply);
    }
    let reason = ureq::http::StatusCode::from_u16(reply.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let mut why = format!("server response: {} {reason}", reply.status);
    // What net/http/pprof itself says is worth telling, what a proxy says is not.
    if reply.is_go_pprof && reply.content_type.contains("text/plain") {
        let said = String::from_utf8_lossy(&reply.body);
        why = format!("{why} - {}", said.trim_end());
    }
    Err(Error::Fetch {
        why,
        status: Some(reply.status),
        hint: Failure::Status(reply.status, String::new()).hint(),
    })
}

fn failed(failure: &Failure) -> Error {
    let hint = match failure {
        Failure::Tls(_) => Some(
            "name the authority, or write https+insecure:// to accept any certificate".to_owned(),
        ),
        other => other.hint(),
    };
    Error::Fetch {
        why: failure.why(),
        status: None,
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_server_and_a_request() {
        let request = |url: &str| locate(url).unwrap().1;
        assert_eq!(request("http://h:1/a/b?c=d#e"), "http://h:1/a/b?c=d");
        assert_eq!(request("https://me:pw@h"), "https://h/");
        assert_eq!(request("http://:1/x"), "http://localhost:1/x");
        assert_eq!(
            request("unix:/run/a.sock:/debug/pprof/heap?gc=1"),
            "http://localhost/debug/pprof/heap?gc=1"
        );
        assert!(locate("ftp://h/x").is_err());
    }
}
