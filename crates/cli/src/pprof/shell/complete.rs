//! What could stand where the cursor is: commands, options, choices, functions.

use fathom_report::command::{self, COMMANDS};
use fathom_report::options::{self, Kind, OPTIONS};

/// Words of the shell that are neither commands nor options.
const WORDS: [&str; 7] = ["exit", "help", "o", "options", "q", "quit", "source"];

/// Most functions that are offered; more are no choice.
const MOST_FUNCTIONS: usize = 400;

/// What could replace the text from `start` to the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Completion {
    pub(crate) start: usize,
    pub(crate) candidates: Vec<Candidate>,
}

/// One possibility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// What is listed.
    pub(crate) shown: String,
    /// What is written.
    pub(crate) written: String,
}

impl Candidate {
    fn plain(text: &str) -> Self {
        Self {
            shown: text.to_owned(),
            written: text.to_owned(),
        }
    }
}

/// The names that a profile has.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// Functions, sorted, each once.
    pub(crate) functions: Vec<String>,
    /// Sample types.
    pub(crate) kinds: Vec<String>,
    /// Keys of labels.
    pub(crate) labels: Vec<String>,
}

/// Completes the text before the cursor.
///
/// The rules are those of pprof's completer, which its own shell does not use
/// (`internal/driver/interactive.go`): a first word by its beginning, capitals or not;
/// later words of a command as a part of a function's name, a hyphen before it kept.
pub(crate) fn complete(before: &str, names: &Names) -> Completion {
    let start = before.rfind(char::is_whitespace).map_or(0, |at| {
        at + before
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(1, char::len_utf8)
    });
    let (earlier, word) = before.split_at(start);
    let earlier: Vec<&str> = earlier.split_whitespace().collect();
    let (start, candidates) = match earlier.as_slice() {
        [] => match word.split_once('=') {
            Some((name, value)) => (start + name.len() + 1, values(name, value, names)),
            None => (start, first_words(word, names)),
        },
        ["help", ..] => (start, topics(word)),
        // `focus = x` has spaces.
        [name, "="] => (start, values(name, word, names)),
        [name, ..] => {
            let name = name.trim_end_matches(|character: char| character.is_ascii_digit());
            match command::find(name) {
                Some(command) if command.name != "tags" => {
                    let hyphen = usize::from(word.starts_with('-'));
                    let part = word.get(hyphen..).unwrap_or_default();
                    (start + hyphen, functions(part, names))
                }
                _ => (start, Vec::new()),
            }
        }
    };
    Completion { start, candidates }
}

fn first_words(word: &str, names: &Names) -> Vec<Candidate> {
    let lower = word.to_lowercase();
    let mut found = topics(word);
    found.extend(
        names
            .kinds
            .iter()
            .filter(|kind| kind.starts_with(&lower))
            .map(|kind| Candidate::plain(kind)),
    );
    // An option that needs a value is written with its sign.
    for candidate in &mut found {
        let needs_value =
            options::find(&candidate.shown).is_some_and(|spec| spec.kind != Kind::Flag);
        if needs_value {
            candidate.written.push('=');
        }
    }
    found
}

/// Everything that has a name and help.
fn topics(word: &str) -> Vec<Candidate> {
    let lower = word.to_lowercase();
    let commands = COMMANDS.iter().map(|command| command.name);
    let options = OPTIONS.iter().map(|spec| spec.name);
    let with_flags = OPTIONS.iter().filter(|spec| !spec.is_ours);
    let choices = with_flags
        .flat_map(|spec| spec.choices)
        .map(|choice| choice.name);
    let mut found: Vec<&str> = commands
        .chain(options)
        .chain(choices)
        .chain(WORDS)
        .filter(|name| name.starts_with(&lower))
        .collect();
    found.sort_unstable();
    found.into_iter().map(Candidate::plain).collect()
}

fn values(name: &str, value: &str, names: &Names) -> Vec<Candidate> {
    let name = name.trim();
    let Some(spec) = options::find(name) else {
        return Vec::new();
    };
    let starting = |known: &mut dyn Iterator<Item = &str>| -> Vec<Candidate> {
        known
            .filter(|known| known.starts_with(value))
            .map(Candidate::plain)
            .collect()
    };
    match (spec.kind, name) {
        (Kind::Flag, _) => starting(&mut ["false", "true"].into_iter()),
        (Kind::Choice, _) => starting(&mut spec.choices.iter().map(|choice| choice.name)),
        (Kind::Text, "sample_index") => starting(&mut names.kinds.iter().map(String::as_str)),
        (Kind::Text, "unit") => starting(
            &mut [
                "auto", "minimum", "B", "kB", "MB", "GB", "ns", "us", "ms", "s",
            ]
            .into_iter(),
        ),
        (Kind::Text, "tagfocus" | "tagignore" | "tagshow" | "taghide" | "tagroot" | "tagleaf") => {
            starting(&mut names.labels.iter().map(String::as_str))
        }
        (Kind::Text, "focus" | "ignore" | "hide" | "show" | "show_from" | "prune_from") => {
            functions(value, names)
        }
        _ => Vec::new(),
    }
}

/// Functions with a part of their name; written so that they match as patterns.
fn functions(part: &str, names: &Names) -> Vec<Candidate> {
    // A name that was completed before has its signs escaped.
    let plain = part.replace('\\', "");
    let found = names.functions.iter().filter(|name| name.contains(&plain));
    found
        .take(MOST_FUNCTIONS)
        .map(|name| Candidate {
            shown: name.clone(),
            written: escaped(name),
        })
        .collect()
}

/// Escapes what a regular expression would read; dots are left, which match themselves.
/// Spaces would end the word.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            ' ' => text.push('.'),
            '(' | ')' | '[' | ']' | '{' | '}' | '*' | '+' | '?' | '|' | '^' | '$' | '\\' => {
                text.push('\\');
                text.push(character);
            }
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let text = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Names {
            functions: text(&["main.(*T).run", "main.main", "net/http.serve"]),
            kinds: text(&["inuse_space", "alloc_space"]),
            labels: text(&["request"]),
        }
    }

    /// The line after the only candidate, or the number of candidates.
    fn completed(line: &str) -> String {
        let completion = complete(line, &names());
        match completion.candidates.as_slice() {
            [only] => format!("{}{}", &line[..completion.start], only.written),
            several => format!("{} candidates", several.len()),
        }
    }

    #[test]
    fn words_are_completed_by_place() {
        for (line, expected) in [
            // First words by their beginning.
            ("call_", "call_tree"),
            ("NODEC", "nodecount="),
            ("hid", "hide="),
            ("wei", "0 candidates"),
            ("webl", "weblist"),
            ("addr", "addresses"),
            ("inuse", "inuse_space"),
            ("to", "2 candidates"),
            // Later words are parts of functions.
            ("top main.main", "top main.main"),
            ("top serve", "top net/http.serve"),
            ("top 3 -serve", "top 3 -net/http.serve"),
            ("top main", "2 candidates"),
            ("list T", "list main.\\(\\*T\\).run"),
            ("list main.\\(\\*T\\).r", "list main.\\(\\*T\\).run"),
            ("tags serve", "0 candidates"),
            ("nosuch serve", "0 candidates"),
            ("help gran", "help granularity"),
            // Values of options.
            ("granularity=ad", "granularity=addresses"),
            ("sample_index=al", "sample_index=alloc_space"),
            ("focus=serve", "focus=net/http.serve"),
            ("trim=f", "trim=false"),
            ("tagfocus=re", "tagfocus=request"),
            ("nodecount=", "0 candidates"),
        ] {
            assert_eq!(completed(line), expected, "{line}");
        }
        assert!(complete("", &names()).candidates.len() > 50);
    }
}
