//! What to take, how long to wait, and how to reach it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Whether ports that nobody named may be asked for `/debug/pprof/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Probe {
    /// One GET of `/debug/pprof/` on each listening socket of the process.
    #[default]
    Allowed,
    /// Only addresses that the user named are asked.
    Forbidden,
}

/// How TLS connections are verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// PEM file of the client's certificate chain.
    pub cert: Option<PathBuf>,
    /// PEM file of the client's key; without it the key is sought in `cert`.
    pub key: Option<PathBuf>,
    /// Accept any certificate.
    pub insecure: bool,
}

/// What to take, how long to wait, and how to reach it.
#[derive(Clone)]
pub struct Options {
    /// Longest time for one artefact. Default 5 s.
    pub timeout: Duration,
    /// Longest time for one connection. Default 2 s.
    pub connect_timeout: Duration,
    /// Longest time for one guess at a port. Default 300 ms.
    pub probe_timeout: Duration,
    /// Whether ports may be guessed.
    pub probe: Probe,
    /// Force a collection with `heap?gc=1` and take what it leaves.
    pub gc: bool,
    /// Take all goroutine stacks (`goroutine?debug=2`), which stops the world.
    pub goroutine_dump: bool,
    /// Take `goroutineleak`, which runs a collection.
    pub goroutine_leak: bool,
    /// Take a CPU profile of so many seconds.
    pub profile_seconds: Option<u32>,
    /// Take an execution trace of so many seconds.
    pub trace_seconds: Option<u32>,
    /// Names of further profiles to take (`block`, `mutex`, `allocs`, own ones).
    pub profiles: Vec<String>,
    /// Most bytes of one artefact. Default 512 MiB.
    pub max_bytes: u64,
    /// How TLS connections are verified.
    pub tls: Tls,
    /// Headers to send, name and value.
    pub headers: Vec<(String, String)>,
    /// User name and password of HTTP basic authentication.
    pub basic: Option<(String, String)>,
    /// Token of HTTP bearer authentication.
    pub bearer: Option<String>,
    /// Limits of bundles that are read.
    pub bundle_limits: fathom_evidence::Limits,
    /// Where `/proc` is mounted.
    pub proc_root: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            probe_timeout: Duration::from_millis(300),
            probe: Probe::default(),
            gc: false,
            goroutine_dump: false,
            goroutine_leak: false,
            profile_seconds: None,
            trace_seconds: None,
            profiles: Vec::new(),
            max_bytes: 512 << 20,
            tls: Tls::default(),
            headers: Vec::new(),
            basic: None,
            bearer: None,
            bundle_limits: fathom_evidence::Limits::default(),
            proc_root: PathBuf::from("/proc"),
        }
    }
}

impl fmt::Debug for Options {
    /// Shows everything but credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header_names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Options")
            .field("timeout", &self.timeout)
            .field("probe", &self.probe)
            .field("gc", &self.gc)
            .field("goroutine_dump", &self.goroutine_dump)
            .field("goroutine_leak", &self.goroutine_leak)
            .field("profile_seconds", &self.profile_seconds)
            .field("trace_seconds", &self.trace_seconds)
            .field("profiles", &self.profiles)
            .field("max_bytes", &self.max_bytes)
            .field("tls", &self.tls)
            .field("headers", &header_names)
            .field("basic", &self.basic.is_some())
            .field("bearer", &self.bearer.is_some())
            .finish_non_exhaustive()
    }
}

/// What happens while evidence is gathered, for a line of progress each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An artefact is being taken.
    Started {
        /// Its name inside a bundle.
        name: &'a str,
        /// Where it is read from.
        origin: &'a str,
    },
    /// An artefact was taken.
    Finished {
        /// Its name inside a bundle.
        name: &'a str,
        /// Its size in bytes.
        bytes: u64,
        /// How long it took.
        duration: Duration,
    },
    /// An artefact could not be taken.
    Failed {
        /// What and why.
        missing: &'a fathom_evidence::Missing,
        /// How long the attempt took.
        duration: Duration,
    },
    /// Something was found out: the port of a pid, the pid of a port.
    Note(&'a str),
}
