//! Reads any bytes as a push; used by the tests and the fuzzer alike.
//!
//! The first line is the query, the second the content type, the rest the body.

use fathom_profile::Limits;
use fathom_scrape::ingest::{Push, Pushed, Rejected};

/// Reads, and checks what must hold of any push that is taken.
pub(crate) fn read(bytes: &[u8]) -> Option<Result<Pushed, Rejected>> {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let query = std::str::from_utf8(parts.next()?).ok()?;
    let content_type = std::str::from_utf8(parts.next()?).ok()?;
    let push = Push {
        query,
        content_type,
        body: parts.next()?,
        now_unix_nanos: 1_700_000_000_000_000_000,
    };
    let outcome = fathom_scrape::ingest::read(&push, 1 << 20, &Limits::small());
    match &outcome {
        Ok(pushed) => {
            assert_eq!(pushed.columns.len(), pushed.profile.sample_types().len());
            assert!(!pushed.labels.get("service_name").is_empty());
            assert!(!pushed.labels.get("__name__").is_empty());
            assert!(pushed.meta.from_unix_nanos <= pushed.meta.until_unix_nanos);
        }
        Err(rejected) => {
            assert!(matches!(rejected.status.code(), 400 | 413 | 422));
            assert!(!rejected.reason.is_empty());
        }
    }
    Some(outcome)
}
