//! The table of report options as arguments of clap.
//!
//! Nothing is said here of any one option: names, values and help are the table's
//! (`fathom_report::options`). A name is written with hyphens, and as pprof writes it; an
//! option with few values is `--sort cum`, and `--cum` too, as pprof has it. What is
//! given last wins.

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueHint};
use fathom_report::options::{Choice, Group, Kind, OPTIONS, Options, Spec, flag_value};

/// Further names of options, which `fathom top` had before it had the table.
const ALIASES: [(&str, &str); 2] = [("sample_index", "sample"), ("nodecount", "limit")];
/// Options that are written with one letter.
const SHORT: [(&str, char); 2] = [("output", 'o'), ("nodecount", 'n')];
/// Options that the short help shows.
const COMMON: [&str; 10] = [
    "sample_index",
    "unit",
    "focus",
    "ignore",
    "hide",
    "tagfocus",
    "granularity",
    "sort",
    "nodecount",
    "output",
];

/// The options of a report.
#[derive(Debug, Clone, Default)]
pub(crate) struct OptionArgs {
    /// The options as they were given; the others have their defaults.
    pub(crate) options: Options,
}

impl Args for OptionArgs {
    fn augment_args(command: Command) -> Command {
        let specs = Group::ALL
            .into_iter()
            .flat_map(|group| OPTIONS.iter().filter(move |spec| spec.group() == group));
        // Who flattens this sets the heading of what follows.
        specs.fold(command, |command, spec| {
            command
                .next_help_heading(spec.group().heading())
                .args(arguments(spec))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OptionArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for spec in OPTIONS {
            if let Some(text) = given(spec, matches) {
                // What is no value was refused before.
                spec.set(&mut self.options, &text)
                    .map_err(|error| Error::raw(ErrorKind::ValueValidation, error))?;
            }
        }
        Ok(())
    }
}

/// Returns what was typed for an option.
fn given(spec: &Spec, matches: &ArgMatches) -> Option<String> {
    // At most one: they override each other.
    let mut flags = flags_of(spec).iter();
    if let Some(choice) = flags.find(|choice| matches.get_flag(&id(spec, choice))) {
        return Some(choice.name.to_owned());
    }
    if matches.value_source(spec.name) != Some(ValueSource::CommandLine) {
        return None;
    }
    if spec.kind == Kind::Flag && !spec.is_on_by_default() {
        return Some(matches.get_flag(spec.name).to_string());
    }
    matches.get_one::<String>(spec.name).cloned()
}

/// The choices that are flags too: those of pprof's options.
fn flags_of(spec: &Spec) -> &'static [Choice] {
    if spec.is_ours { &[] } else { spec.choices }
}

fn id(spec: &Spec, choice: &Choice) -> String {
    format!("{}={}", spec.name, choice.name)
}

/// Makes the arguments of an option: one for it, and one for each of its choices.
fn arguments(spec: &'static Spec) -> Vec<Arg> {
    let is_common = COMMON.contains(&spec.name);
    let flags = flags_of(spec);
    let ids: Vec<String> = flags.iter().map(|choice| id(spec, choice)).collect();
    let mut all = vec![
        option(spec)
            .overrides_with_all(ids.iter().cloned().chain([spec.name.to_owned()]))
            .hide_short_help(!is_common),
    ];
    for choice in flags {
        let own = id(spec, choice);
        let flag = Arg::new(own.clone())
            .long(choice.name)
            .action(ArgAction::SetTrue)
            .overrides_with_all(ids.iter().cloned().chain([spec.name.to_owned()]))
            .help(format!(
                "{}: --{} {}",
                choice.help,
                spec.long_name(),
                choice.name
            ))
            .hide_short_help(true);
        all.push(flag);
    }
    all
}

fn option(spec: &'static Spec) -> Arg {
    let long = spec.long_name();
    let detail = spec.detail();
    let mut arg = Arg::new(spec.name).help(spec.summary());
    if !detail.is_empty() {
        arg = arg.long_help(format!("{}\n\n{detail}", spec.summary()));
    }
    if long != spec.name {
        arg = arg.visible_alias(spec.name);
    }
    for (_, alias) in ALIASES.iter().filter(|(name, _)| *name == spec.name) {
        arg = arg.visible_alias(*alias);
    }
    for (_, letter) in SHORT.iter().filter(|(name, _)| *name == spec.name) {
        arg = arg.short(*letter);
    }
    arg = arg.long(long);
    if spec.kind == Kind::Flag && !spec.is_on_by_default() {
        return arg.action(ArgAction::SetTrue);
    }
    let default = spec.default_text();
    if !default.is_empty() {
        arg = arg.default_value(default);
    }
    arg.action(ArgAction::Set)
        .value_name(spec.placeholder())
        .allow_negative_numbers(spec.kind == Kind::Number)
        .value_hint(match spec.name {
            "output" => ValueHint::FilePath,
            "source_path" | "trim_path" => ValueHint::DirPath,
            _ => ValueHint::Other,
        })
        .value_parser(values(spec))
}

/// Says what is a value of an option.
fn values(spec: &'static Spec) -> ValueParser {
    if spec.kind == Kind::Choice {
        let names = spec.choices.iter().map(|choice| choice.name);
        return clap::builder::PossibleValuesParser::new(names).into();
    }
    ValueParser::new(move |text: &str| -> Result<String, String> {
        let form = match spec.kind {
            Kind::Flag => flag_value(text).err().map(|_| "true or false"),
            Kind::Number => text.parse::<i64>().err().map(|_| "a whole number"),
            Kind::Real => text.parse::<f64>().err().map(|_| "a number"),
            Kind::Text | Kind::Choice => None,
        };
        form.map_or_else(
            || Ok(text.to_owned()),
            |form| Err(format!("give it as {form}")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, Error> {
        let command = OptionArgs::augment_args(Command::new("test").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments)?;
        Ok(OptionArgs::from_arg_matches(&matches)?.options)
    }

    #[test]
    fn nothing_given_is_the_default() {
        assert_eq!(parsed(&[]).unwrap(), Options::default());
    }

    #[test]
    fn every_option_is_set_by_both_of_its_names() {
        for spec in OPTIONS {
            let value = match spec.kind {
                Kind::Flag if spec.is_on_by_default() => "false",
                Kind::Flag => "true",
                Kind::Number => "-7",
                Kind::Real => "0.25",
                Kind::Text => "some text",
                Kind::Choice => {
                    let default = spec.default_text();
                    let mut others = spec.choices.iter().map(|choice| choice.name);
                    others.find(|name| *name != default).unwrap()
                }
            };
            for name in [spec.name, &spec.long_name()] {
                let flag = format!("--{name}");
                let arguments = match spec.kind {
                    Kind::Flag if value == "true" => vec![flag.as_str()],
                    _ => vec![flag.as_str(), value],
                };
                let options = parsed(&arguments).unwrap();
                assert_eq!(spec.get(&options), value, "{arguments:?}");
            }
        }
    }

    #[test]
    fn choices_are_flags_and_the_last_one_wins() {
        let sort = |arguments: &[&str]| parsed(arguments).unwrap().sort;
        assert_eq!(sort(&["--cum"]), "cum");
        assert_eq!(sort(&["--cum", "--flat"]), "flat");
        assert_eq!(sort(&["--flat", "--cum"]), "cum");
        assert_eq!(sort(&["--cum", "--sort", "flat"]), "flat");
        assert_eq!(sort(&["--sort=flat", "--cum"]), "cum");
        assert_eq!(parsed(&["--lines"]).unwrap().granularity, "lines");
        let twice = parsed(&["--unit", "MB", "--unit", "kB"]).unwrap();
        assert_eq!(twice.unit, "kB");
    }

    #[test]
    fn what_is_no_value_is_refused_in_plain_words() {
        for (arguments, words) in [
            (&["--nodecount", "x"][..], "give it as a whole number"),
            (&["--nodefraction", "x"], "give it as a number"),
            (&["--trim", "x"], "give it as true or false"),
            (&["--sort", "x"], "possible values: cum, flat"),
        ] {
            let error = parsed(arguments).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
