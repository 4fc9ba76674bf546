//! Replays the seeds of the fuzz targets, whole, cut and damaged, with their checks.

use std::fs;
use std::path::Path;

use crate::any_input::{any_image, any_name, any_table_bytes};

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(&path)
        .expect("seeds")
        .map(|entry| {
            let path = entry.expect("a seed").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a seed"))
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{}", path.display());
    seeds
}

/// The bytes, cut at several places, and with one byte after another changed.
fn damaged(seed: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let cuts = (0..16).map(|part| seed[..seed.len() * part / 16].to_vec());
    let changes = (0..400).map(|step| {
        let mut bytes = seed.to_vec();
        // Most of what steers a reader is in the beginning.
        let place = if step % 2 == 0 {
            step / 2 % bytes.len()
        } else {
            step * 7919 % bytes.len()
        };
        bytes[place] ^= [0xff, 0x80, 0x01, 0x7f][step % 4];
        bytes
    });
    cuts.chain(changes)
}

#[test]
fn any_bytes_are_read_or_refused() {
    type Check = fn(&[u8]);
    for (target, check) in [
        ("elf", any_image as Check),
        ("dwarf", any_image),
        ("pclntab", any_table_bytes),
    ] {
        for (_, seed) in seeds(target) {
            check(&seed);
            damaged(&seed).for_each(|bytes| check(&bytes));
        }
    }
}

#[test]
fn names_of_any_depth_are_shown() {
    for (_, seed) in seeds("demangle") {
        any_name(&String::from_utf8_lossy(&seed));
    }
    for part in ["P", "N1a", "I1aE", "Dp", "_RINv", "T_", "S_", "F"] {
        any_name(&format!("_Z1f{}", part.repeat(20_000)));
        any_name(&format!("_R{}", part.repeat(20_000)));
    }
}
