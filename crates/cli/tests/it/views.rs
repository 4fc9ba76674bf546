//! `fathom tree`, `peek`, `traces`, `tags`, `graph` and what all commands over profiles
//! share: the text of pprof, JSON by contract, CSV, handles, sources.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::contracts;
use crate::live::serve;
use crate::pprof::heap;
use crate::{FORMATS, LEAK, command, fathom, fathom_reading, json};

const SCHEMA: &str = include_str!("../../schema/profiles-1.schema.json");

/// Holds a document to the published contract.
#[track_caller]
pub(crate) fn assert_valid(document: &Value) {
    if let Err(error) = validate(document) {
        panic!("{error}");
    }
}

fn validate(document: &Value) -> Result<(), String> {
    contracts::validate(SCHEMA, document)
}

/// Rows of CSV without quoted cells.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        let cells = header.iter().zip(cells);
        cells
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect()
    };
    lines.map(row).collect()
}

fn recorded() -> Vec<String> {
    ["heap", "profile", "goroutine", "mutex", "block", "allocs"]
        .iter()
        .map(|name| format!("{FORMATS}/{name}.pb.gz"))
        .filter(|path| crate::fixtures().join(path).is_file())
        .collect()
}

#[test]
fn text_is_that_of_pprof() {
    let profiles = recorded();
    assert!(profiles.len() >= 4, "{profiles:?}");
    for path in profiles {
        for (ours, theirs) in [
            (&["top"][..], "-top"),
            (&["tree"], "-tree"),
            (&["peek", "main|runtime"], "-peek=main|runtime"),
            (&["traces"], "-traces"),
            (&["tags"], "-tags"),
            (&["graph", "--format", "dot"], "-dot"),
        ] {
            let (name, rest) = ours.split_first().unwrap();
            let mut arguments = vec![*name];
            if *name == "peek" {
                arguments.extend(rest);
            }
            arguments.push(&path);
            if *name != "peek" {
                arguments.extend(rest);
            }
            let ours = fathom(&arguments).fine();
            let theirs = fathom(&["pprof", theirs, &path]).fine();
            assert_eq!(ours, theirs, "{name} {path}");
        }
    }
}

#[test]
fn options_are_those_of_pprof() {
    let heap = heap();
    for (ours, theirs) in [
        (
            &["--sample-index", "alloc_space"][..],
            &["-alloc_space"][..],
        ),
        (&["--cum", "-n", "3"], &["-cum", "-nodecount=3"]),
        (&["--lines", "--noinlines"], &["-lines", "-noinlines"]),
        (&["--trim=false"], &["-trim=false"]),
        (
            &["--show-from", "main", "--unit", "kB"],
            &["-show_from=main", "-unit=kB"],
        ),
        (&["--base", &heap], &["-base", &heap]),
        (
            &["--diff-base", &heap, "--normalize"],
            &["-diff_base", &heap, "-normalize"],
        ),
        (
            &["--compat", "--mean", "--divide-by=3"],
            &["-compat", "-mean", "-divide_by=3"],
        ),
    ] {
        for name in ["top", "tree", "traces"] {
            let mut own = vec![name, &heap];
            own.extend(ours);
            let flag = format!("-{name}");
            let mut others = vec!["pprof", &flag];
            others.extend(theirs);
            others.push(&heap);
            assert_eq!(fathom(&own).fine(), fathom(&others).fine(), "{own:?}");
        }
    }
}

#[test]
fn json_keeps_its_contract() {
    for path in recorded() {
        for arguments in [
            &["top", &path][..],
            &["top", &path, "--interval", "--lines"],
            &["tree", &path],
            &["peek", ".", &path],
            &["traces", &path],
            &["tags", &path],
            &["graph", &path],
            &["graph", &path, "--files", "--trim=false"],
            &["diff", &path, &path],
            &["list", ".", &path],
            &["flame", &path],
            &["flame", &path, "--compare", &path],
        ] {
            let mut arguments = arguments.to_vec();
            arguments.push("--json");
            assert_valid(&json(&arguments));
        }
    }
    let heap = heap();
    let mut document = json(&["top", &heap, "--json"]);
    document["rows"][0]["handle"] = Value::from("k3f9");
    assert!(validate(&document).is_err());
    let mut document = json(&["tree", &heap, "--json"]);
    document["more"] = Value::from(1);
    assert!(validate(&document).is_err());
    // Labels, numbers among them, and calls.
    let folded = b"main;\"a,b\";work 3\nmain;wait 4\n";
    let done = fathom_reading(&["tree", "-", "--json"], folded).fine();
    assert_valid(&serde_json::from_str(&done).unwrap());
}

#[test]
fn csv_says_what_json_says() {
    let heap = heap();
    let table = rows(&fathom(&["top", &heap, "--csv"]).fine());
    let answer = json(&["top", &heap, "--json"]);
    let expected = answer["rows"].as_array().unwrap();
    assert_eq!(table.len(), expected.len());
    for (row, expected) in table.iter().zip(expected) {
        assert_eq!(row["name"], expected["name"].as_str().unwrap());
        assert_eq!(row["handle"], expected["handle"].as_str().unwrap());
        assert_eq!(row["flat"], expected["flat"].to_string());
        assert_eq!(row["unit"], "bytes");
    }
    let with_intervals = fathom(&["top", &heap, "--csv", "--interval"]).fine();
    assert!(
        rows(&with_intervals)[0].contains_key("flat_low"),
        "{with_intervals}"
    );

    let calls = rows(&fathom(&["tree", &heap, "--csv"]).fine());
    let tree = json(&["tree", &heap, "--json"]);
    let entries = tree["entries"].as_array().unwrap();
    let count = |relation: &str| {
        calls
            .iter()
            .filter(|row| row["relation"] == relation)
            .count()
    };
    assert_eq!(count("self"), entries.len());
    let callers = entries
        .iter()
        .map(|entry| entry["callers"].as_array().unwrap().len());
    assert_eq!(count("caller"), callers.sum::<usize>());

    let goroutine = format!("{LEAK}/heap.pb.gz");
    let table = rows(&fathom(&["tags", &goroutine, "--csv"]).fine());
    let keys = json(&["tags", &goroutine, "--json"]);
    let values = keys["keys"].as_array().unwrap().iter();
    let values = values.map(|key| key["values"].as_array().unwrap().len());
    assert_eq!(table.len(), values.sum::<usize>());
    let said = fathom(&["top", &heap, "--json", "--csv"]).failed();
    assert!(said.contains("cannot be used with"), "{said}");
}

#[test]
fn a_handle_leads_from_one_report_to_the_next() {
    let heap = heap();
    let answer = json(&["top", &heap, "--json"]);
    let row = &answer["rows"][0];
    let (name, handle) = (
        row["name"].as_str().unwrap(),
        row["handle"].as_str().unwrap(),
    );
    let text = fathom(&["top", &heap, "--handles"]).fine();
    assert!(text.contains(&format!("  {handle}  {name}")), "{text}");
    let tree = fathom(&["tree", &heap, "--handles"]).fine();
    assert!(tree.contains(&format!("| {name} {handle}\n")), "{tree}");

    let traces = fathom(&["traces", &heap, "--handles"]).fine();
    assert!(
        traces.contains(&format!("   {name} {handle}\n")),
        "{traces}"
    );
    let bare = fathom(&["traces", &heap]).fine();
    assert!(!bare.contains('@'), "{bare}");
    let without: Vec<&str> = traces
        .lines()
        .map(|line| line.split_once(" @").map_or(line, |(name, _)| name))
        .collect();
    assert_eq!(without, bare.lines().collect::<Vec<_>>());

    let peeked = json(&["peek", handle, &heap, "--json"]);
    let entries = peeked["entries"].as_array().unwrap();
    assert_eq!(
        (entries.len(), entries[0]["name"].as_str()),
        (1, Some(name))
    );
    // The same in another profile, in options, in fathom pprof and in its shell.
    let exact = format!("^{}$", name.replace('.', "\\."));
    let focused = fathom(&["top", &heap, "--focus", handle]).fine();
    assert!(focused.contains(&format!("focus={exact}")), "{focused}");
    let peek = format!("-peek={handle}");
    assert_eq!(
        fathom(&["pprof", &peek, &heap]).fine(),
        fathom(&["peek", handle, &heap]).fine()
    );
    let input = format!("peek {handle}\n");
    let done = fathom_reading(&["shell", &heap], input.as_bytes());
    assert!(
        done.stdout.contains(&format!("| {name}\n")),
        "{}",
        done.stdout
    );

    let said = fathom(&["peek", "@zzzzzzzz", &heap]).failed();
    assert!(
        said.contains("no function of the profile has the handle @zzzzzzzz\nhint: "),
        "{said}"
    );
    // To pprof it is a pattern.
    let done = fathom(&["pprof", "-compat", &peek, &heap]);
    assert!(done.stderr.contains("no matches found"), "{}", done.stderr);
}

#[test]
fn results_go_where_output_says() {
    let (heap, folder) = (heap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("out");
    let path = file.to_str().unwrap();
    for (arguments, start) in [
        (&["top", &heap, "-o", path][..], "File: "),
        (&["top", &heap, "-o", path, "--json"], "{\n"),
        (&["tree", &heap, "-o", path, "--csv"], "entry,"),
        (&["graph", &heap, "-o", path, "--format", "dot"], "digraph "),
    ] {
        assert_eq!(fathom(arguments).fine(), "", "{arguments:?}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(start), "{text}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let dot = folder.path().join("graph.dot");
    fathom(&["graph", &heap, "-o", dot.to_str().unwrap()]).fine();
    let piped = fathom(&["graph", &heap, "--format=dot", "-o", "-"]).fine();
    assert_eq!(fs::read_to_string(&dot).unwrap(), piped);
    let said = fathom(&["top", &heap, "-o", "/no/such/folder/out"]).failed();
    assert!(said.contains("cannot write /no/such/folder/out"), "{said}");
}

#[test]
fn several_sources_of_all_kinds_are_one() {
    let (heap, server) = (heap(), serve());
    let total = |arguments: &[&str]| {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        json(&arguments)["total"].as_i64().unwrap()
    };
    let one = total(&["top", &heap]);
    assert_eq!(total(&["top", &heap, &heap, &heap]), 3 * one);
    assert_eq!(total(&["top", &heap, &server.address]), 2 * one);
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("a.fathom");
    let bundle = bundle.to_str().unwrap();
    fathom(&["capture", &heap, "-o", bundle]).fine();
    assert_eq!(total(&["tree", bundle, &heap]), 2 * one);
    let bytes = fs::read(bundle).unwrap();
    let done = fathom_reading(&["top", "-", "--json"], &bytes).fine();
    let answer: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(answer["total"], one);
    // The first of several may be the binary.
    let binary = env!("CARGO_BIN_EXE_fathom");
    let answer = json(&["top", binary, &heap, "--json"]);
    assert_eq!(answer["heading"]["file"], "fathom");
}

#[test]
fn what_cannot_be_read_is_told_and_left_out() {
    let heap = heap();
    let done = fathom(&["top", &heap, "no-such-file"]);
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    assert_eq!(done.stdout, fathom(&["top", &heap]).fine());
    assert!(done.stderr.contains("error: "), "{}", done.stderr);
    assert!(done.stderr.contains("no-such-file"), "{}", done.stderr);
    assert!(
        done.stderr.contains("1 of 2 sources were read"),
        "{}",
        done.stderr
    );
    let said = fathom(&["top", &heap, "no-such-file", "--strict"]).failed();
    assert!(said.contains("no-such-file"), "{said}");
    let said = fathom(&["top", "no-such-file", "nor-this"]).failed();
    assert!(
        said.contains("no-such-file") && said.contains("nor-this"),
        "{said}"
    );
}

#[test]
fn the_environment_may_ask_for_pprofs_own_ways() {
    let heap = heap();
    let mut asked = command(&["top", &heap, "--mean", "--json"]);
    let output = asked.env("FATHOM_PPROF_COMPAT", "1").output().unwrap();
    let by_environment = String::from_utf8(output.stdout).unwrap();
    let by_flag = fathom(&["top", &heap, "--mean", "--json", "--compat"]).fine();
    assert_eq!(by_environment, by_flag);
}
