//! A live process that is looked at again and again.

use fathom_evidence::{Artefact, Capture, Kind, Missing, Target};

use crate::capture::{Plan, find_address, find_process};
use crate::http::Address;
use crate::pprof::{Answered, Server};
use crate::process::{Process, executable};
use crate::recorder::Recorder;
use crate::{Error, Event, Options, Source};

/// What one look takes besides the numbers.
///
/// The numbers are what costs the process least: `status`, `stat` and the control group from the
/// kernel, `/debug/vars` and the metrics page from the process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Whether the numbers are taken.
    pub numbers: bool,
    /// Whether the mappings with their sizes are taken, for which the kernel walks the page
    /// tables of the process.
    pub mappings: bool,
    /// Profiles by their name under `/debug/pprof/`, with a query where there is one:
    /// `heap`, `goroutine`, `profile?seconds=5`.
    pub profiles: Vec<String>,
}

impl Wanted {
    /// The numbers alone.
    pub fn numbers() -> Self {
        Self {
            numbers: true,
            ..Self::default()
        }
    }
}

/// A live process that is looked at again and again, over one connection.
pub struct Watched {
    options: Options,
    sources: Vec<String>,
    pid: Option<u32>,
    address: Option<Address>,
    process: Option<Process>,
    server: Option<Server>,
    target: Target,
    /// What the executable says of its build.
    build: Option<Artefact>,
    /// How `/debug/vars` and the metrics page answered last; what is absent is not asked for
    /// again.
    vars: Answered,
    metrics: Answered,
    /// The size of the last heap profile.
    heap_bytes: Option<u64>,
    /// Whether the last look gave nothing: who answers next may be another process.
    is_lost: bool,
    /// How many looks found the process without its server.
    looks_without_server: u32,
}

/// A server that was not there at first is sought again at each of the first looks, and from
/// then on at every so manieth.
const SEEK_ALWAYS: u32 = 10;
const SEEK_EVERY: u32 = 30;

impl Watched {
    /// Finds the process behind a pid, an address or both, as [`crate::capture`] does.
    ///
    /// # Errors
    ///
    /// If the sources are not of one live process, it cannot be found, or the options cannot be
    /// used. An address that does not answer now is no error: it may answer at the next look.
    pub fn attach(
        sources: &[Source],
        options: &Options,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Self, Error> {
        let plan = Plan::of(sources)?;
        if plan.pid.is_none() && plan.address.is_none() {
            return Err(Error::NotLive {
                what: sources
                    .iter()
                    .map(Source::describe)
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        }
        let mut watched = Self {
            options: options.clone(),
            sources: sources.iter().map(Source::describe).collect(),
            pid: plan.pid,
            address: plan.address.cloned(),
            process: None,
            server: None,
            target: Target::default(),
            build: None,
            vars: Answered::Failed,
            metrics: Answered::Failed,
            heap_bytes: None,
            is_lost: false,
            looks_without_server: 0,
        };
        watched.find(progress)?;
        if watched.pid.is_some() && watched.process.is_none() {
            return Err(watched.nothing(Some(Missing::new("proc/", "no process has this pid"))));
        }
        Ok(watched)
    }

    /// Says what is known of the process.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Names what was asked for.
    pub fn describe(&self) -> String {
        self.sources.join(", ")
    }

    /// Finds the process and its server anew.
    fn find(&mut self, progress: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let options = self.options.clone();
        let mut recorder = Recorder::new(&options, progress);
        let found = find_process(self.pid, self.address.as_ref(), &mut recorder)?;
        self.process = found.process.filter(Process::exists);
        self.server = found.server;
        recorder.capture.target.remote = self.process.is_none();
        if let Some(process) = &self.process {
            recorder.capture.target.pid = Some(process.pid);
            recorder.capture.target.exe = process.exe_name();
            executable::take(process, &mut recorder);
        }
        self.build = recorder.capture.first(Kind::BuildInfo).cloned();
        let mut address = self.address.clone();
        if let (None, Some(process)) = (&self.server, &self.process) {
            address = find_address(process, &mut recorder);
            if let Some(found) = &address {
                self.server = Some(Server::new(found, &options)?);
            }
        }
        recorder.capture.target.url = address.map(|address| address.base_url());
        self.target = recorder.capture.target.clone();
        (self.vars, self.metrics) = (Answered::Failed, Answered::Failed);
        self.heap_bytes = None;
        self.looks_without_server = 0;
        Ok(())
    }

    /// Seeks the server of a process that did not listen yet when it was found.
    fn find_server(&mut self, recorder: &mut Recorder<'_>) -> Result<(), Error> {
        if self.server.is_some() {
            return Ok(());
        }
        let Some(process) = &self.process else {
            return Ok(());
        };
        self.looks_without_server = self.looks_without_server.saturating_add(1);
        let looks = self.looks_without_server;
        if looks > SEEK_ALWAYS && !looks.is_multiple_of(SEEK_EVERY) {
            return Ok(());
        }
        if let Some(found) = find_address(process, recorder) {
            self.server = Some(Server::new(&found, recorder.options)?);
            self.target.url = Some(found.base_url());
            recorder.capture.target.url.clone_from(&self.target.url);
        }
        Ok(())
    }

    fn nothing(&self, missing: Option<Missing>) -> Error {
        Error::Nothing {
            what: self.describe(),
            why: missing.as_ref().map_or_else(
                || "it gave nothing".to_owned(),
                |missing| missing.why.clone(),
            ),
            hint: missing.and_then(|missing| missing.hint),
        }
    }

    /// Looks at the process once.
    ///
    /// What cannot be had is in [`Capture::missing`]. A process that ended is sought again behind
    /// its address, so that a restart is followed.
    ///
    /// # Errors
    ///
    /// If nothing at all could be had. The next look may succeed.
    pub fn look(
        &mut self,
        wanted: &Wanted,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Capture, Error> {
        let looked = self.look_once(wanted, progress);
        self.is_lost = looked.is_err();
        looked
    }

    fn look_once(
        &mut self,
        wanted: &Wanted,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Capture, Error> {
        if self.is_lost && self.address.is_some() {
            self.find(progress)?;
        }
        if self
            .process
            .as_ref()
            .is_some_and(|process| !process.exists())
        {
            if self.address.is_none() {
                let pid = self.target.pid.unwrap_or_default();
                return Err(self.nothing(Some(Missing::new(
                    "proc/",
                    format!("the process {pid} has ended"),
                ))));
            }
            self.find(progress)?;
        }
        let options = self.options.clone();
        let mut recorder = Recorder::new(&options, progress);
        recorder.capture.target = self.target.clone();
        if let Some(process) = &self.process {
            if wanted.numbers {
                process.take_numbers(&mut recorder);
            }
            if wanted.mappings {
                process.take_mappings(&mut recorder);
            }
        }
        self.find_server(&mut recorder)?;
        if let Some(server) = &self.server {
            if wanted.numbers {
                if self.vars != Answered::Absent {
                    self.vars = server.take_vars(&mut recorder, "debug/vars.json", 0);
                }
                if self.metrics != Answered::Absent {
                    self.metrics = server.take_all_metrics(&mut recorder);
                }
            }
            if [self.vars, self.metrics].contains(&Answered::Failed) {
                // Whoever answers next may be another process.
                (self.vars, self.metrics) = (Answered::Failed, Answered::Failed);
            }
            let has_none = self.vars == Answered::Absent && self.metrics == Answered::Absent;
            for query in &wanted.profiles {
                let bytes = server.take_query(&mut recorder, query);
                if query == "heap" {
                    self.heap_bytes = bytes.or(self.heap_bytes);
                }
            }
            if has_none && let Some(bytes) = self.heap_bytes {
                server.take_cheap_memstats(&mut recorder, bytes);
            }
        }
        let mut capture = recorder.finish(true);
        if capture.is_empty() {
            return Err(self.nothing(capture.missing.into_iter().next()));
        }
        if let Some(build) = &self.build {
            capture.push(build.clone());
        }
        Ok(capture)
    }

    /// Takes a whole capture, as [`crate::capture`] does.
    ///
    /// # Errors
    ///
    /// As [`crate::capture`].
    pub fn capture(&self, progress: &mut dyn FnMut(Event<'_>)) -> Result<Capture, Error> {
        let mut sources = Vec::new();
        if let Some(pid) = self.target.pid.filter(|_| self.process.is_some()) {
            sources.push(Source::Pid(pid));
        }
        if let Some(address) = &self.address {
            sources.push(Source::Address(address.clone()));
        }
        crate::capture(&sources, &self.options, progress)
    }
}
