//! Errors as the user reads them: what failed, and what to do.

use std::fmt;

/// An error with what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Makes an error without a hint.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// Says what the user can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Writes an error as one line, and its hint, if it has one, as a second.
pub(crate) fn describe(error: &anyhow::Error) -> String {
    let message = one_line(&messages(error));
    let hint = error.chain().find_map(hint_of);
    match hint {
        Some(hint) => format!("error: {message}\nhint: {}", one_line(&hint)),
        None => format!("error: {message}"),
    }
}

/// Joins the chain; a cause that the error above it already tells is left out.
fn messages(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn hint_of(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return failure.hint.clone();
    }
    if let Some(failure) = cause.downcast_ref::<fathom_report::Failure>() {
        return report_hint(&failure.error).map(str::to_owned);
    }
    let gather = cause.downcast_ref::<fathom_gather::Error>();
    gather.and_then(|error| error.hint()).map(str::to_owned)
}

fn report_hint(error: &fathom_report::Error) -> Option<&'static str> {
    use fathom_report::Error;
    match error {
        Error::UnknownHandle { .. } => {
            Some("fathom top --handles prints those of a profile; a pattern is written [@]...")
        }
        Error::Incomparable { .. } => Some("--sample-index names a value that both have"),
        _ => None,
    }
}

/// Foreign text must neither break the line nor move the cursor.
fn one_line(text: &str) -> String {
    fathom_term::visible(text).into_owned()
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_hint_is_a_second_line() {
        let failure = Failure::new("heap.pb.gz: cut").hint("take it again");
        let error: anyhow::Error = failure.into();
        assert_eq!(
            describe(&error),
            "error: heap.pb.gz: cut\nhint: take it again"
        );
    }

    #[test]
    fn causes_are_told_once_and_on_one_line() {
        let error = Err::<(), _>(std::io::Error::other("disk\nfull"))
            .context("cannot write a.fathom")
            .unwrap_err();
        assert_eq!(describe(&error), "error: cannot write a.fathom: disk␊full");
        let told = anyhow::anyhow!("inner").context("outer says inner");
        assert_eq!(describe(&told), "error: outer says inner");
    }
}
