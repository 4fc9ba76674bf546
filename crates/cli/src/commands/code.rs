//! `fathom list` and `fathom disasm`: source lines and instructions with what they cost.

use fathom_report::Surroundings;
use fathom_report::handle::expand;
use fathom_report::listing::{Disassembly, Listing};
use serde::Serialize;

use super::view::{Looked, answer, look, noted, report};
use crate::args::{DisasmArgs, ListArgs};
use crate::exit::Exit;
use crate::output::Output;
use crate::place;
use crate::pprof::report::Reporter;

pub(super) fn list(args: &ListArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    if args.json {
        let make = |pattern: &str, around: Surroundings<'_>| {
            Listing::new(&looked.profile, &looked.options, pattern, around.sources)
        };
        return as_json("fathom.list/1", &args.pattern, &looked, make, output);
    }
    as_text("list", &args.pattern, &looked, output)
}

pub(super) fn disasm(args: &DisasmArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    if args.json {
        let make = |pattern: &str, around: Surroundings<'_>| {
            Disassembly::new(&looked.profile, &looked.options, pattern, around.objects)
        };
        return as_json("fathom.disasm/1", &args.pattern, &looked, make, output);
    }
    as_text("disasm", &args.pattern, &looked, output)
}

fn as_json<T: Serialize>(
    schema: &'static str,
    pattern: &str,
    looked: &Looked,
    make: impl FnOnce(&str, Surroundings<'_>) -> Result<T, fathom_report::Failure>,
    output: &Output,
) -> anyhow::Result<Exit> {
    let pattern = expand(pattern, &looked.profile).map_err(fathom_report::Failure::from)?;
    let reporter = Reporter::new(looked.options.compat);
    let view = noted(make(&pattern, reporter.surroundings()), output)?;
    answer(schema, &view, &looked.options, output)?;
    Ok(looked.exit)
}

fn as_text(
    name: &'static str,
    pattern: &str,
    looked: &Looked,
    output: &Output,
) -> anyhow::Result<Exit> {
    let report = report(name, Some(pattern), looked, output)?;
    place::put_report(&report, &looked.options.output, output)?;
    Ok(looked.exit)
}
