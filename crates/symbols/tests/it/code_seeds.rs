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

#[test]
fn random_code() {
    // Half of the inputs begin with prefixes, which random bytes seldom have several of.
    const PREFIXES: [u8; 16] = [
        0x66, 0xf2, 0xf3, 0xf0, 0x2e, 0x64, 0x67, 0x48, 0x4c, 0x41, 0xc4, 0xc5, 0x62, 0x0f, 0x38,
        0x3a,
    ];
    let rounds = std::env::var("FATHOM_RANDOM_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(2_000);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..rounds {
        let mut code = Vec::new();
        for index in 0..24 {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [low, high, ..] = state.to_le_bytes();
            let prefix = PREFIXES[usize::from(high % 16)];
            code.push(if round % 2 == 0 && index % 8 < 3 {
                prefix
            } else {
                low
            });
        }
        disassemble_everything(&code);
    }
}
