//! The commands that show a profile: `tree`, `peek`, `list`, `disasm`, `traces`, `tags`,
//! and what they share with the others.

use fathom_profile::Profile;
use fathom_report::Heading;
use fathom_report::command::find;
use fathom_report::handle::{expand, expand_options};
use fathom_report::options::Options;
use fathom_report::tags::Tags;
use fathom_report::traces::{Trace, Traces};
use fathom_report::tree::Tree;
use serde::Serialize;

use crate::args::{TagsArgs, TracesArgs, TreeArgs, ViewArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use crate::pprof::report::{Report, Reporter};
use crate::profiles;

/// A view as JSON, under the name of its contract.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    view: &'a T,
}

/// Writes a view as JSON to where the options say.
pub(super) fn answer<T: Serialize>(
    schema: &'static str,
    view: &T,
    options: &Options,
    output: &Output,
) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(&Answer { schema, view })?;
    text.push('\n');
    place::put(text.as_bytes(), &options.output, output)
}

/// A profile with the options of its report, handles resolved.
pub(super) struct Looked {
    pub(super) profile: Profile,
    pub(super) options: Options,
    pub(super) exit: Exit,
}

/// Reads the profile of a view.
pub(super) fn look(view: &ViewArgs, output: &Output) -> anyhow::Result<Looked> {
    let options = profiles::options(&view.options);
    let loaded = profiles::load_view(view, &options, output)?;
    Ok(Looked {
        options: expand_options(&options, &loaded.profile).map_err(fathom_report::Failure::from)?,
        exit: loaded.exit(),
        profile: loaded.profile,
    })
}

/// Runs a command of pprof; its notes are told.
pub(super) fn report<'p>(
    name: &'static str,
    argument: Option<&str>,
    looked: &'p Looked,
    output: &Output,
) -> anyhow::Result<Report<'p>> {
    let command = find(name).ok_or_else(|| Failure::new(format!("there is no {name}")))?;
    let reporter = Reporter::new(looked.options.compat);
    let made = reporter.report(&looked.profile, command, argument, &looked.options);
    let report = made.inspect_err(|error| {
        if let Some(failure) = error.downcast_ref::<fathom_report::Failure>() {
            tell(&failure.notes, output);
        }
    })?;
    tell(report.notes(), output);
    Ok(report)
}

/// Tells the notes of a report that was not made.
pub(super) fn noted<T>(
    made: Result<T, fathom_report::Failure>,
    output: &Output,
) -> anyhow::Result<T> {
    made.map_err(|failure| {
        tell(&failure.notes, output);
        failure.into()
    })
}

/// Tells notes.
pub(super) fn tell(notes: &[String], output: &Output) {
    for note in notes {
        output.note(note);
    }
}

/// `fathom tree`, and with a pattern `fathom peek`.
pub(super) fn tree(
    args: &TreeArgs,
    pattern: Option<&str>,
    output: &Output,
) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    let options = &looked.options;
    if !(args.json || args.csv || args.handles) {
        let name = if pattern.is_some() { "peek" } else { "tree" };
        let report = report(name, pattern, &looked, output)?;
        place::put_report(&report, &options.output, output)?;
        return Ok(looked.exit);
    }
    let pattern = pattern
        .map(|pattern| expand(pattern, &looked.profile))
        .transpose();
    let pattern = pattern.map_err(fathom_report::Failure::from)?;
    let made = Tree::new(&looked.profile, options, pattern.as_deref());
    let tree = noted(made, output)?;
    if args.json {
        answer("fathom.tree/1", &tree, options, output)?;
        return Ok(looked.exit);
    }
    tell(&tree.notes, output);
    let text = if args.csv {
        tree.render_csv()
    } else {
        tree.render_text_with_handles(Reporter::new(options.compat).zone())
    };
    place::put(text.as_bytes(), &options.output, output)?;
    Ok(looked.exit)
}

/// The contract of `fathom traces --json`, but for its name.
#[derive(Debug, Serialize)]
struct AllTraces<'a> {
    heading: &'a Heading,
    traces: Vec<Trace>,
    notes: &'a [String],
}

/// `fathom traces`.
pub(super) fn traces(args: &TracesArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    if args.json {
        let traces = noted(Traces::new(&looked.profile, &looked.options), output)?;
        let all = AllTraces {
            heading: traces.heading(),
            traces: traces.traces(),
            notes: traces.notes(),
        };
        answer("fathom.traces/1", &all, &looked.options, output)?;
    } else if args.handles {
        let traces = noted(Traces::new(&looked.profile, &looked.options), output)?;
        tell(traces.notes(), output);
        let zone = Reporter::new(looked.options.compat).zone().clone();
        let report = Report::Traces(Box::new(traces.with_handles()), zone);
        place::put_report(&report, &looked.options.output, output)?;
    } else {
        let report = report("traces", None, &looked, output)?;
        place::put_report(&report, &looked.options.output, output)?;
    }
    Ok(looked.exit)
}

/// `fathom tags`.
pub(super) fn tags(args: &TagsArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    let options = &looked.options;
    let tags = noted(Tags::new(&looked.profile, options), output)?;
    if args.json {
        answer("fathom.tags/1", &tags, options, output)?;
        return Ok(looked.exit);
    }
    tell(&tags.notes, output);
    let csv = args.csv.then(|| tags.render_csv());
    let text = csv.as_deref().unwrap_or_else(|| tags.as_text());
    place::put(text.as_bytes(), &options.output, output)?;
    Ok(looked.exit)
}
