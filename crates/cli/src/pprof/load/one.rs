//! One source: a file, standard input, a server, a bundle, a process.

use std::io::{self, Read as _};
use std::path::Path;

use fathom_gather::{Options, Tls, fetch};
use fathom_profile::{Limits, ParseOptions, Profile};

use super::super::address::{go_seconds, target};
use super::super::invocation::Invocation;
use super::super::numbered::go_reason;
use super::super::talk::Talk;
use crate::args::ProfileName;
use crate::failure::Failure;
use crate::output::{Output, OutputArgs};
use crate::profiles::wanted;
use crate::sources;

/// How a recording of Linux `perf` begins.
const PERF_MAGIC: &[u8] = b"PERFILE2";
/// How a zip file, and so a bundle, begins.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// The largest answer of a server that is read.
const MAX_BYTES: u64 = 4 << 30;

/// Where a profile came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is at hand.
    Local,
    /// It was made for this request, by the server at this URL, and is gone unless it is
    /// saved.
    Server(String),
}

/// Reads a source: what exists as a file is one, everything else may be an address.
pub(super) fn read(
    source: &str,
    invocation: &Invocation,
    talk: &dyn Talk,
) -> anyhow::Result<(Profile, Origin)> {
    let compat = invocation.options.compat;
    if source == "-" && !compat && !Path::new(source).exists() {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok((parsed(bytes, compat)?, Origin::Local));
    }
    match std::fs::metadata(source) {
        Ok(metadata) if metadata.is_dir() && !compat => evidence(source, invocation),
        Ok(_) => file(source, invocation),
        Err(error) => elsewhere(source, invocation, talk, &error),
    }
}

fn file(source: &str, invocation: &Invocation) -> anyhow::Result<(Profile, Origin)> {
    // Read once, from the beginning to the end: a pipe has no second time.
    let bytes = std::fs::read(source)
        .map_err(|error| Failure::new(format!("open {source}: {}", go_reason(&error))))?;
    if bytes.starts_with(PERF_MAGIC) {
        let failure = Failure::new("this is a recording of perf, not a profile");
        let hint = format!("convert it first: perf_to_profile -i {source} -o profile.pb.gz");
        return Err(failure.hint(hint).into());
    }
    if bytes.starts_with(ZIP_MAGIC) && !invocation.options.compat {
        return evidence(source, invocation);
    }
    Ok((parsed(bytes, invocation.options.compat)?, Origin::Local))
}

/// Takes what is no file from a server, or from a process of this machine.
fn elsewhere(
    source: &str,
    invocation: &Invocation,
    talk: &dyn Talk,
    absent: &io::Error,
) -> anyhow::Result<(Profile, Origin)> {
    let connection = &invocation.connection;
    let compat = invocation.options.compat;
    let is_number = !source.is_empty() && source.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && !compat {
        return evidence(source, invocation);
    }
    let asked = |address: &str| {
        target(
            address,
            connection.seconds,
            connection.timeout,
            &invocation.profile,
        )
    };
    let socket = source.strip_prefix("unix:").filter(|_| !compat);
    let target = match socket {
        // The rules for paths and queries are those of any server.
        Some(rest) => {
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            let (socket, path) = rest.split_once(":/").unwrap_or((rest, ""));
            asked(&format!("http://localhost/{path}")).map(|mut target| {
                let path = target.url.trim_start_matches("http://localhost");
                target.url = format!("unix:{socket}:{path}");
                target
            })
        }
        None => asked(source),
    };
    let Some(target) = target else {
        let reason = go_reason(absent);
        return Err(Failure::new(format!("stat {source}: {reason}")).into());
    };
    let shown = fathom_evidence::redact::url(&target.url);
    talk.say(&format!("Fetching profile over HTTP from {shown}"));
    if let Some(seconds) = connection.seconds {
        talk.say(&format!("Please wait... ({})", go_seconds(seconds)));
    }
    let bytes = fetch(&target.url, &options(invocation), target.timeout).map_err(|error| {
        match (&error, compat) {
            // pprof's words end here.
            (fathom_gather::Error::Fetch { why, .. }, true) => Failure::new(why.clone()).into(),
            _ => anyhow::Error::from(error),
        }
    })?;
    Ok((parsed(bytes, compat)?, Origin::Server(target.url)))
}

/// How servers are asked.
pub(crate) fn options(invocation: &Invocation) -> Options {
    let connection = &invocation.connection;
    Options {
        connect_timeout: std::time::Duration::from_secs(30),
        headers: connection.headers.clone(),
        basic: connection.user.clone(),
        bearer: connection.bearer.clone(),
        max_bytes: MAX_BYTES,
        tls: Tls {
            ca: connection.tls_ca.clone(),
            cert: connection.tls_cert.clone(),
            key: connection.tls_key.clone(),
            insecure: false,
        },
        ..Options::default()
    }
}

/// Takes the profile out of a bundle, a folder or a process: the heap unless told
/// otherwise.
fn evidence(source: &str, invocation: &Invocation) -> anyhow::Result<(Profile, Origin)> {
    let name = match invocation.profile.as_str() {
        "" => None,
        name => {
            let parsed = <ProfileName as clap::ValueEnum>::from_str(name, true);
            let known = <ProfileName as clap::ValueEnum>::value_variants();
            let known: Vec<String> = known
                .iter()
                .filter_map(clap::ValueEnum::to_possible_value)
                .map(|value| value.get_name().to_owned())
                .collect();
            Some(parsed.map_err(|_| {
                let failure = Failure::new(format!("-profile: there is no {name:?}"));
                failure.hint(format!("one of {}", known.join(", ")))
            })?)
        }
    };
    let output = Output::resolve(&OutputArgs::default(), false);
    let artefact = sources::one(source, &wanted(name), &options(invocation), &output)?;
    Ok((parsed(artefact.bytes, false)?, Origin::Local))
}

fn parsed(bytes: Vec<u8>, compat: bool) -> anyhow::Result<Profile> {
    use fathom_profile::Error;
    let choices = if compat {
        ParseOptions::as_pprof()
    } else {
        ParseOptions::default()
    };
    Profile::parse_owned_as(bytes, &Limits::default(), choices).map_err(|error| {
        let reason = match &error {
            Error::Unrecognized { .. } if compat => "unrecognized profile format".to_owned(),
            Error::Concatenated { .. } if compat => "concatenated profiles detected".to_owned(),
            Error::Empty => "empty input file".to_owned(),
            Error::Inconsistent { check, .. } if compat => {
                return Failure::new(format!("malformed profile: {check}")).into();
            }
            _ => error.to_string(),
        };
        Failure::new(format!("parsing profile: {reason}")).into()
    })
}
