//! Goroutine dumps of recorded programs.

use std::fmt::Write as _;

use fathom_goruntime::goroutine::{Dump, Elided, Order, by_state, groups, profile_total, report};
use fathom_goruntime::{Error, Limits};

use crate::{VERSIONS, causes, fixture};

fn parse(text: &[u8]) -> Dump {
    Dump::parse(text, &Limits::default()).unwrap()
}

#[test]
fn every_version_is_read_alike() {
    for version in VERSIONS {
        let dump = parse(&fixture(&format!("formats/{version}/goroutine_debug2.txt")));
        let total = profile_total(&fixture(&format!("formats/{version}/goroutine_debug1.txt")));
        assert_eq!(Some(dump.goroutines.len() as u64), total, "{version}");
        assert!(!dump.truncated, "{version}");
        assert_eq!(dump.foreign_lines, 0, "{version}");
        let waiting: Vec<_> = dump
            .goroutines
            .iter()
            .filter(|goroutine| goroutine.wait_minutes == Some(1))
            .map(|goroutine| &*goroutine.state)
            .collect();
        // Until Go 1.22 a WaitGroup waited on a bare semaphore.
        let group = if version < "go1.24" {
            "semacquire"
        } else {
            "sync.WaitGroup.Wait"
        };
        let expected = [
            "chan receive",
            "chan receive",
            "chan receive",
            "chan receive (nil chan)",
            "select (no cases)",
            "select",
            "chan receive",
            "chan receive",
            group,
            "sync.Cond.Wait",
            "sleep",
        ];
        assert_eq!(waiting, expected, "{version}");
        let deep = dump
            .goroutines
            .iter()
            .find(|goroutine| goroutine.elided_frames.is_some())
            .unwrap();
        assert_eq!(deep.elided_frames, Some(Elided::Frames(101)));
        assert_eq!((deep.frames.len(), deep.elided_after), (100, 50));
        let (inner, next) = (&deep.frames[0], &deep.frames[1]);
        assert_eq!((inner.line, next.line), (25, 27), "{version}");
        // Go 1.21 and 1.22 did not inline the recursion's leaf.
        assert_eq!(inner.inlined, inner.offset.is_none(), "{version}");
        assert_eq!(inner.inlined, version >= "go1.24", "{version}");
        let creator = deep.created_by.as_ref().unwrap();
        assert_eq!(
            (&*creator.function, creator.goroutine, creator.line),
            ("main.main", Some(1), 38)
        );
        let locked = dump
            .goroutines
            .iter()
            .filter(|goroutine| goroutine.locked_to_thread)
            .count();
        assert_eq!(locked, 1, "{version}");
    }
}

#[test]
fn leaked_goroutines_are_marked() {
    let dump = parse(&fixture("formats/go1.27.3/goroutineleak_debug2.txt"));
    let leaked: Vec<_> = dump
        .goroutines
        .iter()
        .filter(|goroutine| goroutine.leaked)
        .collect();
    assert_eq!(leaked.len(), 10);
    assert!(
        leaked
            .iter()
            .all(|goroutine| !goroutine.state.contains("leaked"))
    );
    assert!(
        leaked
            .iter()
            .any(|goroutine| &*goroutine.state == "chan receive (nil chan)")
    );
    let view = report(&dump, None, Order::Count);
    assert_eq!(view.leaked, 10);
    assert!(
        view.groups
            .iter()
            .filter(|row| row.leaked > 0)
            .all(|row| row.suspicion.is_some())
    );
    assert!(
        view.groups
            .iter()
            .filter(|row| row.leaked == 0)
            .all(|row| row.suspicion.is_none())
    );
}

#[test]
fn before_go_1_26_the_leak_profile_is_an_error_text() {
    let text = fixture("formats/go1.22.10/goroutineleak_debug2.txt");
    assert!(matches!(
        Dump::parse(&text, &Limits::default()),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn all_causes_are_read_whole() {
    for cause in causes() {
        let text = fixture(&format!("causes/go1.27.3/{cause}/goroutine_debug2.txt"));
        let dump = parse(&text);
        let headers = text
            .split(|&b| b == b'\n')
            .filter(|line| line.starts_with(b"goroutine "))
            .count();
        assert_eq!(dump.goroutines.len(), headers, "{cause}");
        assert!(!dump.truncated, "{cause}");
        assert_eq!(dump.foreign_lines, 0, "{cause}");
        let grouped: u64 = groups(&dump).iter().map(|group| group.count).sum();
        let by_state: u64 = by_state(&dump).iter().map(|state| state.count).sum();
        assert_eq!((grouped, by_state), (headers as u64, headers as u64));
    }
}

#[test]
fn a_leak_is_one_group() {
    let dump = parse(&fixture(
        "causes/go1.27.3/goroutine_leak/goroutine_debug2.txt",
    ));
    let groups = groups(&dump);
    let leak = &groups[0];
    assert_eq!(
        (leak.count, leak.state.as_str(), leak.ids.len()),
        (2000, "chan receive", 10)
    );
    assert_eq!(
        (&*leak.stack[0].function, leak.stack[0].line),
        ("main.worker", 21)
    );
    let creator = leak.created_by.as_ref().unwrap();
    assert_eq!(
        (&*creator.function, creator.goroutine),
        ("main.handle", Some(1))
    );
    let first_of_leak = &dump
        .goroutines
        .iter()
        .find(|goroutine| goroutine.id == leak.ids[0])
        .unwrap()
        .frames;
    let sharing = dump
        .goroutines
        .iter()
        .filter(|g| std::sync::Arc::ptr_eq(&g.frames, first_of_leak))
        .count();
    assert_eq!(sharing, 2000);
    let before = parse(&fixture("causes/go1.27.3/ballast/goroutine_debug2.txt"));
    let view = report(&dump, Some(&before), Order::Wait);
    assert_eq!(
        view.groups[0].suspicion.as_deref(),
        Some("grew from 0 to 2000")
    );
    assert_eq!(
        view.groups[0].stack,
        ["main.worker /src/goroutine_leak/main.go:21"]
    );
}

/// What a logger or a container runtime makes of stderr.
fn prefixed(text: &[u8], prefix: impl Fn(usize) -> String) -> Vec<u8> {
    let mut out = String::new();
    for (number, line) in String::from_utf8_lossy(text).lines().enumerate() {
        writeln!(out, "{}{line}", prefix(number)).unwrap();
    }
    out.into_bytes()
}

#[test]
fn a_uniform_prefix_changes_nothing() {
    let text = fixture("formats/go1.27.3/goroutine_debug2.txt");
    let plain = parse(&text);
    let kubernetes = |n: usize| format!("2026-01-02T03:04:{:02}.{}Z stderr F ", n % 60, 1 + n * 37);
    let journal = |n: usize| format!("Jan 02 03:04:{:02} host app[4711]: ", n % 60);
    let compose = |_| "web-1  | ".to_owned();
    for text in [
        prefixed(&text, kubernetes),
        prefixed(&text, journal),
        prefixed(&text, compose),
    ] {
        let dump = parse(&text);
        assert_eq!(dump.goroutines, plain.goroutines);
        assert_eq!((dump.truncated, dump.foreign_lines), (false, 0));
    }
}

#[test]
fn lines_of_others_in_between_are_counted() {
    let text = "\
level=info msg=\"goroutine 7 is fine\"
panic: boom [recovered]
\tpanic: again
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48ca09]

goroutine 34 gp=0xc000102000 m=3 mp=0xc00007e008 [running, locked to thread]:
panic({0x4a3a40?, 0x4e0d48?})
\t/usr/lib/go/src/runtime/panic.go:884 +0x212 fp=0xc00006cf50 sp=0xc00006ce90 pc=0x432f92
level=info msg=written by another goroutine
example.com/a b.Map[...](0x1, {0x2, 0x3}, ...)
level=warn msg=torn
\t/src/with space/map.go:17 +0x5
example.com/x.(*Größe[go.shape.int]).M(...)
\tC:/src/größe.go:9
non-Go function at pc=0x7f2a93c63000
c_function
\t/src/native.c:12 pc=0x7f2a93c63010
...additional frames elided...
created by example.com/x.Start
\t/src/start.go:3 +0x1d
[originating from goroutine 1]:
main.run(...)
\t/src/main.go:5 +0x44
created by main.main
\t/src/main.go:4 +0x11

goroutine 2 [runnable]:
\tgoroutine running on other thread; stack unavailable
created by runtime.init.5 in goroutine 1
\t/usr/lib/go/src/runtime/proc.go:310 +0x1a

exit status 2
";
    let dump = parse(text.as_bytes());
    assert_eq!(
        dump.preamble.panic.as_deref(),
        Some("boom [recovered]\nagain")
    );
    let signal = "SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48ca09";
    assert_eq!(dump.preamble.signal.as_deref(), Some(signal));
    assert_eq!(
        (dump.goroutines.len(), dump.truncated, dump.foreign_lines),
        (2, false, 2)
    );
    let first = &dump.goroutines[0];
    let frames: Vec<_> = first
        .frames
        .iter()
        .map(|f| (&*f.function, &*f.file, f.line, f.offset, f.inlined))
        .collect();
    assert_eq!(
        frames,
        [
            (
                "panic",
                "/usr/lib/go/src/runtime/panic.go",
                884,
                Some(0x212),
                false
            ),
            (
                "example.com/a b.Map[...]",
                "/src/with space/map.go",
                17,
                Some(5),
                false
            ),
            (
                "example.com/x.(*Größe[go.shape.int]).M",
                "C:/src/größe.go",
                9,
                None,
                true
            ),
            ("non-Go function", "", 0, None, false),
            ("c_function", "/src/native.c", 12, None, false),
        ]
    );
    assert_eq!(
        (first.elided_frames, first.elided_after),
        (Some(Elided::Unknown), 5)
    );
    let creator = first.created_by.as_ref().unwrap();
    assert_eq!(
        (&*creator.function, creator.goroutine, creator.line),
        ("example.com/x.Start", None, 3)
    );
    assert_eq!((first.ancestors.len(), first.ancestors[0].id), (1, 1));
    assert_eq!(
        &*first.ancestors[0].created_by.as_ref().unwrap().function,
        "main.main"
    );
    assert!(dump.goroutines[1].stack_unavailable);
}

#[test]
fn a_cut_anywhere_is_seen_if_anything_is_lost() {
    let text = fixture("formats/go1.27.3/goroutine_debug2.txt");
    let text = String::from_utf8(text).unwrap();
    let short = text
        .split("\n\n")
        .filter(|goroutine| goroutine.len() < 2000);
    let text = short.collect::<Vec<_>>().join("\n\n").into_bytes();
    let whole = parse(&text);
    assert_eq!(whole.goroutines.len(), 13);
    for end in (0..text.len()).step_by(3) {
        let Ok(dump) = Dump::parse(&text[..end], &Limits::default()) else {
            assert!(end < 25, "{end}");
            continue;
        };
        let count = dump.goroutines.len();
        assert_eq!(dump.goroutines[..count - 1], whole.goroutines[..count - 1]);
        let (cut, full) = (&dump.goroutines[count - 1], &whole.goroutines[count - 1]);
        let frames =
            cut.frames.len() < full.frames.len() || cut.elided_frames != full.elided_frames;
        let creator = cut.created_by.as_ref().map(|creator| creator.line)
            != full.created_by.as_ref().map(|creator| creator.line);
        assert!(
            dump.truncated || !(frames || creator),
            "cut at {end} of {}",
            text.len()
        );
    }
}

#[test]
fn limits_are_kept() {
    let text = fixture("causes/go1.27.3/goroutine_leak/goroutine_debug2.txt");
    let mut limits = Limits::default();
    limits.goroutines = 100;
    let error = Dump::parse(&text, &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "goroutine dump: more than 100 goroutines"
    );
    let mut limits = Limits::default();
    limits.bytes = 10;
    assert!(matches!(
        Dump::parse(&text, &limits),
        Err(Error::Limit { what: "bytes", .. })
    ));
}

#[test]
fn waits_and_labels_of_a_group() {
    let mut text = String::new();
    for (id, minutes) in [(5, 3), (6, 9), (7, 4)] {
        write!(text, "goroutine {id} [select, {minutes} minutes] {{app: x, shard: {id}}}:\nmain.w()\n\t/m.go:1 +0x{id}\ncreated by main.main in goroutine {id}\n\t/m.go:2 +0x1\n\n").unwrap();
    }
    let groups = groups(&parse(text.as_bytes()));
    assert_eq!(groups.len(), 1);
    let waits = groups[0].waits.unwrap();
    assert_eq!(
        (waits.known, waits.min, waits.median, waits.max),
        (3, 3, 4, 9)
    );
    assert_eq!(groups[0].labels, [("app".to_owned(), "x".to_owned())]);
    assert_eq!(groups[0].created_by.as_ref().unwrap().goroutine, None);
}
