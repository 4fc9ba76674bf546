//! What we tell of every address against what the running program tells of itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fathom_symbols::names::printed;
use fathom_symbols::pclntab::Pclntab;
use fathom_symbols::{Image, Limits, Symbolizer};
use fathom_testkit::GoVersion;

use crate::built::{Build, image, output_of};

/// A run of addresses with the same frames, as (function, file, line).
struct Block {
    start: u64,
    end: u64,
    frames: Vec<(String, String, u32)>,
}

/// What a program says of itself: the address of main.main and the blocks.
fn truth(text: &str) -> (u64, Vec<Block>) {
    let mut main = 0;
    let mut blocks: Vec<Block> = Vec::new();
    let address = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).expect("hex");
    for line in text.lines() {
        if let Some(frame) = line.strip_prefix('\t') {
            let fields: Vec<&str> = frame.split('\t').collect();
            blocks.last_mut().expect("a pc before").frames.push((
                fields[0].to_owned(),
                fields[1].to_owned(),
                fields[2].parse().expect("a line"),
            ));
            continue;
        }
        let (word, rest) = line.split_once(' ').expect("two words");
        let value = address(rest.split(' ').next().expect("a word"));
        match word {
            "main" => main = value,
            "pc" | "end" => {
                if let Some(last) = blocks.last_mut()
                    && last.end == last.start
                {
                    last.end = value;
                }
                if word == "pc" {
                    blocks.push(Block {
                        start: value,
                        end: value,
                        frames: Vec::new(),
                    });
                }
            }
            other => panic!("{other}"),
        }
    }
    (main, blocks)
}

/// The frames of an address as the runtime would expand them: without the wrappers that call
/// functions of the source, `elideWrapperCalling` in runtime/traceback.go, and these only among
/// inlined frames.
fn expanded(table: &Pclntab, address: u64) -> Vec<(String, String, u32)> {
    let frames = table.frames(address);
    let inlined = frames.len() > 1;
    let mut kept = Vec::new();
    let mut callee_is_plain = true;
    for frame in &frames {
        if !(inlined && frame.wrapper && callee_is_plain) {
            kept.push((
                printed(&frame.function).into_owned(),
                frame.file.clone().into_owned(),
                frame.line,
            ));
        }
        callee_is_plain = !matches!(
            &*frame.function,
            "runtime.gopanic" | "runtime.sigpanic" | "runtime.panicwrap"
        );
    }
    kept
}

/// Compares all blocks at their first, middle and last address.
fn check(image: Image, text: &str, label: &str) {
    let symbolizer = Symbolizer::new(Arc::new(image));
    let table = symbolizer.image().pclntab().expect("a good table");
    let table = table.expect("a table");
    assert!(table.knows_inlining(), "{label}");
    let (main, blocks) = truth(text);
    let main_main = table
        .functions()
        .find(|function| function.name() == "main.main")
        .expect("main.main");
    let slide = main - main_main.entry();
    let addresses: Vec<u64> = blocks
        .iter()
        .flat_map(|block| {
            [
                block.start,
                block.start.midpoint(block.end - 1),
                block.end - 1,
            ]
        })
        .map(|address| address - slide)
        .collect();
    let resolution = symbolizer.resolve(&addresses).expect("few enough");
    assert_eq!(resolution.problem(), None);
    let mut inlined = 0;
    let mut wrong = Vec::new();
    let mut first_names = BTreeSet::new();
    for (index, address) in addresses.iter().enumerate() {
        let mut ours: Vec<(String, String, u32)> = resolution
            .frames(index)
            .iter()
            .map(|frame| {
                let function = resolution.function(frame.function).expect("a function");
                assert_eq!(function.name, printed(function.system_name));
                let (name, file) = (function.name.to_owned(), function.file.to_owned());
                (name, file, frame.line)
            })
            .collect();
        inlined += usize::from(ours.len() > 1);
        let theirs = &blocks[index / 3].frames;
        if ours.len() != theirs.len() || index % 100 == 0 {
            // Wrappers are left out, which only single questions tell.
            ours = expanded(table, *address);
        }
        for (frame, their_frame) in ours.iter_mut().zip(theirs) {
            // The runtime prints a question mark where it knows no file,
            if frame.1.is_empty() {
                "?".clone_into(&mut frame.1);
            }
            // and takes the first of all names, at offset 0, for none.
            if their_frame.0.is_empty() && !frame.0.is_empty() {
                first_names.insert(std::mem::take(&mut frame.0));
            }
        }
        if ours != *theirs {
            wrong.push((address, ours, theirs));
        }
    }
    let sample = &wrong[..wrong.len().min(3)];
    assert!(wrong.is_empty(), "{label}: {} {sample:x?}", wrong.len());
    assert!(first_names.len() <= 1, "{first_names:?}");
    assert!(addresses.len() > 50_000 && inlined > 10_000, "{inlined}");
    println!(
        "{label}: {} addresses, {inlined} with inlined calls",
        addresses.len()
    );
}

/// Takes the section headers off an ELF file, so that no section has a name.
fn without_sections(path: &Path) -> Image {
    let mut bytes = fs::read(path).expect("the binary");
    // e_shoff, and e_shentsize, e_shnum and e_shstrndx.
    bytes[0x28..0x30].fill(0);
    bytes[0x3a..0x40].fill(0);
    Image::parse(bytes, &Limits::default()).expect("a binary")
}

fn all_forms(version: GoVersion) {
    let free = "-checklinkname=0";
    let stripped = "-checklinkname=0 -s -w";
    // Go 1.22 does not know the flag, and does not need it.
    let (free, stripped) = if version < GoVersion::GO_1_27 {
        ("", "-s -w")
    } else {
        (free, stripped)
    };
    let host = Build::host(version);
    let forms: [(&'static [&'static str], &'static str); 4] = [
        (&[], free),
        (&[], stripped),
        (&["-buildmode=pie"], free),
        (&["-buildmode=pie"], stripped),
    ];
    for (arguments, linker_flags) in forms {
        let build = Build {
            arguments,
            linker_flags,
            ..host
        };
        let program = build.program("truth");
        let text = output_of(&program);
        let label = format!("{version} {arguments:?} {linker_flags}");
        let found = image(&program);
        assert_eq!(found.has_symbol_table(), !linker_flags.ends_with("-w"));
        check(found, &text, &label);
        let bare = without_sections(&program);
        assert!(bare.sections().is_empty());
        check(bare, &text, &format!("{label}, without sections"));
    }
}

#[test]
fn every_address_of_a_program_of_go_1_22() {
    all_forms(GoVersion::GO_1_22);
}

#[test]
fn every_address_of_a_program_of_go_1_27() {
    all_forms(GoVersion::GO_1_27);
}
