//! Looking at targets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fathom_evidence::Capture;
use fathom_gather::{Options, Source, Wanted, Watched};
use fathom_scrape::config::Group;
use fathom_scrape::{Answer, Failure, Labels, Prober, Reason, Target, Task};

/// How the address of a target that is a pid begins: it may have no server at all.
const PID: &str = "pid-";

/// One look at a time at each target.
type Held = Arc<Mutex<Option<Watched>>>;

/// Looks at targets, over one connection to each.
pub struct Sampler {
    /// How targets are reached, where that is not said of each by its configuration.
    options: Option<Options>,
    watched: Mutex<HashMap<u64, Held>>,
}

impl Sampler {
    /// Reaches targets as their configuration says, or all in one way.
    pub fn new(options: Option<Options>) -> Self {
        Self {
            options,
            watched: Mutex::default(),
        }
    }

    /// Takes a whole capture of a target, as `fathom capture` does.
    ///
    /// # Errors
    ///
    /// When the target cannot be reached.
    pub fn capture(&self, target: &Target) -> Result<Capture, fathom_gather::Error> {
        let options = self.options_of(target)?;
        let sources = sources_of(target)?;
        fathom_gather::capture(&sources, &options, &mut |_| {})
    }

    fn held(&self, target: &Target) -> Held {
        let mut all = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(target.labels.fingerprint()).or_default().clone()
    }

    fn options_of(&self, target: &Target) -> Result<Options, fathom_gather::Error> {
        let max_bytes = target.job.limits.max_bytes;
        if let Some(options) = &self.options {
            return Ok(Options {
                timeout: target.timeout,
                connect_timeout: options.connect_timeout.min(target.timeout),
                max_bytes,
                ..options.clone()
            });
        }
        let client = &target.job.client;
        client
            .options(target.timeout, max_bytes)
            .map_err(|error| fathom_gather::Error::Fetch {
                why: error.to_string(),
                status: None,
                hint: None,
            })
    }

    fn look(&self, task: &Task) -> Result<Capture, fathom_gather::Error> {
        let wanted = Wanted {
            numbers: task.readings,
            mappings: false,
            profiles: queries(task),
        };
        if task.seconds.is_some() {
            // What is recorded for seconds must not keep the next look waiting.
            let mut options = self.options_of(&task.target)?;
            options.timeout = task.timeout;
            let mut watched = Watched::attach(&sources_of(&task.target)?, &options, &mut |_| {})?;
            return watched.look(&wanted, &mut |_| {});
        }
        let held = self.held(&task.target);
        let mut slot = held.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            let options = self.options_of(&task.target)?;
            let sources = sources_of(&task.target)?;
            *slot = Some(Watched::attach(&sources, &options, &mut |_| {})?);
        }
        match slot.as_mut() {
            Some(watched) => watched.look(&wanted, &mut |_| {}),
            // It was put there just now.
            None => Ok(Capture::new()),
        }
    }
}

impl std::fmt::Debug for Sampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sampler").finish_non_exhaustive()
    }
}

impl Prober for Sampler {
    fn probe(&self, task: &Task) -> Result<Answer, Failure> {
        let capture = self.look(task).map_err(|error| failure(&error))?;
        Ok(Answer::of(capture, task))
    }

    fn forget(&self, target: &Target) {
        let mut all = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&target.labels.fingerprint());
    }
}

/// What is asked of the server: a profile by its name, with the time of its recording.
fn queries(task: &Task) -> Vec<String> {
    let of = |name: &String| {
        let path = match name.as_str() {
            fathom_scrape::config::CPU => "profile",
            other => other,
        };
        match task.seconds {
            Some(seconds) => format!("{path}?seconds={seconds}"),
            None => path.to_owned(),
        }
    };
    task.profiles.iter().map(of).collect()
}

/// The sources of a target: its URL, or a pid.
fn sources_of(target: &Target) -> Result<Vec<Source>, fathom_gather::Error> {
    if let Some(pid) = pid_of(&target.address) {
        return Ok(vec![Source::Pid(pid)]);
    }
    if target.address.starts_with("unix:") {
        return Ok(vec![Source::parse(&target.address)?]);
    }
    let url = format!(
        "{}://{}{}",
        target.scheme, target.address, target.pprof_path
    );
    Ok(vec![Source::parse(&url)?])
}

/// The pid in the address of a target that is a process without a known server.
pub fn pid_of(address: &str) -> Option<u32> {
    let (pid, _) = address.strip_prefix(PID)?.split_once(':')?;
    pid.parse().ok()
}

/// Turns what the user named, pids and addresses, into targets.
///
/// # Errors
///
/// When one is neither.
pub fn groups_of(arguments: &[String]) -> Result<Vec<Group>, fathom_gather::Error> {
    let group = |argument: &String| {
        let mut labels = Labels::new();
        let address = match Source::parse(argument)? {
            Source::Pid(pid) => {
                labels.set("instance", format!("pid {pid}"));
                format!("{PID}{pid}:1")
            }
            Source::Address(address) => {
                let url = address.base_url();
                match url.split_once("://") {
                    Some((scheme, rest)) => {
                        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                        labels.set("__scheme__", scheme);
                        if !path.is_empty() {
                            labels.set("__pprof_path__", format!("/{path}"));
                        }
                        host.to_owned()
                    }
                    // A socket of this machine.
                    None => url,
                }
            }
            other => {
                return Err(fathom_gather::Error::NotLive {
                    what: other.describe(),
                });
            }
        };
        Ok(Group {
            targets: vec![address],
            labels,
        })
    };
    arguments.iter().map(group).collect()
}

fn failure(error: &fathom_gather::Error) -> Failure {
    let what = error.to_string();
    let lower = what.to_lowercase();
    let reason = match error {
        fathom_gather::Error::Tls { .. } => Reason::Tls,
        _ if lower.contains("timed out") || lower.contains("no answer within") => Reason::Timeout,
        _ if lower.contains("refused") || lower.contains("resolve") => Reason::Unreachable,
        _ if lower.contains("status 401") || lower.contains("status 403") => Reason::Credentials,
        _ if lower.contains("status") => Reason::Status,
        _ if lower.contains("larger than") => Reason::TooLarge,
        _ => Reason::Other,
    };
    Failure { reason, what }
}
