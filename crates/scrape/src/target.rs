//! One process that is looked at, and how it came to its labels.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Group, Job, Profile, duration, duration_text};
use crate::labels::{Labels, is_label_name};
use crate::relabel;

/// The label that holds where a target is reached: `host:port`.
const ADDRESS: &str = "__address__";
const SCHEME: &str = "__scheme__";
const METRICS_PATH: &str = "__metrics_path__";
const PPROF_PATH: &str = "__pprof_path__";
const INTERVAL: &str = "__scrape_interval__";
const TIMEOUT: &str = "__scrape_timeout__";
const PARAMETER: &str = "__param_";

/// One process that is looked at.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its labels, `job` and `instance` among them: what tells it from all others.
    pub labels: Labels,
    /// `http` or `https`.
    pub scheme: String,
    /// Where it is reached: `host:port`, `unix:/path.sock`, or whatever else the caller's prober
    /// understands.
    pub address: String,
    /// Path of the Prometheus page.
    pub metrics_path: String,
    /// Path of the index of `net/http/pprof`, with a slash at its end.
    pub pprof_path: String,
    /// Parameters of the request for the Prometheus page.
    pub params: Vec<(String, String)>,
    /// How often it is looked at.
    pub interval: Duration,
    /// How long that may take.
    pub timeout: Duration,
    /// The job that it belongs to: its credentials, profiles and limits.
    pub job: Arc<Job>,
}

impl Target {
    /// Makes a target of an address, the labels that discovery gave it, and its job's rules.
    ///
    /// `None` if a rule dropped it.
    ///
    /// # Errors
    ///
    /// One sentence that says what a target of these labels lacks.
    pub fn new(job: &Arc<Job>, address: &str, given: &Labels) -> Result<Option<Self>, String> {
        let mut labels = given.clone();
        labels.set(ADDRESS, address);
        labels.set_default("job", &job.name);
        labels.set_default(SCHEME, &job.scheme);
        labels.set_default(METRICS_PATH, &job.metrics_path);
        labels.set_default(PPROF_PATH, &job.pprof_path);
        labels.set_default(INTERVAL, &duration_text(job.interval));
        labels.set_default(TIMEOUT, &duration_text(job.timeout));
        for (name, value) in &job.params {
            let label = format!("{PARAMETER}{name}");
            if is_label_name(&label) {
                labels.set_default(&label, value);
            }
        }
        let Some(labels) = relabel::apply(&job.relabel, labels) else {
            return Ok(None);
        };
        Self::finished(job, &labels).map(Some)
    }

    fn finished(job: &Arc<Job>, labels: &Labels) -> Result<Self, String> {
        let address = labels.get(ADDRESS);
        check_address(address)?;
        let scheme = labels.get(SCHEME);
        if !matches!(scheme, "http" | "https") {
            return Err(format!(
                "{address}: {SCHEME} {scheme:?} is neither http nor https"
            ));
        }
        let time = |name: &str| match duration(labels.get(name)) {
            Ok(time) if time >= Duration::from_millis(1) => Ok(time),
            Ok(_) => Err(format!("{address}: {name} is nothing")),
            Err(reason) => Err(format!("{address}: {name}: {reason}")),
        };
        let (interval, timeout) = (time(INTERVAL)?, time(TIMEOUT)?);
        if timeout > interval {
            return Err(format!(
                "{address}: {TIMEOUT} {} is longer than {INTERVAL} {}",
                duration_text(timeout),
                duration_text(interval)
            ));
        }
        let mut pprof_path = labels.get(PPROF_PATH).to_owned();
        if !pprof_path.ends_with('/') {
            pprof_path.push('/');
        }
        let mut public = labels.public();
        public.set_default("instance", address);
        Ok(Self {
            labels: public,
            scheme: scheme.to_owned(),
            address: address.to_owned(),
            metrics_path: labels.get(METRICS_PATH).to_owned(),
            pprof_path,
            params: parameters(job, labels),
            interval,
            timeout,
            job: Arc::clone(job),
        })
    }

    /// Tells this target from all others, in every run.
    pub fn key(&self) -> u64 {
        self.labels.fingerprint()
    }

    /// The URL of the Prometheus page, of an address that is a host and a port.
    pub fn metrics_url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.address, self.metrics_path)
    }

    /// The URL of the index of `net/http/pprof`, of an address that is a host and a port.
    pub fn pprof_url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.address, self.pprof_path)
    }

    /// The settings of a profile of its job.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.job
            .profiles
            .iter()
            .find(|profile| profile.name == name)
    }

    /// Whether both are reached and read in the same way.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.labels == other.labels
            && self.scheme == other.scheme
            && self.address == other.address
            && self.metrics_path == other.metrics_path
            && self.pprof_path == other.pprof_path
            && self.params == other.params
            && self.interval == other.interval
            && self.timeout == other.timeout
            && Arc::ptr_eq(&self.job, &other.job)
    }
}

/// Checks what relabelling left as the address.
fn check_address(address: &str) -> Result<(), String> {
    if address.is_empty() {
        return Err("a target has no address: a rule has emptied __address__".to_owned());
    }
    if address.starts_with("unix:") {
        return Ok(());
    }
    if address.contains('@') {
        return Err(
            "a target has credentials in its address: write basic_auth in its job".to_owned(),
        );
    }
    if address.contains(['/', '?', '#', ' ']) {
        return Err(format!(
            "{address:?} is no address: write host:port; scheme, metrics_path and pprof_path are \
             keys of the job"
        ));
    }
    Ok(())
}

/// The job's parameters, of which rules may have changed the first of each name.
fn parameters(job: &Job, labels: &Labels) -> Vec<(String, String)> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for (label, value) in labels.iter() {
        if let Some(name) = label.strip_prefix(PARAMETER) {
            parameters.push((name.to_owned(), value.to_owned()));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for (name, value) in &job.params {
        let is_first = seen.insert(name);
        let has_label = is_label_name(&format!("{PARAMETER}{name}"));
        if !(is_first && has_label) {
            parameters.push((name.clone(), value.clone()));
        }
    }
    parameters
}

/// The targets of a job's groups, and what is wrong with those that are none.
pub(crate) fn targets<'a>(
    job: &Arc<Job>,
    groups: impl IntoIterator<Item = &'a Group>,
) -> (Vec<Arc<Target>>, Vec<String>) {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for group in groups {
        for address in &group.targets {
            match Target::new(job, address, &group.labels) {
                Ok(Some(target)) => found.push(Arc::new(target)),
                Ok(None) => {}
                Err(reason) => wrong.push(format!("job {:?}: {reason}", job.name)),
            }
        }
    }
    (found, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn job(yaml: &str) -> Arc<Job> {
        let text = format!("scrape_configs:\n- job_name: api\n{yaml}");
        let config = Config::parse(&text, "test.yaml", "".as_ref()).unwrap();
        Arc::new(config.jobs.into_iter().next().unwrap())
    }

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_target_has_its_job_and_its_address_for_labels() {
        let given = labels(&[("env", "prod"), ("__meta_x", "y")]);
        let target = Target::new(&job(""), "a:6060", &given).unwrap().unwrap();
        assert_eq!(
            target.labels.to_string(),
            r#"{env="prod", instance="a:6060", job="api"}"#
        );
        assert_eq!(target.metrics_url(), "http://a:6060/metrics");
        assert_eq!(target.pprof_url(), "http://a:6060/debug/pprof/");
        assert_eq!(target.interval, Duration::from_secs(15));
    }

    #[test]
    fn rules_change_where_and_how_often() {
        let job = job("  params: {module: [x, y]}
  relabel_configs:
  - {source_labels: [__meta_port], target_label: __address__, replacement: 'host:$1'}
  - {target_label: __scheme__, replacement: https}
  - {target_label: __metrics_path__, replacement: /m}
  - {target_label: __pprof_path__, replacement: /p}
  - {target_label: __scrape_interval__, replacement: 1m}
  - {target_label: __param_module, replacement: z}
  - {source_labels: [__meta_name], target_label: instance}
  - {source_labels: [__meta_name], regex: bad, action: drop}
");
        let given = labels(&[("__meta_port", "81"), ("__meta_name", "one")]);
        let target = Target::new(&job, "x:1", &given).unwrap().unwrap();
        assert_eq!(target.metrics_url(), "https://host:81/m");
        assert_eq!(target.pprof_url(), "https://host:81/p/");
        assert_eq!(target.interval, Duration::from_mins(1));
        assert_eq!(target.labels.get("instance"), "one");
        let params = [("module", "z"), ("module", "y")];
        assert_eq!(
            target.params,
            params.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        let dropped = labels(&[("__meta_name", "bad")]);
        assert!(Target::new(&job, "x:1", &dropped).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_a_target_says_why() {
        for (yaml, address, reason) in [
            ("", "http://a:1/debug/pprof/", "write host:port"),
            ("", "me:pw@a:1", "write basic_auth"),
            (
                "  relabel_configs: [{target_label: __address__, replacement: ''}]\n",
                "a:1",
                "no address",
            ),
            (
                "  relabel_configs: [{target_label: __scrape_interval__, replacement: 5}]\n",
                "a:1",
                "no duration",
            ),
            (
                "  relabel_configs: [{target_label: __scrape_interval__, replacement: 1s}]\n",
                "a:1",
                "longer than",
            ),
            (
                "  relabel_configs: [{target_label: __scheme__, replacement: ftp}]\n",
                "a:1",
                "neither http nor https",
            ),
        ] {
            let error = Target::new(&job(yaml), address, &Labels::new()).unwrap_err();
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("pw"), "{error}");
        }
    }
}
