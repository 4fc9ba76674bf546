//! `fathom explain` and `fathom demo` on recorded evidence.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use serde_json::Value;

use crate::{FORMATS, LEAK, fathom, fathom_reading, fixtures, json};

const STALE: &str = "causes/go1.27.3/stale_profile";
const BALLAST: &str = "causes/go1.27.3/ballast";

fn finding_ids(answer: &Value) -> Vec<&str> {
    let findings = answer["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["id"].as_str().unwrap())
        .collect()
}

/// The rows that are nobody's parent.
fn leaves(answer: &Value) -> Vec<&Value> {
    let rows = answer["ledger"].as_array().unwrap();
    let is_parent = |row: &Value| rows.iter().any(|other| other["parent"] == row["id"]);
    rows.iter().filter(|row| !is_parent(row)).collect()
}

fn sum(rows: &[&Value], field: &str) -> i64 {
    rows.iter().map(|row| row[field].as_i64().unwrap()).sum()
}

fn missing(answer: &Value) -> String {
    let rows = answer["missing"].as_array().unwrap().iter();
    let lines = rows.map(|row| format!("{}: {}", row["what"], row["why"]));
    lines.collect::<Vec<_>>().join("\n")
}

/// A file that ends in the middle of a recorded one.
fn half(folder: &tempfile::TempDir, path: &str) -> String {
    let whole = fs::read(fixtures().join(path)).unwrap();
    let name = PathBuf::from(path);
    let file = folder.path().join(name.file_name().unwrap());
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn the_demo_explains_its_incident() {
    let text = fathom(&["demo"]).fine();
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let answer = json(&["demo", "--json"]);
    let rss = answer["totals"]["rss_bytes"].as_i64().unwrap();
    assert_eq!(sum(&leaves(&answer), "bytes"), rss);
    // The answer, the three causes that were built into it, each with what to do.
    for wanted in [
        "ps shows the service `orders` at 1.12 GB, its heap profile\nshows 321 MB. Where is the rest?",
        "1.12 GB resident: 620 MB free spans kept, 321 MB live objects.",
        "[heap-idle-retained, certain]",
        "[non-go-memory,",
        "main.callSupplier",
        "[goroutine-leak, possible]",
        "do:    ",
        "check: ",
        "fathom explain PID",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    for leaf in ["live objects", "free spans kept", "goroutine stacks"] {
        let row = text
            .lines()
            .find(|line| line.contains(&format!(" {leaf} ")));
        assert!(row.is_some_and(|row| row.contains('%')), "{leaf}: {text}");
    }
    let ids = finding_ids(&answer);
    assert_eq!(
        ids[..3],
        ["heap-idle-retained", "non-go-memory", "goroutine-leak"]
    );
}

#[test]
fn loose_files_are_one_picture() {
    let (heap, smaps) = (
        format!("{STALE}/heap_debug1.txt"),
        format!("{STALE}/smaps.txt"),
    );
    let text = fathom(&["explain", &heap, &smaps]).fine();
    assert!(
        text.contains("272 MB resident: 153 MB garbage and new objects, 105 MB live"),
        "{text}"
    );
    assert!(text.contains("[profile-stale, "), "{text}");
    assert!(text.contains("Not seen"), "{text}");
    // Their order means nothing.
    assert_eq!(fathom(&["explain", &smaps, &heap]).fine(), text);
}

#[test]
fn json_is_versioned_and_sums_to_what_smaps_says() {
    let answer = json(&["explain", STALE, "--json"]);
    assert_eq!(answer["schema"], "fathom.explain/1");
    let smaps = fs::read_to_string(fixtures().join(STALE).join("smaps.txt")).unwrap();
    let resident: i64 = smaps
        .lines()
        .filter_map(|line| line.strip_prefix("Rss:"))
        .map(|rest| rest.trim_end_matches("kB").trim().parse::<i64>().unwrap() << 10)
        .sum();
    assert_eq!(answer["totals"]["rss_bytes"], resident);
    assert_eq!(sum(&leaves(&answer), "bytes"), resident);
    assert!(finding_ids(&answer).contains(&"profile-stale"));
}

#[test]
fn standard_input_is_a_source() {
    let heap = fs::read(fixtures().join(STALE).join("heap_debug1.txt")).unwrap();
    let text = fathom_reading(&["explain", "-"], &heap).fine();
    assert!(
        text.contains("271 MB held by the Go runtime (the kernel's side was not seen)"),
        "{text}"
    );
    let said = fathom_reading(&["explain", "-"], b"").failed();
    assert!(said.contains("standard input: the file is empty"), "{said}");
}

#[test]
fn a_bundle_tells_what_its_files_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leak.fathom");
    let bundle = path.to_str().unwrap();
    fathom(&["capture", LEAK, "-o", bundle]).fine();
    let (packed, loose) = (
        json(&["explain", bundle, "--json"]),
        json(&["explain", LEAK, "--json"]),
    );
    for part in ["totals", "ledger", "reconciliations"] {
        assert_eq!(packed[part], loose[part], "{part}");
    }
    assert_eq!(finding_ids(&packed), finding_ids(&loose));
    assert_eq!(finding_ids(&packed)[0], "goroutine-leak");
}

#[test]
fn a_base_is_before_and_the_source_is_after() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = |name: &str, source: &str| {
        let path = folder.path().join(name);
        let path = path.to_str().unwrap().to_owned();
        fathom(&["capture", source, "-o", &path]).fine();
        path
    };
    let (before, after) = (
        bundle("before.fathom", BALLAST),
        bundle("after.fathom", LEAK),
    );
    let text = fathom(&["explain", "--base", &before, &after]).fine();
    assert!(
        text.starts_with("7.83 MB before, 48.9 MB after: +41.1 MB, most of it goroutine stacks"),
        "{text}"
    );
    assert!(text.contains("\ngoroutine-leak: new."), "{text}");
    assert_eq!(fathom(&["explain", &after, "--base", &before]).fine(), text);

    let answer = json(&["explain", "--base", &before, &after, "--json"]);
    let changes = leaves(&answer);
    assert_eq!(
        sum(&changes, "after_bytes") - sum(&changes, "before_bytes"),
        answer["delta_bytes"].as_i64().unwrap()
    );
    let new = fathom(&["explain", "--base", &before, &after, "--fail-on", "warning"]);
    assert_eq!(new.code, Some(1), "the leak is new");
    let known = fathom(&["explain", "--base", &after, &after, "--fail-on", "warning"]);
    assert_eq!(known.code, Some(0), "no news: {}", known.stdout);
}

#[test]
fn findings_decide_the_exit_code() {
    let code =
        |source: &str, fail_on: &str| fathom(&["explain", source, "--fail-on", fail_on]).code;
    assert_eq!(code(LEAK, "warning"), Some(1));
    assert_eq!(code(LEAK, "critical"), Some(0));
    assert_eq!(code(STALE, "warning"), Some(0), "a stale profile is normal");
    assert_eq!(code(STALE, "info"), Some(1));
    assert_eq!(fathom(&["explain", LEAK]).code, Some(0));
    assert_eq!(code(LEAK, "any"), Some(2));
}

#[test]
fn all_shows_what_is_hidden_else() {
    let brief = fathom(&["explain", LEAK]).fine();
    assert!(brief.contains("not shown; -v shows them."), "{brief}");
    let all = fathom(&["explain", LEAK, "-v"]).fine();
    assert!(!all.contains("not shown; -v"), "{all}");
    assert!(all.lines().count() > brief.lines().count());
    for text in [brief, all] {
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
}

#[test]
fn a_half_written_file_is_told_and_the_rest_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let cut = half(&folder, &format!("{FORMATS}/heap.pb.gz"));
    let smaps = format!("{STALE}/smaps.txt");
    let answer = json(&["explain", &cut, &smaps, "--json"]);
    assert!(answer["totals"]["rss_bytes"].is_i64());
    let told = missing(&answer);
    assert!(told.contains("heap.pb.gz"), "{told}");

    let cut = half(&folder, &smaps);
    let heap = format!("{STALE}/heap_debug1.txt");
    let answer = json(&["explain", &cut, &heap, "--json"]);
    assert_eq!(answer["totals"]["rss_bytes"], Value::Null);
    assert!(answer["totals"]["heap_alloc_bytes"].is_i64());
    let told = missing(&answer);
    assert!(
        told.contains("smaps.txt") && told.contains("it was cut or is still being written"),
        "{told}"
    );
}

#[test]
fn time_is_explained_beside_memory() {
    let incident = |name: &str| format!("incidents/go1.27.3/{name}.fathom");
    let text = fathom(&["explain", &incident("lock")]).fine();
    let line = text
        .lines()
        .find(|line| line.contains("goroutines at a time wait"));
    assert!(
        line.is_some_and(|line| line.starts_with("WARNING")),
        "{text}"
    );
    assert!(text.contains("[lock-contention, certain]"), "{text}");
    assert!(text.contains("main.(*journal).write"), "{text}");
    let first = |name: &str| {
        let answer = json(&["explain", &incident(name), "--json"]);
        answer["findings"][0]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(first("lock_unprofiled"), "contention-profiling-off");
    assert_eq!(first("slow_consumer"), "blocked-site");
    assert_eq!(first("hot_function"), "cpu-hot-spot");
    // Profiles of time alone, in their text forms, are evidence too.
    let loose = ["mutex_debug1.txt", "block_debug1.txt"].map(|name| format!("{FORMATS}/{name}"));
    let answer = json(&["explain", &loose[0], &loose[1], "--json"]);
    assert_eq!(finding_ids(&answer), [""; 0]);
    assert!(!missing(&answer).contains("debug1.txt"), "{answer}");
    // Without memory the answer is what they add up to.
    let waited = |name: &str| answer["time"][name]["seconds"].as_f64().unwrap();
    assert!(waited("locks") > 0.0 && waited("blocks") > 0.0, "{answer}");
    assert!(answer["time"]["cpu"].is_null(), "{answer}");
    let text = fathom(&["explain", &loose[0], &loose[1]]).fine();
    let told = "of blocking. Nothing was given of its memory.";
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("of waiting for locks, "), "{text}");
    assert!(joined.contains(told), "{text}");
    assert!(!text.contains("does not say how much memory"), "{text}");
}

#[test]
fn a_loose_cpu_quota_is_evidence_of_either_version() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (hot, incident) = (at("cpu.pb.gz"), "incidents/go1.27.3/hot_function.fathom");
    fathom(&["convert", incident, "--profile", "cpu", "-o", &hot]).fine();
    let of = |files: &[String]| {
        let mut arguments = vec!["explain", &hot, "--json"];
        arguments.extend(files.iter().map(String::as_str));
        let answer = json(&arguments);
        let finding = &answer["findings"][0];
        assert_eq!(finding["id"], "cpu-hot-spot", "{answer}");
        finding["title"].as_str().unwrap().to_owned()
    };
    let alone = of(&[]);
    assert!(
        alone.ends_with(" processors") && !alone.contains(" of 3"),
        "{alone}"
    );
    fs::write(at("cpu.max"), "300000 100000\n").unwrap();
    fs::write(at("cpu.cfs_quota_us"), "150000\n").unwrap();
    fs::write(at("cpu.cfs_period_us"), "50000\n").unwrap();
    for files in [&["cpu.max"][..], &["cpu.cfs_quota_us", "cpu.cfs_period_us"]] {
        let files: Vec<String> = files.iter().map(|name| at(name)).collect();
        let limited = of(&files);
        assert!(limited.contains(" of 3 processors"), "{limited}");
    }
}

#[test]
fn what_is_no_evidence_is_one_line_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("heap.pb.gz");
    fs::write(&page, "<html><body>Please log in</body></html>").unwrap();
    let page = page.to_str().unwrap();
    let said = fathom(&["explain", page]).failed();
    assert!(said.contains("HTML page"), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    // Beside evidence it is told, and the evidence is used.
    let answer = json(&["explain", page, STALE, "--json"]);
    assert!(missing(&answer).contains("HTML page"), "{answer}");
    assert!(finding_ids(&answer).contains(&"profile-stale"));

    let said = fathom(&["explain", "no-such-file"]).failed();
    assert!(
        said.contains("\"no-such-file\" is no file, no pid and no address"),
        "{said}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_dead_pid_is_told_and_the_rest_is_used() {
    // Above the largest pid that Linux gives (PID_MAX_LIMIT, 2^22).
    let dead = "4194305";
    let said = fathom(&["explain", dead]).failed();
    assert!(said.contains("no process has the pid 4194305"), "{said}");
    let answer = json(&["explain", dead, STALE, "--json"]);
    assert!(missing(&answer).contains("no process has the pid 4194305"));
    assert!(finding_ids(&answer).contains(&"profile-stale"));
}

#[test]
fn an_address_that_answers_with_a_page_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let body = "<!DOCTYPE html><html><body>Please log in</body></html>";
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    let said = fathom(&["top", &address]).failed();
    assert!(
        said.contains("an HTML page came instead of evidence")
            && said.contains("hint: this looks like a login page"),
        "{said}"
    );
    // The address is of this machine: what the kernel knows is used.
    if cfg!(target_os = "linux") {
        let answer = json(&["explain", &address, "--json"]);
        assert!(missing(&answer).contains("HTML page"), "{answer}");
        assert_eq!(answer["target"]["pid"], std::process::id());
        assert!(answer["totals"]["rss_bytes"].is_i64());
    }
}
