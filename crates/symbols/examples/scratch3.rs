use fathom_symbols::disassembly::*;
use std::io::{BufRead, Write};
fn main() {
    let lookup = |_| None;
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let bytes = u32::from_str_radix(&line, 16).unwrap().to_le_bytes();
        let i = disassemble(&bytes, 0x10000, Architecture::Arm64, Syntax::Go, &lookup)
            .next()
            .unwrap();
        let g = disassemble(&bytes, 0x10000, Architecture::Arm64, Syntax::Gnu, &lookup)
            .next()
            .unwrap();
        writeln!(out, "{line}\t{}\t{}", i.text, g.text).unwrap();
    }
}
