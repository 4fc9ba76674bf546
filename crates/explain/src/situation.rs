//! A capture, parsed: what the rules and the ledger look at.

use crate::goroutine_groups::Goroutines;
use crate::heap_sites::HeapSites;
use crate::heap_state::HeapState;
use crate::ledger::Ledger;
use crate::missing::Gaps;
use crate::profiles::Profiles;
use crate::time_use::TimeUse;
use fathom_evidence::{Artefact, Capture, Kind, Target};
use fathom_finding::Finding;
use fathom_goruntime::buildinfo::BuildInfo;
use fathom_goruntime::expvar;
use fathom_goruntime::goroutine::Dump;
use fathom_goruntime::memstats::{self, MemStats};
use fathom_goruntime::metrics::{self, Metrics};
use fathom_goruntime::version::GoVersion;
use fathom_osmem::cgroup::{self, Cgroup};
use fathom_osmem::classify::{AddressSpace, RegionClass};
use fathom_osmem::huge_pages::HugePageSettings;
use fathom_osmem::meminfo::MemInfo;
use fathom_osmem::process::ProcessMemory;
use fathom_osmem::status::Status;
use fathom_profile::RuntimeLeaf;

/// The heap index: 32 MiB of address space in no `MemStats` field
/// (Go 1.27.3, src/runtime/malloc.go:864).
pub(crate) const HEAP_INDEX: u64 = 32 << 20;

/// Sizes above this are damage: x86-64 and arm64 address at most 2^57 bytes.
/// Below it, sums of all fields fit in 64 bits.
const IMPLAUSIBLE: u64 = 1 << 57;

/// Everything that explain knows of a process.
#[derive(Debug, Default)]
pub struct Situation {
    /// Who the evidence is about.
    pub(crate) target: Target,
    /// All mappings, classified.
    pub(crate) space: Option<AddressSpace>,
    /// Exact sums over all mappings, from `smaps` or `smaps_rollup`.
    pub(crate) memory: Option<ProcessMemory>,
    /// Resident anonymous bytes, where only `smaps_rollup` is known.
    pub(crate) anonymous: Option<u64>,
    /// Resident bytes at the end of the reading, where they were read again.
    pub(crate) rss_after: Option<u64>,
    /// `/proc/PID/status` as first read.
    pub(crate) status: Option<Status>,
    /// `/proc/PID/status` as read last, if it was read twice.
    pub(crate) status_after: Option<Status>,
    /// The memory controller that charges the process.
    pub(crate) cgroup: Option<Cgroup>,
    /// How many processes it holds, where known.
    pub(crate) cgroup_processes: Option<usize>,
    /// The limit that binds it: its own or the least above it.
    pub(crate) cgroup_limit: Option<u64>,
    /// The host's memory.
    pub(crate) host: Option<MemInfo>,
    /// How the host uses huge pages.
    pub(crate) huge_pages: Option<HugePageSettings>,
    /// The runtime's own account.
    pub(crate) memstats: Option<MemStats>,
    /// Metrics by their runtime/metrics name.
    pub(crate) metrics: Metrics,
    /// The toolchain that built the program.
    pub(crate) go_version: Option<GoVersion>,
    /// The build's record.
    pub(crate) build: Option<BuildInfo>,
    /// The heap profile without a forced collection.
    pub(crate) heap: Option<HeapSites>,
    /// The heap profile after a forced collection.
    pub(crate) heap_after_gc: Option<HeapSites>,
    /// All goroutines, from a profile or a dump.
    pub(crate) goroutines: Option<Goroutines>,
    /// Goroutines that the leak detector found, where it ran.
    pub(crate) leaked: Option<Goroutines>,
    /// Threads that the process has.
    pub(crate) threads: Option<u64>,
    /// The heap in the pacer's terms.
    pub(crate) heap_state: Option<HeapState>,
    /// GC work buffers inside the arenas (part of `GCSys`).
    pub(crate) work_buffers: u64,
    /// When the evidence was taken, unix nanoseconds; 0 where unknown.
    pub(crate) taken_at: u64,
    /// Profiles of processors, locks and channels.
    pub(crate) time: TimeUse,
    /// What execution traces say is wrong.
    pub(crate) traced: Vec<Finding>,
    /// The ledger, so that rules can speak of its rows.
    pub(crate) ledger: Ledger,
}

/// Resident memory by kind, where the mappings themselves are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResidentSplit {
    pub(crate) anonymous: u64,
    pub(crate) file: u64,
    pub(crate) shared: u64,
    /// The sum walks the page tables; `status` is a batch of counters behind.
    pub(crate) exact: bool,
}

/// Two numbers that should be equal, and by how much they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closure {
    pub(crate) left: u64,
    pub(crate) right: u64,
    /// `left - right`.
    pub(crate) gap: i64,
}

impl Closure {
    fn new(left: u64, right: u64) -> Self {
        Self {
            left,
            right,
            gap: difference(left, right),
        }
    }
}

/// Subtracts without overflow.
pub(crate) fn difference(left: u64, right: u64) -> i64 {
    let gap = i128::from(left) - i128::from(right);
    i64::try_from(gap).unwrap_or(if gap < 0 { i64::MIN } else { i64::MAX })
}

impl Situation {
    /// Parses every artefact of a capture. What does not parse is noted in
    /// `gaps` and left out.
    pub(crate) fn read(capture: &Capture, profiles: &Profiles<'_, '_>, gaps: &mut Gaps) -> Self {
        let mut situation = Self {
            target: capture.target.clone(),
            taken_at: capture.started_at_unix_nanos,
            ..Self::default()
        };
        situation.read_kernel(capture, gaps);
        situation.read_runtime(capture, gaps);
        situation.read_profiles(capture, profiles, gaps);
        situation.time = TimeUse::read(capture, profiles, &situation, gaps);
        situation.traced = crate::traces::read(capture, gaps);
        situation.derive();
        situation.ledger = crate::ledger::build(&situation);
        situation
    }

    fn read_kernel(&mut self, capture: &Capture, gaps: &mut Gaps) {
        let limits = fathom_osmem::Limits::default();
        if let Some(artefact) = capture.first(Kind::Smaps) {
            let parsed = fathom_osmem::smaps::parse_partial(&artefact.bytes, &limits);
            if let Some(partial) = gaps.keep(artefact, parsed) {
                if let Some(error) = partial.stopped_by {
                    gaps.damaged(artefact, &error);
                } else {
                    self.set_space(partial.mappings, artefact, gaps);
                }
            }
        }
        if self.space.is_none()
            && let Some(artefact) = capture.first(Kind::Maps)
            && let Some(mappings) = gaps.keep(
                artefact,
                fathom_osmem::maps::parse(&artefact.bytes, &limits),
            )
        {
            self.set_space(mappings, artefact, gaps);
        }
        if self.memory.is_none()
            && let Some(artefact) = capture.first(Kind::SmapsRollup)
            && let Some(memory) =
                gaps.keep(artefact, fathom_osmem::smaps::parse_rollup(&artefact.bytes))
        {
            self.memory = Some(ProcessMemory::from(&memory));
            self.anonymous = Some(memory.anonymous);
        }
        self.rss_after = capture
            .last(Kind::SmapsRollup)
            .filter(|artefact| artefact.round > 0)
            .and_then(|a| gaps.keep(a, fathom_osmem::smaps::parse_rollup(&a.bytes)))
            .map(|memory| memory.rss);
        let status = |artefact: &Artefact, gaps: &mut Gaps| {
            gaps.keep(artefact, fathom_osmem::status::parse(&artefact.bytes))
        };
        self.status = capture.first(Kind::Status).and_then(|a| status(a, gaps));
        self.status_after = capture
            .last(Kind::Status)
            .filter(|artefact| artefact.round > 0)
            .and_then(|a| status(a, gaps));
        self.host = capture
            .first(Kind::MemInfo)
            .and_then(|a| gaps.keep(a, fathom_osmem::meminfo::parse(&a.bytes)));
        for artefact in capture.all(Kind::HugePageSettings) {
            let settings = self.huge_pages.get_or_insert_default();
            let text = artefact.text();
            for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
                gaps.keep(
                    artefact,
                    settings.take(name.trim(), value.trim().as_bytes()),
                );
            }
        }
        if let Some((own, above)) = read_cgroup(capture, gaps) {
            let host = self.host.as_ref().map(|host| host.total);
            self.cgroup_limit = own.effective_limit(host, &above).bytes();
            self.cgroup = Some(own);
            self.cgroup_processes = capture
                .all(Kind::CgroupFile)
                .find(|artefact| artefact.file_name() == "cgroup.procs")
                .map(|artefact| artefact.text().lines().count());
        }
        self.threads = self.status.as_ref().and_then(|status| status.threads);
    }

    fn set_space(
        &mut self,
        mappings: Vec<fathom_osmem::mapping::Mapping>,
        artefact: &Artefact,
        gaps: &mut Gaps,
    ) {
        let sizes = mappings.iter().map(|mapping| {
            let resident = mapping.memory.as_ref().map_or(0, |memory| memory.rss);
            mapping.size().max(resident)
        });
        if sizes.fold(0, u64::saturating_add) > IMPLAUSIBLE {
            gaps.damaged(artefact, &"its sizes are larger than any address space");
            return;
        }
        let space = AddressSpace::classify(mappings, self.target.exe.as_deref());
        self.anonymous = Some(space.total().memory.anonymous);
        self.memory = space.process_memory();
        self.space = Some(space);
    }

    fn read_runtime(&mut self, capture: &Capture, gaps: &mut Gaps) {
        for artefact in capture.all(Kind::ExpVar) {
            let Some(vars) = gaps.keep(artefact, expvar::parse(&artefact.bytes)) else {
                continue;
            };
            if artefact.round > 0 {
                continue;
            }
            if self.memstats.is_none() {
                self.memstats = vars
                    .memstats
                    .filter(|memory| plausible(memory, artefact, gaps));
            }
            add_metrics(&mut self.metrics, &vars.metrics);
            if self.go_version.is_none() {
                self.go_version = vars.go_version.as_deref().and_then(GoVersion::parse);
            }
        }
        for kind in [Kind::RuntimeMetricsJson, Kind::PrometheusText] {
            for artefact in capture.all(kind) {
                let parsed = match kind {
                    Kind::PrometheusText => metrics::from_prometheus(&artefact.bytes),
                    _ => metrics::from_json(&artefact.bytes),
                };
                if let Some(metrics) = gaps.keep(artefact, parsed) {
                    add_metrics(&mut self.metrics, &metrics);
                }
            }
        }
        for artefact in capture.all(Kind::Heap).chain(capture.all(Kind::Allocs)) {
            if self.memstats.is_none() {
                self.memstats = gaps
                    .keep(artefact, memstats::from_heap_text(&artefact.bytes))
                    .flatten()
                    .filter(|memory| plausible(memory, artefact, gaps));
            }
        }
        if self.memstats.is_none() {
            self.memstats = memstats::from_metrics(&self.metrics)
                .ok()
                .flatten()
                .filter(|memory| largest_field(memory) <= IMPLAUSIBLE);
        }
        if let Some(artefact) = capture.first(Kind::BuildInfo) {
            self.build = gaps.keep(artefact, BuildInfo::parse_text(&artefact.bytes));
        }
        let version = self
            .build
            .as_ref()
            .map(|build| build.go_version.clone())
            .or_else(|| capture.target.go_version.clone());
        if let Some(version) = version.as_deref().and_then(GoVersion::parse) {
            self.go_version = Some(version);
        }
    }

    fn read_profiles(&mut self, capture: &Capture, profiles: &Profiles<'_, '_>, gaps: &mut Gaps) {
        let mut profile =
            |artefact: &Artefact| profiles.read(artefact, RuntimeLeaf::Keep, &mut *gaps);
        let mut heap_of = |kinds: &[Kind]| {
            let mut artefacts: Vec<&Artefact> =
                kinds.iter().flat_map(|&kind| capture.all(kind)).collect();
            // The text form alone keeps the runtime's frames, which tell a map.
            artefacts.sort_by_key(|artefact| !artefact.bytes.starts_with(b"heap profile:"));
            artefacts
                .into_iter()
                .find_map(|artefact| HeapSites::read(&*profile(artefact)?))
        };
        self.heap = heap_of(&[Kind::Heap, Kind::Allocs]);
        self.heap_after_gc = heap_of(&[Kind::HeapAfterGc]);
        let mut goroutines_of = |kind| {
            capture
                .all(kind)
                .find_map(|artefact| profile(artefact).as_deref().map(Goroutines::from_profile))
        };
        self.goroutines = goroutines_of(Kind::Goroutine);
        self.leaked = goroutines_of(Kind::GoroutineLeak);
        let threads = capture
            .first(Kind::ThreadCreate)
            .and_then(&mut profile)
            .map(|threads| threads.column_sum(0).max(0).unsigned_abs());
        self.threads = self.threads.or(self.metrics.threads()).or(threads);
        if let Some(artefact) = capture.first(Kind::GoroutineDump)
            && let Some(dump) = gaps.keep(
                artefact,
                Dump::parse(&artefact.bytes, &fathom_goruntime::Limits::default()),
            )
        {
            // The dump alone knows states and waits.
            self.goroutines = Some(Goroutines::from_dump(&dump));
        }
    }

    fn derive(&mut self) {
        if let (Some(space), Some(memory)) = (&self.space, &self.memstats) {
            let beyond = space
                .arena_rw_size()
                .saturating_sub(memory.heap_sys)
                .saturating_sub(memory.stack_inuse);
            // More than GCSys is not work buffers: the heap grew in between.
            self.work_buffers = if beyond <= memory.gc_sys { beyond } else { 0 };
        }
        let profile = self.heap.as_ref().map(|heap| heap.total);
        let after = self.heap_after_gc.as_ref().map(|heap| heap.total);
        self.heap_state = self
            .memstats
            .as_ref()
            .map(|memory| HeapState::new(memory, &self.metrics, profile.as_ref(), after.as_ref()));
    }

    /// Returns resident bytes: exact where the mappings are known, else as
    /// `status` says.
    pub fn rss(&self) -> Option<u64> {
        self.memory
            .as_ref()
            .map(|memory| memory.rss)
            .or_else(|| self.status.as_ref().and_then(|status| status.vm_rss))
            .or_else(|| self.metrics.process_resident_memory())
    }

    /// Returns the bytes that shares are taken of: RSS, or the runtime's total.
    pub(crate) fn whole(&self) -> u64 {
        let committed = || self.memstats.as_ref().map(MemStats::committed);
        self.rss().or_else(committed).unwrap_or(0)
    }

    /// Returns the bytes below which a cause is not worth a finding: 5 % of the
    /// whole, and never less than 8 MiB.
    pub(crate) fn floor(&self) -> u64 {
        (self.whole() / 20).max(8 << 20)
    }

    /// Returns how many goroutines there are.
    pub(crate) fn goroutine_count(&self) -> Option<u64> {
        self.metrics
            .goroutines()
            .or_else(|| self.goroutines.as_ref().map(|all| all.total))
    }

    /// Returns the resident bytes of the Go arenas.
    pub(crate) fn arena_resident(&self) -> Option<u64> {
        let space = self.space.as_ref().filter(|_| self.has_mappings())?;
        Some(space.class_total(RegionClass::GoArena).memory.rss)
    }

    /// Returns what the runtime committed inside its arenas.
    pub(crate) fn arena_committed(&self) -> Option<u64> {
        let state = self.heap_state?;
        Some(state.inuse + state.idle + state.stacks + self.work_buffers)
    }

    /// Returns the size of the arenas against `HeapSys`, `StackInuse` and the
    /// work buffers: the runtime's account of the same address space.
    pub(crate) fn arena_closure(&self) -> Option<Closure> {
        let memory = self.memstats.as_ref()?;
        let space = self.space.as_ref()?;
        let accounted = memory.heap_sys + memory.stack_inuse + self.work_buffers;
        Some(Closure::new(space.arena_rw_size(), accounted))
    }

    /// Returns the size of writable anonymous mappings outside the arenas
    /// against the heap index and the runtime's classes.
    pub(crate) fn off_heap_closure(&self) -> Option<Closure> {
        let space = self.space.as_ref()?;
        Some(Closure::new(
            space.off_heap_rw_size(),
            HEAP_INDEX + self.off_heap_accounted()?,
        ))
    }

    /// Returns the runtime's classes outside the arenas: everything of `Sys`
    /// but heap and stacks, without the work buffers.
    pub(crate) fn off_heap_accounted(&self) -> Option<u64> {
        let memory = self.memstats.as_ref()?;
        Some(memory.off_heap_sys().saturating_sub(self.work_buffers))
    }

    /// Returns anonymous, file and shared memory from `status`, or from the
    /// rollup with the shared part of `status`.
    pub(crate) fn resident_split(&self) -> Option<ResidentSplit> {
        let status = self.status.as_ref();
        let shared = status.and_then(|status| status.rss_shmem).unwrap_or(0);
        if let (Some(memory), Some(anonymous)) = (&self.memory, self.anonymous) {
            let anonymous = anonymous.min(memory.rss);
            let shared = shared.min(memory.rss - anonymous);
            return Some(ResidentSplit {
                anonymous,
                file: memory.rss - anonymous - shared,
                shared,
                exact: true,
            });
        }
        let status = status?;
        let (Some(anonymous), Some(file)) = (status.rss_anon, status.rss_file) else {
            return Some(ResidentSplit {
                anonymous: status.vm_rss?,
                file: 0,
                shared: 0,
                exact: false,
            });
        };
        Some(ResidentSplit {
            anonymous,
            file,
            shared,
            exact: false,
        })
    }
}

/// Says whether a process can have these numbers; notes it if not.
fn plausible(memory: &MemStats, artefact: &Artefact, gaps: &mut Gaps) -> bool {
    let plausible = largest_field(memory) <= IMPLAUSIBLE;
    if !plausible {
        gaps.damaged(artefact, &"its MemStats are larger than any address space");
    }
    plausible
}

/// Returns the largest size in MemStats.
fn largest_field(memory: &MemStats) -> u64 {
    [
        memory.sys,
        memory.heap_alloc,
        memory.heap_sys,
        memory.heap_idle,
        memory.heap_inuse,
        memory.heap_released,
        memory.stack_inuse,
        memory.stack_sys,
        memory.mspan_sys,
        memory.mcache_sys,
        memory.buck_hash_sys,
        memory.gc_sys,
        memory.other_sys,
        memory.next_gc,
    ]
    .into_iter()
    .fold(0, u64::max)
}

/// Adds metrics of another source; what is known stays.
fn add_metrics(known: &mut Metrics, more: &Metrics) {
    for (name, value) in more.iter() {
        if known.get(name).is_none() {
            known.insert(name, value.clone());
        }
    }
}

/// Reads the process's memory controller, and the limit that binds it: its own
/// or the nearest above.
fn read_cgroup(capture: &Capture, gaps: &mut Gaps) -> Option<(Cgroup, Vec<Cgroup>)> {
    if let Some(artefact) = capture.first(Kind::CgroupText) {
        let cgroup = gaps.keep(artefact, Cgroup::from_combined_text(&artefact.bytes))?;
        return Some((cgroup, Vec::new()));
    }
    let first = capture.first(Kind::CgroupFile)?;
    let files = capture
        .all(Kind::CgroupFile)
        .chain(capture.all(Kind::CgroupAncestorFile))
        .filter(|artefact| artefact.round == 0)
        .map(|artefact| (artefact.origin.as_str(), artefact.bytes.as_slice()));
    let mut levels = gaps.keep(first, cgroup::levels(files))?;
    if levels.is_empty() {
        return None;
    }
    let own = levels.remove(0);
    Some((own, levels))
}
