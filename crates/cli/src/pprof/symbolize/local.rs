//! Names from binaries of this machine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fathom_profile::naming::Naming;
use fathom_profile::{Defects, Limits, LocationId, MappingId, Profile};
use fathom_report::symbolize::{Local, Mode, Plan, assign, tasks};
use fathom_symbols::image::Format;
use fathom_symbols::lookup::DebuginfodFile;
use fathom_symbols::mapping::{RuntimeMapping, file_address, simple_base};
use fathom_symbols::{Image, Resolution, Source, Symbolizer};

use super::super::talk::Talk;
use super::binaries::{Binaries, runtime_mapping};
use super::debug_files::{Debuginfod, Search};

/// The address that no code has.
const NOWHERE: u64 = u64::MAX;

/// One mapping with its addresses, apart from the profile.
struct Job {
    mapping: MappingId,
    plan: Plan,
    file: String,
    build_id: String,
    runtime: RuntimeMapping,
    locations: Vec<LocationId>,
    addresses: Vec<u64>,
}

impl Job {
    /// What messages call it: `app (build ID 00ff)`.
    fn name(&self) -> String {
        let base = self.file.trim_end_matches('/').rsplit('/').next();
        let base = match (base, self.file.as_str()) {
            (_, "") => ".",
            (Some(""), _) => "/",
            (base, file) => base.unwrap_or(file),
        };
        match self.build_id.as_str() {
            "" => base.to_owned(),
            build_id => format!("{base} (build ID {build_id})"),
        }
    }
}

/// Reads binaries and asks them for names.
pub(super) struct Reader<'a> {
    pub(super) binaries: &'a Binaries,
    pub(super) debuginfod: &'a Debuginfod,
    pub(super) mode: Mode,
    pub(super) defects: Defects,
    pub(super) talk: &'a dyn Talk,
}

/// What was found for a file: the binary, and it with its debug information if that was
/// looked for.
struct Found {
    image: Arc<Image>,
    path: PathBuf,
    was_searched: bool,
    complete: Option<Symbolizer>,
}

impl Reader<'_> {
    /// Returns the profile with the names that its binaries have. What cannot be had is
    /// told, and is no error.
    ///
    /// # Errors
    ///
    /// When the profile grows past its limits.
    pub(super) fn named(&self, profile: Profile) -> Result<Profile, fathom_profile::Error> {
        let force = match self.defects {
            Defects::AsPprof => self.mode.force || self.mode.demangle_again,
            Defects::Corrected => self.mode.force,
        };
        let jobs: Vec<Job> = tasks(&profile, force, self.defects)
            .into_iter()
            .filter_map(|task| {
                let mapping = profile.mappings().get(task.mapping.index())?;
                let addresses = task.locations.iter().map(|&id| profile.address(id));
                Some(Job {
                    mapping: task.mapping,
                    plan: task.plan,
                    file: profile.text(mapping.file).to_owned(),
                    build_id: profile.text(mapping.build_id).to_owned(),
                    runtime: runtime_mapping(mapping),
                    addresses: addresses.collect(),
                    locations: task.locations,
                })
            })
            .collect();
        if jobs.is_empty() {
            return Ok(profile);
        }
        let mut naming = Naming::new(profile, &Limits::default());
        let mut found = HashMap::new();
        let mut is_missing = false;
        for job in &jobs {
            if job.plan == Plan::Nameless {
                if job.mapping.index() == 0 {
                    self.talk.error("Main binary filename not available.");
                } else {
                    is_missing = true;
                }
                continue;
            }
            match self.name(job, &mut found, &mut naming)? {
                Outcome::Done => {}
                Outcome::Missing => is_missing |= job.plan == Plan::Read,
            }
        }
        if is_missing {
            self.talk.error(
                "Some binary filenames not available. Symbolization may be incomplete.\n\
                 Try setting PPROF_BINARY_PATH to the search path for local binaries.",
            );
        }
        naming.finish()
    }

    fn name(
        &self,
        job: &Job,
        found: &mut HashMap<String, Found>,
        naming: &mut Naming,
    ) -> Result<Outcome, fathom_profile::Error> {
        let is_loud = job.plan == Plan::Read;
        let fail = |why: &str| {
            if is_loud {
                let name = job.name();
                self.talk
                    .error(&format!("Local symbolization failed for {name}: {why}"));
            }
        };
        if !found.contains_key(&job.file) {
            let opened = match self.open(job) {
                Ok(opened) => opened,
                Err(why) => {
                    fail(&why);
                    return Ok(Outcome::Missing);
                }
            };
            found.insert(job.file.clone(), opened);
        }
        let Some(found) = found.get_mut(&job.file) else {
            return Ok(Outcome::Missing);
        };
        if let Some(build_id) = found.image.build_id()
            && self.defects == Defects::Corrected
            && !job.build_id.is_empty()
            && build_id != job.build_id
        {
            let path = found.path.display();
            fail(&format!("build ID mismatch: {path} has {build_id}"));
            return Ok(Outcome::Done);
        }
        let (addresses, problem) = self.file_addresses(job, &found.image);
        if let Some(problem) = problem.filter(|_| addresses.iter().all(|&it| it == NOWHERE)) {
            fail(&problem.to_string());
            return Ok(Outcome::Done);
        }
        let resolution = match self.resolve(found, &addresses) {
            Ok(resolution) => resolution,
            Err(error) => {
                fail(&error.to_string());
                return Ok(Outcome::Done);
            }
        };
        let named = assign(
            naming,
            job.mapping,
            &job.locations,
            &resolution,
            self.defects,
        )?;
        if self.defects == Defects::Corrected && is_loud {
            self.tell(job, found, &resolution, named);
        }
        Ok(Outcome::Done)
    }

    fn open(&self, job: &Job) -> Result<Found, String> {
        let path = PathBuf::from(&job.file);
        let image = self.binaries.open(&path).or_else(|why| {
            self.debuginfod
                .get(&job.build_id, DebuginfodFile::Executable, self.talk)
                .ok_or(why)
        })?;
        Ok(Found {
            image,
            path,
            was_searched: false,
            complete: None,
        })
    }

    /// The addresses in the binary, with the first reason why one has none.
    fn file_addresses(
        &self,
        job: &Job,
        image: &Image,
    ) -> (Vec<u64>, Option<fathom_symbols::Error>) {
        if self.defects == Defects::AsPprof {
            // It finds Go's function table of PE by symbols alone (cmd/internal/objfile/pe.go).
            if image.format() == Format::Pe && !image.has_symbol_table() {
                return (vec![NOWHERE; job.addresses.len()], None);
            }
            let base = simple_base(image, job.runtime.start);
            let moved = job.addresses.iter();
            return (moved.map(|it| it.wrapping_sub(base)).collect(), None);
        }
        let mut problem = None;
        let addresses = job.addresses.iter().map(|&address| {
            file_address(image, &job.runtime, address).unwrap_or_else(|error| {
                problem.get_or_insert(error);
                NOWHERE
            })
        });
        let addresses = addresses.collect();
        (addresses, problem)
    }

    fn resolve(
        &self,
        found: &mut Found,
        addresses: &[u64],
    ) -> Result<Resolution, fathom_symbols::Error> {
        let plain = Symbolizer::new(Arc::clone(&found.image));
        match (self.defects, self.mode.local) {
            (Defects::AsPprof, _) => return plain.resolve(addresses),
            (_, Local::Fast) => return plain.without_dwarf().resolve(addresses),
            _ => {}
        }
        let is_go = matches!(found.image.pclntab(), Ok(Some(_)));
        let first = if is_go {
            let resolution = plain.resolve(addresses)?;
            let by_table = |index| resolution.source(index) == Some(Source::Pclntab);
            if (0..addresses.len()).all(by_table) {
                return Ok(resolution);
            }
            Some(resolution)
        } else {
            None
        };
        if !found.was_searched {
            found.was_searched = true;
            let search = Search {
                binaries: self.binaries,
                debuginfod: self.debuginfod,
                talk: self.talk,
            };
            found.complete = search.symbolizer(&found.image, &found.path);
        }
        match (&found.complete, first) {
            (Some(complete), _) => complete.resolve(addresses),
            (None, Some(resolution)) => Ok(resolution),
            (None, None) => plain.resolve(addresses),
        }
    }

    /// Says why names are missing, and what would help.
    fn tell(&self, job: &Job, found: &Found, resolution: &Resolution, named: usize) {
        let path = found.path.display();
        if let Some(problem) = resolution.problem() {
            self.talk.error(&format!("{path}: {problem}"));
        }
        if named > 0 {
            return;
        }
        let hint = match found.image.build_id() {
            Some(build_id) => format!(
                "; its debug information has the build ID {build_id}: put it below \
                 PPROF_BINARY_PATH, or let -debuginfod fetch it"
            ),
            None => String::new(),
        };
        self.talk.error(&format!(
            "No names for {} in {path}{hint}",
            Path::new(&job.file).file_name().map_or_else(
                || job.file.clone(),
                |name| name.to_string_lossy().into_owned()
            ),
        ));
    }
}

enum Outcome {
    Done,
    /// There is no binary.
    Missing,
}
