//! `fathom trace` on recorded traces.

use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;
use fathom_testkit::tracing::Reference;

use super::*;

const SERVICE: &str = "traces/go1.27.3/service.trace";
const ANNOTATIONS: &str = "traces/go1.27.3/annotations.trace";
const STUCK: &str = "traces/go1.27.3/stuck.trace";

#[test]
fn a_summary_fits_a_screen() {
    insta::assert_snapshot!("trace_summary", fathom(&["trace", SERVICE]).fine());
}

#[test]
fn views_tell_more() {
    insta::assert_snapshot!(
        "trace_goroutines",
        fathom(&["trace", "goroutines", STUCK]).fine()
    );
    insta::assert_snapshot!("trace_tasks", fathom(&["trace", "tasks", SERVICE]).fine());
    insta::assert_snapshot!(
        "trace_regions",
        fathom(&["trace", "regions", ANNOTATIONS]).fine()
    );
    insta::assert_snapshot!(
        "trace_gc",
        fathom(&["trace", "gc", "traces/go1.27.3/collections.trace"]).fine()
    );
}

#[test]
fn json_has_all_of_it() {
    let view = json(&["trace", ANNOTATIONS, "--json"]);
    assert_eq!(view["schema"], "fathom.trace/1");
    assert_eq!(view["overview"]["format"], 26);
    assert!(view["overview"]["events"].as_u64().unwrap() > 500);
    assert!(view["overview"]["wall_nanoseconds"].as_i64().unwrap() > 1_700_000_000_000_000_000);
    let kinds: Vec<&str> = view["tasks"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"order"), "{kinds:?}");
    assert!(!view["regions"].as_array().unwrap().is_empty());
}

#[test]
fn flags_of_go_tool_trace_answer_as_it_does() {
    let tool = Reference::build().unwrap();
    for path in [ANNOTATIONS, "traces/go1.22.10/cgo.trace"] {
        let theirs = tool.parsed(&fixtures().join(path)).unwrap();
        let ours = fathom(&["trace", "-d=parsed", path]).fine();
        assert!(ours == theirs, "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.pb.gz");
    let file = file.to_str().unwrap();
    for flags in [&["-pprof=sync"][..], &["-pprof", "sync"]] {
        let arguments = [&["trace"], flags, &[STUCK, "-o", file]].concat();
        fathom(&arguments).fine();
        let top = fathom(&["top", file]).fine();
        assert!(top.contains("runtime.chanrecv1"), "{top}");
        assert!(!top.contains("main.forgotten"), "{top}");
    }
}

#[test]
fn what_waits_at_the_end_is_counted_unless_compat_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let total = |flags: &[&str]| {
        let file = folder.path().join("sync.pb.gz");
        let file = file.to_str().unwrap();
        let words = ["trace", "pprof=sync", STUCK, "-o", file];
        fathom(&[&words[..], flags].concat()).fine();
        let top = json(&["top", file, "--json"]);
        top["total"]["value"].as_f64().or(top["total"].as_f64())
    };
    let (corrected, compat) = (total(&[]).unwrap(), total(&["--compat"]).unwrap());
    assert!(corrected > 2.0 * compat, "{corrected} and {compat}");
}

#[test]
fn a_cut_trace_is_told_and_can_fail() {
    let whole = std::fs::read(fixtures().join(SERVICE)).unwrap();
    let done = fathom_reading(&["trace", "-", "--fail-on", "warning"], &whole[..20_000]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("lost"), "{}", done.stderr);
    assert!(done.stdout.contains("could not be read"), "{}", done.stdout);
    let done = fathom_reading(&["trace", "-"], &whole);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
}

#[test]
fn what_is_no_trace_is_refused_in_words() {
    let error = fathom(&["trace", "formats/go1.27.3/heap.pb.gz"]).failed();
    assert!(error.contains("no Go execution trace"), "{error}");
    let old = fathom_reading(&["trace", "-"], b"go 1.21 trace\0\0\0").failed();
    assert!(old.contains("Go 1.22"), "{old}");
    let view = fathom(&["trace", "colours", SERVICE]).failed();
    assert!(view.contains("goroutines"), "{view}");
    let missing = fathom(&["trace", "no-such-file.trace"]).failed();
    assert!(missing.contains("no-such-file.trace"), "{missing}");
    let kind = fathom(&["trace", "pprof=cpu", SERVICE]).failed();
    assert!(kind.contains("pprof=sched"), "{kind}");
}

#[test]
fn a_live_program_is_recorded() {
    let running = Program::new("hello", GoVersion::GO_1_27).start().unwrap();
    let address = running.url();
    let done = fathom(&["trace", &address, "--seconds", "1"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("GOMAXPROCS"), "{}", done.stdout);
}

#[test]
fn two_traces_are_compared() {
    let before = "traces/go1.22.10/service.trace";
    insta::assert_snapshot!(
        "trace_diff",
        fathom(&["trace", "diff", before, SERVICE, "-n", "5"]).fine()
    );
    let change = json(&["trace", "diff", before, SERVICE, "--json"]);
    assert_eq!(change["schema"], "fathom.trace-diff/1");
    let same = json(&["trace", "diff", SERVICE, SERVICE, "--json"]);
    for number in same["numbers"].as_array().unwrap() {
        assert_eq!(number["change"]["before"], number["change"]["after"]);
    }
    let missing = fathom(&["trace", "diff", SERVICE]).failed();
    assert!(missing.contains("second trace"), "{missing}");
}

#[test]
fn waits_and_curves_are_drawn() {
    for (view, path) in [
        ("blocked", SERVICE),
        ("sched", SERVICE),
        ("syscalls", "traces/go1.27.3/syscalls.trace"),
        ("heap", "traces/go1.27.3/collections.trace"),
        ("mmu", "traces/go1.27.3/collections.trace"),
    ] {
        let drawn = fathom(&["trace", view, path, "-n", "8"]).fine();
        insta::assert_snapshot!(format!("trace_{view}"), drawn);
    }
}

#[test]
fn events_are_chosen() {
    let lines = fathom(&["trace", "events", STUCK, "--kind", "GoBlock"]).fine();
    assert!(lines.lines().count() > 10);
    assert!(
        lines.lines().all(|line| line.contains("GoBlock")),
        "{lines}"
    );
    let early = fathom(&["trace", "events", STUCK, "--to", "1ms", "--json"]).fine();
    for line in early.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["time_ns"].as_i64().unwrap() < 1_000_000, "{line}");
    }
    assert!(early.lines().count() > 10);
    // The reader has seen enough.
    let mut child = command(&["trace", "events", SERVICE])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_timeline_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window.json");
    let file = path.to_str().unwrap();
    let window = ["--from", "5ms", "--to", "6ms"];
    fathom(&[&["trace", "export", SERVICE, "-o", file], &window[..]].concat()).fine();
    let chrome: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert!(chrome["traceEvents"].as_array().unwrap().len() > 100);
    let path = folder.path().join("all.pftrace");
    fathom(&["trace", "export", SERVICE, "-o", path.to_str().unwrap()]).fine();
    assert!(std::fs::metadata(&path).unwrap().len() > 100_000);
    let error = fathom(&["trace", "export", "missing.trace", "-o", file]).failed();
    assert!(error.contains("missing.trace"), "{error}");
}

#[test]
fn the_wire_is_printed_as_go_tool_trace_does() {
    let tool = Reference::build().unwrap();
    let path = fixtures().join(STUCK);
    let wire = fathom(&["trace", "-d=wire", STUCK]).fine();
    assert!(wire == tool.wire(&path).unwrap());
    let footprint = fathom(&["trace", "-d=footprint", STUCK]).fine();
    let theirs = tool.footprint(&path).unwrap();
    let rows = |text: &str| {
        let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
        rows.sort();
        rows
    };
    assert_eq!(rows(&footprint), rows(&theirs));
}

#[test]
fn what_is_wrong_is_found_here_and_by_explain() {
    let done = fathom(&["trace", STUCK, "--fail-on", "warning"]);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    let found = json(&["trace", STUCK, "--json"]);
    assert_eq!(found["findings"][0]["id"], "trace-blocked-forever");
    let explained = json(&["explain", STUCK, "--json"]);
    let ids: Vec<&str> = explained["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"trace-blocked-forever"), "{ids:?}");
}

#[test]
fn what_is_printed_as_json_keeps_its_contract() {
    for trace in fathom_testkit::fixtures::traces() {
        // A version for each format.
        if [GoVersion::GO_1_22, GoVersion::GO_1_27].contains(&trace.version) {
            let view = json(&["trace", trace.path.to_str().unwrap(), "--json"]);
            contracts::assert_told_whole(contracts::TRACE, &view);
        }
    }
    let before = "traces/go1.22.10/annotations.trace";
    let change = json(&["trace", "diff", before, ANNOTATIONS, "--json"]);
    contracts::assert_told_whole(contracts::TRACE_DIFF, &change);
}
