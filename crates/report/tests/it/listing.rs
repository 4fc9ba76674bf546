//! Where listings differ from the real tool's, with the arithmetic that says which is right,
//! and what damaged files do to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use fathom_profile::{Line, Mapping, MappingId, Profile, ProfileBuilder, Symbolization};
use fathom_report::listing::{Disassembly, Listing, SourcePage};
use fathom_report::options::Options;
use fathom_report::{Objects, Sources};
use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::Toolchain;

/// Files by name.
#[derive(Default)]
struct Files(BTreeMap<&'static str, Vec<u8>>);

impl Files {
    fn with(file: &'static str, content: impl Into<Vec<u8>>) -> Self {
        Self(BTreeMap::from([(file, content.into())]))
    }
}

impl Sources for Files {
    fn read(&self, path: &str, _source_path: &str, _trim: &str) -> Result<Arc<[u8]>, String> {
        let found = self.0.get(path).cloned();
        found.map(Into::into).ok_or_else(|| format!("no {path}"))
    }
}

impl Objects for Files {
    fn read(&self, file: &str, _build_id: &str) -> Result<Arc<[u8]>, String> {
        Sources::read(self, file, "", "")
    }
}

type Place = (&'static str, &'static str, i64);

/// A profile of stacks, leaf first, each frame a location of its inlined calls.
fn profile(stacks: &[(&[&[Place]], &[i64])]) -> Profile {
    let mut builder = ProfileBuilder::new(&fathom_profile::Limits::default());
    builder.add_sample_type("events", "count").expect("fits");
    builder
        .add_sample_type("time", "nanoseconds")
        .expect("fits");
    let mapping = mapping(&mut builder, "/bin/app", 0x40_0000);
    let mut known: BTreeMap<&[Place], _> = BTreeMap::new();
    for &(stack, values) in stacks {
        let mut locations = Vec::new();
        for &places in stack {
            let next = 0x40_1000 + 0x10 * u64::try_from(known.len()).expect("fits");
            let location = *known.entry(places).or_insert_with(|| {
                let mut lines = Vec::new();
                for &(name, file, line) in places {
                    let function = builder.function(name, name, file, 0).expect("fits");
                    lines.push(Line {
                        function: Some(function),
                        line,
                        column: 0,
                    });
                }
                builder
                    .location(next, Some(mapping), &lines, false)
                    .expect("fits")
            });
            locations.push(location);
        }
        builder.add_sample(&locations, values, &[]).expect("fits");
    }
    builder.finish()
}

fn mapping(builder: &mut ProfileBuilder, file: &str, start: u64) -> MappingId {
    let mapping = Mapping {
        start,
        limit: start + 0x200_0000,
        offset: 0,
        file: builder.string(file).expect("fits"),
        build_id: builder.string("").expect("fits"),
        symbols: Symbolization {
            functions: true,
            filenames: true,
            line_numbers: true,
            inline_frames: true,
        },
    };
    builder.add_mapping(mapping).expect("fits")
}

fn options(compat: bool) -> Options {
    Options {
        compat,
        ..Options::default()
    }
}

fn source(lines: usize) -> Vec<u8> {
    (1..=lines)
        .flat_map(|line| format!("line {line}\n").into_bytes())
        .collect()
}

/// (flat, cum) of a line.
fn at(listing: &Listing, line: i64) -> (i64, i64) {
    let found = listing.functions[0].files[0]
        .lines
        .iter()
        .find(|it| it.line == line);
    found.map_or((-1, -1), |it| (it.flat, it.cum))
}

const MAIN: &[Place] = &[("main.main", "main.go", 3)];
const WALK_7: &[Place] = &[("main.walk", "walk.go", 7)];
const WALK_9: &[Place] = &[("main.walk", "walk.go", 9)];

/// One sample of 100 on walk:9 < walk:7 < walk:7 < main. No function can hold more than all
/// there is, 100; the real tool says 200, since line 7 and line 9 are two nodes.
#[test]
fn recursion_counts_once() {
    let profile = profile(&[(&[WALK_9, WALK_7, WALK_7, MAIN], &[1, 100])]);
    let files = Files::with("walk.go", source(20));
    let right = Listing::new(&profile, &options(false), "walk", &files).expect("a view");
    let file = &right.functions[0].files[0];
    assert_eq!((file.flat, file.cum, right.head.total), (100, 100, 100));
    assert_eq!((at(&right, 7), at(&right, 9)), ((0, 100), (100, 100)));
    let theirs = Listing::new(&profile, &options(true), "walk", &files).expect("a view");
    assert_eq!(theirs.functions[0].files[0].cum, 200);

    let page = SourcePage::new(&profile, &options(false), "walk", &files, &files).expect("a view");
    let function = &page.functions[0];
    assert_eq!((function.flat, function.cum), (100, 100));
    let theirs = SourcePage::new(&profile, &options(true), "walk", &files, &files).expect("a view");
    // Each of the three frames of the one sample counts.
    assert_eq!(theirs.functions[0].cum, 300);
}

/// Frames that only their column or binary tells apart share a line, which a sample with both
/// on its stack is counted for once.
#[test]
fn columns_do_not_multiply_a_line() {
    let mut builder = ProfileBuilder::new(&fathom_profile::Limits::default());
    builder
        .add_sample_type("time", "nanoseconds")
        .expect("fits");
    let app = mapping(&mut builder, "/bin/app", 0x40_0000);
    let function = builder.function("f", "f", "f.go", 1).expect("fits");
    let mut stack = Vec::new();
    for column in [4, 30] {
        let line = Line {
            function: Some(function),
            line: 2,
            column,
        };
        let address = 0x40_0000 + u64::try_from(column).expect("fits");
        stack.push(
            builder
                .location(address, Some(app), &[line], false)
                .expect("fits"),
        );
    }
    builder.add_sample(&stack, &[50], &[]).expect("fits");
    let profile = builder.finish();
    let files = Files::with("f.go", source(9));
    for (compat, cum) in [(false, 50), (true, 100)] {
        let options = Options {
            showcolumns: true,
            ..options(compat)
        };
        let listing = Listing::new(&profile, &options, "f", &files).expect("a view");
        assert_eq!(at(&listing, 2), (50, cum));
    }
}

/// Two samples at one line: 10 events in 1000 ns and 30 in 1000 ns, so 2000 / 40 = 50 ns an
/// event. The real tool's lists say 2000 ns; its pages divide each sample and add
/// 1000 / 10 + 1000 / 30 = 133 ns, more than either.
#[test]
fn averages_are_divided() {
    let profile = profile(&[(&[WALK_7, MAIN], &[10, 1000]), (&[WALK_7], &[30, 1000])]);
    let files = Files::with("walk.go", source(20));
    let mean = |compat| Options {
        mean: true,
        ..options(compat)
    };
    let right = Listing::new(&profile, &mean(false), "walk", &files).expect("a view");
    assert_eq!((right.head.total, at(&right, 7)), (50, (50, 50)));
    assert_eq!(right.functions[0].files[0].cum, 50);
    let theirs = Listing::new(&profile, &mean(true), "walk", &files).expect("a view");
    assert_eq!(at(&theirs, 7), (2000, 2000));
    for (compat, cum) in [(false, 50), (true, 133)] {
        let page =
            SourcePage::new(&profile, &mean(compat), "walk", &files, &files).expect("a view");
        assert_eq!(page.functions[0].cum, cum);
    }
}

/// Inlined frames have their own lines: the leaf's line holds the value itself, the line of the
/// call holds it as part of what it called.
#[test]
fn inlined_calls_fall_to_their_own_lines() {
    let inlined: &[Place] = &[
        ("main.leaf", "leaf.go", 4),
        ("main.middle", "walk.go", 8),
        ("main.walk", "walk.go", 9),
    ];
    let profile = profile(&[(&[inlined, MAIN], &[1, 60]), (&[WALK_9, MAIN], &[1, 40])]);
    let files = Files::with("walk.go", source(20));
    let page =
        SourcePage::new(&profile, &options(false), "walk.go", &files, &files).expect("a view");
    let names: Vec<(&str, i64, i64)> = page
        .functions
        .iter()
        .map(|it| (it.name.as_str(), it.flat, it.cum))
        .collect();
    assert_eq!(names, [("main.middle", 0, 60), ("main.walk", 40, 100)]);
    let line = page.functions[1]
        .lines
        .iter()
        .find(|it| it.line == 9)
        .expect("line 9");
    assert_eq!((line.flat, line.cum), (40, 100));
    // Without a binary the inlined calls are known from the profile.
    let calls: Vec<(&str, i64)> = line.instructions[0]
        .calls
        .iter()
        .map(|call| (call.function.as_str(), call.line))
        .collect();
    assert_eq!(calls, [("main.middle", 8), ("main.leaf", 4)]);
    assert_eq!(
        (line.instructions[0].flat, line.instructions[0].cum),
        (60, 60)
    );
}

/// Values at lines that the file does not have are lost in the real tool: its rows sum to 0 of
/// the 70 in its heading.
#[test]
fn lines_behind_the_end_are_shown() {
    let profile = profile(&[(&[WALK_7, MAIN], &[1, 30]), (&[WALK_9, MAIN], &[1, 40])]);
    let files = Files::with("walk.go", source(3));
    let right = Listing::new(&profile, &options(false), "walk", &files).expect("a view");
    let file = &right.functions[0].files[0];
    let sum: i64 = file.lines.iter().map(|line| line.flat).sum();
    assert_eq!((sum, file.flat), (70, 70));
    insta::assert_snapshot!(String::from_utf8_lossy(&right.render_text()), @r"
    Total: 70ns
    ROUTINE ======================== main.walk in walk.go
          70ns       70ns (flat, cum)   100% of Total
             .          .      2:line 2
             .          .      3:line 3
          30ns       30ns      7:???
          40ns       40ns      9:???
    ");
    insta::assert_snapshot!(
        right.notes.join("\n"),
        @"walk.go has 3 lines, the profile names line 9: this is not the source that ran"
    );
    let theirs = Listing::new(&profile, &options(true), "walk", &files).expect("a view");
    let lost: i64 = theirs.functions[0].files[0]
        .lines
        .iter()
        .map(|line| line.flat)
        .sum();
    assert_eq!((lost, theirs.notes.len()), (0, 0));
}

/// A line of 70,000 bytes ends the real tool's listing without a word.
#[test]
fn long_lines_do_not_end_a_file() {
    let profile = profile(&[(&[WALK_7, MAIN], &[1, 30])]);
    let mut text = source(3);
    text.extend(std::iter::repeat_n(b'x', 70_000));
    text.push(b'\n');
    text.extend(source(9));
    let files = Files::with("walk.go", text);
    let right = Listing::new(&profile, &options(false), "walk", &files).expect("a view");
    assert_eq!(at(&right, 7), (30, 30));
    let theirs = Listing::new(&profile, &options(true), "walk", &files).expect("a view");
    assert_eq!(at(&theirs, 7), (-1, -1));
}

#[test]
fn missing_sources_leave_the_numbers() {
    let profile = profile(&[(&[WALK_7, MAIN], &[1, 30])]);
    let listing =
        Listing::new(&profile, &options(false), "walk", &Files::default()).expect("a view");
    let file = &listing.functions[0].files[0];
    assert_eq!(file.missing.as_deref(), Some("no walk.go"));
    assert_eq!((file.lines.len(), at(&listing, 7)), (1, (30, 30)));
    let json = serde_json::to_value(&listing).expect("serialisable");
    assert_eq!(json["functions"][0]["files"][0]["lines"][0]["cum"], 30);
}

/// The rows of a function sum to its heading, and no heading of a profile without negative
/// values passes the total.
#[test]
fn rows_sum_to_their_headings() {
    for path in crate::differential::find(|name| name.ends_with(".pb.gz")) {
        let profile = crate::differential::read(&path);
        if profile.sample_count() == 0 {
            continue;
        }
        let listing = Listing::new(&profile, &options(false), ".", &Files::default());
        let Ok(listing) = listing else { continue };
        let files = listing
            .functions
            .iter()
            .flat_map(|function| &function.files);
        let mut flat = 0;
        for file in files {
            let rows: i64 = file.lines.iter().map(|line| line.flat).sum();
            assert_eq!(rows, file.flat, "{} {}", path.display(), file.file);
            assert!(file.cum >= file.flat, "{} {}", path.display(), file.file);
            assert!(
                file.cum <= listing.head.total,
                "{} {}",
                path.display(),
                file.file
            );
            assert!(file.lines.iter().all(|line| line.cum <= file.cum));
            flat += file.flat;
        }
        assert!(flat <= listing.head.total, "{}", path.display());
    }
}

/// A binary of a Go toolchain, and an address in it at which something runs.
fn binary() -> (Vec<u8>, u64) {
    let toolchain = Toolchain::find(GoVersion::GO_1_27).expect("a toolchain");
    let bytes = std::fs::read(toolchain.go().with_file_name("gofmt")).expect("a binary");
    let image = fathom_symbols::Image::parse(bytes.clone(), &fathom_symbols::Limits::default())
        .expect("a binary");
    let symbol = image.symbol_named("runtime.memmove").expect("a symbol");
    (bytes, symbol.address)
}

/// A profile of one address of `/bin/app`.
fn sampled(address: u64) -> Profile {
    let mut builder = ProfileBuilder::new(&fathom_profile::Limits::default());
    builder
        .add_sample_type("time", "nanoseconds")
        .expect("fits");
    let app = mapping(&mut builder, "/bin/app", 0x40_0000);
    let mut lines = Vec::new();
    let function = builder
        .function("runtime.memmove", "runtime.memmove", "memmove.s", 30)
        .expect("fits");
    lines.push(Line {
        function: Some(function),
        line: 40,
        column: 0,
    });
    let location = builder
        .location(address, Some(app), &lines, false)
        .expect("fits");
    builder
        .add_sample(&[location, location], &[10], &[])
        .expect("fits");
    builder.finish()
}

/// The function at an address, which the real tool never finds, and its last instruction,
/// which it cuts.
#[test]
fn functions_are_found_by_address_and_shown_to_their_end() {
    let (bytes, address) = binary();
    let profile = sampled(address);
    let files = Files::with("/bin/app", bytes);
    let text = format!("{address:#x}");
    let right = Disassembly::new(&profile, &options(false), &text, &files).expect("a view");
    let routine = &right.routines[0];
    assert_eq!(routine.name, "runtime.memmove");
    assert_eq!((routine.flat, routine.cum), (10, 10));
    let last = routine.instructions.last().expect("instructions");
    assert_ne!(last.text, "?");
    let failure = Disassembly::new(&profile, &options(true), &text, &files).expect_err("theirs");
    assert_eq!(
        failure.to_string(),
        format!("no matches found for address {text}")
    );

    let anchored = Disassembly::new(&profile, &options(false), "^runtime.memmove$", &files);
    assert_eq!(anchored.expect("a view").routines.len(), 1);
    assert!(Disassembly::new(&profile, &options(true), "^runtime.memmove$", &files).is_err());

    let intel = Options {
        intel_syntax: true,
        ..options(false)
    };
    let view = Disassembly::new(&profile, &intel, "memmove", &files).expect("a view");
    let moves = view.routines[0].instructions.iter();
    assert!(moves.clone().any(|it| it.text.starts_with("mov ")));
    let page = SourcePage::new(&profile, &options(false), "memmove", &files, &files);
    let page = page.expect("a view");
    assert_eq!((page.functions[0].flat, page.functions[0].cum), (10, 10));
}

/// Neither a cut binary nor another one nor noise ends in anything but a note or an error.
#[test]
fn damaged_binaries_are_told() {
    let (bytes, address) = binary();
    let profile = sampled(address);
    let mut damaged: Vec<Vec<u8>> = [0, 3, 64, 400, 5000, 300_000, bytes.len() / 2]
        .iter()
        .map(|&length| bytes[..length].to_vec())
        .collect();
    for place in [16, 24, 40, 0x200, 0x1000, bytes.len() / 3] {
        let mut other = bytes.clone();
        for byte in &mut other[place..place + 40] {
            *byte ^= 0x5a;
        }
        damaged.push(other);
    }
    for bytes in damaged {
        let length = bytes.len();
        let files = Files::with("/bin/app", bytes);
        for compat in [false, true] {
            let options = options(compat);
            match Disassembly::new(&profile, &options, "memmove", &files) {
                Ok(view) => assert!(!view.routines.is_empty(), "{length}"),
                Err(failure) => assert!(!failure.to_string().is_empty(), "{length}"),
            }
            let page = SourcePage::new(&profile, &options, "memmove", &files, &files);
            let page = page.expect("lines need no binary");
            assert!(!compat || page.notes.is_empty());
        }
    }
}
