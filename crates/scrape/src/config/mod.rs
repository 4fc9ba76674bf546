//! The configuration of `fathom serve`: a YAML file in Prometheus' manner.
//!
//! Every key that is known is in `docs/serve.md`, and all of them stand in
//! `docs/fathom.example.yaml`. A key that is not known is an error, so that nothing is ignored in
//! silence.

mod client;
mod file;
mod mistake;
mod profiles;
mod quantity;
mod secret;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use client::{Auth, Client, Stored};
pub use profiles::{CPU, Profile, default_profiles};
pub use quantity::{duration, duration_text, share, size};
pub use secret::Secret;

use file::{RawConfig, RawFileSd, RawHttpSd, RawJob, RawLimits};

use crate::Error;
use crate::labels::Labels;
use crate::relabel::Rule;

/// Most bytes of a configuration file.
const MOST_BYTES: u64 = 16 << 20;

/// How often targets are looked at where nobody says.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);

/// How long a target may take where nobody says.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The whole configuration, with everything filled in that was not said.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Labels that name this installation to others: they are added to what is sent elsewhere.
    pub external_labels: Labels,
    /// Most scrapes at one time; most recordings of CPU profiles at one time, too.
    pub max_concurrent_scrapes: usize,
    /// What is looked at.
    pub jobs: Vec<Job>,
    /// Where results are kept.
    pub storage: Storage,
    /// The address to listen at, if it is said.
    pub listen: Option<String>,
    /// Where alerts are sent. Such addresses open doors, so this one is not shown.
    pub webhook: Option<Secret>,
    /// Where readings are sent by Prometheus' remote write.
    pub remote_write: Vec<Destination>,
    /// Where readings are sent as `InfluxDB` lines.
    pub line_protocol: Option<Destination>,
}

/// Where results are kept, and how much of them. What is not said is for the command to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// The folder.
    pub path: Option<PathBuf>,
    /// How long results are kept.
    pub retention: Option<Duration>,
    /// How many bytes they may take on disk.
    pub max_bytes: Option<u64>,
}

/// Where readings are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The URL, which may hold credentials.
    pub url: Secret,
    /// Longest time for one request.
    pub timeout: Duration,
    /// Credentials and TLS.
    pub client: Client,
}

/// Targets that are looked at in the same way.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name: the label `job` of its targets.
    pub name: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Path of the Prometheus page.
    pub metrics_path: String,
    /// Path of `net/http/pprof`'s index, with a slash at its end.
    pub pprof_path: String,
    /// Parameters of the request for the Prometheus page.
    pub params: Vec<(String, String)>,
    /// How often a target is looked at.
    pub interval: Duration,
    /// How long it may take.
    pub timeout: Duration,
    /// Targets that stand in the file, with labels.
    pub static_groups: Vec<Group>,
    /// Lists of targets in other files.
    pub file_sd: Vec<FileSd>,
    /// Lists of targets that servers tell.
    pub http_sd: Vec<HttpSd>,
    /// How labels are rewritten and targets dropped.
    pub relabel: Vec<Rule>,
    /// Credentials and TLS.
    pub client: Client,
    /// The profiles that are taken.
    pub profiles: Vec<Profile>,
    /// What one target may cost.
    pub limits: Limits,
}

/// Targets with labels that they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Addresses.
    pub targets: Vec<String>,
    /// Labels of each.
    pub labels: Labels,
}

/// A list of targets in files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSd {
    /// Paths; the last element may have `*` for any text.
    pub files: Vec<PathBuf>,
    /// How often they are read even if nothing seems to have changed.
    pub refresh_interval: Duration,
}

/// A list of targets that a server tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSd {
    /// The URL, which may hold credentials.
    pub url: Secret,
    /// How often it is asked.
    pub refresh_interval: Duration,
    /// Credentials and TLS.
    pub client: Client,
}

/// What one target may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Most bytes of one answer. Default 64 MiB.
    pub max_bytes: u64,
    /// Share of a profile's interval that serving it may take before the interval is stretched.
    /// Default 0.05.
    pub max_share: f64,
    /// Bytes of one profile in each of its intervals before the interval is stretched. Default
    /// 16 MiB.
    pub max_bytes_per_interval: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_share: 0.05,
            max_bytes_per_interval: 16 << 20,
        }
    }
}

impl Job {
    /// Makes a job with the defaults of everything: what `fathom record` does with its arguments.
    pub fn new(name: impl Into<String>, targets: Vec<String>) -> Self {
        Self {
            name: name.into(),
            scheme: "http".to_owned(),
            metrics_path: "/metrics".to_owned(),
            pprof_path: "/debug/pprof/".to_owned(),
            params: Vec::new(),
            interval: DEFAULT_INTERVAL,
            timeout: DEFAULT_TIMEOUT,
            static_groups: vec![Group {
                targets,
                labels: Labels::new(),
            }],
            file_sd: Vec::new(),
            http_sd: Vec::new(),
            relabel: Vec::new(),
            client: Client::default(),
            profiles: default_profiles(),
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Makes a configuration of jobs alone.
    pub fn of_jobs(jobs: Vec<Job>) -> Self {
        Self {
            max_concurrent_scrapes: DEFAULT_CONCURRENCY,
            jobs,
            ..Self::default()
        }
    }

    /// Reads a file. Paths in it are relative to its folder.
    ///
    /// # Errors
    ///
    /// [`Error`] names the file, the line and the key.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = read(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &path.display().to_string(), folder)
    }

    /// Reads the text of a file that is called `file`; paths in it are relative to `folder`.
    ///
    /// # Errors
    ///
    /// [`Error`] names the file, the line and the key.
    ///
    /// # Examples
    ///
    /// ```
    /// use fathom_scrape::config::Config;
    ///
    /// let text = "scrape_configs:\n- job_name: api\n  scrape_intervall: 15s\n";
    /// let error = Config::parse(text, "fathom.yaml", "".as_ref()).unwrap_err();
    /// assert_eq!(error.to_string(), "fathom.yaml:3:3: unknown key \"scrape_intervall\"");
    /// assert_eq!(error.hint(), Some("did you mean scrape_interval?"));
    /// ```
    pub fn parse(text: &str, file: &str, folder: &Path) -> Result<Self, Error> {
        let options = serde_saphyr::options! { with_snippet: false };
        let raw: RawConfig = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| mistake::error(file, &error))?;
        Resolver { file, folder }.config(raw)
    }
}

/// Most scrapes at one time where nobody says.
const DEFAULT_CONCURRENCY: usize = 32;

/// Reads a configuration's text.
fn read(path: &Path) -> Result<String, Error> {
    let wrong = |reason: String| Error::Read {
        path: path.to_owned(),
        reason,
    };
    let metadata = fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if metadata.len() > MOST_BYTES {
        return Err(wrong(format!(
            "larger than a configuration can be ({MOST_BYTES} bytes)"
        )));
    }
    fs::read_to_string(path).map_err(|error| wrong(error.to_string()))
}

/// Fills in what was not said, and checks what belongs together.
struct Resolver<'a> {
    file: &'a str,
    folder: &'a Path,
}

impl Resolver<'_> {
    fn wrong(&self, part: &str, reason: impl Into<String>) -> Error {
        Error::Part {
            file: self.file.to_owned(),
            part: part.to_owned(),
            reason: reason.into(),
            hint: None,
        }
    }

    fn config(&self, raw: RawConfig) -> Result<Config, Error> {
        let interval = raw
            .global
            .scrape_interval
            .map_or(DEFAULT_INTERVAL, |text| text.0);
        let timeout = raw
            .global
            .scrape_timeout
            .map_or(DEFAULT_TIMEOUT.min(interval), |text| text.0);
        self.check_times("global", interval, timeout)?;
        let max_concurrent_scrapes = raw
            .global
            .max_concurrent_scrapes
            .unwrap_or(DEFAULT_CONCURRENCY);
        if !(1..=10_000).contains(&max_concurrent_scrapes) {
            return Err(self.wrong("global", "max_concurrent_scrapes must be 1 to 10000"));
        }
        let mut names = BTreeSet::new();
        let mut jobs = Vec::new();
        for raw_job in raw.scrape_configs {
            let part = format!("job {:?}", raw_job.job_name);
            if raw_job.job_name.is_empty() {
                return Err(self.wrong(&part, "job_name is empty"));
            }
            if !names.insert(raw_job.job_name.clone()) {
                return Err(self.wrong(&part, "two jobs have this name"));
            }
            jobs.push(self.job(raw_job, &part, interval, timeout)?);
        }
        let mut remote_write = Vec::new();
        for raw_write in raw.remote_write {
            remote_write.push(self.destination(
                "remote_write",
                raw_write.url,
                raw_write.remote_timeout.map(|text| text.0),
                client::resolve(
                    raw_write.basic_auth,
                    raw_write.authorization,
                    raw_write.tls_config,
                    self.folder,
                ),
            )?);
        }
        let line_protocol = match raw.line_protocol {
            None => None,
            Some(lines) => Some(self.destination(
                "line_protocol",
                lines.url,
                lines.timeout.map(|text| text.0),
                client::resolve(
                    lines.basic_auth,
                    lines.authorization,
                    lines.tls_config,
                    self.folder,
                ),
            )?),
        };
        if let Some(webhook) = &raw.alerts.webhook {
            self.check_url("alerts: webhook", webhook.reveal())?;
        }
        Ok(Config {
            external_labels: raw.global.external_labels,
            max_concurrent_scrapes,
            jobs,
            storage: Storage {
                path: raw.storage.path.map(|path| self.folder.join(path)),
                retention: raw.storage.retention.map(|text| text.0),
                max_bytes: raw.storage.max_bytes.map(|text| text.0),
            },
            listen: raw.server.listen,
            webhook: raw.alerts.webhook,
            remote_write,
            line_protocol,
        })
    }

    fn job(
        &self,
        raw: RawJob,
        part: &str,
        global_interval: Duration,
        global_timeout: Duration,
    ) -> Result<Job, Error> {
        let interval = raw.scrape_interval.map_or(global_interval, |text| text.0);
        // As with Prometheus, a timeout of the whole file gives way to a job's shorter interval.
        let timeout = raw
            .scrape_timeout
            .map_or(global_timeout.min(interval), |text| text.0);
        self.check_times(part, interval, timeout)?;
        let scheme = raw.scheme.unwrap_or_else(|| "http".to_owned());
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(self.wrong(part, format!("scheme {scheme:?} is neither http nor https")));
        }
        if let Some((key, reason)) = raw
            .params
            .keys()
            .find_map(|key| Some((key, profiles::refused_parameter(key)?)))
        {
            return Err(self.wrong(part, format!("params: {key}: {reason}")));
        }
        let params = raw
            .params
            .into_iter()
            .flat_map(|(key, values)| values.into_iter().map(move |value| (key.clone(), value)));
        let metrics_path = self.path(part, "metrics_path", raw.metrics_path, "/metrics")?;
        let mut pprof_path = self.path(part, "pprof_path", raw.pprof_path, "/debug/pprof/")?;
        if !pprof_path.ends_with('/') {
            pprof_path.push('/');
        }
        let client = client::resolve(
            raw.basic_auth,
            raw.authorization,
            raw.tls_config,
            self.folder,
        )
        .map_err(|reason| self.wrong(part, reason))?;
        let static_groups = raw
            .static_configs
            .into_iter()
            .map(|group| Group {
                targets: group.targets,
                labels: group.labels,
            })
            .collect();
        let file_sd = raw.file_sd_configs.into_iter();
        let http_sd = raw.http_sd_configs.into_iter();
        Ok(Job {
            scheme,
            metrics_path,
            pprof_path,
            params: params.collect(),
            interval,
            timeout,
            static_groups,
            file_sd: file_sd
                .map(|raw_sd| self.file_sd(&raw_sd, part))
                .collect::<Result<_, _>>()?,
            http_sd: http_sd
                .map(|raw_sd| self.http_sd(raw_sd, part))
                .collect::<Result<_, _>>()?,
            relabel: raw.relabel_configs,
            client,
            profiles: profiles::resolve(raw.profiles).map_err(|reason| self.wrong(part, reason))?,
            limits: limits(&raw.limits),
            name: raw.job_name,
        })
    }

    fn check_times(&self, part: &str, interval: Duration, timeout: Duration) -> Result<(), Error> {
        if interval < Duration::from_secs(1) {
            return Err(self.wrong(
                part,
                format!(
                    "scrape_interval {} is shorter than a second",
                    duration_text(interval)
                ),
            ));
        }
        if timeout.is_zero() || timeout > interval {
            return Err(self.wrong(
                part,
                format!(
                    "scrape_timeout {} must be more than nothing and at most the \
                     scrape_interval, {}",
                    duration_text(timeout),
                    duration_text(interval)
                ),
            ));
        }
        Ok(())
    }

    fn path(
        &self,
        part: &str,
        key: &str,
        path: Option<String>,
        default: &str,
    ) -> Result<String, Error> {
        let path = path.unwrap_or_else(|| default.to_owned());
        if !path.starts_with('/') || path.contains(['?', '#', ' ']) {
            return Err(self.wrong(
                part,
                format!("{key} {path:?} is no path: it begins with / and has no query"),
            ));
        }
        Ok(path)
    }

    fn check_url(&self, part: &str, url: &str) -> Result<(), Error> {
        let rest = url
            .strip_prefix("http://")
            .or_else(|| url.strip_prefix("https://"));
        match rest {
            Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(()),
            _ => Err(self.wrong(part, "the url begins with neither http:// nor https://")),
        }
    }

    fn file_sd(&self, raw: &RawFileSd, part: &str) -> Result<FileSd, Error> {
        if raw.files.is_empty() {
            return Err(self.wrong(part, "file_sd_configs: files is empty"));
        }
        for name in &raw.files {
            let (folder, last) = name.rsplit_once('/').unwrap_or(("", name));
            let is_list = [".json", ".yml", ".yaml"]
                .iter()
                .any(|ending| last.ends_with(ending));
            if !is_list || folder.contains('*') {
                return Err(self.wrong(
                    part,
                    format!(
                        "file_sd_configs: {name:?} must end in .json, .yml or .yaml, with * in \
                         its last element at most"
                    ),
                ));
            }
        }
        Ok(FileSd {
            files: raw
                .files
                .iter()
                .map(|name| self.folder.join(name))
                .collect(),
            refresh_interval: self.refresh(part, raw.refresh_interval.map(|text| text.0), 300)?,
        })
    }

    fn http_sd(&self, raw: RawHttpSd, part: &str) -> Result<HttpSd, Error> {
        self.check_url(&format!("{part}: http_sd_configs"), &raw.url)?;
        let client = client::resolve(
            raw.basic_auth,
            raw.authorization,
            raw.tls_config,
            self.folder,
        )
        .map_err(|reason| self.wrong(part, format!("http_sd_configs: {reason}")))?;
        Ok(HttpSd {
            url: Secret::new(raw.url),
            refresh_interval: self.refresh(part, raw.refresh_interval.map(|text| text.0), 60)?,
            client,
        })
    }

    fn refresh(
        &self,
        part: &str,
        said: Option<Duration>,
        default_seconds: u64,
    ) -> Result<Duration, Error> {
        let interval = said.unwrap_or(Duration::from_secs(default_seconds));
        if interval < Duration::from_secs(1) {
            return Err(self.wrong(part, "refresh_interval is shorter than a second"));
        }
        Ok(interval)
    }

    fn destination(
        &self,
        part: &str,
        url: String,
        timeout: Option<Duration>,
        client: Result<Client, String>,
    ) -> Result<Destination, Error> {
        self.check_url(part, &url)?;
        let timeout = timeout.unwrap_or(Duration::from_secs(30));
        if timeout.is_zero() {
            return Err(self.wrong(part, "the timeout is nothing"));
        }
        Ok(Destination {
            url: Secret::new(url),
            timeout,
            client: client.map_err(|reason| self.wrong(part, reason))?,
        })
    }
}

fn limits(raw: &RawLimits) -> Limits {
    let default = Limits::default();
    Limits {
        max_bytes: raw.max_bytes.map_or(default.max_bytes, |text| text.0),
        max_share: raw.max_share.map_or(default.max_share, |text| text.0),
        max_bytes_per_interval: raw
            .max_bytes_per_interval
            .map_or(default.max_bytes_per_interval, |text| text.0),
    }
}
