//! What is known of the process beside its profiles: its goroutines and its address space.

use std::cell::Cell;

use axum::body::Bytes;
use fathom_explain::GoroutinesAnswer;

use super::{Work, json};
use crate::problem::Problem;

/// Groups of goroutines that are told unless more are asked for.
const GROUPS: usize = 2000;

pub(super) fn goroutines(work: &Work<'_>) -> Result<Bytes, Problem> {
    let Some(goroutines) = &work.shelf.subject.goroutines else {
        let problem = Problem::not_found("none of the sources tells where goroutines stand");
        return Err(problem.hint("a goroutine dump (debug=2) or a goroutine profile does"));
    };
    let limit = work.query.number("limit")?.unwrap_or(GROUPS);
    let mut report = goroutines.report.clone();
    let kept = Cell::new(0);
    report.keep(|row| {
        let keeps = row.suspicion.is_some() || kept.get() < limit;
        kept.set(kept.get() + usize::from(keeps));
        keeps
    });
    json(&GoroutinesAnswer::new(&goroutines.source, &report))
}

pub(super) fn memory_map(work: &Work<'_>) -> Result<Bytes, Problem> {
    let Some(map) = &work.shelf.subject.memory_map else {
        let problem = Problem::not_found("none of the sources tells the process's mappings");
        return Err(problem.hint("a pid of this machine does, or its /proc/PID/smaps as a file"));
    };
    json(map)
}
