//! `fathom flame`: files that stand for themselves, differences, formats.

use crate::pprof::heap;
use crate::{fathom, fathom_reading, json};

const OLD: &[u8] = b"main;work;parse 30\nmain;work 10\nmain;gone 5\n";
const NEW: &[u8] = b"main;work;parse 70\nmain;work 10\nmain;fresh 3\n";

#[test]
fn a_page_needs_nothing_beside_it() {
    let page = fathom_reading(&["flame", "-", "--title", "a <b> & c"], NEW).fine();
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"));
    for name in ["parse", "fresh", "a &lt;b&gt; &amp; c"] {
        assert!(page.contains(name), "{name}");
    }
    for reference in ["src=\"http", "href=\"http", "url(http", "@import", "<link"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn the_output_names_the_format() {
    let folder = tempfile::tempdir().unwrap();
    for (name, beginning) in [("f.svg", "<svg"), ("f.html", "<!")] {
        let path = folder.path().join(name);
        fathom(&["flame", &heap(), "-o", path.to_str().unwrap()]).fine();
        let text = std::fs::read_to_string(path).unwrap();
        let text = text.trim_start_matches(|first| first != '<');
        let start = if text.starts_with("<?xml") {
            text.find("<svg").map_or(text, |at| &text[at..])
        } else {
            text
        };
        assert!(start.starts_with(beginning), "{name}: {text:.80}");
    }
    let svg = fathom_reading(&["flame", "-", "--format", "svg"], NEW).fine();
    assert!(svg.contains("<svg") && svg.contains("fresh"));
}

#[test]
fn a_comparison_has_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (
        folder.path().join("old.folded"),
        folder.path().join("new.folded"),
    );
    std::fs::write(&old, OLD).unwrap();
    std::fs::write(&new, NEW).unwrap();
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    let flame = json(&["flame", new, "--compare", old, "--json"]);
    assert_eq!(flame["total"], 83);
    assert_eq!(flame["base_total"], 45);
    assert_eq!(flame["gone"][0]["name"], "gone");
    assert_eq!(flame["gone"][0]["base"], 5);
    let names: Vec<&str> = flame["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|function| function["name"].as_str().unwrap())
        .collect();
    let frames = &flame["frames"];
    let of = |name: &str, column: &str| {
        let function = names.iter().position(|known| *known == name).unwrap();
        let column_of_functions = frames["function"].as_array().unwrap();
        let mut places = column_of_functions.iter();
        let place = places.position(|it| it.as_u64() == Some(function as u64));
        frames[column][place.unwrap()].as_i64().unwrap()
    };
    assert_eq!((of("parse", "value"), of("parse", "base")), (70, 30));
    assert_eq!((of("work", "own"), of("work", "base_own")), (10, 10));
    assert_eq!((of("fresh", "value"), of("fresh", "base")), (3, 0));
    // Scaled to the 45 of before: 70 of 83 become 37 or 38.
    let scaled = json(&["flame", new, "--compare", old, "--normalize", "--json"]);
    assert!((44..=45).contains(&scaled["total"].as_i64().unwrap()));
}
