//! Writes a generated heap profile, compressed, to standard output and what it holds to standard
//! error: `generate_profile small|medium|large > heap.pb.gz`.

#![expect(clippy::print_stderr, reason = "the profile goes to standard output")]

use std::error::Error;
use std::io::{BufWriter, stdout};

use fathom_testkit::generator::Shape;

fn main() -> Result<(), Box<dyn Error>> {
    let shape = match std::env::args().nth(1).as_deref() {
        Some("small") => Shape::small(),
        Some("medium") => Shape::medium(),
        Some("large") => Shape::large(),
        _ => return Err("usage: generate_profile small|medium|large > heap.pb.gz".into()),
    };
    let written = shape.write_gzip(BufWriter::new(stdout().lock()))?;
    eprintln!("{written:#?}");
    Ok(())
}
