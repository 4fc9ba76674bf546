use super::*;
use crate::event::GoroutineState as G;
use crate::script::Script;

fn rows(script: &Script, profiles: &Profiles, kind: WaitKind) -> Vec<(String, u64, i64)> {
    let mut rows: Vec<_> = profiles
        .get(kind)
        .rows()
        .map(|(stack, count, nanoseconds)| {
            let leaf = script.tables.stacks.frames(stack).next();
            let name = leaf.map_or("", |frame| script.tables.names.get(frame.function));
            (name.to_owned(), count, nanoseconds)
        })
        .collect();
    rows.sort();
    rows
}

fn reference(filter: ProfileFilter) -> Profiles {
    Profiles::new(Rules::Reference, filter)
}

fn corrected(filter: ProfileFilter) -> Profiles {
    Profiles::new(Rules::Corrected, filter)
}

/// A worker that is made, works, waits twice and is stuck at the end; another that never runs;
/// one that waited before the trace.
fn stream() -> Script {
    let mut script = Script::new();
    let site = script.stack(&["main.spawn", "main.main"]);
    let entry = script.stack(&["main.work"]);
    let receive = script.stack(&["main.receive", "main.work"]);
    let read = script.stack(&["net.read", "main.work"]);
    let send = script.stack(&["main.send", "main.main"]);
    let before = script.stack(&["runtime.gopark", "runtime.chanrecv", "main.old"]);
    let write = script.stack(&["os.write", "main.work"]);
    script
        .sync(100)
        .status(101, 1, G::Running, StackId::NONE)
        .status(102, 2, G::Waiting, before)
        .create(110, (1, 7), (site, entry))
        .create(111, (1, 8), (site, entry))
        .start(120, 7)
        .block(130, 7, Name::CHAN_RECEIVE, receive)
        .unblock(170, (1, 7), send)
        .unblock(171, (1, 2), send)
        .start(175, 7)
        .block(180, 7, Name::NETWORK, read)
        .unblock(190, (-1, 7), StackId::NONE)
        .start(192, 7)
        .call(193, 7, write)
        .returns(197, 7, G::Running)
        .block(200, 7, Name::CHAN_RECEIVE, receive)
        .sync(300);
    script
}

fn row(name: &str, count: u64, nanoseconds: i64) -> (String, u64, i64) {
    (name.to_owned(), count, nanoseconds)
}

#[test]
fn the_reference_leaves_out_first_waits_and_what_is_open() {
    let script = stream();
    let seen = script.run(reference(ProfileFilter::default()));
    assert_eq!(
        rows(&script, &seen, WaitKind::Sync),
        [row("main.receive", 1, 40)]
    );
    assert_eq!(
        rows(&script, &seen, WaitKind::Network),
        [row("net.read", 1, 10)]
    );
    assert_eq!(
        rows(&script, &seen, WaitKind::Syscall),
        [row("os.write", 1, 4)]
    );
    assert_eq!(
        rows(&script, &seen, WaitKind::Scheduler),
        [row("", 1, 2), row("main.send", 1, 5)]
    );
}

#[test]
fn ours_counts_first_waits_and_what_is_open_or_from_before() {
    let script = stream();
    let seen = script.run(corrected(ProfileFilter::default()));
    assert_eq!(
        rows(&script, &seen, WaitKind::Sync),
        [row("main.receive", 2, 140), row("runtime.gopark", 1, 71)]
    );
    assert_eq!(
        rows(&script, &seen, WaitKind::Scheduler),
        [
            row("", 1, 2),
            // Until the first run, and without end.
            row("main.send", 2, 5 + 129),
            row("main.spawn", 2, 10 + 189),
        ]
    );
}

#[test]
fn goroutines_and_moments_can_be_chosen() {
    let script = stream();
    let entry = Some("main.old".to_owned());
    let seen = script.run(corrected(ProfileFilter {
        entry,
        ..ProfileFilter::default()
    }));
    assert_eq!(
        rows(&script, &seen, WaitKind::Sync),
        [row("runtime.gopark", 1, 71)]
    );
    let window = Some((Time(150), Time(160)));
    let seen = script.run(corrected(ProfileFilter {
        window,
        ..ProfileFilter::default()
    }));
    assert_eq!(
        rows(&script, &seen, WaitKind::Sync),
        [row("main.receive", 1, 10), row("runtime.gopark", 1, 10)]
    );
    assert_eq!(rows(&script, &seen, WaitKind::Network), []);
}

#[test]
fn only_the_outermost_regions_of_a_sort_count() {
    let mut script = Script::new();
    let entry = script.stack(&["main.work"]);
    let receive = script.stack(&["main.receive", "main.work"]);
    let wait = |script: &mut Script, at: i64| {
        script
            .block(at, 7, Name::CHAN_RECEIVE, receive)
            .unblock(at + 10, (1, 7), StackId::NONE)
            .start(at + 11, 7);
    };
    script
        .sync(1)
        .status(2, 1, G::Running, StackId::NONE)
        .create(10, (1, 7), (entry, entry))
        .start(11, 7);
    wait(&mut script, 20);
    script.region(40, 7, (0, "outer"), entry);
    wait(&mut script, 50);
    script.region(70, 7, (0, "inner"), entry);
    wait(&mut script, 80);
    script
        .region_end(100, 7, (0, "inner"))
        .region_end(110, 7, (0, "outer"));
    wait(&mut script, 120);
    script.region(140, 7, (0, "inner"), entry);
    wait(&mut script, 150);
    script.sync(200);
    let count = |kind: Option<&str>, longest: Option<i64>| {
        let region = RegionFilter {
            kind: kind.map(str::to_owned),
            longest,
            ..RegionFilter::default()
        };
        let filter = ProfileFilter {
            region: Some(region),
            ..ProfileFilter::default()
        };
        let seen = script.run(reference(filter));
        seen.get(WaitKind::Sync).total()
    };
    assert_eq!(count(Some("outer"), None), (2, 20));
    assert_eq!(count(Some("inner"), None), (2, 20));
    assert_eq!(count(None, None), (3, 30));
    // Without the outer one, the inner one within it counts by itself.
    assert_eq!(count(None, Some(65)), (2, 20));
    assert_eq!(count(Some("other"), None), (0, 0));
}

#[test]
fn an_end_without_beginning_covers_all_before_it() {
    let mut script = Script::new();
    let receive = script.stack(&["main.receive", "main.work"]);
    script
        .sync(1)
        .status(2, 7, G::Running, StackId::NONE)
        .block(20, 7, Name::CHAN_RECEIVE, receive)
        .unblock(30, (-1, 7), StackId::NONE)
        .start(31, 7)
        .region_end(40, 7, (0, "long"))
        .block(50, 7, Name::CHAN_RECEIVE, receive)
        .unblock(70, (-1, 7), StackId::NONE)
        .sync(90);
    let region = Some(RegionFilter {
        kind: Some("long".to_owned()),
        ..RegionFilter::default()
    });
    let seen = script.run(reference(ProfileFilter {
        region,
        ..ProfileFilter::default()
    }));
    assert_eq!(seen.get(WaitKind::Sync).total(), (1, 10));
}

#[test]
fn the_profile_has_the_types_of_the_reference() {
    let script = stream();
    let seen = script.run(corrected(ProfileFilter::default()));
    let profile = seen
        .get(WaitKind::Sync)
        .profile(&script.tables)
        .expect("a small profile");
    assert_eq!(profile.sample_count(), 2);
    let view = seen.get(WaitKind::Sync).view(&script.tables, 1);
    assert_eq!((view.count, view.nanoseconds, view.row_count), (3, 211, 2));
    assert_eq!((view.rows.len(), view.rows[0].nanoseconds), (1, 140));
    let leaf = profile.frames(0).next().expect("a frame");
    assert_eq!(leaf.line, 7);
}
