//! Storing what a look showed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fathom_evidence::{Artefact, Capture, Kind};
use fathom_goruntime::buildinfo::BuildInfo;
use fathom_history::{Build, History, Labels, Mark, MarkKind, Scrape};
use fathom_profile::{Limits, Profile};
use fathom_scrape::{Answer, Failure, Health, Sink, Target, Task};
use fathom_series::{Look, Taken, profile_readings};

/// Something that the user should know, or that happened.
#[derive(Debug)]
pub enum Notice<'a> {
    /// A line for the user.
    Line(&'a str),
    /// A look was stored.
    Stored {
        /// Whose, by the labels under which it is stored.
        labels: &'a Labels,
        /// What was stored of it.
        look: &'a Look,
    },
    /// A look gave nothing.
    Failed {
        /// Whose.
        target: &'a Arc<Target>,
        /// Why.
        failure: &'a Failure,
    },
}

/// What is remembered of a target from one look to the next.
#[derive(Default)]
struct Memory {
    last_collection_ms: i64,
    started_ms: Option<i64>,
    build: Build,
    was_seen: bool,
}

/// Stores what looks showed.
pub struct Keeper {
    history: Arc<dyn History>,
    memory: Mutex<HashMap<u64, Memory>>,
    targets: Mutex<Vec<Arc<Target>>>,
    health: Mutex<Health>,
    notify: Box<dyn Fn(Notice<'_>) + Send + Sync>,
    external: Vec<(String, String)>,
}

impl Keeper {
    /// Stores in a history, under the labels of each target and `external` ones, and tells what
    /// happens.
    pub fn new(
        history: Arc<dyn History>,
        external: Vec<(String, String)>,
        notify: Box<dyn Fn(Notice<'_>) + Send + Sync>,
    ) -> Self {
        Self {
            history,
            memory: Mutex::default(),
            targets: Mutex::default(),
            health: Mutex::new(Health::default()),
            notify,
            external,
        }
    }

    /// The targets as they are known now.
    pub fn all_targets(&self) -> Vec<Arc<Target>> {
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        targets.clone()
    }

    /// The scraper's own numbers as they were told last.
    pub fn last_health(&self) -> Health {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.clone()
    }

    /// The labels under which a target is stored.
    pub fn labels(&self, target: &Target) -> Labels {
        let own = target.labels.iter();
        let external = self
            .external
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        // A target's own label is the nearer one.
        Labels::new(external.chain(own))
    }

    fn keep(&self, task: &Task, capture: &Capture) -> Result<Look, fathom_history::Error> {
        let mut taken = Taken::of(capture);
        for problem in &taken.problems {
            self.line(&format!("{}: {problem}", task.target.address));
        }
        let mut profiles = Vec::new();
        for artefact in &capture.artefacts {
            let Some(kind) = kind_of(artefact) else {
                continue;
            };
            match Profile::parse(&artefact.bytes, &Limits::default()) {
                Ok(profile) => {
                    let readings = profile_readings(kind, &profile);
                    taken.look.readings.extend(readings);
                    profiles.push((kind, profile));
                }
                Err(error) => self.line(&format!(
                    "{}: {}: {error}",
                    task.target.address, artefact.name
                )),
            }
        }
        let build = build_of(capture, &taken);
        let labels = self.labels(&task.target);
        let (marks, build) = self.remember(&task.target, &taken, build);
        let profiles: Vec<fathom_history::Taken<'_>> = profiles
            .iter()
            .map(|(kind, profile)| fathom_history::Taken::new(kind, profile))
            .collect();
        self.history.append(&Scrape {
            target: &labels,
            look: &taken.look,
            build: &build,
            profiles: &profiles,
            marks: &marks,
        })?;
        Ok(taken.look)
    }

    /// Compares with the look before: what happened since.
    fn remember(&self, target: &Target, taken: &Taken, build: Build) -> (Vec<Mark>, Build) {
        let mut all = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = all.entry(target.labels.fingerprint()).or_default();
        let at_ms = taken.look.at_ms;
        let mut marks = Vec::new();
        let mut mark = |at_ms: i64, kind: MarkKind, text: String| {
            marks.push(Mark { at_ms, kind, text });
        };
        let started = taken.look.started_ms;
        // The start is known to a second or two.
        let is_restart = matches!(
            (memory.started_ms, started),
            (Some(before), Some(now)) if (before - now).abs() > 2000
        );
        if is_restart {
            mark(
                started.unwrap_or(at_ms),
                MarkKind::Restart,
                "the process was started anew".to_owned(),
            );
            memory.last_collection_ms = 0;
        }
        // A look that took no build record says nothing of it.
        let is_known = build != Build::default();
        if is_known && memory.was_seen && memory.build != Build::default() && memory.build != build
        {
            mark(
                started.unwrap_or(at_ms),
                MarkKind::Deploy,
                format!("{} replaced {}", name_of(&build), name_of(&memory.build)),
            );
        }
        if memory.was_seen {
            for collection in &taken.collections {
                if collection.ended_ms > memory.last_collection_ms {
                    let pause = collection.pause_ns as f64 / 1e6;
                    mark(
                        collection.ended_ms,
                        MarkKind::Gc,
                        format!("collection, {pause:.2} ms of pauses"),
                    );
                }
            }
        }
        if let Some(last) = taken.collections.last() {
            memory.last_collection_ms = memory.last_collection_ms.max(last.ended_ms);
        }
        memory.started_ms = started.or(memory.started_ms);
        memory.was_seen = true;
        if is_known {
            memory.build = build;
        }
        (marks, memory.build.clone())
    }

    fn line(&self, text: &str) {
        (self.notify)(Notice::Line(text));
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

impl Sink for Keeper {
    fn looked(&self, task: &Task, _at_unix_nanos: u64, answer: Result<Answer, Failure>) {
        match answer {
            Ok(answer) => match self.keep(task, &answer.capture) {
                Ok(look) => (self.notify)(Notice::Stored {
                    labels: &self.labels(&task.target),
                    look: &look,
                }),
                Err(error) => self.line(&format!("not stored: {error}")),
            },
            Err(failure) => (self.notify)(Notice::Failed {
                target: &task.target,
                failure: &failure,
            }),
        }
    }

    fn told(&self, line: &str) {
        self.line(line);
    }

    fn targets(&self, targets: &[Arc<Target>]) {
        *self.targets.lock().unwrap_or_else(PoisonError::into_inner) = targets.to_vec();
    }

    fn health(&self, health: &Health) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health.clone();
    }
}

/// The name under which a profile is stored; text forms are read for their numbers alone.
fn kind_of(artefact: &Artefact) -> Option<&'static str> {
    let is_binary = artefact.bytes.starts_with(&[0x1f, 0x8b]);
    if !is_binary {
        return None;
    }
    Some(match artefact.kind {
        Kind::Heap => "heap",
        Kind::Allocs => "allocs",
        Kind::Goroutine => "goroutine",
        Kind::GoroutineLeak => "goroutineleak",
        Kind::ThreadCreate => "threadcreate",
        Kind::Block => "block",
        Kind::Mutex => "mutex",
        Kind::Cpu => "cpu",
        _ => return None,
    })
}

fn build_of(capture: &Capture, taken: &Taken) -> Build {
    let info = capture
        .first(Kind::BuildInfo)
        .and_then(|artefact| BuildInfo::parse_text(&artefact.bytes).ok());
    let revision = info.as_ref().and_then(|info| info.setting("vcs.revision"));
    Build {
        version: info
            .as_ref()
            .and_then(|info| info.main_module.as_ref())
            .map(|main| main.version.clone()),
        id: revision.map(str::to_owned),
        go: taken.go_version.clone(),
    }
}

fn name_of(build: &Build) -> String {
    let parts = [&build.version, &build.id, &build.go];
    let known: Vec<&str> = parts
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    known.join(" ")
}
