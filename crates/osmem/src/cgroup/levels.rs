//! Several levels of groups: a process is bound by the limits of all its group's ancestors.

use std::collections::BTreeMap;

use super::{Cgroup, Limit, Version};
use crate::Error;

/// Makes the levels of a hierarchy of files that were read by their paths, the process's own
/// group (the deepest directory) first; each group's path is its directory. A directory without
/// any number, such as the root of version 2, is left out.
///
/// # Errors
/// A known file whose content has not its form.
pub fn levels<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<Vec<Cgroup>, Error> {
    let mut by_directory: BTreeMap<&str, Vec<(&str, &[u8])>> = BTreeMap::new();
    for (path, bytes) in files {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        by_directory
            .entry(directory)
            .or_default()
            .push((name, bytes));
    }
    let mut groups = Vec::new();
    for (directory, files) in by_directory {
        let is_v1 = files
            .iter()
            .any(|(name, _)| name.ends_with("_in_bytes") || *name == "memory.failcnt");
        let version = if is_v1 { Version::V1 } else { Version::V2 };
        let mut group = Cgroup::from_files(version, files)?;
        if group.current.is_some() || group.limit.is_some() {
            directory.clone_into(&mut group.path);
            groups.push(group);
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.path.matches('/').count()));
    Ok(groups)
}

/// The limit that a process meets first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingLimit {
    /// Which level sets it: 0 is the process's own group.
    pub level: usize,
    /// That group's directory, when it is known.
    pub path: String,
    /// The limit in bytes.
    pub limit: u64,
    /// What that group is charged now.
    pub current: Option<u64>,
}

impl BindingLimit {
    /// Returns the distance to the limit in bytes.
    pub fn headroom(&self) -> Option<u64> {
        Some(self.limit.saturating_sub(self.current?))
    }
}

/// Returns the limit that is nearest to being met among the levels of a hierarchy (the process's
/// own group first). Limits that the host's memory does not reach are no limits. Levels whose
/// charge is unknown count with the charge of the level below, which they contain.
pub fn nearest_limit(levels: &[Cgroup], host_total: Option<u64>) -> Option<BindingLimit> {
    let mut charge_below = 0;
    let mut nearest: Option<(u64, BindingLimit)> = None;
    for (level, group) in levels.iter().enumerate() {
        let charge = group.current.unwrap_or(charge_below).max(charge_below);
        charge_below = charge;
        let Some(limit) = group.own_limit(host_total) else {
            continue;
        };
        let headroom = limit.saturating_sub(charge);
        if nearest.as_ref().is_none_or(|(least, _)| headroom < *least) {
            let binding = BindingLimit {
                level,
                path: group.path.clone(),
                limit,
                current: group.current,
            };
            nearest = Some((headroom, binding));
        }
    }
    nearest.map(|(_, binding)| binding)
}

impl Cgroup {
    /// Returns the group's limit if the host's memory reaches it.
    fn own_limit(&self, host_total: Option<u64>) -> Option<u64> {
        let limit = self.limit?.bytes()?;
        host_total
            .is_none_or(|total| limit < total)
            .then_some(limit)
    }

    /// Returns the least limit of the group and its ancestors, unless it lies at or above the
    /// host's memory, where it never binds. Version 1 also tells the least limit of ancestors
    /// that cannot be seen from inside a container.
    pub fn effective_limit(&self, host_total: Option<u64>, ancestors: &[Self]) -> Limit {
        let inherited = self
            .stat
            .hierarchical_limit
            .filter(|&limit| limit < super::UNLIMITED_FROM)
            .filter(|&limit| host_total.is_none_or(|total| limit < total));
        std::iter::once(self)
            .chain(ancestors)
            .filter_map(|group| group.own_limit(host_total))
            .chain(inherited)
            .min()
            .map_or(Limit::Unlimited, Limit::Bytes)
    }
}
