//! What watching costs its target: a Go program alone, under `fathom watch`, and with a poller of
//! all runtime/metrics of its own. Prints a table of its CPU time and of the bytes it allocated.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin watching -- [SECONDS [FATHOM]]
//! ```

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;

/// A way to be watched: how it is called, the flags of the program, the arguments of fathom
/// before the address.
type Way = (
    &'static str,
    &'static [&'static str],
    Option<&'static [&'static str]>,
);

const WAYS: [Way; 5] = [
    ("alone", &[], None),
    ("fathom watch", &[], Some(&[])),
    ("fathom watch --profiles 0", &[], Some(&["--profiles", "0"])),
    (
        "fathom watch --profiles 0 --ledger 0",
        &[],
        Some(&["--profiles", "0", "--ledger", "0"]),
    ),
    ("poller within, all metrics", &["-poll", "1s"], None),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u32 = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let fathom = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => fathom_bench::program::build_fathom()?,
    };
    let program = Program::new("watched", GoVersion::GO_1_27).build()?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| {seconds} s at one look a second | CPU seconds | MB allocated |"
    )?;
    writeln!(out, "|---|---|---|")?;
    for (name, flags, watched) in WAYS {
        let (cpu, allocated) = run(&program, flags, watched, seconds, &fathom)?;
        let mib = allocated as f64 / 1_048_576.0;
        writeln!(out, "| {name} | {cpu:.3} | {mib:.1} |")?;
    }
    Ok(())
}

/// Runs the program once, and returns what it says that it cost.
fn run(
    program: &Path,
    flags: &[&str],
    watched: Option<&[&str]>,
    seconds: u32,
    fathom: &Path,
) -> Result<(f64, u64), Box<dyn Error>> {
    let mut child = Command::new(program)
        .args(["-grows=false", "-for", &format!("{seconds}s")])
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    let ready = lines.next().ok_or("the program said nothing")??;
    let address = ready
        .strip_prefix("READY ")
        .ok_or("the program is not ready")?;
    let observer = watched
        .map(|arguments| watch(fathom, arguments, address))
        .transpose()?;
    let told = lines.next().ok_or("the program did not tell its cost")??;
    child.wait()?;
    if let Some(mut watcher) = observer {
        watcher.kill()?;
        watcher.wait()?;
    }
    let mut words = told.split(' ').skip(1).step_by(2);
    let mut number = || words.next().ok_or("the program told its cost otherwise");
    Ok((number()?.parse()?, number()?.parse()?))
}

fn watch(fathom: &Path, arguments: &[&str], address: &str) -> io::Result<Child> {
    Command::new(fathom)
        .args(["watch", "--plain", "--interval", "1s"])
        .args(arguments)
        .arg(address)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
