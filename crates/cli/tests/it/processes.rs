//! Live Go programs, as users meet them: by pid, by address, by both.

use fathom_testkit::GoVersion;
use fathom_testkit::program::{Program, Running};
use serde_json::Value;

use crate::{fathom, json};

fn start(name: &str, version: GoVersion) -> Running {
    Program::new(name, version).start().unwrap()
}

fn ids(answer: &Value) -> Vec<&str> {
    let findings = answer["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["id"].as_str().unwrap())
        .collect()
}

#[test]
fn a_pid_and_an_address_find_each_other() {
    for version in GoVersion::LIVE {
        let running = start("goroutine_leak", version);
        let pid = running.pid().to_string();
        let address = running.address().to_string();
        let by_pid = json(&["explain", &pid, "--json"]);
        let by_address = json(&["explain", &address, "--json"]);
        for answer in [&by_pid, &by_address] {
            assert_eq!(answer["target"]["pid"], running.pid(), "{version}");
            assert_eq!(answer["target"]["remote"], false, "{version}");
            assert!(answer["totals"]["rss_bytes"].is_i64(), "{version}");
            assert!(answer["totals"]["heap_alloc_bytes"].is_i64(), "{version}");
            assert!(ids(answer)[..2].contains(&"goroutine-leak"), "{version}");
        }
        let unasked = json(&["explain", &pid, "--no-probe", "--json"]);
        assert_eq!(unasked["totals"]["heap_alloc_bytes"], Value::Null);
        assert!(unasked["totals"]["rss_bytes"].is_i64());
    }
}

#[test]
fn every_command_reads_a_live_process() {
    let running = start("goroutine_leak", GoVersion::GO_1_27);
    let pid = running.pid().to_string();
    let top = json(&["top", &pid, "--json"]);
    assert!(top["total"].as_i64().unwrap() > 0);
    let by_pid = json(&["goroutines", &pid, "--dump", "--json"]);
    let by_address = json(&["goroutines", &running.url(), "--json"]);
    for answer in [&by_pid, &by_address] {
        assert!(answer["groups"][0]["count"].as_u64().unwrap() >= 2000);
    }
    let leaked = json(&["goroutines", &pid, "--leak", "--json"]);
    assert!(leaked["leaked"].as_u64().unwrap() >= 2000, "{leaked}");

    let processes = json(&["ps", "--json"]);
    let processes = processes["processes"].as_array().unwrap();
    let process = processes
        .iter()
        .find(|process| process["pid"] == running.pid())
        .unwrap();
    assert_eq!(process["go_version"], "go1.27.3");
    assert_eq!(process["main_module"], "fathom/testbed");
    assert!(process["rss_bytes"].as_u64().unwrap() > 1 << 20);
    let url = process["pprof"].as_str().unwrap();
    assert!(url.contains(&running.address().to_string()), "{url}");
    let table = fathom(&["ps"]).fine();
    let row = table
        .lines()
        .find(|line| line.contains(&running.address().to_string()));
    assert!(
        row.is_some_and(|row| row.contains("goroutine_leak") && row.contains(&pid)),
        "{table}"
    );
}

#[test]
fn a_process_without_leaks_is_told_so() {
    let running = start("hello", GoVersion::GO_1_27);
    let text = fathom(&["goroutines", &running.url(), "--leak"]).fine();
    assert!(text.starts_with("No goroutine is leaked"), "{text}");
    // Before Go 1.26 there is no such profile.
    let older = start("hello", GoVersion::GO_1_22);
    let said = fathom(&["goroutines", &older.url(), "--leak"]).failed();
    assert!(said.contains("404"), "{said}");
}

#[test]
fn a_capture_of_a_process_outlives_it() {
    let running = start("idle_retained", GoVersion::GO_1_27);
    let pid = running.pid().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("idle.fathom");
    let bundle = path.to_str().unwrap();
    let done = fathom(&["capture", &pid, "-o", bundle, "--gc", "--progress"]);
    let progress = done.stderr.clone();
    let said = done.fine();
    assert!(
        progress.contains("took proc/smaps.txt") && progress.contains("took pprof/heap.pb.gz"),
        "{progress}"
    );
    assert!(
        said.contains("forced a garbage collection (heap?gc=1)"),
        "{said}"
    );
    drop(running);
    let said = fathom(&["explain", &pid, bundle]).fine();
    assert!(said.contains("[heap-idle-retained, "), "{said}");
    let answer = json(&["explain", bundle, "--json"]);
    assert_eq!(ids(&answer)[0], "heap-idle-retained");
}
