//! Names from the server that a profile came from.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use fathom_testkit::GoVersion;

use super::{Built, build, ours};
use crate::Done;
use crate::pprof::theirs;

struct Server {
    child: Child,
    address: String,
    _built: Built,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn serve() -> Server {
    let built = build("server", GoVersion::GO_1_27, &[]);
    let mut child = Command::new(&built.program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut address).unwrap();
    Server {
        child,
        address: address.trim().to_owned(),
        _built: built,
    }
}

/// What both say but for where they save.
fn told(done: &Done) -> (Vec<&str>, &str) {
    let lines = done.stderr.lines();
    let lines = lines.filter(|line| !line.starts_with("Saved profile in "));
    (lines.collect(), &done.stdout)
}

#[test]
fn a_server_names_its_own_addresses() {
    let server = serve();
    let url = |path: &str| format!("http://{}{path}", server.address);
    for (path, is_named) in [
        ("/any/debug/pprof/bare", true),
        ("/any/debug/pprof/fixed", true),
        // There the real tool is refused.
        ("/debug/pprof/bare", false),
    ] {
        for report in ["-top", "-traces", "-raw"] {
            for mode in [
                "-symbolize=remote",
                "-symbolize=",
                "-symbolize=remote:force",
            ] {
                let asked = ["-compat", mode, report, &url(path)];
                let (ours, theirs) = (ours(&asked, &[]), theirs(&asked[1..], b""));
                assert_eq!(told(&ours), told(&theirs), "{asked:?}");
                assert_eq!(ours.code, theirs.code, "{asked:?}");
                assert_eq!(
                    ours.stdout.contains("main.keep"),
                    is_named,
                    "{asked:?} {ours:?}"
                );
            }
        }
    }
    for path in ["/debug/pprof/bare", "/any/debug/pprof/bare"] {
        let done = ours(&["-top", "-sample_index=inuse_space", &url(path)], &[]);
        assert!(done.stdout.contains("main.keep"), "{done:?}");
        assert!(!done.stderr.contains("failed"), "{}", done.stderr);
        let local = ours(&["-top", "-symbolize=local", &url(path)], &[]);
        assert!(!local.stdout.contains("main.keep"), "{local:?}");
    }
}

#[test]
fn a_server_without_symbols_is_no_disaster() {
    let server = serve();
    let url = format!("http://{}/alone/bare", server.address);
    let asked = ["-compat", "-top", &url];
    let (compatible, theirs) = (
        ours(&asked, &[]),
        theirs(&["-symbolize=", "-top", &url], b""),
    );
    assert_eq!(compatible.code, theirs.code);
    assert_eq!(told(&compatible), told(&theirs));
    assert_eq!(compatible.code, Some(2));
    let done = ours(&asked[1..], &[]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let failed = format!(
        "Remote symbolization failed: http post http://{}/alone/symbolz: server response: 404",
        server.address
    );
    assert!(done.stderr.contains(&failed), "{}", done.stderr);
}
