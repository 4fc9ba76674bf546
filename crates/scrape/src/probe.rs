//! What is asked of the caller, and what is handed to it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fathom_evidence::{Capture, Missing};

use crate::config::CPU;
use crate::target::Target;

/// One look at one target.
#[derive(Clone, Debug)]
pub struct Task {
    /// Tells it from every other task of this run.
    pub id: u64,
    /// Who is looked at.
    pub target: Arc<Target>,
    /// Whether the numbers are wanted: the Prometheus page, expvar, `MemStats`.
    pub readings: bool,
    /// Names of the profiles that are wanted. A profile that is recorded over a time comes alone.
    pub profiles: Vec<String>,
    /// How long the profile is recorded, if it is recorded over a time.
    pub seconds: Option<u32>,
    /// How long the whole may take, the recording included.
    pub timeout: Duration,
}

/// What one look gave.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Everything that was taken.
    pub capture: Capture,
    /// What of it was asked for, and what it cost.
    pub parts: Vec<Part>,
}

/// What one part of a look cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of the profile; `None` of the readings.
    pub profile: Option<String>,
    /// Its size as it was sent.
    pub bytes: u64,
    /// How long it took to be served, without the time of its recording.
    pub duration: Duration,
    /// Why there is none, in one line.
    pub missing: Option<String>,
}

/// Why a look gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind of failure, to be counted.
    pub reason: Reason,
    /// What happened, in one line, without credentials.
    pub what: String,
}

/// Kinds of failure, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody listens there, or the name means nothing.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// The prober itself did not come back in time.
    Hung,
    /// TLS could not be agreed upon.
    Tls,
    /// The server wants other credentials, or a file with credentials cannot be read.
    Credentials,
    /// Another status than 200.
    Status,
    /// More bytes than the limit.
    TooLarge,
    /// What came is not what was asked for.
    Unexpected,
    /// Anything else.
    Other,
}

impl Reason {
    /// Its name, as it is counted: `timeout`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Hung => "hung",
            Self::Tls => "tls",
            Self::Credentials => "credentials",
            Self::Status => "status",
            Self::TooLarge => "too_large",
            Self::Unexpected => "unexpected",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads processes. It is called from several threads, for one target from at most two at a time:
/// one that looks, and one that waits for a profile that is recorded.
pub trait Prober: Send + Sync + 'static {
    /// Looks at a target, within the task's timeout.
    ///
    /// # Errors
    ///
    /// If nothing could be had. A part that is missing is told in [`Answer::parts`].
    fn probe(&self, task: &Task) -> Result<Answer, Failure>;

    /// A target is looked at no more: connections to it can be closed.
    fn forget(&self, _target: &Target) {}
}

/// Takes what was found out. It is called from several threads. What takes long here holds the
/// place of its look among those that may run at one time, so that looks cannot pile up.
pub trait Sink: Send + Sync + 'static {
    /// A target was looked at. `at_unix_nanos` is the wall clock when it was asked.
    fn looked(&self, task: &Task, at_unix_nanos: u64, answer: Result<Answer, Failure>);

    /// Something should be told to the user, in one line.
    fn told(&self, line: &str);

    /// The targets have changed: these are all of them.
    fn targets(&self, _targets: &[Arc<Target>]) {}

    /// The scraper's own numbers, once in a while.
    fn health(&self, _health: &crate::Health) {}
}

impl Answer {
    /// Finds in a capture what a task asked for: profiles by their names under `pprof/`, as
    /// `gather` names them, and readings in all that is no profile.
    pub fn of(capture: Capture, task: &Task) -> Self {
        let mut parts = Vec::new();
        let mut readings = Part {
            profile: None,
            bytes: 0,
            duration: Duration::ZERO,
            missing: None,
        };
        for artefact in &capture.artefacts {
            if !task
                .profiles
                .iter()
                .any(|name| is_profile(&artefact.name, name))
            {
                readings.bytes += artefact.bytes.len() as u64;
                readings.duration += Duration::from_nanos(artefact.duration_nanos);
            }
        }
        if task.readings {
            if readings.bytes == 0 {
                readings.missing = Some("neither a page of metrics nor expvar".to_owned());
            }
            parts.push(readings);
        }
        for name in &task.profiles {
            let artefacts = capture.artefacts.iter();
            let found = artefacts
                .clone()
                .find(|artefact| is_profile(&artefact.name, name));
            let recorded = Duration::from_secs(u64::from(task.seconds.unwrap_or(0)));
            parts.push(Part {
                profile: Some(name.clone()),
                bytes: found.map_or(0, |artefact| artefact.bytes.len() as u64),
                duration: found.map_or(Duration::ZERO, |artefact| {
                    Duration::from_nanos(artefact.duration_nanos).saturating_sub(recorded)
                }),
                missing: match found {
                    Some(_) => None,
                    None => Some(why_missing(&capture.missing, name)),
                },
            });
        }
        Self { capture, parts }
    }
}

/// Whether an artefact's name is that of a profile: `pprof/heap.pb.gz` of `heap`.
fn is_profile(artefact: &str, profile: &str) -> bool {
    let Some(name) = artefact.strip_prefix("pprof/") else {
        return false;
    };
    let same = |rest: &str| rest.is_empty() || rest.starts_with(".pb");
    name.strip_prefix(profile).is_some_and(same)
        || (profile == CPU && name.strip_prefix("profile").is_some_and(same))
}

/// Says why a profile is not there: what befell it, or else the server that was to give it.
fn why_missing(missing: &[Missing], profile: &str) -> String {
    let is_at_url = |missing: &&Missing| missing.what.contains("://");
    let of_profile = missing.iter().find(|missing| {
        let path = missing.what.split('?').next().unwrap_or_default();
        is_profile(&missing.what, profile)
            || is_at_url(missing) && path.rsplit('/').next() == Some(profile)
    });
    of_profile
        .or_else(|| missing.iter().find(is_at_url))
        .map_or_else(
            || "the server did not send it".to_owned(),
            |missing| missing.why.clone(),
        )
}

#[cfg(test)]
mod tests {
    use fathom_evidence::{Artefact, Kind};

    use super::*;
    use crate::config::Job;
    use crate::labels::Labels;

    #[test]
    fn the_parts_of_a_capture_are_found_by_name() {
        let job = Arc::new(Job::new("x", Vec::new()));
        let target = Target::new(&job, "a:1", &Labels::new()).unwrap().unwrap();
        let task = Task {
            id: 1,
            target: Arc::new(target),
            readings: true,
            profiles: ["heap", "mutex", "fgprof"].map(str::to_owned).to_vec(),
            seconds: None,
            timeout: Duration::from_secs(1),
        };
        let mut capture = Capture::new();
        let mut heap = Artefact::new(Kind::Heap, "pprof/heap.pb.gz", vec![0; 10]);
        heap.duration_nanos = 7_000_000;
        capture.push(heap);
        let mut page = Artefact::new(Kind::PrometheusText, "http/metrics.txt", vec![0; 3]);
        page.duration_nanos = 2_000_000;
        capture.push(page);
        let no_mutex = Missing::new("pprof/mutex.pb.gz", "the server answers 404");
        capture.missing.push(no_mutex);

        let parts = Answer::of(capture, &task).parts;
        let part = |profile: Option<&str>, bytes, millis, missing: Option<&str>| Part {
            profile: profile.map(str::to_owned),
            bytes,
            duration: Duration::from_millis(millis),
            missing: missing.map(str::to_owned),
        };
        assert_eq!(
            parts,
            [
                part(None, 3, 2, None),
                part(Some("heap"), 10, 7, None),
                part(Some("mutex"), 0, 0, Some("the server answers 404")),
                part(Some("fgprof"), 0, 0, Some("the server did not send it")),
            ]
        );
    }

    #[test]
    fn what_a_server_did_instead_is_told_of_its_profiles() {
        let too_large = Missing::new("http://a:1/debug/pprof/heap?debug=0", "it is too large");
        let no_pages = Missing::new("http://a:1/debug/pprof/", "that is no page of pprof");
        let missing = [
            Missing::new("proc/smaps", "no permission"),
            no_pages,
            too_large,
        ];
        assert_eq!(why_missing(&missing, "heap"), "it is too large");
        assert_eq!(why_missing(&missing, "mutex"), "that is no page of pprof");
        assert_eq!(
            why_missing(&missing[..1], "heap"),
            "the server did not send it"
        );
    }
}
