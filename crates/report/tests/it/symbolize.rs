//! Names that servers answer with.

use std::fs;
use std::path::Path;

use crate::any_answer;

#[test]
fn recorded_answers_are_read_whole_cut_and_damaged() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/symbol_answers");
    let mut count = 0;
    for entry in fs::read_dir(seeds).expect("seeds") {
        let seed = fs::read(entry.expect("a seed").path()).expect("a seed");
        for end in 0..=seed.len() {
            any_answer::read(&seed[..end]);
        }
        for place in 0..seed.len() {
            let mut damaged = seed.clone();
            damaged[place] ^= 0x20;
            any_answer::read(&damaged);
        }
        count += 1;
    }
    assert!(count >= 2);
}
