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

use self::one::{Origin, read};
use super::invocation::Invocation;
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
    for line in symbolize_warnings(&invocation.symbolize) {
        talk.error(&line);
    }
    let (sources, bases) = (&invocation.sources, &invocation.base);
    let all: Vec<&str> = sources.iter().chain(bases).map(String::as_str).collect();
    let mut read = read_all(&all, invocation, talk).into_iter();
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
    profile = without_uninteresting(profile)?;
    if !invocation.comment.is_empty() {
        profile = with_comment(profile, &invocation.comment)?;
    }
    if of_sources.was_fetched || of_bases.was_fetched {
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
fn without_uninteresting(profile: Profile) -> anyhow::Result<Profile> {
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

type Outcome = anyhow::Result<(Profile, Origin)>;

/// Reads all sources side by side; the outcomes are in their order.
fn read_all(sources: &[&str], invocation: &Invocation, talk: &dyn Talk) -> Vec<Outcome> {
    let outcomes: Vec<Mutex<Option<Outcome>>> = sources.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((source, slot)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            sources.get(index).zip(outcomes.get(index))
        } {
            let outcome = one(source, invocation, talk);
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(outcome);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers(sources) {
            scope.spawn(work);
        }
        work();
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

fn one(source: &str, invocation: &Invocation, talk: &dyn Talk) -> Outcome {
    let (profile, origin) = read(source, invocation, talk)?;
    let binary = invocation.binary.as_deref().unwrap_or_default();
    let profile = with_main_binary(with_some_mapping(profile), binary, &invocation.build_id)?;
    Ok((profile, origin))
}

/// What came of the sources, or of the bases.
struct Group {
    profiles: Vec<Profile>,
    wanted: usize,
    got: usize,
    was_fetched: bool,
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
            was_fetched: false,
        };
        for (outcome, source) in outcomes.zip(sources) {
            match outcome {
                Ok((profile, origin)) => {
                    group.was_fetched |= origin == Origin::Server;
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

/// Tells parts of `-symbolize` that mean nothing, in pprof's words
/// (`internal/symbolizer/symbolizer.go`).
fn symbolize_warnings(mode: &str) -> Vec<String> {
    let lower = mode.to_lowercase();
    let mut warnings = Vec::new();
    for part in lower.split(':') {
        let is_known = match part.strip_prefix("demangle=").unwrap_or(part) {
            "full" | "none" | "templates" | "default" => true,
            plain => {
                plain == part
                    && matches!(part, "" | "no" | "local" | "fastlocal" | "remote" | "force")
            }
        };
        if matches!(part, "none" | "no") {
            break;
        }
        if !is_known {
            warnings.push(format!(
                "ignoring unrecognized symbolization option: {mode}"
            ));
            warnings.push("expecting -symbolize=[local|fastlocal|remote|none][:force][:demangle=[none|full|templates|default]".to_owned());
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbolize_is_checked_as_pprof_checks_it() {
        for fine in [
            "",
            "none",
            "local:force",
            "demangle=full",
            "no:x",
            "Remote",
            "templates",
        ] {
            assert!(symbolize_warnings(fine).is_empty(), "{fine}");
        }
        assert_eq!(symbolize_warnings("quick").len(), 2);
        assert_eq!(symbolize_warnings("a:b:demangle=c").len(), 6);
        assert_eq!(symbolize_warnings("x:none:y").len(), 2);
    }
}
