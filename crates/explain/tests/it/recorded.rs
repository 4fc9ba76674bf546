//! The recorded cases as captures.

use fathom_evidence::{Artefact, Capture, Kind, Limits};
use fathom_explain::{Explanation, explain};
use fathom_testkit::fixtures::{Cause, fixtures};

/// The files of a case that a first look takes.
const FIRST_LOOK: &[(&str, Kind)] = &[
    ("smaps.txt", Kind::Smaps),
    ("smaps_rollup.txt", Kind::SmapsRollup),
    ("maps.txt", Kind::Maps),
    ("status.txt", Kind::Status),
    ("cgroup.txt", Kind::CgroupText),
    ("vars.json", Kind::ExpVar),
    ("heap_debug1.txt", Kind::Heap),
    ("heap.pb.gz", Kind::Heap),
    ("goroutine_debug1.txt", Kind::Goroutine),
    ("threadcreate_debug1.txt", Kind::ThreadCreate),
];

/// What `--gc` adds.
const AFTER_GC: &[(&str, Kind)] = &[
    ("heap_gc1_debug1.txt", Kind::HeapAfterGc),
    ("goroutineleak_debug1.txt", Kind::GoroutineLeak),
];

/// Which evidence to leave out, and which to add.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    First,
    WithGc,
    WithoutVars,
    KernelOnly,
    RuntimeOnly,
}

/// Builds the capture of a case.
pub(crate) fn capture(cause: Cause, look: Look) -> Capture {
    let kernel = |kind| {
        matches!(
            kind,
            Kind::Smaps | Kind::SmapsRollup | Kind::Maps | Kind::Status | Kind::CgroupText
        )
    };
    let mut capture = Capture::new();
    let more = if look == Look::WithGc { AFTER_GC } else { &[] };
    for &(file, kind) in FIRST_LOOK.iter().chain(more) {
        let wanted = match look {
            Look::First | Look::WithGc => true,
            Look::WithoutVars => kind != Kind::ExpVar,
            Look::KernelOnly => kernel(kind),
            Look::RuntimeOnly => !kernel(kind),
        };
        if wanted {
            capture.push(Artefact::new(kind, file, cause.bytes(file)));
        }
    }
    capture
}

/// Reads a recorded incident: a bundle as `fathom capture` wrote it.
pub(crate) fn incident(name: &str) -> Capture {
    let file = format!("{name}.fathom");
    let bytes = std::fs::read(fixtures().join("incidents/go1.27.3").join(&file)).unwrap();
    Capture::read_bundle(&bytes, &file, &Limits::default()).unwrap()
}

/// Explains a case.
pub(crate) fn explanation(cause: Cause, look: Look) -> Explanation {
    explain(&capture(cause, look)).explanation
}

/// Returns the finding that names the cause of a case, from the committed table.
pub(crate) fn expected(cause: Cause) -> String {
    let table = std::fs::read_to_string(fixtures().join("causes/expected.tsv")).unwrap();
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .find(|(case, _)| *case == cause.name())
        .map_or_else(
            || panic!("{} is not in the table", cause.name()),
            |(_, finding)| finding.to_owned(),
        )
}
