//! The language of the shell: lines in, requests out. Nothing is read or run here.
//!
//! Google/pprof `internal/driver/interactive.go` is the measure. Beyond it, unless
//! [`Dialect::Pprof`] is asked for: comments, pipes (`top | grep x`), appending (`>>f`),
//! `source FILE`, and names of choices that set their option (`lines`, `cum`).

use std::borrow::Cow;

use fathom_report::command::{self, Command};
use fathom_report::options::{self, Kind, Options, SetError};

use super::super::flags::{go_bool, quote};

/// What begins a comment behind a value.
const VALUE_COMMENT: &str = "//:";

/// Whose language it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Ours.
    Fathom,
    /// That of `go tool pprof`, its errors included.
    Pprof,
}

/// A line, understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Line<'a> {
    /// Nothing to do.
    Nothing,
    /// Set an option.
    Set {
        /// The option's name, or that of one of its choices.
        name: &'a str,
        /// The value; `None` where there was no `=`.
        value: Option<&'a str>,
    },
    /// List the options.
    Options,
    /// End.
    Quit,
    /// Explain a command or option; empty for all.
    Help(Cow<'a, str>),
    /// Run the lines of a file.
    Source(&'a str),
    /// Make a report.
    Report(Request),
}

/// A report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) command: &'static Command,
    pub(crate) argument: Option<String>,
    /// The file, and whether it is appended to.
    pub(crate) file: Option<(String, Write)>,
    /// The shell command that reads the report.
    pub(crate) pipe: Option<String>,
    node_count: Option<i64>,
    by_cum: bool,
    focus: String,
    ignore: String,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Replace,
    Append,
}

/// Why a line means nothing. The texts are those of `go tool pprof` where it has the same
/// rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    #[error("unrecognized command: {}", quote(.0))]
    Unrecognized(String),
    #[error("did you mean: {name}={value}")]
    OptionAsCommand { name: String, value: String },
    #[error("command {0} requires an argument")]
    NeedsArgument(&'static str),
    #[error("unexpected end of line after >")]
    NoFile,
    #[error("unexpected end of line after |")]
    NoPipe,
    #[error("a report goes into a file or through a pipe, not both")]
    FileAndPipe,
    #[error("source needs a file")]
    NoScript,
}

/// Expands the lines that stand for several.
///
/// `kinds` are the names of the profile's sample types: a name alone chooses it, with
/// `total_` before it as a sum, with `mean_` as an average.
pub(crate) fn expand<'a>(line: &'a str, kinds: &[&str]) -> Vec<Cow<'a, str>> {
    let line = line.trim();
    if line == ":" {
        let cleared = ["focus=", "ignore=", "hide=", "tagfocus=", "tagignore="];
        return cleared.map(Cow::Borrowed).to_vec();
    }
    // A later type wins where names collide, as in a table that is filled in order.
    for kind in kinds.iter().rev() {
        let chosen = || Cow::Owned(format!("sample_index={kind}"));
        if line == *kind {
            return vec![chosen()];
        }
        let prefixed = line.strip_suffix(kind);
        match prefixed {
            Some("total_") => return vec![Cow::Borrowed("mean=0"), chosen()],
            Some("mean_") => return vec![Cow::Borrowed("mean=1"), chosen()],
            _ => {}
        }
    }
    vec![Cow::Borrowed(line)]
}

/// Whether a name is that of an option or of one of its choices.
fn is_configurable(name: &str, dialect: Dialect) -> bool {
    match options::find(name).or_else(|| options::spec_of_choice(name)) {
        Some(spec) => !spec.is_ours || (dialect == Dialect::Fathom && spec.name == name),
        None => false,
    }
}

/// Whether a name that is used as a command is taken for an option; pprof overlooks those
/// that have choices.
fn has_help(name: &str, dialect: Dialect) -> bool {
    let has_choices = options::find(name).is_some_and(|spec| spec.kind == Kind::Choice);
    is_configurable(name, dialect) && (dialect == Dialect::Fathom || !has_choices)
}

/// Understands a line.
///
/// # Errors
///
/// When it is no command and sets no option.
pub(crate) fn parse(line: &str, dialect: Dialect) -> Result<Line<'_>, LineError> {
    let ours = dialect == Dialect::Fathom;
    if ours && line.trim_start().starts_with('#') {
        return Ok(Line::Nothing);
    }
    let (name, value) = match line.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value)),
        None => (line.trim(), None),
    };
    if is_configurable(name, dialect) {
        let value = value.map(|value| match value.rfind(VALUE_COMMENT) {
            Some(comment) => value.get(..comment).unwrap_or(value).trim(),
            None => value.trim(),
        });
        return Ok(Line::Set { name, value });
    }
    let (command_line, pipe) = if ours {
        split_pipe(line)?
    } else {
        (line, None)
    };
    let tokens: Vec<&str> = command_line.split_whitespace().collect();
    let Some((&first, rest)) = tokens.split_first() else {
        return if pipe.is_some() {
            Err(LineError::Unrecognized("|".to_owned()))
        } else {
            Ok(Line::Nothing)
        };
    };
    match first {
        "o" | "options" => Ok(Line::Options),
        "exit" | "quit" | "q" => Ok(Line::Quit),
        "help" => Ok(Line::Help(match rest {
            [one] => Cow::Borrowed(*one),
            several => Cow::Owned(several.join(" ")),
        })),
        "source" if ours => {
            let after = command_line.trim_start().strip_prefix(first);
            match after.map(str::trim) {
                Some(file) if !file.is_empty() => Ok(Line::Source(file)),
                _ => Err(LineError::NoScript),
            }
        }
        _ => request(first, rest, pipe, dialect).map(Line::Report),
    }
}

/// Splits `report | command`: the bar stands alone or begins a word, for inside of one
/// it is a regular expression's.
fn split_pipe(line: &str) -> Result<(&str, Option<&str>), LineError> {
    let mut after_space = true;
    for (at, character) in line.char_indices() {
        if character == '|' && after_space {
            let (before, rest) = line.split_at(at);
            let command = rest.strip_prefix('|').unwrap_or(rest).trim();
            return if command.is_empty() {
                Err(LineError::NoPipe)
            } else {
                Ok((before, Some(command)))
            };
        }
        after_space = character.is_whitespace();
    }
    Ok((line, None))
}

/// Finds a command, splitting digits off: `top10` is `top 10`.
fn find_command(word: &str) -> Result<(&'static Command, Option<&str>), &str> {
    if let Some(command) = command::find(word) {
        return Ok((command, None));
    }
    let name = word.trim_end_matches(|character: char| character.is_ascii_digit());
    if name.is_empty() || name == word {
        return Err(word);
    }
    let digits = word.get(name.len()..);
    command::find(name)
        .map(|command| (command, digits))
        .ok_or(name)
}

fn request(
    first: &str,
    rest: &[&str],
    pipe: Option<&str>,
    dialect: Dialect,
) -> Result<Request, LineError> {
    let (command, digits) = match find_command(first) {
        Ok(found) => found,
        Err(name) if has_help(name, dialect) => {
            let digits = first.get(name.len()..).filter(|digits| !digits.is_empty());
            let value = digits.or_else(|| rest.first().copied()).unwrap_or("<val>");
            return Err(LineError::OptionAsCommand {
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
        Err(name) => return Err(LineError::Unrecognized(name.to_owned())),
    };
    let mut words = digits.into_iter().chain(rest.iter().copied());
    let mut request = Request {
        command,
        argument: None,
        file: None,
        pipe: pipe.map(str::to_owned),
        node_count: None,
        by_cum: false,
        focus: String::new(),
        ignore: String::new(),
    };
    if command.argument.is_some() {
        let argument = words.next().ok_or(LineError::NeedsArgument(command.name))?;
        request.argument = Some(argument.to_owned());
    }
    while let Some(word) = words.next() {
        if let Ok(count) = word.parse::<i32>() {
            request.node_count = Some(i64::from(count));
        } else if let Some(file) = word.strip_prefix('>') {
            let (file, write) = match file.strip_prefix('>') {
                Some(file) if dialect == Dialect::Fathom => (file, Write::Append),
                _ => (file, Write::Replace),
            };
            let file = match file {
                "" => words.next().ok_or(LineError::NoFile)?,
                file => file,
            };
            request.file = Some((file.to_owned(), write));
        } else if let Some(pattern) = word.strip_prefix('-') {
            if matches!(word, "-cum" | "--cum") {
                request.by_cum = true;
            } else {
                join(&mut request.ignore, pattern);
            }
        } else {
            join(&mut request.focus, word);
        }
    }
    if request.file.is_some() && request.pipe.is_some() {
        return Err(LineError::FileAndPipe);
    }
    Ok(request)
}

/// Adds a regular expression to others, any of which may match.
fn join(patterns: &mut String, pattern: &str) {
    if !patterns.is_empty() && !pattern.is_empty() {
        patterns.push('|');
    }
    patterns.push_str(pattern);
}

impl Request {
    /// Returns the options of this one report.
    pub(crate) fn options(&self, current: &Options) -> Options {
        let mut options = current.clone();
        if let Some(count) = self.node_count {
            options.nodecount = count;
        }
        if self.by_cum {
            "cum".clone_into(&mut options.sort);
        }
        let (focus, ignore) = if self.command.name == "tags" {
            (&mut options.tagfocus, &mut options.tagignore)
        } else {
            (&mut options.focus, &mut options.ignore)
        };
        if !self.focus.is_empty() {
            self.focus.clone_into(focus);
        }
        if !self.ignore.is_empty() {
            self.ignore.clone_into(ignore);
        }
        if let Some((file, _)) = &self.file {
            file.clone_into(&mut options.output);
        }
        if options.nodecount == -1 && matches!(self.command.name, "text" | "top") {
            options.nodecount = 10;
        }
        options
    }
}

/// Sets an option as a line asks; `kinds` are the names of the sample types.
///
/// # Errors
///
/// Says in pprof's words what is wrong with the value.
pub(crate) fn set(
    options: &mut Options,
    name: &str,
    value: Option<&str>,
    kinds: &[&str],
    dialect: Dialect,
) -> Result<(), String> {
    let Some(spec) = options::find(name) else {
        return set_choice(options, name, value, dialect).map_err(|error| error.to_string());
    };
    let value = match value {
        Some(value) => value,
        None if spec.kind == Kind::Flag => "",
        None => return Err(format!("please specify a value, e.g. {name}=<val>")),
    };
    if name == "sample_index" {
        options.sample_index = sample_kind(value, kinds)?;
        return Ok(());
    }
    spec.set(options, value).map_err(|error| error.to_string())
}

fn set_choice(
    options: &mut Options,
    name: &str,
    value: Option<&str>,
    dialect: Dialect,
) -> Result<(), SetError> {
    let unknown = || SetError::Unknown {
        name: name.to_owned(),
    };
    let spec = options::spec_of_choice(name).ok_or_else(unknown)?;
    let wanted = match value {
        // pprof refuses its own help's way of writing it.
        None => dialect == Dialect::Fathom,
        Some(value) => go_bool(value) == Some(true),
    };
    if !wanted {
        return Err(unknown());
    }
    spec.set(options, name)
}

/// Finds a sample type by name or number, by the rules of pprof's `profile/index.go`,
/// but for the empty name, which is the caller's default.
fn sample_kind(choice: &str, kinds: &[&str]) -> Result<String, String> {
    if choice.is_empty() {
        return Ok(String::new());
    }
    if let Ok(index) = choice.parse::<i64>() {
        let found = usize::try_from(index)
            .ok()
            .and_then(|index| kinds.get(index));
        return found.map(|&kind| kind.to_owned()).ok_or_else(|| {
            let last = i64::try_from(kinds.len()).unwrap_or(i64::MAX) - 1;
            format!("sample_index {choice} is outside the range [0..{last}]")
        });
    }
    let plain = choice.strip_prefix("inuse_").unwrap_or(choice);
    let found = kinds
        .iter()
        .find(|kind| **kind == choice || **kind == plain);
    found.map(|&kind| kind.to_owned()).ok_or_else(|| {
        format!(
            "sample_index {} must be one of: [{}]",
            quote(choice),
            kinds.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAP: [&str; 4] = [
        "alloc_objects",
        "alloc_space",
        "inuse_objects",
        "inuse_space",
    ];

    fn report(line: &str, dialect: Dialect) -> Request {
        match parse(line, dialect) {
            Ok(Line::Report(request)) => request,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// What a line makes of the default options, as `name=value` of all that changed.
    fn changes(line: &str) -> String {
        let request = report(line, Dialect::Pprof);
        let current = Options::default();
        let options = request.options(&current);
        let mut all = vec![request.command.name.to_owned()];
        all.extend(request.argument.clone());
        for spec in options::OPTIONS {
            if spec.get(&options) != spec.get(&current) {
                all.push(format!("{}={}", spec.name, spec.get(&options)));
            }
        }
        all.join(" ")
    }

    #[test]
    fn command_lines_are_those_of_pprof() {
        for (line, expected) in [
            ("top", "top nodecount=10"),
            ("top 5", "top nodecount=5"),
            ("top5", "top nodecount=5"),
            ("text 0", "text nodecount=0"),
            ("top10 3", "top nodecount=3"),
            ("tree", "tree"),
            ("tree 7 a b -c -d", "tree nodecount=7 focus=a|b ignore=c|d"),
            ("top -cum", "top sort=cum nodecount=10"),
            ("top --cum x", "top sort=cum nodecount=10 focus=x"),
            ("top -5 x", "top nodecount=-5 focus=x"),
            ("top -", "top nodecount=10"),
            ("top 99999999999", "top nodecount=10 focus=99999999999"),
            ("top >f", "top output=f nodecount=10"),
            ("top > f g", "top output=f nodecount=10 focus=g"),
            ("top >>f", "top output=>f nodecount=10"),
            ("top 2>x", "top nodecount=10 focus=2>x"),
            ("top | head", "top nodecount=10 focus=||head"),
            ("tags a -b", "tags tagfocus=a tagignore=b"),
            ("list main 3 -x", "list main nodecount=3 ignore=x"),
            ("peek a|b", "peek a|b"),
            ("disasm 0x1000", "disasm 0x1000"),
            ("list5", "list 5"),
            ("top a=b", "top nodecount=10 focus=a=b"),
        ] {
            assert_eq!(changes(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_command_is_told_in_pprofs_words() {
        for (line, text) in [
            ("foo", "unrecognized command: \"foo\""),
            ("foo3", "unrecognized command: \"foo\""),
            ("123", "unrecognized command: \"123\""),
            ("nosuch=3", "unrecognized command: \"nosuch=\""),
            ("lines 5", "did you mean: lines=5"),
            ("focus bar", "did you mean: focus=bar"),
            ("focus bar baz", "did you mean: focus=bar"),
            ("nodecount10", "did you mean: nodecount=10"),
            ("list", "command list requires an argument"),
            ("top3 >", "unexpected end of line after >"),
        ] {
            for dialect in [Dialect::Pprof, Dialect::Fathom] {
                assert_eq!(parse(line, dialect).unwrap_err().to_string(), text);
            }
        }
        let sort = parse("sort cum", Dialect::Pprof).unwrap_err().to_string();
        assert_eq!(sort, "unrecognized command: \"sort\"");
        let sort = parse("sort cum", Dialect::Fathom).unwrap_err().to_string();
        assert_eq!(sort, "did you mean: sort=cum");
        let comment = parse("#x", Dialect::Pprof).unwrap_err().to_string();
        assert_eq!(comment, "unrecognized command: \"#x\"");
        let script = parse("source f", Dialect::Pprof).unwrap_err().to_string();
        assert_eq!(script, "unrecognized command: \"source\"");
    }

    #[test]
    fn words_of_the_shell() {
        let line = |text| parse(text, Dialect::Pprof).unwrap();
        assert_eq!(line(" o "), Line::Options);
        assert_eq!(line("q"), Line::Quit);
        assert_eq!(line("exit now"), Line::Quit);
        assert_eq!(line(""), Line::Nothing);
        assert_eq!(line("help"), Line::Help("".into()));
        assert_eq!(line("help  top"), Line::Help("top".into()));
        assert_eq!(line("help top x"), Line::Help("top x".into()));
        let set = |name, value| Line::Set { name, value };
        assert_eq!(
            line("focus = a b //: hm //: x"),
            set("focus", Some("a b //: hm"))
        );
        assert_eq!(line("trim"), set("trim", None));
        assert_eq!(line("lines=1"), set("lines", Some("1")));
        assert_eq!(line("focus=a=b"), set("focus", Some("a=b")));
    }

    #[test]
    fn beyond_pprof() {
        let ours = |text| parse(text, Dialect::Fathom);
        assert_eq!(ours("  # top"), Ok(Line::Nothing));
        assert_eq!(ours("source my script"), Ok(Line::Source("my script")));
        assert_eq!(ours("source"), Err(LineError::NoScript));
        let piped = report("top 5 main | grep -v 'a | b' >x", Dialect::Fathom);
        assert_eq!(piped.pipe.as_deref(), Some("grep -v 'a | b' >x"));
        assert_eq!((piped.focus.as_str(), piped.file), ("main", None));
        assert_eq!(
            report("top |wc", Dialect::Fathom).pipe.as_deref(),
            Some("wc")
        );
        let alternatives = report("peek a|b", Dialect::Fathom);
        assert_eq!(
            (alternatives.argument.as_deref(), alternatives.pipe),
            (Some("a|b"), None)
        );
        assert_eq!(ours("top |"), Err(LineError::NoPipe));
        assert_eq!(ours("top >x | wc"), Err(LineError::FileAndPipe));
        let appended = report("top >>f", Dialect::Fathom).file;
        assert_eq!(appended, Some(("f".to_owned(), Write::Append)));
        assert_eq!(
            ours("layout=graphviz"),
            Ok(Line::Set {
                name: "layout",
                value: Some("graphviz")
            })
        );
        assert!(parse("layout=graphviz", Dialect::Pprof).is_err());
    }

    #[test]
    fn some_lines_stand_for_several() {
        let expanded = |line| expand(line, &HEAP).join(";");
        assert_eq!(expanded(" : "), "focus=;ignore=;hide=;tagfocus=;tagignore=");
        assert_eq!(expanded("inuse_space"), "sample_index=inuse_space");
        assert_eq!(
            expanded("total_alloc_space"),
            "mean=0;sample_index=alloc_space"
        );
        assert_eq!(
            expanded("mean_alloc_space"),
            "mean=1;sample_index=alloc_space"
        );
        assert_eq!(expanded("top inuse_space"), "top inuse_space");
    }

    #[test]
    fn options_are_set_as_pprof_sets_them() {
        let mut options = Options::default();
        let mut set = |name: &str, value: Option<&str>, dialect| {
            set(&mut options, name, value, &HEAP, dialect)
                .err()
                .unwrap_or_default()
        };
        let pprof = Dialect::Pprof;
        for (name, value, text) in [
            ("lines", None, "unknown config field \"lines\""),
            ("lines", Some("1"), ""),
            ("lines", Some("yes"), "unknown config field \"lines\""),
            ("lines", Some("0"), "unknown config field \"lines\""),
            (
                "granularity",
                Some("foo"),
                "invalid \"granularity\" value \"foo\"",
            ),
            ("sort", None, "please specify a value, e.g. sort=<val>"),
            (
                "nodecount",
                Some("x"),
                "strconv.Atoi: parsing \"x\": invalid syntax",
            ),
            (
                "nodefraction",
                Some("z"),
                "strconv.ParseFloat: parsing \"z\": invalid syntax",
            ),
            (
                "trim",
                Some("maybe"),
                "illegal value \"maybe\" for bool variable",
            ),
            ("trim", None, ""),
            ("mean", Some(""), ""),
            (
                "sample_index",
                Some("foo"),
                "sample_index \"foo\" must be one of: [alloc_objects alloc_space inuse_objects inuse_space]",
            ),
            (
                "sample_index",
                Some("9"),
                "sample_index 9 is outside the range [0..3]",
            ),
            ("sample_index", Some("1"), ""),
        ] {
            assert_eq!(set(name, value, pprof), text, "{name} {value:?}");
        }
        assert_eq!(set("cum", None, Dialect::Fathom), "");
        assert_eq!(options.sort, "cum");
        assert_eq!(options.granularity, "lines");
        assert_eq!(options.sample_index, "alloc_space");
        assert!(options.mean && options.trim);
    }

    #[test]
    fn recorded_lines_are_understood_or_refused() {
        let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/shell");
        let mut count = 0;
        for entry in std::fs::read_dir(seeds).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for line in text.lines() {
                for dialect in [Dialect::Pprof, Dialect::Fathom] {
                    let _ = parse(line, dialect);
                    count += 1;
                }
            }
        }
        assert!(count > 20);
    }
}
