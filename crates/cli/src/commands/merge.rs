//! `fathom merge`: one profile of several.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use fathom_profile::diff::DiffMode;
use fathom_profile::encode::{write_proto, write_raw_proto};
use fathom_profile::{Limits, Profile};
use fathom_report::command::find;
use fathom_report::handle::expand_options;
use fathom_report::options::{OPTIONS, Options};
use serde::Serialize;

use super::view::{Looked, report};
use crate::args::MergeArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use crate::profiles::{self, Request};

/// The contract of `fathom merge --json`.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    schema: &'static str,
    output: &'a str,
    /// Sources that were named, and that were read.
    sources: usize,
    read: usize,
    samples: usize,
    sample_types: Vec<&'a str>,
    bytes: usize,
}

pub(crate) fn run(args: &MergeArgs, output: &Output) -> anyhow::Result<Exit> {
    let options = profiles::options(&args.options);
    let path = options.output.clone();
    check_place(&path, args.json)?;
    let request = Request {
        sources: &args.sources,
        base: &[],
        mode: DiffMode::Base,
        reading: &args.reading,
        options: &options,
        form: None,
    };
    let loaded = profiles::load(&request, output)?;
    let exit = loaded.exit();
    let (read, sources) = (loaded.read, loaded.wanted);
    let profile = filtered(loaded.profile, &options, output)?;
    let bytes = proto(&profile, &path);
    place::put(&bytes, &path, output)?;
    if args.json {
        output.json(&Summary {
            schema: "fathom.merge/1",
            output: &path,
            sources,
            read,
            samples: profile.sample_count(),
            sample_types: (0..profile.sample_types().len())
                .map(|column| profile.sample_type(column).0)
                .collect(),
            bytes: bytes.len(),
        })?;
    } else if !matches!(path.as_str(), "" | "-") {
        output.note(&format!(
            "{path}: {} samples of {read} profiles, {}",
            profile.sample_count(),
            fathom_explain::bytes(bytes.len() as u64)
        ));
    }
    Ok(exit)
}

/// Refuses to write a profile onto a terminal, or amid JSON.
pub(super) fn check_place(path: &str, json: bool) -> anyhow::Result<()> {
    if !matches!(path, "" | "-") {
        return Ok(());
    }
    if json {
        let failure = Failure::new("--json wants standard output for itself");
        return Err(failure.hint("write the profile to a file: -o FILE").into());
    }
    if path.is_empty() && io::stdout().is_terminal() {
        let failure = Failure::new("a profile is nothing for a terminal");
        let hint = "write it to a file: -o FILE, or to a program: -o - | ...";
        return Err(failure.hint(hint).into());
    }
    Ok(())
}

/// Writes profile.proto, compressed unless the file's name says otherwise.
pub(super) fn proto(profile: &Profile, path: &str) -> Vec<u8> {
    let extension = Path::new(path).extension();
    if extension.is_some_and(|it| it.eq_ignore_ascii_case("pb") || it.eq_ignore_ascii_case("proto"))
    {
        write_raw_proto(profile)
    } else {
        write_proto(profile)
    }
}

/// Applies the options that change a profile; without any it stays as it is.
pub(super) fn filtered(
    profile: Profile,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Profile> {
    // These say how a result is written, not what is in it.
    const AFTERWARDS: [&str; 5] = ["output", "compat", "layout", "sample_index", "normalize"];
    let changes = OPTIONS
        .iter()
        .filter(|spec| !AFTERWARDS.contains(&spec.name))
        .any(|spec| spec.get(options) != spec.default_text());
    let Some(command) = find("proto").filter(|_| changes) else {
        return Ok(profile);
    };
    let options = expand_options(options, &profile).map_err(fathom_report::Failure::from)?;
    let looked = Looked {
        profile,
        options,
        exit: Exit::Fine,
    };
    let report = report(command.name, None, &looked, output)?;
    let mut bytes = Vec::new();
    report.write(&mut |piece: &[u8]| bytes.write_all(piece))?;
    Ok(Profile::parse_owned(bytes, &Limits::default())?)
}
