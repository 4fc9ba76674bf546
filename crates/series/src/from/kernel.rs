//! What the kernel says: sizes, CPU time and the memory controller.

use fathom_evidence::{Artefact, Capture, Kind as ArtefactKind};
use fathom_osmem::cgroup::{self, Cgroup, Limit};
use fathom_osmem::{meminfo, smaps, stat, status};

use super::milliseconds;
use crate::Reading;
use crate::Unit::{Bytes, Count, Percent, Seconds};

/// What was read of the kernel.
#[derive(Default)]
pub(super) struct Found {
    pub(super) started_ms: Option<i64>,
    pub(super) readings: Vec<Reading>,
    pub(super) problems: Vec<String>,
}

impl Found {
    fn keep<T, E: std::fmt::Display>(
        &mut self,
        artefact: &Artefact,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed
            .map_err(|error| self.problems.push(format!("{}: {error}", artefact.name)))
            .ok()
    }

    fn gauge(&mut self, name: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.readings
                .push(Reading::gauge(name, Bytes, value as f64));
        }
    }
}

/// Reads all that a capture holds of the process and its control group.
pub(super) fn read(capture: &Capture) -> Found {
    let mut found = Found::default();
    if let Some(artefact) = capture.first(ArtefactKind::Status)
        && let Some(status) = found.keep(artefact, status::parse(&artefact.bytes))
    {
        found.gauge("process.rss", status.vm_rss);
        found.gauge("process.rss.anon", status.rss_anon);
        found.gauge("process.rss.file", status.rss_file);
        found.gauge("process.rss.shmem", status.rss_shmem);
        found.gauge("process.rss.peak", status.vm_hwm);
        found.gauge("process.vms", status.vm_size);
        found.gauge("process.swap", status.vm_swap);
        found.gauge("process.page_tables", status.vm_pte);
        for (name, value) in [
            ("process.threads", status.threads),
            ("process.cpus", status.cpus),
        ] {
            found
                .readings
                .extend(value.map(|value| Reading::gauge(name, Count, value as f64)));
        }
    }
    cpu(capture, &mut found);
    if let Some(artefact) = capture.first(ArtefactKind::SmapsRollup)
        && let Some(sum) = found.keep(artefact, smaps::parse_rollup(&artefact.bytes))
    {
        let uss = sum.private_clean.saturating_add(sum.private_dirty);
        found.gauge("process.pss", Some(sum.pss));
        found.gauge("process.uss", Some(uss));
        found.gauge("process.lazy_free", Some(sum.lazy_free));
        found.gauge("process.anon_huge_pages", Some(sum.anon_huge_pages));
    }
    let host = capture.first(ArtefactKind::MemInfo).and_then(|artefact| {
        let parsed = found.keep(artefact, meminfo::parse(&artefact.bytes))?;
        found.gauge("host.memory.total", Some(parsed.total));
        found.gauge("host.memory.available", parsed.available);
        Some(parsed.total)
    });
    control_group(capture, host, &mut found);
    found
}

fn cpu(capture: &Capture, found: &mut Found) {
    let Some(artefact) = capture.first(ArtefactKind::Stat) else {
        return;
    };
    let Some(times) = found.keep(artefact, stat::parse(&artefact.bytes)) else {
        return;
    };
    for (name, time) in [
        ("process.cpu", times.user.saturating_add(times.system)),
        ("process.cpu.user", times.user),
        ("process.cpu.system", times.system),
    ] {
        found
            .readings
            .push(Reading::counter(name, Seconds, time.as_secs_f64()));
    }
    for (name, count) in [
        ("process.faults.minor", times.minor_faults),
        ("process.faults.major", times.major_faults),
    ] {
        found
            .readings
            .push(Reading::counter(name, Count, count as f64));
    }
    if let Some(uptime) = capture.first(ArtefactKind::Uptime)
        && let Some(up) = found.keep(uptime, stat::parse_uptime(&uptime.bytes))
    {
        // Both are told since the boot, so that a change of the clock does not make a restart.
        let age = up.saturating_sub(times.started).as_millis();
        let now = milliseconds(uptime.taken_at_unix_nanos);
        let started = now.saturating_sub(i64::try_from(age).unwrap_or(i64::MAX));
        // The two are read a moment apart, to hundredths of a second.
        found.started_ms = Some(started.saturating_add(500).div_euclid(1000) * 1000);
    }
}

fn control_group(capture: &Capture, host: Option<u64>, found: &mut Found) {
    let Some((own, above)) = levels(capture, found) else {
        return;
    };
    found.gauge("cgroup.memory", own.current);
    found.gauge("cgroup.memory.peak", own.peak);
    found.gauge("cgroup.working_set", own.working_set());
    found.gauge("cgroup.page_cache", own.page_cache());
    found.gauge("cgroup.anon", own.stat.anon);
    found.gauge("cgroup.kernel", own.kernel.or(own.stat.kernel_or_parts()));
    found.gauge("cgroup.swap", own.swap_current);
    if let Limit::Bytes(limit) = own.effective_limit(host, &above) {
        found.gauge("cgroup.limit", Some(limit));
    }
    if let Some(events) = own.events {
        for (name, count) in [
            ("cgroup.events.high", events.high),
            ("cgroup.events.max", events.max),
            ("cgroup.events.oom", events.oom),
            ("cgroup.events.oom_kill", events.oom_kill),
        ] {
            found
                .readings
                .push(Reading::counter(name, Count, count as f64));
        }
    }
    if let Some(pressure) = own.pressure {
        for (name, line) in [
            ("cgroup.pressure.some", pressure.some),
            ("cgroup.pressure.full", pressure.full),
        ] {
            found
                .readings
                .push(Reading::gauge(name, Percent, line.avg10));
        }
    }
}

fn levels(capture: &Capture, found: &mut Found) -> Option<(Cgroup, Vec<Cgroup>)> {
    if let Some(artefact) = capture.first(ArtefactKind::CgroupText) {
        let own = found.keep(artefact, Cgroup::from_combined_text(&artefact.bytes))?;
        return Some((own, Vec::new()));
    }
    let first = capture.first(ArtefactKind::CgroupFile)?;
    let files = capture
        .all(ArtefactKind::CgroupFile)
        .chain(capture.all(ArtefactKind::CgroupAncestorFile))
        .map(|artefact| (artefact.origin.as_str(), artefact.bytes.as_slice()));
    let mut levels = found.keep(first, cgroup::levels(files))?.into_iter();
    let own = levels.next()?;
    Some((own, levels.collect()))
}
