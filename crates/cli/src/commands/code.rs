//! `fathom list` and `fathom disasm`: source lines and instructions with what they cost.

use fathom_report::handle::expand;
use fathom_report::listing::{Disassembly, Listing};

use super::view::{answer, look, noted, report};
use crate::args::{DisasmArgs, ListArgs};
use crate::exit::Exit;
use crate::output::Output;
use crate::place;
use crate::pprof::report::Reporter;

pub(super) fn list(args: &ListArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    let options = &looked.options;
    if args.json {
        let pattern = expand(&args.pattern, &looked.profile);
        let pattern = pattern.map_err(fathom_report::Failure::from)?;
        let reporter = Reporter::new(options.compat);
        let sources = reporter.surroundings().sources;
        let made = Listing::new(&looked.profile, options, &pattern, sources);
        answer("fathom.list/1", &noted(made, output)?, options, output)?;
        return Ok(looked.exit);
    }
    let report = report("list", Some(&args.pattern), &looked, output)?;
    place::put_report(&report, &options.output, output)?;
    Ok(looked.exit)
}

pub(super) fn disasm(args: &DisasmArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    let options = &looked.options;
    if args.json {
        let pattern = expand(&args.pattern, &looked.profile);
        let pattern = pattern.map_err(fathom_report::Failure::from)?;
        let reporter = Reporter::new(options.compat);
        let objects = reporter.surroundings().objects;
        let made = Disassembly::new(&looked.profile, options, &pattern, objects);
        let disassembly = noted(made, output)?;
        answer("fathom.disasm/1", &disassembly, options, output)?;
        return Ok(looked.exit);
    }
    let report = report("disasm", Some(&args.pattern), &looked, output)?;
    place::put_report(&report, &options.output, output)?;
    Ok(looked.exit)
}
