//! `fathom top`: the functions that hold or use most.

use fathom_report::top::{Intervals, TextOptions, Top, render_text};
use jiff::tz::TimeZone;

use super::view::{answer, look, noted, tell};
use crate::args::TopArgs;
use crate::exit::Exit;
use crate::output::Output;
use crate::place;

pub(crate) fn run(args: &TopArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    let options = &looked.options;
    let intervals = if args.interval || args.json {
        Intervals::Compute
    } else {
        Intervals::Omit
    };
    let top = noted(Top::new(&looked.profile, options, intervals), output)?;
    if args.json {
        answer("fathom.top/1", &top, options, output)?;
        return Ok(looked.exit);
    }
    tell(&top.notes, output);
    let text = if args.csv {
        top.render_csv()
    } else {
        let as_text = TextOptions {
            zone: TimeZone::system(),
            handles: args.handles,
        };
        render_text(&top, &as_text)
    };
    place::put(text.as_bytes(), &options.output, output)?;
    if let Some(hidden) = top.hidden_summary() {
        output.note(&hidden);
    }
    Ok(looked.exit)
}
