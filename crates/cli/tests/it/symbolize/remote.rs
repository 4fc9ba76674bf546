//! Names from the server that a profile came from.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fathom_testkit::GoVersion;

use super::{Built, build, ours, text};
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

/// Starts the server; with certificates it speaks TLS.
fn serve(certificates: &[&str]) -> Server {
    let built = build("server", GoVersion::GO_1_27, &[]);
    let mut child = Command::new(&built.program)
        .args(certificates)
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
    let server = serve(&[]);
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
    let server = serve(&[]);
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

/// A certificate or key of the tests of TLS.
fn certificate(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gather/tests/it/tls");
    text(&folder.join(name)).to_owned()
}

#[test]
fn a_server_is_asked_for_names_over_tls() {
    let [authority, server_certificate, server_key] =
        ["ca.pem", "server.pem", "server.key"].map(certificate);
    let server = serve(&[&server_certificate, &server_key, &authority]);
    let authority = format!("-tls_ca={authority}");
    let client = format!("-tls_cert={}", certificate("client.pem"));
    let key = format!("-tls_key={}", certificate("client.key"));
    for (scheme, flags) in [
        ("https", &[authority.as_str(), &client, &key][..]),
        // No authority is asked, but the client still shows who it is.
        ("https+insecure", &[&client, &key]),
    ] {
        // The first path takes a POST, the second only what stands in the query.
        for path in ["/any/debug/pprof/bare", "/debug/pprof/bare"] {
            let url = format!("{scheme}://{}{path}", server.address);
            let mut asked = flags.to_vec();
            asked.extend(["-symbolize=remote", "-top", &url]);
            let done = ours(&asked, &[]);
            assert_eq!(done.code, Some(0), "{done:?}");
            assert!(done.stdout.contains("main.keep"), "{done:?}");
            assert!(!done.stderr.contains("failed"), "{}", done.stderr);
            let unnamed = [&asked[..flags.len()], &["-symbolize=none", "-top", &url]].concat();
            let done = ours(&unnamed, &[]);
            assert!(!done.fine().contains("main.keep"));
        }
    }
    // Whoever is not known gets neither profile nor names.
    let url = format!("https://{}/any/debug/pprof/bare", server.address);
    for flags in [&[][..], &[authority.as_str()], &[&client, &key]] {
        let done = ours(&[flags, &["-top", &url]].concat(), &[]);
        assert_eq!(done.code, Some(2), "{flags:?} {done:?}");
        assert_eq!(done.stdout, "", "{flags:?}");
    }
}
