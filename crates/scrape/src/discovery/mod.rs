//! Where lists of targets come from: the configuration, files, and servers.
//!
//! A list that cannot be had or read leaves the last one as it was, and is told once.

mod file;
mod http;
mod list;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use list::{from_json, from_yaml};

use crate::Error;
use crate::config::{Group, Job};
use file::Files;
use http::Server;

/// How often files are looked at for a change.
const FILE_CHECK: Duration = Duration::from_secs(5);

/// One source of targets, which is asked again and again.
#[derive(Debug)]
pub(crate) struct Provider {
    /// The job that its targets belong to.
    pub(crate) job: Arc<Job>,
    source: Source,
    /// What went wrong the last time, so that it is told once.
    last_error: Option<String>,
    next: Instant,
}

#[derive(Debug)]
enum Source {
    Files(Files),
    Server(Server),
}

/// What asking gave.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The groups, if they may have changed.
    pub(crate) groups: Option<Vec<Group>>,
    /// What should be told, one line each.
    pub(crate) told: Vec<String>,
    /// Lists that could not be had.
    pub(crate) failures: u64,
}

impl Provider {
    /// The providers of a job; its static groups are none of them.
    pub(crate) fn of_job(job: &Arc<Job>, now: Instant) -> Vec<Self> {
        let files = job.file_sd.iter();
        let files = files.map(|sd| Source::Files(Files::new(sd.clone())));
        let servers = job.http_sd.iter();
        let servers = servers.map(|sd| Source::Server(Server::new(sd.clone())));
        files
            .chain(servers)
            .map(|source| Self {
                job: Arc::clone(job),
                source,
                last_error: None,
                next: now,
            })
            .collect()
    }

    /// When it wants to be asked again.
    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    /// Asks; this may take as long as the server does.
    pub(crate) fn ask(&mut self, now: Instant) -> Found {
        let (outcome, again) = match &mut self.source {
            Source::Files(files) => {
                let again = FILE_CHECK.min(files.refresh_interval());
                (files.read(now), again)
            }
            Source::Server(server) => (
                server.ask().map(|(groups, errors)| (Some(groups), errors)),
                server.refresh_interval(),
            ),
        };
        self.next = now + again;
        let mut found = Found::default();
        match outcome {
            Ok((groups, errors)) => {
                self.tell(&errors, &mut found);
                found.groups = groups;
            }
            Err(error) => self.tell(&[error], &mut found),
        }
        found
    }

    /// Tells errors, unless they are those of the last time.
    fn tell(&mut self, errors: &[Error], found: &mut Found) {
        found.failures += errors.len() as u64;
        let lines: Vec<String> = errors
            .iter()
            .map(|error| format!("job {:?}: {error}; the last list stays", self.job.name))
            .collect();
        let joined = (!lines.is_empty()).then(|| lines.join("\n"));
        if joined != self.last_error {
            found.told = if lines.is_empty() {
                vec![format!(
                    "job {:?}: the list of targets can be read again",
                    self.job.name
                )]
            } else {
                lines
            };
            self.last_error = joined;
        }
    }
}
