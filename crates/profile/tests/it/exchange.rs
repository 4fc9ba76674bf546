//! What other tools' formats hold of a profile comes back from them, and is what these
//! tools want.

use fathom_profile::exchange::{callgrind, chrome, firefox, speedscope};
use fathom_profile::{Error, LabelRefValue, Limits, Line, Profile, ProfileBuilder};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::oracle::pprof;
use crate::recorded_profile;

/// What such formats hold of a column: stacks by text, with the sum of their values.
fn held(profile: &Profile, column: usize) -> Vec<(String, i64)> {
    let mut stacks = std::collections::BTreeMap::new();
    for sample in 0..profile.sample_count() {
        let frames: Vec<String> = profile
            .frames(sample)
            .map(|frame| match frame.function {
                "" => format!("{:#x}", frame.address),
                name => format!("{name} {} {} {}", frame.file, frame.line, frame.column),
            })
            .collect();
        *stacks.entry(frames.join(" < ")).or_insert(0) += profile.value(sample, column);
    }
    stacks.retain(|_, value| *value != 0);
    stacks.into_iter().collect()
}

fn all_held(profile: &Profile) -> Vec<(String, Vec<(String, i64)>)> {
    (0..profile.sample_types().len())
        .map(|column| {
            let (kind, unit) = profile.sample_type(column);
            (format!("{kind} {unit}"), held(profile, column))
        })
        .collect()
}

type DrawnSample = (Vec<(u8, u8)>, Vec<i64>);

fn drawn() -> impl Strategy<Value = Vec<DrawnSample>> {
    let value = prop_oneof![1 => Just(0_i64), 3 => 0_i64..5000];
    vec((vec((0_u8..6, 0_u8..3), 0..6), vec(value, 3)), 0..12)
}

fn build(samples: &[DrawnSample]) -> Profile {
    let mut builder = ProfileBuilder::new(&Limits::small());
    builder.add_sample_type("samples", "count").unwrap();
    builder.add_sample_type("cpu", "nanoseconds").unwrap();
    builder.add_sample_type("space", "bytes").unwrap();
    builder.set_time(1_700_000_000_000_000_000, 0);
    for (frames, values) in samples {
        let mut stack = Vec::new();
        for &(name, line) in frames {
            let place = |builder: &mut ProfileBuilder, name: u8| {
                let name = format!("main.\"f{name}\"\u{fc}");
                let file = if line == 0 { "" } else { "main.go" };
                let function = builder.function(&name, &name, file, 0).unwrap();
                Line {
                    function: Some(function),
                    line: i64::from(line),
                    column: i64::from(line / 2),
                }
            };
            let lines = match name {
                0 => vec![],
                5 => vec![place(&mut builder, 4), place(&mut builder, 3)],
                _ => vec![place(&mut builder, name)],
            };
            let address = 0x10 + u64::from(line);
            stack.push(builder.location(address, None, &lines, false).unwrap());
        }
        builder.add_sample(&stack, values, &[]).unwrap();
    }
    builder.finish()
}

fn parse(text: &str) -> Profile {
    Profile::parse(text.as_bytes(), &Limits::small()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn speedscope_holds_stacks_and_all_columns(samples in drawn()) {
        let profile = build(&samples);
        let again = parse(&speedscope::write(&profile, "a name").unwrap());
        prop_assert_eq!(all_held(&again), all_held(&profile));
    }

    #[test]
    fn firefox_holds_stacks_and_all_columns(samples in drawn()) {
        let profile = build(&samples);
        let again = parse(&firefox::write(&profile, "a name").unwrap());
        prop_assert_eq!(all_held(&again), all_held(&profile));
    }

    #[test]
    fn chrome_holds_stacks_and_microseconds(samples in drawn()) {
        let samples: Vec<DrawnSample> = samples
            .into_iter()
            .map(|(stack, values)| (stack, values.iter().map(|value| value * 1000).collect()))
            .collect();
        let profile = build(&samples);
        let again = parse(&chrome::write(&profile, 1).unwrap());
        let column = again.column("cpu");
        let microseconds = column.map_or_else(Vec::new, |column| held(&again, column));
        prop_assert_eq!(microseconds, held(&profile, 1));
    }

    #[test]
    fn what_is_cut_or_changed_ends_well(samples in drawn(), at in 0_usize..4000, byte: u8) {
        let profile = build(&samples);
        for text in [
            speedscope::write(&profile, "").unwrap(),
            firefox::write(&profile, "").unwrap(),
            chrome::write(&profile, 1).unwrap(),
        ] {
            let mut bytes = text.into_bytes();
            let at = at % bytes.len();
            let cut = Profile::parse(&bytes[..at], &Limits::small());
            prop_assert!(cut.is_err());
            bytes[at] = byte;
            // It may still be a profile, but must not be a panic.
            let _ = Profile::parse(&bytes, &Limits::small());
        }
    }
}

fn indices_are_below(column: &Value, limit: usize) -> bool {
    let column = column.as_array().unwrap();
    let is_below = |index: &Value| index.as_u64().is_none_or(|index| index < limit as u64);
    column.iter().all(is_below)
}

/// The facts of the published schema of speedscope, and what its importer asserts.
#[test]
fn speedscope_gets_what_its_schema_wants() {
    let profile = recorded_profile("causes/go1.27.3/timer_leak/heap.pb.gz");
    let text = speedscope::write(&profile, "timer_leak").unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        file["$schema"],
        "https://www.speedscope.app/file-format-schema.json"
    );
    assert_eq!(file["activeProfileIndex"], 3);
    let frames = file["shared"]["frames"].as_array().unwrap();
    assert!(frames.len() > 10);
    for frame in frames {
        assert!(!frame["name"].as_str().unwrap().is_empty());
        for key in frame.as_object().unwrap().keys() {
            assert!(["name", "file", "line", "col"].contains(&key.as_str()));
        }
    }
    let profiles = file["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), 4);
    for (column, part) in profiles.iter().enumerate() {
        let mut keys: Vec<&String> = part.as_object().unwrap().keys().collect();
        keys.sort();
        let known = [
            "endValue",
            "name",
            "samples",
            "startValue",
            "type",
            "unit",
            "weights",
        ];
        assert_eq!(keys, known);
        assert_eq!(part["type"], "sampled");
        assert_eq!(part["unit"], ["none", "bytes"][column % 2]);
        let samples = part["samples"].as_array().unwrap();
        let weights = part["weights"].as_array().unwrap();
        assert_eq!(samples.len(), weights.len());
        assert!(weights.iter().all(|weight| weight.as_i64().unwrap() > 0));
        let sum: i64 = weights.iter().map(|weight| weight.as_i64().unwrap()).sum();
        assert_eq!(
            (part["startValue"].as_i64(), part["endValue"].as_i64()),
            (Some(0), Some(sum))
        );
        assert_eq!(sum, profile.column_sum(column));
        for stack in samples {
            assert!(indices_are_below(stack, frames.len()));
        }
    }
}

/// The columns that version 57 of the processed format wants, and their references.
#[test]
fn firefox_gets_what_its_version_wants() {
    let profile = recorded_profile("causes/go1.27.3/timer_leak/heap.pb.gz");
    let text = firefox::write(&profile, "timer_leak").unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["meta"]["preprocessedProfileVersion"], 57);
    assert_eq!(file["meta"]["categories"][0]["color"], "grey");
    let strings = file["shared"]["stringArray"].as_array().unwrap().len();
    let threads = file["threads"].as_array().unwrap();
    assert_eq!(threads.len(), 4);
    for thread in threads {
        let length = |table: &str| {
            let length = usize::try_from(thread[table]["length"].as_u64().unwrap()).unwrap();
            for (key, column) in thread[table].as_object().unwrap() {
                if key != "length" && key != "weightType" {
                    assert_eq!(column.as_array().unwrap().len(), length, "{table} {key}");
                }
            }
            length
        };
        let [stacks, frames, functions] = ["stackTable", "frameTable", "funcTable"].map(length);
        for table in ["samples", "markers", "resourceTable", "nativeSymbols"] {
            length(table);
        }
        assert!(indices_are_below(&thread["samples"]["stack"], stacks));
        assert!(indices_are_below(&thread["stackTable"]["frame"], frames));
        assert!(indices_are_below(&thread["frameTable"]["func"], functions));
        assert!(indices_are_below(&thread["funcTable"]["name"], strings));
        assert!(indices_are_below(&thread["funcTable"]["fileName"], strings));
        let prefixes = thread["stackTable"]["prefix"].as_array().unwrap();
        for (index, prefix) in prefixes.iter().enumerate() {
            assert!(prefix.as_u64().is_none_or(|prefix| prefix < index as u64));
        }
        assert!(thread["pid"].is_string());
    }
}

#[test]
fn chrome_gets_a_tree_and_as_many_deltas_as_samples() {
    let samples = vec![
        (vec![(1, 1), (2, 2)], vec![1, 1500, 0]),
        (vec![(3, 1)], vec![1, 2600, 0]),
    ];
    let profile = build(&samples);
    let file: Value = serde_json::from_str(&chrome::write(&profile, 1).unwrap()).unwrap();
    assert_eq!(file["samples"].to_string(), "[3,4,4]");
    // 1.5 and 2.6 microseconds end at 1.5 and 4.1.
    assert_eq!(file["timeDeltas"].to_string(), "[0,2,2]");
    let nodes = file["nodes"].as_array().unwrap();
    assert_eq!(nodes[0]["children"].to_string(), "[2,4]");
    assert_eq!(nodes[2]["callFrame"]["lineNumber"], 0);
    let start = file["startTime"].as_i64().unwrap();
    assert_eq!(file["endTime"].as_i64().unwrap() - start, 4);
    let refused = chrome::write(&profile, 2).unwrap_err().to_string();
    assert!(refused.contains("space is in bytes"), "{refused}");
}

#[test]
fn values_below_zero_are_refused_where_they_mean_nothing() {
    let profile = build(&[(vec![(1, 1)], vec![1, -5, -6])]);
    for error in [
        speedscope::write(&profile, "").unwrap_err(),
        chrome::write(&profile, 1).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Unsuitable { .. }), "{error}");
    }
    let again = parse(&firefox::write(&profile, "").unwrap());
    assert_eq!(all_held(&again), all_held(&profile));
}

#[test]
fn files_of_other_programs_are_read() {
    let events = r#"{"shared": {"frames": [{"name": "a"}, {"name": "b", "file": "b.js", "line": 3}]},
        "profiles": [{"type": "evented", "name": "main", "unit": "milliseconds",
            "startValue": 0, "endValue": 10, "events": [
            {"type": "O", "frame": 0, "at": 0}, {"type": "O", "frame": 1, "at": 2.5},
            {"type": "C", "frame": 1, "at": 4}, {"type": "C", "frame": 0, "at": 10}]},
            {"type": "sampled", "name": "worker", "unit": "milliseconds", "startValue": 0,
            "endValue": 1, "samples": [[0, 1]], "weights": [1]}]}"#;
    let profile = parse(events);
    assert_eq!(profile.sample_type(0), ("time", "nanoseconds"));
    assert_eq!(profile.values(0), [8_500_000, 1_500_000, 1_000_000]);
    let label = profile.labels(2).next().unwrap();
    assert_eq!(
        (label.key, label.value),
        ("profile", LabelRefValue::Text("worker"))
    );

    let gecko = r#"{"meta": {"preprocessedProfileVersion": 48}, "libs": [], "threads": [
        {"name": "GeckoMain", "stringArray": ["f", "g", "f.rs"],
         "samples": {"stack": [1, null, 0, 1], "weight": null, "weightType": "samples"},
         "stackTable": {"frame": [0, 1], "prefix": [null, 0]},
         "frameTable": {"func": [0, 1], "line": [null, 7], "column": [null, null]},
         "funcTable": {"name": [0, 1], "fileName": [null, 2]}}]}"#;
    let profile = parse(gecko);
    assert_eq!(
        held(&profile, 0),
        [
            (String::new(), 1),
            ("f  0 0".to_owned(), 1),
            ("g f.rs 7 0 < f  0 0".to_owned(), 2)
        ]
    );

    let node = r#"{"nodes": [{"id": 9, "callFrame": {"functionName": "(root)"}, "hitCount": 0},
        {"id": 4, "callFrame": {"functionName": "", "url": "a.js", "lineNumber": 0, "columnNumber": 4},
         "parent": 9}], "startTime": 100, "endTime": 160, "samples": [4, 9, 4], "timeDeltas": [5, 10, 20]}"#;
    let profile = parse(node);
    assert_eq!(
        held(&profile, 1),
        [
            (String::new(), 20_000),
            ("(anonymous) a.js 1 5".to_owned(), 35_000)
        ]
    );
    assert_eq!(profile.duration_nanos(), 60_000);
}

#[test]
fn what_is_not_read_is_told() {
    let error = |text: &str| {
        Profile::parse(text.as_bytes(), &Limits::small())
            .unwrap_err()
            .to_string()
    };
    let cases = [
        error(r#"{"traceEvents": []}"#),
        error(r#"{"a": 1}"#),
        error("{\n\"nodes\": [}"),
        error(r#"{"meta": {"version": 31}, "threads": []}"#),
        error(
            r#"{"nodes": [{"id": 1, "callFrame": {"functionName": "a"}, "children": [1]}], "samples": [1], "timeDeltas": [0]}"#,
        ),
        error(
            r#"{"shared": {"frames": []}, "profiles": [{"type": "sampled", "samples": [[0]], "weights": [1]}]}"#,
        ),
        error("events: Ir\nfn=a\n1 2 3\n"),
        error("events: Ir\nwhat is this\n"),
        error("version: 1\nfn=a\n1 2\n"),
    ];
    insta::assert_snapshot!(cases.join("\n"), @r#"
    not a profile in any known form: it is a Chrome trace, of which only .cpuprofile files are read
    not a profile in any known form: it is JSON of an unknown kind
    malformed JSON at line 2: expected value
    this profile cannot answer: it is a Gecko profile; save it from profiler.firefox.com first
    more than 4096 locations in one stack in the whole
    malformed speedscope profile: a stack refers to missing frame 0
    malformed callgrind profile at line 3: there are more costs than events
    malformed callgrind profile at line 2: this is neither cost nor "key=value"
    malformed callgrind profile at line 3: costs come before the line "events:"
    "#);
}

#[test]
fn callgrind_gives_what_each_line_cost_by_itself() {
    let text = "# callgrind format\nversion: 1\ncreator: callgrind-3.22\npid: 1\ncmd: ./app\n\
        positions: instr line\nevents: Ir Dr\nsummary: 36 4\n\n\
        ob=(1) /bin/app\nfl=(1) a.c\nfn=(1) main\n0x10 5 10 2\n+4 +1 3\ncfi=(2) b.c\ncfn=(2) work\n\
        calls=2 0x40 9\n* * 20\n+4 -1 1\njump=1 0x10 5\n0x18 7\n\nfl=(2)\nfn=(2)\n0x40 9 22 2\nfe=(1)\n0x44 * 1\n";
    let profile = parse(text);
    assert_eq!(profile.sample_type(0), ("Ir", "count"));
    assert_eq!(
        held(&profile, 0),
        [
            ("main a.c 5 0".to_owned(), 11),
            ("main a.c 6 0".to_owned(), 3),
            ("work a.c 9 0".to_owned(), 1),
            ("work b.c 9 0".to_owned(), 22),
        ]
    );
    assert_eq!(profile.column_sum(1), 4);
    assert!(profile.comments().next().unwrap().contains("no stacks"));
}

/// What pprof writes for callgrind is read, with the flat value of each line.
#[test]
fn callgrind_of_pprof_is_read() {
    let path = crate::fixtures().join("causes/go1.27.3/timer_leak/heap.pb.gz");
    let answer = pprof(
        &["-callgrind", "-unit=bytes", "-output=/dev/stdout"],
        &[&path],
    );
    assert!(answer.is_success, "{}", answer.errors);
    let read = callgrind::read(&answer.output, &Limits::default()).unwrap();
    let profile = recorded_profile("causes/go1.27.3/timer_leak/heap.pb.gz");
    assert_eq!(read.sample_type(0).0, "inuse_space");
    assert_eq!(read.column_sum(0), profile.column_sum(3));
}
