//! From sources to one profile: fetched and read side by side, merged, subtracted,
//! saved where they came from elsewhere (google/pprof `internal/driver/fetch.go`).

mod keep;
mod one;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fathom_profile::diff::subtract_with;
use fathom_profile::load::{with_all_frames, with_comment, with_main_binary, with_some_mapping};
use fathom_profile::merge::merge_with;
use fathom_profile::prune::remove_uninteresting;
use fathom_profile::{Defects, Profile};
use fathom_report::pattern::compile;
use fathom_report::symbolize::Servers;

pub(crate) use self::one::options;
use self::one::{Origin, read};
use super::code::binary_path;
use super::invocation::Invocation;
use super::symbolize::{Binaries, symbolized};
use super::talk::Talk;
use crate::failure::{Failure, describe};

/// Most sources that are waited for at a time, as in pprof.
const MOST_AT_ONCE: usize = 128;

/// Gets the profile that was asked for.
///
/// Sources that fail are told and left out, as long as one succeeds.
///
/// # Errors
///
/// When there is no source or no base left, or they do not go together.
pub(crate) fn load(invocation: &Invocation, talk: &dyn Talk) -> anyhow::Result<Profile> {
    let binaries = Binaries::new(binary_path(), invocation.options.compat);
    let (sources, bases) = (&invocation.sources, &invocation.base);
    let all: Vec<&str> = sources.iter().chain(bases).map(String::as_str).collect();
    let mut read = read_all(&all, invocation, &binaries, talk).into_iter();
    let mut of_sources = Group::gather(read.by_ref().take(sources.len()), sources, talk);
    let mut of_bases = Group::gather(read, bases, talk);
    let defects = if invocation.options.compat {
        Defects::AsPprof
    } else {
        Defects::Corrected
    };
    let profile = of_sources
        .merged(defects)
        .map_err(|error| combining("problem fetching source profiles: ", &error, defects))?;
    let base = of_bases
        .merged(defects)
        .map_err(|error| combining("problem fetching base profiles: ", &error, defects))?;
    let Some(mut profile) = profile else {
        return Err(Failure::new("failed to fetch any source profiles").into());
    };
    if base.is_none() && !bases.is_empty() {
        return Err(Failure::new("failed to fetch any base profiles").into());
    }
    of_sources.tell_missing("source", talk);
    of_bases.tell_missing("base", talk);
    if let Some(base) = base {
        let (mode, normalize) = (invocation.base_mode, invocation.normalize);
        profile = subtract_with(&profile, &base, mode, normalize, defects)
            .map_err(|error| combining("", &error, defects))?;
    }
    if invocation.all_frames {
        profile = with_all_frames(profile);
    }
    let mut servers = std::mem::take(&mut of_sources.servers);
    servers.append(std::mem::take(&mut of_bases.servers));
    profile = symbolized(profile, &servers, &binaries, invocation, talk)?;
    profile = without_uninteresting(profile)?;
    if !invocation.comment.is_empty() {
        profile = with_comment(profile, &invocation.comment)?;
    }
    if !servers.is_empty() {
        keep::save(&profile, talk);
    }
    Ok(profile)
}

/// Says why profiles do not go together, in pprof's words if that is to be matched.
fn combining(doing: &str, error: &fathom_profile::Error, defects: Defects) -> Failure {
    match error {
        fathom_profile::Error::Incompatible { check, .. } if defects == Defects::AsPprof => {
            Failure::new(format!("{doing}{check}"))
        }
        _ => Failure::new(format!("{doing}{error}")),
    }
}

/// Drops the frames that the profile itself wants dropped; where its expressions mean
/// nothing, all stay, as in pprof.
pub(crate) fn without_uninteresting(profile: Profile) -> anyhow::Result<Profile> {
    let anchored = |expression: &str| compile("drop_frames", &format!("^({expression})$"));
    let is_sound = [profile.drop_frames(), profile.keep_frames()]
        .iter()
        .all(|expression| anchored(expression).is_ok());
    if profile.drop_frames().is_empty() || !is_sound {
        return Ok(profile);
    }
    let pruned = remove_uninteresting(profile, |expression| {
        compile("drop_frames", expression).map(|regex| move |name: &str| regex.is_match(name))
    })?;
    Ok(pruned)
}

/// A profile with the servers that know its addresses.
type Outcome = anyhow::Result<(Profile, Servers)>;

/// Reads all sources side by side; the outcomes are in their order.
fn read_all(
    sources: &[&str],
    invocation: &Invocation,
    binaries: &Binaries,
    talk: &dyn Talk,
) -> Vec<Outcome> {
    side_by_side(sources, &|source| one(source, invocation, binaries, talk))
}

/// Does something with each source, several at a time; the outcomes are in their order.
pub(crate) fn side_by_side<T: Send>(sources: &[&str], work: &(dyn Fn(&str) -> T + Sync)) -> Vec<T> {
    let outcomes: Vec<Mutex<Option<T>>> = sources.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let go_on = || {
        while let Some((source, slot)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            sources.get(index).zip(outcomes.get(index))
        } {
            let outcome = work(source);
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(outcome);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers(sources) {
            scope.spawn(go_on);
        }
        go_on();
    });
    let outcomes = outcomes
        .into_iter()
        .filter_map(|slot| slot.into_inner().ok());
    outcomes.flatten().collect()
}

/// Waiting for servers costs no processor; reading files does nothing else.
fn workers(sources: &[&str]) -> usize {
    let waits = sources
        .iter()
        .any(|source| !std::path::Path::new(source).exists());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let most = if waits { MOST_AT_ONCE } else { processors };
    sources.len().min(most)
}

fn one(source: &str, invocation: &Invocation, binaries: &Binaries, talk: &dyn Talk) -> Outcome {
    let (profile, origin) = read(source, invocation, talk)?;
    let profile = binaries.located(profile, talk)?;
    let binary = invocation.binary.as_deref().unwrap_or_default();
    let profile = with_main_binary(with_some_mapping(profile), binary, &invocation.build_id)?;
    Ok(match origin {
        Origin::Local => (profile, Servers::default()),
        Origin::Server(url) => Servers::collect(profile, &url)?,
    })
}

/// What came of the sources, or of the bases.
struct Group {
    profiles: Vec<Profile>,
    wanted: usize,
    got: usize,
    servers: Servers,
}

impl Group {
    /// Tells what failed and keeps the rest.
    fn gather(
        outcomes: impl Iterator<Item = Outcome>,
        sources: &[String],
        talk: &dyn Talk,
    ) -> Self {
        let mut group = Self {
            profiles: Vec::new(),
            wanted: sources.len(),
            got: 0,
            servers: Servers::default(),
        };
        for (outcome, source) in outcomes.zip(sources) {
            match outcome {
                Ok((profile, servers)) => {
                    group.servers.append(servers);
                    group.profiles.push(profile);
                }
                Err(error) => {
                    let source = fathom_evidence::redact::url(source);
                    let told = describe(&error);
                    let told = told.strip_prefix("error: ").unwrap_or(&told);
                    talk.error(&format!("{source}: {told}"));
                }
            }
        }
        group.got = group.profiles.len();
        group
    }

    fn merged(&mut self, defects: Defects) -> Result<Option<Profile>, fathom_profile::Error> {
        let profiles = std::mem::take(&mut self.profiles);
        match profiles.as_slice() {
            [] => Ok(None),
            [_] => Ok(profiles.into_iter().next()),
            several => merge_with(&several.iter().collect::<Vec<_>>(), defects).map(Some),
        }
    }

    fn tell_missing(&self, what: &str, talk: &dyn Talk) {
        if self.got != self.wanted {
            talk.error(&format!(
                "Fetched {} {what} profiles out of {}",
                self.got, self.wanted
            ));
        }
    }
}
