//! Views as files: pictures, tables, and the profile itself.

use axum::body::Bytes;
use fathom_report::callgraph::CallGraph;
use fathom_report::diff::Diff;
use fathom_report::flame::{FlameOptions, render_svg};
use fathom_report::tags::Tags;
use fathom_report::top::{Intervals, Top};
use fathom_report::tree::Tree;
use fathom_report::{Surroundings, command, picture, produce};

use super::{Work, flame};
use crate::problem::Problem;
use crate::subject::Side;

/// Pixels a point: sharp on a dense screen and in print.
const SCALE: f32 = 2.0;

/// pprof's command that writes the profile.
const PROTO: &str = "proto";

fn drawn_flame(work: &Work<'_>) -> Result<String, Problem> {
    let (_, flame) = flame::asked(work, &flame::window_of_all(work)?)?;
    let options = FlameOptions {
        zone: work.around.zone.clone(),
        ..FlameOptions::default()
    };
    Ok(render_svg(&flame, &options))
}

fn drawn_graph(work: &Work<'_>) -> Result<String, Problem> {
    let (profile, options) = work.chosen()?;
    let graph = CallGraph::new(&*profile, &options)?;
    Ok(graph.draw(&work.around.zone)?.svg)
}

fn png(svg: &str) -> Result<Bytes, Problem> {
    Ok(picture::png(svg, SCALE)?.into())
}

pub(super) fn flame_svg(work: &Work<'_>) -> Result<Bytes, Problem> {
    Ok(drawn_flame(work)?.into())
}

pub(super) fn flame_png(work: &Work<'_>) -> Result<Bytes, Problem> {
    png(&drawn_flame(work)?)
}

pub(super) fn graph_svg(work: &Work<'_>) -> Result<Bytes, Problem> {
    Ok(drawn_graph(work)?.into())
}

pub(super) fn graph_png(work: &Work<'_>) -> Result<Bytes, Problem> {
    png(&drawn_graph(work)?)
}

pub(super) fn top_csv(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    let top = Top::new(&*profile, &options, Intervals::Omit)?;
    Ok(top.render_csv().into())
}

pub(super) fn tree_csv(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    Ok(Tree::new(&*profile, &options, None)?.render_csv().into())
}

pub(super) fn tags_csv(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    Ok(Tags::new(&profile, &options)?.render_csv().into())
}

pub(super) fn diff_csv(work: &Work<'_>) -> Result<Bytes, Problem> {
    let named = work.named()?;
    let options = work.query.options_for(named.profile())?;
    let base = named.side(Side::Base)?;
    let diff = Diff::new(&base, named.profile(), &options)?;
    Ok(diff.render_csv().into())
}

/// The profile under the filters, for any tool that reads pprof's format.
pub(super) fn profile(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, options) = work.chosen()?;
    let missing = || Problem::bad_request("profiles are not written here");
    let command = command::find(PROTO).ok_or_else(missing)?;
    let surroundings = Surroundings {
        zone: &work.around.zone,
        sources: &*work.around.sources,
        objects: &*work.around.objects,
    };
    let made = produce(&*profile, command, None, &options, surroundings)?;
    Ok(made.bytes.into())
}
