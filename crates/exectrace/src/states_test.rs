use super::*;
use crate::event::GoroutineState as G;
use crate::script::Script;

#[derive(Debug, Default)]
struct Seen {
    intervals: Vec<Interval>,
    entered: Vec<(Slot, GoroutineState, Name)>,
    forgotten: Vec<Slot>,
    alive: usize,
}

impl Analysis for Seen {
    fn leave(&mut self, interval: &Interval, _: &Live, _: &Tables) {
        self.intervals.push(*interval);
    }

    fn enter(&mut self, slot: Slot, _: &Event, live: &Live, _: &Tables) {
        let goroutine = live.get(slot);
        self.entered
            .push((slot, goroutine.now.state, goroutine.entry));
    }

    fn forget(&mut self, slot: Slot, _: &Live, _: &Tables) {
        self.forgotten.push(slot);
    }

    fn finish(&mut self, live: &Live, _: &Tables) {
        self.alive = live.count();
    }
}

#[test]
fn a_life_is_a_row_of_intervals() {
    let mut script = Script::new();
    let site = script.stack(&["main.serve", "main.main"]);
    let entry = script.stack(&["main.work"]);
    let receive = script.stack(&["runtime.chanrecv1", "main.work"]);
    let send = script.stack(&["runtime.chansend1", "main.main"]);
    script
        .sync(10)
        .status(12, 1, G::Running, StackId::NONE)
        .create(20, (1, 7), (site, entry))
        .start(25, 7)
        .block(40, 7, Name::CHAN_RECEIVE, receive)
        .unblock(70, (1, 7), send)
        .start(75, 7)
        .end(80, 7)
        .sync(90);
    let seen = script.run(Seen::default());
    let of_7: Vec<_> = seen
        .intervals
        .iter()
        .filter(|interval| interval.goroutine == GoroutineId(7))
        .map(|interval| (interval.state, interval.begin.0, interval.end.0))
        .collect();
    assert_eq!(
        of_7,
        [
            (G::Runnable, 20, 25),
            (G::Running, 25, 40),
            (G::Waiting, 40, 70),
            (G::Runnable, 70, 75),
            (G::Running, 75, 80),
        ]
    );
    let first = &seen.intervals[0];
    assert_eq!(
        (first.from, first.enter.goroutine),
        (G::NotExist, GoroutineId(1))
    );
    assert_eq!((first.enter.stack, first.stack), (site, entry));
    let wait = &seen.intervals[2];
    assert_eq!((wait.reason, wait.stack), (Name::CHAN_RECEIVE, receive));
    assert_eq!(
        (wait.exit.goroutine, wait.exit.stack),
        (GoroutineId(1), send)
    );
    assert!(wait.exit.slot.is_some());
    let woken = &seen.intervals[3];
    assert_eq!(
        (woken.enter.goroutine, woken.enter.stack),
        (GoroutineId(1), send)
    );
    assert_eq!(seen.alive, 1);
    let work = script.tables.names.find("main.work").expect("a name");
    assert!(seen.entered.iter().any(|&(_, _, entry)| entry == work));
}

#[test]
fn what_was_there_before_begins_with_the_trace() {
    let mut script = Script::new();
    let stack = script.stack(&["runtime.gopark", "runtime.chanrecv", "main.wait"]);
    script
        .sync(100)
        .status(105, 3, G::Waiting, stack)
        .status(106, 4, G::Syscall, StackId::NONE)
        .sync(150);
    let seen = script.run(Seen::default());
    assert_eq!(seen.intervals.len(), 2);
    let wait = &seen.intervals[0];
    assert!(wait.is_from_before() && wait.is_open());
    assert_eq!(
        (wait.begin, wait.said, wait.end),
        (Time(100), Time(105), Time(150))
    );
    assert_eq!(
        (wait.reason, wait.likely_reason),
        (Name::EMPTY, Name::CHAN_RECEIVE)
    );
    assert_eq!(wait.nanoseconds(), 50);
    assert_eq!(seen.alive, 2);
}

#[test]
fn slots_are_used_again() {
    let mut script = Script::new();
    let stack = script.stack(&["main.work"]);
    script.sync(1).status(2, 1, G::Running, StackId::NONE);
    for id in 10..1_000 {
        script
            .create(id * 10, (1, id), (stack, stack))
            .start(id * 10 + 1, id)
            .end(id * 10 + 2, id);
    }
    let seen = script.run(Seen::default());
    assert_eq!(seen.forgotten.len(), 990);
    assert!(seen.forgotten.iter().all(|slot| slot.index() <= 2));
    assert_eq!(seen.alive, 1);
}

#[test]
fn states_that_are_said_again_change_nothing() {
    let mut script = Script::new();
    let none = (StackId::NONE, StackId::NONE);
    script
        .sync(1)
        .status(2, 1, G::Waiting, StackId::NONE)
        .sync(50)
        .go(51, (-1, 1), (G::Waiting, G::Waiting), Name::EMPTY, none)
        .sync(60);
    let seen = script.run(Seen::default());
    assert_eq!(seen.intervals.len(), 1);
    assert_eq!(seen.intervals[0].nanoseconds(), 59);
}

#[test]
fn a_stream_that_cannot_be_is_survived() {
    let mut script = Script::new();
    let stack = script.stack(&["main.work"]);
    script
        .start(5, 8)
        .create(6, (9, 8), (stack, stack))
        .unblock(7, (-1, -1), stack)
        .end(8, 77);
    let seen = script.run(Seen::default());
    assert_eq!(seen.alive, 1);
}
