//! Traces with wrong bytes: whatever the reader lets through, no analysis breaks.

use fathom_exectrace::{
    Blocking, Calls, Latency, ProfileFilter, Profiles, Reader, RegionFilter, Rules, States,
    Summary, SummaryOptions,
};
use fathom_testkit::{GoVersion, fixtures};

fn analyse(trace: &[u8], rules: Rules) -> u64 {
    let Ok(mut reader) = Reader::new(trace) else {
        return 0;
    };
    let options = SummaryOptions {
        rules,
        rows: true,
        ..SummaryOptions::default()
    };
    let filter = ProfileFilter {
        region: Some(RegionFilter::default()),
        ..ProfileFilter::default()
    };
    let profiles = (
        Profiles::new(rules, ProfileFilter::default()),
        Profiles::new(rules, filter),
    );
    let others = (Blocking::new(3), (Latency::new(3), Calls::default()));
    let mut states = States::new((Summary::new(options), (profiles, others)));
    // What is wrong with it is the reader's to tell.
    let _ = reader.run(&mut states);
    let tables = reader.tables();
    let (summary, (profiles, (blocking, (latency, calls)))) = states.finish(tables);
    let tasks = summary.tasks(tables);
    let groups = summary.goroutine_groups(tables).len() + summary.region_groups(tables).len();
    let waits = blocking.view(tables, 5).wait_count + calls.view(tables, 5).call_count;
    let (count, _) = profiles
        .0
        .get(fathom_exectrace::WaitKind::Scheduler)
        .total();
    latency.view(tables).all.count + count + (groups + waits + tasks.groups.len()) as u64
}

#[test]
fn wrong_bytes_break_no_analysis() {
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = move |most: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % most as u64).expect("a small number")
    };
    let mut seen = 0;
    for version in [GoVersion::GO_1_22, GoVersion::GO_1_27] {
        for scenario in ["annotations", "cgo", "syscalls"] {
            let whole = fixtures::trace(version, scenario).read();
            for round in 0..60 {
                let mut trace = whole.clone();
                for _ in 0..=round % 4 {
                    let at = 16 + next(trace.len() - 16);
                    trace[at] ^= 1 << next(8);
                }
                let rules = [Rules::Reference, Rules::Corrected][round % 2];
                seen += analyse(&trace, rules);
            }
        }
    }
    assert!(seen > 10_000, "{seen} things were seen");
}
