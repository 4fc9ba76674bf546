//! What was found, and the captures that were taken of it.

use axum::body::Bytes;
use fathom_collect::GONE_MS;
use fathom_history::{ArtefactInfo, KeptFinding, Labels, Range, Selector, TargetInfo};
use serde::Serialize;

use super::super::{Work, json};
use super::time::Span;
use crate::past::{Past, failed, target_id};
use crate::problem::Problem;

#[derive(Serialize)]
struct FindingList {
    schema: &'static str,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    target_id: String,
    /// Whether it was still seen when its target was last looked at.
    holds: bool,
    #[serde(flatten)]
    finding: KeptFinding,
}

#[derive(Serialize)]
struct ArtefactList {
    schema: &'static str,
    artefacts: Vec<Kept>,
}

#[derive(Serialize)]
struct Kept {
    target_id: String,
    #[serde(flatten)]
    artefact: ArtefactInfo,
}

/// The targets that are asked for, and the selector and range that they are asked by.
struct Asked {
    targets: Vec<TargetInfo>,
    selector: Selector,
    range: Range,
}

impl Asked {
    fn of(work: &Work<'_>, past: &Past) -> Result<Self, Problem> {
        let (targets, selector) = match work.query.own("target") {
            Some(id) => {
                let target = past.target(Some(id))?;
                let selector = Selector::of(&target.labels);
                (vec![target], selector)
            }
            None => (past.history().targets().map_err(failed)?, Selector::all()),
        };
        let last_ms = targets.iter().map(|target| target.last_ms).max();
        Ok(Self {
            range: Span::until(work.query, last_ms.unwrap_or(0))?.range,
            targets,
            selector,
        })
    }

    /// The target of these labels; one that only has these labels among others is none.
    fn find(&self, labels: &Labels) -> Option<&TargetInfo> {
        self.targets.iter().find(|known| known.labels == *labels)
    }
}

pub(super) fn findings(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let asked = Asked::of(work, past)?;
    let all = past.history().findings(&asked.selector, asked.range);
    let found = all.map_err(failed)?.into_iter().filter_map(|finding| {
        let target = asked.find(&finding.target)?;
        Some(Found {
            target_id: target_id(&finding.target),
            holds: target.last_ms.saturating_sub(finding.last_ms) < GONE_MS,
            finding,
        })
    });
    json(&FindingList {
        schema: "fathom.findings/1",
        findings: found.collect(),
    })
}

pub(super) fn artefacts(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let asked = Asked::of(work, past)?;
    let all = past.history().artefacts(&asked.selector, asked.range);
    let kept = all.map_err(failed)?.into_iter().filter_map(|artefact| {
        asked.find(&artefact.target)?;
        Some(Kept {
            target_id: target_id(&artefact.target),
            artefact,
        })
    });
    json(&ArtefactList {
        schema: "fathom.artefacts/1",
        artefacts: kept.collect(),
    })
}

/// The number in the path.
fn number(work: &Work<'_>) -> Result<i64, Problem> {
    let id = work.query.needed("id")?;
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("there is no artefact {id:?}"))
        .hint("api/v1/history/artefacts lists them")
}

pub(super) fn artefact(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let id = number(work)?;
    let bytes = past.history().artefact(id).map_err(failed)?;
    Ok(bytes.ok_or_else(|| unknown(&id.to_string()))?.into())
}

pub(super) fn file_name(work: &Work<'_>) -> Result<String, Problem> {
    let past = work.past()?;
    let id = number(work)?;
    let all = past.history().artefacts(&Selector::all(), Range::ALL);
    let mut all = all.map_err(failed)?.into_iter();
    let found = all.find(|artefact| artefact.id == id);
    Ok(found.ok_or_else(|| unknown(&id.to_string()))?.name)
}
