//! Flags in the syntax of Go's package `flag`, made of the tables of commands and
//! options.
//!
//! A flag is `-x` or `--x`; a value follows `=` or is the next argument; a flag that is
//! yes or no takes its value after `=` alone. The first argument that is no flag ends
//! them, as does `--` (Go 1.27, `src/flag/flag.go`).

use fathom_report::command::COMMANDS;
use fathom_report::options::{self, OPTIONS};

/// What a flag holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Yes or no.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Real,
    /// A text.
    Text,
    /// Texts, one each time that the flag is given.
    Texts,
}

/// A flag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag {
    /// Its name without hyphens.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) holds: Holds,
    /// What it does, one line.
    pub(crate) help: &'static str,
    /// Whether `go tool pprof` does not have it.
    pub(crate) is_ours: bool,
}

const fn flag(name: &'static str, holds: Holds, help: &'static str) -> Flag {
    Flag {
        name,
        holds,
        help,
        is_ours: false,
    }
}

const fn own(name: &'static str, holds: Holds, help: &'static str) -> Flag {
    Flag {
        is_ours: true,
        ..flag(name, holds, help)
    }
}

/// Flags that are neither commands nor options: where profiles come from, what is done
/// to them at first. The names are those of google/pprof `internal/driver/cli.go`.
pub(crate) static SOURCE_FLAGS: &[Flag] = &[
    flag(
        "base",
        Holds::Texts,
        "Subtract this profile: what was added since",
    ),
    flag(
        "diff_base",
        Holds::Texts,
        "Compare with this profile; percentages are of it",
    ),
    flag(
        "seconds",
        Holds::Int,
        "Ask a server for a profile of so many seconds",
    ),
    flag(
        "timeout",
        Holds::Int,
        "Wait at most so many seconds for a server",
    ),
    flag(
        "symbolize",
        Holds::Text,
        "Where names come from: none, local, fastlocal, remote; force; demangle=full, templates, none; joined by colons",
    ),
    flag(
        "buildid",
        Holds::Text,
        "The build id of the first binary, if the profile has none",
    ),
    flag(
        "add_comment",
        Holds::Text,
        "Add a comment to the profile; -comments prints it",
    ),
    flag(
        "all_frames",
        Holds::Bool,
        "Keep the frames that the profile itself wants dropped",
    ),
    flag(
        "tools",
        Holds::Text,
        "Nothing: binaries are read without help of other programs",
    ),
    flag(
        "http",
        Holds::Text,
        "Serve a web interface at this host:port",
    ),
    flag("no_browser", Holds::Bool, "With -http: open no browser"),
    flag("tls_cert", Holds::Text, "Present this certificate (PEM)"),
    flag("tls_key", Holds::Text, "The key of -tls_cert (PEM)"),
    flag(
        "tls_ca",
        Holds::Text,
        "Trust these authorities (PEM) instead of the system's",
    ),
    own(
        "header",
        Holds::Texts,
        "Send a header, 'Name: value', to servers",
    ),
    own(
        "user",
        Holds::Text,
        "User and password, me:secret; better in FATHOM_USER",
    ),
    own(
        "bearer",
        Holds::Text,
        "A token of bearer authentication; better in FATHOM_BEARER",
    ),
    own(
        "debuginfod",
        Holds::Bool,
        "Ask the servers of DEBUGINFOD_URLS for binaries and debug information",
    ),
    own(
        "profile",
        Holds::Text,
        "The profile to take from a bundle, folder, pid or host:port: heap, goroutine, ...",
    ),
];

/// Flags that choose a sample type, in the order in which the first one wins.
pub(crate) static SELECTORS: &[(Flag, &str)] = &[
    (
        flag("total_delay", Holds::Bool, "Same as -sample_index=delay"),
        "delay",
    ),
    (
        flag(
            "mean_delay",
            Holds::Bool,
            "Same as -mean -sample_index=delay",
        ),
        "delay",
    ),
    (
        flag(
            "contentions",
            Holds::Bool,
            "Same as -sample_index=contentions",
        ),
        "contentions",
    ),
    (
        flag(
            "inuse_space",
            Holds::Bool,
            "Same as -sample_index=inuse_space",
        ),
        "inuse_space",
    ),
    (
        flag(
            "inuse_objects",
            Holds::Bool,
            "Same as -sample_index=inuse_objects",
        ),
        "inuse_objects",
    ),
    (
        flag(
            "alloc_space",
            Holds::Bool,
            "Same as -sample_index=alloc_space",
        ),
        "alloc_space",
    ),
    (
        flag(
            "alloc_objects",
            Holds::Bool,
            "Same as -sample_index=alloc_objects",
        ),
        "alloc_objects",
    ),
];

/// Returns all flags: those above, one for each command, option and choice.
pub(crate) fn all() -> Vec<Flag> {
    let mut flags = SOURCE_FLAGS.to_vec();
    flags.extend(SELECTORS.iter().map(|(flag, _)| *flag));
    for command in COMMANDS {
        let holds = match command.argument {
            Some(_) => Holds::Text,
            None => Holds::Bool,
        };
        flags.push(flag(command.name, holds, command.help));
    }
    for option in OPTIONS {
        let holds = match option.kind {
            options::Kind::Flag => Holds::Bool,
            options::Kind::Number => Holds::Int,
            options::Kind::Real => Holds::Real,
            // A flag for each choice, as pprof has it; ours are given by name.
            options::Kind::Choice if !option.is_ours => {
                let choices = option.choices.iter();
                flags.extend(choices.map(|choice| flag(choice.name, Holds::Bool, choice.help)));
                continue;
            }
            _ => Holds::Text,
        };
        flags.push(Flag {
            is_ours: option.is_ours,
            ..flag(option.name, holds, option.summary())
        });
    }
    flags
}

/// What keeps arguments from being understood. The texts are those of Go's `flag`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FlagError {
    /// Help was asked for.
    #[error("flag: help requested")]
    Help,
    /// A hyphen too many, or no name.
    #[error("bad flag syntax: {argument}")]
    Syntax {
        /// The argument.
        argument: String,
    },
    /// There is no such flag.
    #[error("flag provided but not defined: -{name}")]
    Undefined {
        /// Its name.
        name: String,
    },
    /// The arguments end where a value should be.
    #[error("flag needs an argument: -{name}")]
    NeedsArgument {
        /// The flag.
        name: String,
    },
    /// The value of a flag that is yes or no is neither.
    #[error("invalid boolean value {} for -{name}: parse error", quote(value))]
    Bool {
        /// The flag.
        name: String,
        /// The value.
        value: String,
    },
    /// The value is not a number.
    #[error("invalid value {} for flag -{name}: {reason}", quote(value))]
    Number {
        /// The flag.
        name: String,
        /// The value.
        value: String,
        /// What Go's `flag` says of it.
        reason: &'static str,
    },
}

/// The value of a flag.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
}

/// The arguments, understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Given {
    values: Vec<(&'static str, Value)>,
    /// What follows the flags.
    pub(crate) rest: Vec<String>,
}

impl Given {
    fn last(&self, name: &str) -> Option<&Value> {
        let mut values = self.values.iter().rev();
        values
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Whether a flag was given and its last value is yes.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        matches!(self.last(name), Some(Value::Bool(true)))
    }

    /// The last whole number of a flag.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.last(name)? {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The last text of a flag; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.last(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// All texts of a flag, in order, empty ones left out.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let named = self.values.iter().filter(|(known, _)| *known == name);
        named
            .filter_map(|(_, value)| match value {
                Value::Text(text) if !text.is_empty() => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    /// The last value of an option's flag, as the option reads it; `None` if the flag
    /// was not given.
    pub(crate) fn option_text(&self, name: &str) -> Option<String> {
        Some(match self.last(name)? {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Real(value) => value.to_string(),
            Value::Text(text) => text.clone(),
        })
    }
}

/// Understands the arguments.
///
/// # Errors
///
/// The first argument that is wrong, or the wish for help.
pub(crate) fn parse(arguments: &[String]) -> Result<Given, FlagError> {
    let flags = all();
    let mut given = Given::default();
    let mut left = arguments.iter();
    while let Some(argument) = left.clone().next() {
        let Some(after) = argument.strip_prefix('-').filter(|after| !after.is_empty()) else {
            break;
        };
        left.next();
        let name = match after.strip_prefix('-') {
            Some("") => break,
            Some(name) => name,
            None => after,
        };
        if name.starts_with(['-', '=']) {
            return Err(FlagError::Syntax {
                argument: argument.clone(),
            });
        }
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
            return Err(match name {
                "help" | "h" => FlagError::Help,
                _ => FlagError::Undefined {
                    name: name.to_owned(),
                },
            });
        };
        let value = match (value, flag.holds) {
            (Some(value), _) => value,
            (None, Holds::Bool) => "true",
            (None, _) => left.next().ok_or_else(|| FlagError::NeedsArgument {
                name: name.to_owned(),
            })?,
        };
        given.values.push((flag.name, read(flag, value)?));
    }
    given.rest = left.cloned().collect();
    Ok(given)
}

fn read(flag: &Flag, text: &str) -> Result<Value, FlagError> {
    let wrong = |reason: &'static str| FlagError::Number {
        name: flag.name.to_owned(),
        value: text.to_owned(),
        reason,
    };
    Ok(match flag.holds {
        Holds::Bool => Value::Bool(go_bool(text).ok_or_else(|| FlagError::Bool {
            name: flag.name.to_owned(),
            value: text.to_owned(),
        })?),
        Holds::Int => Value::Int(go_int(text).map_err(wrong)?),
        Holds::Real => Value::Real(go_real(text).map_err(wrong)?),
        Holds::Text | Holds::Texts => Value::Text(text.to_owned()),
    })
}

/// Reads yes or no as Go's `strconv.ParseBool`.
pub(crate) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

const SYNTAX: &str = "parse error";
const RANGE: &str = "value out of range";

/// Reads a whole number as Go's `strconv.ParseInt` with base 0: prefixes and underscores
/// between digits are allowed.
fn go_int(text: &str) -> Result<i64, &'static str> {
    let (negative, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if let Some(digits) = lower.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        (8, digits)
    } else {
        (10, lower.as_str())
    };
    // An underscore stands between digits, or after the prefix.
    let stray = digits.ends_with('_') || digits.contains("__");
    if stray || (radix == 10 && digits.starts_with('_')) {
        return Err(SYNTAX);
    }
    let mut value: i128 = 0;
    let mut any = false;
    for character in digits.chars().filter(|character| *character != '_') {
        let digit = character.to_digit(radix).ok_or(SYNTAX)?;
        any = true;
        value = value
            .saturating_mul(i128::from(radix))
            .saturating_add(i128::from(digit));
    }
    if !any {
        return Err(SYNTAX);
    }
    i64::try_from(if negative { -value } else { value }).map_err(|_| RANGE)
}

/// Reads a number as Go's `strconv.ParseFloat`, but for hexadecimal ones with
/// underscores.
fn go_real(text: &str) -> Result<f64, &'static str> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = unsigned
        .strip_prefix("0x")
        .or_else(|| unsigned.strip_prefix("0X"))
    {
        let value = hexadecimal(digits).ok_or(SYNTAX)?;
        return Ok(if text.starts_with('-') { -value } else { value });
    }
    let value: f64 = text.parse().map_err(|_| SYNTAX)?;
    let said_infinite = unsigned.to_ascii_lowercase().starts_with("inf");
    if value.is_infinite() && !said_infinite {
        return Err(RANGE);
    }
    Ok(value)
}

/// Reads `1.8p-3`: hexadecimal digits and the power of two that Go demands.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, power) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0_f64;
    for character in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(character.to_digit(16)?);
    }
    let power: i32 = power.parse().ok()?;
    let shift = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(value * 2.0_f64.powi(power.saturating_sub(shift)))
}

/// Quotes a text as Go's `%q`.
pub(crate) fn quote(text: &str) -> String {
    use std::fmt::Write as _;
    let mut quoted = String::from('"');
    for character in text.chars() {
        // Writing to a string does not fail.
        let _ = match character {
            '"' | '\\' => write!(quoted, "\\{character}"),
            '\n' => quoted.write_str("\\n"),
            '\t' => quoted.write_str("\\t"),
            '\r' => quoted.write_str("\\r"),
            '\u{7}' => quoted.write_str("\\a"),
            '\u{8}' => quoted.write_str("\\b"),
            '\u{b}' => quoted.write_str("\\v"),
            '\u{c}' => quoted.write_str("\\f"),
            _ if character < ' ' || character == '\u{7f}' => {
                write!(quoted, "\\x{:02x}", u32::from(character))
            }
            _ if character.is_control() => write!(quoted, "\\u{:04x}", u32::from(character)),
            _ => quoted.write_char(character),
        };
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Result<Given, FlagError> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        parse(&arguments)
    }

    #[test]
    fn flags_are_written_as_go_writes_them() {
        let all = given(&[
            "-top",
            "--base=x",
            "-base",
            "y",
            "--trim=f",
            "-nodecount=0x10",
            "-unit",
            "-MB",
            "file",
            "-cum",
        ])
        .unwrap();
        assert!(all.is_set("top") && !all.is_set("cum") && !all.is_set("trim"));
        assert_eq!(all.texts("base"), ["x", "y"]);
        assert_eq!(all.number("nodecount"), Some(16));
        assert_eq!(all.option_text("trim").as_deref(), Some("false"));
        assert_eq!(all.text("unit"), "-MB");
        assert_eq!(all.rest, ["file", "-cum"]);
        assert_eq!(given(&["-top", "--", "-x"]).unwrap().rest, ["-x"]);
        assert_eq!(given(&["-", "-x"]).unwrap().rest, ["-", "-x"]);
        assert!(!given(&["-top", "-top=false"]).unwrap().is_set("top"));
    }

    #[test]
    fn what_is_wrong_is_told_as_go_tells_it() {
        for (arguments, text) in [
            (
                &["-nonsense", "x"][..],
                "flag provided but not defined: -nonsense",
            ),
            (&["---x"], "bad flag syntax: ---x"),
            (&["-=x"], "bad flag syntax: -=x"),
            (&["-divide_by"], "flag needs an argument: -divide_by"),
            (
                &["-nodecount=x"],
                "invalid value \"x\" for flag -nodecount: parse error",
            ),
            (
                &["-nodecount", "-top"],
                "invalid value \"-top\" for flag -nodecount: parse error",
            ),
            (
                &["-nodecount=99999999999999999999"],
                "invalid value \"99999999999999999999\" for flag -nodecount: value out of range",
            ),
            (
                &["-nodefraction=1e999"],
                "invalid value \"1e999\" for flag -nodefraction: value out of range",
            ),
            (
                &["-trim=maybe"],
                "invalid boolean value \"maybe\" for -trim: parse error",
            ),
            (
                &["-top="],
                "invalid boolean value \"\" for -top: parse error",
            ),
            // The names of options with choices are no flags.
            (&["-sort=cum"], "flag provided but not defined: -sort"),
        ] {
            assert_eq!(given(arguments).unwrap_err().to_string(), text);
        }
        assert_eq!(given(&["-h"]), Err(FlagError::Help));
        assert_eq!(given(&["--help"]), Err(FlagError::Help));
    }

    #[test]
    fn numbers_are_those_of_go() {
        for (text, value) in [
            ("17", Ok(17)),
            ("-0x1F", Ok(-31)),
            ("017", Ok(15)),
            ("0o17", Ok(15)),
            ("0b101", Ok(5)),
            ("1_000", Ok(1000)),
            ("0x_ff", Ok(255)),
            ("0", Ok(0)),
            ("9223372036854775808", Err(RANGE)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("_1", Err(SYNTAX)),
            ("1_", Err(SYNTAX)),
            ("09", Err(SYNTAX)),
            ("", Err(SYNTAX)),
            ("-", Err(SYNTAX)),
            ("0x", Err(SYNTAX)),
        ] {
            assert_eq!(go_int(text), value, "{text}");
        }
        assert_eq!(go_real("0x1.8p1"), Ok(3.0));
        assert_eq!(go_real("-0x10p-4"), Ok(-1.0));
        assert_eq!(go_real("inf"), Ok(f64::INFINITY));
        assert_eq!(go_real("0x1"), Err(SYNTAX));
        assert_eq!(go_real(".5"), Ok(0.5));
    }

    #[test]
    fn every_flag_has_one_meaning() {
        let flags = all();
        let mut names: Vec<&str> = flags.iter().map(|flag| flag.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for option in OPTIONS {
            let known = names.binary_search(&option.name).is_ok();
            let choices = option.kind == options::Kind::Choice && !option.is_ours;
            assert_eq!(known, !choices, "{}", option.name);
        }
    }

    #[test]
    fn recorded_arguments_are_understood_or_refused() {
        let seeds =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/options");
        let mut count = 0;
        for entry in std::fs::read_dir(seeds).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let arguments: Vec<String> = text.lines().map(str::to_owned).collect();
            if let Ok(given) = parse(&arguments) {
                assert!(arguments.ends_with(&given.rest));
                count += 1;
            }
        }
        assert!(count >= 2);
    }

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        assert_eq!(quote("a\"b\\\u{1}\n"), "\"a\\\"b\\\\\\x01\\n\"");
        assert_eq!(quote("é"), "\"é\"");
    }
}
