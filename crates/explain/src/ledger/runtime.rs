//! The ledger of a process that the kernel does not show: the root is what the
//! runtime says it holds.

use super::tree::{Basis, Class, Node};
use super::{arena_parts, metadata_parts};
use crate::heap_state::whole;
use crate::situation::Situation;

/// Builds the tree under `Sys - HeapReleased`, or, without `MemStats`, under
/// the live bytes of the heap profile.
pub(super) fn tree(situation: &Situation) -> Option<Node> {
    let (Some(memory), Some(state)) = (&situation.memstats, situation.heap_state) else {
        return profile(situation);
    };
    let mut parts = arena_parts(&state, 0);
    parts.extend(metadata_parts(memory, 0));
    let nodes = parts
        .into_iter()
        .map(|part| {
            Node::leaf(
                part.id,
                part.label,
                part.class,
                part.committed,
                Basis::Reported,
            )
            .between(part.low, part.high)
        })
        .collect();
    Some(Node::sum(
        "go-total",
        "what the runtime holds (Sys less HeapReleased)",
        Class::Total,
        Basis::Reported,
        nodes,
    ))
}

fn profile(situation: &Situation) -> Option<Node> {
    let total = &situation.heap.as_ref()?.total;
    Some(
        Node::leaf(
            "profile-inuse",
            "live heap by the profile",
            Class::HeapLive,
            whole(total.value),
            Basis::Estimated,
        )
        .between(whole(total.low), whole(total.high)),
    )
}
