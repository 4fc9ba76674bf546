//! The four profiles of waiting, held against those of `go tool trace`.

use std::collections::BTreeMap;
use std::path::Path;

use fathom_exectrace::{
    Contentions, ProfileFilter, Profiles, Reader, Rules, States, Tables, Tail, WaitKind,
};
use fathom_profile::{Limits, Profile};
use fathom_testkit::tracing::{Reference, Waits, record};
use fathom_testkit::{GoVersion, fixtures};

/// Stacks, as their frames are written, with how often and how long was waited there.
pub(crate) type Table = BTreeMap<Vec<String>, (i64, i64)>;

pub(crate) fn table(profile: &Profile) -> Table {
    let mut table = Table::new();
    for sample in 0..profile.sample_count() {
        let frames = profile
            .frames(sample)
            // A frame that says nothing, of threads of C.
            .filter(|frame| frame.address != 0 || !frame.function.is_empty())
            .map(|frame| {
                let (name, file) = (frame.function, frame.file);
                format!("{name} {file}:{} {:#x}", frame.line, frame.address)
            })
            .collect();
        let row = table.entry(frames).or_default();
        row.0 += profile.value(sample, 0);
        row.1 += profile.value(sample, 1);
    }
    table
}

pub(crate) fn theirs(bytes: &[u8]) -> Table {
    let profile = Profile::parse(bytes, &Limits::default()).expect("a profile");
    table(&profile)
}

pub(crate) fn ours(contentions: &Contentions, tables: &Tables) -> Table {
    table(&contentions.profile(tables).expect("a small profile"))
}

pub(crate) fn run(trace: &[u8], filter: ProfileFilter) -> (Profiles, Tables) {
    run_by(Rules::Reference, trace, filter)
}

fn run_by(rules: Rules, trace: &[u8], filter: ProfileFilter) -> (Profiles, Tables) {
    let mut reader = Reader::new(trace).expect("a trace").tail(Tail::Drop);
    let mut states = States::new(Profiles::new(rules, filter));
    reader.run(&mut states).expect("a slice is read");
    let profiles = states.finish(reader.tables());
    (profiles, reader.into_tables())
}

pub(crate) fn kind_of(waits: Waits) -> WaitKind {
    match waits {
        Waits::Network => WaitKind::Network,
        Waits::Synchronization => WaitKind::Sync,
        Waits::SystemCall => WaitKind::Syscall,
        Waits::Scheduler => WaitKind::Scheduler,
    }
}

/// Asserts that all four profiles of a trace are the same; says how many stacks there are.
fn assert_profiles(reference: &Reference, trace: &Path, name: &str) -> usize {
    let bytes = std::fs::read(trace).expect("a trace");
    let (profiles, tables) = run(&bytes, ProfileFilter::default());
    let compare = |waits| {
        let expected = theirs(&reference.pprof(waits, trace).expect("a profile"));
        let found = ours(profiles.get(kind_of(waits)), &tables);
        assert_eq!(found, expected, "{name} {waits:?}");
        expected.len()
    };
    Waits::ALL.into_iter().map(compare).sum()
}

#[test]
fn profiles_are_those_of_the_reference() {
    let reference = Reference::build().expect("the tool builds");
    let compared: usize = fixtures::traces()
        .iter()
        .map(|trace| assert_profiles(&reference, &trace.path, &trace.to_string()))
        .sum();
    assert!(compared > 1_000, "{compared} stacks");
}

/// Scenarios that are recorded anew, larger than fixtures, with their sizes.
pub(crate) const LIVE: [(&str, &str); 4] = [
    ("service", "1000"),
    ("syscalls", "40"),
    ("cgo", "40"),
    ("stuck", "8"),
];

#[test]
fn profiles_of_live_programs_are_those_of_the_reference() {
    let reference = Reference::build().expect("the tool builds");
    for version in [GoVersion::GO_1_22, GoVersion::GO_1_27] {
        let mut compared = 0;
        for (scenario, size) in LIVE {
            let trace = record(version, scenario, &["-n", size]).expect("a recording");
            compared += assert_profiles(&reference, &trace, &format!("{version} {scenario}"));
        }
        assert!(compared > 100, "{version}: {compared} stacks");
    }
}

#[test]
fn ours_has_all_that_the_reference_has_and_what_it_leaves_out() {
    for trace in fixtures::traces() {
        let bytes = trace.read();
        let (reference, tables) = run(&bytes, ProfileFilter::default());
        let (corrected, _) = run_by(Rules::Corrected, &bytes, ProfileFilter::default());
        for kind in WaitKind::ALL {
            let found = ours(corrected.get(kind), &tables);
            for (stack, theirs) in ours(reference.get(kind), &tables) {
                let our = found.get(&stack).copied().unwrap_or_default();
                assert!(
                    our.0 >= theirs.0 && our.1 >= theirs.1,
                    "{trace} {kind:?} {stack:?}"
                );
            }
        }
        // A stack of its maker is where a goroutine waits for its first run.
        let (count, _) = corrected.get(WaitKind::Scheduler).total();
        let (theirs, _) = reference.get(WaitKind::Scheduler).total();
        assert!(count > theirs, "{trace}: {count} waits for a P");
    }
}

#[test]
fn what_is_stuck_is_seen_where_the_reference_is_blind() {
    for version in [GoVersion::GO_1_22, GoVersion::GO_1_27] {
        let bytes = fixtures::trace(version, "stuck").read();
        let stuck = |rules| {
            let (profiles, tables) = run_by(rules, &bytes, ProfileFilter::default());
            let table = ours(profiles.get(WaitKind::Sync), &tables);
            let of_main = table
                .iter()
                .filter(|(stack, _)| stack.iter().any(|frame| frame.starts_with("main.block")));
            of_main.map(|(_, (count, _))| count).sum::<i64>()
        };
        let (theirs, ours) = (stuck(Rules::Reference), stuck(Rules::Corrected));
        assert!(
            ours >= theirs + 3,
            "{version}: {theirs} waits, {ours} with those that last"
        );
    }
}
