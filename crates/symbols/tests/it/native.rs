//! C++ through DWARF, against binutils' addr2line, and mapped positions against the dynamic loader.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use fathom_symbols::dwarf::{DebugFile, build_id_path, debug_link_checksum};
use fathom_symbols::image::SymbolKind;
use fathom_symbols::mapping::{self, RuntimeMapping};
use fathom_symbols::names::{DemangleMode, demangled};
use fathom_symbols::{Image, Limits, Source, Symbolizer};
use tempfile::TempDir;

use crate::built::image;

fn run(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("a C++ compiler and binutils");
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// Compiles and links the shop, leaving everything in the directory.
fn shop(directory: &Path, flags: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/shop/shop.cc");
    fs::copy(source, directory.join("shop.cc")).expect("a copy");
    let base = ["-O1", "-Wl,--build-id", "-c", "shop.cc"];
    run("c++", &[&base[..], flags].concat(), directory);
    run(
        "c++",
        &[&["-Wl,--build-id", "shop.o", "-o", "shop"][..], flags].concat(),
        directory,
    );
    directory.join("shop")
}

/// The addresses of the shop's own code.
fn addresses(image: &Image) -> Vec<u64> {
    let mut addresses = Vec::new();
    for symbol in image.symbols() {
        let name = symbol.name();
        let own = name == "main" || name == "open_shop" || name.contains("shop");
        if symbol.kind == SymbolKind::Code && own {
            addresses.extend(symbol.address..symbol.end);
        }
    }
    assert!(addresses.len() > 100, "{}", addresses.len());
    addresses
}

/// What binutils say: for each address the base name of the file and the line. Of inlined calls
/// they tell less, and at some addresses a wrong name.
fn told(program: &Path, addresses: &[u64]) -> Vec<(String, u32)> {
    let directory = program.parent().expect("a directory");
    let mut list = String::new();
    for address in addresses {
        writeln!(list, "{address:#x}").expect("a string");
    }
    fs::write(directory.join("list"), list).expect("a file");
    let path = program.to_str().expect("UTF-8");
    run("addr2line", &["-e", path, "@list"], directory)
        .lines()
        .map(|place| {
            let (file, number) = place.rsplit_once(':').expect("a line number");
            let number = number.split(' ').next().expect("a number");
            let file = file.rsplit('/').next().expect("a name");
            (file.to_owned(), number.parse().unwrap_or(0))
        })
        .collect()
}

/// The functions of the shop by their lines in the source. The compiler notes no linkage name
/// of those that only this file sees: they have no namespace.
fn function_of_line(line: u32) -> &'static str {
    match line {
        6..=9 => "twice",
        11..=15 => "with_tax",
        20..=23 => "shop::Till::add",
        28 => "lambda",
        26..=33 => "shop::close",
        37..=39 => "open_shop",
        41 => "main",
        _ => "nothing",
    }
}

/// Holds every address to the binutils' line, and every frame's name to the source; returns how
/// many addresses have inlined calls.
fn compare(symbolizer: &Symbolizer, program: &Path, addresses: &[u64], label: &str) -> usize {
    let resolution = symbolizer.resolve(addresses).expect("few enough");
    assert_eq!(resolution.problem(), None, "{label}");
    let mut inlined = 0;
    for (index, (file, line)) in told(program, addresses).iter().enumerate() {
        let label = format!("{label} {:#x}", addresses[index]);
        let frames = resolution.frames(index);
        assert_eq!(resolution.source(index), Some(Source::Dwarf), "{label}");
        // Of split units in DWARF 5 some binutils know no line.
        let is_unknown = *line == 0 && label.contains("dwarf-5") && label.contains("split");
        assert!(
            frames[0].line == *line || is_unknown,
            "{label} {} {line}",
            frames[0].line
        );
        let names: Vec<String> = frames
            .iter()
            .map(|frame| {
                let function = resolution.function(frame.function).expect("a function");
                assert!(
                    function.file.ends_with(file) || is_unknown,
                    "{label} {}",
                    function.file
                );
                demangled(function.name, DemangleMode::Short)
            })
            .collect();
        for (name, frame) in names.iter().zip(frames) {
            let expected = function_of_line(frame.line);
            // Line 28 has the lambda and its call.
            let is_lambda =
                expected == "lambda" && (name.ends_with("::operator()") || name == "shop::close");
            assert!(
                name == expected || is_lambda || frame.line == 0,
                "{label} {names:?}"
            );
        }
        inlined += usize::from(frames.len() > 1);
    }
    inlined
}

#[test]
fn lines_and_inlined_calls_of_every_form_of_dwarf() {
    for flags in [
        &["-gdwarf-4"][..],
        &["-gdwarf-5"],
        &["-gdwarf-5", "-gz=zlib"],
        &["-gdwarf-4", "-gz=zlib-gnu"],
        &["-gdwarf-5", "-no-pie", "-fno-pie"],
    ] {
        let directory = TempDir::new().expect("a directory");
        let program = shop(directory.path(), flags);
        let symbolizer = Symbolizer::new(Arc::new(image(&program)));
        let addresses = addresses(symbolizer.image());
        let inlined = compare(&symbolizer, &program, &addresses, &format!("{flags:?}"));
        assert!(inlined > 20, "{flags:?}: {inlined}");
    }
}

#[test]
fn split_units_are_asked_for_and_read() {
    for flags in [
        &["-gdwarf-4", "-gsplit-dwarf"][..],
        &["-gdwarf-5", "-gsplit-dwarf"],
    ] {
        let directory = TempDir::new().expect("a directory");
        let program = shop(directory.path(), flags);
        let found = Arc::new(image(&program));
        let wanted = found.wanted_debug_files().expect("good DWARF");
        let DebugFile::Split { name, .. } = &wanted[1] else {
            panic!("{wanted:?}");
        };
        assert_eq!(wanted[0], DebugFile::Package { suffix: ".dwp" });
        let split = Arc::new(image(&directory.path().join("shop.dwo")));
        let addresses = addresses(&found);
        let without = Symbolizer::new(Arc::clone(&found));
        let resolution = without.resolve(&addresses).expect("few enough");
        assert!((0..addresses.len()).all(|index| resolution.frames(index).len() == 1));
        let symbolizer = Symbolizer::new(found).with_split_file(name, split);
        let inlined = compare(&symbolizer, &program, &addresses, &format!("{flags:?}"));
        assert!(inlined > 20, "{flags:?}: {inlined}");
    }
}

#[test]
fn debug_information_in_a_file_of_its_own() {
    let directory = TempDir::new().expect("a directory");
    let program = shop(directory.path(), &["-gdwarf-5"]);
    let whole = image(&program);
    let addresses = addresses(&whole);
    for arguments in [
        &["--only-keep-debug", "shop", "shop.debug"][..],
        &[
            "--strip-all",
            "--add-gnu-debuglink=shop.debug",
            "shop",
            "bare",
        ],
    ] {
        run("objcopy", arguments, directory.path());
    }
    let bare = Arc::new(image(&directory.path().join("bare")));
    let debug = fs::read(directory.path().join("shop.debug")).expect("a file");
    let build_id = whole.build_id().expect("a build id").to_owned();
    assert_eq!(
        bare.wanted_debug_files().expect("nothing is damaged"),
        [
            DebugFile::BuildId {
                build_id: build_id.clone()
            },
            DebugFile::Link {
                name: "shop.debug".to_owned(),
                checksum: debug_link_checksum(&debug)
            },
        ]
    );
    let path = build_id_path(&build_id).expect("a path");
    assert_eq!(path.len(), build_id.len() + ".build-id//.debug".len());
    let debug = Arc::new(Image::parse(debug, &Limits::default()).expect("a binary"));
    assert_eq!(debug.build_id(), Some(&*build_id));
    // Stripped code has no names, rather than wrong ones.
    let nothing = Symbolizer::new(Arc::clone(&bare));
    let resolution = nothing.resolve(&addresses).expect("few enough");
    assert!((0..addresses.len()).all(|index| resolution.frames(index).is_empty()));
    let symbolizer = Symbolizer::new(bare).with_debug_file(debug);
    assert!(compare(&symbolizer, &program, &addresses, "debug file") > 20);
}

#[test]
fn a_position_in_a_process_is_one_in_the_file() {
    let own = std::env::current_exe().expect("a path");
    let found = image(&own);
    let function = a_position_in_a_process_is_one_in_the_file as fn();
    let address = function as usize as u64;
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux");
    let mapping = maps
        .lines()
        .find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (start, limit) = fields[0].split_once('-')?;
            let hex = |text: &str| u64::from_str_radix(text, 16).ok();
            let mapping = RuntimeMapping {
                start: hex(start)?,
                limit: hex(limit)?,
                offset: hex(fields[2])?,
            };
            (mapping.start..mapping.limit)
                .contains(&address)
                .then_some(mapping)
        })
        .expect("our own mapping");
    let placed = mapping::file_address(&found, &mapping, address).expect("our own file");
    let symbolizer = Symbolizer::new(Arc::new(found));
    let (name, start, end) = symbolizer.function_range(placed).expect("a function");
    assert_eq!(start, placed);
    assert!(end > start);
    let name = demangled(&name, DemangleMode::Short);
    assert!(
        name.contains("a_position_in_a_process_is_one_in_the_file"),
        "{name}"
    );
    let base = mapping::base(symbolizer.image(), &mapping, address).expect("our own file");
    let simple = mapping::simple_base(symbolizer.image(), mapping.start);
    assert_eq!((base, simple), (address - placed, base));
}
