//! Colours, pipes and quiet.

use std::process::Stdio;

use crate::{FORMATS, LEAK, command, fathom};

fn dump() -> String {
    format!("{LEAK}/goroutine_debug2.txt")
}

#[test]
fn colour_is_where_it_is_wanted() {
    let coloured = |color: &str, environment: Option<(&str, &str)>| {
        let path = dump();
        let mut command = command(&["goroutines", &path, "--color", color]);
        command.envs(environment);
        String::from_utf8(command.output().unwrap().stdout)
            .unwrap()
            .contains('\x1b')
    };
    assert!(!coloured("auto", None));
    assert!(coloured("always", None));
    assert!(coloured("auto", Some(("CLICOLOR_FORCE", "1"))));
    assert!(!coloured("auto", Some(("CLICOLOR_FORCE", "0"))));
    assert!(!coloured("never", Some(("CLICOLOR_FORCE", "1"))));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn talk_goes_to_standard_error_and_can_be_stilled() {
    let path = format!("{FORMATS}/heap.pb.gz");
    let loud = fathom(&["top", &path, "-n", "1", "--progress"]);
    assert!(loud.stderr.contains("took heap.pb.gz"), "{}", loud.stderr);
    let quiet = fathom(&["top", &path, "-n", "1", "--quiet"]);
    assert_eq!(quiet.stderr, "");
    assert_eq!(quiet.fine(), loud.fine());
}

#[test]
fn lines_fit_the_width() {
    let path = dump();
    let output = command(&["goroutines", &path])
        .env("COLUMNS", "60")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.lines().all(|line| line.chars().count() <= 60),
        "{text}"
    );
}
