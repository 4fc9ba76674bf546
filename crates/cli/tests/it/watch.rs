//! `fathom watch` without a terminal: live Go programs, commands, logs.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;
use serde_json::Value;

use crate::contracts;
use crate::{command, fathom};

/// The longest that anything may take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn program(version: GoVersion) -> String {
    let path = Program::new("watched", version).build().unwrap();
    path.to_str().unwrap().to_owned()
}

fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A program that ends with the test.
struct Server(Child, String);

impl Server {
    fn start(version: GoVersion, address: &str) -> Self {
        let mut child = Command::new(program(version))
            .args(["-listen", address])
            .env("TESTBED_WATCH_PARENT", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("READY ").unwrap().to_owned();
        Self(child, address)
    }

    fn end(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn json_has_an_object_a_look() {
    for version in GoVersion::LIVE {
        let server = Server::start(version, "127.0.0.1:0");
        let text = fathom(&["watch", &server.1, "--json", "--count", "3"]).fine();
        let looks = objects(&text);
        assert_eq!(looks.len(), 3, "{version}");
        let mut before = 0;
        for look in &looks {
            contracts::assert_keeps(contracts::WATCH, look);
            assert_eq!(look["state"], "fine", "{version}: {}", look["why"]);
            let at = look["at_ms"].as_i64().unwrap();
            assert!(at > before);
            before = at;
            let readings = &look["readings"];
            assert!(readings["memstats.HeapAlloc"].as_f64().unwrap() > 0.0);
            assert!(readings["process.rss"].as_f64().unwrap() > 1e6);
            assert!(look["plots"]["goroutines"]["goroutines"].as_f64().unwrap() >= 3.0);
        }
        // It allocates some 20 MB/s; a rate takes two looks.
        assert_eq!(looks[0]["plots"]["allocation-rate"], Value::Null);
        let rate = looks[2]["plots"]["allocation-rate"]["allocated"].as_f64();
        assert!(rate.unwrap() > 1e5, "{version}: {rate:?}");
    }
}

#[test]
fn plain_has_a_header_and_a_line_a_look() {
    let server = Server::start(GoVersion::GO_1_27, "127.0.0.1:0");
    let usual = fathom(&[
        "watch",
        &server.1,
        "--plain",
        "--count",
        "2",
        "--profiles",
        "0",
    ])
    .fine();
    let lines: Vec<&str> = usual.lines().collect();
    assert_eq!(lines.len(), 3, "{usual}");
    assert!(lines[0].starts_with("time") && lines[0].contains("alloc/s"));
    let chosen = [
        "watch",
        &server.1,
        "--count",
        "1",
        "--plots",
        "virtual,live-objects",
        "--ledger",
        "0",
    ];
    let chosen = fathom(&chosen).fine();
    assert!(
        chosen.starts_with("time           VMS   objects\n"),
        "{chosen}"
    );
    let wrong = fathom(&["watch", &server.1, "--plain", "--plots", "nothing"]).failed();
    assert!(wrong.contains("no plot is called nothing\nhint: plots are resident"));
}

/// What runs the watching is read line by line.
struct Watching(Child, BufReader<std::process::ChildStdout>);

impl Watching {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self(child, stdout)
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let look = self.next();
            if wanted(&look) {
                return look;
            }
            assert!(begin.elapsed() < PATIENCE, "{look}");
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_target_that_is_killed_and_started_anew_is_followed() {
    let mut server = Server::start(GoVersion::GO_1_22, "127.0.0.1:0");
    let address = server.1.clone();
    let mut watching = Watching::start(&["watch", &address, "--json", "--interval", "200ms"]);
    let first = watching.until(|look| look["state"] == "fine");
    assert_eq!(first["restarts"], 0);
    server.end();
    let lost = watching.until(|look| look["state"] == "lost");
    assert!(lost["why"].as_str().unwrap().contains("refused"), "{lost}");
    assert_eq!(lost["readings"], serde_json::json!({}));
    let again = watching.until(|look| look["state"] == "lost");
    assert_eq!(lost["state_since_ms"], again["state_since_ms"]);
    // The start of a process is known to a second.
    std::thread::sleep(Duration::from_secs(3));
    let _second = Server::start(GoVersion::GO_1_22, &address);
    let back = watching.until(|look| look["state"] == "fine");
    assert_eq!(back["restarts"], 1, "{back}");
    assert_ne!(back["started_ms"], first["started_ms"]);
    // The kernel's side of the new process is found as well.
    watching.until(|look| look["readings"]["process.rss"].is_f64());
}

#[test]
fn garbage_is_told_as_such() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(b"\x00\x01garbage\r\n\r\n");
        }
    });
    let arguments = [
        "watch",
        &address,
        "--json",
        "--count",
        "2",
        "--interval",
        "100ms",
        "--timeout",
        "500ms",
    ];
    for look in objects(&fathom(&arguments).fine()) {
        assert_ne!(look["state"], "fine", "{look}");
        assert!(look["why"].is_string(), "{look}");
    }
}

#[test]
fn a_command_is_watched_to_its_end_and_its_exit_code_is_ours() {
    for version in GoVersion::LIVE {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("looks.json");
        let program = program(version);
        let done = fathom(&[
            "watch",
            "--json",
            "--interval",
            "300ms",
            "-o",
            file.to_str().unwrap(),
            "--",
            &program,
            "-for",
            "4s",
            "-code",
            "7",
        ]);
        assert_eq!(done.code, Some(7), "{}", done.stderr);
        assert!(
            done.stdout.starts_with("READY 127.0.0.1:"),
            "{}",
            done.stdout
        );
        assert!(done.stderr.contains("begins\n"), "{}", done.stderr);
        assert!(!done.stderr.contains("gc 1 @"), "{}", done.stderr);
        let looks = objects(&std::fs::read_to_string(&file).unwrap());
        let last = looks.last().unwrap();
        assert_eq!(last["state"], "ended", "{version}");
        // Its server is found though it listened later than it was looked at first.
        let has = |name: &str| looks.iter().any(|look| look["readings"][name].is_number());
        assert!(has("gctrace.heap.live"), "{version}");
        assert!(has("memstats.HeapAlloc"), "{version}");
    }
}

#[cfg(unix)]
#[test]
fn signals_are_handed_on_to_a_command() {
    let program = program(GoVersion::GO_1_27);
    let mut watching = Watching::start(&["watch", "--json", "--", &program]);
    let mut ready = String::new();
    while !ready.starts_with("READY") {
        ready.clear();
        watching.1.read_line(&mut ready).unwrap();
    }
    // The command listens for signals some moments after it is ready.
    std::thread::sleep(Duration::from_millis(500));
    let pid = watching.0.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(sent.success());
    let status = watching.0.wait().unwrap();
    assert_eq!(status.code(), Some(5));
}

#[test]
fn a_command_that_cannot_be_run_is_an_error() {
    let failed = fathom(&["watch", "--", "./no-such-program"]).failed();
    assert!(failed.contains("cannot run ./no-such-program"), "{failed}");
}

fn cycle(number: u32, at: &str) -> String {
    format!(
        "gc {number} @{at}s 2%: 0.5+1.5+0.25 ms clock, 1.0+0.5/2.5/0+0.5 ms cpu, 4->6->3 MB, 8 MB goal, 1 MB stacks, 2 MB globals, 4 P\n"
    )
}

#[test]
fn a_log_is_read_and_followed_while_it_grows_and_is_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    std::fs::write(
        &path,
        format!("begins\n{}{}", cycle(1, "0.5"), cycle(2, "1.5")),
    )
    .unwrap();
    let name = path.to_str().unwrap();
    let mut watching = Watching::start(&["watch", "--gctrace", name, "--json"]);
    let cycles = |look: &Value| look["readings"]["gctrace.cycles"].as_f64();
    let first = watching.next();
    assert_eq!(cycles(&first), Some(1.0));
    let second = watching.next();
    assert_eq!(cycles(&second), Some(2.0));
    let apart = second["at_ms"].as_i64().unwrap() - first["at_ms"].as_i64().unwrap();
    assert_eq!(apart, 1000);
    let mut log = std::fs::File::options().append(true).open(&path).unwrap();
    log.write_all(cycle(3, "2.5").as_bytes()).unwrap();
    assert_eq!(cycles(&watching.next()), Some(3.0));
    std::fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    std::fs::write(&path, cycle(1, "0.25")).unwrap();
    let anew = watching.next();
    assert_eq!(
        (cycles(&anew), &anew["restarts"]),
        (Some(1.0), &Value::from(1))
    );
}

#[test]
fn standard_input_is_read_to_its_end() {
    let text = format!("{}{}", cycle(1, "0.5"), cycle(2, "1.5"));
    let arguments = ["watch", "--gctrace", "-", "--json"];
    let looks = objects(&crate::fathom_reading(&arguments, text.as_bytes()).fine());
    let states: Vec<&str> = looks
        .iter()
        .map(|look| look["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["fine", "fine", "ended"]);
}
