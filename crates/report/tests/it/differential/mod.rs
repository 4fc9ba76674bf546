//! Every command prints what the real `go tool pprof` prints, to the byte.
//!
//! Both programs get the same flags and the same files. Ours runs with `-compat`, and reads
//! text forms as the other does: addresses alone, without the names that Go leaves in
//! comments.

mod commands;
mod listing;
mod machine;
mod pages;
mod pairs;
mod recorded;
mod written;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fathom_profile::diff::{DiffMode, Normalize, subtract_with};
use fathom_profile::merge::merge_with;
use fathom_profile::{Defects, Limits, ParseOptions, Profile, load, prune};
use fathom_report::options::{self, Options};
use fathom_report::{Failure, Produced, Surroundings, command, pattern, produce};
use fathom_testkit::GoVersion;
use fathom_testkit::pprof::{Answer, Pprof};
use jiff::tz::TimeZone;

use self::machine::Machine;

static PPROF: LazyLock<Pprof> = LazyLock::new(|| {
    // Kept between runs: building takes a minute.
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    Pprof::build(GoVersion::GO_1_27, kept).expect("the real tool")
});

/// What the real tool answers.
pub(crate) fn theirs(flags: &[&str], profile: &Path) -> Answer {
    let mut arguments: Vec<&std::ffi::OsStr> = flags.iter().map(AsRef::as_ref).collect();
    arguments.push(profile.as_os_str());
    PPROF.run(arguments).expect("the real tool runs")
}

/// Reads a profile as the real tool does.
pub(crate) fn read(path: &Path) -> Profile {
    let bytes = std::fs::read(path).expect("a fixture is readable");
    Profile::parse_owned_as(bytes, &Limits::default(), ParseOptions::as_pprof())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The flags of one run, taken apart as the command line does.
struct Run<'a> {
    command: &'a str,
    argument: Option<&'a str>,
    options: Options,
    bases: Vec<&'a str>,
    mode: DiffMode,
}

impl<'a> Run<'a> {
    fn parse(flags: &[&'a str]) -> Self {
        let mut run = Self {
            command: "",
            argument: None,
            options: Options {
                compat: true,
                ..Options::default()
            },
            bases: Vec::new(),
            mode: DiffMode::Base,
        };
        for flag in flags {
            let flag = flag.strip_prefix('-').expect("a flag");
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (flag, None),
            };
            if command::find(name).is_some() {
                run.command = name;
                run.argument = value;
            } else if name == "base" || name == "diff_base" {
                run.bases.push(value.expect("a file"));
                if name == "diff_base" {
                    run.mode = DiffMode::DiffBase;
                }
            } else if let Some(spec) = options::spec_of_choice(name) {
                spec.set(&mut run.options, name).expect("a choice");
            } else {
                let value = value.unwrap_or("true");
                run.options.set(name, value).expect("an option");
            }
        }
        run
    }

    /// The profile of the run, prepared as the real tool prepares it.
    fn load(&self, path: &Path) -> Profile {
        let mut profile = read(path);
        if !self.bases.is_empty() {
            let bases: Vec<Profile> = self
                .bases
                .iter()
                .map(|base| read(Path::new(base)))
                .collect();
            let bases: Vec<&Profile> = bases.iter().collect();
            let base = merge_with(&bases, Defects::AsPprof).expect("bases of one kind");
            let normalize = if self.options.normalize {
                Normalize::Yes
            } else {
                Normalize::No
            };
            profile = subtract_with(&profile, &base, self.mode, normalize, Defects::AsPprof)
                .expect("comparable profiles");
        }
        let matcher = |text: &str| {
            let regex = pattern::compile("drop_frames", text)?;
            Ok::<_, fathom_report::Error>(move |name: &str| regex.is_match(name))
        };
        let profile = prune::remove_uninteresting(profile, matcher).expect("patterns");
        load::with_some_mapping(profile)
    }
}

/// What ours makes.
pub(crate) fn ours(flags: &[&str], path: &Path) -> Result<Produced, Failure> {
    let run = Run::parse(flags);
    let profile = run.load(path);
    let command = command::find(run.command).expect("a command");
    let machine = Machine::of_the_tool();
    let surroundings = Surroundings {
        zone: &TimeZone::UTC,
        sources: &machine,
        objects: &machine,
    };
    produce(&profile, command, run.argument, &run.options, surroundings)
}

/// How two outputs are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// To the byte.
    Exactly,
    /// As sets of lines, where the real tool leaves an order to chance.
    Sorted,
}

/// Runs both programs and compares what they print, notes and errors included.
pub(crate) fn compare(flags: &[&str], path: &Path, how: Compared) {
    let theirs = theirs(flags, path);
    let at = || format!("{} {}", flags.join(" "), path.display());
    match ours(flags, path) {
        Ok(produced) => {
            assert!(theirs.is_success, "{}: {}", at(), theirs.errors);
            let (ours, output) = (text(&produced.bytes), text(&theirs.output));
            match how {
                Compared::Exactly => assert_same(&ours, &output, &at()),
                Compared::Sorted if is_compressed(&produced.bytes) => {
                    let (ours, output) = (samples(&produced.bytes), samples(&theirs.output));
                    assert_eq!(ours, output, "{}", at());
                }
                Compared::Sorted => assert_same(&sorted(&ours), &sorted(&output), &at()),
            }
            assert_eq!(lines(&produced.notes), said(&theirs.errors), "{}", at());
        }
        Err(failure) => {
            assert!(!theirs.is_success, "{}: {failure}", at());
            let ours = lines(&failure.notes) + &lines(&[failure.error.to_string()]);
            assert_eq!(ours, said(&theirs.errors), "{}", at());
        }
    }
}

fn lines(notes: &[String]) -> String {
    notes
        .iter()
        .fold(String::new(), |text, note| text + note + "\n")
}

/// What the real tool tells the user, without the lines about binaries it did not find.
fn said(errors: &str) -> String {
    let about_binaries = |line: &&str| {
        line.starts_with("Some binary filenames not available")
            || line.starts_with("Try setting PPROF_BINARY_PATH")
            || line.starts_with("Main binary filename not available")
            || line.starts_with("Local symbolization failed")
    };
    let lines = errors.lines().filter(|line| !about_binaries(line));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The samples of a profile in words, sorted.
fn samples(bytes: &[u8]) -> Vec<String> {
    let profile = Profile::parse(bytes, &Limits::default()).expect("a profile");
    let sample = |sample: usize| {
        let mut text = String::new();
        for frame in profile.frames(sample) {
            let start = frame.function_id.map(|id| profile.function_start_line(id));
            let fathom_profile::Frame {
                function,
                file,
                line,
                ..
            } = frame;
            let _ = write!(text, "{function} {file} {line} {start:?};");
        }
        for column in 0..profile.sample_types().len() {
            let _ = write!(text, " {}", profile.value(sample, column));
        }
        text
    };
    let mut samples: Vec<String> = (0..profile.sample_count()).map(sample).collect();
    samples.sort_unstable();
    samples
}

/// Compressed profiles are compared decompressed.
fn text(bytes: &[u8]) -> String {
    if is_compressed(bytes) {
        let mut plain = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(bytes);
        std::io::Read::read_to_end(&mut decoder, &mut plain).expect("a whole stream");
        return plain.escape_ascii().to_string();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines without what depends on their order: sums so far and the numbers of nodes.
fn sorted(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(unordered).collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn unordered(line: &str) -> String {
    // A row of a table: flat, flat %, sum %, cum, ...
    let columns: Vec<&str> = line.split_whitespace().collect();
    if let [flat, percent, sum, rest @ ..] = columns.as_slice()
        && percent.ends_with('%')
        && sum.ends_with('%')
    {
        return format!("{flat} {percent} {}", rest.join(" "));
    }
    // A node or a call of a graph: N12, N1 -> N2, node12, (12) name, name [3/4].
    let mut out = String::new();
    let mut previous = ' ';
    for part in line.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.chars().take_while(char::is_ascii_digit).count();
        if !matches!(previous, 'N' | 'e' | '(' | '[' | '/' | '_' | '+' | '-') {
            out.push_str(&part[..digits]);
        }
        out.push_str(&part[digits..]);
        previous = part.chars().next_back().unwrap_or(' ');
    }
    out
}

/// Names the first line that differs, since whole outputs are long.
fn assert_same(ours: &str, theirs: &str, at: &str) {
    if ours == theirs {
        return;
    }
    let mut lines = (1..).zip(ours.lines().zip(theirs.lines()));
    match lines.find(|(_, (ours, theirs))| ours != theirs) {
        Some((number, (ours, theirs))) => {
            let (ours, theirs) = (around(ours, theirs), around(theirs, ours));
            panic!("{at}\nline {number}\n  ours:   {ours}\n  theirs: {theirs}")
        }
        None => panic!(
            "{at}\n{} lines against {}: the end differs\n{:?}\n{:?}",
            ours.lines().count(),
            theirs.lines().count(),
            ours.lines().last(),
            theirs.lines().last()
        ),
    }
}

/// The part of a line where it begins to differ from the other.
fn around(line: &str, other: &str) -> String {
    let same = line.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let start = same.count().saturating_sub(120);
    line.chars().skip(start).take(400).collect()
}

/// All fixtures whose name satisfies `wanted`, sorted.
pub(crate) fn find(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut found = Vec::new();
    let mut open = vec![fixtures.join("causes"), fixtures.join("formats")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("fixtures are readable") {
            let path = entry.expect("fixtures are readable").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                open.push(path);
            } else if wanted(&name) && is_profile(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a file holds a profile, and not what a server says that has none.
fn is_profile(path: &Path) -> bool {
    let bytes = std::fs::read(path).expect("a fixture is readable");
    !bytes.starts_with(b"Unknown profile")
}
