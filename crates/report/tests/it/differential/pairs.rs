//! Every option, alone and with every other one, over changing commands and profiles.

use std::path::Path;

use fathom_report::options::spec_of_choice;
use tempfile::TempDir;

use super::written::{rich, rich_base, signed};
use super::{Compared, compare, find};

/// Each option with values worth trying.
const FLAGS: &[&str] = &[
    "-call_tree",
    "-relative_percentages",
    "-unit=auto",
    "-unit=kB",
    "-unit=us",
    "-unit=minutes",
    "-compact_labels",
    "-trim_path=/src/service",
    "-source_path=/home/me/service:/elsewhere/lib",
    "-mean",
    "-sample_index=0",
    "-sample_index=1",
    "-divide_by=3",
    "-divide_by=0.25",
    "-divide_by=-2",
    "-cum",
    "-flat",
    "-tagroot=tenant",
    "-tagroot=latency,tenant",
    "-tagleaf=bytes,path",
    "-drop_negative",
    "-nodecount=0",
    "-nodecount=2",
    "-nodecount=7",
    "-nodefraction=0",
    "-nodefraction=0.1",
    "-edgefraction=0",
    "-edgefraction=0.08",
    "-trim=false",
    "-focus=parse|Method",
    "-focus=service.go$|libwork",
    "-focus=nowhere",
    "-ignore=walk|helper$",
    "-ignore=serve",
    "-prune_from=handle|helper|vector",
    "-hide=main[.]parse|work|libwork",
    "-show=main|pkg",
    "-show_from=serve|work$",
    "-tagfocus=alpha,tenant",
    "-tagfocus=tenant=beta,second",
    "-tagfocus=bytes=16b:64b",
    "-tagfocus=1s:",
    "-tagignore=odd|gamma",
    "-tagignore=:32",
    "-tagshow=tenant|bytes",
    "-taghide=path|goroutine",
    "-noinlines",
    "-showcolumns",
    "-functions",
    "-filefunctions",
    "-files",
    "-lines",
    "-addresses",
];

const COMMANDS: &[&str] = &[
    "-top",
    "-dot",
    "-tree",
    "-callgrind",
    "-traces",
    "-peek=main|pkg",
    "-raw",
    "-tags",
    "-topproto",
    "-proto",
    "-dot",
];

/// What the real tool leaves to chance: which of nodes with the same text comes first. In
/// trees the same function stands in many places; by file, functions that start at
/// different lines have the same text.
fn compared(flags: &[&str]) -> Compared {
    let has = |wanted: &str| flags.iter().any(|flag| flag.starts_with(wanted));
    let is_tree = has("-call_tree") && (has("-dot") || has("-callgrind"));
    // Of labels to which as much was added as was taken.
    let is_difference = has("-base") || has("-diff_base");
    if is_tree || has("-files") || (is_difference && has("-tags")) {
        Compared::Sorted
    } else {
        Compared::Exactly
    }
}

fn profiles(directory: &Path) -> Vec<std::path::PathBuf> {
    let recorded = |name: &str, kind: &str| {
        let found = find(|file| file == kind);
        let recorded = found
            .into_iter()
            .find(|path| path.to_string_lossy().contains(name));
        recorded.expect("a recorded profile")
    };
    vec![
        rich(directory),
        signed(directory),
        recorded("formats/go1.27.3", "heap.pb.gz"),
        recorded("formats/go1.22.10", "mutex.pb.gz"),
    ]
}

#[test]
fn every_option_with_every_command() {
    let scratch = TempDir::new().expect("a scratch directory");
    for path in profiles(scratch.path()) {
        for flag in FLAGS {
            for command in COMMANDS {
                let flags = [*command, *flag];
                compare(&flags, &path, compared(&flags));
            }
        }
    }
}

#[test]
fn every_pair_of_options() {
    let scratch = TempDir::new().expect("a scratch directory");
    let profiles = profiles(scratch.path());
    let mut turn = 0;
    // Two values of one choice conflict.
    let choice = |flag: &str| spec_of_choice(flag.trim_start_matches('-')).map(|it| it.name);
    for (place, first) in FLAGS.iter().enumerate() {
        for second in FLAGS.iter().skip(place + 1) {
            if choice(first).is_some() && choice(first) == choice(second) {
                continue;
            }
            // Two profiles of four are written, so that labels and inlining take part often.
            let path = &profiles[turn % profiles.len()];
            let flags = [COMMANDS[turn % COMMANDS.len()], *first, *second];
            compare(&flags, path, compared(&flags));
            turn += 1;
        }
    }
    assert!(turn > 1300);
}

#[test]
fn differences_with_every_option() {
    let scratch = TempDir::new().expect("a scratch directory");
    let path = rich(scratch.path());
    let base = rich_base(scratch.path());
    let base = base.to_string_lossy();
    let mut turn = 0;
    for mode in ["-base", "-diff_base"] {
        let base = format!("{mode}={base}");
        for more in ["", "-normalize"] {
            for flag in FLAGS {
                for _ in 0..4 {
                    let mut flags = vec![COMMANDS[turn % COMMANDS.len()], &base, flag];
                    flags.extend(Some(more).filter(|more| !more.is_empty()));
                    compare(&flags, &path, compared(&flags));
                    turn += 1;
                }
            }
        }
    }
}
