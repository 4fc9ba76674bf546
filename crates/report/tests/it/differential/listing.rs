//! Source lines and instructions, of recorded and of written profiles, and of what the Go
//! compiler spends its time on, with its sources and its binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::Toolchain;
use tempfile::TempDir;

use super::written::{empty, rich, rich_base, signed, sourced, unnamed};
use super::{Compared, assert_same, compare, find, ours, text, theirs};

/// Profiles of a compiler, with the sources of what it was built from.
pub(super) struct Recording {
    pub(super) version: GoVersion,
    pub(super) cpu: PathBuf,
    pub(super) heap: PathBuf,
    pub(super) source_flag: String,
}

pub(super) static RECORDINGS: LazyLock<[Recording; 2]> =
    LazyLock::new(|| [GoVersion::GO_1_22, GoVersion::GO_1_27].map(record));

/// Runs the compiler of a toolchain over a program that keeps it busy, once: the profiles are
/// kept between runs.
fn record(version: GoVersion) -> Recording {
    let toolchain = Toolchain::find(version).expect("a toolchain");
    let root = toolchain.go();
    let root = root.ancestors().nth(2).expect("bin/go lies below");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let recording = Recording {
        version,
        cpu: kept.join(format!("compile-{version}.cpu.pb.gz")),
        heap: kept.join(format!("compile-{version}.heap.pb.gz")),
        source_flag: format!("-source_path={}", root.join("src").display()),
    };
    if recording.heap.exists() {
        return recording;
    }
    let scratch = TempDir::new().expect("a scratch directory");
    let source = scratch.path().join("busy.go");
    std::fs::write(&source, busy()).expect("scratch is writable");
    let fresh = scratch.path().join("heap.pb.gz");
    let output = Command::new(root.join("pkg/tool/linux_amd64/compile"))
        .args(["-p", "busy", "-o", "/dev/null", "-cpuprofile"])
        .arg(&recording.cpu)
        .arg("-memprofile")
        .arg(&fresh)
        .arg(&source)
        .output()
        .expect("the compiler runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    // Last, since its presence tells that both are whole.
    std::fs::copy(&fresh, &recording.heap).expect("the directory is writable");
    recording
}

/// A program without imports whose compilation takes seconds.
fn busy() -> String {
    let mut text = String::from("package busy\n");
    for function in 0..120 {
        let _ = writeln!(
            text,
            "type T{function} struct {{ a, b int; s string; m map[string]int }}\n\
             func (t *T{function}) F(x int, ys []int) (r int) {{"
        );
        for line in 0..25 {
            let _ = writeln!(
                text,
                "for i, y := range ys {{ if y > {line} && x%{} == 0 {{ r += y*{} - i; t.m[t.s] += i }} \
                 else {{ switch y & 7 {{ case 1: r -= t.b; case 2: r *= 3; default: t.b |= x }} }} }}",
                line + 2,
                line + 3
            );
        }
        text.push_str("return r }\n");
    }
    text
}

#[test]
fn lists_of_every_recorded_profile() {
    for path in find(|name| name.ends_with(".pb.gz")) {
        compare(&["-list=."], &path, Compared::Exactly);
    }
}

#[test]
fn lists_with_every_option() {
    let scratch = TempDir::new().expect("a scratch directory");
    let at = scratch.path();
    let base = format!("-base={}", rich_base(at).display());
    let difference = format!("-diff_base={}", rich_base(at).display());
    let [none, zeros] = empty(at);
    let source_path = format!("-source_path={}/deep/er:/nowhere", at.display());
    for path in [rich(at), sourced(at), signed(at), unnamed(at), none, zeros] {
        for options in [
            &[][..],
            &["-mean"],
            &["-noinlines"],
            &["-showcolumns"],
            &["-showcolumns", "-noinlines"],
            &["-unit=kb"],
            &["-unit=auto", "-divide_by=3"],
            &["-functions"],
            &["-addresses"],
            &["-files"],
            &["-nodecount=1", "-nodefraction=0.5"],
            &["-drop_negative"],
            &["-relative_percentages", "-focus=walk|work"],
            &["-ignore=main.handle"],
            &["-tagfocus=alpha"],
            &["-tagroot=tenant", "-tagleaf=bytes"],
            &["-sample_index=0"],
            &["-trim_path=/src"],
            &["-trim_path=/src/service:/usr"],
            &["-source_path=/nowhere"],
            &["-source_path=/x/service"],
            &[&source_path],
            &[&source_path, "-trim_path=/src/service"],
            &[&base],
            &[&difference, "-normalize"],
        ] {
            for command in [
                "-list=.",
                "-list=main",
                "-list=^main.walk$|größe",
                "-list=absent",
            ] {
                let flags: Vec<&str> = [command].iter().chain(options).copied().collect();
                let is_other = options.iter().any(|it| it.contains("base="));
                if !is_other || path.ends_with("rich.pb.gz") {
                    compare(&flags, &path, Compared::Exactly);
                }
            }
        }
    }
}

#[test]
fn lists_of_the_compiler() {
    for recording in &*RECORDINGS {
        let source = recording.source_flag.as_str();
        for path in [&recording.cpu, &recording.heap] {
            compare(&["-list=.", source], path, Compared::Exactly);
            for options in [
                &["-list=ssa\\."][..],
                &["-list=ssa\\.", source, "-noinlines"],
                &["-list=mallocgc", source, "-mean"],
                &["-list=regalloc", source, "-showcolumns"],
                &[
                    "-list=runtime",
                    source,
                    "-focus=typecheck|walk",
                    "-unit=auto",
                ],
                &[
                    "-list=cmd/compile/internal/ssa.*Value",
                    source,
                    "-divide_by=7",
                ],
            ] {
                compare(options, path, Compared::Exactly);
            }
        }
    }
}

/// What comparing many functions comes to.
#[derive(Default)]
struct Comparison {
    lines: usize,
    different: Vec<String>,
    /// Functions that the real tool cannot print.
    crashes: Vec<String>,
}

impl Comparison {
    /// Compares functions, and where the real tool ends in a panic, each half by itself.
    fn compare(&mut self, names: &[String], path: &Path) {
        let quoted: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
        let flag = format!("-disasm={}", quoted.join("|"));
        let theirs = theirs(&[&flag], path);
        if is_crash(&theirs.errors) {
            if let [name] = names {
                self.crashes.push(name.clone());
                return;
            }
            let (first, second) = names.split_at(names.len() / 2);
            self.compare(first, path);
            self.compare(second, path);
            return;
        }
        assert!(theirs.is_success, "{}", theirs.errors);
        let ours = ours(&[&flag], path).expect("a report");
        let (ours, theirs) = (text(&ours.bytes), text(&theirs.output));
        let count = theirs.lines().count();
        assert_eq!(ours.lines().count(), count, "{}", path.display());
        self.lines += count;
        let pairs = ours.lines().zip(theirs.lines());
        let different = pairs.filter(|(ours, theirs)| ours != theirs);
        let texts = different.map(|(ours, theirs)| format!("  ours:   {ours}\n  theirs: {theirs}"));
        self.different.extend(texts);
    }
}

/// Whether the real tool crashed. It cuts a function's last byte off and, where two bytes of a
/// vector instruction are left, its decoder looks for a third.
pub(super) fn is_crash(errors: &str) -> bool {
    errors.contains("panic: runtime error: index out of range")
}

/// At most one of a thousand lines may differ: instructions that name one of several symbols at
/// an address, of which the real tool takes any.
#[test]
fn instructions_of_the_compiler() {
    for recording in &*RECORDINGS {
        let mut comparison = Comparison::default();
        let path = &recording.cpu;
        let all = ours(&["-disasm=."], path).expect("a report");
        let all = text(&all.bytes);
        let routines = all.lines().filter_map(|line| line.strip_prefix("ROUTINE "));
        let names = routines.map(|line| line.trim_start_matches('=').trim().to_owned());
        let names: Vec<String> = names.collect();
        assert!(names.len() > 50, "only {} functions", names.len());
        for chunk in names.chunks(80) {
            comparison.compare(chunk, path);
        }
        let Comparison {
            lines,
            different,
            crashes,
        } = comparison;
        assert!(lines > 50_000, "only {lines} lines");
        assert!(crashes.len() < 10, "{crashes:?}");
        assert!(
            different.len() * 1000 <= lines,
            "{}: {} of {lines} lines differ\n{}",
            recording.version,
            different.len(),
            different[..different.len().min(20)].join("\n")
        );
    }
}

#[test]
fn instructions_with_every_option() {
    let recording = &RECORDINGS[1];
    let options: [&[&str]; 11] = [
        &[],
        &["-mean"],
        &["-noinlines=false"],
        &["-unit=ms", "-divide_by=2"],
        &["-showcolumns"],
        &["-focus=mallocgc"],
        &["-trim_path=cmd", "-functions"],
        &["-relative_percentages", "-ignore=runtime"],
        &["-drop_negative", "-nodecount=2"],
        &["-sample_index=0"],
        &["-intel_syntax"],
    ];
    for options in options {
        let commands: &[&str] = if options.is_empty() {
            &[
                "-disasm=regalloc",
                "-disasm=^runtime.memmove$",
                "-disasm=absent",
                "-disasm=0x401000",
                "-disasm=0",
            ]
        } else {
            &["-disasm=runtime.(mallocgc|memmove)"]
        };
        for command in commands {
            let flags: Vec<&str> = std::iter::once(command).chain(options).copied().collect();
            let path = &recording.cpu;
            let real = theirs(&flags, path);
            if is_crash(&real.errors) {
                continue;
            }
            match ours(&flags, path) {
                Ok(ours) => {
                    assert!(real.is_success, "{flags:?}: {}", real.errors);
                    assert_same(&text(&ours.bytes), &text(&real.output), &flags.join(" "));
                }
                Err(failure) => {
                    assert!(!real.is_success, "{flags:?}: {failure}");
                    let error = real.errors.lines().last().unwrap_or_default();
                    assert_eq!(failure.error.to_string(), error, "{flags:?}");
                }
            }
        }
    }
}

#[test]
fn instructions_without_a_binary() {
    for path in find(|name| name == "profile.pb.gz" || name == "heap.pb.gz") {
        let flags = ["-disasm=main"];
        let theirs = theirs(&flags, &path);
        let failure = ours(&flags, &path).expect_err("there is no binary");
        assert!(!theirs.is_success);
        let last = theirs.errors.lines().last().unwrap_or_default();
        assert_eq!(failure.error.to_string(), last, "{}", path.display());
        let said: Vec<&str> = failure.printed.iter().map(String::as_str).collect();
        let output = text(&theirs.output);
        assert_eq!(
            said,
            output.lines().collect::<Vec<_>>(),
            "{}",
            path.display()
        );
    }
}
