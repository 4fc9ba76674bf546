//! Judging targets by what is stored of them, again and again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use fathom_evidence::Capture;
use fathom_explain::Growth;
use fathom_finding::{Finding, Severity};
use fathom_history::{ArtefactInfo, History, KeptFinding, Labels, Range, Result};

use crate::alert::{Webhook, payload};
use crate::growth::growth_of;

/// How far back a judgement looks, in milliseconds.
const WINDOW_MS: i64 = 12 * 3_600_000;

/// How long a finding must be gone until it is said to be over, in milliseconds.
pub const GONE_MS: i64 = 15 * 60_000;

/// How long after a capture of a target another is taken, in milliseconds.
const BETWEEN_CAPTURES_MS: i64 = 30 * 60_000;

/// What was found of a target that was not found before, or is over.
#[derive(Debug)]
pub enum Found<'a> {
    /// It is new.
    New(&'a Finding),
    /// It is over.
    Over(&'a str),
    /// Something could not be done; a line for the user.
    Trouble(&'a str),
}

/// What is remembered of a target.
#[derive(Default)]
struct Open {
    /// When each finding was last seen, with what it says.
    findings: BTreeMap<&'static str, (i64, serde_json::Value)>,
    last_capture_ms: Option<i64>,
}

/// Judges targets and keeps what it finds.
pub struct Watchdog {
    history: Arc<dyn History>,
    webhook: Option<Webhook>,
    open: Mutex<HashMap<Labels, Open>>,
}

impl std::fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watchdog").finish_non_exhaustive()
    }
}

impl Watchdog {
    /// Judges by a history, and tells a webhook.
    pub fn new(history: Arc<dyn History>, webhook: Option<Webhook>) -> Self {
        Self {
            history,
            webhook,
            open: Mutex::default(),
        }
    }

    /// Judges a target at a moment, in milliseconds since 1970 (UTC). `capture` takes a capture of
    /// it, which is kept with a finding that is new; `tell` hears of what changed.
    ///
    /// # Errors
    ///
    /// When the history cannot be read or written.
    pub fn judge(
        &self,
        target: &Labels,
        now_ms: i64,
        capture: &dyn Fn() -> std::result::Result<Capture, String>,
        tell: &mut dyn FnMut(Found<'_>),
    ) -> Result<Growth> {
        let range = Range::new(now_ms.saturating_sub(WINDOW_MS), now_ms.saturating_add(1));
        let growth = growth_of(&*self.history, target, range)?;
        let mut new = Vec::new();
        let mut over = Vec::new();
        let may_capture;
        {
            let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let open = all.entry(target.clone()).or_default();
            for finding in &growth.findings {
                let says = payload(finding);
                if open.findings.insert(finding.id, (now_ms, says)).is_none() {
                    new.push(finding);
                }
            }
            open.findings.retain(|id, (last_ms, says)| {
                let is_open = now_ms.saturating_sub(*last_ms) < GONE_MS;
                if !is_open {
                    over.push((*id, says.take()));
                }
                is_open
            });
            may_capture = open
                .last_capture_ms
                .is_none_or(|last| now_ms.saturating_sub(last) >= BETWEEN_CAPTURES_MS);
        }
        for finding in &growth.findings {
            self.history.put_finding(&KeptFinding {
                id: finding.id.to_owned(),
                target: target.clone(),
                first_ms: now_ms,
                last_ms: now_ms,
                payload: payload(finding),
            })?;
        }
        for finding in &new {
            tell(Found::New(finding));
            self.alert(target, &payload(finding), true, now_ms, tell);
        }
        for (id, says) in &over {
            tell(Found::Over(id));
            self.alert(target, says, false, now_ms, tell);
        }
        let worst = new
            .iter()
            .find(|finding| finding.severity >= Severity::Warning);
        if let Some(finding) = worst.filter(|_| may_capture) {
            self.keep_capture(target, finding, now_ms, capture, tell)?;
        }
        Ok(growth)
    }

    fn alert(
        &self,
        target: &Labels,
        says: &serde_json::Value,
        is_firing: bool,
        now_ms: i64,
        tell: &mut dyn FnMut(Found<'_>),
    ) {
        if let Some(webhook) = &self.webhook
            && let Err(reason) = webhook.send(target, says, is_firing, now_ms)
        {
            tell(Found::Trouble(&reason));
        }
    }

    fn keep_capture(
        &self,
        target: &Labels,
        finding: &Finding,
        now_ms: i64,
        capture: &dyn Fn() -> std::result::Result<Capture, String>,
        tell: &mut dyn FnMut(Found<'_>),
    ) -> Result<()> {
        let taken = capture().and_then(|capture| {
            let mut bytes = std::io::Cursor::new(Vec::new());
            capture
                .write_bundle(&mut bytes)
                .map(|()| bytes.into_inner())
                .map_err(|error| error.to_string())
        });
        let bytes = match taken {
            Ok(bytes) => bytes,
            Err(reason) => {
                tell(Found::Trouble(&format!(
                    "no capture for {}: {reason}",
                    finding.id
                )));
                return Ok(());
            }
        };
        self.history.put_artefact(
            &ArtefactInfo {
                id: 0,
                target: target.clone(),
                finding: Some(finding.id.to_owned()),
                name: format!("{}-{now_ms}.fathom", finding.id),
                at_ms: now_ms,
                bytes: 0,
            },
            &bytes,
        )?;
        self.history.add_mark(
            Some(target),
            &fathom_history::Mark {
                at_ms: now_ms,
                kind: fathom_history::MarkKind::Capture,
                text: format!("captured for {}", finding.id),
            },
        )?;
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(target.clone()).or_default().last_capture_ms = Some(now_ms);
        Ok(())
    }

    /// The findings that hold now, for Prometheus: `fathom_finding{...} 1` and the rate of growth.
    pub fn open(&self) -> Vec<(Labels, &'static str)> {
        let all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |(labels, open): (&Labels, &Open)| -> Vec<(Labels, &'static str)> {
            open.findings
                .keys()
                .map(|id| (labels.clone(), *id))
                .collect()
        };
        let mut found: Vec<(Labels, &'static str)> = all.iter().flat_map(of).collect();
        found.sort();
        found
    }
}
