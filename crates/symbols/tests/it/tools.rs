//! Against `go tool nm` and `go tool addr2line`, on every format and byte order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use fathom_symbols::image::{Architecture, Format};
use fathom_symbols::{Image, Symbolizer};
use fathom_testkit::GoVersion;

use crate::built::{Build, image};

/// Compares the functions of the table with the symbols of `go tool nm`, and the outermost frame
/// of many addresses with `go tool addr2line`, which does not know inlining: it takes the line of
/// the innermost and the name of the outermost.
fn compare(build: &Build) {
    let program = build.program("truth");
    let found = image(&program);
    let mut names: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for line in build.tool(&["nm"], &program, "").lines() {
        let Some((address, rest)) = line.trim_start().split_once(' ') else {
            continue;
        };
        // The rest of a line without an address is an undefined symbol.
        if let Some((_, name)) = rest.split_once(' ')
            && let Ok(address) = u64::from_str_radix(address, 16)
        {
            // Two functions of a name have one for each calling convention.
            let name = name.trim().trim_end_matches(".abi0");
            // Of Mach-O's underscores the tool leaves some.
            let bare = name.strip_prefix('_').unwrap_or(name);
            let names = names.entry(address).or_default();
            names.extend([name.to_owned(), bare.to_owned()]);
        }
    }
    let symbolizer = Symbolizer::new(Arc::new(found));
    let table = symbolizer.image().pclntab().expect("a good table");
    let table = table.expect("a table");
    assert!(table.knows_inlining(), "{build:?}");
    let mut same = 0;
    let mut addresses = Vec::new();
    for function in table.functions() {
        // The build id and other marks of the linker's, which have no lines.
        if function.name().starts_with("go:") {
            continue;
        }
        // Mach-O has none for what the compiler made.
        if let Some(names) = names.get(&function.entry()) {
            // The linker writes a dot for the middle dot of names of local types.
            let name = function.name().replace('·', ".");
            assert!(names.contains(&name), "{name} {names:?}");
            same += 1;
        }
        assert!(function.code_end() <= function.end());
        let last = function.code_end().saturating_sub(1).max(function.entry());
        addresses.extend([function.entry(), function.entry().midpoint(last)]);
    }
    assert!(
        same * 10 >= table.function_count() * 8,
        "{build:?}: {same} of {}",
        table.function_count()
    );
    let mut input = String::new();
    for address in &addresses {
        writeln!(input, "{address:#x}").expect("a string");
    }
    let output = build.tool(&["addr2line"], &program, &input);
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), 2 * addresses.len());
    let resolution = symbolizer.resolve(&addresses).expect("few enough");
    let mut wrong = Vec::new();
    for (index, pair) in lines.chunks(2).enumerate() {
        let frames = resolution.frames(index);
        let (Some(inner), Some(outer)) = (frames.first(), frames.last()) else {
            wrong.push((addresses[index], pair[0].to_owned(), String::new()));
            continue;
        };
        let name = resolution.function(outer.function).expect("a function");
        let place = resolution.function(inner.function).expect("a function");
        let file = match place.file {
            "" => "?",
            file => file,
        };
        let ours = [
            name.system_name.replace('·', "."),
            format!("{file}:{}", inner.line),
        ];
        // Which of the two a name has, the tool leaves to chance.
        let theirs = [pair[0].replace('·', "."), pair[1].to_owned()];
        if ours != theirs {
            wrong.push((addresses[index], pair.join(" "), ours.join(" ")));
        }
    }
    let sample = &wrong[..wrong.len().min(5)];
    assert!(wrong.is_empty(), "{build:?}: {} {sample:#x?}", wrong.len());
    println!("{build:?}: {same} functions, {} addresses", addresses.len());
}

#[test]
fn other_systems_and_architectures() {
    for version in [GoVersion::GO_1_22, GoVersion::GO_1_27] {
        for (system, architecture) in [
            ("darwin", "arm64"),
            ("windows", "amd64"),
            ("linux", "386"),
            ("linux", "s390x"),
        ] {
            let linker_flags = if version < GoVersion::GO_1_27 {
                ""
            } else {
                "-checklinkname=0"
            };
            compare(&Build {
                system,
                architecture,
                linker_flags,
                ..Build::host(version)
            });
        }
    }
}

#[test]
fn what_a_binary_says_of_itself() {
    let build = Build::host(GoVersion::GO_1_27);
    let mac = Build {
        system: "darwin",
        architecture: "arm64",
        linker_flags: "-checklinkname=0",
        ..build
    };
    let windows = Build {
        system: "windows",
        linker_flags: "-checklinkname=0 -s -w",
        ..build
    };
    let linux = Build {
        linker_flags: "-checklinkname=0 -B=0x0123456789abcdef",
        ..build
    };
    let check = |build: &Build, format: Format, architecture: Architecture| -> Image {
        let program = build.program("truth");
        let image = image(&program);
        assert_eq!(
            (image.format(), image.architecture()),
            (format, architecture)
        );
        let told = build.tool(&["buildid"], &program, "");
        assert_eq!(image.go_build_id().as_deref(), Some(told.trim()));
        image
    };
    let image = check(&linux, Format::Elf, Architecture::Amd64);
    assert_eq!(image.build_id(), Some("0123456789abcdef"));
    assert!(image.has_dwarf() && image.has_symbol_table());
    let image = check(&mac, Format::MachO, Architecture::Arm64);
    assert!(image.has_dwarf() && image.mach_uuid().is_some());
    // Without symbols and without a section of its own the table is found all the same.
    let image = check(&windows, Format::Pe, Architecture::Amd64);
    assert!(!image.has_symbol_table() && image.symbol_named("runtime.pclntab").is_none());
    let table = image.pclntab().expect("a good table").expect("a table");
    assert!(table.knows_inlining() && table.function_count() > 2000);
}
