//! Records an execution trace of a scenario of `testbed/tracing` at any size, unless that was done
//! before, and prints its path: `record_trace 1.27.3 service -n 182000 -for 10m`.

#![expect(clippy::print_stdout, reason = "the path is the program's output")]

use std::error::Error;

use fathom_testkit::{GoVersion, tracing};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [version, scenario, rest @ ..] = arguments.as_slice() else {
        return Err("usage: record_trace <Go version> <scenario> [-n N] [-for DURATION]".into());
    };
    let version = GoVersion::parse(version).ok_or("the first argument is not a Go version")?;
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    println!("{}", tracing::record(version, scenario, &rest)?.display());
    Ok(())
}
