//! A server that answers as a test tells it to.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use fathom_evidence::{Capture, Missing};
use fathom_gather::{Options, Source};

/// How a request is answered.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Status 200 with a type and a body.
    Body(&'static str, Vec<u8>),
    /// Any status with a text.
    Status(u16, &'static str),
    /// A redirection.
    Redirect(String),
    /// A body that ends before its announced length.
    Cut(Vec<u8>),
    /// No answer, until the client gives up.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// Headers in lower case.
    pub(crate) head: String,
}

/// A running server; it ends with the tests.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

type Rules = dyn Fn(&Request) -> Reply + Send + Sync;

impl Server {
    /// Serves on a free port of loopback.
    pub(crate) fn start(rules: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let rules: Arc<Rules> = Arc::new(rules);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, rules) = (Arc::clone(&log), Arc::clone(&rules));
                thread::spawn(move || serve(stream, &log, &*rules));
            }
        });
        Self { address, requests }
    }

    /// Serves a table of paths; everything else is 404.
    pub(crate) fn table(table: HashMap<&'static str, Reply>) -> Self {
        Self::start(move |request| {
            table
                .get(request.path.as_str())
                .cloned()
                .unwrap_or(Reply::Status(404, "Unknown profile"))
        })
    }

    pub(crate) fn source(&self) -> Source {
        Source::parse(&self.address.to_string()).unwrap()
    }

    /// Returns the paths that were asked for, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| request.path.clone())
            .collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// Answers the one request of a connection.
pub(crate) fn serve(
    mut stream: impl Read + Write,
    log: &Mutex<Vec<Request>>,
    rules: &(dyn Fn(&Request) -> Reply + Send + Sync),
) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let text = String::from_utf8(head).unwrap();
    let request = Request {
        path: text.split(' ').nth(1).unwrap_or("").to_owned(),
        head: text.to_ascii_lowercase(),
    };
    log.lock().unwrap().push(request.clone());
    let (status, kind, extra, body) = match rules(&request) {
        Reply::Body(kind, body) => (200, kind, String::new(), body),
        Reply::Status(status, text) => (status, "text/plain", String::new(), text.into()),
        Reply::Redirect(to) => (302, "text/plain", format!("Location: {to}\r\n"), Vec::new()),
        Reply::Cut(body) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                body.len() + 1000
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            return;
        }
        Reply::Silence => {
            // Until the client closes.
            while matches!(stream.read(&mut byte), Ok(1)) {}
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    let _ = stream.flush();
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = fixtures().join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// What a Go 1.27 server answers.
pub(crate) fn go_answers() -> HashMap<&'static str, Reply> {
    let go = |name: &str| fixture(&format!("formats/go1.27.3/{name}"));
    let proto = |name: &str| Reply::Body("application/octet-stream", go(name));
    HashMap::from([
        (
            "/debug/pprof/",
            Reply::Body("text/html; charset=utf-8", go("index.html")),
        ),
        (
            "/debug/vars",
            Reply::Body("application/json", go("vars.json")),
        ),
        ("/debug/pprof/heap", proto("heap.pb.gz")),
        ("/debug/pprof/heap?gc=1", proto("heap.pb.gz")),
        (
            "/debug/pprof/heap?debug=1",
            Reply::Body("text/plain", go("heap_debug1.txt")),
        ),
        ("/debug/pprof/goroutine", proto("goroutine.pb.gz")),
        (
            "/debug/pprof/goroutine?debug=2",
            Reply::Body("text/plain", go("goroutine_debug2.txt")),
        ),
        ("/debug/pprof/goroutineleak", proto("goroutineleak.pb.gz")),
        (
            "/debug/pprof/threadcreate?debug=1",
            Reply::Body("text/plain", go("threadcreate_debug1.txt")),
        ),
        ("/debug/pprof/mutex", proto("mutex.pb.gz")),
        (
            "/debug/pprof/mutex?debug=1",
            Reply::Body("text/plain", go("mutex_debug1.txt")),
        ),
        ("/debug/pprof/block", proto("block.pb.gz")),
    ])
}

/// Options that see no processes, so that the server alone is asked.
pub(crate) fn alone() -> Options {
    Options {
        proc_root: PathBuf::from("/nonexistent"),
        timeout: Duration::from_secs(20),
        ..Options::default()
    }
}

pub(crate) fn capture(source: Source, options: &Options) -> Result<Capture, fathom_gather::Error> {
    fathom_gather::capture(&[source], options, &mut |_| {})
}

/// Returns what is said of the missing thing whose name contains a word.
pub(crate) fn missing<'a>(capture: &'a Capture, word: &str) -> &'a Missing {
    capture
        .missing
        .iter()
        .find(|missing| missing.what.contains(word))
        .unwrap_or_else(|| panic!("{word} is not missing: {:?}", capture.missing))
}
