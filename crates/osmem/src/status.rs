//! `/proc/PID/status` (`proc_pid_status(5)`; `proc_pid_status` in `fs/proc/array.c`).

use crate::lines::{self, decimal, kilobytes, words};
use crate::{Error, Input, Limits};

/// What is kept of a process's status. Sizes are bytes; `None` where the kernel prints no such
/// line: kernel threads and zombies have no memory, `Rss*` came with Linux 4.5.
///
/// The kernel keeps `vm_rss`, `rss_*` and `vm_hwm` in counters that lag behind (up to 64 pages a
/// thread before Linux 6.2, a per-CPU batch since): `smaps_rollup` is exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The command's name, at most 15 bytes, with the kernel's escapes.
    pub name: String,
    /// The state's letter: `R`, `S`, `D`, `T`, `t`, `Z`, `X`, `I`.
    pub state: Option<char>,
    /// The process (thread group).
    pub pid: Option<u64>,
    /// The parent process.
    pub ppid: Option<u64>,
    /// The process in each pid namespace, outermost first (Linux 4.1).
    pub namespace_pids: Vec<u64>,
    /// The real user.
    pub uid: Option<u64>,
    /// The number of threads.
    pub threads: Option<u64>,
    /// The number of processors that it may run on, which is Go's `runtime.NumCPU`.
    pub cpus: Option<u64>,
    /// The largest virtual size so far.
    pub vm_peak: Option<u64>,
    /// The virtual size.
    pub vm_size: Option<u64>,
    /// The memory locked with mlock(2).
    pub vm_lck: Option<u64>,
    /// The largest resident size so far.
    pub vm_hwm: Option<u64>,
    /// The resident size: the sum of the three below.
    pub vm_rss: Option<u64>,
    /// Resident anonymous memory.
    pub rss_anon: Option<u64>,
    /// Resident file mappings.
    pub rss_file: Option<u64>,
    /// Resident shared memory: System V, tmpfs, shared anonymous mappings.
    pub rss_shmem: Option<u64>,
    /// The virtual size of private writable mappings that are no stack.
    pub vm_data: Option<u64>,
    /// The virtual size of the main stack.
    pub vm_stk: Option<u64>,
    /// The virtual size of the program's text.
    pub vm_exe: Option<u64>,
    /// The virtual size of other executable file mappings.
    pub vm_lib: Option<u64>,
    /// The page tables.
    pub vm_pte: Option<u64>,
    /// Swapped-out private memory (shared memory's swap is not in it).
    pub vm_swap: Option<u64>,
    /// Memory in hugetlbfs pages, which is not part of `vm_rss` (Linux 4.4).
    pub hugetlb_pages: Option<u64>,
}

impl Status {
    /// Tells whether the process has no memory of its own: a kernel thread or a zombie.
    pub fn has_no_memory(&self) -> bool {
        self.vm_size.is_none()
    }
}

/// Counts the bits of a mask in words of hexadecimal digits, as `3,ffffffff`.
fn bits(mask: &[u8]) -> Option<u64> {
    let digits = mask.iter().filter(|&&byte| byte != b',');
    digits
        .map(|&byte| char::from(byte).to_digit(16))
        .try_fold(0_u64, |sum, digit| {
            sum.checked_add(u64::from(digit?.count_ones()))
        })
}

/// Reads a process's status.
///
/// # Errors
/// A file without `Name` and `Pid`, a known line whose value is no number, a cut last line, or
/// an empty file.
pub fn parse(bytes: &[u8]) -> Result<Status, Error> {
    let input = Input::Status;
    lines::check_size(bytes, input, &Limits::default())?;
    let mut status = Status::default();
    let mut named = false;
    let mut tgid = None;
    let mut last_line = 1;
    for line in lines::lines(bytes) {
        last_line = line.number;
        let Some((key, value)) = lines::key_value(line.bytes) else {
            continue;
        };
        let target = match key {
            b"Name" => {
                status.name = lines::text(value);
                named = true;
                continue;
            }
            b"State" => {
                status.state = value.first().copied().map(char::from);
                continue;
            }
            b"Cpus_allowed" => {
                status.cpus = bits(value);
                continue;
            }
            b"NSpid" | b"NStgid" => {
                // Both are the same for the process itself, which is what is read here.
                status.namespace_pids = words(value).filter_map(decimal).collect();
                continue;
            }
            b"Tgid" | b"Pid" | b"PPid" | b"Threads" | b"Uid" => {
                let number = words(value).next().and_then(decimal);
                let Some(number) = number else {
                    return Err(line.refuse(input, "expected a number"));
                };
                match key {
                    b"Tgid" => tgid = Some(number),
                    b"Pid" => status.pid = Some(number),
                    b"PPid" => status.ppid = Some(number),
                    b"Threads" => status.threads = Some(number),
                    _ => status.uid = Some(number),
                }
                continue;
            }
            b"VmPeak" => &mut status.vm_peak,
            b"VmSize" => &mut status.vm_size,
            b"VmLck" => &mut status.vm_lck,
            b"VmHWM" => &mut status.vm_hwm,
            b"VmRSS" => &mut status.vm_rss,
            b"RssAnon" => &mut status.rss_anon,
            b"RssFile" => &mut status.rss_file,
            b"RssShmem" => &mut status.rss_shmem,
            b"VmData" => &mut status.vm_data,
            b"VmStk" => &mut status.vm_stk,
            b"VmExe" => &mut status.vm_exe,
            b"VmLib" => &mut status.vm_lib,
            b"VmPTE" => &mut status.vm_pte,
            b"VmSwap" => &mut status.vm_swap,
            b"HugetlbPages" => &mut status.hugetlb_pages,
            _ => continue,
        };
        *target =
            Some(kilobytes(value).ok_or_else(|| line.refuse(input, "expected a number of kB"))?);
    }
    // `Pid` is the thread's; the process is `Tgid` when a thread's status was saved.
    status.pid = tgid.or(status.pid);
    for (present, field) in [(named, "Name"), (status.pid.is_some(), "Pid")] {
        if !present {
            return Err(Error::MissingField {
                input,
                line: last_line,
                field,
            });
        }
    }
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_thread_has_no_memory() {
        let status =
            parse(b"Name:\tkthreadd\nState:\tS (sleeping)\nTgid:\t2\nPid:\t2\nPPid:\t0\nUid:\t0\t0\t0\t0\nThreads:\t1\n")
                .unwrap();
        assert!(status.has_no_memory());
        assert_eq!(status.name, "kthreadd");
        assert_eq!(status.state, Some('S'));
        assert_eq!(
            (status.pid, status.ppid, status.uid),
            (Some(2), Some(0), Some(0))
        );
        assert_eq!(status.vm_rss, None);
    }

    #[test]
    fn an_old_kernel_lacks_the_parts_of_rss() {
        let status = parse(b"Name:\ta\nPid:\t7\nVmSize:\t 100 kB\nVmRSS:\t  12 kB\n").unwrap();
        assert_eq!(status.vm_rss, Some(12 << 10));
        assert_eq!(status.rss_anon, None);
        assert!(!status.has_no_memory());
    }

    #[test]
    fn pids_of_a_container() {
        let status = parse(b"Name:\ta\nTgid:\t4711\nPid:\t4712\nNSpid:\t4711\t1\n").unwrap();
        assert_eq!(status.pid, Some(4711));
        assert_eq!(status.namespace_pids, [4711, 1]);
    }

    #[test]
    fn errors_name_the_line() {
        assert_eq!(
            parse(b"Name:\ta\nPid:\t7\nVmRSS:\t  x kB\n")
                .unwrap_err()
                .to_string(),
            "status line 3: expected a number of kB"
        );
        assert!(matches!(
            parse(b"Name:\ta\nPid:\t7\nVmRSS:\t  12"),
            Err(Error::Truncated { line: 3, .. })
        ));
        assert_eq!(
            parse(b"hello\n").unwrap_err().to_string(),
            "status line 1: no field Name up to here"
        );
    }
}
