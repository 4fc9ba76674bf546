//! `fathom graph`: the call graph, drawn.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use fathom_report::callgraph::CallGraph;

use super::view::{answer, look, noted, report};
use crate::args::{GraphArgs, GraphFormat};
use crate::exit::Exit;
use crate::output::Output;
use crate::place;
use crate::pprof::numbered;

pub(crate) fn run(args: &GraphArgs, output: &Output) -> anyhow::Result<Exit> {
    let looked = look(&args.view, output)?;
    let path = looked.options.output.as_str();
    if args.json {
        let graph = noted(CallGraph::new(&looked.profile, &looked.options), output)?;
        answer("fathom.graph/1", &graph, &looked.options, output)?;
        return Ok(looked.exit);
    }
    let format = args.format.or_else(|| of_file_name(path));
    let format = format.unwrap_or(GraphFormat::Svg);
    let report = report(name(format), None, &looked, output)?;
    let fills_terminal = path.is_empty() && format != GraphFormat::Dot;
    if fills_terminal && io::stdout().is_terminal() {
        let suffix = format!(".{}", name(format));
        let (mut file, path) = numbered::create(Path::new(""), "profile", &suffix)
            .context("cannot write to the working directory")?;
        report
            .write(&mut |bytes: &[u8]| file.write_all(bytes))
            .with_context(|| format!("cannot write {}", path.display()))?;
        output.note(&format!("the graph is in {}", path.display()));
    } else {
        place::put_report(&report, path, output)?;
    }
    Ok(looked.exit)
}

/// The command of pprof that makes a format.
const fn name(format: GraphFormat) -> &'static str {
    match format {
        GraphFormat::Dot => "dot",
        GraphFormat::Svg => "svg",
        GraphFormat::Png => "png",
        GraphFormat::Pdf => "pdf",
        GraphFormat::Ps => "ps",
        GraphFormat::Gif => "gif",
    }
}

fn of_file_name(path: &str) -> Option<GraphFormat> {
    let extension = Path::new(path).extension()?.to_str()?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "dot" | "gv" => GraphFormat::Dot,
        "svg" => GraphFormat::Svg,
        "png" => GraphFormat::Png,
        "pdf" => GraphFormat::Pdf,
        "ps" => GraphFormat::Ps,
        "gif" => GraphFormat::Gif,
        _ => return None,
    })
}
