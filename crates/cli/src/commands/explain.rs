//! `fathom explain`: where every resident byte is, what is wrong, what to do.

use fathom_explain::{Explained, difference, explain};
use fathom_term::{Detail, difference as draw_difference, explanation as draw};

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::output::Output;
use crate::sources::gather;

pub(crate) fn run(args: &ExplainArgs, output: &Output) -> anyhow::Result<Exit> {
    let mut options = args.connection.options();
    args.take.apply(&mut options);
    let base = if args.base.is_empty() {
        None
    } else {
        Some(explain(&gather(&args.base, &options, output)?))
    };
    let explained = explain(&gather(&args.sources, &options, output)?);
    if let Some(base) = base {
        return compared(&base, &explained, args, output);
    }
    let explanation = &explained.explanation;
    if args.json {
        output.json(explanation)?;
    } else {
        let detail = if args.all {
            Detail::Full
        } else {
            Detail::Brief
        };
        output.data(&draw(explanation, detail, &output.style))?;
    }
    let severities = explanation.findings.iter().map(|finding| finding.severity);
    Ok(Exit::by(severities, args.fail_on))
}

/// Compares two moments. `--fail-on` looks at what only the comparison finds,
/// and at what is new.
fn compared(
    base: &Explained,
    explained: &Explained,
    args: &ExplainArgs,
    output: &Output,
) -> anyhow::Result<Exit> {
    let compared = difference(base, explained);
    if args.json {
        output.json(&compared)?;
    } else {
        output.data(&draw_difference(&compared, &output.style))?;
    }
    let grown = compared.findings.iter().map(|finding| finding.severity);
    let is_new = |id: &str| base.explanation.finding(id).is_none();
    let fresh = explained
        .explanation
        .findings
        .iter()
        .filter(|finding| is_new(finding.id))
        .map(|finding| finding.severity);
    Ok(Exit::by(grown.chain(fresh), args.fail_on))
}
