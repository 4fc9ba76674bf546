//! What a capture says of time: processors used, locks and channels waited for.

use crate::Situation;
use crate::contention::{Contention, Window};
use crate::cpu_use::CpuUse;
use crate::missing::Gaps;
use crate::profiles::Profiles;
use crate::rules::{blocked_site, lock_contention};
use fathom_evidence::{Artefact, Capture, Kind};
use fathom_finding::Finding;
use fathom_profile::{Profile, RuntimeLeaf};
use std::borrow::Cow;

/// The runtime scales the mutex profile itself since this version; a reader of
/// its text form that multiplies by the sampling period does so twice
/// (src/runtime/mprof.go, `mutexevent`; golang/go#57392).
const SCALED_SINCE: (u32, u32) = (1, 20);

/// The profiles of time.
#[derive(Debug, Default)]
pub(crate) struct TimeUse {
    /// The CPU profile.
    pub(crate) cpu: Option<CpuUse>,
    /// The mutex profile: what two readings differ by, where there are two.
    pub(crate) mutex: Option<Contention>,
    /// The block profile, in the same way.
    pub(crate) block: Option<Contention>,
    /// The last reading of the mutex profile as it came.
    mutex_read: Option<Contention>,
    /// The last reading of the block profile as it came.
    block_read: Option<Contention>,
    /// The CPU time that the cgroup may use in a second, in seconds.
    pub(crate) cpu_quota: Option<f64>,
}

impl TimeUse {
    /// Reads the profiles of time. The rest of the situation is known already.
    pub(crate) fn read(
        capture: &Capture,
        profiles: &Profiles<'_, '_>,
        s: &Situation,
        gaps: &mut Gaps,
    ) -> Self {
        let mut profile =
            |artefact: &Artefact| profiles.read(artefact, RuntimeLeaf::Drop, &mut *gaps);
        let cpu = capture
            .all(Kind::Cpu)
            .find_map(|artefact| CpuUse::read(&*profile(artefact)?));
        let (mutex, mutex_read) = contention(capture, Kind::Mutex, s, &mut profile);
        let (block, block_read) = contention(capture, Kind::Block, s, &mut profile);
        Self {
            cpu,
            mutex,
            block,
            mutex_read,
            block_read,
            cpu_quota: cpu_quota(capture),
        }
    }

    /// Says whether the mutex profile was taken and holds nothing: the runtime
    /// records no contention, or there never was any. `Some(true)` where the
    /// profile itself says that it is off.
    pub(crate) fn mutex_is_silent(&self) -> Option<bool> {
        let mutex = self.mutex_read.as_ref()?;
        let is_off = mutex.fraction == Some(0);
        (is_off || mutex.spots.is_empty()).then_some(is_off)
    }
}

/// Finds what the waiting between two captures of one process shows.
pub(crate) fn between(before: &Situation, after: &Situation) -> Vec<Finding> {
    let added =
        |was: &Option<Contention>, is: &Option<Contention>| is.as_ref()?.since(was.as_ref()?);
    let (then, now) = (&before.time, &after.time);
    let mutex = added(&then.mutex_read, &now.mutex_read);
    let block = added(&then.block_read, &now.block_read);
    let all = after.goroutines.as_ref();
    let lock = lock_contention::find(mutex.as_ref(), block.as_ref(), all);
    let blocked = block
        .as_ref()
        .and_then(|block| blocked_site::find(block, all));
    lock.into_iter().chain(blocked).collect()
}

/// Reads the profiles of a kind: what to judge by, and the last reading.
fn contention<'p>(
    capture: &Capture,
    kind: Kind,
    s: &Situation,
    profile: &mut impl FnMut(&Artefact) -> Option<Cow<'p, Profile>>,
) -> (Option<Contention>, Option<Contention>) {
    let mut fraction = None;
    let mut readings: Vec<(u8, bool, Contention)> = Vec::new();
    for artefact in capture.all(kind) {
        let Some(profile) = profile(artefact) else {
            continue;
        };
        let says_fraction = artefact.bytes.starts_with(b"--- mutex");
        let period = profile.period().max(0).unsigned_abs();
        let scaled_before = s
            .go_version
            .as_ref()
            .is_none_or(|version| version.at_least(SCALED_SINCE.0, SCALED_SINCE.1));
        let twice = says_fraction && scaled_before && period > 1;
        let divisor = if twice { period as f64 } else { 1.0 };
        let Some(mut read) = Contention::read(&profile, divisor) else {
            continue;
        };
        if says_fraction {
            fraction = Some(period);
        }
        if read.taken_at == 0 {
            read.taken_at = artefact.taken_at_unix_nanos;
        }
        let is_text = artefact.bytes.starts_with(b"---");
        readings.push((artefact.round, is_text, read));
    }
    for (_, _, read) in &mut readings {
        read.fraction = fraction;
    }
    // Of one moment the protobuf comes first: the text is another moment.
    readings.sort_by_key(|(round, is_text, _)| (*round, *is_text));
    let as_it_came = |read: &&(u8, bool, Contention)| read.2.window == Window::Unknown;
    let first = readings.iter().find(as_it_came);
    let last = readings
        .iter()
        .filter(as_it_came)
        .max_by_key(|read| (read.0, !read.1));
    let over_time = readings.iter().find(|read| !as_it_came(read));
    let last = last.map(|read| read.2.clone());
    let added = first
        .zip(last.as_ref())
        .and_then(|(first, last)| last.since(&first.2));
    let judged = over_time.map(|read| read.2.clone()).or(added).or_else(|| {
        let whole = last.clone()?;
        Some(Contention {
            window: uptime(s, whole.taken_at).map_or(Window::Unknown, Window::SinceStart),
            ..whole
        })
    });
    (judged, last)
}

/// Returns how long the process has run, in seconds: from when it started, or
/// from the CPU time that it could have used. The runtime adds that up at each
/// collection alone (Go 1.27.3, src/runtime/mstats.go, `cpuStats`).
fn uptime(s: &Situation, taken_at: u64) -> Option<f64> {
    let now = taken_at.max(s.taken_at) as f64 / 1e9;
    if let Some(start) = s.metrics.process_start_seconds() {
        return Some(now - start).filter(|&seconds| seconds > 0.0);
    }
    let available = s.metrics.f64("/cpu/classes/total:cpu-seconds")?;
    let processors = s.metrics.gomaxprocs().filter(|&count| count > 0)?;
    let last_gc = s.memstats.as_ref()?.last_gc as f64 / 1e9;
    let since_gc = now - last_gc;
    let known = last_gc > 0.0 && since_gc >= 0.0 && available > 0.0;
    known.then(|| available / processors as f64 + since_gc)
}

/// Reads the narrowest limit of the cgroup and those above it: microseconds in a
/// period of as many. Version 2 has both in `cpu.max` (kernel,
/// `admin-guide/cgroup-v2.rst`), version 1 has a file of each, and -1 for no
/// quota (kernel, `scheduler/sched-bwc.rst`).
fn cpu_quota(capture: &Capture) -> Option<f64> {
    let files = || {
        capture
            .all(Kind::CgroupFile)
            .chain(capture.all(Kind::CgroupAncestorFile))
    };
    let cores = |artefact: &Artefact| match artefact.file_name() {
        "cpu.max" => {
            let text = artefact.text();
            let (quota, period) = text.trim().split_once(' ')?;
            cores_of(quota, period)
        }
        "cpu.cfs_quota_us" => {
            let folder = artefact.name.strip_suffix("cpu.cfs_quota_us")?;
            let period = format!("{folder}cpu.cfs_period_us");
            let period = files().find(|other| other.name == period)?;
            cores_of(&artefact.text(), &period.text())
        }
        _ => None,
    };
    files().filter_map(cores).min_by(f64::total_cmp)
}

fn cores_of(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (f64, f64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_in_cores() {
        let quota = |files: &[(Kind, &str, &str)]| {
            let mut capture = Capture::new();
            for &(kind, name, body) in files {
                capture.push(Artefact::new(kind, name, body.into()));
            }
            cpu_quota(&capture)
        };
        let (own, above) = (Kind::CgroupFile, Kind::CgroupAncestorFile);
        assert_eq!(quota(&[(own, "cpu.max", "150000 100000\n")]), Some(1.5));
        assert_eq!(quota(&[(own, "cgroup/cpu.max", "max 100000\n")]), None);
        assert_eq!(quota(&[(own, "cgroup/cpu.max", "0 0")]), None);
        assert_eq!(quota(&[]), None);
        // Version 1: a quota and the period beside it; the narrowest of all levels.
        let of = |quota| (own, "cgroup/cpu.cfs_quota_us", quota);
        let period = (own, "cgroup/cpu.cfs_period_us", "50000\n");
        assert_eq!(quota(&[of("100000\n"), period]), Some(2.0));
        assert_eq!(quota(&[of("-1\n"), period]), None);
        assert_eq!(quota(&[of("100000\n")]), None);
        let pod = (above, "cgroup/above-1/cpu.cfs_quota_us", "100000\n");
        let pods = (above, "cgroup/above-1/cpu.cfs_period_us", "100000\n");
        assert_eq!(quota(&[of("-1\n"), period, pods, pod]), Some(1.0));
        assert_eq!(quota(&[of("25000\n"), period, pods, pod]), Some(0.5));
    }

    /// A text as Go 1.20 and later prints it: cycles that are scaled already.
    fn text(period: u64, taken_at: u64) -> Artefact {
        let body = format!(
            "--- mutex:\ncycles/second=1000000000\nsampling period={period}\n\
             5000000000 300 @ 0x1 0x2\n#\t0x1\tsync.(*Mutex).Unlock+0x1\t/go/src/sync/mutex.go:65\n\
             #\t0x2\tmain.put+0x2\t/src/main.go:9\n"
        );
        let mut artefact = Artefact::new(Kind::Mutex, "mutex.debug1.txt", body.into());
        artefact.taken_at_unix_nanos = taken_at;
        artefact
    }

    fn read(capture: &Capture, s: &Situation) -> TimeUse {
        let profiles = Profiles { known: &|_| None };
        TimeUse::read(capture, &profiles, s, &mut Gaps::new(Vec::new()))
    }

    #[test]
    fn the_text_of_a_mutex_profile_is_not_scaled_twice() {
        let mut capture = Capture::new();
        capture.push(text(100, 7));
        let mutex = read(&capture, &Situation::default()).mutex.unwrap();
        assert_eq!((mutex.total.seconds, mutex.total.events), (5.0, 300.0));
        assert_eq!(mutex.fraction, Some(100));
        assert_eq!(mutex.window, Window::Unknown);
        let old = Situation {
            go_version: fathom_goruntime::version::GoVersion::parse("go1.19.2"),
            ..Situation::default()
        };
        let twice = read(&capture, &old).mutex.unwrap();
        assert_eq!((twice.total.seconds, twice.total.events), (500.0, 30_000.0));
    }

    #[test]
    fn a_profile_that_is_off_says_so() {
        let mut capture = Capture::new();
        let off = "--- mutex:\ncycles/second=1000000000\nsampling period=0\n";
        capture.push(Artefact::new(Kind::Mutex, "mutex.txt", off.into()));
        assert_eq!(
            read(&capture, &Situation::default()).mutex_is_silent(),
            Some(true)
        );
        let mut capture = Capture::new();
        capture.push(text(1, 7));
        assert_eq!(
            read(&capture, &Situation::default()).mutex_is_silent(),
            None
        );
        assert_eq!(TimeUse::default().mutex_is_silent(), None);
    }
}
