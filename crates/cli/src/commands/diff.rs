//! `fathom diff`: the change of each function from one profile to another.

use fathom_report::diff::Diff;
use fathom_report::handle::expand_options;
use fathom_term::{Ink, Style, paint};

use super::view::{answer, noted, tell};
use crate::args::DiffArgs;
use crate::exit::Exit;
use crate::output::Output;
use crate::{place, profiles};

pub(crate) fn run(args: &DiffArgs, output: &Output) -> anyhow::Result<Exit> {
    let options = profiles::options(&args.options);
    let load = |source: &str| profiles::load_one(source, &args.reading, &options, output);
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    // A handle may be that of a function which only one of them has.
    let resolved = expand_options(&options, &new).or_else(|_| expand_options(&options, &old));
    let options = resolved.map_err(fathom_report::Failure::from)?;
    let diff = noted(Diff::new(&old, &new, &options), output)?;
    if args.json {
        answer("fathom.diff/1", &diff, &options, output)?;
        return Ok(Exit::Fine);
    }
    tell(&diff.notes, output);
    let text = if args.csv {
        diff.render_csv()
    } else {
        let text = diff.render_text(args.handles);
        let goes_to_terminal = matches!(options.output.as_str(), "" | "-");
        let plain = Style {
            colour: output.style.colour && goes_to_terminal,
            ..output.style
        };
        coloured(&text, &diff, &plain)
    };
    place::put(text.as_bytes(), &options.output, output)?;
    if let Some(hidden) = diff.hidden_summary() {
        output.note(&hidden);
    }
    Ok(Exit::Fine)
}

/// Colours the rows: what grew and what shrank, which their signs say too.
fn coloured(text: &str, diff: &Diff, style: &Style) -> String {
    if !style.colour {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.lines().collect();
    let head = lines.len().saturating_sub(diff.rows.len());
    let mut out = String::with_capacity(text.len() * 2);
    for (place, line) in lines.iter().enumerate() {
        let row = place.checked_sub(head).and_then(|row| diff.rows.get(row));
        let change = row.map_or(0, |row| match row.flat.change {
            0 => row.cum.change,
            change => change,
        });
        match change {
            0 => out.push_str(line),
            1.. => out.push_str(&paint(line, Ink::Vermillion, style)),
            _ => out.push_str(&paint(line, Ink::Blue, style)),
        }
        out.push('\n');
    }
    out
}
