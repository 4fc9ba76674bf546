//! Prints what naming addresses of the Go compiler costs, beside `go tool addr2line` on the
//! same addresses, and whether the targets are met.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin symbolize -- [ADDRESSES [BINARY]]
//! ```
//!
//! Without a number it is 1,000,000 addresses, spread at random over the code. Ours makes a
//! profile of them, reads the binary, resolves them with all inlined calls, and puts
//! functions and lines into the profile; the other prints one function and line for each.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use fathom_bench::child::{self, Cost};
use fathom_bench::program;
use fathom_profile::naming::Naming;
use fathom_profile::{Defects, Limits, Mapping, Profile, ProfileBuilder, StringId, Symbolization};
use fathom_report::symbolize::{assign, tasks};
use fathom_symbols::mapping::{RuntimeMapping, file_address};
use fathom_symbols::{Image, Symbolizer};
use fathom_testkit::GoVersion;
use fathom_testkit::Random;
use fathom_testkit::toolchain::{Cgo, Toolchain};

/// The processor time that the addresses may cost.
const MOST_CPU: Duration = Duration::from_millis(1500);
/// The memory that they may cost, in bytes.
const MOST_BYTES: u64 = 500_000_000;
/// How long `go tool addr2line` may take.
const PATIENCE: Duration = Duration::from_mins(10);
/// The first argument of the child that does the measured work.
const CHILD: &str = "--measured-child";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [first, binary, addresses] if first == CHILD => {
            name(Path::new(binary), Path::new(addresses)).map(|_| true)
        }
        _ => compare(&arguments),
    };
    program::ended("symbolize", result)
}

/// A profile with a location for each address, in one mapping.
fn bare(addresses: &[u8], segment: RuntimeMapping) -> Result<Profile, fathom_profile::Error> {
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("samples", "count")?;
    let mapping = Mapping {
        start: segment.start,
        limit: segment.limit,
        offset: segment.offset,
        file: builder.string("binary")?,
        build_id: StringId::EMPTY,
        symbols: Symbolization::default(),
    };
    let mapping = builder.add_mapping(mapping)?;
    for address in addresses.as_chunks().0 {
        let address = u64::from_le_bytes(*address);
        let location = builder.another_location(address, Some(mapping), &[], false)?;
        builder.add_sample(&[location], &[1], &[])?;
    }
    Ok(builder.finish())
}

/// What the child does. Returns the number of locations and of lines.
fn name(binary: &Path, addresses: &Path) -> io::Result<(usize, usize)> {
    let image = Image::parse(fs::read(binary)?, &fathom_symbols::Limits::default());
    let image = Arc::new(image.map_err(io::Error::other)?);
    let segment = code(&image)?;
    let profile = bare(&fs::read(addresses)?, segment).map_err(io::Error::other)?;
    let wanted = tasks(&profile, false, Defects::Corrected);
    let jobs: Vec<_> = wanted
        .into_iter()
        .map(|task| {
            let places = task
                .locations
                .iter()
                .map(|&id| file_address(&image, &segment, profile.address(id)).unwrap_or(u64::MAX));
            let places: Vec<u64> = places.collect();
            (task, places)
        })
        .collect();
    let mut naming = Naming::new(profile, &Limits::default());
    let symbolizer = Symbolizer::new(image);
    for (task, places) in jobs {
        let resolution = symbolizer.resolve(&places).map_err(io::Error::other)?;
        drop(places);
        assign(
            &mut naming,
            task.mapping,
            &task.locations,
            &resolution,
            Defects::Corrected,
        )
        .map_err(io::Error::other)?;
    }
    let profile = naming.finish().map_err(io::Error::other)?;
    let lines = profile.location_ids().map(|id| profile.line_count(id));
    Ok((profile.location_ids().len(), lines.sum()))
}

/// Where the loader puts the code of a binary at a fixed address.
fn code(image: &Image) -> io::Result<RuntimeMapping> {
    let segment = image.segments().iter().find(|segment| segment.executable);
    let segment = segment.ok_or_else(|| io::Error::other("the binary has no code"))?;
    Ok(RuntimeMapping {
        start: segment.address,
        limit: segment.address + segment.file_size,
        offset: segment.file_offset,
    })
}

fn compare(arguments: &[String]) -> io::Result<bool> {
    let count: usize = match arguments.first() {
        Some(text) => text.parse().map_err(io::Error::other)?,
        None => 1_000_000,
    };
    let go = Toolchain::find(GoVersion::GO_1_27).map_err(io::Error::other)?;
    let binary = match arguments.get(1) {
        Some(path) => PathBuf::from(path),
        None => tool(&go, "compile")?,
    };
    let scratch = tempfile::tempdir()?;
    let (raw, text) = (scratch.path().join("raw"), scratch.path().join("text"));
    write_addresses(&binary, count, &raw, &text)?;
    let (locations, lines) = name(&binary, &raw)?;
    println!(
        "{count} addresses of {} ({} MB): {locations} locations, {lines} lines",
        binary.file_name().unwrap_or_default().to_string_lossy(),
        fs::metadata(&binary)?.len() >> 20,
    );

    let own = std::env::current_exe()?;
    let ours = || {
        let mut command = Command::new(&own);
        command.arg(CHILD).arg(&binary).arg(&raw);
        child::measure(&mut command, PATIENCE)
    };
    let ours = ours()?.best_with(ours()?).best_with(ours()?);
    line("fathom", ours);

    let addr2line = scratch.path().join("addr2line");
    let built = go
        .command(Cgo::Off)
        .args(["build", "-o"])
        .arg(&addr2line)
        .arg("cmd/addr2line")
        .current_dir(scratch.path())
        .status()?;
    if !built.success() {
        return Err(io::Error::other("cmd/addr2line cannot be built"));
    }
    let theirs = child::measure_reading(
        Command::new(&addr2line).arg(&binary),
        File::open(&text)?.into(),
        PATIENCE,
    )?;
    line("go tool addr2line", theirs);
    let ratio = |theirs: f64, ours: f64| theirs / ours.max(f64::MIN_POSITIVE);
    println!(
        "go tool addr2line to ours: processor time {:.1}, memory {:.1}",
        ratio(theirs.cpu.as_secs_f64(), ours.cpu.as_secs_f64()),
        ratio(theirs.peak_bytes as f64, ours.peak_bytes as f64),
    );
    let is_met = ours.cpu < MOST_CPU && ours.peak_bytes < MOST_BYTES;
    println!(
        "target below {:.1} s and {} MB: {}",
        MOST_CPU.as_secs_f64(),
        MOST_BYTES / 1_000_000,
        if is_met { "met" } else { "missed" }
    );
    Ok(is_met)
}

/// Returns a tool of the distribution.
fn tool(go: &Toolchain, name: &str) -> io::Result<PathBuf> {
    let output = go.command(Cgo::Off).args(["tool", "-n", name]).output()?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if path.is_empty() {
        return Err(io::Error::other(format!("go tool {name} is not there")));
    }
    Ok(PathBuf::from(path))
}

/// Writes addresses of the code at random: as words, and a line each.
fn write_addresses(binary: &Path, count: usize, raw: &Path, text: &Path) -> io::Result<()> {
    let image = Image::parse(fs::read(binary)?, &fathom_symbols::Limits::default());
    let image = image.map_err(io::Error::other)?;
    let section = image
        .section(".text")
        .ok_or_else(|| io::Error::other("no .text"))?;
    let mut random = Random::seeded(27);
    let mut words = BufWriter::new(File::create(raw)?);
    let mut lines = BufWriter::new(File::create(text)?);
    for _ in 0..count {
        let address = section.address + random.below(section.size);
        words.write_all(&address.to_le_bytes())?;
        writeln!(lines, "{address:#x}")?;
    }
    words.flush()?;
    lines.flush()
}

fn line(name: &str, cost: Cost) {
    println!(
        "{name:<18} {:.2} s of processor time, {:.2} s in all, {} MB",
        cost.cpu.as_secs_f64(),
        cost.wall.as_secs_f64(),
        cost.peak_bytes / 1_000_000,
    );
}
