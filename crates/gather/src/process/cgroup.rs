//! The memory cgroup of a process and its CPU limit, version 1 and 2.

use std::path::{Component, Path, PathBuf};

use fathom_evidence::{Kind, Missing};

use super::{Process, missing_file, read_limited};
use crate::clock::Stopwatch;
use crate::recorder::{Recorder, Wanted};

/// Files of a v2 cgroup (kernel, `admin-guide/cgroup-v2.rst`).
const FILES_V2: [&str; 16] = [
    "cgroup.procs",
    "cpu.max",
    "cpu.stat",
    "memory.current",
    "memory.max",
    "memory.high",
    "memory.low",
    "memory.min",
    "memory.peak",
    "memory.swap.current",
    "memory.swap.max",
    "memory.zswap.current",
    "memory.oom.group",
    "memory.events",
    "memory.stat",
    "memory.pressure",
];

/// Files of a v1 cgroup (kernel, `admin-guide/cgroup-v1/memory.rst`).
const FILES_V1: [&str; 11] = [
    "cgroup.procs",
    "memory.usage_in_bytes",
    "memory.limit_in_bytes",
    "memory.soft_limit_in_bytes",
    "memory.max_usage_in_bytes",
    "memory.memsw.usage_in_bytes",
    "memory.memsw.limit_in_bytes",
    "memory.kmem.usage_in_bytes",
    "memory.failcnt",
    "memory.oom_control",
    "memory.stat",
];

/// Files of the CPU limit of a v1 cgroup (kernel, `scheduler/sched-bwc.rst`).
const CPU_FILES_V1: [&str; 3] = ["cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.stat"];

/// Files of the CPU limit of a v2 cgroup that is not that of memory.
const CPU_FILES_V2: [&str; 2] = ["cpu.max", "cpu.stat"];

/// Files of the cgroups above a v2 cgroup, which limit it as well. In v1
/// `memory.stat` itself says the limit of the whole hierarchy.
const FILES_ABOVE: [&str; 4] = ["memory.max", "memory.high", "memory.current", "cpu.max"];

/// Where a cgroup of a process lies.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    version: u8,
    /// Where the hierarchy is mounted.
    mount: PathBuf,
    /// The cgroup's own folder, at or below the mount.
    folder: PathBuf,
}

/// Takes the membership and the files of the memory cgroup.
pub(super) fn take(process: &Process, recorder: &mut Recorder<'_>) {
    let Some(_) = process.take_file(recorder, Kind::CgroupMembership, "cgroup", 0) else {
        return;
    };
    let membership = recorder
        .capture
        .first(Kind::CgroupMembership)
        .map(|artefact| artefact.text().into_owned())
        .unwrap_or_default();
    // The mounts as this process sees them: that is where they will be read.
    let mounts = process.path("../self/mountinfo");
    let max_bytes = recorder.options.max_bytes;
    let mounts = read_limited(&mounts, max_bytes).unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts);
    let memory = find(&membership, &mounts, "memory");
    // In version 2 one cgroup has the files of all controllers.
    let cpu = find(&membership, &mounts, "cpu").filter(|cpu| Some(cpu) != memory.as_ref());
    if let Some(place) = cpu {
        take_cpu_limit(&place, recorder);
    }
    let Some(place) = memory else {
        recorder.skip(Missing::new(
            "cgroup/",
            "no memory cgroup of this process is mounted here",
        ));
        return;
    };
    take_files(&place, recorder);
}

fn take_files(place: &Place, recorder: &mut Recorder<'_>) {
    let files: &[&str] = if place.version == 2 {
        &FILES_V2
    } else {
        &FILES_V1
    };
    let before = recorder.capture.artefacts.len();
    let mut first_error = None;
    for file in files {
        if let Err(missing) = take_one(recorder, Kind::CgroupFile, "cgroup", &place.folder, file) {
            first_error.get_or_insert(missing);
        }
    }
    if recorder.capture.artefacts.len() == before {
        // The root cgroup has no such files, and no limit either.
        let is_root = place.folder == place.mount;
        match first_error {
            Some(missing) if !is_root => recorder.skip(missing),
            _ => recorder.tell("the process is in the root cgroup, which has no memory files"),
        }
        return;
    }
    if place.version == 2 {
        take_above(place, &FILES_ABOVE, recorder);
    }
}

/// Takes the CPU limits of a cgroup that has nothing else.
fn take_cpu_limit(place: &Place, recorder: &mut Recorder<'_>) {
    let files: &[&str] = if place.version == 2 {
        &CPU_FILES_V2
    } else {
        &CPU_FILES_V1
    };
    for file in files {
        // The root has no limit, and kernels may be built without.
        let _ = take_one(recorder, Kind::CgroupFile, "cgroup", &place.folder, file);
    }
    take_above(place, files, recorder);
}

/// Takes files of the cgroups above, up to the mount.
fn take_above(place: &Place, files: &[&str], recorder: &mut Recorder<'_>) {
    let above = place
        .folder
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(&place.mount));
    for (level, folder) in (1_u32..).zip(above) {
        let name = format!("cgroup/above-{level}");
        for file in files {
            // The root has none of them; whoever has one has a limit.
            let _ = take_one(recorder, Kind::CgroupAncestorFile, &name, folder, file);
        }
    }
}

/// Takes a file, if it is there. Files differ between kernels, so that one
/// that is not there is no loss.
fn take_one(
    recorder: &mut Recorder<'_>,
    kind: Kind,
    prefix: &str,
    folder: &Path,
    file: &str,
) -> Result<(), Missing> {
    let path = folder.join(file);
    let name = format!("{prefix}/{file}");
    let origin = path.display().to_string();
    let watch = Stopwatch::start();
    let bytes = read_limited(&path, recorder.options.max_bytes)
        .map_err(|error| missing_file(&name, &origin, &error))?;
    let wanted = Wanted {
        kind,
        name: &name,
        origin: &origin,
        round: 0,
    };
    recorder.record(wanted, watch, bytes);
    Ok(())
}

/// Finds the cgroup of a controller from `/proc/PID/cgroup` and `/proc/self/mountinfo`.
///
/// A v1 hierarchy wins over v2: where both are mounted, the controller is where its
/// name stands.
fn find(membership: &str, mountinfo: &str, controller: &str) -> Option<Place> {
    let memberships: Vec<(&str, &str)> = membership
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            Some((parts.next()?, parts.next()?))
        })
        .collect();
    let v1 = memberships
        .iter()
        .find(|(controllers, _)| controllers.split(',').any(|name| name == controller));
    let v2 = memberships
        .iter()
        .find(|(controllers, _)| controllers.is_empty());
    let (version, path) = match (v1, v2) {
        (Some((_, path)), _) => (1, path),
        (None, Some((_, path))) => (2, path),
        (None, None) => return None,
    };
    mountinfo.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let left: Vec<&str> = left.split(' ').collect();
        let mut right = right.split(' ');
        let kind = right.next()?;
        let options = right.nth(1).unwrap_or("");
        let fits = match version {
            1 => kind == "cgroup" && options.split(',').any(|option| option == controller),
            _ => kind == "cgroup2",
        };
        if !fits {
            return None;
        }
        let root = unescape(left.get(3)?);
        let mount = PathBuf::from(unescape(left.get(4)?));
        let inside = Path::new(path);
        // Inside a container the mount may show only the part from `root` on.
        let relative = inside
            .strip_prefix(&root)
            .or_else(|_| inside.strip_prefix("/"))
            .ok()?;
        let is_outside = relative
            .components()
            .any(|part| !matches!(part, Component::Normal(_)));
        if is_outside {
            return None;
        }
        Some(Place {
            version,
            folder: if relative.as_os_str().is_empty() {
                mount.clone()
            } else {
                mount.join(relative)
            },
            mount,
        })
    })
}

/// Undoes the octal escapes of mountinfo: space, tab, newline, backslash.
fn unescape(text: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escape, plain)| {
        text.replace(escape, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
    const V2: &str = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

    fn place(version: u8, mount: &str, folder: &str) -> Place {
        Place {
            version,
            mount: mount.into(),
            folder: folder.into(),
        }
    }

    #[test]
    fn version_1() {
        assert_eq!(
            find("9:name=systemd:/\n4:memory:/a/b\n0::/\n", V1, "memory"),
            Some(place(
                1,
                "/sys/fs/cgroup/memory",
                "/sys/fs/cgroup/memory/a/b"
            ))
        );
    }

    #[test]
    fn version_2() {
        assert_eq!(
            find("0::/kubepods/pod1/c1\n", V2, "memory"),
            Some(place(
                2,
                "/sys/fs/cgroup",
                "/sys/fs/cgroup/kubepods/pod1/c1"
            ))
        );
        assert_eq!(
            find("0::/\n", V2, "memory"),
            Some(place(2, "/sys/fs/cgroup", "/sys/fs/cgroup"))
        );
    }

    #[test]
    fn controllers_of_version_1_lie_apart() {
        let cpu = "36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
        let mounts = format!("{V1}{cpu}");
        let membership = "4:memory:/a\n3:cpu,cpuacct:/b\n0::/\n";
        assert_eq!(
            find(membership, &mounts, "cpu"),
            Some(place(
                1,
                "/sys/fs/cgroup/cpu,cpuacct",
                "/sys/fs/cgroup/cpu,cpuacct/b"
            ))
        );
        // In a mixed setup the rest is in version 2.
        let mixed = format!("{V1}40 31 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
        assert_eq!(
            find("4:memory:/a\n0::/c\n", &mixed, "cpu"),
            Some(place(
                2,
                "/sys/fs/cgroup/unified",
                "/sys/fs/cgroup/unified/c"
            ))
        );
    }

    #[test]
    fn inside_a_container() {
        let mounts = "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        assert_eq!(
            find("4:memory:/docker/abc\n", mounts, "memory"),
            Some(place(1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory"))
        );
    }

    #[test]
    fn outside_of_what_is_visible() {
        assert_eq!(find("0::/../other\n", V2, "memory"), None);
        assert_eq!(find("", V2, "memory"), None);
        assert_eq!(find("0::/a\n", "", "memory"), None);
    }
}
