//! Replays the seeds of the fuzz target `disassembly`.

use std::path::Path;

use crate::any_code::disassemble_everything;

#[test]
fn seeds_of_the_fuzz_target() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/disassembly");
    let mut count = 0;
    for entry in std::fs::read_dir(seeds).expect("seeds") {
        let path = entry.expect("an entry").path();
        disassemble_everything(&std::fs::read(path).expect("a seed"));
        count += 1;
    }
    assert!(count >= 3, "{count} seeds");
}

#[test]
fn no_code_and_single_bytes() {
    disassemble_everything(&[]);
    for byte in 0..=u8::MAX {
        disassemble_everything(&[byte]);
        disassemble_everything(&[byte, 0x0f, byte, byte]);
    }
}
