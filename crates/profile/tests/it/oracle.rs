//! The real `go tool pprof`, and our reading of the same inputs, side by side.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fathom_profile::{Error, Limits, ParseOptions, Profile, load, raw};
use fathom_testkit::GoVersion;
use fathom_testkit::pprof::{Answer, Pprof};

static PPROF: LazyLock<Pprof> = LazyLock::new(|| {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    Pprof::build(GoVersion::GO_1_27, kept).unwrap()
});

/// Runs the real tool.
pub(crate) fn pprof(arguments: &[&str], files: &[&Path]) -> Answer {
    let files = files.iter().map(|file| file.as_os_str());
    let arguments = arguments.iter().map(AsRef::as_ref);
    PPROF.run(arguments.chain(files)).unwrap()
}

/// What `-raw` prints, all frames shown; or the tool's error.
pub(crate) fn raw_text(files: &[&Path]) -> Result<String, String> {
    let answer = pprof(&["-raw", "-all_frames"], files);
    if answer.is_success {
        Ok(String::from_utf8(answer.output).unwrap())
    } else {
        Err(answer.errors)
    }
}

/// Reads as pprof does.
pub(crate) fn read(bytes: &[u8]) -> Result<Profile, Error> {
    Profile::parse_as(bytes, &Limits::default(), ParseOptions::as_pprof())
        .map(load::with_some_mapping)
}

/// Our text for the same bytes.
pub(crate) fn our_raw_text(bytes: &[u8]) -> Result<String, String> {
    let profile = read(bytes).map_err(|error| error.pprof_text())?;
    Ok(raw::write(&profile, &raw::TimeZone::UTC))
}

/// Asserts that both read a file alike, or refuse it with the same words. Returns whether
/// they read it.
pub(crate) fn same(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap();
    match (raw_text(&[path]), our_raw_text(&bytes)) {
        (Ok(theirs), Ok(ours)) => {
            assert!(
                ours == theirs,
                "{}\n{}",
                path.display(),
                difference(&ours, &theirs)
            );
            true
        }
        (Err(theirs), Err(ours)) => {
            let name = path.display().to_string();
            let first = theirs.lines().next().unwrap();
            assert_eq!(format!("{name}: {ours}"), first, "{}", path.display());
            false
        }
        (theirs, ours) => panic!("{}: theirs {theirs:?}, ours {ours:?}", path.display()),
    }
}

/// The first line in which two texts differ.
pub(crate) fn difference(ours: &str, theirs: &str) -> String {
    let mut lines = ours.lines().zip(theirs.lines()).enumerate();
    match lines.find(|(_, (a, b))| a != b) {
        Some((number, (a, b))) => format!("line {}\nours   {a}\ntheirs {b}", number + 1),
        None => format!("{} and {} bytes", ours.len(), theirs.len()),
    }
}

/// All recorded files whose name satisfies `wanted`, sorted.
pub(crate) fn recorded(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![
        crate::fixtures().join("causes"),
        crate::fixtures().join("formats"),
    ];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if wanted(&name) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
