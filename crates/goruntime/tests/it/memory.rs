//! MemStats and metrics of recorded programs.

use fathom_goruntime::memstats::{MemStats, Source, from_expvar, from_heap_text, from_metrics};
use fathom_goruntime::metrics::{Gogc, MemoryLimit};
use fathom_goruntime::{Error, expvar};

use crate::{VERSIONS, causes, fixture};

fn heap_text(path: &str) -> MemStats {
    from_heap_text(&fixture(path)).unwrap().unwrap()
}

#[test]
fn every_recorded_tail_keeps_the_identities() {
    for version in VERSIONS {
        for name in ["heap_debug1", "heap_gc1_debug1", "allocs_debug1"] {
            let stats = heap_text(&format!("formats/{version}/{name}.txt"));
            assert_eq!(stats.check(), [], "{version} {name}");
            assert_eq!(stats.source, Source::HeapText);
            assert_eq!((stats.pause_ns.len(), stats.pause_end.len()), (256, 256));
            assert!(stats.max_rss.is_some_and(|rss| rss > 1 << 20));
            assert_eq!(stats.debug_gc, Some(false));
            assert!(stats.pause_end.contains(&stats.last_gc));
        }
    }
}

#[test]
fn a_tail_is_read_field_by_field() {
    let stats = heap_text("formats/go1.27.3/heap_debug1.txt");
    assert_eq!(stats.sys, 218_687_800);
    assert_eq!(stats.heap_free(), 53_157_888 - 6_406_144);
    assert_eq!(stats.slack(), 160_260_096 - 159_531_184);
    assert_eq!(stats.committed(), 218_687_800 - 6_406_144);
    assert_eq!(
        stats.off_heap_sys(),
        375_360 + 16_072 + 1_444_858 + 2_511_648 + 430_358
    );
    assert_eq!((stats.mspan_inuse, stats.mspan_sys), (318_400, 375_360));
    assert_eq!((stats.num_gc, stats.num_forced_gc), (6, Some(0)));
    assert_eq!(stats.pause_ns.first(), Some(&158_720));
    assert_eq!(stats.gc_cpu_fraction, Some(0.054_741_376_792_183_195));
}

#[test]
fn a_cut_tail_names_the_field() {
    let text = fixture("formats/go1.27.3/heap_debug1.txt");
    let at = text
        .windows(10)
        .position(|bytes| bytes == b"# OtherSys")
        .unwrap();
    let error = from_heap_text(&text[..at]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MemStats tail: the field OtherSys is missing"
    );
    let middle = from_heap_text(&text[..at + 8]).unwrap_err();
    assert!(matches!(middle, Error::Line { .. }), "{middle}");
    let profile_alone = &text[..100];
    assert_eq!(from_heap_text(profile_alone).unwrap(), None);
    assert_eq!(from_heap_text(b"").unwrap(), None);
}

#[test]
fn expvar_and_tail_are_the_same_program() {
    for version in VERSIONS {
        let stats = from_expvar(&fixture(&format!("formats/{version}/vars.json")))
            .unwrap()
            .unwrap();
        assert_eq!(stats.check(), [], "{version}");
        assert_eq!(stats.source, Source::ExpVar);
        assert!(stats.by_size.len() >= 61, "{version}");
        let of_tail = heap_text(&format!("formats/{version}/heap_debug1.txt"));
        let common = of_tail.num_gc.min(stats.num_gc).min(256);
        let common = usize::try_from(common).unwrap();
        assert!(common > 0);
        assert_eq!(
            of_tail.pause_ns[..common],
            stats.pause_ns[..common],
            "{version}"
        );
        let sum: u64 = stats.pause_ns.iter().sum();
        assert_eq!(stats.pause_total_ns, Some(sum), "{version}");
    }
}

#[test]
fn metrics_tell_the_same_as_memstats() {
    for cause in causes() {
        let vars = expvar::parse(&fixture(&format!("causes/go1.27.3/{cause}/vars.json"))).unwrap();
        assert_eq!(vars.go_version.as_deref(), Some("go1.27.3"));
        let exact = vars.memstats.unwrap();
        assert_eq!(exact.check(), [], "{cause}");
        let summed = from_metrics(&vars.metrics).unwrap().unwrap();
        let broken = summed.check();
        assert_eq!(broken, [], "{cause}");
        // The two were read one after the other: comparable unless a
        // collection came between.
        if exact.num_gc != summed.num_gc {
            assert_eq!(cause, "memlimit_thrash");
            continue;
        }
        let near = |a: u64, b: u64| a.abs_diff(b) < 1 << 20;
        for (a, b) in [
            (exact.sys, summed.sys),
            (exact.heap_inuse, summed.heap_inuse),
            (exact.heap_idle, summed.heap_idle),
            (exact.heap_released, summed.heap_released),
            (exact.next_gc, summed.next_gc),
        ] {
            assert!(near(a, b), "{cause}: {a} {b}");
        }
        assert!(exact.mallocs.abs_diff(summed.mallocs) < 20_000, "{cause}");
    }
}

#[test]
fn the_memory_limit_is_told_from_none() {
    let metrics = |cause: &str| {
        expvar::parse(&fixture(&format!("causes/go1.27.3/{cause}/vars.json")))
            .unwrap()
            .metrics
    };
    let thrash = metrics("memlimit_thrash");
    assert_eq!(thrash.memory_limit(), Some(MemoryLimit::Bytes(64 << 20)));
    assert_eq!(thrash.last_limiter_cycle(), Some(52));
    assert_eq!(thrash.gogc(), Some(Gogc::Percent(100)));
    let share = thrash.gc_cpu_share().unwrap();
    assert!((0.58..0.60).contains(&share), "{share}");
    assert_eq!(
        (thrash.goroutines(), thrash.threads(), thrash.gomaxprocs()),
        (Some(15), Some(6), Some(2))
    );
    assert_eq!(thrash.scan_globals(), Some(205_898));
    assert_eq!(
        metrics("fragmentation").memory_limit(),
        Some(MemoryLimit::Unlimited)
    );
    assert!(metrics("finalizer_backlog").finalizers().unwrap().waiting() > 1000);
    assert!(metrics("cgo_malloc").cgo_calls().unwrap() > 0);
    assert_eq!(
        fathom_goruntime::metrics::Metrics::default().memory_limit(),
        None
    );
}
