//! Every plot.

use super::expr::{Expr, Mode};
use super::make::{curves, expr, heatmap, increase, lines, per_second, rate, stacked, sum, value};
use super::{Group, Heat, Line, Plot};
use crate::Unit::{Bytes, Count, Fraction, Percent, Seconds};

/// Every plot, in the order in which pages show them.
pub static PLOTS: &[Plot] = &[
    curves(
        Group::Memory,
        "resident",
        "Resident memory",
        Bytes,
        "What the kernel says that the process holds, beside what the Go runtime says that it took.",
        lines! {
            "RSS": value!("process.rss"), value!("process_resident_memory_bytes");
            "PSS": value!("process.pss");
            "peak RSS": value!("process.rss.peak");
            "swapped out": value!("process.swap");
            "Sys": value!("/memory/classes/total:bytes"), value!("memstats.Sys");
            "Sys - HeapReleased":
                sum!(+ "/memory/classes/total:bytes", - "/memory/classes/heap/released:bytes"),
                sum!(+ "memstats.Sys", - "memstats.HeapReleased");
        },
    ),
    stacked(curves(
        Group::Memory,
        "memory-parts",
        "Where resident memory is",
        Bytes,
        "The parts of the runtime's memory that it has not returned, and what is resident beyond \
         them; pages that were never touched make the last negative.",
        lines! {
            "heap objects": value!("/memory/classes/heap/objects:bytes"), value!("memstats.HeapAlloc");
            "unused in spans":
                value!("/memory/classes/heap/unused:bytes"),
                sum!(+ "memstats.HeapInuse", - "memstats.HeapAlloc");
            "idle spans":
                value!("/memory/classes/heap/free:bytes"),
                sum!(+ "memstats.HeapIdle", - "memstats.HeapReleased");
            "stacks":
                sum!(+ "/memory/classes/heap/stacks:bytes", + "/memory/classes/os-stacks:bytes"),
                value!("memstats.StackSys");
            "runtime structures":
                sum!(
                    + "/memory/classes/metadata/mspan/inuse:bytes",
                    + "/memory/classes/metadata/mspan/free:bytes",
                    + "/memory/classes/metadata/mcache/inuse:bytes",
                    + "/memory/classes/metadata/mcache/free:bytes",
                    + "/memory/classes/metadata/other:bytes",
                    + "/memory/classes/profiling/buckets:bytes",
                    + "/memory/classes/other:bytes",
                ),
                sum!(
                    + "memstats.MSpanSys",
                    + "memstats.MCacheSys",
                    + "memstats.GCSys",
                    + "memstats.BuckHashSys",
                    + "memstats.OtherSys",
                );
            "beyond the runtime":
                sum!(
                    + "process.rss",
                    - "/memory/classes/total:bytes",
                    + "/memory/classes/heap/released:bytes",
                ),
                sum!(+ "process.rss", - "memstats.Sys", + "memstats.HeapReleased"),
                sum!(
                    + "process_resident_memory_bytes",
                    - "memstats.Sys",
                    + "memstats.HeapReleased",
                );
        },
    )),
    stacked(curves(
        Group::Memory,
        "resident-kinds",
        "Resident memory by kind",
        Bytes,
        "Anonymous memory, files and shared memory, as the kernel counts them.",
        lines! {
            "anonymous": value!("process.rss.anon");
            "files": value!("process.rss.file");
            "shared": value!("process.rss.shmem");
        },
    )),
    curves(
        Group::Memory,
        "virtual",
        "Virtual size",
        Bytes,
        "The address space, most of which is never touched.",
        lines! {
            "VMS": value!("process.vms"), value!("process_virtual_memory_bytes");
        },
    ),
    curves(
        Group::Memory,
        "cgroup",
        "Control group",
        Bytes,
        "What the memory controller charges, and the limit at which it kills.",
        lines! {
            "charge": value!("cgroup.memory");
            "peak": value!("cgroup.memory.peak");
            "working set": value!("cgroup.working_set");
            "anonymous": value!("cgroup.anon");
            "page cache": value!("cgroup.page_cache");
            "kernel": value!("cgroup.kernel");
            "limit": value!("cgroup.limit");
        },
    ),
    curves(
        Group::Memory,
        "pressure",
        "Memory pressure",
        Percent,
        "How much of the last ten seconds tasks of the control group waited for memory.",
        lines! {
            "some": value!("cgroup.pressure.some");
            "all": value!("cgroup.pressure.full");
        },
    ),
    curves(
        Group::Memory,
        "memory-classes",
        "Other memory of the runtime",
        Bytes,
        "What the runtime holds outside the heap.",
        lines! {
            "os stacks":
                value!("/memory/classes/os-stacks:bytes"),
                sum!(+ "memstats.StackSys", - "memstats.StackInuse");
            "other": value!("/memory/classes/other:bytes"), value!("memstats.OtherSys");
            "profiling buckets":
                value!("/memory/classes/profiling/buckets:bytes"),
                value!("memstats.BuckHashSys");
            "GC structures":
                value!("/memory/classes/metadata/other:bytes"),
                value!("memstats.GCSys");
            "total": value!("/memory/classes/total:bytes"), value!("memstats.Sys");
        },
    ),
    curves(
        Group::Memory,
        "stacks",
        "Stacks and structures",
        Bytes,
        "Stacks of goroutines and threads, and the structures for spans and caches.",
        lines! {
            "StackInuse": value!("memstats.StackInuse"), value!("/memory/classes/heap/stacks:bytes");
            "StackSys":
                value!("memstats.StackSys"),
                sum!(+ "/memory/classes/heap/stacks:bytes", + "/memory/classes/os-stacks:bytes");
            "MSpanInuse":
                value!("memstats.MSpanInuse"),
                value!("/memory/classes/metadata/mspan/inuse:bytes");
            "MSpanSys": value!("memstats.MSpanSys");
            "MCacheInuse":
                value!("memstats.MCacheInuse"),
                value!("/memory/classes/metadata/mcache/inuse:bytes");
            "MCacheSys": value!("memstats.MCacheSys");
        },
    ),
    curves(
        Group::Memory,
        "mspan-mcache",
        "MSpan and MCache",
        Bytes,
        "The structures that describe spans, and the allocation caches of the processors.",
        lines! {
            "mspan in use":
                value!("/memory/classes/metadata/mspan/inuse:bytes"),
                value!("memstats.MSpanInuse");
            "mspan free":
                value!("/memory/classes/metadata/mspan/free:bytes"),
                sum!(+ "memstats.MSpanSys", - "memstats.MSpanInuse");
            "mcache in use":
                value!("/memory/classes/metadata/mcache/inuse:bytes"),
                value!("memstats.MCacheInuse");
            "mcache free":
                value!("/memory/classes/metadata/mcache/free:bytes"),
                sum!(+ "memstats.MCacheSys", - "memstats.MCacheInuse");
        },
    ),
    curves(
        Group::Heap,
        "heap",
        "Heap",
        Bytes,
        "The heap in the terms of MemStats.",
        lines! {
            "HeapSys":
                value!("memstats.HeapSys"),
                sum!(
                    + "/memory/classes/heap/objects:bytes",
                    + "/memory/classes/heap/unused:bytes",
                    + "/memory/classes/heap/released:bytes",
                    + "/memory/classes/heap/free:bytes",
                );
            "HeapAlloc": value!("memstats.HeapAlloc"), value!("/memory/classes/heap/objects:bytes");
            "HeapInuse":
                value!("memstats.HeapInuse"),
                sum!(
                    + "/memory/classes/heap/objects:bytes",
                    + "/memory/classes/heap/unused:bytes",
                );
            "HeapIdle": value!("memstats.HeapIdle");
            "HeapReleased":
                value!("memstats.HeapReleased"),
                value!("/memory/classes/heap/released:bytes"),
                value!("scavtrace.total");
            "stacks in the heap":
                value!("/memory/classes/heap/stacks:bytes"),
                value!("memstats.StackInuse");
            "goal":
                value!("/gc/heap/goal:bytes"),
                value!("memstats.NextGC"),
                value!("gctrace.heap.goal");
        },
    ),
    curves(
        Group::Heap,
        "live-bytes",
        "Bytes of objects",
        Bytes,
        "What was allocated and not yet freed.",
        lines! {
            "objects":
                sum!(+ "/gc/heap/allocs:bytes", - "/gc/heap/frees:bytes"),
                value!("memstats.HeapAlloc");
        },
    ),
    curves(
        Group::Heap,
        "live-objects",
        "Objects",
        Count,
        "Objects that were allocated and not yet freed.",
        lines! {
            "objects": value!("/gc/heap/objects:objects"), value!("memstats.HeapObjects");
        },
    ),
    per_second(curves(
        Group::Heap,
        "allocation-rate",
        "Bytes allocated",
        Bytes,
        "How much the program allocates.",
        lines! {
            "allocated": rate!("/gc/heap/allocs:bytes"), rate!("memstats.TotalAlloc");
        },
    )),
    per_second(curves(
        Group::Heap,
        "object-rate",
        "Objects allocated and freed",
        Count,
        "How many objects the program allocates, and how many the collector frees.",
        lines! {
            "allocated": rate!("/gc/heap/allocs:objects"), rate!("memstats.Mallocs");
            "freed": rate!("/gc/heap/frees:objects"), rate!("memstats.Frees");
            "lookups": rate!("memstats.Lookups");
        },
    )),
    curves(
        Group::Heap,
        "total-alloc",
        "Bytes ever allocated",
        Bytes,
        "What the program allocated since it started.",
        lines! {
            "TotalAlloc": value!("memstats.TotalAlloc"), value!("/gc/heap/allocs:bytes");
        },
    ),
    curves(
        Group::Heap,
        "total-objects",
        "Objects ever allocated and freed",
        Count,
        "What MemStats count since the start: Mallocs, Frees and Lookups.",
        lines! {
            "Mallocs": value!("memstats.Mallocs"), value!("/gc/heap/allocs:objects");
            "Frees": value!("memstats.Frees"), value!("/gc/heap/frees:objects");
            "Lookups": value!("memstats.Lookups");
        },
    ),
    heatmap(
        Group::Heap,
        "size-classes",
        "Objects by size",
        Bytes,
        "Objects that were allocated and not yet freed, by their size.",
        &[
            Heat {
                added: "/gc/heap/allocs-by-size:bytes",
                taken: Some("/gc/heap/frees-by-size:bytes"),
            },
            Heat {
                added: "memstats.BySize.Mallocs",
                taken: Some("memstats.BySize.Frees"),
            },
        ],
    ),
    curves(
        Group::Gc,
        "gc-memory",
        "The collector's view",
        Bytes,
        "The live heap and the goal that follows from it, beside the memory limit and what counts \
         against it.",
        lines! {
            "memory limit": value!("/gc/gomemlimit:bytes");
            "memory in use":
                sum!(+ "/memory/classes/total:bytes", - "/memory/classes/heap/released:bytes"),
                sum!(+ "memstats.Sys", - "memstats.HeapReleased");
            "live heap": value!("/gc/heap/live:bytes"), value!("gctrace.heap.live");
            "goal":
                value!("/gc/heap/goal:bytes"),
                value!("memstats.NextGC"),
                value!("gctrace.heap.goal");
            "heap at the start": value!("gctrace.heap.start");
            "heap at the end": value!("gctrace.heap.end");
        },
    ),
    curves(
        Group::Gc,
        "gc-cycles",
        "Collections",
        Count,
        "Collections that ended in the interval.",
        lines! {
            "automatic": increase!("/gc/cycles/automatic:gc-cycles");
            "forced": increase!("/gc/cycles/forced:gc-cycles"), increase!("memstats.NumForcedGC");
            "all":
                increase!("/gc/cycles/total:gc-cycles"),
                increase!("memstats.NumGC"),
                increase!("gctrace.cycles");
        },
    ),
    curves(
        Group::Gc,
        "gc-count",
        "Collections since the start",
        Count,
        "All collections of the process.",
        lines! {
            "NumGC":
                value!("memstats.NumGC"),
                value!("/gc/cycles/total:gc-cycles"),
                value!("gctrace.cycles");
        },
    ),
    curves(
        Group::Gc,
        "gc-pause",
        "Pause of the last collection",
        Seconds,
        "How long the last collection stopped the world.",
        lines! {
            "pause": value!("memstats.Pause"), value!("gctrace.pause");
        },
    ),
    curves(
        Group::Gc,
        "gc-pause-total",
        "Pauses",
        Seconds,
        "How long collections stopped the world: in the interval, and since the start.",
        lines! {
            "in the interval":
                increase!("memstats.PauseTotal"),
                increase!("go_gc_duration_seconds_sum");
            "since the start":
                value!("memstats.PauseTotal"),
                value!("go_gc_duration_seconds_sum");
        },
    ),
    curves(
        Group::Gc,
        "gc-last",
        "Since the last collection",
        Seconds,
        "How long before each look the last collection ended. Unless GOGC is off, Go collects at \
         least every two minutes.",
        lines! {
            "since the last collection": value!("memstats.SinceLastGC");
        },
    ),
    curves(
        Group::Gc,
        "gc-cpu-fraction",
        "Share of CPU time for collections",
        Fraction,
        "What collections took of the CPU time available to the program: since the start, as \
         MemStats say it, and in the interval.",
        lines! {
            "GCCPUFraction":
                value!("memstats.GCCPUFraction"),
                Expr {
                    mode: Mode::Value,
                    terms: &[("/cpu/classes/gc/total:cpu-seconds", 1.0)],
                    over: Some("/cpu/classes/total:cpu-seconds"),
                };
            "in the interval":
                Expr {
                    mode: Mode::Increase,
                    terms: &[("/cpu/classes/gc/total:cpu-seconds", 1.0)],
                    over: Some("/cpu/classes/total:cpu-seconds"),
                };
        },
    ),
    curves(
        Group::Gc,
        "gc-size",
        "Sizes of the collector",
        Bytes,
        "The collector's own structures, and the heap at which it runs next.",
        lines! {
            "GCSys": value!("memstats.GCSys"), value!("/memory/classes/metadata/other:bytes");
            "NextGC": value!("memstats.NextGC"), value!("/gc/heap/goal:bytes");
        },
    ),
    curves(
        Group::Gc,
        "gc-scan",
        "What collections scan",
        Bytes,
        "Memory that may hold pointers.",
        lines! {
            "globals": value!("/gc/scan/globals:bytes"), value!("gctrace.globals");
            "heap": value!("/gc/scan/heap:bytes");
            "stacks": value!("/gc/scan/stack:bytes"), value!("gctrace.stacks");
        },
    ),
    curves(
        Group::Gc,
        "stack-size",
        "Starting size of stacks",
        Bytes,
        "How large the stack of a new goroutine is.",
        lines! {
            "starting size": value!("/gc/stack/starting-size:bytes");
        },
    ),
    curves(
        Group::Gc,
        "cleanups",
        "Cleanups that wait",
        Count,
        "Cleanups that are queued and were not run yet (Go 1.26).",
        lines! {
            "queued":
                sum!(+ "/gc/cleanups/queued:cleanups", - "/gc/cleanups/executed:cleanups");
        },
    ),
    curves(
        Group::Gc,
        "finalizers",
        "Finalizers that wait",
        Count,
        "Finalizers that are queued and were not run yet (Go 1.26).",
        lines! {
            "queued":
                sum!(+ "/gc/finalizers/queued:finalizers", - "/gc/finalizers/executed:finalizers");
        },
    ),
    stacked(curves(
        Group::Gc,
        "gc-clock",
        "Phases of a collection",
        Seconds,
        "How long the phases of the last collection took, from gctrace.",
        lines! {
            "stop to sweep": value!("gctrace.clock.sweep_termination");
            "concurrent mark": value!("gctrace.clock.mark");
            "stop to mark": value!("gctrace.clock.mark_termination");
        },
    )),
    stacked(curves(
        Group::Gc,
        "gc-cpu-phases",
        "CPU time of a collection",
        Seconds,
        "What CPU time the last collection took, from gctrace.",
        lines! {
            "stop to sweep": value!("gctrace.cpu.sweep_termination");
            "assists": value!("gctrace.cpu.assist");
            "dedicated workers": value!("gctrace.cpu.dedicated");
            "idle workers": value!("gctrace.cpu.idle");
            "stop to mark": value!("gctrace.cpu.mark_termination");
        },
    )),
    curves(
        Group::Gc,
        "scavenger",
        "The scavenger",
        Bytes,
        "What the scavenger returns to the system, from scavtrace.",
        lines! {
            "in the background": value!("scavtrace.work");
            "at once": value!("scavtrace.eager");
            "returned in all": value!("scavtrace.total"), value!("scavtrace.released");
            "in use": value!("scavtrace.inuse");
            "idle": value!("scavtrace.idle");
            "system": value!("scavtrace.sys");
            "consumed": value!("scavtrace.consumed");
        },
    ),
    heatmap(
        Group::Gc,
        "gc-pauses",
        "Pauses by length",
        Seconds,
        "How long collections stopped the world.",
        &[
            Heat {
                added: "/sched/pauses/total/gc:seconds",
                taken: None,
            },
            Heat {
                added: "/gc/pauses:seconds",
                taken: None,
            },
        ],
    ),
    heatmap(
        Group::Gc,
        "gc-stopping",
        "Time to stop for a collection",
        Seconds,
        "How long it took until all goroutines stood still for a collection.",
        &[Heat {
            added: "/sched/pauses/stopping/gc:seconds",
            taken: None,
        }],
    ),
    curves(
        Group::Scheduler,
        "goroutines",
        "Goroutines",
        Count,
        "Goroutines, and from Go 1.26 on what they do.",
        lines! {
            "goroutines":
                value!("/sched/goroutines:goroutines"),
                value!("go_goroutines"),
                value!("profile.goroutine.goroutine");
            "not in Go": value!("/sched/goroutines/not-in-go:goroutines");
            "runnable": value!("/sched/goroutines/runnable:goroutines");
            "running": value!("/sched/goroutines/running:goroutines");
            "waiting": value!("/sched/goroutines/waiting:goroutines");
        },
    ),
    curves(
        Group::Scheduler,
        "goroutines-created",
        "Goroutines created",
        Count,
        "Goroutines that were created in the interval (Go 1.26).",
        lines! {
            "created": increase!("/sched/goroutines-created:goroutines");
        },
    ),
    curves(
        Group::Scheduler,
        "threads",
        "Threads",
        Count,
        "Threads of the process, those of the runtime, and GOMAXPROCS.",
        lines! {
            "threads": value!("process.threads"), value!("/sched/threads/total:threads"), value!("go_threads");
            "of the runtime": value!("/sched/threads/total:threads");
            "GOMAXPROCS": value!("/sched/gomaxprocs:threads"), value!("gctrace.procs");
            "CPUs": value!("process.cpus");
        },
    ),
    heatmap(
        Group::Scheduler,
        "latencies",
        "Time until a goroutine runs",
        Seconds,
        "How long goroutines were runnable before they ran.",
        &[Heat {
            added: "/sched/latencies:seconds",
            taken: None,
        }],
    ),
    heatmap(
        Group::Scheduler,
        "other-pauses",
        "Other pauses by length",
        Seconds,
        "How long the world was stopped for something else than a collection.",
        &[Heat {
            added: "/sched/pauses/total/other:seconds",
            taken: None,
        }],
    ),
    heatmap(
        Group::Scheduler,
        "other-stopping",
        "Time to stop for something else",
        Seconds,
        "How long it took until all goroutines stood still for something else than a collection.",
        &[Heat {
            added: "/sched/pauses/stopping/other:seconds",
            taken: None,
        }],
    ),
    per_second(curves(
        Group::Scheduler,
        "mutex-wait",
        "Waiting for locks",
        Seconds,
        "Seconds a second that goroutines waited for a mutex.",
        lines! {
            "waited": rate!("/sync/mutex/wait/total:seconds"), rate!("profile.mutex.delay");
        },
    )),
    curves(
        Group::Scheduler,
        "cgo",
        "Calls into C",
        Count,
        "Calls from Go to C: in the interval, and since the start.",
        lines! {
            "in the interval": increase!("/cgo/go-to-c-calls:calls");
            "since the start": value!("/cgo/go-to-c-calls:calls");
        },
    ),
    per_second(curves(
        Group::Cpu,
        "process-cpu",
        "CPU time",
        Seconds,
        "Seconds of CPU a second, as the kernel counts them: 1 is a processor that is always busy.",
        lines! {
            "all": rate!("process.cpu"), rate!("process_cpu_seconds_total");
            "user": rate!("process.cpu.user");
            "system": rate!("process.cpu.system");
        },
    )),
    curves(
        Group::Cpu,
        "cpu-usage",
        "CPU usage",
        Fraction,
        "The share of all processors that the process may use.",
        lines! {
            "usage":
                Expr {
                    mode: Mode::Rate,
                    terms: &[("process.cpu", 1.0)],
                    over: Some("process.cpus"),
                },
                Expr {
                    mode: Mode::Rate,
                    terms: &[("process_cpu_seconds_total", 1.0)],
                    over: Some("/sched/gomaxprocs:threads"),
                };
        },
    ),
    per_second(curves(
        Group::Cpu,
        "cpu-overall",
        "CPU time by class",
        Seconds,
        "What the runtime did with the CPU time that was available to it. It counts at the end of \
         each collection.",
        lines! {
            "user": rate!("/cpu/classes/user:cpu-seconds");
            "scavenge": rate!("/cpu/classes/scavenge/total:cpu-seconds");
            "idle": rate!("/cpu/classes/idle:cpu-seconds");
            "GC": rate!("/cpu/classes/gc/total:cpu-seconds");
            "total": rate!("/cpu/classes/total:cpu-seconds");
        },
    )),
    per_second(stacked(curves(
        Group::Cpu,
        "cpu-gc",
        "CPU time of collections",
        Seconds,
        "What collections spent CPU time on.",
        lines! {
            "mark assist": rate!("/cpu/classes/gc/mark/assist:cpu-seconds");
            "mark dedicated": rate!("/cpu/classes/gc/mark/dedicated:cpu-seconds");
            "mark idle": rate!("/cpu/classes/gc/mark/idle:cpu-seconds");
            "pause": rate!("/cpu/classes/gc/pause:cpu-seconds");
        },
    ))),
    per_second(stacked(curves(
        Group::Cpu,
        "cpu-scavenger",
        "CPU time of the scavenger",
        Seconds,
        "What returning memory to the system cost.",
        lines! {
            "assist": rate!("/cpu/classes/scavenge/assist:cpu-seconds");
            "background": rate!("/cpu/classes/scavenge/background:cpu-seconds");
        },
    ))),
    per_second(curves(
        Group::Cpu,
        "faults",
        "Page faults",
        Count,
        "Pages that the process touched first, and those that had to be read from disk.",
        lines! {
            "minor": rate!("process.faults.minor");
            "major": rate!("process.faults.major");
        },
    )),
];
