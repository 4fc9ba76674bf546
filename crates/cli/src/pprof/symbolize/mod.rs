//! Names for addresses, from binaries of this machine and from the servers that profiles
//! came from (google/pprof `internal/symbolizer/symbolizer.go`). What is decided is in
//! `fathom-report`; here are the files and the network.

mod binaries;
mod debug_files;
mod local;

use std::time::Duration;

use fathom_profile::naming::Naming;
use fathom_profile::{Defects, Limits, Profile};
use fathom_report::symbolize::{Local, Mode, Query, Servers, queries, with_demangled_names};

use self::debug_files::Debuginfod;
use self::local::Reader;
use super::address::symbol_url;
use super::invocation::Invocation;
use super::load::options;
use super::talk::Talk;
use crate::failure::{Failure, describe};

pub(crate) use self::binaries::{Binaries, candidates};

/// Most addresses that a server is asked for at once.
const MOST_ADDRESSES: usize = 10_000;
/// Most addresses in the query of a URL, of which proxies allow some kilobytes.
const MOST_IN_QUERY: usize = 200;

/// Returns the profile with the names that `-symbolize` asks for, and without what stood
/// for the servers in it.
///
/// # Errors
///
/// When the profile grows past its limits; with `-compat` also when a server does not
/// answer.
pub(crate) fn symbolized(
    profile: Profile,
    servers: &Servers,
    binaries: &Binaries,
    invocation: &Invocation,
    talk: &dyn Talk,
) -> anyhow::Result<Profile> {
    let defects = if invocation.options.compat {
        Defects::AsPprof
    } else {
        Defects::Corrected
    };
    let parsed = Mode::parse(&invocation.symbolize);
    for warning in &parsed.warnings {
        talk.error(warning);
    }
    let mut profile = profile;
    if let Some(mode) = parsed.mode {
        if mode.local != Local::No {
            let reader = Reader {
                binaries,
                debuginfod: &debuginfod(invocation, talk),
                mode,
                defects,
                talk,
            };
            profile = reader.named(profile)?;
        }
        if mode.remote {
            profile = asked(profile, servers, mode, defects, invocation, talk)?;
        }
        let limits = Limits::default();
        let again = mode.demangle_again || mode.force;
        profile = with_demangled_names(profile, mode.demangle, again, &limits, defects)?;
    }
    Ok(Servers::without_urls(profile, defects)?)
}

/// Returns the profile with the names that binaries of this machine know, and nothing else
/// asked.
///
/// # Errors
///
/// When the profile grows past its limits.
pub(crate) fn symbolized_here(
    profile: Profile,
    binaries: &Binaries,
    defects: Defects,
    talk: &dyn Talk,
) -> anyhow::Result<Profile> {
    let mode = Mode::default();
    let reader = Reader {
        binaries,
        debuginfod: &Debuginfod::default(),
        mode,
        defects,
        talk,
    };
    let profile = reader.named(profile)?;
    let limits = Limits::default();
    Ok(with_demangled_names(
        profile,
        mode.demangle,
        false,
        &limits,
        defects,
    )?)
}

fn debuginfod(invocation: &Invocation, talk: &dyn Talk) -> Debuginfod {
    if !invocation.debuginfod {
        return Debuginfod::default();
    }
    let urls = std::env::var("DEBUGINFOD_URLS").unwrap_or_default();
    if urls.trim().is_empty() {
        talk.error("-debuginfod: DEBUGINFOD_URLS names no server");
    }
    Debuginfod::new(&urls)
}

/// Asks the servers for what is still unnamed.
fn asked(
    profile: Profile,
    servers: &Servers,
    mode: Mode,
    defects: Defects,
    invocation: &Invocation,
    talk: &dyn Talk,
) -> anyhow::Result<Profile> {
    if servers.is_empty() {
        return Ok(profile);
    }
    let force = match defects {
        Defects::AsPprof => mode.force || mode.demangle_again,
        Defects::Corrected => mode.force,
    };
    let queries = match queries(&profile, servers, force, symbol_url) {
        Ok(queries) => queries,
        Err(error) if defects == Defects::AsPprof => return Err(error.into()),
        Err(error) => {
            talk.error(&format!("Remote symbolization failed: {error}"));
            return Ok(profile);
        }
    };
    if queries.is_empty() {
        return Ok(profile);
    }
    let mut naming = Naming::new(profile, &Limits::default());
    for query in &queries {
        let conversation = Conversation {
            query,
            invocation,
            defects,
        };
        let mut bodies = Vec::new();
        match conversation.answers(&mut bodies) {
            Ok(()) => {}
            Err(error) if defects == Defects::AsPprof => return Err(error),
            Err(error) => {
                let told = describe(&error);
                let told = told.strip_prefix("error: ").unwrap_or(&told);
                talk.error(&format!("Remote symbolization failed: {told}"));
            }
        }
        if !bodies.is_empty() {
            query.assign(&mut naming, &bodies, defects)?;
        } else if query.bodies(1).len() == 0 && defects == Defects::AsPprof {
            // The tool takes a mapping without questions for one with answers.
            query.assign(&mut naming, &[], defects)?;
        }
    }
    Ok(naming.finish()?)
}

/// One server and what it is asked.
struct Conversation<'a> {
    query: &'a Query,
    invocation: &'a Invocation,
    defects: Defects,
}

impl Conversation<'_> {
    /// Takes all answers, or those until one fails.
    ///
    /// What `init` of net/http/pprof registers refuses a POST, at least in Go 1.27: its
    /// patterns begin with `GET`. Such servers are asked in the query, which the tool does
    /// not do.
    fn answers(&self, answers: &mut Vec<Vec<u8>>) -> anyhow::Result<()> {
        let most = match self.defects {
            // All at once.
            Defects::AsPprof => usize::MAX,
            Defects::Corrected => MOST_ADDRESSES,
        };
        for body in self.query.bodies(most) {
            match self.post(&body) {
                Ok(answer) => answers.push(answer),
                Err(fathom_gather::Error::Fetch {
                    status: Some(405), ..
                }) if self.defects == Defects::Corrected => {
                    answers.clear();
                    return self.answers_to_queries(answers);
                }
                Err(error) => return Err(self.failed("post", &error)),
            }
        }
        Ok(())
    }

    fn answers_to_queries(&self, answers: &mut Vec<Vec<u8>>) -> anyhow::Result<()> {
        for body in self.query.bodies(MOST_IN_QUERY) {
            let url = format!("{}?{body}", self.query.url);
            let answer = fathom_gather::fetch(&url, &options(self.invocation), self.timeout());
            answers.push(answer.map_err(|error| self.failed("get", &error))?);
        }
        Ok(())
    }

    fn post(&self, body: &str) -> Result<Vec<u8>, fathom_gather::Error> {
        let options = options(self.invocation);
        fathom_gather::post(&self.query.url, body.as_bytes(), &options, self.timeout())
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.invocation.connection.timeout.unwrap_or(60))
    }

    fn failed(&self, method: &str, error: &fathom_gather::Error) -> anyhow::Error {
        let shown = fathom_evidence::redact::url(&self.query.url);
        let failure = Failure::new(format!("http {method} {shown}: {error}"));
        match error.hint() {
            Some(hint) => failure.hint(hint).into(),
            None => failure.into(),
        }
    }
}
