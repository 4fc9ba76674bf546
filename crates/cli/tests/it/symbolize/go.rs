//! Go programs: what their binaries say is what they would have said themselves.

use fathom_testkit::GoVersion;

use super::{Built, build, lines, ours, parsed, run, text, write_bare};
use crate::pprof::theirs;

/// Runs the busy program and returns it with the paths of its profile, whole and bare.
struct Busy {
    built: Built,
    whole: std::path::PathBuf,
    bare: std::path::PathBuf,
}

fn busy(version: GoVersion, arguments: &[&str]) -> Busy {
    let built = build("busy", version, arguments);
    let whole = built.directory.path().join("cpu.pb.gz");
    let bare = built.directory.path().join("bare.pb");
    run(&built.program, &[text(&whole)], built.directory.path());
    let profile = parsed(&whole);
    assert!(profile.sample_count() > 10, "{}", profile.sample_count());
    write_bare(&profile, &bare);
    Busy { built, whole, bare }
}

#[test]
fn a_bare_profile_of_a_go_program_gets_what_the_program_would_have_said() {
    for (version, arguments) in [
        (GoVersion::GO_1_27, &[][..]),
        (GoVersion::GO_1_27, &["-buildmode=pie"]),
        (GoVersion::GO_1_27, &["-ldflags=-s -w"]),
        (GoVersion::GO_1_27, &["-buildmode=pie", "-ldflags=-s -w"]),
        (GoVersion::GO_1_22, &["-ldflags=-s -w"]),
    ] {
        let busy = busy(version, arguments);
        let named = busy.built.directory.path().join("named.pb.gz");
        let output = format!("-output={}", text(&named));
        for mode in [
            "-symbolize=local",
            "-symbolize=fastlocal",
            "-symbolize=demangle=full",
        ] {
            let done = ours(&["-proto", mode, &output, text(&busy.bare)], &[]);
            assert_eq!(done.code, Some(0), "{arguments:?} {mode} {}", done.stderr);
            let expected = format!("Generating report in {}\n", text(&named));
            assert_eq!(done.stderr, expected, "{arguments:?} {mode}");
            let (whole, named) = (parsed(&busy.whole), parsed(&named));
            let (ours, theirs) = (lines(&named), lines(&whole));
            assert_eq!(ours.len(), theirs.len(), "{version} {arguments:?} {mode}");
            // A stack that is too deep for the runtime may end within inlined calls: then the
            // program says less than its binary.
            let mut cut = 0;
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let is_cut = ours.starts_with(&format!("{theirs} | "));
                assert!(
                    ours == theirs || is_cut,
                    "{version} {arguments:?} {mode}: {ours}, not {theirs}"
                );
                cut += usize::from(is_cut);
            }
            assert!(cut <= 2, "{cut} of {}", ours.len());
            let inlined = whole.location_ids().filter(|&id| whole.line_count(id) > 1);
            assert!(inlined.count() > 3);
            let symbols = named.mappings()[0].symbols;
            assert!(symbols.functions && symbols.line_numbers && symbols.inline_frames);
        }
        let bare = ours(&["-raw", "-symbolize=none", text(&busy.bare)], &[]).fine();
        assert!(!bare.contains("main.main"), "{bare}");
    }
}

#[test]
fn compatible_names_are_those_of_the_real_tool() {
    for arguments in [&[][..], &["-buildmode=pie"], &["-ldflags=-s -w"]] {
        let busy = busy(GoVersion::GO_1_27, arguments);
        let binary = text(&busy.built.program);
        for report in ["-top", "-traces", "-raw", "-peek=.", "-tree"] {
            for mode in [
                "local",
                "fastlocal:force",
                "",
                "demangle=full",
                "demangle=templates",
            ] {
                let mode = format!("-symbolize={mode}");
                for source in [&busy.bare, &busy.whole] {
                    let asked = ["-compat", &mode, report, text(source)];
                    let (ours, theirs) = (ours(&asked, &[]), theirs(&asked[1..], b""));
                    assert_eq!(ours.stdout, theirs.stdout, "{arguments:?} {asked:?}");
                    assert_eq!(ours.stderr, theirs.stderr, "{arguments:?} {asked:?}");
                }
            }
        }
        // The binary as the first argument.
        let asked = [
            "-compat",
            "-symbolize=local",
            "-top",
            binary,
            text(&busy.bare),
        ];
        let (ours, theirs) = (ours(&asked, &[]), theirs(&asked[1..], b""));
        assert_eq!((ours.stdout, ours.stderr), (theirs.stdout, theirs.stderr));
    }
}

#[test]
fn what_the_program_named_itself_is_kept() {
    let busy = busy(GoVersion::GO_1_27, &[]);
    // Another binary at the place of the one that ran: nothing is asked of it.
    std::fs::write(&busy.built.program, b"no binary").unwrap();
    let done = ours(&["-traces", text(&busy.whole)], &[]);
    assert_eq!(done.stderr, "");
    // Every name is the one written in the profile, whichever functions were
    // sampled.
    let asked_nothing = ours(&["-symbolize=none", "-traces", text(&busy.whole)], &[]);
    let named = done.fine();
    assert!(named.contains("main.main"), "{named}");
    assert_eq!(named, asked_nothing.fine());
    // Of a bare profile it cannot be used, which is told.
    let done = ours(&["-traces", text(&busy.bare)], &[]);
    assert!(
        done.stderr.contains("Local symbolization failed for busy")
            && done.stderr.contains("Try setting PPROF_BINARY_PATH"),
        "{}",
        done.stderr
    );
    assert_eq!(done.code, Some(0));
}
