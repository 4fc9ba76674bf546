//! The shell, driven by scripts: beside the real tool, and beyond it.

use std::fs;

use tempfile::TempDir;

use crate::pprof::{heap, ours, theirs};
use crate::{Done, command};

/// What is said after the greeting, whose first lines are a report's.
fn after_greeting(done: &Done) -> &str {
    let greeting = "Entering interactive mode (type \"help\" for commands, \"o\" for options)\n";
    done.stderr.split_once(greeting).unwrap().1
}

#[test]
fn sessions_are_those_of_the_real_tool() {
    let heap = heap();
    for script in [
        "",
        "\n\n  \n",
        "o\n",
        "options\nquit\no\n",
        "o",
        "lines\ncum\nlines=1\ngranularity=foo\nsort=cum\nsort\nnodecount\nnodecount=x\n\
         nodefraction=z\ntrim=maybe\ntrim=\nsample_index=foo\nsample_index=3\nsample_index=9\no\n",
        "foo\nfoo3\nlines 5\nfocus bar\nsort cum\nlist\npeek\ndisasm\nweblist\ntop3 >\nhelp nosuch\n",
        ":\ninuse_objects\ntotal_alloc_space\nmean_alloc_space\no\n",
        "focus = a b //: hm //: x\nhide=x=y\n tagfocus=a \nunit=\no\n:\no\n",
        "nosuch=3\n#x\n# y\nsource x\n q \nfoo\n",
        "nodefraction=1e-5\nedgefraction=.5\ndivide_by=0x10\nnodecount=0x10\nnodecount=+5\no\n",
        "source_path=/x\ntrim_path=/y\noutput=z\nmean\ncall_tree=T\nnoinlines=no\no\n",
        "layout=fathom\ncompat=1\no\nexit\n",
        "sample_index=\no\nsample_index=-1\n",
        "\u{e9}\u{7}\n\u{a0}o\u{2003}\n",
    ] {
        let theirs = theirs(&[&heap], script.as_bytes());
        let ours = ours(&["-compat", &heap], script.as_bytes());
        assert_eq!(ours.stdout, theirs.stdout, "{script:?}");
        assert_eq!(after_greeting(&ours), after_greeting(&theirs), "{script:?}");
        assert_eq!((ours.code, theirs.code), (Some(0), Some(0)), "{script:?}");
    }
}

#[test]
fn options_of_the_command_line_reach_the_shell() {
    let heap = heap();
    let arguments = [
        "-alloc_space",
        "-cum",
        "-lines",
        "-focus=x",
        "-nodecount=7",
        &heap,
    ];
    let theirs = theirs(&arguments, b"o\n");
    let mut compat = vec!["-compat"];
    compat.extend(arguments);
    assert_eq!(
        after_greeting(&ours(&compat, b"o\n")),
        after_greeting(&theirs)
    );
}

#[test]
fn what_the_real_tool_lacks() {
    let (heap, home) = (heap(), TempDir::new().unwrap());
    let script = home.path().join("script");
    fs::write(&script, "# a comment\ncum\nlines\n").unwrap();
    let input = format!("source {}\no\n", script.display());
    let done = ours(&[&heap], input.as_bytes());
    let said = after_greeting(&done);
    assert!(
        said.contains("  sort                      = cum  "),
        "{said}"
    );
    assert!(
        said.contains("  granularity               = lines  "),
        "{said}"
    );
    assert!(!said.contains("unrecognized"), "{said}");

    let report = home.path().join("report");
    let input = format!(
        "top >{0}\ntop >>{0}\ntop | cat >{0}.piped\n",
        report.display()
    );
    let done = ours(&[&heap], input.as_bytes());
    let told = format!("Generating report in {}\n", report.display());
    assert_eq!(after_greeting(&done), format!("{told}{told}"));
    assert!(report.is_file() && report.with_extension("piped").is_file());
}

#[test]
fn fathom_shell_is_the_same_shell() {
    let heap = heap();
    let mut child = command(&["shell", "-compat", &heap]);
    let done: Done = child
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
        .into();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "(pprof) "));
    let done: Done = command(&["shell", "-top", &heap]).output().unwrap().into();
    assert_eq!(done.code, Some(2));
    assert!(
        done.stderr.starts_with("fathom shell takes no command"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_profile_on_standard_input_leaves_no_commands() {
    let bytes = fs::read(heap()).unwrap();
    let done = ours(&["-"], &bytes);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "(pprof) "));
    assert!(done.stderr.contains("give one, as -top"), "{}", done.stderr);
}
