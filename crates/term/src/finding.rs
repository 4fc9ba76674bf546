//! Findings: the sentence first, then what it means, then what to do.

use fathom_finding::{Confidence, Finding, Severity};

use crate::style::{Emphasis, Style, emphasise};
use crate::{severity_colour, wrap};

/// Returns the word that output uses for a severity.
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// Draws a finding as a paragraph each for the sentence, what it means and what
/// to do; how sure it is stands with the sentence unless it is certain.
pub fn draw(finding: &Finding, style: &Style) -> String {
    let word = severity_word(finding.severity);
    let doubt = match finding.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " (likely)",
        Confidence::Possible => " (possible)",
    };
    let sentence = format!("{word}: {}{doubt}", finding.title);
    let mut out = wrap::hanging("", "  ", &sentence, style.width);
    // Painted after it was wrapped: escape sequences have no width.
    if let Some(rest) = out.strip_prefix(word) {
        let ink = severity_colour(finding.severity);
        out = format!("{}{rest}", emphasise(word, ink, Emphasis::Bold, style));
    }
    for text in [&finding.detail, &finding.action] {
        out.push_str(&wrap::hanging("  ", "  ", text, style.width));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_comes_first() {
        let finding = Finding::new("gc-cpu-high", Severity::Warning, Confidence::Likely)
            .title("the collector takes 40 % of the CPU")
            .detail("It runs very often.")
            .action("Raise GOGC.");
        insta::assert_snapshot!(draw(&finding, &Style::plain(30)));
    }
}
