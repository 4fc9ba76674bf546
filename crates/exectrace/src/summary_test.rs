use super::*;
use crate::event::GoroutineState as G;
use crate::path::StepKind;
use crate::script::Script;
use crate::stacks::StackId;
use crate::times::TimesView;

fn run(script: &Script, rules: Rules) -> Summary {
    let options = SummaryOptions {
        rules,
        rows: true,
        ..SummaryOptions::default()
    };
    script.run(Summary::new(options))
}

fn times(summary: &Summary, script: &Script, id: i64) -> TimesView {
    let rows = summary.goroutine_rows();
    let (row, _) = rows.iter().find(|(row, _)| row.id.0 == id).expect("a row");
    row.times.view(&script.tables.names)
}

fn blocked(times: &TimesView) -> Vec<(&str, i64)> {
    times
        .blocked
        .iter()
        .map(|part| (&*part.reason, part.nanoseconds))
        .collect()
}

#[test]
fn every_nanosecond_is_in_one_part() {
    let mut script = Script::new();
    let entry = script.stack(&["main.work"]);
    let receive = script.stack(&["main.receive", "main.work"]);
    script
        .sync(100)
        .status(101, 1, G::Running, StackId::NONE)
        .create(110, (1, 7), (entry, entry))
        .start(120, 7)
        .block(150, 7, Name::CHAN_RECEIVE, receive)
        .unblock(170, (1, 7), StackId::NONE)
        .start(175, 7)
        .call(180, 7, receive)
        .returns(184, 7, G::Running)
        .call(190, 7, receive)
        .idle(193, 7)
        .returns(200, 7, G::Runnable)
        .start(203, 7)
        .end(210, 7)
        .sync(300);
    for rules in [Rules::Reference, Rules::Corrected] {
        let seen = times(&run(&script, rules), &script, 7);
        assert_eq!(
            (seen.total, seen.executing, seen.runnable),
            (100, 30 + 5 + 6 + 7, 18)
        );
        assert_eq!(
            (seen.syscall, seen.syscall_blocked, seen.unknown),
            (7, 7, 0)
        );
        assert_eq!(blocked(&seen), [("chan receive", 20)]);
    }
}

#[test]
fn a_blocked_call_at_the_end_counts_once() {
    let mut script = Script::new();
    script
        .sync(0)
        .status(1, 7, G::Running, StackId::NONE)
        .call(10, 7, StackId::NONE)
        .idle(30, 7)
        .sync(100);
    let theirs = times(&run(&script, Rules::Reference), &script, 7);
    assert_eq!(
        (theirs.syscall, theirs.runnable, theirs.syscall_blocked),
        (90, 70, 0)
    );
    let ours = times(&run(&script, Rules::Corrected), &script, 7);
    assert_eq!(
        (ours.syscall, ours.runnable, ours.syscall_blocked),
        (20, 0, 70)
    );
    assert_eq!(ours.unknown, 0);
}

#[test]
fn what_waits_for_ever_is_alive() {
    let mut script = Script::new();
    let stack = script.stack(&["runtime.block", "main.stuck"]);
    script
        .sync(0)
        .status(1, 7, G::Running, stack)
        .block(10, 7, Name::FOREVER, stack)
        .sync(100);
    let summary = run(&script, Rules::Reference);
    assert_eq!(times(&summary, &script, 7).total, 10);
    assert_eq!(summary.goroutine_groups(&script.tables)[0].alive, 0);
    let summary = run(&script, Rules::Corrected);
    assert_eq!(blocked(&times(&summary, &script, 7)), [("forever", 90)]);
    assert_eq!(summary.goroutine_groups(&script.tables)[0].alive, 1);
}

#[test]
fn waits_from_before_have_the_reason_of_their_stack() {
    let mut script = Script::new();
    let stack = script.stack(&["runtime.gopark", "runtime.selectgo", "main.loop"]);
    script.sync(0).status(5, 7, G::Waiting, stack).sync(100);
    let theirs = times(&run(&script, Rules::Reference), &script, 7);
    assert_eq!(blocked(&theirs), [("", 100)]);
    let ours = times(&run(&script, Rules::Corrected), &script, 7);
    assert_eq!(blocked(&ours), [("select", 100)]);
}

#[test]
fn a_late_return_leaves_the_next_call_on_that_processor_alone() {
    let mut script = Script::new();
    let none = StackId::NONE;
    script
        .sync(0)
        .status(1, 7, G::Running, none)
        .call(10, 7, none)
        .idle(20, 7)
        .status(21, 8, G::Running, none)
        .call(30, 8, none)
        .on(7)
        .returns(40, 7, G::Runnable)
        .idle(50, 7)
        .returns(90, 8, G::Runnable)
        .sync(100);
    let theirs = times(&run(&script, Rules::Reference), &script, 8);
    assert_eq!((theirs.syscall, theirs.syscall_blocked), (60, 0));
    let ours = times(&run(&script, Rules::Corrected), &script, 8);
    assert_eq!((ours.syscall, ours.syscall_blocked), (20, 40));
}

#[test]
fn goroutines_are_grouped_by_entry_and_site() {
    let mut script = Script::new();
    let site = script.stack(&["main.spawn", "main.main"]);
    let other = script.stack(&["main.other", "main.main"]);
    let entry = script.stack(&["main.work"]);
    script
        .sync(0)
        .status(1, 1, G::Running, StackId::NONE)
        .create(1_000, (1, 7), (site, entry))
        .start(2_000, 7)
        .end(6_000, 7)
        .create(7_000, (1, 8), (site, entry))
        .create(7_001, (1, 9), (other, entry))
        .range((7_100, 7_200), 1, Range::MarkAssist(GoroutineId(1)))
        .sync(10_000);
    let summary = run(&script, Rules::Corrected);
    let groups = summary.goroutine_groups(&script.tables);
    let seen: Vec<_> = groups
        .iter()
        .map(|group| {
            (
                &*group.entry,
                &*group.site,
                group.count,
                group.alive,
                group.never_ran,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("", "", 1, 1, 0),
            ("main.work", "main.spawn", 2, 1, 1),
            ("main.work", "main.other", 1, 1, 1),
        ]
    );
    assert_eq!(groups[0].mark_assist.total, 100);
    let spawned = &groups[1];
    assert_eq!((spawned.executing.total, spawned.executing.p50), (4_000, 0));
    assert_eq!(
        (spawned.runnable.total, spawned.total.max),
        (1_000 + 3_000, 5_000)
    );
    assert_eq!(spawned.slowest[0].id, 7);
    assert_eq!(spawned.slowest[0].ended, Some(6_000));
}

/// A task that is begun by one goroutine, whose work is done by another that it makes and waits
/// for; within it a task that stays open.
fn request() -> Script {
    let mut script = Script::new();
    let handle = script.stack(&["main.handle"]);
    let work = script.stack(&["main.work"]);
    let wait = script.stack(&["main.wait", "main.handle"]);
    let done = script.stack(&["main.done", "main.work"]);
    let read = script.stack(&["net.read", "main.work"]);
    script
        .sync(0)
        .status(1, 1, G::Running, handle)
        .task(1_000, 1, (5, u64::MAX), "request")
        .region(1_100, 1, (5, "handle"), handle)
        .create(1_200, (1, 7), (handle, work))
        .log(1_300, 1, 5, ("note", "asked \"twice\""))
        .block(1_400, 1, Name::CHAN_RECEIVE, wait)
        .start(1_500, 7)
        .range((1_600, 1_700), -1, Range::Mark)
        .block(2_000, 7, Name::NETWORK, read)
        .unblock(5_000, (-1, 7), StackId::NONE)
        .start(5_200, 7)
        .task(5_300, 7, (6, 5), "query")
        .unblock(6_000, (7, 1), done)
        .end(6_100, 7)
        .start(6_300, 1)
        .region_end(6_400, 1, (5, "handle"))
        .task_end(7_000, 1, (5, u64::MAX), "request")
        .log(7_100, 1, 5, ("", "late"))
        .sync(8_000);
    script
}

#[test]
fn a_task_is_told_with_its_goroutines_and_logs() {
    let script = request();
    let tasks = run(&script, Rules::Corrected).tasks(&script.tables);
    assert_eq!(tasks.late, 1);
    let request = tasks
        .groups
        .iter()
        .find(|group| group.kind == "request")
        .expect("a kind");
    assert_eq!((request.durations.count, request.durations.max), (1, 6_000));
    let task = &request.slowest[0];
    assert_eq!(
        (task.begin, task.end, task.nanoseconds),
        (Some(1_000), Some(7_000), 6_000)
    );
    // The one that began it, and the one that was made within its region.
    assert_eq!(
        (task.times.total, task.times.executing),
        (6_000 + 4_900, 400 + 700 + 500 + 900)
    );
    assert_eq!(
        blocked(&task.times),
        [("network", 3_000), ("chan receive", 4_600)]
    );
    assert_eq!((task.marking, task.regions, task.goroutine), (100, 1, 1));
    assert_eq!(task.goroutines, [1]);
    assert_eq!(task.log_count, 1);
    assert_eq!(task.logs[0].message, "asked \"twice\"");
    let query = tasks
        .groups
        .iter()
        .find(|group| group.kind == "query")
        .expect("a kind");
    assert_eq!((query.durations.count, query.unfinished), (0, 1));
    assert_eq!(query.oldest_unfinished[0].parent, Some(5));
    assert_eq!(query.oldest_unfinished[0].nanoseconds, 2_700);
}

#[test]
fn the_critical_path_goes_through_who_woke_whom() {
    let script = request();
    let tasks = run(&script, Rules::Corrected).tasks(&script.tables);
    let request = tasks
        .groups
        .iter()
        .find(|group| group.kind == "request")
        .expect("a kind");
    let path = request.slowest[0].path.as_ref().expect("a path");
    assert!(!path.cut);
    let steps: Vec<_> = path
        .steps
        .iter()
        .map(|step| (step.kind, step.goroutine, step.begin, step.nanoseconds))
        .collect();
    assert_eq!(
        steps,
        [
            (StepKind::Active, 1, 1_000, 200),
            (StepKind::Runnable, 7, 1_200, 300),
            (StepKind::Active, 7, 1_500, 500),
            (StepKind::Waiting, 7, 2_000, 3_000),
            (StepKind::Runnable, 7, 5_000, 200),
            (StepKind::Active, 7, 5_200, 800),
            (StepKind::Runnable, 1, 6_000, 300),
            (StepKind::Active, 1, 6_300, 700),
        ]
    );
    let whole: i64 = path.steps.iter().map(|step| step.nanoseconds).sum();
    assert_eq!(whole, 6_000);
    assert_eq!(path.steps[3].reason, "network");
}

#[test]
fn regions_are_grouped_by_kind_and_root() {
    let mut script = Script::new();
    let handle = script.stack(&["main.step", "main.handle"]);
    script.sync(0).status(1, 1, G::Running, handle);
    for at in 1..=100 {
        script
            .region(at * 1_000, 1, (0, "step"), handle)
            .region_end(at * 1_000 + at * 5, 1, (0, "step"));
    }
    script.region(200_000, 1, (0, "step"), handle).sync(300_000);
    let groups = run(&script, Rules::Corrected).region_groups(&script.tables);
    assert_eq!(groups.len(), 1);
    let group = &groups[0];
    assert_eq!((&*group.kind, &*group.root), ("step", "main.handle"));
    assert_eq!(
        (group.count, group.incomplete, group.durations.count),
        (101, 1, 100)
    );
    assert_eq!(
        (group.durations.max, group.longest[0].nanoseconds),
        (500, 500)
    );
}

#[test]
fn rows_are_kept_only_where_asked_for() {
    let script = request();
    let seen = script.run(Summary::new(SummaryOptions::default()));
    assert!(seen.goroutine_rows().is_empty() && seen.task_rows().is_empty());
    let summary = run(&script, Rules::Reference);
    let row = summary
        .task_rows()
        .iter()
        .find(|row| row.id == TaskId(5))
        .expect("a row");
    let names = &script.tables.names;
    let words: Vec<_> = row
        .events
        .iter()
        .map(|moment| moment.describe(names))
        .collect();
    assert_eq!(
        words,
        [
            "task \"request\" (ID 5, parent 18446744073709551615) begin",
            "region \"handle\" begin",
            "log (category: note): \"asked \\\"twice\\\"\"",
            "region \"handle\" end",
            "task end",
            "log \"late\"",
        ]
    );
    assert_eq!(row.children, [TaskId(6)]);
    let rows = summary.goroutine_rows();
    let (_, regions) = rows.iter().find(|(row, _)| row.id.0 == 7).expect("a row");
    // What it has from its maker.
    assert_eq!((regions.len(), regions[0].task), (1, TaskId(5)));
}
