//! Regular expressions as `go tool pprof` takes them.
//!
//! Filters are written for Go's `regexp` (RE2 syntax), and people paste them between
//! tools. The `regex` crate is a close relative; [`compile`] rewrites what it spells
//! otherwise:
//!
//! | in Go | here |
//! |---|---|
//! | `\d`, `\s`, `\w`, `\b` and their negations are ASCII | written out as ASCII classes |
//! | `\Q…\E` quotes | the quoted text is escaped |
//! | `{` that begins no repetition is itself | escaped |
//! | `[`, `&&`, `--`, `~~` inside a class are themselves | escaped |
//! | `(?x)` does not exist | refused by Go, taken here |
//! | `\C` (one byte) is refused | refused as well |
//!
//! Matching is unanchored, and of leftmost-first alternatives only the fact of a match
//! counts, so both engines agree on which text matches.

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};

use crate::Error;

/// Compiles a pattern in Go's syntax; `option` is the flag it came with.
///
/// # Errors
///
/// [`Error::Pattern`] with the option's name when the pattern does not parse.
pub fn compile(option: &'static str, pattern: &str) -> Result<Regex, Error> {
    RegexBuilder::new(&translate(pattern))
        .build()
        .map_err(|error| Error::Pattern {
            option,
            reason: short_reason(&error),
        })
}

/// The last line of the engine's message: the ones before draw the translated pattern.
fn short_reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut class = Class::Outside;
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        match (first, class) {
            ('\\', _) => taken = escape(rest, class, &mut out),
            ('[', Class::Outside) => {
                class = Class::Inside;
                taken = class_start(rest, &mut out);
            }
            ('[', Class::Inside) => {
                taken = posix_class(rest).unwrap_or(0);
                if taken == 0 {
                    out.push_str("\\[");
                    taken = 1;
                } else {
                    out.push_str(rest.get(..taken).unwrap_or_default());
                }
            }
            (']', Class::Inside) => {
                class = Class::Outside;
                out.push(']');
            }
            ('&' | '~', Class::Inside) => {
                out.push('\\');
                out.push(first);
            }
            ('-', Class::Inside) if rest.starts_with("--") => out.push_str("\\-"),
            ('{', Class::Outside) if !is_repetition(rest) => out.push_str("\\{"),
            _ => out.push(first),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    Inside,
}

/// Rewrites the escape at the head of `rest`; returns how many bytes it took.
fn escape(rest: &str, class: Class, out: &mut String) -> usize {
    let Some(letter) = rest.chars().nth(1) else {
        out.push('\\');
        return 1;
    };
    let inside = class == Class::Inside;
    match letter {
        'd' => out.push_str(if inside { "0-9" } else { "[0-9]" }),
        's' => out.push_str(if inside {
            "\\t\\n\\f\\r "
        } else {
            "[\\t\\n\\f\\r ]"
        }),
        'w' => out.push_str(if inside { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
        'D' => out.push_str("[^0-9]"),
        'S' => out.push_str("[^\\t\\n\\f\\r ]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'b' if !inside => out.push_str("(?-u:\\b)"),
        'B' if !inside => out.push_str("(?-u:\\B)"),
        'Q' if !inside => {
            let quoted = rest.get(2..).unwrap_or_default();
            let (text, taken) = match quoted.find("\\E") {
                Some(end) => (quoted.get(..end).unwrap_or_default(), end + 4),
                None => (quoted, rest.len()),
            };
            out.push_str(&regex::escape(text));
            return taken;
        }
        'E' if !inside => {}
        _ => {
            let _ = write!(out, "\\{letter}");
        }
    }
    1 + letter.len_utf8()
}

/// Copies `[`, a negation and a leading `]`; returns how many bytes they took.
fn class_start(rest: &str, out: &mut String) -> usize {
    let mut taken = 1;
    out.push('[');
    if rest.get(taken..).is_some_and(|tail| tail.starts_with('^')) {
        out.push('^');
        taken += 1;
    }
    if rest.get(taken..).is_some_and(|tail| tail.starts_with(']')) {
        out.push_str("\\]");
        taken += 1;
    }
    taken
}

/// The length of `[:name:]` at the head of `rest`.
fn posix_class(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix("[:")?;
    let end = body.find(":]")?;
    let name = body.get(..end)?;
    let name = name.strip_prefix('^').unwrap_or(name);
    let known = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
    known.then_some(end + 4)
}

/// Whether the `{` at the head of `rest` begins `{n}`, `{n,}` or `{n,m}`.
fn is_repetition(rest: &str) -> bool {
    let Some((body, _)) = rest.strip_prefix('{').and_then(|tail| tail.split_once('}')) else {
        return false;
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (low, high) = body.split_once(',').unwrap_or((body, ""));
    !low.is_empty() && digits(low) && digits(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile("focus", pattern).unwrap().is_match(text)
    }

    #[test]
    fn classes_are_ascii() {
        assert!(matches(r"^\w+$", "main_1"));
        assert!(!matches(r"^\w+$", "größe"));
        assert!(!matches(r"\d", "٣"));
        assert!(matches(r"^[\d.]+$", "1.2"));
        assert!(matches(r"^\W$", "é"));
        assert!(matches(r"\bmain\b", "é main.f"));
    }

    #[test]
    fn names_of_go_functions_match_as_written() {
        assert!(matches(r"main\.\(\*T\)\.Run", "main.(*T).Run"));
        assert!(matches(r"\Qmain.(*T).Run\E$", "main.(*T).Run"));
        assert!(matches("main.f[[]", "main.f[...]"));
        assert!(matches("struct{", "struct{ int }"));
        assert!(matches("a{,2}", "a{,2}"));
        assert!(matches("^a{2}$", "aa"));
        assert!(matches("[[:alpha:]&&]x", "&x"));
        assert!(matches("^[]a]+$", "]a"));
        assert!(matches("(?i)MAIN", "main.f"));
    }

    #[test]
    fn a_bad_pattern_names_its_option() {
        let error = compile("ignore", "main.(").unwrap_err();
        assert_eq!(error.to_string(), "parsing ignore regexp: unclosed group");
    }
}
