//! How long many addresses take. Nothing here asserts a time: the numbers are printed.

use std::sync::Arc;
use std::time::Instant;

use fathom_symbols::Symbolizer;
use fathom_testkit::GoVersion;

use crate::built::{Build, image};

/// A stream of numbers that look random (xorshift64*), the same every time.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed), |state| {
        let mut next = *state;
        next ^= next >> 12;
        next ^= next << 25;
        next ^= next >> 27;
        Some(next)
    })
    .map(|state| state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16)
}

#[test]
#[ignore = "measures; run it alone and in a release build"]
fn a_million_addresses_of_the_compiler() {
    let program = Build::host(GoVersion::GO_1_27).command("cmd/compile");
    let start = Instant::now();
    let symbolizer = Symbolizer::new(Arc::new(image(&program)));
    println!("image: {:?}", start.elapsed());
    let start = Instant::now();
    let table = symbolizer
        .image()
        .pclntab()
        .expect("good")
        .expect("a table");
    let first = table.text_start();
    let last = table.functions().last().expect("functions").end();
    println!(
        "table: {:?}, {} functions",
        start.elapsed(),
        table.function_count()
    );
    let addresses: Vec<u64> = numbers(1)
        .take(1_000_000)
        .map(|number| first + number % (last - first))
        .collect();
    let start = Instant::now();
    let resolution = symbolizer.resolve(&addresses).expect("few enough");
    println!("resolve: {:?}", start.elapsed());
    let frames: usize = (0..resolution.len())
        .map(|index| resolution.frames(index).len())
        .sum();
    println!(
        "{frames} frames, {} functions",
        resolution.functions().len()
    );
    assert!(frames > addresses.len());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("{}", peak.unwrap_or_default());
}
