//! A profile that is brought to be compared.

use axum::body::Bytes;
use fathom_profile::{Limits, ParseOptions, Profile};
use serde::Serialize;

use super::{Parameter, Work, json, needed};
use crate::problem::Problem;

pub(super) const PARAMETERS: &[Parameter] = &[needed("name", "The name of the file")];

/// Begins a bundle, which is no profile.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

#[derive(Debug, Serialize)]
struct Dropped<'a> {
    schema: &'static str,
    /// The name under which it can be chosen.
    name: &'a str,
}

pub(super) fn take(work: &Work<'_>) -> Result<Bytes, Problem> {
    let name = work.query.needed("name")?;
    if work.body.starts_with(ZIP_MAGIC) {
        let problem = Problem::bad_request(format!("{name}: a bundle holds many profiles"));
        return Err(problem.hint("fathom open OLD NEW compares two bundles"));
    }
    let parsing = if work.around.options.compat {
        ParseOptions::as_pprof()
    } else {
        ParseOptions::default()
    };
    let profile = Profile::parse_as(work.body, &Limits::default(), parsing);
    let profile = profile.map_err(|error| {
        let problem = Problem::bad_request(format!("{name}: {error}"));
        problem.hint(
            "profiles of pprof, folded stacks, speedscope, Firefox, Chrome and callgrind are read",
        )
    })?;
    let added = work.shelf.add(name, profile)?;
    json(&Dropped {
        schema: "fathom.dropped/1",
        name: added.name(),
    })
}
