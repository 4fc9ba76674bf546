//! What stands beside the tree: numbers that are not resident memory of the
//! process, but that people compare it with.

use crate::amount::{bytes, percent};
use crate::ledger::Beside;
use crate::situation::Situation;

/// Lists the numbers that the evidence has.
pub(crate) fn rows(s: &Situation) -> Vec<Beside> {
    let mut rows = Vec::new();
    let mut add = |id, label: &str, bytes: Option<u64>, note: String| {
        if let Some(bytes) = bytes {
            rows.push(Beside {
                id,
                label: label.to_owned(),
                bytes,
                note,
            });
        }
    };
    add(
        "virtual-size",
        "virtual size",
        s.virtual_size(),
        "address space reserved; costs nothing".to_owned(),
    );
    add(
        "peak-rss",
        "peak RSS",
        s.status.as_ref().and_then(|status| status.vm_hwm),
        "the most that was ever resident (VmHWM)".to_owned(),
    );
    add(
        "untouched",
        "committed, never touched",
        untouched(s),
        "Go counts it, the kernel does not".to_owned(),
    );
    add(
        "swapped",
        "swapped out",
        s.swap().filter(|&swap| swap > 0),
        "not in RSS".to_owned(),
    );
    add(
        "page-tables",
        "page tables",
        s.status.as_ref().and_then(|status| status.vm_pte),
        "kernel memory for the mappings, not in RSS".to_owned(),
    );
    if let Some(limit) = s.memory_limit() {
        let committed = s.heap_state.map_or(0, |state| state.committed);
        add(
            "gomemlimit",
            "GOMEMLIMIT",
            Some(limit),
            distance(committed, limit, "Sys less HeapReleased"),
        );
    }
    if let Some(cgroup) = &s.cgroup {
        add(
            "cgroup-current",
            "cgroup charge",
            cgroup.current,
            if s.cgroup_is_shared() {
                "shared with other processes".to_owned()
            } else {
                "resident, page cache and kernel memory".to_owned()
            },
        );
        add(
            "cgroup-working-set",
            "cgroup working set",
            cgroup.working_set(),
            "the charge less inactive file pages, as Kubernetes counts".to_owned(),
        );
        if let Some(limit) = s.cgroup_limit {
            let used = cgroup.working_set().or(cgroup.current).unwrap_or(0);
            add(
                "cgroup-limit",
                "cgroup limit",
                Some(limit),
                distance(used, limit, "the working set"),
            );
        }
    }
    if let Some(host) = &s.host {
        add(
            "host-available",
            "available on the host",
            host.available,
            format!("of {}", bytes(host.total)),
        );
    }
    rows
}

fn distance(used: u64, limit: u64, what: &str) -> String {
    if used > limit {
        format!("{what} is {} over it", bytes(used - limit))
    } else {
        format!(
            "{what} is at {}, {} are left",
            percent(used, limit),
            bytes(limit - used)
        )
    }
}

fn untouched(s: &Situation) -> Option<u64> {
    let untouched = s.arena_committed()?.saturating_sub(s.arena_resident()?);
    Some(untouched).filter(|&bytes| bytes > 0)
}
