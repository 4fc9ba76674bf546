//! Single instructions in Go's syntax, ours and the real tool's.

use std::fmt::Write;

use fathom_symbols::disassembly::{Architecture, Symbol, Syntax, disassemble};

use crate::instructions::{AMD64, ARM64};
use crate::objdump::compare;
use crate::program::Program;

/// Calls what is written in assembly, so that it is linked.
fn main_of(count: usize) -> String {
    let mut text = String::from("package main\n\nimport \"os\"\n\n");
    for index in 0..count {
        writeln!(text, "func row{index}()").expect("text");
    }
    text.push_str("\nfunc main() {\n\tif len(os.Args) < 100 {\n\t\treturn\n\t}\n");
    for index in 0..count {
        writeln!(text, "\trow{index}()").expect("text");
    }
    text.push_str("}\n");
    text
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal bytes"))
        .collect()
}

/// The first instruction of some code.
fn first(code: &[u8], architecture: Architecture) -> (usize, String) {
    let instruction = disassemble(code, 0x10000, architecture, Syntax::Go, &|_| None)
        .next()
        .expect("an instruction");
    (instruction.length, instruction.text)
}

#[test]
fn every_rule_of_amd64_holds() {
    for (hex, length, text) in AMD64 {
        let ours = first(&bytes(hex), Architecture::Amd64);
        assert_eq!(ours, (*length, (*text).to_owned()), "{hex}");
    }
}

#[test]
fn every_rule_of_arm64_holds() {
    for (word, text) in ARM64 {
        let ours = first(&word.to_le_bytes(), Architecture::Arm64);
        assert_eq!(ours, (4, (*text).to_owned()), "{word:08x}");
    }
}

#[test]
fn the_rules_of_amd64_are_those_of_go_tool_objdump() {
    let mut assembly = String::new();
    for (index, (hex, _, _)) in AMD64.iter().enumerate() {
        writeln!(assembly, "TEXT ·row{index}(SB), 516, $0-0").expect("text");
        for byte in bytes(hex) {
            writeln!(assembly, "\tBYTE ${byte:#x}").expect("text");
        }
    }
    let main = main_of(AMD64.len());
    let program = Program::build(&[("main.go", &main), ("rows_amd64.s", &assembly)], "amd64");
    let comparison = compare(&program.path(), Architecture::Amd64);
    assert!(comparison.instructions > 50_000);
    assert_eq!(comparison.different, 0, "{}", comparison.describe());
}

#[test]
fn the_rules_of_arm64_are_those_of_go_tool_objdump() {
    let mut assembly = String::new();
    for (index, (word, _)) in ARM64.iter().enumerate() {
        writeln!(
            assembly,
            "TEXT ·row{index}(SB), 516, $0-0\n\tWORD ${word:#x}"
        )
        .expect("text");
    }
    let main = main_of(ARM64.len());
    let program = Program::build(&[("main.go", &main), ("rows_arm64.s", &assembly)], "arm64");
    let comparison = compare(&program.path(), Architecture::Arm64);
    assert!(comparison.instructions > 50_000);
    assert_eq!(comparison.different, 0, "{}", comparison.describe());
}

/// A function at 0x401000 and a table at 0x500000.
fn named(address: u64) -> Option<Symbol<'static>> {
    match address {
        0x40_1000..=0x40_10ff => Some(Symbol {
            name: "main.work",
            base: 0x40_1000,
        }),
        0x50_0000..=0x50_00ff => Some(Symbol {
            name: "main.table",
            base: 0x50_0000,
        }),
        _ => None,
    }
}

fn at(hex: &str, address: u64, architecture: Architecture) -> String {
    let code = bytes(hex);
    disassemble(&code, address, architecture, Syntax::Go, &named)
        .next()
        .expect("an instruction")
        .text
}

#[test]
fn addresses_are_named_as_go_names_them() {
    for (hex, address, text) in [
        // A branch to the start of a symbol, and into it.
        ("e8fbffffff", 0x40_1000, "CALL main.work(SB)"),
        ("eb0e", 0x40_1000, "JMP 0x401010"),
        ("eb0e", 0, "JMP .+14"),
        // Relative to the instruction: named forwards only, for the distance has no sign.
        ("488d05f9ef0f00", 0x40_1000, "LEAQ main.table(SB), AX"),
        ("488b0501f00f00", 0x40_1000, "MOVQ main.table+8(SB), AX"),
        ("488d05f9ffffff", 0x40_1000, "LEAQ 0xfffffff9(IP), AX"),
        // Constants only of 32 bits, and moved or pushed.
        ("b810005000", 0x40_1000, "MOVL $main.table+16(SB), AX"),
        ("48c7c010005000", 0x40_1000, "MOVQ $0x500010, AX"),
        ("0510005000", 0x40_1000, "ADDL $0x500010, AX"),
        ("6810005000", 0x40_1000, "PUSHL $main.table+16(SB)"),
        // An address without registers has a byte for an index, and none in a vector instruction.
        ("8b042500005000", 0x40_1000, "MOVL 0x500000, AX"),
        ("c5fe6f0500005000", 0x40_1000, "VMOVDQU main.table(SB), Y0"),
    ] {
        assert_eq!(at(hex, address, Architecture::Amd64), text, "{hex}");
    }
    for (hex, address, text) in [
        ("00000094", 0x40_1000, "CALL main.work(SB)"),
        ("02000014", 0x40_1000, "JMP 2(PC)"),
        ("40000058", 0x4f_fff8, "MOVD $main.table(SB), R0"),
        ("40000058", 0x40_1000, "MOVD 2(PC), R0"),
    ] {
        assert_eq!(at(hex, address, Architecture::Arm64), text, "{hex}");
    }
}

#[test]
fn after_what_is_unknown_the_next_byte_is_tried() {
    // ENDBR64, which Go does not know, and RET.
    let code = bytes("f30f1efac3");
    let lines: Vec<(u64, usize, String)> =
        disassemble(&code, 0x10000, Architecture::Amd64, Syntax::Go, &|_| None)
            .map(|it| (it.address, it.length, it.text))
            .collect();
    let unknown = |address| (address, 1, "?".to_owned());
    assert_eq!(
        lines,
        [
            unknown(0x10000),
            unknown(0x10001),
            unknown(0x10002),
            (0x10003, 1, "CLI".to_owned()),
            (0x10004, 1, "RET".to_owned()),
        ]
    );
}
