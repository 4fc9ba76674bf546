//! Go programs of other systems and processors: Mach-O, PE, and the code of arm64.

use std::fs;
use std::path::{Path, PathBuf};

use fathom_profile::encode::write_proto;
use fathom_profile::{Limits, Mapping, ProfileBuilder, Symbolization};
use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::{Cgo, Toolchain};

use super::{Built, build_for, ours, text};
use crate::pprof::theirs;

const STRIPPED: &str = "-ldflags=-s -w";

/// A system, a processor, and where its programs ask to be loaded.
struct Target {
    system: &'static str,
    processor: &'static str,
    load: u64,
}

const TARGETS: [Target; 4] = [
    Target {
        system: "darwin",
        processor: "arm64",
        load: 0x1_0000_0000,
    },
    Target {
        system: "darwin",
        processor: "amd64",
        load: 0x100_0000,
    },
    Target {
        system: "windows",
        processor: "amd64",
        load: 0x1_4000_0000,
    },
    Target {
        system: "linux",
        processor: "arm64",
        load: 0x1_0000,
    },
];

impl Target {
    fn build(&self, arguments: &[&str]) -> Built {
        let variables = [("GOOS", self.system), ("GOARCH", self.processor)];
        build_for(
            "foreign",
            GoVersion::GO_1_27,
            arguments,
            Cgo::Off,
            &variables,
        )
    }

    fn name(&self) -> String {
        format!("{}/{}", self.system, self.processor)
    }

    /// By how much the system may load a program elsewhere.
    fn slides(&self) -> &'static [u64] {
        // What Go links for Linux has a fixed place.
        if self.system == "linux" {
            &[0]
        } else {
            &[0, 0x4f_0000]
        }
    }
}

/// Where `main.spin` begins, and how long it is, by `go tool nm`.
fn spin(program: &Path) -> (u64, u64) {
    let output = Toolchain::find(GoVersion::GO_1_27)
        .unwrap()
        .command(Cgo::Off)
        .args(["tool", "nm", "-size", text(program)])
        .output()
        .unwrap();
    let symbols = String::from_utf8(output.stdout).unwrap();
    let line = symbols.lines().find(|line| line.ends_with(" main.spin"));
    let mut words = line.unwrap().split_whitespace();
    let address = u64::from_str_radix(words.next().unwrap(), 16).unwrap();
    (address, words.next().unwrap().parse().unwrap())
}

/// Writes a profile with samples at every eighth byte of `main.spin`, before its padding.
fn write(built: &Built, target: &Target, slide: u64, (address, size): (u64, u64)) -> PathBuf {
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("cpu", "nanoseconds").unwrap();
    let mapping = Mapping {
        start: target.load + slide,
        limit: target.load + slide + 0x100_0000,
        offset: 0,
        file: builder.string(text(&built.program)).unwrap(),
        build_id: builder.string("").unwrap(),
        symbols: Symbolization::default(),
    };
    let mapping = Some(builder.add_mapping(mapping).unwrap());
    for at in (address + 8..address + size).step_by(8).take(6) {
        let leaf = builder.location(at + slide, mapping, &[], false).unwrap();
        builder.add_sample(&[leaf], &[10_000_000], &[]).unwrap();
    }
    let path = built.directory.path().join(format!("{slide:x}.pb.gz"));
    fs::write(&path, write_proto(&builder.finish())).unwrap();
    path
}

/// The instructions of a report, without what they act on: that has other names in a binary
/// without a symbol table.
fn instructions(report: &str) -> Vec<&str> {
    let rows = report.lines().skip(3);
    rows.filter_map(|row| row.split_once(": "))
        .filter_map(|(_, instruction)| instruction.split_whitespace().next())
        .collect()
}

#[test]
fn binaries_of_other_systems_name_addresses_as_for_the_real_tool() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/symbolize");
    let sources = format!("-source_path={}", text(&sources));
    for target in &TARGETS {
        let whole = target.build(&[]);
        let place = spin(&whole.program);
        for (built, is_stripped) in [(&whole, false), (&target.build(&[STRIPPED]), true)] {
            for &slide in target.slides() {
                let profile = write(built, target, slide, place);
                let at = format!("{} stripped: {is_stripped} {slide:#x}", target.name());
                let path = text(&profile);
                for report in ["-top", "-raw", "-traces", "-list=main.spin", "-disasm=spin"] {
                    for mode in ["-symbolize=force", "-symbolize=local"] {
                        let asked = ["-compat", mode, &sources, report, path];
                        let (ours, theirs) = (ours(&asked, &[]), theirs(&asked[1..], b""));
                        assert_eq!(ours.stdout, theirs.stdout, "{at} {report}");
                        assert_eq!(ours.stderr, theirs.stderr, "{at} {report}");
                        assert_eq!(ours.code, theirs.code, "{at} {report}");
                    }
                }
                let traces = ours(&["-traces", path], &[]);
                assert_eq!(traces.stderr, "", "{at}");
                let traces = traces.fine();
                assert!(traces.contains("main.square (inline)"), "{at}: {traces}");
                assert!(traces.contains("   main.spin\n"), "{at}: {traces}");
                let top = ours(&["-top", "-filefunctions", path], &[]).fine();
                assert!(top.contains("main.spin") && top.contains("main.go"), "{at}");
            }
        }
    }
}

#[test]
fn instructions_of_other_systems_need_no_symbol_table() {
    for target in &TARGETS {
        let whole = target.build(&[]);
        let stripped = target.build(&[STRIPPED]);
        let place = spin(&whole.program);
        for &slide in target.slides() {
            let reports = [&whole, &stripped].map(|built| {
                let profile = write(built, target, slide, place);
                ours(&["-disasm=main.spin", text(&profile)], &[]).fine()
            });
            let [of_whole, of_stripped] = reports.each_ref().map(|report| instructions(report));
            assert!(of_whole.len() > 5, "{}: {}", target.name(), reports[0]);
            assert!(reports[1].contains("main.go:12"), "{}", reports[1]);
            assert_eq!(of_whole, of_stripped, "{} {slide:#x}", target.name());
        }
    }
}
