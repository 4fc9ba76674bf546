//! What a page is given to others without: where files lie.
//!
//! A path is cut to its last name, wherever it stands: a field of its own or a sentence.
//! Names of functions, packages and modules stay; they are what the page is about.

use serde_json::Value;

/// Fields that hold nothing but places of files.
const PLACES: &[&str] = &["origin", "binary", "exe", "file", "files"];

/// Paths that are the same on every machine, and names of metrics that look like paths.
const PUBLIC: &[&str] = &[
    "/proc/",
    "/sys/",
    "/debug/",
    "/gc/",
    "/memory/",
    "/sched/",
    "/cpu/",
    "/sync/",
    "/cgo/",
    "/godebug/",
];

/// Cuts all paths of a value.
pub(super) fn value(value: &mut Value) {
    match value {
        Value::String(string) => {
            let cut = text(string);
            if cut != *string {
                *string = cut;
            }
        }
        Value::Array(all) => all.iter_mut().for_each(self::value),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if PLACES.contains(&name.as_str()) {
                    each_string(field, &|text| last_name(text).to_owned());
                } else {
                    self::value(field);
                }
            }
        }
        _ => {}
    }
}

fn each_string(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(string) => *string = change(string),
        Value::Array(all) => all.iter_mut().for_each(|value| each_string(value, change)),
        // What a file is told by is told by fields.
        Value::Object(_) => self::value(value),
        _ => {}
    }
}

fn last_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Cuts the paths in a text.
pub(super) fn text(text: &str) -> String {
    let is_edge = |character: char| {
        character.is_whitespace()
            || matches!(character, '"' | '\'' | '(' | ')' | '<' | '>' | ',' | '=')
    };
    let mut cut = String::with_capacity(text.len());
    for word in text.split_inclusive(is_edge) {
        let end = word.len()
            - word
                .chars()
                .next_back()
                .filter(|&it| is_edge(it))
                .map_or(0, char::len_utf8);
        let (path, edge) = word.split_at(end);
        cut.push_str(if is_private(path) {
            last_name(path)
        } else {
            path
        });
        cut.push_str(edge);
    }
    cut
}

fn is_private(word: &str) -> bool {
    let is_drive = |rest: &str| rest.starts_with(":\\") || rest.starts_with(":/");
    let has_drive = word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.get(1..).is_some_and(is_drive);
    let is_rooted = word
        .strip_prefix('/')
        .is_some_and(|rest| rest.contains('/'));
    has_drive || (is_rooted && !PUBLIC.iter().any(|prefix| word.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_cut_to_its_last_name() {
        let cases = [
            (
                "main.go:12 in /home/kim/shop/main.go:12, twice",
                "main.go:12 in main.go:12, twice",
            ),
            ("C:\\src\\shop\\main.go:3", "main.go:3"),
            ("<title>/home/kim/x.go</title>", "<title>x.go</title>"),
            ("<use href=\"#a\"/></g>", "<use href=\"#a\"/></g>"),
            ("net/http.(*conn).serve", "net/http.(*conn).serve"),
            ("github.com/kim/shop.main", "github.com/kim/shop.main"),
            (
                "/gc/heap/live:bytes of /proc/1/smaps",
                "/gc/heap/live:bytes of /proc/1/smaps",
            ),
            (
                "http://localhost:6060/debug/pprof/heap",
                "http://localhost:6060/debug/pprof/heap",
            ),
            ("", ""),
        ];
        for (given, wanted) in cases {
            assert_eq!(text(given), wanted);
        }
    }

    #[test]
    fn places_of_files_are_cut_wherever_they_stand() {
        let mut told = json!({
            "heading": { "file": "/opt/shop/bin/orders", "build_id": "a/b" },
            "files": ["", "src/shop/main.go"],
            "rows": [{ "name": "net/http.Serve" }, { "name": "/home/kim/a b.go" }],
        });
        value(&mut told);
        assert_eq!(
            told,
            json!({
                "heading": { "file": "orders", "build_id": "a/b" },
                "files": ["", "main.go"],
                "rows": [{ "name": "net/http.Serve" }, { "name": "a b.go" }],
            })
        );
    }
}
