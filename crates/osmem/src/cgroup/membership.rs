//! Which groups a process belongs to, and where the group file systems are mounted.

use super::Version;
use crate::lines::{self, words};
use crate::{Error, Input, Limits};

/// The groups of a process that matter for memory. The paths are relative to the root of the
/// reader's cgroup namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership {
    /// The path in the version 2 hierarchy. On a hybrid system it exists beside `memory_v1` and
    /// has no memory controller.
    pub v2: Option<String>,
    /// The path in version 1's memory hierarchy.
    pub memory_v1: Option<String>,
}

/// Reads `/proc/PID/cgroup` (cgroups(7)).
///
/// # Errors
/// A line that is not `id:controllers:path`, or an empty file.
pub fn parse_membership(bytes: &[u8]) -> Result<Membership, Error> {
    let input = Input::CgroupMembership;
    lines::check_size(bytes, input, &Limits::default())?;
    let mut membership = Membership::default();
    for line in lines::lines(bytes) {
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        let mut parts = line.bytes.splitn(3, |&byte| byte == b':');
        let (Some(id), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(line.refuse(input, "expected `id:controllers:path`"));
        };
        if !path.starts_with(b"/") {
            return Err(line.refuse(input, "expected a path from the root"));
        }
        // A group that has been removed under the process is marked so.
        let path = lines::text(path.strip_suffix(b" (deleted)").unwrap_or(path));
        if id == b"0" && controllers.is_empty() {
            membership.v2 = Some(path);
        } else if controllers
            .split(|&byte| byte == b',')
            .any(|name| name == b"memory")
        {
            membership.memory_v1 = Some(path);
        }
    }
    Ok(membership)
}

/// Where a hierarchy of groups is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Which interface it offers.
    pub version: Version,
    /// The group that appears at the mount point.
    pub root: String,
    /// The mount point.
    pub mount_point: String,
}

impl Mount {
    /// Returns a group's path below the mount point, without a slash at its beginning; `None`
    /// when the group is not below this mount.
    pub(super) fn relative<'a>(&self, group: &'a str) -> Option<&'a str> {
        if group.split('/').any(|part| part == "..") {
            return None;
        }
        let root = self.root.trim_end_matches('/');
        let below = group.strip_prefix(root)?;
        if !below.is_empty() && !below.starts_with('/') {
            return None;
        }
        Some(below.trim_matches('/'))
    }
}

/// What mounts tell about memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mounts {
    /// The version 2 hierarchy and version 1's memory hierarchy, in the order of the file.
    pub cgroups: Vec<Mount>,
    /// The devices of tmpfs: files on them are shared memory.
    pub tmpfs_devices: Vec<(u32, u32)>,
}

impl Mounts {
    /// Reads `/proc/PID/mountinfo` (`proc_pid_mountinfo(5)`). For opening files take the reader's
    /// own: the mount points of another process may lie in another mount namespace.
    ///
    /// # Errors
    /// A line that has not the file's form, or an empty file.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let input = Input::MountInfo;
        lines::check_size(bytes, input, &Limits::default())?;
        let mut mounts = Self::default();
        for line in lines::lines(bytes) {
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            mounts
                .take(line.bytes)
                .ok_or_else(|| line.refuse(input, "expected a mount"))?;
        }
        Ok(mounts)
    }

    fn take(&mut self, line: &[u8]) -> Option<()> {
        let mut fields = words(line);
        let device = fields.nth(2)?;
        let root = fields.next()?;
        let mount_point = fields.next()?;
        // Options and any number of optional fields, then a dash.
        fields.find(|field| *field == b"-")?;
        let kind = fields.next()?;
        let options = fields.nth(1).unwrap_or_default();
        let version = match kind {
            b"cgroup2" => Version::V2,
            b"cgroup"
                if options
                    .split(|&byte| byte == b',')
                    .any(|name| name == b"memory") =>
            {
                Version::V1
            }
            b"tmpfs" | b"devtmpfs" => {
                self.tmpfs_devices.push(device_numbers(device)?);
                return Some(());
            }
            _ => return Some(()),
        };
        self.cgroups.push(Mount {
            version,
            root: unescape(root),
            mount_point: unescape(mount_point),
        });
        Some(())
    }
}

/// Reads `major:minor`, decimal here unlike in `maps`.
fn device_numbers(device: &[u8]) -> Option<(u32, u32)> {
    let colon = device.iter().position(|&byte| byte == b':')?;
    let number = |digits| u32::try_from(lines::decimal(digits)?).ok();
    Some((
        number(device.get(..colon)?)?,
        number(device.get(colon + 1..)?)?,
    ))
}

/// Undoes the octal escapes of blanks and backslashes.
fn unescape(escaped: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((&first, after)) = rest.split_first() {
        let octal = after
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = octal {
            bytes.push(byte);
            rest = after.get(3..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    lines::text(&bytes)
}
