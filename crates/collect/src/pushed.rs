//! Storing what agents push.

use fathom_history::{Build, History, Labels, Scrape, Semantics, Taken};
use fathom_profile::Limits;
use fathom_scrape::ingest::{self, Push, Rejected, Status};
use fathom_series::Look;

/// The most bytes of a pushed profile, decompressed.
const MOST_BYTES: u64 = 256 << 20;

/// Stores a profile that an agent pushes, as Pyroscope's Go agent does.
///
/// # Errors
///
/// What is wrong with it, with the status of the answer.
pub fn take(history: &dyn History, push: &Push<'_>) -> Result<(), Rejected> {
    let pushed = ingest::read(push, MOST_BYTES, &Limits::default())?;
    let labels = Labels::new(
        pushed
            .labels
            .iter()
            .filter(|(name, _)| !name.starts_with("__")),
    );
    let semantics: Vec<Semantics> = pushed
        .columns
        .iter()
        .map(|column| match column.semantics {
            ingest::Semantics::Delta => Semantics::Delta,
            ingest::Semantics::Cumulative => Semantics::Cumulative,
            ingest::Semantics::Level => Semantics::Level,
        })
        .collect();
    let look = Look {
        at_ms: i64::try_from(pushed.meta.until_unix_nanos / 1_000_000).unwrap_or(i64::MAX),
        ..Look::default()
    };
    let taken = Taken {
        kind: kind_of(&pushed.labels),
        profile: &pushed.profile,
        semantics: Some(&semantics),
    };
    history
        .append(&Scrape {
            target: &labels,
            look: &look,
            build: &Build::default(),
            profiles: &[taken],
            marks: &[],
        })
        .map_err(|error| Rejected {
            status: Status::Unprocessable,
            reason: error.to_string(),
        })
}

/// The name under which a profile is kept, as for those that are fetched.
fn kind_of(labels: &fathom_scrape::Labels) -> &str {
    match labels.get("__name__") {
        "process_cpu" => "cpu",
        "memory" => "heap",
        "goroutines" => "goroutine",
        "" => "profile",
        other => other,
    }
}
