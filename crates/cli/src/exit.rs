//! What the exit code says.

use std::process::ExitCode;

use clap::ValueEnum;
use fathom_finding::Severity;

/// The exit code of an error, of a wrong argument too.
pub(crate) const ERROR: u8 = 2;

/// How a command ended that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing was found, or nothing as severe as asked about.
    Fine,
    /// A finding is at or above `--fail-on`.
    Found,
    /// Some of several sources could not be read; the rest was, and the result is of it.
    Partial,
    /// As the command ended that was run.
    Child(u8),
}

impl Exit {
    /// Decides by the findings' severities.
    pub(crate) fn by(
        severities: impl IntoIterator<Item = Severity>,
        fail_on: Option<FailOn>,
    ) -> Self {
        let worst = severities.into_iter().max();
        match (worst, fail_on.map(Severity::from)) {
            (Some(worst), Some(threshold)) if worst >= threshold => Self::Found,
            _ => Self::Fine,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Found => Self::from(1),
            Exit::Partial => Self::from(3),
            Exit::Child(code) => Self::from(code),
        }
    }
}

/// From which severity on a finding makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Any finding.
    Info,
    /// A warning or worse.
    Warning,
    /// The process is in danger, or already suffers.
    Critical,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Info => Self::Info,
            FailOn::Warning => Self::Warning,
            FailOn::Critical => Self::Critical,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_about_fails() {
        let warning = [Severity::Info, Severity::Warning];
        assert_eq!(Exit::by(warning, None), Exit::Fine);
        assert_eq!(Exit::by(warning, Some(FailOn::Critical)), Exit::Fine);
        assert_eq!(Exit::by(warning, Some(FailOn::Warning)), Exit::Found);
        assert_eq!(Exit::by([], Some(FailOn::Info)), Exit::Fine);
    }
}
