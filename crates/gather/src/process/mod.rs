//! A process of this machine, as `/proc` shows it.

pub(crate) mod cgroup;
pub(crate) mod executable;
pub(crate) mod listing;
pub(crate) mod sockets;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fathom_evidence::{Kind, Missing};

use crate::recorder::{Recorder, Wanted};

/// The files of `/sys/kernel/mm/transparent_hugepage` that say what the kernel
/// does.
const HUGE_PAGE_FILES: [&str; 6] = [
    "enabled",
    "defrag",
    "shmem_enabled",
    "khugepaged/defrag",
    "khugepaged/max_ptes_none",
    "hpage_pmd_size",
];

/// A process under a `/proc`.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    root: PathBuf,
}

impl Process {
    pub(crate) fn new(root: &Path, pid: u32) -> Self {
        Self {
            pid,
            root: root.to_owned(),
        }
    }

    /// Returns the path of one of its files.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.root.join(self.pid.to_string()).join(file)
    }

    pub(crate) fn exists(&self) -> bool {
        self.path("stat").exists()
    }

    /// Reads one of its files.
    pub(crate) fn read(&self, file: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        read_limited(&self.path(file), max_bytes)
    }

    /// Returns the file name of its executable.
    pub(crate) fn exe_name(&self) -> Option<String> {
        let link = fs::read_link(self.path("exe")).ok()?;
        let name = link.file_name()?.to_string_lossy().into_owned();
        Some(
            name.strip_suffix(" (deleted)")
                .map_or(name.clone(), str::to_owned),
        )
    }

    /// Takes everything that the kernel says of the process, in the order that
    /// disturbs the numbers least. Returns whether anything could be read.
    pub(crate) fn take(&self, recorder: &mut Recorder<'_>) -> bool {
        if !self.exists() {
            recorder.skip(Missing::new(
                "proc/",
                format!("no process has the pid {}", self.pid),
            ));
            return false;
        }
        let before = recorder.capture.artefacts.len();
        self.take_file(recorder, Kind::Status, "status", 0);
        self.take_mappings(recorder);
        self.take_file(recorder, Kind::Statm, "statm", 0);
        cgroup::take(self, recorder);
        let meminfo = self.root.join("meminfo");
        take_path(recorder, Kind::MemInfo, "host/meminfo.txt", &meminfo);
        take_huge_page_settings(recorder);
        executable::take(self, recorder);
        recorder.capture.artefacts.len() > before
    }

    /// Takes what costs the kernel least: sizes, CPU time and the control group.
    pub(crate) fn take_numbers(&self, recorder: &mut Recorder<'_>) {
        self.take_file(recorder, Kind::Status, "status", 0);
        self.take_file(recorder, Kind::Stat, "stat", 0);
        let uptime = self.root.join("uptime");
        take_path(recorder, Kind::Uptime, "host/uptime.txt", &uptime);
        cgroup::take(self, recorder);
        let meminfo = self.root.join("meminfo");
        take_path(recorder, Kind::MemInfo, "host/meminfo.txt", &meminfo);
    }

    /// Takes the mappings and their sums; the cheaper list of mappings if the
    /// kernel refuses their sizes.
    pub(crate) fn take_mappings(&self, recorder: &mut Recorder<'_>) {
        let denied = ["maps", "smaps", "smaps_rollup"].iter().all(|file| {
            File::open(self.path(file))
                .is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
        });
        if denied {
            // One line for what is one refusal.
            let folder = self.path("");
            recorder.skip(
                Missing::new(
                    "proc/smaps.txt",
                    format!(
                        "{}{{smaps,smaps_rollup,maps}}: permission denied",
                        folder.display()
                    ),
                )
                .with_hint(permission_hint()),
            );
            return;
        }
        self.take_file(recorder, Kind::SmapsRollup, "smaps_rollup", 0);
        if self.take_file(recorder, Kind::Smaps, "smaps", 0).is_none() {
            self.take_file(recorder, Kind::Maps, "maps", 0);
        }
    }

    /// Reads again what bounds how far the process drifted meanwhile.
    pub(crate) fn take_again(&self, recorder: &mut Recorder<'_>) {
        if recorder.capture.first(Kind::Status).is_some() {
            self.take_file(recorder, Kind::Status, "status", 1);
        }
        if recorder.capture.first(Kind::SmapsRollup).is_some() {
            self.take_file(recorder, Kind::SmapsRollup, "smaps_rollup", 1);
        }
    }

    fn take_file(
        &self,
        recorder: &mut Recorder<'_>,
        kind: Kind,
        file: &str,
        round: u8,
    ) -> Option<u64> {
        let name = match round {
            0 => format!("proc/{file}.txt"),
            _ => format!("proc/{file}.{round}.txt"),
        };
        let origin = self.path(file).display().to_string();
        let max_bytes = recorder.options.max_bytes;
        let wanted = Wanted {
            kind,
            name: &name,
            origin: &origin,
            round,
        };
        recorder.take(wanted, || match self.read(file, max_bytes) {
            Ok(bytes) if bytes.is_empty() => Err(Missing::new(
                name.as_str(),
                format!("{origin} is empty: a kernel thread, or a process that has ended"),
            )),
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(missing_file(&name, &origin, &error)),
        })
    }
}

/// Says why a file of `/proc` or `/sys` could not be read.
pub(crate) fn missing_file(name: &str, origin: &str, error: &io::Error) -> Missing {
    // ESRCH: the process ended between opening and reading.
    let gone = error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(3);
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Missing::new(name, format!("{origin}: permission denied"))
            .with_hint(permission_hint());
    }
    if gone {
        return Missing::new(name, format!("{origin}: no such process or file"));
    }
    Missing::new(name, format!("{origin}: {error}"))
}

/// Says what to do where the kernel denies access to a process.
pub(crate) fn permission_hint() -> &'static str {
    "run as the user of the process, with sudo, or with CAP_SYS_PTRACE"
}

/// Reads a file up to a limit.
pub(crate) fn read_limited(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::other(format!(
            "larger than the limit of {max_bytes} bytes"
        )));
    }
    Ok(bytes)
}

fn take_path(recorder: &mut Recorder<'_>, kind: Kind, name: &str, path: &Path) {
    let origin = path.display().to_string();
    let max_bytes = recorder.options.max_bytes;
    let wanted = Wanted {
        kind,
        name,
        origin: &origin,
        round: 0,
    };
    recorder.take(wanted, || {
        read_limited(path, max_bytes).map_err(|error| missing_file(name, &origin, &error))
    });
}

fn take_huge_page_settings(recorder: &mut Recorder<'_>) {
    let folder = Path::new("/sys/kernel/mm/transparent_hugepage");
    // A kernel without huge pages has nothing to say, and that is no loss.
    if !folder.exists() {
        return;
    }
    let wanted = Wanted {
        kind: Kind::HugePageSettings,
        name: "host/transparent_hugepage.txt",
        origin: "/sys/kernel/mm/transparent_hugepage",
        round: 0,
    };
    recorder.take(wanted, || {
        let lines: Vec<String> = HUGE_PAGE_FILES
            .iter()
            .filter_map(|file| {
                let value = fs::read_to_string(folder.join(file)).ok()?;
                Some(format!("{file}: {}\n", value.trim()))
            })
            .collect();
        Ok(lines.concat().into_bytes())
    });
}
