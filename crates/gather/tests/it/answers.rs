//! What servers answer, rightly and oddly.

use std::collections::HashMap;
use std::net::TcpListener;
use std::time::Duration;

use fathom_evidence::{Capture, Kind};
use fathom_gather::{Error, Event, Options, Source};

use super::scripted::{Reply, Server, alone, capture, fixture, go_answers, missing};

fn names(capture: &Capture) -> Vec<&str> {
    capture
        .artefacts
        .iter()
        .map(|artefact| artefact.name.as_str())
        .collect()
}

#[test]
fn a_go_server_is_asked_in_the_order_that_disturbs_least() {
    let server = Server::table(go_answers());
    let taken = capture(server.source(), &alone()).unwrap();
    assert_eq!(
        server.paths(),
        [
            "/debug/pprof/cmdline",
            "/debug/pprof/",
            "/debug/vars",
            "/metrics",
            "/debug/pprof/heap",
            "/debug/pprof/heap?debug=1",
            "/debug/pprof/goroutine",
            "/debug/pprof/threadcreate?debug=1",
            "/debug/pprof/mutex",
            "/debug/pprof/mutex?debug=1",
            "/debug/pprof/block",
        ]
    );
    assert_eq!(
        names(&taken),
        [
            "pprof/index.html",
            "debug/vars.json",
            "pprof/heap.pb.gz",
            "pprof/heap.debug1.txt",
            "pprof/goroutine.pb.gz",
            "pprof/threadcreate.debug1.txt",
            "pprof/mutex.pb.gz",
            "pprof/mutex.debug1.txt",
            "pprof/block.pb.gz",
        ]
    );
    assert!(taken.target.remote);
    assert_eq!(
        taken.target.url.unwrap(),
        format!("http://{}/debug/pprof/", server.address)
    );
    assert!(taken.finished_at_unix_nanos >= taken.started_at_unix_nanos);
}

#[test]
fn what_collects_or_stops_the_world_is_taken_on_request_and_told() {
    let server = Server::table(go_answers());
    let options = Options {
        gc: true,
        goroutine_dump: true,
        profiles: vec!["mutex".to_owned(), "heap".to_owned(), "nosuch".to_owned()],
        ..alone()
    };
    let taken = capture(server.source(), &options).unwrap();
    assert_eq!(
        server.paths()[8..],
        [
            "/debug/pprof/mutex",
            "/debug/pprof/mutex?debug=1",
            "/debug/pprof/block",
            "/debug/pprof/goroutine?debug=2",
            "/debug/pprof/heap?gc=1",
            "/debug/vars",
            "/debug/pprof/goroutineleak",
        ]
    );
    assert!(taken.first(Kind::HeapAfterGc).is_some());
    assert_eq!(
        taken.in_round(Kind::ExpVar, 1).unwrap().name,
        "debug/vars_gc1.json"
    );
    assert_eq!(taken.notes.len(), 2);
    assert!(missing(&taken, "nosuch").why.contains("does not list it"));
}

#[test]
fn the_text_of_a_larger_heap_is_taken_only_for_memstats_that_nothing_else_has() {
    let mut answers = go_answers();
    answers.remove("/debug/vars");
    // Trailing bytes after the gzip stream: too large for a text on the side.
    let mut larger = fixture("formats/go1.27.3/heap.pb.gz");
    larger.resize(20_000, 0);
    answers.insert(
        "/debug/pprof/heap",
        Reply::Body("application/octet-stream", larger),
    );
    let server = Server::table(answers.clone());
    let taken = capture(server.source(), &alone()).unwrap();
    assert!(
        server
            .paths()
            .contains(&"/debug/pprof/heap?debug=1".to_owned())
    );
    assert!(
        taken
            .last(Kind::Heap)
            .unwrap()
            .text()
            .contains("# HeapAlloc = ")
    );
    assert!(
        missing(&taken, "/debug/vars")
            .hint
            .as_deref()
            .unwrap()
            .contains("expvar")
    );

    let metrics = "# TYPE go_memstats_heap_alloc_bytes gauge\ngo_memstats_heap_alloc_bytes 5\nmine{token=\"x\"} 1\n";
    answers.insert("/metrics", Reply::Body("text/plain", metrics.into()));
    let server = Server::table(answers);
    let taken = capture(server.source(), &alone()).unwrap();
    assert!(
        !server
            .paths()
            .contains(&"/debug/pprof/heap?debug=1".to_owned())
    );
    let kept = taken
        .first(Kind::PrometheusText)
        .unwrap()
        .text()
        .into_owned();
    assert!(kept.contains("heap_alloc_bytes 5") && !kept.contains("token"));
}

#[test]
fn a_text_that_would_take_minutes_is_not_asked_for() {
    let mut answers = go_answers();
    answers.remove("/debug/vars");
    let mut large = fixture("formats/go1.27.3/heap.pb.gz");
    // Trailing bytes after the gzip stream make it as large as a real one.
    large.resize(2_000_000, 0);
    answers.insert(
        "/debug/pprof/heap",
        Reply::Body("application/octet-stream", large),
    );
    let server = Server::table(answers);
    let taken = capture(server.source(), &alone()).unwrap();
    assert!(
        !server
            .paths()
            .contains(&"/debug/pprof/heap?debug=1".to_owned())
    );
    let told = missing(&taken, "heap.debug1.txt");
    assert!(told.why.contains("about 50 s"), "{}", told.why);
    assert!(told.hint.as_deref().unwrap().contains("--timeout 51s"));
}

#[test]
fn a_slow_artefact_times_out_and_the_rest_is_taken() {
    let mut answers = go_answers();
    answers.insert("/debug/pprof/goroutine", Reply::Silence);
    let server = Server::table(answers);
    let options = Options {
        timeout: Duration::from_secs(2),
        ..alone()
    };
    let taken = capture(server.source(), &options).unwrap();
    let told = missing(&taken, "/debug/pprof/goroutine");
    assert_eq!(told.why, "no complete answer within 2.0 s");
    assert!(told.hint.as_deref().unwrap().contains("--timeout"));
    assert!(taken.first(Kind::Heap).is_some());
    assert!(taken.first(Kind::ThreadCreate).is_some());
}

#[test]
fn odd_bodies_are_one_line_each() {
    let mut answers = go_answers();
    let heap = fixture("formats/go1.27.3/heap.pb.gz");
    answers.insert("/debug/pprof/heap", Reply::Cut(heap[..100].to_vec()));
    answers.insert(
        "/debug/pprof/goroutine",
        Reply::Body("text/html", b"<html>log in</html>".to_vec()),
    );
    answers.insert(
        "/debug/pprof/threadcreate?debug=1",
        Reply::Body("text/plain", b"hello".to_vec()),
    );
    answers.insert(
        "/debug/vars",
        Reply::Body("application/json", b"{\"status\":\"ok\"}".to_vec()),
    );
    answers.insert("/debug/pprof/mutex", Reply::Status(500, "boom"));
    let server = Server::table(answers);
    let options = Options {
        profiles: vec!["mutex".to_owned()],
        ..alone()
    };
    let taken = capture(server.source(), &options).unwrap();
    assert_eq!(
        missing(&taken, "pprof/heap").why,
        "the answer broke off after 100 bytes"
    );
    assert_eq!(
        missing(&taken, "goroutine").why,
        "an HTML page came instead of evidence"
    );
    assert_eq!(
        missing(&taken, "threadcreate").why,
        "5 bytes of \"text/plain\" came, which are no threadcreate"
    );
    assert_eq!(
        missing(&taken, "debug/vars").why,
        "15 bytes of \"application/json\" came, which are no expvar JSON"
    );
    assert_eq!(missing(&taken, "mutex").why, "HTTP status 500: boom");
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let server = Server::table(go_answers());
    let options = Options {
        max_bytes: 3000,
        ..alone()
    };
    let taken = capture(server.source(), &options).unwrap();
    let told = missing(&taken, "debug/vars");
    assert_eq!(
        told.why,
        "the answer is larger than the limit of 3000 bytes"
    );
    assert!(taken.first(Kind::Heap).is_some());
}

fn nothing(source: Source, options: &Options) -> (String, String) {
    match capture(source, options).unwrap_err() {
        Error::Nothing { why, hint, .. } => (why, hint.unwrap_or_default()),
        other => panic!("{other}"),
    }
}

#[test]
fn servers_that_are_no_pprof_servers() {
    let page = Reply::Body("text/html", b"<!DOCTYPE html><p>welcome".to_vec());
    let everywhere = page.clone();
    let server = Server::start(move |_| everywhere.clone());
    let (why, hint) = nothing(server.source(), &alone());
    assert_eq!(why, "an HTML page came instead of evidence");
    assert!(hint.contains("login page"));

    let server = Server::table(HashMap::new());
    let (why, hint) = nothing(server.source(), &alone());
    assert_eq!(why, "HTTP status 404: Unknown profile");
    assert!(hint.contains("net/http/pprof"));

    for (status, word) in [(401, "--user"), (403, "forbids")] {
        let server = Server::start(move |_| Reply::Status(status, "no"));
        let (why, hint) = nothing(server.source(), &alone());
        assert_eq!(why, format!("HTTP status {status}: no"));
        assert!(hint.contains(word));
        let asked = server.paths();
        assert_eq!(asked, ["/debug/pprof/cmdline", "/debug/pprof/"]);
    }

    let server =
        Server::start(|_| Reply::Status(400, "Client sent an HTTP request to an HTTPS server."));
    let (why, hint) = nothing(server.source(), &alone());
    assert_eq!(
        (why.as_str(), hint.as_str()),
        ("the server speaks TLS", "write https:// before the address")
    );
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let source = Source::parse(&format!("127.0.0.1:{port}")).unwrap();
    let (why, hint) = nothing(source, &alone());
    assert_eq!(why, "connection refused: nobody listens there");
    assert!(hint.contains("is the program running"));
}

#[test]
fn redirections_stay_on_the_server_and_credentials_with_them() {
    let elsewhere = Server::start(|_| Reply::Status(200, "gotcha"));
    let target = format!("http://{}/login", elsewhere.address);
    let server = Server::start(move |_| Reply::Redirect(target.clone()));
    let options = Options {
        headers: vec![("X-Key".to_owned(), "hunter2".to_owned())],
        ..alone()
    };
    let (why, _) = nothing(server.source(), &options);
    assert!(
        why.starts_with("the server redirects to http://127.0.0.1:"),
        "{why}"
    );
    assert!(elsewhere.paths().is_empty());

    let answers = go_answers();
    let server = Server::start(move |request| match request.path.strip_prefix("/moved") {
        None => Reply::Redirect(format!("/moved{}", request.path)),
        Some(path) => answers.get(path).cloned().unwrap_or(Reply::Status(404, "")),
    });
    assert!(
        capture(server.source(), &alone())
            .unwrap()
            .first(Kind::Heap)
            .is_some()
    );
}

#[test]
fn credentials_and_headers_are_sent_and_not_kept() {
    let server = Server::table(go_answers());
    let address = format!("http://bob:hunter2@{}/debug/pprof/", server.address);
    let source = Source::parse(&address).unwrap();
    assert!(!format!("{source:?} {}", source.describe()).contains("hunter2"));
    let options = Options {
        headers: vec![("X-Key".to_owned(), "abc".to_owned())],
        ..alone()
    };
    let taken = capture(source, &options).unwrap();
    for request in server.requests() {
        // `bob:hunter2` in base64, in lower case as the whole head is.
        let expected = "authorization: basic ym9iomh1bnrlcji=";
        assert!(request.head.contains(expected), "{}", request.head);
        assert!(request.head.contains("x-key: abc"));
    }
    assert!(!format!("{taken:?}").contains("hunter2"));

    let bearer = Options {
        bearer: Some("t0ken".to_owned()),
        ..alone()
    };
    let server = Server::table(go_answers());
    capture(server.source(), &bearer).unwrap();
    assert!(
        server.requests()[0]
            .head
            .contains("authorization: bearer t0ken")
    );
    assert!(!format!("{bearer:?}").contains("t0ken"));

    let broken = Options {
        headers: vec![("X Key".to_owned(), "hunter2".to_owned())],
        ..alone()
    };
    let message = capture(server.source(), &broken).unwrap_err().to_string();
    assert!(message.contains("\"X Key\"") && !message.contains("hunter2"));
}

#[test]
fn a_prefix_and_one_profile() {
    let answers = go_answers();
    let server = Server::start(move |request| {
        request
            .path
            .strip_prefix("/svc")
            .and_then(|path| answers.get(path).cloned())
            .unwrap_or(Reply::Status(404, ""))
    });
    let url = format!("http://{}/svc/debug/pprof/mutex", server.address);
    let source = Source::parse(&url).unwrap();
    let taken = capture(source.clone(), &alone()).unwrap();
    assert!(taken.first(Kind::ExpVar).is_some());
    assert_eq!(taken.first(Kind::Mutex).unwrap().origin, url);

    let Source::Address(address) = source else {
        unreachable!()
    };
    let one = fathom_gather::profile(&address, &alone(), &mut |_| {}).unwrap();
    assert_eq!(names(&one), ["pprof/mutex.pb.gz"]);
}

#[test]
fn progress_has_a_line_for_each_artefact() {
    let server = Server::table(go_answers());
    let mut lines = Vec::new();
    fathom_gather::capture(&[server.source()], &alone(), &mut |event| match event {
        Event::Finished { name, bytes, .. } => lines.push(format!("{name} {bytes}")),
        Event::Failed { missing, .. } => lines.push(format!("{} !", missing.what)),
        _ => {}
    })
    .unwrap();
    let heap = fixture("formats/go1.27.3/heap.pb.gz").len();
    assert!(
        lines.contains(&format!("pprof/heap.pb.gz {heap}")),
        "{lines:?}"
    );
    assert_eq!(lines.iter().filter(|line| line.ends_with('!')).count(), 1);
}

#[cfg(unix)]
#[test]
fn a_unix_socket() {
    use std::sync::Mutex;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let answers = go_answers();
    std::thread::spawn(move || {
        let log = Mutex::new(Vec::new());
        for stream in listener.incoming().flatten() {
            super::scripted::serve(stream, &log, &|request| {
                answers
                    .get(request.path.as_str())
                    .cloned()
                    .unwrap_or(Reply::Status(404, ""))
            });
        }
    });
    let source = Source::parse(&format!("unix:{}", path.display())).unwrap();
    let taken = capture(source, &alone()).unwrap();
    let heap = taken.first(Kind::Heap).unwrap();
    assert_eq!(heap.bytes, fixture("formats/go1.27.3/heap.pb.gz"));
    assert_eq!(
        heap.origin,
        format!("unix:{}/debug/pprof/heap", path.display())
    );
}
