//! Replays the seeds of the fuzz target `smaps`.

use std::path::Path;

use crate::any_input::read_everything;
use crate::cases::Case;

#[test]
fn seeds_of_the_fuzz_target() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/smaps");
    let mut count = 0;
    for entry in std::fs::read_dir(seeds).unwrap() {
        read_everything(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}

#[test]
fn recorded_files_cut_anywhere() {
    let case = Case::named("cgo_malloc");
    for file in [
        "smaps.txt",
        "maps.txt",
        "status.txt",
        "cgroup.txt",
        "smaps_rollup.txt",
    ] {
        let bytes = case.read(file);
        for length in (0..bytes.len()).step_by(1009) {
            read_everything(&bytes[..length]);
        }
    }
}
