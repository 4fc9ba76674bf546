//! The ledger of a process of which only `status` or `smaps_rollup` is known.

use super::tree::{Basis, Class, Node};
use super::{arena_parts, metadata_parts, share};
use crate::situation::Situation;

/// Builds the tree from `VmRSS = RssAnon + RssFile + RssShmem`; `None` where
/// the kernel says nothing of resident memory.
pub(super) fn tree(situation: &Situation) -> Option<Node> {
    let split = situation.resident_split()?;
    let anonymous = match &situation.memstats {
        Some(memory) => {
            let mut parts = situation
                .heap_state
                .map(|state| arena_parts(&state, situation.work_buffers))
                .unwrap_or_default();
            parts.extend(metadata_parts(memory, situation.work_buffers));
            let (mut nodes, beyond) = share(split.anonymous, parts);
            nodes.push(Node::leaf(
                "other-anonymous",
                "binary data, released pages, or memory outside Go",
                Class::Unattributed,
                beyond,
                Basis::Estimated,
            ));
            Node::sum(
                "anonymous",
                "anonymous memory",
                Class::Total,
                Basis::Measured,
                nodes,
            )
        }
        None => Node::leaf(
            "anonymous",
            "anonymous memory: Go heap, stacks, runtime, C",
            Class::HeapLive,
            split.anonymous,
            Basis::Measured,
        ),
    };
    let label = if split.exact {
        "resident memory (RSS)"
    } else {
        "resident memory (RSS, approximate)"
    };
    Some(Node::sum(
        "rss",
        label,
        Class::Total,
        Basis::Measured,
        vec![
            anonymous,
            Node::leaf(
                "files",
                "binary and mapped files",
                Class::Files,
                split.file,
                Basis::Measured,
            ),
            Node::leaf(
                "shared-memory",
                "shared memory",
                Class::Shared,
                split.shared,
                Basis::Measured,
            ),
        ],
    ))
}
