//! `fathom pprof` beside the real `go tool pprof`: flags, sources, messages, exit codes.
//! What the reports say is compared where they are made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use fathom_testkit::GoVersion;
use fathom_testkit::pprof::Pprof;
use fathom_testkit::program::Program;
use tempfile::TempDir;

use crate::live::serve;
use crate::{Done, FORMATS, command, fixtures};

static REAL: LazyLock<Pprof> = LazyLock::new(|| {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    Pprof::build(GoVersion::GO_1_27, kept).unwrap()
});

/// Runs ours as the real tool is run: without symbols, in a home of its own.
pub(crate) fn ours(arguments: &[&str], input: &[u8]) -> Done {
    ours_at(arguments, input, &TempDir::new().unwrap())
}

fn ours_at(arguments: &[&str], input: &[u8], home: &TempDir) -> Done {
    use std::io::Write as _;
    let mut child = command(&["pprof", "-symbolize=none"])
        .args(arguments)
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("XDG_STATE_HOME", home.path())
        .env("PPROF_TMPDIR", home.path())
        .env("PPROF_BINARY_PATH", "/nonexistent")
        .env_remove("TERM")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who fails early reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

/// Runs the real tool.
pub(crate) fn theirs(arguments: &[&str], input: &[u8]) -> Done {
    let answer = REAL.run_reading(arguments, input).unwrap();
    Done {
        code: Some(if answer.is_success { 0 } else { 2 }),
        stdout: String::from_utf8_lossy(&answer.output).into_owned(),
        stderr: answer.errors,
    }
}

/// Runs the real tool with further variables in its environment.
pub(crate) fn theirs_with(arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    let mut command = REAL.command();
    command
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    command.output().unwrap().into()
}

pub(crate) fn heap() -> String {
    path(&format!("{FORMATS}/heap.pb.gz"))
}

fn path(name: &str) -> String {
    fixtures().join(name).to_str().unwrap().to_owned()
}

/// Sorts what is between brackets: the real tool lists conflicts in any order.
fn sorted_brackets(text: &str) -> String {
    match text.split_once('[').and_then(|(before, rest)| {
        let (inside, after) = rest.split_once(']')?;
        let mut words: Vec<&str> = inside.split(' ').collect();
        words.sort_unstable();
        Some(format!("{before}[{}]{after}", words.join(" ")))
    }) {
        Some(sorted) => sorted,
        None => text.to_owned(),
    }
}

#[test]
fn wrong_flags_are_told_as_the_real_tool_tells_them() {
    let heap = heap();
    for arguments in [
        &["-nonsense", "x"][..],
        &["-sort=cum", "x"],
        &["---x"],
        &["-=x"],
        &["-divide_by"],
        &["-base"],
        &["-nodecount=x", "a"],
        &["-nodecount", "-top", "a"],
        &["-nodecount=99999999999999999999", "a"],
        &["-nodefraction=1e999", "a"],
        &["-nodefraction=0x1", "a"],
        &["-seconds=1.5", "a"],
        &["-trim=maybe", "a"],
        &["-trim=yes", "a"],
        &["-top=", "a"],
    ] {
        let (ours, theirs) = (ours(arguments, b""), theirs(arguments, b""));
        assert_eq!(
            (ours.code, theirs.code),
            (Some(2), Some(2)),
            "{arguments:?}"
        );
        let first = |done: &Done| done.stderr.lines().next().unwrap().to_owned();
        assert_eq!(first(&ours), first(&theirs), "{arguments:?}");
        assert!(ours.stderr.contains("\nusage:\n"), "{arguments:?}");
        assert!(theirs.stderr.contains("\nusage:\n"), "{arguments:?}");
    }
    for arguments in [
        &["-lines", "-files", &heap][..],
        &["-cum", "-flat", &heap],
        &["-top", "-tree", &heap],
        &["-top", "-list=x", &heap],
        &["-normalize", &heap],
        &["-no_browser", &heap],
        &["-http=:0", "-top", &heap],
        &["-base=a", "-diff_base=b", &heap],
    ] {
        let (ours, theirs) = (ours(arguments, b""), theirs(arguments, b""));
        assert_eq!(
            (ours.code, theirs.code),
            (Some(2), Some(2)),
            "{arguments:?}"
        );
        assert_eq!(
            sorted_brackets(&ours.stderr),
            sorted_brackets(&theirs.stderr),
            "{arguments:?}"
        );
    }
    for arguments in [&[][..], &["-top"]] {
        let (ours, theirs) = (ours(arguments, b""), theirs(arguments, b""));
        assert_eq!((ours.code, theirs.code), (Some(2), Some(2)));
        let last = |done: &Done| done.stderr.lines().last().unwrap().to_owned();
        assert_eq!(last(&ours), last(&theirs));
        assert!(ours.stderr.starts_with("usage:\n"));
    }
}

#[test]
fn messages_about_sources_are_those_of_the_real_tool() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let heap = heap();
    let goroutine = path(&format!("{FORMATS}/goroutine.pb.gz"));
    let (text, empty) = (file("text", b"no profile\n"), file("empty", b""));
    let joined = [fs::read(&heap).unwrap(), fs::read(&heap).unwrap()].concat();
    let twice = file("twice", &joined);
    for arguments in [
        &["-comments", "nosuch"][..],
        &["-comments", "dir/nosuch", "nosuch2"],
        &["-comments", "nosuch", &heap],
        &["-comments", &text],
        &["-comments", &empty],
        &["-comments", &twice],
        &["-comments", "-base=nosuch", &heap],
        &["-comments", "-base", &heap, "nosuch"],
        &["-comments", &heap, &goroutine],
        &["-comments", "-base", &goroutine, &heap],
        &["-comments", "-inuse_space", "-alloc_space", &heap],
        &["-comments", "-symbolize=quick", &heap],
        &["-comments", "-diff_base", &heap, "-normalize", &heap],
        &["-comments", "--", "-x"],
        &["-comments", "-"],
    ] {
        let mut compat = vec!["-compat"];
        compat.extend(arguments);
        let (ours, theirs) = (ours(&compat, b""), theirs(arguments, b""));
        assert_eq!(ours.stderr, theirs.stderr, "{arguments:?}");
        assert_eq!(ours.code, theirs.code, "{arguments:?}");
    }
}

/// Replaces what differs between two runs: where profiles are saved, and the number.
fn saved(stderr: &str) -> Vec<String> {
    let lines = stderr
        .lines()
        .map(|line| match line.strip_prefix("Saved profile in ") {
            Some(path) => {
                let name = Path::new(path).file_name().unwrap().to_str().unwrap();
                let (stem, number) = name
                    .strip_suffix(".pb.gz")
                    .unwrap()
                    .rsplit_once('.')
                    .unwrap();
                assert_eq!(number.len(), 3, "{name}");
                format!("saved {stem}")
            }
            None => line.to_owned(),
        });
    lines.collect()
}

#[test]
fn profiles_are_fetched_and_saved_as_the_real_tool_does() {
    let running = Program::new("hello", GoVersion::GO_1_27).start().unwrap();
    let url = running.url();
    let root = url
        .split("/debug/")
        .next()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let bare = root.trim_start_matches("http://").to_owned();
    let heap = format!("{root}/debug/pprof/heap");
    let sorted = format!("{bare}/debug/pprof/goroutine?seconds=1&debug=0");
    let missing = format!("{root}/debug/pprof/nosuch");
    let elsewhere = format!("{root}/nosuch");
    for arguments in [
        &["-comments", &heap][..],
        &["-comments", &sorted],
        &["-comments", "-seconds=1", &bare],
        &["-comments", &heap, "nosuch"],
        &["-comments", &missing],
        &["-comments", &elsewhere],
    ] {
        let home = TempDir::new().unwrap();
        let mut compat = vec!["-compat"];
        compat.extend(arguments);
        let (ours, theirs) = (ours_at(&compat, b"", &home), theirs(arguments, b""));
        assert_eq!(saved(&ours.stderr), saved(&theirs.stderr), "{arguments:?}");
        assert_eq!(ours.code, theirs.code, "{arguments:?}");
        let kept = fs::read_dir(home.path()).unwrap().flatten().count();
        assert_eq!(kept, usize::from(ours.code == Some(0)), "{arguments:?}");
    }
}

#[test]
fn what_is_saved_is_a_profile() {
    let (server, home) = (serve(), TempDir::new().unwrap());
    let url = format!("http://{}/debug/pprof/heap", server.address);
    let done = ours_at(&["-comments", &url], b"", &home);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let path = home
        .path()
        .join("pprof.f27.alloc_objects.alloc_space.inuse_objects.inuse_space.001.pb.gz");
    assert!(
        done.stderr
            .ends_with(&format!("Saved profile in {}\n", path.display())),
        "{}",
        done.stderr
    );
    let again = crate::fathom(&["top", path.to_str().unwrap()]).fine();
    assert_eq!(again, crate::fathom(&["top", &heap()]).fine());
}

#[test]
fn credentials_go_to_the_server_and_nowhere_else() {
    let server = serve();
    let url = format!("http://me:hidden@{}/debug/pprof/heap", server.address);
    for arguments in [
        &[
            "-comments",
            "-user=me:secret",
            &server.address,
            "-profile=heap",
        ][..],
        &[
            "-comments",
            "-profile=heap",
            "-bearer=token",
            &server.address,
        ],
        &["-comments", &url],
    ] {
        let done = ours(arguments, b"");
        for word in ["secret", "token", "hidden"] {
            assert!(!done.stderr.contains(word), "{}", done.stderr);
        }
    }
    let asked = server.asked.lock().unwrap().join("\n");
    assert!(asked.contains("Bearer token"), "{asked}");
    assert!(asked.contains("/debug/pprof/heap"), "{asked}");
    assert!(asked.contains("Basic bWU6aGlkZGVu"), "{asked}");
}

#[test]
fn sources_beyond_files_and_servers() {
    let bytes = fs::read(heap()).unwrap();
    for stdin in ["-", "/dev/stdin"] {
        let done = ours(&["-comments", stdin], &bytes);
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{stdin}");
    }
    let bundle = path("incidents/go1.27.3/orders.fathom");
    let done = ours(&["-comments", "-profile=goroutine", &bundle], b"");
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    let done = ours(&["-comments", "-profile=nosuch", &bundle], b"");
    assert!(
        done.stderr.contains("hint: one of heap, allocs, goroutine"),
        "{}",
        done.stderr
    );
    let folder = path("causes/go1.27.3/goroutine_leak");
    let done = ours(&["-comments", &folder], b"");
    assert!(
        done.stderr.contains("reading heap.pb.gz (heap)"),
        "{}",
        done.stderr
    );
    assert_eq!(done.code, Some(0));

    let home = TempDir::new().unwrap();
    let perf = home.path().join("perf.data");
    fs::write(&perf, b"PERFILE2 and more").unwrap();
    let done = ours(&["-comments", perf.to_str().unwrap()], b"");
    assert!(
        done.stderr
            .contains("hint: convert it first: perf_to_profile"),
        "{}",
        done.stderr
    );
    assert_eq!(done.code, Some(2));
}

#[test]
fn the_first_of_several_files_may_be_the_binary() {
    let heap = heap();
    let binary = env!("CARGO_BIN_EXE_fathom");
    let done = ours(&["-comments", binary, &heap], b"");
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    // Alone it is a source, and none that can be read.
    let done = ours(&["-comments", binary], b"");
    assert_eq!(done.code, Some(2));
    // A profile is never taken for a binary, though the real tool does so with a legacy
    // one whose first word is 0.
    let home = TempDir::new().unwrap();
    let legacy: PathBuf = home.path().join("cpu.legacy");
    let words: [u64; 12] = [0, 3, 0, 10_000, 0, 5, 1, 0x1000, 0, 1, 0, 0];
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    fs::write(&legacy, bytes).unwrap();
    let legacy = legacy.to_str().unwrap();
    let done = ours(&["-comments", legacy, legacy], b"");
    assert!(!done.stderr.contains("Fetched 1"), "{}", done.stderr);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[test]
fn results_go_where_they_are_sent() {
    let (heap, home) = (heap(), TempDir::new().unwrap());
    let done = ours_at(&["-top", "-output=report.txt", &heap], b"", &home);
    assert_eq!(done.stderr, "Generating report in report.txt\n");
    assert!(done.stdout.is_empty() && home.path().join("report.txt").is_file());
    let done = ours_at(&["-top", "-output=no/such/report", &heap], b"", &home);
    assert_eq!(done.code, Some(2));
    assert!(
        done.stderr
            .ends_with("open no/such/report: no such file or directory\n"),
        "{}",
        done.stderr
    );
}

#[test]
fn an_address_of_the_web_needs_a_port() {
    let done = ours(&["-http=localhost", &heap()], b"");
    assert_eq!(done.code, Some(2));
    assert!(
        done.stderr
            .starts_with("could not split http address: localhost\nhint: "),
        "{}",
        done.stderr
    );
}
