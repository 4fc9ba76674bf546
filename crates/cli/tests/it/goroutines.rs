//! `fathom goroutines`.

use crate::{FORMATS, LEAK, fathom, json};

#[test]
fn a_leak_stands_out_in_a_dump() {
    let path = format!("{LEAK}/goroutine_debug2.txt");
    let text = fathom(&["goroutines", &path, "-n", "1"]).fine();
    insta::assert_snapshot!(text);
    assert_eq!(
        fathom(&["goroutines", &path, "--fail-on", "warning"]).code,
        Some(1)
    );
    assert_eq!(
        fathom(&["goroutines", &path, "--fail-on", "critical"]).code,
        Some(0)
    );
}

#[test]
fn the_profile_of_the_same_moment_tells_the_same() {
    let dump = json(&[
        "goroutines",
        &format!("{LEAK}/goroutine_debug2.txt"),
        "--json",
    ]);
    let text = json(&[
        "goroutines",
        &format!("{LEAK}/goroutine_debug1.txt"),
        "--json",
    ]);
    assert_eq!(
        (&dump["schema"], &dump["form"]),
        (&"fathom.goroutines/1".into(), &"dump".into())
    );
    assert_eq!(text["form"], "profile");
    assert_eq!(dump["total"], text["total"]);
    assert_eq!(dump["groups"][0]["count"], 2000);
    assert_eq!(dump["groups"][0]["stack"], text["groups"][0]["stack"]);
}

#[test]
fn a_protobuf_profile_tells_the_states() {
    let answer = json(&[
        "goroutines",
        &format!("{FORMATS}/goroutine.pb.gz"),
        "--json",
    ]);
    let states = answer["states"].as_array().unwrap();
    let count = |state: &str| {
        let row = states.iter().find(|row| row["state"] == state);
        row.map_or(0, |row| row["count"].as_u64().unwrap())
    };
    assert_eq!(
        (
            count("chan receive"),
            count("sleep"),
            count("sync.Cond.Wait")
        ),
        (6, 1, 1)
    );
}

#[test]
fn growth_against_a_base() {
    let after = format!("{LEAK}/goroutine_debug2.txt");
    let before = "causes/go1.27.3/ballast/goroutine_debug2.txt";
    let answer = json(&["goroutines", &after, "--base", before, "--json"]);
    assert_eq!(answer["groups"][0]["base_count"], 0);
    assert_eq!(answer["groups"][0]["suspicion"], "grew from 0 to 2000");
    let said = fathom(&[
        "goroutines",
        &after,
        "--base",
        &format!("{LEAK}/goroutine_debug1.txt"),
    ]);
    let said = said.failed();
    assert!(
        said.contains("a profile") && said.contains("hint: compare two dumps"),
        "{said}"
    );
}

#[test]
fn filters_say_what_they_hide() {
    let path = format!("{LEAK}/goroutine_debug2.txt");
    let text = fathom(&["goroutines", &path, "--state", "IO wait", "--frames", "2"]).fine();
    assert!(
        text.contains("1. 1 IO wait") && !text.contains("main.worker"),
        "{text}"
    );
    assert!(
        text.contains("3 groups with 2,002 goroutines hidden by --state or --focus"),
        "{text}"
    );
    let text = fathom(&["goroutines", &path, "--focus", r"main\.hand.e"]).fine();
    assert!(text.contains("created by main.handle"), "{text}");
}

#[test]
fn leaked_goroutines_are_those_the_runtime_found() {
    let path = format!("{FORMATS}/goroutineleak_debug2.txt");
    let answer = json(&["goroutines", &path, "--json"]);
    assert_eq!(answer["leaked"], 10);
    let profile = format!("{FORMATS}/goroutineleak.pb.gz");
    assert_eq!(
        json(&["goroutines", &profile, "--leak", "--json"])["leaked"],
        10
    );
}

#[test]
fn what_holds_no_goroutines_is_told() {
    let said = fathom(&["goroutines", &format!("{FORMATS}/heap.pb.gz")]).failed();
    assert!(
        said.contains("no goroutine dump or profile in it"),
        "{said}"
    );
    assert!(said.contains("hint: it holds: heap"), "{said}");
}
