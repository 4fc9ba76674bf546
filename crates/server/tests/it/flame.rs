//! The columns of flame graphs.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::*;

/// Columns, read as the page reads them.
struct Columns {
    head: Value,
    numbers: HashMap<String, Vec<i64>>,
}

impl Columns {
    fn read(body: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().unwrap());
        let length = word(0) as usize;
        let head: Value = serde_json::from_slice(&body[4..4 + length]).unwrap();
        let begin = (4 + length).next_multiple_of(8);
        let mut numbers = HashMap::new();
        for column in head["columns"].as_array().unwrap() {
            let number = |name: &str| usize::try_from(column[name].as_u64().unwrap()).unwrap();
            let (at, length) = (begin + number("offset"), number("length"));
            let values = if column["type"] == "u32" {
                (0..length)
                    .map(|place| i64::from(word(at + 4 * place)))
                    .collect()
            } else {
                assert_eq!(number("offset") % 8, 0);
                let wide = |place: usize| {
                    i64::from_le_bytes(body[at + 8 * place..at + 8 * place + 8].try_into().unwrap())
                };
                (0..length).map(wide).collect()
            };
            numbers.insert(column["name"].as_str().unwrap().to_owned(), values);
        }
        Self { head, numbers }
    }

    fn names(&self) -> Vec<String> {
        let name = |place: &i64| {
            self.head["names"][usize::try_from(*place).unwrap()]
                .as_str()
                .unwrap()
                .to_owned()
        };
        self.numbers["function"].iter().map(name).collect()
    }

    fn hash(&self, name: &str) -> String {
        let names = self.head["names"].as_array().unwrap();
        let place = names.iter().position(|known| known == name).unwrap();
        format!("{:08x}", self.numbers["hash"][place])
    }
}

fn columns(running: &Running, query: &str) -> Columns {
    let answer = running.get(&format!("/api/v1/flame/columns{query}"));
    assert_eq!(
        answer.status,
        200,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/vnd.fathom.columns")
    );
    Columns::read(&answer.body)
}

#[test]
fn frames_are_columns() {
    let running = Running::with(vec![small()]);
    let all = columns(&running, "");
    assert_eq!(all.names(), ["all", "main", "work", "deep", "wait"]);
    assert_eq!(all.numbers["value"], [10, 10, 8, 6, 2]);
    assert_eq!(all.numbers["own"], [0, 0, 2, 6, 2]);
    assert_eq!(all.numbers["start"], [0, 0, 0, 0, 8]);
    assert_eq!(all.numbers["values0"], all.numbers["value"]);
    assert_eq!(all.head["total"], 10);
}

#[test]
fn a_part_is_asked_for_by_its_way_from_the_root() {
    let running = Running::with(vec![small()]);
    let all = columns(&running, "");
    let path = format!("{}{}", all.hash("main"), all.hash("work"));
    let part = columns(&running, &format!("?path={path}"));
    assert_eq!(part.names(), ["all", "main", "work", "deep"]);
    assert_eq!(part.numbers["value"], [10, 10, 8, 6]);
    // A way that leads nowhere ends where it does.
    let lost = columns(&running, &format!("?path={}00000000", all.hash("main")));
    assert_eq!(lost.names(), ["all", "main"]);
}

#[test]
fn what_is_too_narrow_for_the_whole_is_there_in_its_part() {
    let mut text = String::from("main;huge 1000000000\n");
    for leaf in 0..50 {
        writeln!(text, "main;small;leaf{leaf} 1").unwrap();
    }
    text.push_str("main;small;other 60000\n");
    let running = Running::with(vec![NamedProfile::new("cpu", "", folded(&text))]);
    let all = columns(&running, "");
    assert!(!all.names().iter().any(|name| name == "small"));
    assert_eq!(all.head["left_out"]["frames"], 1);
    assert_eq!(all.head["left_out"]["value"], 60050);
    let hash = |name: &str| {
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        format!("{hash:08x}")
    };
    let part = columns(
        &running,
        &format!("?path={}{}", hash("main"), hash("small")),
    );
    assert_eq!(part.names(), ["all", "main", "small", "other"]);
    assert_eq!(part.head["left_out"]["frames"], 50);
    assert_eq!(part.head["left_out"]["value"], 50);
}

#[test]
fn callers_and_callees_of_a_function() {
    let text = "a;f;x 3\nb;f;y 2\nb;f;f;x 1\nc 4\n";
    let running = Running::with(vec![NamedProfile::new("cpu", "", folded(text))]);
    let called = columns(&running, "?pivot=f");
    assert_eq!(called.names(), ["all", "f", "x", "y", "f", "x"]);
    assert_eq!(called.numbers["value"], [6, 6, 3, 2, 1, 1]);
    let callers = columns(&running, "?pivot=f&walk=callers");
    assert_eq!(callers.names(), ["all", "f", "a", "b"]);
    assert_eq!(callers.numbers["value"], [6, 6, 3, 3]);
    let leaves = columns(&running, "?walk=callers");
    assert_eq!(leaves.names()[..3], ["all", "c", "x"]);
    assert_eq!(leaves.numbers["value"][0], 10);
    let nothing = columns(&running, "?pivot=nowhere");
    assert_eq!(nothing.names(), ["all"]);
    assert_eq!(nothing.numbers["value"], [0]);
}

#[test]
fn a_difference_has_both_states() {
    let base = folded("main;work;deep 1\nmain;gone 5\n");
    let running = Running::with(vec![small().with_base(Some(base))]);
    let both = columns(&running, "");
    assert_eq!(both.head["base_total"], 6);
    let place = both.names().iter().position(|name| name == "deep").unwrap();
    assert_eq!(
        (both.numbers["value"][place], both.numbers["base"][place]),
        (6, 1)
    );
    assert_eq!(both.head["gone"][0]["name"], "gone");
    let new = columns(&running, "?side=new");
    assert_eq!(new.head["base_total"], Value::Null);
    assert!(!new.numbers.contains_key("base"));
}
