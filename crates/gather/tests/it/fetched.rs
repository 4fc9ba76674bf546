//! One URL at a time, as a tool of the command line asks.

use std::collections::HashMap;
use std::time::Duration;

use fathom_gather::{Error, Options, fetch};

use super::scripted::{Reply, Server, fixture};

const PATIENCE: Duration = Duration::from_secs(20);

fn heap() -> Vec<u8> {
    fixture("formats/go1.27.3/heap.pb.gz")
}

fn server() -> Server {
    Server::table(HashMap::from([
        ("/heap", Reply::Body("application/octet-stream", heap())),
        (
            "/heap?gc=1&seconds=2",
            Reply::Body("text/plain", b"asked".to_vec()),
        ),
        ("/cut", Reply::Cut(b"half".to_vec())),
        ("/moved", Reply::Redirect("/heap".to_owned())),
        ("/round", Reply::Redirect("/round".to_owned())),
    ]))
}

fn why(url: &str) -> (String, Option<String>) {
    match fetch(url, &Options::default(), PATIENCE) {
        Err(Error::Fetch { why, hint, .. }) => (why, hint),
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn a_url_is_asked_for_as_it_is() {
    let server = server();
    let get = |path: &str| {
        let url = format!("http://{}{path}", server.address);
        fetch(&url, &Options::default(), PATIENCE).unwrap()
    };
    assert_eq!(get("/heap"), heap());
    assert_eq!(get("/heap?gc=1&seconds=2"), b"asked");
    assert_eq!(get("/moved"), heap());
    let expected = ["/heap", "/heap?gc=1&seconds=2", "/moved", "/heap"];
    assert_eq!(server.paths(), expected);
}

#[test]
fn what_fails_says_why() {
    let server = server();
    let url = |path: &str| format!("http://{}{path}", server.address);
    assert_eq!(why(&url("/nosuch")).0, "server response: 404 Not Found");
    assert_eq!(why(&url("/cut")).0, "the answer broke off after 4 bytes");
    assert_eq!(why(&url("/round")).0, "stopped after 10 redirects");
    let (refused, hint) = why("http://127.0.0.1:1/heap");
    assert!(refused.starts_with("connection refused"), "{refused}");
    assert!(hint.is_some());
    assert!(why("ftp://h/x").0.contains("neither http nor https"));
}

#[test]
fn credentials_do_not_follow_to_another_server() {
    let other = server();
    let target = format!("http://{}/heap", other.address);
    let first = Server::start(move |_| Reply::Redirect(target.clone()));
    let options = Options {
        headers: vec![("X-Secret".to_owned(), "7".to_owned())],
        bearer: Some("token".to_owned()),
        ..Options::default()
    };
    let url = format!("http://{}/here", first.address);
    assert_eq!(fetch(&url, &options, PATIENCE).unwrap(), heap());
    let asked = first.requests();
    assert!(asked[0].head.contains("x-secret: 7") && asked[0].head.contains("bearer token"));
    let followed = other.requests();
    assert!(!followed[0].head.contains("x-secret") && !followed[0].head.contains("authorization"));
}

#[cfg(unix)]
#[test]
fn a_socket_is_asked_for_a_path() {
    use std::os::unix::net::UnixListener;
    use std::sync::Mutex;

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("pprof.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        let log = Mutex::new(Vec::new());
        for stream in listener.incoming().flatten() {
            super::scripted::serve(stream, &log, &|request| {
                Reply::Body("text/plain", request.path.clone().into_bytes())
            });
        }
    });
    let url = format!("unix:{}:/debug/pprof/heap?gc=1", socket.display());
    let body = fetch(&url, &Options::default(), PATIENCE).unwrap();
    assert_eq!(body, b"/debug/pprof/heap?gc=1");
}
