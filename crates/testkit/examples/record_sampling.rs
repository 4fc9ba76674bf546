//! Runs `testbed/sampled_sites` 200 times and prints what the heap sampler saw each time, as the
//! tables under `fixtures/sampling/`: run, bytes of an object, objects held, objects sampled.

#![expect(clippy::print_stdout, reason = "the table is the program's output")]

use std::collections::BTreeMap;
use std::error::Error;

use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;

const RUNS: u32 = 200;
const SITE_BYTES: u64 = 20 << 20;

/// The functions that allocate, and the bytes of their objects.
const SITES: [(&str, u64); 10] = [
    ("main.site64", 64),
    ("main.site128", 128),
    ("main.site512", 512),
    ("main.site2k", 2 << 10),
    ("main.site8k", 8 << 10),
    ("main.site32k", 32 << 10),
    ("main.site64k", 64 << 10),
    ("main.site256k", 256 << 10),
    ("main.site512k", 512 << 10),
    ("main.site1m", 1 << 20),
];

fn main() -> Result<(), Box<dyn Error>> {
    let version = std::env::args()
        .nth(1)
        .and_then(|version| GoVersion::parse(&version))
        .ok_or("usage: record_sampling <Go version>, such as 1.27.3")?;
    let program = Program::new("sampled_sites", version).argument("-print");
    println!("run\tsize\theld\tsampled");
    for run in 0..RUNS {
        let output = program.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let seen = in_use_by_function(&String::from_utf8(output.stdout)?);
        for (function, size) in SITES {
            let sampled = seen.get(function).copied().unwrap_or(0);
            println!("{run}\t{size}\t{}\t{sampled}", SITE_BYTES / size);
        }
    }
    Ok(())
}

/// Adds up the in-use objects of each record of a heap profile's text under the function of its
/// first frame.
fn in_use_by_function(text: &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    let mut objects = None;
    for line in text.lines() {
        if let Some(frame) = line.strip_prefix("#\t0x") {
            let function = frame
                .split('\t')
                .nth(1)
                .and_then(|name| name.split('+').next());
            if let (Some(function), Some(count)) = (function, objects.take()) {
                *sums.entry(function.to_owned()).or_default() += count;
            }
        } else {
            objects = line
                .split_once(": ")
                .and_then(|(count, _)| count.parse::<u64>().ok());
        }
    }
    sums
}
