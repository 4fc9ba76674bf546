//! The flame graph as one page that needs nothing else.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use fathom_symbols::names::shortened;
use serde::Serialize;

use super::colour::of_package;
use super::difference::MOST;
use super::head::Unit;
use super::{Direction, Flame, FlameOptions};
use crate::xml::Escaped;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What a reader can do, and with which key.
const KEYS: [(&str, &str); 8] = [
    ("click, Enter", "zoom into a frame"),
    ("Backspace, u", "zoom out to the caller"),
    ("Esc, 0, r", "clear the search, reset the zoom"),
    ("arrows", "go from frame to frame"),
    ("/, f, Ctrl+F", "search: a regular expression"),
    ("i", "turn the graph around"),
    ("?", "this help"),
    ("Tab", "from the search to the graph"),
];

/// Writes a flame graph as an HTML page: one file, nothing is fetched from elsewhere.
///
/// In a browser it zooms by click and keys, searches and says how much matches, tells name,
/// file, flat, cum and shares of each frame, turns around, and is light or dark as the reader
/// prefers. Cost and size grow with the number of frames: some 30 bytes each.
pub fn render_html(flame: &Flame, options: &FlameOptions) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut page, flame, options);
    page
}

fn write(out: &mut String, flame: &Flame, options: &FlameOptions) -> fmt::Result {
    let title = flame.title(options);
    let title = Escaped(&title);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<div class=\"top\"><h1>{title}</h1>\n<div class=\"tools\">\
         <output id=\"matched\" aria-live=\"polite\"></output>\
         <input id=\"search\" type=\"search\" placeholder=\"Search (regular expression)\" \
         aria-label=\"Search\" spellcheck=\"false\" autocomplete=\"off\">\
         <button id=\"reset\" disabled>Reset zoom</button>\
         <button id=\"flip\">Turn around</button>\
         <button id=\"keys\" aria-label=\"Keys\">?</button></div></div>\n\
         <p class=\"about\">"
    )?;
    for line in flame.lines(&options.zone).iter().chain(&flame.notes) {
        write!(out, "<span>{}</span>", Escaped(line))?;
    }
    writeln!(
        out,
        "</p>\n<div id=\"legend\"></div>\n</header>\n\
         <noscript><p class=\"about\">This page draws itself with a script, and scripts are \
         off: the SVG form shows without them.</p></noscript>\n\
         <div id=\"scroll\"><div id=\"sheet\"></div>\
         <canvas id=\"canvas\" tabindex=\"0\" role=\"img\" \
         aria-label=\"Flame graph; the arrow keys go from frame to frame\" \
         aria-describedby=\"status\"></canvas></div>"
    )?;
    gone(out, flame)?;
    writeln!(
        out,
        "<div id=\"status\" aria-live=\"polite\"></div>\n<div id=\"tip\"></div>"
    )?;
    write!(out, "<dialog id=\"help\"><table>")?;
    for (keys, what) in KEYS {
        write!(out, "<tr><td>")?;
        for (place, key) in keys.split(", ").enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(out, "{comma}<kbd>{}</kbd>", Escaped(key))?;
        }
        write!(out, "</td><td>{}</td></tr>", Escaped(what))?;
    }
    writeln!(
        out,
        "</table><form method=\"dialog\"><button>Close</button></form></dialog>\n\
         <script id=\"data\" type=\"application/json\">{}</script>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>",
        data(flame, options)
    )
}

/// The list of what only the base has.
fn gone(out: &mut String, flame: &Flame) -> fmt::Result {
    if flame.gone.is_empty() {
        return Ok(());
    }
    write!(
        out,
        "<details><summary>{}{} only in the base</summary><table>\
         <tr><th>base</th><th>function</th><th>called by</th></tr>",
        // The list ends there.
        if flame.gone.len() == MOST {
            "The heaviest "
        } else {
            ""
        },
        count(flame.gone.len(), "call")
    )?;
    for gone in &flame.gone {
        let callers: Vec<String> = gone.callers.iter().map(|name| shortened(name)).collect();
        write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            Escaped(&flame.format(gone.base)),
            Escaped(&gone.name),
            Escaped(&callers.join(" \u{2190} "))
        )?;
    }
    writeln!(out, "</table></details>")
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// What the script needs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    up: bool,
    total: i64,
    base_total: i64,
    units: Vec<Unit>,
    /// Name, hue, saturation, lightness.
    packages: Vec<(&'a str, u32, u32, u32)>,
    names: Vec<&'a str>,
    short: Vec<String>,
    files: Vec<&'a str>,
    /// By function.
    package: Vec<usize>,
    depth: &'a [u32],
    function: &'a [u32],
    value: &'a [i64],
    own: &'a [i64],
    start: &'a [i64],
    base: &'a [i64],
    /// The frames that are inlined.
    inlined: Vec<usize>,
}

fn data(flame: &Flame, options: &FlameOptions) -> String {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut packages = Vec::new();
    let functions = &flame.functions;
    let package = functions.iter().map(|function| {
        let name = function.package.as_str();
        *places.entry(name).or_insert_with(|| {
            let colour = of_package(name);
            packages.push((name, colour.hue, colour.saturation, colour.lightness));
            packages.len() - 1
        })
    });
    let package = package.collect();
    let inlined = flame.frames.inlined.iter().enumerate();
    let data = Data {
        up: options.direction == Direction::Up,
        total: flame.total,
        base_total: flame.base_total.unwrap_or(0),
        units: flame.units(),
        packages,
        names: functions.iter().map(|it| it.name.as_str()).collect(),
        short: functions.iter().map(|it| shortened(&it.name)).collect(),
        files: functions.iter().map(|it| it.file.as_str()).collect(),
        package,
        depth: &flame.frames.depth,
        function: &flame.frames.function,
        value: &flame.frames.value,
        own: &flame.frames.own,
        start: &flame.frames.start,
        base: &flame.frames.base,
        inlined: inlined
            .filter(|(_, inlined)| **inlined)
            .map(|(frame, _)| frame)
            .collect(),
    };
    // Numbers and texts are always JSON; no text may end the script it stands in.
    let text = serde_json::to_string(&data).unwrap_or_default();
    text.replace('<', "\\u003c")
}
