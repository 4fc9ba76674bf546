//! Taking artefacts one after another: time, progress, and what is missing.

use std::time::Duration;

use fathom_evidence::{Artefact, Capture, Kind, Missing};

use crate::clock::{Stopwatch, unix_nanos};
use crate::{Event, Options};

/// What an artefact is and where it comes from, before it is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) round: u8,
}

/// A capture in the making.
pub(crate) struct Recorder<'a> {
    pub(crate) capture: Capture,
    pub(crate) options: &'a Options,
    progress: &'a mut dyn FnMut(Event<'_>),
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(options: &'a Options, progress: &'a mut dyn FnMut(Event<'_>)) -> Self {
        let mut capture = Capture::new();
        capture.started_at_unix_nanos = unix_nanos();
        Self {
            capture,
            options,
            progress,
        }
    }

    /// Takes an artefact with `read`, and records it or why it is missing.
    /// Returns its size.
    pub(crate) fn take(
        &mut self,
        wanted: Wanted<'_>,
        read: impl FnOnce() -> Result<Vec<u8>, Missing>,
    ) -> Option<u64> {
        (self.progress)(Event::Started {
            name: wanted.name,
            origin: wanted.origin,
        });
        let watch = Stopwatch::start();
        match read() {
            Ok(bytes) => Some(self.record(wanted, watch, bytes)),
            Err(missing) => {
                self.fail(missing, watch.elapsed());
                None
            }
        }
    }

    /// Records an artefact that has been taken already. Returns its size.
    pub(crate) fn record(&mut self, wanted: Wanted<'_>, watch: Stopwatch, bytes: Vec<u8>) -> u64 {
        let length = bytes.len() as u64;
        (self.progress)(Event::Finished {
            name: wanted.name,
            bytes: length,
            duration: watch.elapsed(),
        });
        self.capture.push(Artefact {
            kind: wanted.kind,
            name: wanted.name.to_owned(),
            origin: wanted.origin.to_owned(),
            taken_at_unix_nanos: watch.began_unix_nanos,
            duration_nanos: watch.elapsed_nanos(),
            round: wanted.round,
            go_version: None,
            bytes,
        });
        length
    }

    /// Records that something is missing.
    pub(crate) fn fail(&mut self, missing: Missing, duration: Duration) {
        (self.progress)(Event::Failed {
            missing: &missing,
            duration,
        });
        self.capture.missing.push(missing);
    }

    /// Records what was not even tried, and why.
    pub(crate) fn skip(&mut self, missing: Missing) {
        self.fail(missing, Duration::ZERO);
    }

    /// Tells the user what was found out, without keeping it.
    pub(crate) fn tell(&mut self, text: &str) {
        (self.progress)(Event::Note(text));
    }

    /// Tells the user, and the readers of the capture.
    pub(crate) fn note(&mut self, text: String) {
        (self.progress)(Event::Note(&text));
        self.capture.notes.push(text);
    }

    /// Passes an event on.
    pub(crate) fn tell_event(&mut self, event: Event<'_>) {
        (self.progress)(event);
    }

    /// Ends the capture. The time of one that is not live is that of its
    /// artefacts.
    pub(crate) fn finish(mut self, is_live: bool) -> Capture {
        let capture = &mut self.capture;
        if is_live {
            capture.finished_at_unix_nanos = unix_nanos();
        } else if capture.finished_at_unix_nanos == 0 {
            let times = capture
                .artefacts
                .iter()
                .map(|artefact| artefact.taken_at_unix_nanos);
            capture.started_at_unix_nanos =
                times.clone().filter(|&time| time > 0).min().unwrap_or(0);
            capture.finished_at_unix_nanos = times.max().unwrap_or(0);
        }
        if let Some(version) = capture.target.go_version.clone() {
            for artefact in &mut capture.artefacts {
                artefact.go_version.get_or_insert_with(|| version.clone());
            }
        }
        self.capture
    }
}
