//! The rows of `top` in every sample type at once, and in the base where there is one.

use axum::body::Bytes;
use fathom_report::FunctionTable;
use fathom_report::options::Options;
use serde::Serialize;

use super::about::SampleType;
use super::{Work, json};
use crate::problem::Problem;
use crate::subject::Side;

/// Rows that are listed unless another number is asked for.
const ROWS: usize = 20_000;

#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    sample_types: Vec<SampleType>,
    #[serde(flatten)]
    table: FunctionTable,
}

pub(super) fn functions(work: &Work<'_>) -> Result<Bytes, Problem> {
    let named = work.named()?;
    let side = work.query.side(Side::New)?;
    let profile = &*named.side(side)?;
    // Where the change itself is asked for, the base is in it.
    let base = if side == Side::New {
        named.base()
    } else {
        None
    };
    let options = Options {
        trim: false,
        ..work.query.options_for(profile)?
    };
    let limit = work.query.number("limit")?.unwrap_or(ROWS);
    let base = base.map(|base| &***base);
    json(&Answer {
        schema: "fathom.functions/1",
        sample_types: SampleType::all(profile),
        table: FunctionTable::new(profile, base, &options, limit)?,
    })
}
