//! `fathom record` and what becomes of a recording.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use fathom_history::{Embedded, History as _, PointsQuery, Range, Selector, Steps};
use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;

use super::*;

#[test]
fn a_recording_holds_curves_and_profiles_and_is_judged() {
    let program = Program::new("publisher", GoVersion::GO_1_27)
        .start()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept = kept.to_str().unwrap();
    let address = program.address().to_string();
    let done = fathom(&[
        "record",
        &address,
        "-o",
        kept,
        "--interval",
        "1s",
        "--profiles",
        "1s",
        "--for",
        "4s",
    ]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stderr.contains("looks stored"), "{}", done.stderr);
    let judged = json(&["leaks", kept, "--json"]);
    assert_eq!(judged["schema"], "fathom.recording-growth/1");
    let target = &judged["targets"][0];
    contracts::assert_keeps(contracts::GROWTH, target);
    assert_eq!(target["target"]["instance"], address.as_str());
    assert_eq!(target["grows"], false);
    assert_eq!(target["resident"]["shape"], "unknown");
    let parts = target["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 6);
    // The same in words.
    let told = fathom(&["leaks", kept]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(told.stdout.contains("Nothing grows"), "{}", told.stdout);
    assert!(told.stdout.contains("resident memory"), "{}", told.stdout);
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept = kept.to_str().unwrap();
    // Nobody listens there.
    let done = fathom(&[
        "record",
        "127.0.0.1:1",
        "-o",
        kept,
        "--interval",
        "1s",
        "--for",
        "2s",
    ]);
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(
        done.stderr.contains("nothing could be recorded"),
        "{}",
        done.stderr
    );
    let config = folder.path().join("fathom.yaml");
    fs::write(&config, "scrape_configs:\n  - job_nam: x\n").unwrap();
    let done = fathom(&["record", "-c", config.to_str().unwrap(), "-o", kept]);
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("job_nam"), "{}", done.stderr);
    assert!(done.stderr.contains("job_name"), "{}", done.stderr);
    let done = fathom(&["serve", "--no-browser"]);
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("nothing to serve"), "{}", done.stderr);
}

/// Serves every connection by a function, until the test ends.
fn serve(answer: fn(TcpStream) -> io::Result<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that has enough of it goes away.
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// Reads a request, up to what it asks for.
fn asked(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    stream.read(&mut buffer).map(|_| ())
}

fn hangs(mut stream: TcpStream) -> io::Result<()> {
    asked(&mut stream)?;
    thread::sleep(Duration::from_mins(1));
    Ok(())
}

fn is_no_server(mut stream: TcpStream) -> io::Result<()> {
    asked(&mut stream)?;
    stream.write_all(&[0xfe; 300])
}

fn answers_with_garbage(mut stream: TcpStream) -> io::Result<()> {
    asked(&mut stream)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\nConnection: close\r\n\r\n")?;
    stream.write_all(&[0xfe; 64])
}

fn answers_with_ten_gigabytes(mut stream: TcpStream) -> io::Result<()> {
    asked(&mut stream)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n\x1f\x8b")?;
    loop {
        stream.write_all(&[7; 1 << 14])?;
    }
}

#[test]
fn targets_that_hang_or_answer_nonsense_cost_the_others_nothing() {
    let program = Program::new("publisher", GoVersion::GO_1_27)
        .start()
        .unwrap();
    let good = program.address().to_string();
    let answers = [
        hangs,
        is_no_server,
        answers_with_garbage,
        answers_with_ten_gigabytes,
    ];
    let bad = answers.map(serve);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let config = folder.path().join("fathom.yaml");
    let all: Vec<String> = bad
        .iter()
        .map(ToString::to_string)
        .chain([good.clone()])
        .collect();
    let text = format!(
        "scrape_configs:\n  - job_name: mixed\n    scrape_interval: 1s\n    scrape_timeout: 1s\n    \
         static_configs:\n      - targets: {all:?}\n",
    );
    fs::write(&config, text).unwrap();
    let (kept, config) = (kept.to_str().unwrap(), config.to_str().unwrap());
    let done = fathom(&["record", "-c", config, "-o", kept, "--for", "12s"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    for address in &bad {
        let lines = done.stderr.lines();
        let own: Vec<&str> = lines
            .filter(|line| line.contains(&address.to_string()))
            .collect();
        assert!((1..=4).contains(&own.len()), "{address}: {}", done.stderr);
    }
    assert!(
        done.stderr.contains("no complete answer"),
        "{}",
        done.stderr
    );
    assert!(!done.stderr.contains(&good), "{}", done.stderr);
    // The good one was looked at each second.
    let history = Embedded::open_read_only(Path::new(kept)).unwrap();
    let targets = history.targets().unwrap();
    let info = targets
        .iter()
        .find(|info| info.labels.get("instance") == Some(&good))
        .unwrap();
    let query = PointsQuery {
        selector: Selector::of(&info.labels),
        names: vec!["memstats.HeapAlloc".to_owned()],
        range: Range::ALL,
        step_ms: 0,
    };
    let curves = history.points(&query).unwrap();
    let Steps::Numbers(steps) = &curves[0].steps else {
        panic!("{curves:?}");
    };
    assert!(steps.len() >= 9, "{} looks in 12 s", steps.len());
}
