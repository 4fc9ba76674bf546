//! Which files of the memory controller to read.

use super::{Membership, Mounts, Version};

/// The files of a version 1 group.
pub const FILES_V1: [&str; 8] = [
    "memory.usage_in_bytes",
    "memory.max_usage_in_bytes",
    "memory.limit_in_bytes",
    "memory.soft_limit_in_bytes",
    "memory.kmem.usage_in_bytes",
    "memory.failcnt",
    "memory.oom_control",
    "memory.stat",
];

/// The files of a version 2 group.
pub const FILES_V2: [&str; 11] = [
    "memory.current",
    "memory.peak",
    "memory.max",
    "memory.high",
    "memory.low",
    "memory.min",
    "memory.swap.current",
    "memory.swap.max",
    "memory.events",
    "memory.stat",
    "memory.pressure",
];

/// No hierarchy is deeper than this here; Kubernetes uses about six levels.
const MOST_LEVELS: usize = 32;

/// Returns the paths of all files to read for a process: its own group's first, then those of the
/// ancestors up to the mount point. Many of them need not exist (the root group of version 2 has
/// no `memory.current`, old kernels lack `memory.peak`): what cannot be opened is left out, and
/// the rest goes to [`levels`](super::levels).
///
/// Version 1 is taken where the process has a group of its memory controller: the version 2
/// hierarchy of a hybrid system has none. The list is empty when no mount shows the group.
pub fn files_to_read(membership: &Membership, mounts: &Mounts) -> Vec<String> {
    let v1 = membership
        .memory_v1
        .as_deref()
        .map(|group| (Version::V1, group, FILES_V1.as_slice()));
    let v2 = membership
        .v2
        .as_deref()
        .map(|group| (Version::V2, group, FILES_V2.as_slice()));
    [v1, v2]
        .into_iter()
        .flatten()
        .find_map(|(version, group, files)| {
            let directories = directories(version, group, mounts)?;
            Some(
                directories
                    .iter()
                    .flat_map(|directory| {
                        files.iter().map(move |file| format!("{directory}/{file}"))
                    })
                    .collect(),
            )
        })
        .unwrap_or_default()
}

/// Returns the directories of a group and its ancestors, the group's own first.
fn directories(version: Version, group: &str, mounts: &Mounts) -> Option<Vec<String>> {
    let (mount, relative) = mounts
        .cgroups
        .iter()
        .filter(|mount| mount.version == version)
        .find_map(|mount| Some((mount, mount.relative(group)?)))?;
    let mount_point = mount.mount_point.trim_end_matches('/');
    let mut directories = Vec::new();
    let mut relative = relative;
    while !relative.is_empty() && directories.len() < MOST_LEVELS {
        directories.push(format!("{mount_point}/{relative}"));
        relative = relative.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    directories.push(mount_point.to_owned());
    Some(directories)
}
