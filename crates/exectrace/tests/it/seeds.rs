//! Replays the seeds of the fuzz target `exectrace`, whole and cut.

use crate::any_trace;

#[test]
fn seeds_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/exectrace");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("seeds") {
        let path = entry.expect("a seed").path();
        let bytes = std::fs::read(&path).expect("a seed");
        let step = bytes.len() / 40 + 1;
        for end in (0..=bytes.len()).rev().step_by(step) {
            let _ = any_trace::read(&bytes[..end]);
        }
        seen += 1;
    }
    assert!(seen >= 6, "{seen}");
}
