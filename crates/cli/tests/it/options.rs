//! The table of options reaches every surface: each one knows every option, once.

use std::fmt::Write as _;

use fathom_report::options::{Kind, OPTIONS, Spec};

use crate::fathom;
use crate::pprof::{heap, ours};

/// The commands that take options.
const COMMANDS: [&str; 12] = [
    "top", "tree", "peek", "list", "disasm", "traces", "tags", "flame", "graph", "diff", "merge",
    "convert",
];

/// The names under which an option is a flag of pprof: its own, or those of its choices.
fn pprof_flags(spec: &Spec) -> Vec<&'static str> {
    if spec.kind == Kind::Choice && !spec.is_ours {
        spec.choices.iter().map(|choice| choice.name).collect()
    } else {
        vec![spec.name]
    }
}

/// Counts lines that begin with a flag, which nothing longer continues.
fn lines_with(text: &str, flag: &str) -> usize {
    let ends =
        |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || "-_".contains(next));
    text.lines()
        .map(str::trim_start)
        .filter(|line| line.strip_prefix(flag).is_some_and(ends))
        .count()
}

#[test]
fn the_help_of_pprof_tells_every_flag_once() {
    let help = fathom(&["pprof", "-h"]).fine();
    for spec in OPTIONS {
        for flag in pprof_flags(spec) {
            let own = format!("-{flag}");
            let count = if spec.kind == Kind::Choice && spec.is_ours {
                // `-layout=fathom`, a line a choice.
                lines_with(&help, &own) / spec.choices.len()
            } else {
                lines_with(&help, &own)
            };
            assert_eq!(count, 1, "{flag}");
        }
    }
}

#[test]
fn every_flag_of_pprof_is_accepted() {
    let heap = heap();
    for spec in OPTIONS {
        let default = spec.default_text();
        let argument = match spec.kind {
            Kind::Choice if spec.is_ours => format!("-{}={default}", spec.name),
            Kind::Choice => format!("-{}", spec.choices[0].name),
            // An output would write a file.
            _ => format!("-{}={default}", spec.name),
        };
        let done = ours(&[&argument, "-comments", &heap], b"");
        assert_eq!(done.code, Some(0), "{argument}: {}", done.stderr);
    }
}

#[test]
fn the_shell_knows_every_option_as_a_variable_and_in_its_help() {
    let heap = heap();
    let told = ours(&[&heap], b"options\n").stderr;
    let explained = ours(&[&heap], b"help\n").stderr;
    let mut script = String::new();
    for spec in OPTIONS {
        let start = format!("{} ", spec.name);
        for text in [&told, &explained] {
            let lines = text.lines().map(str::trim_start);
            let count = lines.filter(|line| line.starts_with(&start)).count();
            // Commands of the same name do not exist.
            assert_eq!(count, 1, "{}: {text}", spec.name);
        }
        let _ = writeln!(script, "{}={}", spec.name, spec.default_text());
    }
    let done = ours(&[&heap], script.as_bytes());
    assert!(!done.stderr.contains("unrecognized"), "{}", done.stderr);
}

#[test]
fn the_help_of_every_command_tells_every_option_once() {
    for name in COMMANDS {
        let help = fathom(&[name, "--help"]).fine();
        for spec in OPTIONS {
            let long = format!("--{}", spec.long_name());
            let lines = help.replace("-o, ", "    ").replace("-n, ", "    ");
            assert_eq!(lines_with(&lines, &long), 1, "{name} {long}");
            for flag in pprof_flags(spec) {
                if spec.kind == Kind::Choice && !spec.is_ours {
                    assert_eq!(
                        lines_with(&help, &format!("--{flag}")),
                        1,
                        "{name} --{flag}"
                    );
                } else if flag != spec.long_name() {
                    assert!(
                        help.contains(&format!("--{flag}")),
                        "{name}: alias --{flag}"
                    );
                }
            }
        }
        let brief = fathom(&[name, "-h"]).fine();
        assert!(brief.lines().count() * 2 < help.lines().count(), "{brief}");
    }
}

#[test]
fn completions_of_every_command_know_every_option_once() {
    let script = fathom(&["completions", "fish"]).fine();
    for name in COMMANDS {
        let start = format!("complete -c fathom -n \"__fish_fathom_using_subcommand {name}\" ");
        let lines: Vec<&str> = script
            .lines()
            .filter(|line| line.starts_with(&start))
            .collect();
        for spec in OPTIONS {
            let long = format!(" -l {} ", spec.long_name());
            let count = lines.iter().filter(|line| line.contains(&long)).count();
            assert_eq!(count, 1, "{name}{long}");
        }
    }
    for spec in OPTIONS {
        for flag in pprof_flags(spec) {
            let start = "complete -c fathom -n \"__fish_fathom_using_subcommand pprof\" ";
            let long = format!(" -l {flag} ");
            let lines = script.lines().filter(|line| line.starts_with(start));
            assert_eq!(
                lines.filter(|line| line.contains(&long)).count(),
                1,
                "pprof{long}"
            );
        }
    }
}

#[test]
fn manual_pages_know_every_option_once() {
    let page = |name: &str| fathom(&["man", name]).fine().replace("\\-", "-");
    // A page defines an option on the line after `.TP`.
    let defined = |page: &str, flag: &str| {
        let flag = format!("\\fB--{flag}\\fR");
        let lines = page.lines().zip(page.lines().skip(1));
        let lines = lines.filter(|(before, _)| before.trim() == ".TP");
        lines.filter(|(_, line)| line.contains(&flag)).count()
    };
    for name in COMMANDS {
        let page = page(name);
        for spec in OPTIONS {
            let long = spec.long_name();
            assert_eq!(defined(&page, &long), 1, "{name} --{long}");
        }
    }
    let page = page("pprof");
    for spec in OPTIONS {
        for flag in pprof_flags(spec) {
            assert_eq!(defined(&page, flag), 1, "pprof {flag}");
        }
    }
}

#[test]
fn manual_pages_are_written_into_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("man1");
    fathom(&["man", "--dir", path.to_str().unwrap()]).fine();
    for name in [
        "fathom.1",
        "fathom-top.1",
        "fathom-pprof.1",
        "fathom-explain.1",
    ] {
        let text = std::fs::read_to_string(path.join(name)).unwrap();
        assert!(text.contains(".TH"), "{name}");
    }
    let said = fathom(&["man", "nosuch"]).failed();
    assert!(said.contains("hint: one of explain, "), "{said}");
    let page = fathom(&["man"]).fine();
    assert!(page.contains("fathom explain 4711"), "{page}");
}
