//! The shell from scripts: what it says to lines that need no report, and what it asks
//! for.

use std::io;

use fathom_profile::{Limits, Profile, ProfileBuilder};

use super::*;
use crate::pprof::talk::tests::Heard;

/// Lines out of a text.
struct Script<'a>(std::str::Lines<'a>);

impl Lines for Script<'_> {
    fn next_line(&mut self) -> io::Result<Option<String>> {
        Ok(self.0.next().map(str::to_owned))
    }
}

fn heap() -> Profile {
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("inuse_objects", "count").unwrap();
    builder.add_sample_type("inuse_space", "bytes").unwrap();
    let work = builder
        .function("main.work", "main.work", "main.go", 1)
        .unwrap();
    let leaf = builder.call(0x1000, work, 12).unwrap();
    builder.add_sample(&[leaf], &[1, 4096], &[]).unwrap();
    builder.finish()
}

/// Runs a script and returns what was said after the greeting.
fn session(script: &str, compat: bool) -> (Vec<String>, Options) {
    let (profile, heard) = (heap(), Heard::default());
    let options = Options {
        compat,
        ..Options::default()
    };
    let profile = profile.into();
    let mut shell = Shell::new(&profile, options, &heard);
    shell.answer(&mut Script(script.lines())).unwrap();
    (heard.talk(), shell.options.clone())
}

#[test]
fn values_stay_until_they_are_cleared() {
    let script = "focus=a\nmean\ncum\nfiles\nhide=x //: gone\nnodecount=7";
    let (said, options) = session(script, false);
    assert!(said.is_empty(), "{said:?}");
    assert_eq!((options.focus.as_str(), options.hide.as_str()), ("a", "x"));
    assert_eq!(
        (options.sort.as_str(), options.granularity.as_str()),
        ("cum", "files")
    );
    assert!(options.mean && options.compact_labels);
    let (_, cleared) = session(&format!("{script}\n:"), false);
    assert_eq!((cleared.focus.as_str(), cleared.hide.as_str()), ("", ""));
    assert_eq!(cleared.nodecount, 7);
}

#[test]
fn sample_types_are_commands() {
    let (_, options) = session("inuse_objects", true);
    assert_eq!(options.sample_index, "inuse_objects");
    let (_, options) = session("mean_inuse_space", true);
    assert!(options.mean);
    let (_, options) = session("mean_inuse_space\ntotal_inuse_objects", true);
    assert!(!options.mean);
    assert_eq!(options.sample_index, "inuse_objects");
    // Nothing means what the profile itself would choose.
    let (_, options) = session("sample_index=0\nsample_index=", true);
    assert_eq!(options.sample_index, "inuse_space");
}

#[test]
fn mistakes_are_told_and_survived() {
    let (said, options) = session("foo\nlines\nsort=x\nlist\nfocus=b", true);
    let expected = [
        "unrecognized command: \"foo\"",
        "unknown config field \"lines\"",
        "invalid \"sort\" value \"x\"",
        "command list requires an argument",
    ];
    assert_eq!(said, expected);
    assert_eq!(options.focus, "b");
}

#[test]
fn options_are_listed_as_pprof_lists_them() {
    let (said, _) = session("o", true);
    let lines: Vec<&str> = said[0].lines().collect();
    assert!(lines.is_sorted());
    assert!(lines.contains(&"  compact_labels            = true                 "));
    assert!(lines.contains(
        &"  granularity               = (default)            //: [addresses | filefunctions | files | functions | lines]"
    ));
    assert!(lines.contains(&"  nodecount                 = -1                   //: default"));
    assert!(lines.contains(
        &"  sample_index              = inuse_space          //: [inuse_objects | inuse_space]"
    ));
    assert!(!said[0].contains("compat ") && !said[0].contains("layout"));
    let (ours, _) = session("options", false);
    assert!(ours[0].contains("  layout "));
}

#[test]
fn quitting_ends_the_script() {
    for word in ["q", "quit", "exit"] {
        let (said, options) = session(&format!("{word}\nfocus=x\nfoo"), true);
        assert!(said.is_empty());
        assert_eq!(options.focus, "");
    }
}

#[test]
fn scripts_run_and_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("one"), "# focus\nfocus=from script\n").unwrap();
    let (said, options) = session(&format!("source {}\nmean", path("one")), false);
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(options.focus, "from script");
    assert!(options.mean);
    // A script that runs itself is stopped.
    std::fs::write(path("loop"), format!("source {}\n", path("loop"))).unwrap();
    let (said, _) = session(&format!("source {}", path("loop")), false);
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("more than 16 scripts"), "{said:?}");
    std::fs::write(path("quit"), "quit\n").unwrap();
    let (_, options) = session(&format!("source {}\nmean", path("quit")), false);
    assert!(!options.mean);
    let (said, _) = session("source /no/such", false);
    assert_eq!(said, ["open /no/such: no such file or directory"]);
}

#[test]
fn help_teaches() {
    let (said, _) = session("help\nhelp top\nhelp nosuch\nhelp lines", false);
    assert!(said[0].contains("weblist") && said[0].contains("tagfocus"));
    assert!(said[1].contains("Examples:\n  top 20\n"), "{}", said[1]);
    assert_eq!(said[2], "Unknown command: nosuch");
    assert!(said[3].contains("granularity"));
}

#[cfg(unix)]
fn text(bytes: &[u8]) -> Report<'static> {
    Report::Whole(fathom_report::Produced {
        bytes: bytes.to_vec(),
        notes: Vec::new(),
        printed: Vec::new(),
    })
}

#[cfg(unix)]
#[test]
fn a_pipe_reads_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("piped");
    through(
        &format!("tr a-z A-Z > '{}'", path.display()),
        &text(b"text\n"),
    )
    .unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"TEXT\n");
    // A reader that leaves early is no error.
    through("true", &text(&vec![b'x'; 1 << 20])).unwrap();
}

#[test]
fn names_are_sorted_and_once() {
    let names = names(&heap());
    assert_eq!(names.functions, ["main.work"]);
    assert_eq!(names.kinds, ["inuse_objects", "inuse_space"]);
}
