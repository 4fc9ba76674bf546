//! One entry of the table.

use super::value::{SetError, Slot};
use super::{OPTIONS, Options};

/// What an option holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
    /// A number.
    Real,
    /// Any text.
    Text,
    /// One of [`Spec::choices`].
    Choice,
}

/// A value of an option that has few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The value; also the name of a flag that selects it.
    pub name: &'static str,
    /// What it does, one line.
    pub help: &'static str,
}

/// What is known of an option.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The name, as in a flag and as a shell variable.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The parameter of a web address that carries it.
    pub url_parameter: Option<&'static str>,
    /// Whether it is part of a saved configuration.
    pub is_saved: bool,
    /// Whether `go tool pprof` does not have it.
    pub is_ours: bool,
    /// The values of a [`Kind::Choice`].
    pub choices: &'static [Choice],
    /// The help: a summary, an empty line, more.
    pub(super) help: &'static str,
    pub(super) slot: fn(&mut Options) -> Slot<'_>,
}

impl Spec {
    /// Returns the first line of the help.
    pub fn summary(&self) -> &'static str {
        self.help.lines().next().unwrap_or_default().trim()
    }

    /// Returns the lines of help after the summary, as one paragraph; may be empty.
    pub fn detail(&self) -> String {
        let lines = self.help.lines().skip(1).map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Returns the default as [`Spec::get`] tells it.
    pub fn default_text(&self) -> String {
        self.get(&Options::default())
    }

    /// Returns the value as the shell shows it.
    pub fn get(&self, options: &Options) -> String {
        // The table has one way to each field; telling it costs a copy.
        let mut copy = options.clone();
        (self.slot)(&mut copy).tell()
    }

    /// Sets the value from text.
    ///
    /// # Errors
    ///
    /// When the text is not a value of this option; the option stays as it is.
    pub fn set(&self, options: &mut Options, text: &str) -> Result<(), SetError> {
        if self.kind == Kind::Choice && !self.choices.iter().any(|choice| choice.name == text) {
            return Err(SetError::Choice {
                name: self.name.to_owned(),
                text: text.to_owned(),
            });
        }
        (self.slot)(options).set(text)
    }
}

/// Finds an option by its name.
pub fn find(name: &str) -> Option<&'static Spec> {
    OPTIONS.iter().find(|spec| spec.name == name)
}

/// Finds the option of which `choice` is a value, as `cum` is of `sort`.
pub fn spec_of_choice(choice: &str) -> Option<&'static Spec> {
    OPTIONS
        .iter()
        .find(|spec| spec.choices.iter().any(|known| known.name == choice))
}
