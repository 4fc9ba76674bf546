//! Live sources: a server that answers as `net/http/pprof` does, from fixtures.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::{FORMATS, fathom, fixtures, json};

pub(crate) struct Server {
    pub(crate) address: String,
    /// The request lines and the headers of authentication.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

/// Answers until the test ends.
pub(crate) fn serve() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let log = Arc::clone(&log);
            thread::spawn(move || answer(&stream.unwrap(), &log));
        }
    });
    Server { address, asked }
}

fn answer(mut stream: &TcpStream, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let path = request.split(' ').nth(1).unwrap_or("").to_owned();
    log.lock().unwrap().push(path.clone());
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.to_ascii_lowercase().starts_with("authorization:") {
            log.lock().unwrap().push(line);
        }
    }
    let file = match path.strip_prefix("/debug/pprof/").unwrap_or(&path) {
        "" => "index.html",
        "heap" => "heap.pb.gz",
        "goroutine" => "goroutine.pb.gz",
        "goroutine?debug=2" => "goroutine_debug2.txt",
        "goroutineleak" => "goroutineleak.pb.gz",
        _ => "",
    };
    let body = std::fs::read(fixtures().join(FORMATS).join(file));
    let (status, body) = match body {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", b"404 page not found\n".to_vec()),
    };
    let kind = if file == "index.html" {
        "text/html"
    } else {
        "application/octet-stream"
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body));
}

#[test]
fn a_server_is_asked_for_one_profile_alone() {
    let server = serve();
    let by_address = fathom(&["top", &server.address]).fine();
    assert_eq!(
        by_address,
        fathom(&["top", &format!("{FORMATS}/heap.pb.gz")]).fine()
    );
    assert_eq!(*server.asked.lock().unwrap(), ["/debug/pprof/heap"]);
}

#[test]
fn goroutines_stop_the_world_only_when_asked() {
    let server = serve();
    let answer = json(&["goroutines", &server.address, "--json"]);
    assert_eq!(
        (&answer["form"], &answer["total"]),
        (&"profile".into(), &14.into())
    );
    let answer = json(&["goroutines", &server.address, "--dump", "--json"]);
    assert_eq!(answer["form"], "dump");
    let done = fathom(&["goroutines", &server.address, "--leak"]);
    assert!(
        done.stderr.contains("garbage collection"),
        "{}",
        done.stderr
    );
    let wanted = [
        "/debug/pprof/goroutine",
        "/debug/pprof/goroutine?debug=2",
        "/debug/pprof/goroutineleak",
    ];
    assert_eq!(*server.asked.lock().unwrap(), wanted);
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let server = serve();
    let done = fathom(&["top", &server.address, "--user", "me:secret", "--progress"]);
    assert!(!done.stderr.contains("secret"), "{}", done.stderr);
    assert!(
        done.stderr.contains("took pprof/heap.pb.gz"),
        "{}",
        done.stderr
    );
    let asked = server.asked.lock().unwrap();
    assert!(
        asked.iter().any(|line| line.contains("Basic bWU6c2VjcmV0")),
        "{asked:?}"
    );
}

#[test]
fn a_server_that_lacks_it_is_told() {
    let server = serve();
    let said = fathom(&["top", &server.address, "--profile", "block"]).failed();
    assert!(said.contains("404"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_processes_of_this_machine() {
    let answer = json(&["ps", "--no-probe", "--json"]);
    assert_eq!(answer["schema"], "fathom.ps/1");
    assert!(answer["processes"].is_array());
}
