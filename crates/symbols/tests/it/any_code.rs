//! What holds for any bytes; shared with the fuzz target `disassembly`.

use fathom_symbols::disassembly::{Architecture, Symbol, Syntax, disassemble};

/// Disassembles bytes in every way and checks that each of them is in one instruction.
pub(crate) fn disassemble_everything(bytes: &[u8]) {
    let lookup = |address: u64| {
        (!address.is_multiple_of(3)).then_some(Symbol {
            name: "name",
            base: address & !0xf,
        })
    };
    for start in [0, 0x40_1000, u64::MAX - 7] {
        for architecture in [Architecture::Amd64, Architecture::Arm64] {
            for syntax in [Syntax::Go, Syntax::Intel, Syntax::Gnu] {
                let mut expected = start;
                let mut total = 0;
                for instruction in disassemble(bytes, start, architecture, syntax, &lookup) {
                    assert_eq!(instruction.address, expected);
                    assert!((1..=15).contains(&instruction.length));
                    assert!(!instruction.text.trim().is_empty());
                    expected = expected.wrapping_add(instruction.length as u64);
                    total += instruction.length;
                }
                assert_eq!(total, bytes.len());
            }
        }
    }
}
