//! What is stored stays: locks, versions, the end of a process at any instant, a full disk.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fathom_history::{At, Embedded, Error, History, Options, PointsQuery, Range, Selector, Steps};
use fathom_profile::Profile;

use crate::support::{HEAP, Sample, append, content, profile, target};

fn query(step_ms: i64) -> PointsQuery {
    PointsQuery {
        selector: Selector::all(),
        names: Vec::new(),
        range: Range::ALL,
        step_ms,
    }
}

#[test]
fn one_writes_and_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Embedded::open_read_only(folder.path()).unwrap_err();
    assert!(matches!(missing, Error::Missing { .. }));
    let history = Embedded::open(folder.path(), Options::default()).unwrap();
    let second = Embedded::open(folder.path(), Options::default()).unwrap_err();
    assert!(
        second.to_string().contains("another process writes"),
        "{second}"
    );
    append(&history, 1_000, 0, &[]).unwrap();
    let reader = Embedded::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.points(&query(0)).unwrap().len(), 2);
    append(&history, 2_000, 0, &[]).unwrap();
    let curves = reader.points(&query(0)).unwrap();
    assert!(matches!(&curves[0].steps, Steps::Numbers(steps) if steps.len() == 2));
    assert!(matches!(
        append(&reader, 3_000, 0, &[]),
        Err(Error::ReadOnly { .. })
    ));
}

#[test]
fn a_newer_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Embedded::open(folder.path(), Options::default()).unwrap());
    let catalogue = rusqlite::Connection::open(folder.path().join("catalog.sqlite")).unwrap();
    catalogue.execute("update meta set value = 9", []).unwrap();
    drop(catalogue);
    let error = Embedded::open(folder.path(), Options::default()).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 9, .. }), "{error}");
}

/// The folder that a child process writes to.
const FOLDER: &str = "FATHOM_HISTORY_TEST_FOLDER";

/// What a child process takes away when the disk is full.
const BALLAST: &str = "FATHOM_HISTORY_TEST_BALLAST";

fn tiny_head() -> Options {
    Options {
        head_ms: 300_000,
        ..Options::default()
    }
}

/// The profile of a moment: every stack tells when it was written.
fn profile_of(at_ms: i64) -> Profile {
    let paths: [&'static [&'static str]; 3] = [&["main", "a"], &["main", "b"], &["main", "c", "d"]];
    let samples: Vec<Sample> = paths
        .into_iter()
        .map(|path| Sample::new(path, &[at_ms, at_ms * 8, at_ms % 7, at_ms % 7 * 8]))
        .collect();
    profile(HEAP, at_ms * 1_000_000, &samples)
}

/// Not a test of its own: what others start, and end at any instant. It says which scrapes are
/// stored.
#[test]
#[ignore = "is started by other tests"]
fn child_that_appends() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let history = Embedded::open(Path::new(&folder), tiny_head()).unwrap();
    let last = history
        .targets()
        .unwrap()
        .first()
        .map_or(0, |target| target.last_ms);
    let mut at_ms = last + 15_000;
    let mut output = std::io::stdout();
    loop {
        match append(&history, at_ms, 0, &[("heap", &profile_of(at_ms))]) {
            Ok(()) => writeln!(output, "stored {at_ms}").unwrap(),
            Err(error) => {
                writeln!(output, "error {error}").unwrap();
                let Some(ballast) = std::env::var_os(BALLAST) else {
                    return;
                };
                std::fs::remove_file(ballast).unwrap();
                append(&history, at_ms, 0, &[("heap", &profile_of(at_ms))]).unwrap();
                writeln!(output, "stored {at_ms}").unwrap();
                check_all(&history, at_ms);
                writeln!(output, "whole").unwrap();
                return;
            }
        }
        if at_ms % 900_000 == 0 {
            history.maintain(at_ms).unwrap();
        }
        at_ms += 15_000;
    }
}

/// All scrapes up to this one are there, and their profiles too.
fn check_all(history: &Embedded, last_ms: i64) {
    let from = last_ms.saturating_sub(40 * 15_000);
    let range = Range::new(from, i64::MAX);
    let curves = history.points(&PointsQuery { range, ..query(0) }).unwrap();
    let Steps::Numbers(steps) = &curves[1].steps else {
        panic!("{curves:?}");
    };
    let expected: Vec<i64> = (1..=last_ms / 15_000)
        .map(|index| index * 15_000)
        .filter(|at_ms| range.contains(*at_ms))
        .collect();
    let times: Vec<i64> = steps.iter().map(|step| step.at_ms).collect();
    assert!(
        times.starts_with(&expected),
        "{times:?} lacks some of {expected:?}"
    );
    assert!(
        times.len() <= expected.len() + 1,
        "only the last may not have been acknowledged"
    );
    let profiles = history.profiles(&Selector::all(), None, range).unwrap();
    let times: Vec<i64> = profiles.iter().map(|entry| entry.at_ms).collect();
    assert!(times.starts_with(&expected));
    for at_ms in [from.max(15_000) / 15_000 * 15_000, last_ms] {
        let read = history
            .profile_at(&target(), "heap", At::Nearest(at_ms))
            .unwrap()
            .unwrap();
        assert_eq!(content(&read), content(&profile_of(at_ms)), "at {at_ms}");
    }
}

fn child(program: &mut Command, folder: &Path) -> Child {
    program
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "durability::child_that_appends",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts a child over and over, and kills it at some instant; what it said was stored must be
/// there.
fn kill_over_and_over(times: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut last_ms = 0;
    for round in 0..times {
        let mut child = child(
            &mut Command::new(std::env::current_exe().unwrap()),
            folder.path(),
        );
        let output = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            let stored = lines.filter_map(|line| {
                let (_, at_ms) = line.split_once("stored ")?;
                at_ms.parse::<i64>().ok()
            });
            stored.max()
        });
        // Never the same part of what it does.
        std::thread::sleep(Duration::from_millis(60 + round * 37 % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        last_ms = reader.join().unwrap().unwrap_or(0).max(last_ms);
        if last_ms > 0 {
            let history = Embedded::open(folder.path(), tiny_head()).unwrap();
            check_all(&history, last_ms);
            last_ms = history.targets().unwrap()[0].last_ms;
        }
    }
    assert!(last_ms > 0, "nothing was stored");
}

#[test]
fn the_end_of_the_process_loses_nothing() {
    kill_over_and_over(10);
}

#[test]
#[ignore = "takes minutes"]
fn two_hundred_ends_of_the_process_lose_nothing() {
    kill_over_and_over(200);
}

/// A file that cannot grow any more is what a full disk is to SQLite and to blocks.
#[test]
#[cfg(target_os = "linux")]
fn a_limit_of_file_sizes_damages_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let limited = format!(
        "trap '' XFSZ; ulimit -f 200; exec {} \"$@\"",
        program.display()
    );
    let mut command = Command::new("bash");
    let output = child(command.args(["-c", &limited, "bash"]), folder.path())
        .wait_with_output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = text
        .lines()
        .find(|line| line.contains("error "))
        .expect(&text);
    assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    let stored = text
        .lines()
        .filter_map(|line| line.split_once("stored ")?.1.parse::<i64>().ok());
    let last_ms = stored.max().unwrap();
    let history = Embedded::open(folder.path(), tiny_head()).unwrap();
    check_all(&history, last_ms);
    let next_ms = history.targets().unwrap()[0].last_ms + 15_000;
    append(&history, next_ms, 0, &[("heap", &profile_of(next_ms))]).unwrap();
    check_all(&history, next_ms);
}

/// The same on a file system that is full, where this test may mount one.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let disk = folder.path().display();
    let script = format!(
        "mount -t tmpfs -o size=1500k tmpfs {disk} && mkdir {disk}/history && \
         head -c 600000 /dev/zero > {disk}/ballast && exec {} \"$@\"",
        program.display()
    );
    let mut command = Command::new("unshare");
    command
        .args(["-rm", "sh", "-c", &script, "sh"])
        .env(BALLAST, folder.path().join("ballast"));
    let output = child(&mut command, &folder.path().join("history"))
        .wait_with_output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if !text.contains("running") {
        // No file system may be mounted here; the test above says the same of files.
        return;
    }
    assert!(
        text.contains("the disk is full; nothing stored is damaged"),
        "{text}"
    );
    assert!(text.contains("whole"), "{text}");
}
