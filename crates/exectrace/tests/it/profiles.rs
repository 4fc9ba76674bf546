//! The four profiles of waiting, held against those of `go tool trace`.

use std::collections::BTreeMap;

use fathom_exectrace::{
    Contentions, ProfileFilter, Profiles, Reader, Rules, States, Tables, Tail, WaitKind,
};
use fathom_profile::{Limits, Profile};
use fathom_testkit::fixtures;
use fathom_testkit::tracing::{Reference, Waits};

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
    let mut reader = Reader::new(trace).expect("a trace").tail(Tail::Drop);
    let mut states = States::new(Profiles::new(Rules::Reference, filter));
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

#[test]
fn profiles_are_those_of_the_reference() {
    let reference = Reference::build().expect("the tool builds");
    let mut compared = 0;
    for trace in fixtures::traces() {
        let (profiles, tables) = run(&trace.read(), ProfileFilter::default());
        for waits in Waits::ALL {
            let expected = theirs(&reference.pprof(waits, &trace.path).expect("a profile"));
            let found = ours(profiles.get(kind_of(waits)), &tables);
            assert_eq!(found, expected, "{trace} {waits:?}");
            compared += expected.len();
        }
    }
    assert!(compared > 1_000, "{compared} stacks");
}
