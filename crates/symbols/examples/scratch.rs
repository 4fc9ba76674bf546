use fathom_symbols::disassembly::*;
use std::io::{BufRead, Write};
fn main() {
    let lookup = |_| None;
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let bytes: Vec<u8> = (0..line.len() / 2)
            .map(|i| u8::from_str_radix(&line[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        let i = disassemble(&bytes, 0x10000, Architecture::Amd64, Syntax::Go, &lookup)
            .next()
            .unwrap();
        writeln!(out, "{line}\t{}\t{}", i.length, i.text).unwrap();
    }
}
