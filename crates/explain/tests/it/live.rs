//! Live Go programs, built with Go 1.22 and 1.27, explained as a user would.

use fathom_evidence::Capture;
use fathom_explain::{Explained, Explanation, Fate, difference, explain, leaves};
use fathom_finding::Severity;
use fathom_gather::{Options, Source, capture};
use fathom_testkit::GoVersion;
use fathom_testkit::program::{Program, Running};

fn gather(sources: &[&str], options: &Options) -> Capture {
    let sources: Vec<Source> = sources
        .iter()
        .map(|source| Source::parse(source).unwrap())
        .collect();
    capture(&sources, options, &mut |_| {}).unwrap()
}

/// Explains a running program by its pid and its address.
fn look(running: &Running) -> Explained {
    look_with(running, &Options::default())
}

fn look_with(running: &Running, options: &Options) -> Explained {
    let (pid, url) = (running.pid().to_string(), running.url());
    explain(&gather(&[&pid, &url], options))
}

fn start(name: &str, version: GoVersion) -> Running {
    Program::new(name, version).start().unwrap()
}

fn ids(explanation: &Explanation) -> Vec<&'static str> {
    explanation
        .findings
        .iter()
        .map(|finding| finding.id)
        .collect()
}

fn smaps_rss(capture: &Capture) -> u64 {
    let smaps = capture.first(fathom_evidence::Kind::Smaps).unwrap();
    smaps
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("Rss:"))
        .map(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
        .sum()
}

fn gap(explanation: &Explanation, id: &str) -> i64 {
    explanation
        .reconciliations
        .iter()
        .find(|row| row.id == id)
        .unwrap_or_else(|| panic!("no reconciliation {id}"))
        .gap_bytes
}

/// Explains a program and checks what must hold for every one.
fn assert_explained(name: &str, version: GoVersion, expected: &[&str]) {
    let running = start(name, version);
    let (pid, url) = (running.pid().to_string(), running.url());
    let capture = gather(&[&pid, &url], &Options::default());
    let explanation = explain(&capture).explanation;
    let found = ids(&explanation);
    let context = format!("{name} on {version:?}: {found:?}");
    assert!(
        found.iter().take(2).any(|id| expected.contains(id)),
        "{context}"
    );
    assert_eq!(
        leaves(&explanation.ledger)
            .map(|row| row.bytes)
            .sum::<u64>(),
        smaps_rss(&capture),
        "{context}"
    );
    let rss = explanation.totals.rss_bytes.unwrap();
    let unattributed: u64 = explanation
        .ledger
        .iter()
        .filter(|row| row.id.starts_with("unattributed") || row.id == "other-anonymous")
        .map(|row| row.bytes)
        .sum();
    assert!(
        unattributed * 50 < rss,
        "{context}: {unattributed} of {rss}"
    );
    // The kernel and the runtime are read one after the other; the heap may grow
    // by one step of 4 MiB in between, and where stacks start at 8 MiB by one for
    // each goroutine that serves us.
    let step = if name == "big_stacks" {
        64 << 20
    } else {
        4 << 20
    };
    let arena_gap = gap(&explanation, "arena-size");
    assert!(arena_gap.abs() <= step, "{context}: {arena_gap}");
    if name != "cgo_malloc" {
        assert!(
            gap(&explanation, "off-heap-size").abs() <= 1 << 20,
            "{context}"
        );
    }
    assert!(
        explanation.missing.iter().all(|row| row.hint.is_some()),
        "{context}: {:?}",
        explanation.missing
    );
}

fn assert_on_both(name: &str, expected: &[&str]) {
    for version in GoVersion::LIVE {
        assert_explained(name, version, expected);
    }
}

#[test]
fn a_profile_taken_before_a_collection() {
    assert_on_both("stale_profile", &["profile-stale"]);
}

#[test]
fn idle_memory_retained_after_a_peak() {
    assert_on_both("idle_retained", &["heap-idle-retained"]);
}

#[test]
fn twenty_thousand_parked_goroutines() {
    assert_on_both("goroutine_leak", &["goroutine-leak"]);
}

#[test]
fn deep_stacks() {
    assert_on_both("big_stacks", &["stack-memory"]);
}

#[test]
fn memory_held_by_c() {
    assert_on_both("cgo_malloc", &["non-go-memory"]);
}

#[test]
fn a_mapped_file() {
    assert_on_both("mmap_file", &["file-mapped"]);
}

#[test]
fn a_fragmented_heap() {
    assert_on_both("fragmentation", &["span-fragmentation"]);
}

#[test]
fn memory_allocated_and_never_touched() {
    assert_on_both("ballast", &["untouched-heap"]);
}

#[test]
fn plain_headroom_is_no_alarm() {
    assert_on_both("gogc_headroom", &["gc-headroom", "healthy"]);
    for version in GoVersion::LIVE {
        let explanation = look(&start("gogc_headroom", version)).explanation;
        assert!(
            explanation
                .findings
                .iter()
                .all(|finding| finding.severity == Severity::Info),
            "{:?}",
            ids(&explanation)
        );
    }
}

#[test]
fn a_pid_alone_finds_its_port_and_an_address_alone_its_pid() {
    let running = start("hello", GoVersion::GO_1_27);
    let by_pid = explain(&gather(&[&running.pid().to_string()], &Options::default())).explanation;
    let by_url = explain(&gather(&[&running.url()], &Options::default())).explanation;
    assert!(by_pid.totals.heap_alloc_bytes.is_some());
    assert!(by_url.totals.rss_bytes.is_some());
    assert_eq!(by_url.target.pid, Some(running.pid()));
    assert_eq!(by_pid.target.go_version.as_deref(), Some("go1.27.3"));
}

#[test]
fn a_hello_world_with_a_frightening_virtual_size_is_healthy() {
    for version in GoVersion::LIVE {
        let explanation = look(&start("hello", version)).explanation;
        let found = ids(&explanation);
        assert!(found.contains(&"virtual-reservation"), "{found:?}");
        assert!(found.contains(&"healthy"), "{found:?}");
        assert!(
            explanation
                .findings
                .iter()
                .all(|finding| finding.severity == Severity::Info)
        );
    }
}

#[test]
fn ten_slices_of_which_the_profile_shows_eight_at_most() {
    for version in GoVersion::LIVE {
        let running = start("lagging_slices", version);
        let first = look(&running).explanation;
        let shown = first.totals.profile_inuse_bytes.unwrap();
        assert!(shown <= 160 << 20, "{shown}");
        assert!(first.totals.heap_alloc_bytes.unwrap() >= 200 << 20);
        let stale = first.finding("profile-stale").expect("a stale profile");
        assert_eq!(stale.severity, Severity::Info);
        let forced = look_with(
            &running,
            &Options {
                gc: true,
                ..Options::default()
            },
        );
        let sites: u64 = forced.explanation.sites.iter().map(|site| site.bytes).sum();
        assert!(sites >= 200 << 20, "{sites}");
    }
}

#[test]
fn a_thousand_slices_are_sampled_within_the_interval_and_exact_at_rate_one() {
    const TRUTH: u64 = 1000 * (240 << 10);
    for version in GoVersion::LIVE {
        let sampled = look(&start("sampled_slices", version)).explanation;
        let site = &sampled.sites[0];
        // Five standard errors: the interval itself is tested where it can be repeated.
        let half_width = (site.high_bytes - site.low_bytes) / 2;
        assert!(site.bytes.abs_diff(TRUTH) < half_width * 5 / 2, "{site:?}");
        assert!(site.high_bytes > site.low_bytes);

        let exact = Program::new("sampled_slices", version)
            .argument("-rate=1")
            .start()
            .unwrap();
        let exact = look(&exact).explanation;
        let site = exact
            .sites
            .iter()
            .find(|site| site.place.contains("readChunks"))
            .unwrap();
        assert_eq!((site.low_bytes, site.high_bytes), (site.bytes, site.bytes));
        // What the runtime itself allocates on the way, to start a collection, is
        // charged to the same line.
        let beyond = site.bytes - TRUTH;
        assert!(beyond < 16 << 10, "{beyond}");
        assert_eq!(
            exact.finding("profiling-rate").unwrap().severity,
            Severity::Info
        );
    }
}

#[test]
fn memstats_profile_and_ps_tell_other_numbers_and_each_gap_is_named() {
    for version in GoVersion::LIVE {
        let explanation = look(&start("three_numbers", version)).explanation;
        let totals = explanation.totals;
        let allocated = totals.heap_alloc_bytes.unwrap();
        let shown = totals.profile_inuse_bytes.unwrap();
        let resident = totals.rss_bytes.unwrap();
        assert!(allocated > shown && shown > resident, "{totals:?}");
        let found = ids(&explanation);
        for id in ["untouched-heap", "profile-stale"] {
            assert!(found.contains(&id), "{found:?}");
        }
        assert!(
            explanation
                .findings
                .iter()
                .all(|finding| finding.severity == Severity::Info)
        );
    }
}

#[test]
fn rss_remembers_a_peak_until_the_memory_is_freed() {
    for version in GoVersion::LIVE {
        let running = start("idle_retained", version);
        let before = look(&running);
        running.get("/testbed/free").unwrap();
        let after = look(&running);
        let compared = difference(&before, &after);
        let rss = |explained: &Explained| {
            i64::try_from(explained.explanation.totals.rss_bytes.unwrap()).unwrap()
        };
        assert_eq!(
            compared.leaves().map(|row| row.delta_bytes).sum::<i64>(),
            rss(&after) - rss(&before)
        );
        assert!(
            compared.delta_bytes < -(300 << 20),
            "{}",
            compared.delta_bytes
        );
        let change = compared
            .changes
            .iter()
            .find(|change| change.id == "heap-idle-retained")
            .unwrap();
        assert_eq!(change.fate, Fate::Gone);
    }
}

#[test]
fn the_leak_detector_makes_a_leak_certain() {
    let running = start("goroutine_leak", GoVersion::GO_1_27);
    let options = Options {
        goroutine_leak: true,
        ..Options::default()
    };
    let explanation = look_with(&running, &options).explanation;
    let leak = explanation.finding("goroutine-leak").unwrap();
    assert_eq!(leak.confidence, fathom_finding::Confidence::Certain);
    assert!(leak.title.contains("awaitReply"), "{}", leak.title);
}
