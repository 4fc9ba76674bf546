use super::*;
use crate::event::GoroutineState::{NotExist, Runnable, Running, Waiting};
use crate::stream::Stream;

/// Writes down what is drawn.
#[derive(Debug, Default)]
struct Notes<'a>(Option<&'a mut Vec<String>>);

impl Notes<'_> {
    fn add(&mut self, note: String) {
        if let Some(notes) = &mut self.0 {
            notes.push(note);
        }
    }
}

impl Canvas for Notes<'_> {
    fn track(&mut self, track: Track, name: &str) {
        self.add(format!("{track:?} is {name}"));
    }
    fn begin(&mut self, track: Track, time: i64, name: &str, place: &str, arrow: Option<Arrow>) {
        let arrow = arrow.map_or_else(String::new, |arrow| format!(" {arrow:?}"));
        self.add(format!("{time} {track:?} {name}{place}{arrow}"));
    }
    fn end(&mut self, track: Track, time: i64) {
        self.add(format!("{time} {track:?} end"));
    }
    fn mark(&mut self, track: Track, time: i64, name: &str, arrow: Option<Arrow>) {
        let arrow = arrow.map_or_else(String::new, |arrow| format!(" {arrow:?}"));
        self.add(format!("{time} {track:?} mark {name}{arrow}"));
    }
    fn count(&mut self, counter: Counter, time: i64, value: u64) {
        if value > 0 && counter.is_bytes() {
            self.add(format!("{time} {counter:?} {value}"));
        }
    }
    fn finish(self) -> io::Result<()> {
        Ok(())
    }
}

/// One goroutine makes another, which waits and is woken.
pub(crate) fn stream() -> Stream {
    let mut stream = Stream::default();
    stream.sync(1000);
    stream.go(1010, 0, 1, GoroutineState::Undetermined, Running);
    stream.go(1020, 0, 2, NotExist, Runnable);
    let entry = stream.stack(&["main.worker"]);
    if let Some(event) = stream.events.last_mut()
        && let EventKind::Goroutine(to) = &mut event.kind
    {
        to.stack = entry;
        event.goroutine = GoroutineId(1);
    }
    stream.go(1030, 1, 2, Runnable, Running);
    stream.begin(1040, 0, 1, Range::Mark);
    stream.metric(1045, Metric::HeapLive, 4096);
    stream.go(1050, 1, 2, Running, Waiting);
    stream.go(1060, 0, 2, Waiting, Runnable);
    stream.events.last_mut().expect("an event").goroutine = GoroutineId(1);
    stream.go(1070, 1, 2, Runnable, Running);
    stream.end(1080, 0, 1, Range::Mark);
    stream.go(1090, 1, 2, Running, NotExist);
    stream.sync(1100);
    stream
}

fn notes(from: i64, to: i64) -> Vec<String> {
    let stream = stream();
    let mut notes = Vec::new();
    let mut timeline = Timeline::new(Notes(Some(&mut notes)), from, to);
    stream.run(&mut timeline);
    timeline.finish(&stream.tables).expect("notes take all");
    notes
}

#[test]
fn a_trace_becomes_tracks() {
    assert_eq!(
        notes(0, i64::MAX),
        [
            "Proc(0) is P0",
            "10 Proc(0) G1",
            "Thread(0) is thread 0",
            "10 Thread(0) G1",
            "Goroutine(1) is G1",
            "10 Goroutine(1) running",
            "20 Goroutine(1) mark wakes G2 From(1)",
            "Goroutine(2) is G2 main.worker",
            "20 Goroutine(2) runnablemain.worker",
            "30 Goroutine(2) end",
            "Proc(1) is P1",
            "30 Proc(1) G2 main.worker",
            "Thread(1) is thread 1",
            "30 Thread(1) G2 main.worker",
            "30 Goroutine(2) running To(1)",
            "Collector is collector",
            "40 Collector mark",
            "45 HeapLive 4096",
            "50 Goroutine(2) end",
            "50 Proc(1) end",
            "50 Thread(1) end",
            "50 Goroutine(2) waiting",
            "60 Goroutine(1) mark wakes G2 main.worker From(2)",
            "60 Goroutine(2) end",
            "60 Goroutine(2) runnable",
            "70 Goroutine(2) end",
            "70 Proc(1) G2 main.worker",
            "70 Thread(1) G2 main.worker",
            "70 Goroutine(2) running To(2)",
            "80 Collector end",
            "90 Goroutine(2) end",
            "90 Proc(1) end",
            "90 Thread(1) end",
            "100 HeapLive 4096",
            "100 Goroutine(1) end",
            "100 Proc(0) end",
            "100 Thread(0) end",
        ]
    );
}

#[test]
fn a_window_begins_with_what_is_there() {
    assert_eq!(
        notes(46, 55),
        [
            "46 HeapLive 4096",
            "Collector is collector",
            "46 Collector mark",
            "Proc(0) is P0",
            "46 Proc(0) G1",
            "Proc(1) is P1",
            "46 Proc(1) G2 main.worker",
            "Thread(0) is thread 0",
            "46 Thread(0) G1",
            "Thread(1) is thread 1",
            "46 Thread(1) G2 main.worker",
            "Goroutine(1) is G1",
            "46 Goroutine(1) running",
            "Goroutine(2) is G2 main.worker",
            "46 Goroutine(2) running",
            "50 Goroutine(2) end",
            "50 Proc(1) end",
            "50 Thread(1) end",
            "50 Goroutine(2) waiting",
            "55 HeapLive 4096",
            "55 Goroutine(1) end",
            "55 Goroutine(2) end",
            "55 Proc(0) end",
            "55 Thread(0) end",
            "55 Collector end",
        ]
    );
    assert_eq!(notes(5000, 6000), [""; 0]);
}
