//! Help is part of the interface: a change of it is seen in review.

use crate::fathom;

const COMMANDS: [&str; 28] = [
    "explain",
    "open",
    "capture",
    "top",
    "tree",
    "peek",
    "list",
    "disasm",
    "traces",
    "tags",
    "flame",
    "graph",
    "diff",
    "merge",
    "convert",
    "pprof",
    "shell",
    "goroutines",
    "gctrace",
    "leaks",
    "trace",
    "watch",
    "record",
    "serve",
    "ps",
    "demo",
    "completions",
    "man",
];

/// Commands over profiles, whose long help is that of `top` but for its beginning and end.
const LIKE_TOP: [&str; 11] = [
    "tree", "peek", "list", "disasm", "traces", "tags", "flame", "graph", "diff", "merge",
    "convert",
];

#[test]
fn every_command_explains_itself() {
    insta::assert_snapshot!("help", fathom(&["--help"]).fine());
    for command in COMMANDS {
        let help = fathom(&[command, "--help"]).fine();
        assert!(
            help.lines().all(|line| line.chars().count() <= 80),
            "{help}"
        );
        // A short help is seen in review; `options` holds the long one to the table.
        let help = if LIKE_TOP.contains(&command) {
            let brief = fathom(&[command, "-h"]).fine();
            assert!(
                brief.lines().all(|line| line.chars().count() <= 80),
                "{brief}"
            );
            brief
        } else {
            help
        };
        insta::assert_snapshot!(format!("help_{command}"), help);
    }
}

#[test]
fn without_arguments_it_says_what_there_is() {
    let done = fathom(&[]);
    assert_eq!(done.code, Some(2));
    assert!(
        done.stderr.contains("fathom explain 4711"),
        "{}",
        done.stderr
    );
}

#[test]
fn the_version_names_the_commit() {
    let version = fathom(&["--version"]).fine();
    let version = version.trim();
    assert!(
        version.starts_with(concat!("fathom ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
    // A source archive has no commit to name.
    if let Some((_, commit)) = version.split_once(" (") {
        let commit = commit.trim_end_matches(')');
        assert!(commit.len() >= 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[test]
fn commands_that_parse_on_their_own_have_one_help() {
    for command in ["pprof", "shell"] {
        let help = fathom(&[command, "-h"]).fine();
        assert_eq!(fathom(&["help", command]).fine(), help);
        assert_eq!(fathom(&[command, "-help"]).fine(), help);
    }
}

#[test]
fn completions_know_the_flags_of_pprof() {
    let script = fathom(&["completions", "bash"]).fine();
    for flag in ["--top", "--diff_base", "--nodefraction", "--filefunctions"] {
        assert!(script.contains(flag), "{flag}");
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = fathom(&["completions", shell]).fine();
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}
