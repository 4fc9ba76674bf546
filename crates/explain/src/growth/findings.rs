//! What growth means, in sentences.

use fathom_finding::{Confidence, Finding, Severity};

use super::{Course, Growth, Part};
use crate::amount::{bytes, count};

/// The share of the growth from which on a part is its cause.
const MAIN_SHARE: f64 = 0.5;

/// After so many seconds a course without a shape has changed of late.
const LONG: f64 = 1800.0;

/// A limit that is nearer than this, in seconds, is an emergency.
const SOON: f64 = 6.0 * 3600.0;

/// What grows, and, where a step stays, that it does.
pub(super) fn of(growth: &Growth, stays: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(heap(growth));
    found.extend(goroutines(growth));
    if found.is_empty() {
        // Stacks that grow with goroutines are told with these.
        found.extend(part(growth));
    } else {
        found.extend(part(growth).filter(|finding| finding.id == "growth-beyond-go"));
    }
    if found.is_empty() && stays {
        found.extend(steps(growth));
    }
    found
}

/// A size or number that is no smaller than nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to nothing first; saturates"
)]
pub(super) fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

fn rate(course: &Course, what: fn(u64) -> String) -> String {
    course.per_hour.map_or_else(String::new, |per_hour| {
        format!(
            " by {} an hour (95 % interval {} to {})",
            what(whole(per_hour.value)),
            what(whole(per_hour.low)),
            what(whole(per_hour.high)),
        )
    })
}

/// When the limit is reached, where it is known.
fn until_limit(growth: &Growth) -> String {
    let Some(limit) = growth.limit else {
        return String::new();
    };
    let soonest = duration(limit.soonest);
    let latest = limit
        .latest
        .map_or_else(|| "not for certain".to_owned(), duration);
    format!(
        " At this rate resident memory reaches its limit of {} in {} (between {soonest} and {latest}).",
        bytes(limit.bytes),
        duration(limit.seconds),
    )
}

fn duration(seconds: f64) -> String {
    let minutes = whole(seconds / 60.0);
    match minutes {
        0..=119 => format!("{minutes} minutes"),
        120..=2879 => format!("{} hours", (minutes + 30) / 60),
        _ => format!("{} days", (minutes + 720) / 1440),
    }
}

fn severity(growth: &Growth) -> Severity {
    match growth.limit {
        Some(limit) if limit.seconds < SOON => Severity::Critical,
        _ => Severity::Warning,
    }
}

/// The live heap grows: which line does it.
fn heap(growth: &Growth) -> Option<Finding> {
    let course = growth.live_heap.as_ref().filter(|course| course.grows);
    let by_profiles = growth
        .heap
        .as_ref()
        .filter(|heap| heap.leaks && (course.is_some() || !growth.live_heap_is_judged()));
    if course.is_none() && by_profiles.is_none() {
        return None;
    }
    let confidence = if course.is_some() && by_profiles.is_some() {
        Confidence::Likely
    } else {
        Confidence::Possible
    };
    let grown = course.map_or_else(
        || by_profiles.map_or(0, |heap| heap.last_bytes.saturating_sub(heap.first_bytes)),
        |course| whole(course.last - course.first),
    );
    let sites = growth
        .heap
        .as_ref()
        .map(|heap| heap.sites.as_slice())
        .unwrap_or_default();
    let line = sites.first().map_or_else(
        || "; no line stands out yet".to_owned(),
        |site| format!(", most of it at {}", site.place),
    );
    let speed = course.map_or_else(String::new, |course| rate(course, bytes));
    let mut finding = Finding::new("growth-live-heap", severity(growth), confidence)
        .bytes(grown)
        .title(format!("The live heap grows{speed}{line}"))
        .detail(format!(
            "What survives collections grew by {} and was not given back.{}",
            bytes(grown),
            until_limit(growth),
        ))
        .action(
            "Look at what keeps the objects of the first line below: a map or slice without a bound, a \
             goroutine that does not end, a cache without eviction. Compare two heap profiles of the range.",
        )
        .verify("fathom leaks says that the live heap no longer grows.");
    if let Some(course) = course {
        finding = finding
            .evidence_bytes("live heap at the beginning", whole(course.first), "series")
            .evidence_bytes("live heap at the end", whole(course.last), "series");
    }
    for site in sites.iter().take(5) {
        finding = finding.evidence_bytes(
            format!("{} grew by", site.place),
            site.growth_bytes,
            "heap profiles",
        );
    }
    Some(finding)
}

fn goroutines(growth: &Growth) -> Option<Finding> {
    let course = growth.goroutines.as_ref().filter(|course| course.grows)?;
    let place = growth
        .goroutine_sites
        .first()
        .map_or_else(String::new, |site| {
            format!(
                ", {} of the new ones at {}",
                percent(site.share),
                site.place
            )
        });
    let mut finding = Finding::new("growth-goroutines", severity(growth), Confidence::Likely)
        .bytes(
            growth
                .parts
                .iter()
                .find(|part| part.part == Part::Stacks)
                .map_or(0, |part| whole(part.course.last - part.course.first)),
        )
        .title(format!(
            "Goroutines become more{}{place}",
            rate(course, count)
        ))
        .detail(format!(
            "There were {} at the beginning and {} at the end. Each keeps its stack and all that it \
             refers to.{}",
            count(whole(course.first)),
            count(whole(course.last)),
            until_limit(growth),
        ))
        .evidence("goroutines at the beginning", whole(course.first), "goroutines", "series")
        .evidence("goroutines at the end", whole(course.last), "goroutines", "series")
        .action(
            "Make what they wait for end: a select with ctx.Done(), a closed channel, a deadline. On Go 1.27 \
             the goroutineleak profile tells which can never be woken.",
        )
        .verify("fathom goroutines --base shows that the count no longer rises.");
    for site in growth.goroutine_sites.iter().take(5) {
        finding = finding.evidence(
            format!("more at {}", site.place),
            whole(site.last - site.first),
            "goroutines",
            "goroutine profiles",
        );
    }
    Some(finding)
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Resident memory, or a part of it, grows, and the live heap does not.
fn part(growth: &Growth) -> Option<Finding> {
    let resident = growth.resident.as_ref();
    let main = growth.parts.first()?;
    let part_grows = main.course.grows || resident.is_some_and(|course| course.grows);
    if !part_grows || main.share < MAIN_SHARE {
        return None;
    }
    let grown = whole(main.course.last - main.course.first);
    let heap_is_flat = growth
        .live_heap
        .as_ref()
        .is_some_and(|course| !course.grows);
    let (id, title, action, verify) = match main.part {
        Part::IdleSpans => (
            "growth-idle-heap",
            "Nothing leaks: resident memory grows because the runtime keeps free heap",
            "Peaks of allocation leave it behind; the scavenger returns it slowly. Lower the peaks, or set \
             GOMEMLIMIT so that the runtime returns it earlier.",
            "HeapIdle - HeapReleased falls after quiet hours.",
        ),
        Part::UnusedInSpans => (
            "growth-fragmentation",
            "Nothing leaks: gaps between objects grow",
            "Long-lived objects among short-lived ones keep whole spans. Allocate long-lived ones together, or \
             in one slab.",
            "HeapInuse - HeapAlloc no longer rises.",
        ),
        Part::BeyondRuntime if heap_is_flat => (
            "growth-beyond-go",
            "The heap is flat: memory outside Go grows",
            "Look at cgo libraries, mmap and plugins; no heap profile shows them. fathom explain PID tells the \
             mappings that grew.",
            "RSS less the runtime's own account no longer rises.",
        ),
        Part::BeyondRuntime => (
            "growth-beyond-go",
            "Memory outside Go grows",
            "Look at cgo libraries, mmap and plugins; no heap profile shows them. fathom explain PID tells the \
             mappings that grew.",
            "RSS less the runtime's own account no longer rises.",
        ),
        Part::Stacks => (
            "growth-stacks",
            "Stacks grow",
            "Deep recursion or more goroutines: compare two goroutine profiles of the range.",
            "StackInuse no longer rises.",
        ),
        Part::RuntimeStructures => (
            "growth-runtime-structures",
            "The runtime's own structures grow",
            "Many distinct stacks in profiles, many timers or a heap that once was large: fathom explain tells \
             which structure it is.",
            "GCSys, OtherSys and BuckHashSys no longer rise.",
        ),
        Part::HeapObjects => return heap_objects(growth, grown),
    };
    let speed = if main.course.grows {
        rate(&main.course, bytes)
    } else {
        resident.map_or_else(String::new, |course| rate(course, bytes))
    };
    Some(
        Finding::new(id, severity(growth), Confidence::Likely)
            .bytes(grown)
            .title(format!("{title}{speed}"))
            .detail(format!(
                "{} of the growth of resident memory is {}.{}",
                percent(main.share),
                main.part.describe(),
                until_limit(growth),
            ))
            .evidence_bytes("at the beginning", whole(main.course.first), "series")
            .evidence_bytes("at the end", whole(main.course.last), "series")
            .action(action)
            .verify(verify),
    )
}

/// Objects become more, and the live heap is not known to.
fn heap_objects(growth: &Growth, grown: u64) -> Option<Finding> {
    let resident = growth.resident.as_ref().filter(|course| course.grows)?;
    // Where the live heap is known and flat, what grows is garbage between two collections.
    let live = growth.live_heap.as_ref();
    let what = if live.is_some() {
        "the live heap is flat, so that it is garbage that collections come too late for"
    } else {
        "whether it is live or garbage is not known without runtime/metrics or heap profiles"
    };
    Some(
        Finding::new(
            "growth-heap-objects",
            severity(growth),
            Confidence::Possible,
        )
        .bytes(grown)
        .title(format!(
            "Objects on the heap make resident memory grow{}",
            rate(resident, bytes)
        ))
        .detail(format!("Of this growth, {what}.{}", until_limit(growth)))
        .evidence_bytes("objects grew by", grown, "series")
        .action("Record heap profiles too, and look at GOGC and GOMEMLIMIT.")
        .verify("HeapAlloc no longer rises from peak to peak."),
    )
}

/// A rise in one step, as after a deploy, or in few, as of a map whose table doubles.
fn steps(growth: &Growth) -> Option<Finding> {
    let course = growth.live_heap.as_ref().or(growth.resident.as_ref())?;
    let rise = course.last - course.first;
    // What rises in two or three steps has a slope that cannot be told from none, and the last
    // step may be too near for a shape.
    let is_stepped = match course.shape {
        "step" | "flat" => true,
        "unknown" => growth.until - growth.from >= LONG,
        _ => false,
    };
    if !is_stepped || rise < 32e6 || rise < 0.2 * course.first {
        return None;
    }
    let steps = if course.shape == "step" {
        "one step"
    } else {
        "few steps"
    };
    let site = growth.heap.as_ref().and_then(|heap| heap.sites.first());
    let line = site.map_or_else(String::new, |site| {
        format!(", most of it at {}", site.place)
    });
    let mut finding = Finding::new("growth-step", Severity::Info, Confidence::Likely)
        .bytes(whole(rise))
        .title(format!(
            "Memory rose in {steps}, from {} to {}, and stays there{line}",
            bytes(whole(course.first)),
            bytes(whole(course.last))
        ))
        .detail(
            "One step is no leak: a deploy, a larger working set or a cache that was filled does this. A map that \
             only grows rises in steps as well, each twice the one before: its table doubles.",
        )
        .action("Compare the profiles before and after the step.")
        .verify("It stays where it is.");
    if let Some(site) = site {
        finding = finding.evidence_bytes(
            format!("{} grew by", site.place),
            site.growth_bytes,
            "heap profiles",
        );
    }
    Some(finding)
}
