use fathom_symbols::disassembly::*;
use object::{Object, ObjectSection, ObjectSymbol};
use std::io::Write;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&a[1]).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let s = file.section_by_name(".text").unwrap();
    let text = s.data().unwrap();
    let mut syms: Vec<(u64, u64, String, bool)> = file
        .symbols()
        .map(|s| {
            (
                s.address(),
                s.size(),
                s.name().unwrap().to_string(),
                s.kind() == object::SymbolKind::Text,
            )
        })
        .filter(|s| s.0 != 0 && s.1 != 0)
        .collect();
    syms.sort();
    let lookup = |a: u64| {
        let i = syms.partition_point(|s| s.0 <= a);
        if i == 0 {
            return None;
        }
        let s = &syms[i - 1];
        (a - s.0 < s.1).then_some(Symbol {
            name: &s.2,
            base: s.0,
        })
    };
    let syntax = match a[2].as_str() {
        "go" => Syntax::Go,
        "intel" => Syntax::Intel,
        _ => Syntax::Gnu,
    };
    let arch = if file.architecture() == object::Architecture::Aarch64 {
        Architecture::Amd64
    } else {
        Architecture::Amd64
    };
    let print = a.len() > 3;
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let t = std::time::Instant::now();
    let (mut n, mut b) = (0, 0);
    for s2 in &syms {
        if !s2.3 || s2.0 < s.address() || s2.0 + s2.1 > s.address() + text.len() as u64 {
            continue;
        }
        let o = (s2.0 - s.address()) as usize;
        for i in disassemble(&text[o..o + s2.1 as usize], s2.0, arch, syntax, &lookup) {
            n += 1;
            b += i.text.len();
            if print {
                writeln!(out, "{:x}\t{}", i.address, i.text).unwrap();
            }
        }
    }
    eprintln!(
        "{n} instructions, {b} bytes of text, {} bytes of code in {:?}",
        text.len(),
        t.elapsed()
    );
}
