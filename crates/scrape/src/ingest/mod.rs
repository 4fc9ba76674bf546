//! What agents push: `POST /ingest` as Pyroscope's agents send it.
//!
//! Wire format: Pyroscope's `pkg/ingester/pyroscope/ingest_handler.go` (query, choice of the
//! format) and `pkg/og/convert/pprof` (the multipart form). This module is pure: the query, the
//! content type and the body come in, profiles with labels go out, or the HTTP status and one
//! sentence.
//!
//! A value of a profile is an amount of the pushed time, an amount since the start of the process,
//! or a level ([`Semantics`]); whoever stores profiles without knowing which computes nonsense,
//! so each column says it here.

mod body;
mod form;
mod query;

use std::fmt;

use fathom_profile::{Limits, Profile};

pub use query::Meta;

use crate::labels::Labels;

/// What a value means over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// An amount of the pushed time: such values may be summed.
    Delta,
    /// An amount since the process started: differences of such values may be summed.
    Cumulative,
    /// Holds at the end of the pushed time, as bytes in use do: it is never summed.
    Level,
}

/// One column of a pushed profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its type, as in the profile: `alloc_space`.
    pub kind: String,
    /// What it should be called instead, if the agent says so: `mutex_count`.
    pub display_name: Option<String>,
    /// Its unit, as the agent or else the profile says it.
    pub unit: String,
    /// What a value means over time.
    pub semantics: Semantics,
}

/// A profile that was pushed.
#[derive(Debug)]
pub struct Pushed {
    /// What was said of it in the query.
    pub meta: Meta,
    /// The labels of its series: `__name__` (`process_cpu`, `memory`, `mutex`, `block`,
    /// `goroutines` or what else it is), `service_name`, `pyroscope_spy`, and those of the name.
    pub labels: Labels,
    /// The profile.
    pub profile: Profile,
    /// Its columns, in its order.
    pub columns: Vec<Column>,
}

/// Why a push was not taken: what is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The HTTP status.
    pub status: Status,
    /// One sentence.
    pub reason: String,
}

/// The statuses of a push that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 400: the query cannot be read.
    BadRequest,
    /// 413: the body is larger than the limit.
    TooLarge,
    /// 422: the body cannot be read.
    Unprocessable,
}

impl Status {
    /// Its number.
    pub const fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::TooLarge => 413,
            Self::Unprocessable => 422,
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Rejected {}

impl Rejected {
    fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
        }
    }

    fn metadata(reason: impl Into<String>) -> Self {
        Self::new(Status::BadRequest, reason)
    }

    fn body(reason: impl Into<String>) -> Self {
        Self::new(Status::Unprocessable, reason)
    }
}

/// One push.
#[derive(Clone, Copy, Debug)]
pub struct Push<'a> {
    /// What follows the `?` of the address.
    pub query: &'a str,
    /// The header `Content-Type`; empty if there is none.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// The wall clock, in nanoseconds since 1970 (UTC): what `now` means.
    pub now_unix_nanos: u64,
}

/// Reads a push. `max_bytes` bounds the body, `limits` what it decompresses to.
///
/// # Errors
///
/// [`Rejected`] holds the status to answer with.
///
/// # Examples
///
/// ```
/// use fathom_profile::Limits;
/// use fathom_scrape::ingest::{Push, read};
///
/// let push = Push {
///     query: "name=shop.cart%7Benv%3Dprod%7D&from=1700000000&until=1700000010&sampleRate=100",
///     content_type: "",
///     body: b"main;work 5\nmain;idle 7\n",
///     now_unix_nanos: 0,
/// };
/// let pushed = read(&push, 1 << 20, &Limits::default())?;
/// assert_eq!(pushed.labels.get("service_name"), "shop.cart");
/// assert_eq!(pushed.labels.get("env"), "prod");
/// assert_eq!(pushed.profile.sample_type(1), ("cpu", "nanoseconds"));
/// assert_eq!(pushed.profile.column_sum(1), 120_000_000);
/// # Ok::<(), fathom_scrape::ingest::Rejected>(())
/// ```
pub fn read(push: &Push<'_>, max_bytes: u64, limits: &Limits) -> Result<Pushed, Rejected> {
    let meta = Meta::read(push.query, push.now_unix_nanos)?;
    if push.body.len() as u64 > max_bytes {
        return Err(Rejected::new(
            Status::TooLarge,
            format!(
                "the body has {} bytes, more than the {max_bytes} that are taken",
                push.body.len()
            ),
        ));
    }
    let (profile, columns) = body::read(push, &meta, limits)?;
    let labels = labels(&meta, &columns);
    Ok(Pushed {
        meta,
        labels,
        profile,
        columns,
    })
}

/// The labels of a series, as Pyroscope builds them.
fn labels(meta: &Meta, columns: &[Column]) -> Labels {
    let own = meta.labels.iter();
    let mut labels: Labels = own
        .filter(|(name, _)| !name.starts_with("__"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    labels.set_default("service_name", &meta.name);
    labels.set("pyroscope_spy", &*meta.spy_name);
    labels.set("__name__", metric_name(columns));
    labels
}

/// What a profile is of, by the names of its columns.
fn metric_name(columns: &[Column]) -> &'static str {
    let mut found = "other";
    for column in columns {
        let kind = column.display_name.as_deref().unwrap_or(&column.kind);
        let has = |part: &str| kind.contains(part);
        if has("cpu") {
            return "process_cpu";
        }
        if has("alloc_") || has("inuse_") || has("space") || has("objects") {
            return "memory";
        }
        if has("mutex_") {
            return "mutex";
        }
        if has("block_") {
            return "block";
        }
        if has("goroutine") {
            found = "goroutines";
        }
    }
    found
}
