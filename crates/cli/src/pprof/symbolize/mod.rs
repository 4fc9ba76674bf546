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
use crate::failure::Failure;

pub(crate) use self::binaries::Binaries;

/// Most addresses that a server is asked for at once.
const MOST_ADDRESSES: usize = 10_000;

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
    let queries = match queries(&profile, servers, force, MOST_ADDRESSES, symbol_url) {
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
        let mut bodies = Vec::new();
        for body in &query.bodies {
            match post(query, body, invocation) {
                Ok(answer) => bodies.push(answer),
                Err(error) if defects == Defects::AsPprof => return Err(error),
                Err(error) => {
                    talk.error(&format!("Remote symbolization failed: {error}"));
                    // The next one would fail as this one.
                    break;
                }
            }
        }
        if bodies.len() == query.bodies.len() || !bodies.is_empty() {
            query.assign(&mut naming, &bodies, defects)?;
        }
    }
    Ok(naming.finish()?)
}

fn post(query: &Query, body: &str, invocation: &Invocation) -> anyhow::Result<Vec<u8>> {
    let timeout = invocation.connection.timeout.unwrap_or(60);
    let answer = fathom_gather::post(
        &query.url,
        body.as_bytes(),
        &options(invocation),
        Duration::from_secs(timeout),
    );
    answer.map_err(|error| {
        let shown = fathom_evidence::redact::url(&query.url);
        let hint = error.hint().map(str::to_owned);
        let failure = Failure::new(format!("http post {shown}: {error}"));
        match hint {
            Some(hint) => failure.hint(hint).into(),
            None => failure.into(),
        }
    })
}
