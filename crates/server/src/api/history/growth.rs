//! What grows.

use axum::body::Bytes;
use fathom_collect::growth_of;

use super::super::{Work, json};
use super::time::Span;
use crate::past::failed;
use crate::problem::Problem;

pub(super) fn leaks(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let target = past.target(work.query.own("target"))?;
    let span = Span::of(work.query, &target)?;
    let growth = growth_of(past.history(), &target.labels, span.range).map_err(failed)?;
    json(&growth)
}
