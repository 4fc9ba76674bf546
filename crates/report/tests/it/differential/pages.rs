//! The page of `weblist`: its markup is our own, its lines and numbers are those of the real
//! tool's.

use std::fmt::Write as _;
use std::path::Path;

use fathom_report::listing::{ListingHead, PageFunction, SourcePage};
use regex::Regex;
use tempfile::TempDir;

use super::listing::{RECORDINGS, is_crash};
use super::machine::Machine;
use super::written::{rich, sourced};
use super::{Compared, Run, assert_same, find, theirs};

/// Makes the page as the real tool does.
fn page(flags: &[&str], path: &Path) -> Result<SourcePage, String> {
    let run = Run::parse(flags);
    let profile = run.load(path);
    let machine = Machine::of_the_tool();
    let pattern = run.argument.expect("a pattern");
    SourcePage::new(&profile, &run.options, pattern, &machine, &machine)
        .map_err(|failure| failure.error.to_string())
}

/// What the page of the real tool says: functions, lines, blocks, inlined calls, instructions.
fn their_records(html: &str) -> String {
    let whole = Regex::new(concat!(
        r#"(?s)<h2>(?<name>.*?)</h2><p class="filename">(?<file>.*?)</p>"#,
        r"|  Total:\s+(?<total>\S+\s+\S+) \(flat, cum\) +(?<percent>\S+)",
        r"|<span class=line> +(?<number>-?\d+)</span> <span class=\w+>  (?<line>.*?) </span>",
        r"|(?<block>⋮)\n",
        r"|<span class=inlinesrc>(?<call>.*?)</span> <span class=unimportant>(?<at>.*?)</span>\n",
        r"| +(?<values>\S+ +\S+) +(?<address>[0-9a-f]+): (?<text>.*?) ",
        r"<span class=unimportant>(?<from>.*?)</span>\n",
    ))
    .expect("a pattern");
    let mut out = String::new();
    for found in whole.captures_iter(html) {
        let text = |name: &str| squeezed(&unescaped(found.name(name).map_or("", |it| it.as_str())));
        let record = if found.name("name").is_some() {
            format!("function {} in {}", text("name"), text("file"))
        } else if found.name("total").is_some() {
            format!("total {} {}", text("total"), text("percent"))
        } else if found.name("number").is_some() {
            format!("line {} {}", text("number"), text("line"))
        } else if found.name("block").is_some() {
            "block".to_owned()
        } else if found.name("call").is_some() {
            format!("call {} {}", text("call"), text("at"))
        } else {
            let (values, address) = (text("values"), text("address"));
            format!("code {values} {address} {} {}", text("text"), text("from"))
        };
        let _ = writeln!(out, "{}", squeezed(&record));
    }
    out
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for (from, to) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#43;", "+"),
        ("&amp;", "&"),
    ] {
        text = text.replace(from, to);
    }
    text
}

/// The words of a text.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn base(path: &str) -> &str {
    path.rsplit('/')
        .next()
        .filter(|it| !it.is_empty())
        .unwrap_or(".")
}

/// The same of ours.
fn our_records(page: &SourcePage) -> String {
    let mut out = String::new();
    for function in &page.functions {
        write_records(&mut out, &page.head, function);
    }
    out
}

fn write_records(out: &mut String, head: &ListingHead, function: &PageFunction) {
    let mut write = |record: String| {
        let _ = writeln!(out, "{}", squeezed(&record));
    };
    let values = |flat, cum| format!("{} {}", head.format_or_dot(flat), head.format_or_dot(cum));
    write(format!("function {} in {}", function.name, function.file));
    write(format!(
        "total {} {} {}",
        head.format(function.flat),
        head.format(function.cum),
        head.percentage(function.cum)
    ));
    for line in &function.lines {
        let unknown = if line.line == 0 {
            "<instructions with unknown line numbers>"
        } else {
            "???"
        };
        let source = line.source.as_ref().map(|it| it.to_text());
        let source = source.as_deref().unwrap_or(unknown);
        write(format!(
            "line {} {} {source}",
            line.line,
            values(line.flat, line.cum)
        ));
        let mut shown = Vec::new();
        let opens = |it: &fathom_report::listing::PageInstruction| {
            it.text.is_some() || !it.calls.is_empty()
        };
        if !line.instructions.iter().any(opens) {
            continue;
        }
        for (place, instruction) in line.instructions.iter().enumerate() {
            if instruction.starts_block && place != 0 {
                write("block".to_owned());
            }
            for (depth, call) in instruction.calls.iter().enumerate() {
                let at = (call.file.clone(), call.line);
                if shown.get(depth) == Some(&at) {
                    continue;
                }
                shown.clear();
                let source = call.source.as_ref().map(|it| it.to_text().into_owned());
                let source = source.unwrap_or_default();
                write(format!("call {source} {}:{}", base(&call.file), call.line));
            }
            shown = instruction
                .calls
                .iter()
                .map(|call| (call.file.clone(), call.line))
                .collect();
            if let Some(text) = &instruction.text {
                let from = if instruction.file.is_empty() {
                    String::new()
                } else {
                    format!("{}:{}", base(&instruction.file), instruction.line)
                };
                write(format!(
                    "code {} {:x} {text} {from}",
                    values(instruction.flat, instruction.cum),
                    instruction.address
                ));
            }
        }
    }
}

/// The lines and instructions to which something fell, each with its place, sorted.
fn by_line(records: &str) -> String {
    let (mut file, mut line) = ("", "");
    let mut out = std::collections::BTreeSet::new();
    for record in records.lines() {
        let (kind, rest) = record.split_once(' ').unwrap_or((record, ""));
        match kind {
            "function" => file = rest.rsplit_once(" in ").map_or("", |(_, file)| file),
            "line" => {
                let (number, values) = rest.split_once(' ').unwrap_or((rest, ""));
                line = number;
                if !values.starts_with(". .") {
                    out.insert(format!("{file}:{line} {values}"));
                }
            }
            "code" if !rest.starts_with(". .") => {
                out.insert(format!("{file}:{line} code {rest}"));
            }
            _ => {}
        }
    }
    out.into_iter().collect::<Vec<_>>().join("\n")
}

/// Compares the pages of both.
///
/// The real tool sorts stretches of code by value and not stably, which decides whose a line is
/// that several functions have inlined; instructions without a binary have no order at all.
/// Where there are many, lines are compared each by itself. Returns the page that could not be
/// compared because the real tool crashed.
fn compare_pages(flags: &[&str], path: &Path, scratch: &TempDir, how: Compared) -> Option<String> {
    let file = scratch.path().join("page.html");
    let output = format!("-output={}", file.display());
    let all: Vec<&str> = flags.iter().copied().chain([output.as_str()]).collect();
    let real = theirs(&all, path);
    let at = format!("{} {}", flags.join(" "), path.display());
    if is_crash(&real.errors) {
        return Some(at);
    }
    match page(flags, path) {
        Ok(page) => {
            assert!(real.is_success, "{at}: {}", real.errors);
            let html = std::fs::read(&file).expect("a page");
            let html = String::from_utf8_lossy(&html);
            let (ours, theirs) = (our_records(&page), their_records(&html));
            match how {
                Compared::Exactly => assert_same(&ours, &theirs, &at),
                Compared::Sorted => assert_same(&by_line(&ours), &by_line(&theirs), &at),
            }
            let own = page.render_html(&jiff::tz::TimeZone::UTC);
            assert!(own.ends_with("</html>\n"), "{at}");
            for tag in [
                "details", "summary", "div", "span", "section", "p", "a", "button",
            ] {
                let opened = own.matches(&format!("<{tag} ")).count()
                    + own.matches(&format!("<{tag}>")).count();
                let closed = own.matches(&format!("</{tag}>")).count();
                assert_eq!(opened, closed, "{at}: {tag}");
            }
        }
        Err(error) => {
            assert!(!real.is_success, "{at}: {error}");
            let last = real.errors.lines().last().unwrap_or_default();
            assert_eq!(error, last, "{at}");
        }
    }
    None
}

#[test]
fn pages_of_the_compiler() {
    let scratch = TempDir::new().expect("a scratch directory");
    let (mut crashes, mut pages) = (Vec::new(), 0);
    for recording in &*RECORDINGS {
        let source = recording.source_flag.as_str();
        let mut compare = |flags: &[&str], path: &Path, how| {
            pages += 1;
            crashes.extend(compare_pages(flags, path, &scratch, how));
        };
        for flags in [
            &["-weblist=regAllocState..(regalloc|allocReg|init)$", source][..],
            &["-weblist=ssa/deadcode.go", source, "-divide_by=2"],
            &["-weblist=scanobject|greyobject", source, "-noinlines"],
            &["-weblist=runtime.mallocgc$", source, "-mean"],
        ] {
            compare(flags, &recording.cpu, Compared::Sorted);
        }
        for flags in [
            &["-weblist=^runtime.memmove$"][..],
            &["-weblist=scanobject", source, "-intel_syntax"],
            &["-weblist=0x40", source],
            &["-weblist=nothing of the kind"],
        ] {
            compare(flags, &recording.cpu, Compared::Exactly);
        }
        let growing = ["-weblist=growslice", source];
        compare(&growing, &recording.heap, Compared::Sorted);
    }
    assert!(
        crashes.len() <= 2,
        "{} of {pages}: {crashes:?}",
        crashes.len()
    );
}

#[test]
fn pages_without_binaries() {
    let scratch = TempDir::new().expect("a scratch directory");
    let at = scratch.path();
    for path in [rich(at), sourced(at)] {
        for flags in [
            &["-weblist=main"][..],
            &["-weblist=walk|gone|unclean"],
            &["-weblist=service"],
            &["-weblist=0x1010", "-unit=auto"],
        ] {
            let crash = compare_pages(flags, &path, &scratch, Compared::Sorted);
            assert_eq!(crash, None);
        }
    }
    for path in find(|name| name == "profile.pb.gz") {
        let crash = compare_pages(&["-weblist=main"], &path, &scratch, Compared::Sorted);
        assert_eq!(crash, None);
    }
}
