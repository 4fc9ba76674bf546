//! Go with C: the frames of C have no names in a profile, the binary has.

use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::Cgo;

use super::{build_for, ours, run, text};
use crate::pprof::theirs;

#[test]
fn frames_of_c_are_named_beside_those_of_go() {
    for (flags, has_lines) in [(&[][..], true), (&["-ldflags=-w"], false)] {
        let built = build_for("cgo", GoVersion::GO_1_27, flags, Cgo::On, &[]);
        let profile = built.directory.path().join("cpu.pb.gz");
        run(&built.program, &[text(&profile)], built.directory.path());
        let path = text(&profile);
        let done = ours(&["-traces", path], &[]);
        assert_eq!(done.stderr, "", "{flags:?}");
        let traces = done.fine();
        assert!(traces.contains("ms   leaf\n"), "{flags:?} {traces}");
        // The call of `twice` is inlined, which debug information alone says.
        assert_eq!(traces.contains(" twice (inline)\n"), has_lines, "{traces}");
        assert!(traces.contains(" main._Cfunc_work_in_c\n"), "{traces}");
        let top = ours(&["-top", "-filefunctions", path], &[]).fine();
        let leaf = top
            .lines()
            .find(|line| line.contains(" leaf ") || line.ends_with(" leaf"));
        assert_eq!(leaf.unwrap().contains("main.go"), has_lines, "{top}");
        for report in ["-top", "-raw", "-traces", "-peek=leaf", "-disasm=leaf"] {
            let asked = ["-compat", "-symbolize=", report, path];
            let (ours, theirs) = (ours(&asked, &[]), theirs(&asked[1..], b""));
            assert_eq!(ours.stdout, theirs.stdout, "{flags:?} {report}");
            assert_eq!(ours.stderr, theirs.stderr, "{flags:?} {report}");
        }
    }
}
