//! Profiles for the commands over them: read side by side, merged, subtracted.
//!
//! What is done to a profile before it is shown is what `fathom pprof` does, so that both
//! print the same; where profiles come from is what `fathom explain` and `fathom capture`
//! understand as sources.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use fathom_evidence::{Kind, identify};
use fathom_gather::{Event, Options as Gathering};
use fathom_profile::diff::{DiffMode, Normalize, subtract_with};
use fathom_profile::exchange::Form;
use fathom_profile::load::{with_main_binary, with_some_mapping};
use fathom_profile::merge::merge_with;
use fathom_profile::{Defects, Limits, ParseOptions, Profile};
use fathom_report::options::Options;

use crate::args::{OptionArgs, ProfileName, ReadingArgs, ViewArgs};
use crate::exit::Exit;
use crate::failure::{Failure, describe};
use crate::output::Output;
use crate::pprof::code::{binary_path, is_binary};
use crate::pprof::compat_by_environment;
use crate::pprof::load::{side_by_side, without_uninteresting};
use crate::pprof::symbolize::{Binaries, symbolized_here};
use crate::pprof::talk::Streams;
use crate::sources::{Wanted, of_bundle, one};

const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
const PERF_MAGIC: &[u8] = b"PERFILE2";

/// What to read and how.
pub(crate) struct Request<'a> {
    pub(crate) sources: &'a [String],
    pub(crate) base: &'a [String],
    pub(crate) mode: DiffMode,
    pub(crate) reading: &'a ReadingArgs,
    pub(crate) options: &'a Options,
    /// The format of files and standard input; `None` looks at them.
    pub(crate) form: Option<Form>,
}

/// One profile of all sources.
pub(crate) struct Loaded {
    pub(crate) profile: Profile,
    /// How many sources were read, and how many there are.
    pub(crate) read: usize,
    pub(crate) wanted: usize,
}

impl Loaded {
    /// Says whether all sources are in the profile.
    pub(crate) const fn exit(&self) -> Exit {
        if self.read == self.wanted {
            Exit::Fine
        } else {
            Exit::Partial
        }
    }
}

/// Returns the options of a command with what the environment adds.
pub(crate) fn options(args: &OptionArgs) -> Options {
    let mut options = args.options.clone();
    options.compat |= compat_by_environment();
    options
}

/// Reads the profile of a view.
///
/// # Errors
///
/// As [`load`].
pub(crate) fn load_view(
    view: &ViewArgs,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Loaded> {
    let (base, mode) = match view.bases.diff_base.as_slice() {
        [] => (view.bases.base.as_slice(), DiffMode::Base),
        several => (several, DiffMode::DiffBase),
    };
    if options.normalize && base.is_empty() {
        let failure = Failure::new("--normalize: there is no base to scale to");
        return Err(failure.hint("name it with --base or --diff-base").into());
    }
    let request = Request {
        sources: &view.sources,
        base,
        mode,
        reading: &view.reading,
        options,
        form: None,
    };
    load(&request, output)
}

/// Reads one profile.
///
/// # Errors
///
/// As [`load`].
pub(crate) fn load_one(
    source: &str,
    reading: &ReadingArgs,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Profile> {
    let request = Request {
        sources: &[source.to_owned()],
        base: &[],
        mode: DiffMode::Base,
        reading,
        options,
        form: None,
    };
    load(&request, output).map(|loaded| loaded.profile)
}

/// Makes one profile of all sources, less the bases.
///
/// Sources that fail are told and left out as long as one succeeds, unless `--strict`.
///
/// # Errors
///
/// When nothing is left, or the profiles do not go together.
pub(crate) fn load(request: &Request<'_>, output: &Output) -> anyhow::Result<Loaded> {
    let (sources, binary) = match request.sources {
        [first, rest @ ..] if !rest.is_empty() && is_binary(first) => (rest, first.as_str()),
        all => (all, ""),
    };
    let all: Vec<&str> = sources
        .iter()
        .chain(request.base)
        .map(String::as_str)
        .collect();
    let reader = Reader::new(request, output);
    let outcomes = side_by_side(&all, &|source| {
        let profile = with_some_mapping(reader.read(source)?);
        Ok(with_main_binary(profile, binary, "")?)
    });
    let mut outcomes = outcomes.into_iter().zip(&all);
    let strict = request.reading.strict;
    let of_sources = gathered(outcomes.by_ref().take(sources.len()), strict, output)?;
    let of_bases = gathered(outcomes, strict, output)?;
    let (read, wanted) = (of_sources.len() + of_bases.len(), all.len());
    if read < wanted {
        output.error(&format!("{read} of {wanted} sources were read"));
    }
    let defects = defects(request.options);
    let mut profile = named(of_sources, request.options, output)?;
    if !of_bases.is_empty() {
        let base = named(of_bases, request.options, output)?;
        let normalize = if request.options.normalize {
            Normalize::Yes
        } else {
            Normalize::No
        };
        profile = subtract_with(&profile, &base, request.mode, normalize, defects)?;
    }
    Ok(Loaded {
        profile: without_uninteresting(profile)?,
        read,
        wanted,
    })
}

/// Makes one profile of several of one kind, with names for what has none: what every view
/// begins with.
///
/// # Errors
///
/// When there is no profile, or they do not go together.
pub(crate) fn prepared(
    profiles: Vec<Profile>,
    binary: &str,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Profile> {
    let with_mappings = profiles
        .into_iter()
        .map(|profile| with_main_binary(with_some_mapping(profile), binary, ""));
    let profiles: Vec<Profile> = with_mappings.collect::<Result<_, _>>()?;
    without_uninteresting(named(profiles, options, output)?)
}

fn named(profiles: Vec<Profile>, options: &Options, output: &Output) -> anyhow::Result<Profile> {
    let defects = defects(options);
    let binaries = Binaries::new(binary_path(), options.compat);
    let streams = Streams { output, red: false };
    symbolized_here(merged(profiles, defects)?, &binaries, defects, &streams)
}

const fn defects(options: &Options) -> Defects {
    if options.compat {
        Defects::AsPprof
    } else {
        Defects::Corrected
    }
}

fn merged(profiles: Vec<Profile>, defects: Defects) -> anyhow::Result<Profile> {
    match profiles.as_slice() {
        [_] => profiles
            .into_iter()
            .next()
            .ok_or_else(|| Failure::new("there is no profile").into()),
        several => Ok(merge_with(&several.iter().collect::<Vec<_>>(), defects)?),
    }
}

/// Keeps what was read and tells what was not.
fn gathered<'s>(
    outcomes: impl Iterator<Item = (anyhow::Result<Profile>, &'s &'s str)>,
    strict: bool,
    output: &Output,
) -> anyhow::Result<Vec<Profile>> {
    let (mut profiles, mut failures) = (Vec::new(), Vec::new());
    for (outcome, _) in outcomes {
        match outcome {
            Ok(profile) => profiles.push(profile),
            Err(error) => failures.push(error),
        }
    }
    let none_is_left = profiles.is_empty();
    let last = if strict || none_is_left {
        failures.pop()
    } else {
        None
    };
    for failure in failures {
        output.error(&describe(&failure));
    }
    last.map_or(Ok(profiles), Err)
}

/// Reads sources.
struct Reader<'a> {
    wanted: Wanted<'static>,
    gathering: Gathering,
    form: Option<Form>,
    parsing: ParseOptions,
    output: &'a Output,
}

impl<'a> Reader<'a> {
    fn new(request: &Request<'_>, output: &'a Output) -> Self {
        Self {
            wanted: wanted(request.reading.profile),
            gathering: request.reading.connection.options(),
            form: request.form,
            parsing: if request.options.compat {
                ParseOptions::as_pprof()
            } else {
                ParseOptions::default()
            },
            output,
        }
    }

    /// Reads a source: a file or standard input as it is, anything else as evidence.
    fn read(&self, source: &str) -> anyhow::Result<Profile> {
        let is_file = std::fs::metadata(source).is_ok_and(|metadata| !metadata.is_dir());
        if !is_file && source != "-" {
            let artefact = one(source, &self.wanted, &self.gathering, self.output)?;
            return self.parse(artefact.bytes, &artefact.origin);
        }
        let shown = if is_file { source } else { "standard input" };
        let path = Path::new(source);
        let file = path.file_name().map(|name| name.to_string_lossy());
        let name = if is_file {
            file.as_deref().unwrap_or(source)
        } else {
            "stdin"
        };
        let begun = Instant::now();
        let origin = source;
        self.output.gathering(&Event::Started { name, origin });
        let read = self.bytes(is_file.then_some(path));
        let count = read.as_ref().map_or(0, Vec::len) as u64;
        self.output.gathering(&Event::Finished {
            name,
            bytes: count,
            duration: begun.elapsed(),
        });
        let bytes = read.map_err(|error| Failure::new(format!("{shown}: {error}")))?;
        if bytes.starts_with(PERF_MAGIC) {
            let failure = Failure::new(format!("{shown}: this is a recording of perf"));
            let hint = format!("convert it first: perf_to_profile -i {shown} -o profile.pb.gz");
            return Err(failure.hint(hint).into());
        }
        if bytes.starts_with(ZIP_MAGIC) {
            let artefact = of_bundle(&bytes, shown, &self.wanted, &self.gathering, self.output)?;
            return self.parse(artefact.bytes, &artefact.origin);
        }
        if let Some(form) = self.form {
            let profile = form.read(&bytes, &Limits::default());
            return profile.map_err(|error| {
                let failure = Failure::new(format!("{shown}: {error}"));
                let hint = format!("leave out --from {} to look at the content", form.name());
                failure.hint(hint).into()
            });
        }
        let kind = identify(name, &bytes);
        self.parse(bytes, shown).map_err(|error| {
            if kind.is_profile() || kind == Kind::Unknown {
                return error;
            }
            let noun = self.wanted.noun;
            let failure = Failure::new(format!("{shown}: no {noun} in it"));
            failure.hint(format!("it holds: {}", kind.name())).into()
        })
    }

    fn bytes(&self, path: Option<&Path>) -> Result<Vec<u8>, String> {
        let limit = self.gathering.max_bytes;
        let mut bytes = Vec::new();
        let mut take = |from: &mut dyn std::io::Read| {
            from.take(limit.saturating_add(1)).read_to_end(&mut bytes)
        };
        match path {
            Some(path) => File::open(path).and_then(|mut file| take(&mut file)),
            None => take(&mut std::io::stdin().lock()),
        }
        .map_err(|error| error.to_string())?;
        if bytes.len() as u64 > limit {
            return Err(format!(
                "larger than the limit of {limit} bytes (--max-bytes)"
            ));
        }
        if bytes.is_empty() {
            return Err("the file is empty".to_owned());
        }
        Ok(bytes)
    }

    fn parse(&self, bytes: Vec<u8>, shown: &str) -> anyhow::Result<Profile> {
        let profile = Profile::parse_owned_as(bytes, &Limits::default(), self.parsing);
        profile.map_err(|error| {
            let failure = Failure::new(format!("{shown}: {error}"));
            let cut = matches!(error, fathom_profile::Error::Decompress { .. });
            let hint = if cut {
                "the file was not written or copied completely: take the profile again"
            } else {
                "go tool pprof -raw on the same file shows what another reader makes of it"
            };
            failure.hint(hint).into()
        })
    }
}

/// Which artefact a profile's name means; without a name any profile will do,
/// heap profiles first.
pub(crate) fn wanted(name: Option<ProfileName>) -> Wanted<'static> {
    let (query, kinds, noun): (_, &[Kind], _) = match name {
        None => (
            "heap",
            &[Kind::Heap, Kind::HeapAfterGc, Kind::Allocs],
            "profile",
        ),
        Some(ProfileName::Heap) => ("heap", &[Kind::Heap, Kind::HeapAfterGc], "heap profile"),
        Some(ProfileName::Allocs) => ("allocs", &[Kind::Allocs], "allocs profile"),
        Some(ProfileName::Goroutine) => ("goroutine", &[Kind::Goroutine], "goroutine profile"),
        Some(ProfileName::Block) => ("block", &[Kind::Block], "block profile"),
        Some(ProfileName::Mutex) => ("mutex", &[Kind::Mutex], "mutex profile"),
        Some(ProfileName::Cpu) => ("profile?seconds=10", &[Kind::Cpu], "CPU profile"),
        Some(ProfileName::Threadcreate) => (
            "threadcreate",
            &[Kind::ThreadCreate],
            "threadcreate profile",
        ),
    };
    Wanted {
        query,
        kinds,
        any_profile: name.is_none(),
        noun,
    }
}
