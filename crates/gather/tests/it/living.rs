//! Live processes: this one, and a child that serves.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use fathom_evidence::Kind;
use fathom_gather::{Error, Options, Probe, Source};

use super::scripted::{Reply, Server, capture, go_answers, missing};

/// Set for the child, which serves until its input ends.
const ROLE: &str = "FATHOM_TEST_SERVES";

/// Not a test of its own: what the child of the others runs.
#[test]
#[ignore = "run as a child of the other tests"]
fn child_that_serves() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let answers = go_answers();
    let serves_pprof = role == "pprof";
    let server = Server::start(move |request| {
        if request.path == "/debug/pprof/cmdline" && serves_pprof {
            let own = std::fs::read("/proc/self/cmdline").unwrap();
            return Reply::Body("text/plain", own.trim_ascii_end().to_vec());
        }
        match answers.get(request.path.as_str()) {
            Some(reply) if serves_pprof => reply.clone(),
            _ => Reply::Status(404, ""),
        }
    });
    println!("\nREADY {}", server.address);
    std::io::stdout().flush().unwrap();
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).unwrap();
}

struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "living::child_that_serves",
                "--ignored",
                "--nocapture",
            ])
            // Makes its command line its own.
            .args([
                "--skip",
                &format!("never-{role}-{:?}", std::thread::current().id()),
            ])
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let address = BufReader::new(child.stdout.as_mut().unwrap())
            .lines()
            .find_map(|line| Some(line.unwrap().strip_prefix("READY ")?.to_owned()))
            .unwrap();
        Self { child, address }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn patient() -> Options {
    Options {
        probe_timeout: std::time::Duration::from_secs(20),
        timeout: std::time::Duration::from_secs(20),
        ..Options::default()
    }
}

#[test]
fn a_pid_finds_its_port() {
    let serving = Serving::start("pprof");
    let taken = capture(Source::Pid(serving.pid()), &patient()).unwrap();
    let url = format!("http://{}/debug/pprof/", serving.address);
    assert_eq!(taken.target.url.as_deref(), Some(url.as_str()));
    assert_eq!(taken.target.pid, Some(serving.pid()));
    assert!(!taken.target.remote);
    for kind in [
        Kind::Status,
        Kind::SmapsRollup,
        Kind::Smaps,
        Kind::Statm,
        Kind::Heap,
        Kind::ExpVar,
    ] {
        assert!(taken.first(kind).is_some(), "{kind}");
    }
    assert_eq!(
        taken.in_round(Kind::Status, 1).unwrap().name,
        "proc/status.1.txt"
    );
    // /proc comes before HTTP, and again after it.
    let position = |name: &str| {
        let mut names = taken
            .artefacts
            .iter()
            .map(|artefact| artefact.name.as_str());
        names.position(|found| found == name).unwrap()
    };
    assert!(position("proc/smaps.txt") < position("debug/vars.json"));
    assert!(position("pprof/heap.pb.gz") < position("proc/smaps_rollup.1.txt"));
    // It is a Rust program, and says so.
    assert!(
        missing(&taken, "buildinfo")
            .why
            .contains("no Go build information")
    );
}

#[test]
fn an_address_finds_its_pid() {
    let serving = Serving::start("pprof");
    let source = Source::parse(&serving.address).unwrap();
    let taken = capture(source, &patient()).unwrap();
    assert_eq!(taken.target.pid, Some(serving.pid()));
    assert!(taken.first(Kind::Smaps).is_some() && taken.first(Kind::Heap).is_some());
}

#[test]
fn an_address_and_another_pid_are_told_apart() {
    let serving = Serving::start("pprof");
    let sources = [
        Source::Pid(std::process::id()),
        Source::parse(&serving.address).unwrap(),
    ];
    let taken = fathom_gather::capture(&sources, &patient(), &mut |_| {}).unwrap();
    assert!(
        taken.notes[0].contains("may be two processes"),
        "{:?}",
        taken.notes
    );
}

#[test]
fn without_pprof_everything_of_proc_is_taken() {
    let serving = Serving::start("nothing");
    let taken = capture(Source::Pid(serving.pid()), &patient()).unwrap();
    assert!(taken.first(Kind::Smaps).is_some());
    let told = missing(&taken, "pprof/");
    assert_eq!(
        told.why,
        "none of its 1 listening sockets answers /debug/pprof/"
    );
}

#[test]
fn probing_can_be_forbidden() {
    let serving = Serving::start("pprof");
    let options = Options {
        probe: Probe::Forbidden,
        ..patient()
    };
    let taken = capture(Source::Pid(serving.pid()), &options).unwrap();
    assert!(taken.target.url.is_none());
    assert!(missing(&taken, "pprof/").why.contains("forbidden"));
    assert!(
        missing(&taken, "pprof/")
            .hint
            .as_deref()
            .unwrap()
            .contains("--no-probe")
    );
}

#[test]
fn a_dead_pid_is_one_clear_error() {
    let mut child = Command::new("true").spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    let error = capture(Source::Pid(pid), &patient()).unwrap_err();
    let Error::Nothing { what, why, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*what, format!("pid {pid}"));
    assert_eq!(*why, format!("no process has the pid {pid}"));
}

#[test]
fn rust_programs_are_not_listed_as_go_programs() {
    let options = Options {
        probe: Probe::Forbidden,
        ..Options::default()
    };
    let found = fathom_gather::processes(&options).unwrap();
    let own = std::process::id();
    assert!(found.iter().all(|process| process.pid != own));
    assert!(found.iter().all(|process| process.pprof.is_none()));
}
