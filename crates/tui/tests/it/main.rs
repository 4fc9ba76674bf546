//! Screens of recorded evidence and simulated looks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fathom_evidence::{Artefact, Capture, Kind};
use fathom_explain::{DatedHeap, explain, population};
use fathom_goruntime::gctrace::{Event, Parser};
use fathom_profile::{Limits, Profile};
use fathom_series::{Histogram, Reading, Taken, Unit, Value};
use fathom_testkit::fixtures::Cause;
use fathom_tui::live::{News, Session};
use fathom_tui::screens::{Theme, draw};
use fathom_tui::{App, Page};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The beginning of a day, in milliseconds since 1970.
const MIDNIGHT: i64 = 1_795_305_600_000;

const FILES: [(&str, Kind); 7] = [
    ("smaps.txt", Kind::Smaps),
    ("maps.txt", Kind::Maps),
    ("status.txt", Kind::Status),
    ("cgroup.txt", Kind::CgroupText),
    ("vars.json", Kind::ExpVar),
    ("heap_debug1.txt", Kind::Heap),
    ("goroutine_debug2.txt", Kind::GoroutineDump),
];

fn capture(cause: Cause) -> Capture {
    let mut capture = Capture::new();
    capture.started_at_unix_nanos = u64::try_from(MIDNIGHT).unwrap() * 1_000_000;
    for (file, kind) in FILES {
        let mut artefact = Artefact::new(kind, file, cause.bytes(file));
        artefact.taken_at_unix_nanos = capture.started_at_unix_nanos;
        capture.push(artefact);
    }
    capture
}

/// The look of a capture, some seconds later: gauges swing, counters grow.
fn later(taken: &Taken, second: i64) -> News {
    let mut taken = taken.clone();
    taken.look.at_ms = MIDNIGHT + second * 1000;
    taken.look.started_ms = Some(MIDNIGHT - 60_000);
    let swing = 1.0 + (second as f64 / 15.0).sin() / 10.0 + second as f64 / 600.0;
    for reading in &mut taken.look.readings {
        if let Value::Number(number) = &mut reading.value {
            let varies = ["process.rss", "HeapAlloc", "HeapInuse", "live", "goroutine"]
                .iter()
                .any(|part| reading.name.contains(part));
            match reading.kind {
                fathom_series::Kind::Counter => *number *= 1.0 + second as f64 / 100.0,
                _ if varies => *number *= swing,
                _ => {}
            }
        }
    }
    let counts = |scale: i64| [90, 400, 30, 2].map(|count| u64::try_from(count * scale).unwrap());
    taken.look.readings.push(Reading::histogram(
        "/sched/latencies:seconds",
        Unit::Seconds,
        Histogram {
            buckets: vec![0.0, 1e-6, 1e-5, 1e-4, f64::INFINITY],
            counts: counts(second + 1).to_vec(),
        },
    ));
    News::Look {
        taken: Box::new(taken),
        trouble: None,
    }
}

/// Two minutes of a process, with an outage from the 50th to the 60th second.
fn watched(cause: Cause) -> App {
    let capture = capture(cause);
    let taken = Taken::of(&capture);
    let mut session = Session::new("localhost:6060");
    let mut parser = Parser::new();
    for second in 0..120 {
        let at_ms = MIDNIGHT + second * 1000;
        if (50..60).contains(&second) {
            session.apply(News::Lost {
                at_ms,
                why: "connection refused: nobody listens there".to_owned(),
            });
            continue;
        }
        if second % 20 == 0 {
            let heap = capture.first(Kind::Heap).unwrap();
            let profile = Profile::parse(&heap.bytes, &Limits::default()).unwrap();
            let heap = DatedHeap::read(&profile, at_ms * 1_000_000).unwrap();
            session.apply(News::Heap(Box::new(heap)));
            let dump = capture.first(Kind::GoroutineDump).unwrap();
            session.apply(News::Goroutines(Box::new(population(dump).unwrap())));
        }
        if second == 0 {
            let explained = explain(&capture).explanation;
            session.apply(News::Explained(Box::new(explained)));
        }
        if second % 7 == 0 {
            let number = second / 7 + 1;
            let line = format!(
                "gc {number} @{second}.5s 2%: 0.05+1.5+0.02 ms clock, 0.1+0.5/2.5/0+0.05 ms cpu, {}->{}->{} MB, {} MB goal, 1 MB stacks, 0 MB globals, 2 P",
                30 + number,
                32 + number,
                16 + number,
                40 + number
            );
            let Some(Event::Cycle(cycle)) = parser.line(line.as_bytes()) else {
                panic!("{line}");
            };
            session.apply(News::Cycle {
                at_ms,
                cycle: Box::new(cycle),
                is_look: false,
            });
        }
        session.apply(later(&taken, second));
    }
    let theme = Theme {
        colour: false,
        unicode: true,
    };
    let mut app = App::new(session, theme, TimeZone::UTC);
    app.now_ms = MIDNIGHT + 120_000;
    app.can_capture = true;
    app
}

fn screen(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..height {
        let row: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        let _ = writeln!(text, "{}", row.trim_end());
    }
    text
}

fn press(app: &mut App, code: KeyCode) {
    app.key(KeyEvent::new(code, KeyModifiers::NONE));
}

#[test]
fn every_screen_at_both_sizes() {
    let mut app = watched(Cause::GoroutineLeak);
    app.has_child = true;
    app.session
        .apply(News::Output("listening on :8080\x1b[31m".to_owned()));
    for page in Page::ALL {
        app.page = page;
        for (width, height) in [(80, 24), (120, 40)] {
            let name = format!("{}_{width}x{height}", page.title().to_lowercase());
            insta::assert_snapshot!(name, screen(&mut app, width, height));
        }
    }
    app.page = Page::Overview;
    press(&mut app, KeyCode::Char('?'));
    insta::assert_snapshot!("help_80x24", screen(&mut app, 80, 24));
}

#[test]
fn every_plot_that_has_values_is_reached_by_turning_pages() {
    let mut app = watched(Cause::SliceRetention);
    for page in [Page::Memory, Page::Gc, Page::Cpu] {
        app.page = page;
        let mut seen = String::new();
        for _ in 0..20 {
            seen.push_str(&screen(&mut app, 80, 24));
            press(&mut app, KeyCode::Char(']'));
        }
        for plot in fathom_series::plots::PLOTS {
            let values = fathom_tui::live::tracks::of(
                fathom_series::plots::PLOTS
                    .iter()
                    .position(|one| one.id == plot.id)
                    .unwrap(),
            );
            let last = app.session.timeline.last().unwrap();
            let has_values = values.clone().any(|track| last.band(track).is_some());
            if has_values && page.groups().contains(&plot.group) {
                assert!(seen.contains(plot.title), "{}", plot.id);
            }
        }
    }
}

#[test]
fn a_distribution_is_shades_over_time() {
    let mut app = watched(Cause::GoroutineLeak);
    app.page = Page::Cpu;
    press(&mut app, KeyCode::Char('/'));
    for character in "latencies".chars() {
        press(&mut app, KeyCode::Char(character));
    }
    press(&mut app, KeyCode::Enter);
    insta::assert_snapshot!("latencies_80x24", screen(&mut app, 80, 24));
}

#[test]
fn the_cursor_shows_the_values_of_its_moment() {
    let mut app = watched(Cause::GoroutineLeak);
    app.page = Page::Memory;
    press(&mut app, KeyCode::Char(' '));
    for _ in 0..25 {
        press(&mut app, KeyCode::Left);
    }
    insta::assert_snapshot!("paused_80x24", screen(&mut app, 80, 24));
}

#[test]
fn an_outage_is_told_with_its_reason_and_its_beginning() {
    let mut app = watched(Cause::GoroutineLeak);
    app.session.apply(News::Lost {
        at_ms: MIDNIGHT + 121_000,
        why: "connection refused: nobody listens there".to_owned(),
    });
    app.now_ms = MIDNIGHT + 125_000;
    let text = screen(&mut app, 80, 24);
    assert!(
        text.contains("LOST since 00:02:01: connection refused"),
        "{text}"
    );
    let mut app = watched(Cause::GoroutineLeak);
    app.now_ms = MIDNIGHT + 127_000;
    let text = screen(&mut app, 80, 24);
    assert!(text.contains("NO ANSWER for 8 s"), "{text}");
}

#[test]
fn no_size_and_no_state_is_too_much() {
    let empty = || App::new(Session::new("\x1b[2J"), Theme::default(), TimeZone::UTC);
    for mut app in [empty(), watched(Cause::GoroutineLeak)] {
        app.theme.unicode = false;
        for page in Page::ALL {
            app.page = page;
            for width in [1, 39, 40, 80, 117, 300] {
                for height in [1, 11, 12, 17, 24, 100] {
                    let text = screen(&mut app, width, height);
                    assert!(!text.contains('\x1b'));
                }
            }
        }
    }
    assert!(screen(&mut empty(), 30, 5).starts_with("terminal too small: 30x5"));
}

#[test]
fn growth_is_against_the_mark() {
    let mut app = watched(Cause::SliceRetention);
    let rows = &app.session.heaps.growth;
    assert!(rows.iter().all(|row| row.growth_bytes == 0), "{rows:?}");
    press(&mut app, KeyCode::Char('m'));
    app.page = Page::Sites;
    let text = screen(&mut app, 80, 24);
    assert!(text.contains("growth since the mark"), "{text}");
}
