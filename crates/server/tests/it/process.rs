//! What is known of the process beside its profiles.

use fathom_goruntime::Limits;
use fathom_goruntime::goroutine::{Dump, Order, report};
use fathom_server::Goroutines;

use super::*;

/// Two places: one goroutine for a long time at one, three hundred at the other.
fn dump() -> Dump {
    use std::fmt::Write as _;
    let mut text =
        String::from("goroutine 1 [select, 90 minutes]:\nmain.main()\n\t/a/m.go:3 +0x1\n\n");
    for id in 2..302 {
        let place = "main.push(0x1)\n\t/a/q.go:21 +0x1d";
        let _ = write!(text, "goroutine {id} [chan send, 7 minutes]:\n{place}\n\n");
    }
    Dump::parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn running(subject: Subject) -> Running {
    let running = Running::start(settings());
    running.slot.ready(subject);
    running
}

#[test]
fn goroutines_are_cut_but_for_what_may_be_a_leak() {
    let running = running(Subject {
        goroutines: Some(Goroutines {
            source: "dump.txt".to_owned(),
            report: report(&dump(), None, Order::Wait),
        }),
        ..Subject::default()
    });
    assert_eq!(
        running.get("/api/v1/subject").json()["has_goroutines"],
        true
    );
    let all = running.get("/api/v1/goroutines").json();
    assert_eq!(all["schema"], "fathom.goroutines/1");
    assert_eq!(
        (&all["source"], &all["total"]),
        (&"dump.txt".into(), &301.into())
    );
    assert_eq!(all["groups"].as_array().unwrap().len(), 2);
    let waits = all["groups"][1]["waits"].as_array().unwrap();
    assert_eq!(waits.len(), 7);
    assert_eq!(
        (&waits[2]["from_minutes"], &waits[2]["count"]),
        (&5.into(), &300.into())
    );
    let few = running.get("/api/v1/goroutines?limit=0").json();
    assert_eq!(few["groups"].as_array().unwrap().len(), 1);
    assert_eq!(few["groups"][0]["count"], 300);
    assert_eq!(few["hidden"]["groups"], 1);
    assert_eq!(running.get("/api/v1/goroutines?limit=x").status, 400);
}

#[test]
fn what_is_not_known_is_said_with_what_to_give() {
    let running = Running::with(vec![small()]);
    let subject = running.get("/api/v1/subject").json();
    assert_eq!(subject["has_goroutines"], false);
    assert_eq!(subject["has_memory_map"], false);
    for (path, hint) in [("goroutines", "debug=2"), ("memory-map", "smaps")] {
        let answer = running.get(&format!("/api/v1/{path}"));
        assert_eq!(answer.status, 404);
        let told = answer.json()["hint"].as_str().unwrap().to_owned();
        assert!(told.contains(hint), "{told}");
    }
}
