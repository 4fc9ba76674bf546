//! Sending on what was read: to Prometheus' remote write and to `InfluxDB`.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use fathom_history::Labels;
use fathom_scrape::config::Destination;
use fathom_series::Look;
use fathom_series::export::influx::{self, Process};
use fathom_series::export::remote_write;

/// The most looks that wait for one destination; older ones are given up.
const MOST_WAITING: usize = 2000;

/// The most looks of one request.
const MOST_AT_ONCE: usize = 200;

/// The most bytes of an answer.
const MOST_ANSWER: u64 = 1 << 20;

/// How a destination wants what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Prometheus' remote write, version 1.
    RemoteWrite,
    /// `InfluxDB`'s line protocol, with the names of go-runtime-metrics.
    LineProtocol,
}

/// One destination, with what waits for it.
pub struct Outlet {
    form: Form,
    destination: Destination,
    waiting: Mutex<Waiting>,
}

/// What waits, in order.
#[derive(Default)]
struct Waiting {
    looks: VecDeque<(Labels, Look)>,
    /// The number of the first of them, counted from the start.
    first: u64,
}

impl Waiting {
    fn drop_first(&mut self) {
        self.looks.pop_front();
        self.first = self.first.wrapping_add(1);
    }
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outlet")
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

impl Outlet {
    /// Sends to a destination.
    pub fn new(form: Form, destination: Destination) -> Self {
        Self {
            form,
            destination,
            waiting: Mutex::default(),
        }
    }

    /// Puts a look behind those that wait.
    pub fn put(&self, target: &Labels, look: &Look) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.looks.len() == MOST_WAITING {
            waiting.drop_first();
        }
        waiting.looks.push_back((target.clone(), look.clone()));
    }

    /// Sends what waits. What could not be sent waits on.
    ///
    /// # Errors
    ///
    /// What keeps it from being sent, in one line without the URL.
    pub fn send(&self) -> Result<(), String> {
        loop {
            let (first, batch) = {
                let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let looks = waiting.looks.iter().take(MOST_AT_ONCE);
                (waiting.first, looks.cloned().collect::<Vec<_>>())
            };
            if batch.is_empty() {
                return Ok(());
            }
            self.send_batch(&batch)?;
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Some of them may have been given up meanwhile.
            let behind = first.wrapping_add(batch.len() as u64);
            while waiting.first < behind {
                waiting.drop_first();
            }
        }
    }

    fn send_batch(&self, batch: &[(Labels, Look)]) -> Result<(), String> {
        let destination = &self.destination;
        let mut options = destination
            .client
            .options(destination.timeout, MOST_ANSWER)
            .map_err(|error| error.to_string())?;
        let body = match self.form {
            Form::RemoteWrite => {
                for (name, value) in remote_write::HEADERS {
                    options.headers.push((name.to_owned(), value.to_owned()));
                }
                let pairs: Vec<(Vec<(&str, &str)>, &Look)> = batch
                    .iter()
                    .map(|(labels, look)| (labels.iter().collect(), look))
                    .collect();
                remote_write::write(
                    pairs
                        .iter()
                        .map(|(labels, look)| (labels.as_slice(), *look)),
                )
                .map_err(|error| error.to_string())?
            }
            Form::LineProtocol => batch
                .iter()
                .map(|(labels, look)| line(labels, look))
                .collect::<String>()
                .into_bytes(),
        };
        if body.is_empty() {
            return Ok(());
        }
        let sent = fathom_gather::post(
            destination.url.reveal(),
            &body,
            &options,
            destination.timeout,
        );
        sent.map(|_| ()).map_err(|error| error.to_string())
    }
}

/// A look as go-runtime-metrics would have sent it: of the host that the target names.
fn line(labels: &Labels, look: &Look) -> String {
    let instance = labels.get("instance").unwrap_or("unknown");
    let host = instance.split_once(':').map_or(instance, |(host, _)| host);
    let labels: Vec<(&str, &str)> = labels.iter().collect();
    let process = Process {
        host,
        labels: &labels,
        ..Process::default()
    };
    influx::write(&process, look)
}
