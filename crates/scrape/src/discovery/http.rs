//! Lists of targets that a server tells, as Prometheus' `http_sd` has it: status 200, JSON, the
//! whole list every time.

use std::time::Duration;

use fathom_evidence::redact;

use super::list;
use crate::Error;
use crate::config::{Group, HttpSd};

/// Most bytes of one list.
const MOST_BYTES: u64 = 64 << 20;

/// Longest time until a server begins to answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A server that tells a list.
#[derive(Debug)]
pub(super) struct Server {
    config: HttpSd,
}

impl Server {
    pub(super) fn new(config: HttpSd) -> Self {
        Self { config }
    }

    pub(super) fn refresh_interval(&self) -> Duration {
        self.config.refresh_interval
    }

    /// Asks for the list.
    pub(super) fn ask(&self) -> Result<(Vec<Group>, Vec<Error>), Error> {
        let url = self.config.url.reveal();
        let wrong = |reason: String| Error::Discovery {
            source_name: redact::url(url),
            reason,
        };
        let timeout = TIMEOUT.min(self.config.refresh_interval);
        let mut options = self.config.client.options(timeout, MOST_BYTES)?;
        let seconds = self.config.refresh_interval.as_secs_f64();
        options.headers.extend([
            ("Accept".to_owned(), "application/json".to_owned()),
            (
                "X-Prometheus-Refresh-Interval-Seconds".to_owned(),
                format!("{seconds}"),
            ),
        ]);
        let (content_type, body) = fathom_gather::fetch_typed(url, &options, timeout)
            .map_err(|error| wrong(error.to_string()))?;
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(wrong(format!(
                "the content type is {kind:?}, not application/json"
            )));
        }
        let groups = list::from_json(&body).map_err(wrong)?;
        Ok((groups, Vec::new()))
    }
}
