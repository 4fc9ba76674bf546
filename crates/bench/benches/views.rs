//! Times reading a profile and making its `top`, over three sizes.
//!
//! ```text
//! cargo bench -p fathom-bench [-- NAME]
//! ```

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use fathom_profile::{Limits, Profile};
use fathom_report::options::Options;
use fathom_report::top::{Intervals, TextOptions, Top, render_text};
use fathom_testkit::generator::Shape;

fn main() {
    divan::main();
}

const SIZES: [&str; 3] = ["small", "medium", "large"];

fn shape(size: &str) -> Shape {
    match size {
        "small" => Shape::small(),
        "medium" => Shape::medium(),
        _ => Shape::large(),
    }
}

fn plain(size: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = shape(size).write(&mut bytes);
    bytes
}

fn gzip(size: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = shape(size).write_gzip(&mut bytes);
    bytes
}

fn parse(bytes: &[u8]) -> Profile {
    Profile::parse(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// profile.proto without compression; bytes are those of the profile.
#[divan::bench(args = SIZES, max_time = 5)]
fn parse_plain(bencher: Bencher<'_, '_>, size: &str) {
    let bytes = plain(size);
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| parse(black_box(&bytes)));
}

/// As a Go process serves it; bytes are those after decompression.
#[divan::bench(args = SIZES, max_time = 5)]
fn parse_gzip(bencher: Bencher<'_, '_>, size: &str) {
    let bytes = gzip(size);
    bencher
        .counter(BytesCount::of_slice(&plain(size)))
        .bench_local(|| parse(black_box(&bytes)));
}

fn bench_top(bencher: Bencher<'_, '_>, size: &str, options: &Options, intervals: Intervals) {
    let profile = parse(&plain(size));
    bencher.bench_local(|| Top::new(black_box(&profile), options, intervals));
}

#[divan::bench(args = SIZES, max_time = 5)]
fn top(bencher: Bencher<'_, '_>, size: &str) {
    bench_top(bencher, size, &Options::default(), Intervals::Omit);
}

#[divan::bench(args = SIZES, max_time = 5)]
fn top_by_lines(bencher: Bencher<'_, '_>, size: &str) {
    let options = Options {
        granularity: "lines".to_owned(),
        ..Options::default()
    };
    bench_top(bencher, size, &options, Intervals::Omit);
}

#[divan::bench(args = SIZES, max_time = 5)]
fn top_focused(bencher: Bencher<'_, '_>, size: &str) {
    let options = Options {
        focus: "package0[0-3]".to_owned(),
        ..Options::default()
    };
    bench_top(bencher, size, &options, Intervals::Omit);
}

#[divan::bench(args = SIZES, max_time = 5)]
fn top_with_intervals(bencher: Bencher<'_, '_>, size: &str) {
    bench_top(bencher, size, &Options::default(), Intervals::Compute);
}

/// Text of all rows, none trimmed.
#[divan::bench(args = SIZES, max_time = 5)]
fn render(bencher: Bencher<'_, '_>, size: &str) {
    let options = Options {
        nodefraction: 0.0,
        ..Options::default()
    };
    let top = Top::new(&parse(&plain(size)), &options, Intervals::Omit)
        .unwrap_or_else(|error| panic!("{error}"));
    bencher.bench_local(|| render_text(black_box(&top), &TextOptions::default()));
}
