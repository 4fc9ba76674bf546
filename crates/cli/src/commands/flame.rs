//! `fathom flame`: a flame graph as one file that stands for itself.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use fathom_report::flame::{Direction, Flame, FlameOptions, render_html, render_svg};
use fathom_report::handle::expand_options;
use fathom_report::options::Options;
use jiff::tz::TimeZone;

use super::view::{Looked, answer, look, noted, tell};
use crate::args::{FlameArgs, FlameFormat};
use crate::exit::Exit;
use crate::output::Output;
use crate::pprof::numbered;
use crate::{place, profiles};

pub(crate) fn run(args: &FlameArgs, output: &Output) -> anyhow::Result<Exit> {
    let (flame, looked) = if let Some(old) = &args.compare {
        difference(old, args, output)?
    } else {
        let looked = look(&args.view, output)?;
        let flame = noted(Flame::new(&looked.profile, &looked.options), output)?;
        (flame, looked)
    };
    let path = looked.options.output.as_str();
    if args.json {
        answer("fathom.flame/1", &flame, &looked.options, output)?;
        return Ok(looked.exit);
    }
    tell(&flame.notes, output);
    let format = args.format.or_else(|| of_file_name(path));
    let format = format.unwrap_or(FlameFormat::Html);
    let options = FlameOptions {
        title: args.title.clone().unwrap_or_default(),
        zone: TimeZone::system(),
        direction: if args.root_at_the_bottom {
            Direction::Up
        } else {
            Direction::Down
        },
        ..FlameOptions::default()
    };
    let (text, suffix) = match format {
        FlameFormat::Html => (render_html(&flame, &options), ".html"),
        FlameFormat::Svg => (render_svg(&flame, &options), ".svg"),
    };
    if path.is_empty() && io::stdout().is_terminal() {
        let (mut file, path) = numbered::create(Path::new(""), "flame", suffix)
            .context("cannot write to the working directory")?;
        file.write_all(text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        output.note(&format!("the flame graph is in {}", path.display()));
    } else {
        place::put(text.as_bytes(), path, output)?;
    }
    if let Some(summary) = flame.left_out_summary() {
        output.note(&summary);
    }
    Ok(looked.exit)
}

/// Shows what changed from one profile to the other.
fn difference(old: &str, args: &FlameArgs, output: &Output) -> anyhow::Result<(Flame, Looked)> {
    let view = &args.view;
    let options = profiles::options(&view.options);
    let base = profiles::load_one(old, &view.reading, &options, output)?;
    // `normalize` is about the two profiles here, not about a base of the sources.
    let plain = Options {
        normalize: false,
        ..options.clone()
    };
    let loaded = profiles::load_view(view, &plain, output)?;
    // A handle may be that of a function which only one of them has.
    let resolved = expand_options(&options, &loaded.profile);
    let resolved = resolved.or_else(|_| expand_options(&options, &base));
    let looked = Looked {
        options: resolved.map_err(fathom_report::Failure::from)?,
        exit: loaded.exit(),
        profile: loaded.profile,
    };
    let made = Flame::difference(&base, &looked.profile, &looked.options);
    Ok((noted(made, output)?, looked))
}

fn of_file_name(path: &str) -> Option<FlameFormat> {
    let extension = Path::new(path).extension()?.to_str()?;
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => Some(FlameFormat::Html),
        "svg" => Some(FlameFormat::Svg),
        _ => None,
    }
}
