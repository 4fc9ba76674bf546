//! The views of the command line, value for value.

use std::sync::Arc;

use axum::body::Bytes;
use fathom_profile::Profile;
use fathom_report::callgraph::CallGraph;
use fathom_report::diff::Diff;
use fathom_report::flame::Flame;
use fathom_report::handle::expand;
use fathom_report::listing::{Disassembly, Listing};
use fathom_report::options::Options;
use fathom_report::tags::Tags;
use fathom_report::top::{Intervals, Top};
use fathom_report::traces::{Trace, Traces};
use fathom_report::tree::Tree;
use fathom_report::{Heading, Memoized};
use serde::Serialize;

use super::{Work, named_json};
use crate::problem::Problem;
use crate::subject::Side;

/// Stacks that are shown unless another number is asked for.
const STACKS: usize = 1000;

impl Work<'_> {
    /// The profile that is asked for, of a comparison the change, and the options of its
    /// report.
    pub(super) fn chosen(&self) -> Result<(Arc<Memoized>, Options), Problem> {
        let named = self.named()?;
        let profile = named.side(self.query.side(named.usual_side())?)?;
        let options = self.query.options_for(&profile)?;
        Ok((profile, options))
    }

    /// The pattern that is asked for, as one over names.
    fn pattern(&self, profile: &Profile) -> Result<String, Problem> {
        let pattern = self.query.needed("pattern")?;
        Ok(expand(pattern, profile)?.into_owned())
    }
}

pub(super) fn top(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    named_json(
        "fathom.top/1",
        &Top::new(&*profile, &options, Intervals::Compute)?,
    )
}

pub(super) fn tree(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    named_json("fathom.tree/1", &Tree::new(&*profile, &options, None)?)
}

pub(super) fn peek(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    let pattern = work.pattern(&profile)?;
    named_json(
        "fathom.tree/1",
        &Tree::new(&*profile, &options, Some(&pattern))?,
    )
}

#[derive(Debug, Serialize)]
struct LargestTraces<'a> {
    heading: &'a Heading,
    traces: Vec<Trace>,
    notes: Vec<String>,
}

pub(super) fn traces(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    let most = work.query.number("limit")?.unwrap_or(STACKS);
    let traces = Traces::new(&profile, &options)?;
    let (largest, has_more) = traces.largest(most);
    let mut notes = traces.notes().to_vec();
    if has_more {
        notes.push(format!(
            "the {most} largest stacks; limit={} shows more",
            most.saturating_mul(10)
        ));
    }
    let view = LargestTraces {
        heading: traces.heading(),
        traces: largest,
        notes,
    };
    named_json("fathom.traces/1", &view)
}

pub(super) fn tags(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    named_json("fathom.tags/1", &Tags::new(&profile, &options)?)
}

pub(super) fn graph(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    named_json("fathom.graph/1", &CallGraph::new(&*profile, &options)?)
}

pub(super) fn list(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    let pattern = work.pattern(&profile)?;
    let sources = &*work.around.sources;
    named_json(
        "fathom.list/1",
        &Listing::new(&profile, &options, &pattern, sources)?,
    )
}

pub(super) fn disasm(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    let pattern = work.pattern(&profile)?;
    let objects = &*work.around.objects;
    named_json(
        "fathom.disasm/1",
        &Disassembly::new(&profile, &options, &pattern, objects)?,
    )
}

pub(super) fn diff(work: &Work<'_>) -> Result<Bytes, Problem> {
    let named = work.named()?;
    let options = work.query.options_for(named.profile())?;
    let base = named.side(Side::Base)?;
    named_json(
        "fathom.diff/1",
        &Diff::new(&base, named.profile(), &options)?,
    )
}

pub(super) fn flame(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    named_json("fathom.flame/1", &Flame::new(&profile, &options)?)
}
