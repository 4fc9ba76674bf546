//! The server as a browser talks to it: over a socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod api;
mod flame;
mod history;
mod page;
mod process;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use fathom_profile::{Limits, Profile};
use fathom_report::options::Options;
use fathom_report::{Objects, Sources};
use fathom_server::{Around, NamedProfile, Server, Settings, Slot, Subject};
use jiff::tz::TimeZone;
use serde_json::Value;

struct Nothing;

impl Sources for Nothing {
    fn read(&self, path: &str, _: &str, _: &str) -> Result<Arc<[u8]>, String> {
        Err(format!("open {path}: not in a test"))
    }
}

impl Objects for Nothing {
    fn read(&self, file: &str, _: &str) -> Result<Arc<[u8]>, String> {
        Err(format!("open {file}: not in a test"))
    }
}

fn settings() -> Settings {
    Settings {
        address: "127.0.0.1:0".parse().unwrap(),
        token: None,
        password: None,
        kept_bytes: 1 << 20,
        most_dropped_bytes: 1 << 20,
        around: Around {
            zone: TimeZone::UTC,
            sources: Box::new(Nothing),
            objects: Box::new(Nothing),
            options: Options::default(),
        },
    }
}

/// A server that runs until the tests end.
struct Running {
    address: SocketAddr,
    token: String,
    slot: Slot,
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&self.body));
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }
}

impl Running {
    fn start(settings: Settings) -> Self {
        let server = Server::bind(settings).unwrap();
        let url = server.url();
        let rest = url.strip_prefix("http://").unwrap();
        let (address, token) = rest.split_once('/').unwrap();
        let running = Self {
            address: address.parse().unwrap(),
            token: token.trim_end_matches('/').to_owned(),
            slot: server.slot(),
        };
        std::thread::spawn(move || server.run());
        running
    }

    /// A server with these profiles.
    fn with(profiles: Vec<NamedProfile>) -> Self {
        let running = Self::start(settings());
        running.slot.ready(Subject {
            title: "test".to_owned(),
            profiles,
            ..Subject::default()
        });
        running
    }

    /// Sends a request as it is and returns what comes back.
    fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        // The server may answer and close before all is sent.
        let _ = stream.write_all(request);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = bytes[end + 4..].to_vec();
        Answer { status, head, body }
    }

    fn request(&self, path: &str, headers: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
        self.raw(request.as_bytes())
    }

    /// Asks for a path below the secret part as a browser would.
    fn get(&self, path: &str) -> Answer {
        let host = format!("Host: {}\r\n", self.address);
        self.request(&format!("/{}{path}", self.token), &host)
    }
}

fn folded(text: &str) -> Profile {
    Profile::parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn small() -> NamedProfile {
    NamedProfile::new(
        "cpu",
        "test.folded",
        folded("main;work;deep 6\nmain;work 2\nmain;wait 2\n"),
    )
}
