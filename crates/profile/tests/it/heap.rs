//! Heap profiles: what records, estimates and sites say of recorded programs.

use fathom_profile::heap::{self, HeapColumn, HeapProfile};
use fathom_profile::sampling::SamplingRate;
use fathom_profile::site::sites;
use fathom_profile::{Limits, Profile};

use crate::recorded_profile;

const MIB: f64 = 1024.0 * 1024.0;

fn cause(name: &str, file: &str) -> Profile {
    recorded_profile(&format!("causes/go1.27.3/{name}/{file}"))
}

#[test]
fn estimates_are_those_computed_when_the_programs_were_recorded() {
    // Estimate and standard error in MiB, from an independent computation.
    let known = [
        ("finalizer_backlog", 80.3, 6.3),
        ("fragmentation", 2.1, 1.0),
        ("gogc_headroom", 108.8, 7.3),
        ("many_threads", 4.0, 1.4),
        ("map_no_shrink", 158.2, 8.5),
        ("slice_retention", 146.2, 4.8),
        ("stale_profile", 105.8, 7.2),
        ("thp", 54.4, 2.9),
        ("timer_leak", 120.6, 7.6),
        ("ballast", 1024.5, 0.5),
    ];
    for (name, value, error) in known {
        let profile = cause(name, "heap.pb.gz");
        let total = HeapProfile::new(&profile)
            .unwrap()
            .total(HeapColumn::InuseSpace)
            .unwrap();
        assert!(
            (total.value / MIB - value).abs() < 0.06,
            "{name}: {total:?}"
        );
        assert!(
            (total.standard_error / MIB - error).abs() < 0.06,
            "{name}: {total:?}"
        );
        assert!(
            total.low <= total.value && total.value <= total.high,
            "{name}: {total:?}"
        );
    }
}

#[test]
fn text_and_protobuf_of_one_moment_say_the_same() {
    // Two requests with no collection between them read the same published profile.
    for name in [
        "slice_retention",
        "timer_leak",
        "gogc_headroom",
        "map_no_shrink",
    ] {
        let proto = cause(name, "heap.pb.gz");
        let text = cause(name, "heap_debug1.txt");
        assert_eq!(text.period(), proto.period(), "{name}");
        let flats = |profile: &Profile| -> Vec<(String, i64, i64)> {
            let sites = sites(profile, HeapColumn::InuseSpace).unwrap();
            sites
                .into_iter()
                .map(|site| (site.function, site.line, site.flat))
                .collect()
        };
        let of_text = flats(&text);
        for site in flats(&proto).into_iter().take(1) {
            assert!(
                of_text.contains(&site),
                "{name}: {site:?} is not in {of_text:?}"
            );
        }
    }
}

#[test]
fn every_record_of_text_and_protobuf_has_whole_samples() {
    for file in ["heap.pb.gz", "heap_debug1.txt"] {
        let profile = cause("timer_leak", file);
        let mut count = 0;
        for record in heap::records(&profile).unwrap() {
            count += 1;
            // Go prints records of which nothing has been published yet.
            assert!(record.size >= 8 || record.alloc_objects == 0, "{record:?}");
            assert!(record.inuse_samples <= record.alloc_samples, "{record:?}");
            let probability = SamplingRate::DEFAULT.probability(record.size);
            let expected =
                record.inuse_samples as f64 * record.size.max(1) as f64 / probability.max(1e-9);
            assert!(
                (expected - record.inuse_bytes as f64).abs() < 1.5,
                "{record:?}"
            );
        }
        assert!(count > 3);
    }
}

#[test]
fn sites_name_the_line_that_allocates() {
    let profile = cause("slice_retention", "heap.pb.gz");
    let sites = sites(&profile, HeapColumn::InuseSpace).unwrap();
    let first = &sites[0];
    assert!(first.function.starts_with("main."), "{first:?}");
    assert!(
        first.file.ends_with("main.go") && first.line > 0,
        "{first:?}"
    );
    let sum: i64 = sites.iter().map(|site| site.flat).sum();
    let column = profile.column("inuse_space").unwrap();
    assert_eq!(sum, profile.column_sum(column));
    assert!(sites.is_sorted_by(|a, b| a.flat >= b.flat));
    let callers: Vec<&str> = profile
        .frames(first.example)
        .map(|frame| frame.function)
        .collect();
    assert!(callers.contains(&"runtime.main"), "{callers:?}");
}

#[test]
fn a_profile_of_goroutines_is_no_heap() {
    let profile = Profile::parse(b"goroutine profile: total 1\n1 @ 0x1\n", &Limits::default());
    let error = heap::records(&profile.unwrap()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("no heap profile"), "{error}");
}

#[test]
fn rates_of_zero_and_one_are_understood() {
    let read = |text: &str| Profile::parse(text.as_bytes(), &Limits::default()).unwrap();
    let off = read("heap profile: 0: 0 [0: 1] @ heap/0\n");
    let heap = HeapProfile::new(&off).unwrap();
    assert!(heap.rate().is_off());
    assert_eq!(heap.total(HeapColumn::InuseSpace), None);

    let exact = read(
        "heap profile: 2: 96 [3: 144] @ heap/2\n2: 96 [3: 144] @ 0x10\n#\t0xf\tmain.f+0x1\ta.go:3\n",
    );
    let heap = HeapProfile::new(&exact).unwrap();
    assert!(heap.rate().is_exact());
    let total = heap.total(HeapColumn::InuseSpace).unwrap();
    assert_eq!((total.value, total.low, total.high), (96.0, 96.0, 96.0));
}
