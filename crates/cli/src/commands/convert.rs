//! `fathom convert`: a profile in another tool's format.

use std::path::Path;

use fathom_profile::diff::DiffMode;
use fathom_profile::exchange::{Form, chrome, firefox, speedscope};
use fathom_profile::{Profile, folded};
use fathom_report::callgrind::callgrind;
use fathom_report::options::Options;
use serde::Serialize;

use super::merge::{check_place, filtered, proto};
use super::view::noted;
use crate::args::ConvertArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use crate::profiles::{self, Request};

/// The contract of `fathom convert --json`.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    schema: &'static str,
    output: &'a str,
    to: &'static str,
    /// The value that was written, where the format holds one.
    sample_type: &'a str,
    samples: usize,
    /// What the format cannot hold.
    lost: Vec<String>,
    bytes: usize,
}

pub(crate) fn run(args: &ConvertArgs, output: &Output) -> anyhow::Result<Exit> {
    let options = profiles::options(&args.options);
    let path = options.output.as_str();
    let named = args.to.as_deref().and_then(Form::from_name);
    let Some(to) = named.or_else(|| Form::of_file_name(path)) else {
        return Err(unknown_form(path).into());
    };
    if args.json || to == Form::Pprof {
        check_place(path, args.json)?;
    }
    let request = Request {
        sources: &args.sources,
        base: &[],
        mode: DiffMode::Base,
        reading: &args.reading,
        options: &options,
        form: args.from.as_deref().and_then(Form::from_name),
    };
    let loaded = profiles::load(&request, output)?;
    let exit = loaded.exit();
    let profile = filtered(loaded.profile, &options, output)?;
    let column = profile.select_column(&options.sample_index)?;
    let lost = to.losses(&profile, column);
    let name = title(args.sources.first().map_or("", String::as_str));
    let plain = written(&profile, column, to, &name, &options, output)?;
    let bytes = to.compressed_for(path, plain);
    place::put(&bytes, path, output)?;
    if args.json {
        output.json(&Summary {
            schema: "fathom.convert/1",
            output: path,
            to: to.name(),
            sample_type: profile.sample_type(column).0,
            samples: profile.sample_count(),
            lost,
            bytes: bytes.len(),
        })?;
    } else {
        for text in lost {
            output.note(&format!("{}: {text}", to.name()));
        }
    }
    Ok(exit)
}

fn unknown_form(path: &str) -> Failure {
    let names = Form::ALL.map(Form::name).join(", ");
    let failure = if matches!(path, "" | "-") {
        Failure::new("it is not said what to convert to")
    } else {
        Failure::new(format!("{path}: its name does not tell a format"))
    };
    failure.hint(format!("--to FORMAT, one of {names}"))
}

fn written(
    profile: &Profile,
    column: usize,
    to: Form,
    name: &str,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Vec<u8>> {
    Ok(match to {
        Form::Pprof => proto(profile, &options.output),
        Form::Folded => folded::write(profile, column).into_bytes(),
        Form::Speedscope => speedscope::write(profile, name)?.into_bytes(),
        Form::Firefox => firefox::write(profile, name)?.into_bytes(),
        Form::Chrome => chrome::write(profile, column)?.into_bytes(),
        Form::Callgrind => {
            // The filters are in the profile by now; costs are whole numbers of this unit.
            let plain = Options {
                unit: profile.sample_type(column).1.to_owned(),
                sample_index: options.sample_index.clone(),
                compat: options.compat,
                ..Options::default()
            };
            let (text, _) = noted(callgrind(profile, &plain), output)?;
            text.into_bytes()
        }
    })
}

/// The name under which other tools show the profile.
fn title(source: &str) -> String {
    if source == "-" {
        return "standard input".to_owned();
    }
    let shown = fathom_evidence::redact::url(source);
    let file = Path::new(&shown).file_name();
    file.map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned())
}
