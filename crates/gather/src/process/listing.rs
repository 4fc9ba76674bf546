//! The Go processes of this machine.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use super::{Process, executable, sockets};
use crate::capture::{probe, reachable};
use crate::{Error, Options, Probe};

/// Processes that are looked at side by side; most of the time goes into
/// waiting for ports that do not answer.
const WORKERS: usize = 8;

/// A running Go program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoProcess {
    /// Its process id.
    pub pid: u32,
    /// The Go version it was built with (`go1.27.3`).
    pub go_version: String,
    /// Path of its main module, or of its main package if it has none.
    pub main_module: Option<String>,
    /// Resident memory in bytes, as `status` tells it; null if unreadable.
    pub rss_bytes: Option<u64>,
    /// Path of its executable.
    pub exe: String,
    /// Address of its pprof index, if one was found.
    pub pprof: Option<String>,
}

/// Lists the running Go programs that this user may look at, by pid.
///
/// Unless the options forbid it, each listening socket of each of them is
/// asked once for `/debug/pprof/`.
///
/// # Errors
///
/// [`Error::Unsupported`] where there is no `/proc`.
pub fn processes(options: &Options) -> Result<Vec<GoProcess>, Error> {
    if !cfg!(target_os = "linux") {
        return Err(Error::Unsupported {
            what: "listing processes".to_owned(),
        });
    }
    let pids = sockets::pids(&options.proc_root);
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(&pid) = pids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(process) = look_at(&options.proc_root, pid, options) {
                        found
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(process);
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|process| process.pid);
    Ok(found)
}

fn look_at(proc_root: &Path, pid: u32, options: &Options) -> Option<GoProcess> {
    let process = Process::new(proc_root, pid);
    let info = executable::build_text(&process.path("exe")).ok()?;
    let exe = std::fs::read_link(process.path("exe")).ok()?;
    let status = process.read("status", 1 << 20).unwrap_or_default();
    let pprof = match options.probe {
        Probe::Allowed => {
            let listening = sockets::of_process(&process);
            let (addresses, _) = reachable(proc_root, &process, &listening);
            probe(&addresses, options).map(|address| address.base_url())
        }
        Probe::Forbidden => None,
    };
    Some(GoProcess {
        pid,
        go_version: info.go_version,
        main_module: info.main_module,
        rss_bytes: resident_bytes(&String::from_utf8_lossy(&status)),
        exe: exe.to_string_lossy().into_owned(),
        pprof,
    })
}

/// Reads `VmRSS` of `/proc/PID/status`, in kibibytes.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_of_a_status() {
        let status = "Name:\tprog\nVmHWM:\t  9 kB\nVmRSS:\t  278584 kB\n";
        assert_eq!(resident_bytes(status), Some(285_270_016));
        assert_eq!(resident_bytes("Name:\tkthreadd\n"), None);
    }
}
