//! Telling others what was found.

use std::time::Duration;

use fathom_finding::Finding;
use fathom_gather::Options;
use fathom_history::Labels;
use serde::Serialize;

/// How long a webhook may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The contract of what is sent.
const SCHEMA: &str = "fathom.alert/1";

/// Where findings are sent, as JSON with a POST.
#[derive(Clone)]
pub struct Webhook {
    url: String,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a secret.
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Alert<'a> {
    schema: &'static str,
    /// `firing` when it is new or still holds, `resolved` when it no longer does.
    status: &'static str,
    target: &'a Labels,
    at_ms: i64,
    finding: &'a serde_json::Value,
}

impl Webhook {
    /// Sends to a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    /// Sends a finding.
    ///
    /// # Errors
    ///
    /// When it does not answer with status 200 in time; in one line, without the URL.
    pub fn send(
        &self,
        target: &Labels,
        finding: &serde_json::Value,
        is_firing: bool,
        at_ms: i64,
    ) -> Result<(), String> {
        let alert = Alert {
            schema: SCHEMA,
            status: if is_firing { "firing" } else { "resolved" },
            target,
            at_ms,
            finding,
        };
        let body = serde_json::to_vec(&alert).map_err(|error| error.to_string())?;
        let mut options = Options::default();
        options
            .headers
            .push(("Content-Type".to_owned(), "application/json".to_owned()));
        fathom_gather::post(&self.url, &body, &options, PATIENCE)
            .map(|_| ())
            .map_err(|error| format!("the webhook failed: {error}"))
    }
}

/// What of a finding is kept and sent.
pub(crate) fn payload(finding: &Finding) -> serde_json::Value {
    serde_json::to_value(finding).unwrap_or_default()
}
