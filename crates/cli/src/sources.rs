//! Sources and how to reach them: shared options, resolved for `gather`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use fathom_evidence::{Artefact, Capture, Kind};
use fathom_gather::{Options, Probe, Source, Tls};

use crate::failure::Failure;
use crate::output::Output;

/// How to reach an address.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// Longest time for one answer, as 500ms, 5s or 2m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s")]
    timeout: Duration,
    /// Send a header, as 'Name: value'; may be repeated
    #[arg(long, value_name = "HEADER", value_parser = header)]
    header: Vec<(String, String)>,
    /// User and password of basic authentication; better in the environment than on the command line
    #[arg(long, value_name = "USER:PASSWORD", env = "FATHOM_USER", hide_env_values = true, value_parser = user)]
    user: Option<(String, String)>,
    /// Token of bearer authentication
    #[arg(
        long,
        value_name = "TOKEN",
        env = "FATHOM_BEARER",
        hide_env_values = true,
        conflicts_with = "user"
    )]
    bearer: Option<String>,
    /// Trust these authorities (PEM) instead of the system's
    #[arg(long, value_name = "FILE", visible_alias = "cacert")]
    ca: Option<PathBuf>,
    /// Present this certificate (PEM)
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The key of --cert (PEM), if it is in a file of its own
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Accept any certificate
    #[arg(long)]
    insecure: bool,
    /// Ask no port that was not named for its pprof index
    #[arg(long)]
    no_probe: bool,
    /// The largest answer or file that is read, as 512MB or 2GB
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "512MB")]
    max_bytes: u64,
}

impl ConnectionArgs {
    /// Resolves what was typed.
    pub(crate) fn options(&self) -> Options {
        Options {
            timeout: self.timeout,
            connect_timeout: self.timeout.min(Options::default().connect_timeout),
            probe: if self.no_probe {
                Probe::Forbidden
            } else {
                Probe::Allowed
            },
            headers: self.header.clone(),
            basic: self.user.clone(),
            bearer: self.bearer.clone(),
            max_bytes: self.max_bytes,
            tls: Tls {
                ca: self.ca.clone(),
                cert: self.cert.clone(),
                key: self.key.clone(),
                insecure: self.insecure,
            },
            ..Options::default()
        }
    }
}

/// What to take beyond what disturbs nobody.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is taken")]
pub(crate) struct TakeArgs {
    /// Force a garbage collection, and take what it leaves; Go 1.27: leaked goroutines too
    #[arg(long)]
    gc: bool,
    /// Take all goroutine stacks (debug=2); the program stops while they are printed
    #[arg(long)]
    dump: bool,
    /// Take a CPU profile of so many seconds, and see what they add to the mutex and block profiles
    #[arg(long, value_name = "SECONDS")]
    profile_seconds: Option<u32>,
    /// Take an execution trace of so many seconds
    #[arg(long, value_name = "SECONDS")]
    trace_seconds: Option<u32>,
}

impl TakeArgs {
    /// Adds to the options what was asked for.
    pub(crate) fn apply(&self, options: &mut Options) {
        options.gc = self.gc;
        options.goroutine_dump = self.dump;
        options.profile_seconds = self.profile_seconds;
        options.trace_seconds = self.trace_seconds;
    }
}

/// Gathers one capture from what the user named.
///
/// # Errors
///
/// An argument that is no source, or nothing to be had from any.
pub(crate) fn gather(
    arguments: &[String],
    options: &Options,
    output: &Output,
) -> anyhow::Result<Capture> {
    let sources: Vec<Source> = arguments
        .iter()
        .map(|argument| Source::parse(argument))
        .collect::<Result<_, _>>()?;
    let capture = fathom_gather::capture(&sources, options, &mut |event| output.gathering(&event))?;
    Ok(capture)
}

/// Whether an artefact is the text form of a profile that its capture holds as well.
pub(crate) fn is_text_form(artefact: &Artefact) -> bool {
    artefact.name.contains(".debug1.")
}

/// Which artefact of a source a command reads.
pub(crate) struct Wanted<'a> {
    /// What to ask a live process for: `goroutine?debug=2`.
    pub(crate) query: &'a str,
    /// The kinds that will do, the best first.
    pub(crate) kinds: &'a [Kind],
    /// Whether any other profile will do as well.
    pub(crate) any_profile: bool,
    /// What the user calls it.
    pub(crate) noun: &'a str,
}

/// Gets one artefact: from a process or address it alone is asked for, out of
/// files it is chosen.
///
/// # Errors
///
/// An argument that is no source, or a source without such an artefact.
pub(crate) fn one(
    argument: &str,
    wanted: &Wanted<'_>,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Artefact> {
    let source = Source::parse(argument)?;
    // Of a process it is known what was asked for.
    let tells_choice = !matches!(source, Source::Pid(_) | Source::Address(_));
    let mut progress = |event: fathom_gather::Event<'_>| output.gathering(&event);
    let capture = match &source {
        Source::Address(address) if address.profile().is_some() => {
            fathom_gather::profile(address, options, &mut progress)?
        }
        Source::Address(_) | Source::Pid(_) => {
            if let Some(Source::Address(address)) = asked_for(argument, &source, wanted.query) {
                fathom_gather::profile(&address, options, &mut progress)?
            } else {
                let mut asking = options.clone();
                asking.profiles = vec![wanted.query.to_owned()];
                fathom_gather::capture(&[source], &asking, &mut progress)?
            }
        }
        _ => fathom_gather::capture(&[source], options, &mut progress)?,
    };
    let (artefact, others) = choose(capture, argument, wanted)?;
    if tells_choice && others > 0 {
        tell_choice(argument, &artefact, output);
    }
    Ok(artefact)
}

/// Chooses the artefact out of a bundle in memory.
///
/// # Errors
///
/// When it is no bundle, or has no such artefact.
pub(crate) fn of_bundle(
    bytes: &[u8],
    argument: &str,
    wanted: &Wanted<'_>,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Artefact> {
    let capture = Capture::read_bundle(bytes, argument, &options.bundle_limits)?;
    let (artefact, others) = choose(capture, argument, wanted)?;
    if others > 0 {
        tell_choice(argument, &artefact, output);
    }
    Ok(artefact)
}

fn tell_choice(argument: &str, artefact: &Artefact, output: &Output) {
    output.note(&format!(
        "{}: reading {} ({})",
        fathom_evidence::redact::url(argument),
        artefact.name,
        artefact.kind.name()
    ));
}

/// Names one profile of an address. Credentials inside it and sockets cannot be
/// named so.
fn asked_for(argument: &str, source: &Source, query: &str) -> Option<Source> {
    let Source::Address(address) = source else {
        return None;
    };
    let base = address.base_url();
    let plain = base.starts_with("http") && !argument.contains('@');
    plain
        .then(|| Source::parse(&format!("{base}{query}")).ok())
        .flatten()
}

/// Chooses the artefact that fits best, and counts the others that would do.
fn choose(
    mut capture: Capture,
    argument: &str,
    wanted: &Wanted<'_>,
) -> anyhow::Result<(Artefact, usize)> {
    let named = fathom_evidence::redact::url(argument);
    let fits = |artefact: &Artefact| {
        let rank = wanted.kinds.iter().position(|kind| *kind == artefact.kind);
        let other = wanted.any_profile && artefact.kind.is_profile();
        rank.or_else(|| other.then_some(wanted.kinds.len()))
    };
    let ranked = capture.artefacts.iter().enumerate();
    let ranked = ranked.filter_map(|(index, artefact)| Some((fits(artefact)?, index)));
    let Some((_, best)) = ranked.min() else {
        let reason = capture.missing.first();
        let why = reason.map_or_else(String::new, |missing| format!(": {}", missing.why));
        let held: Vec<&str> = capture
            .artefacts
            .iter()
            .map(|artefact| artefact.kind.name())
            .collect();
        let failure = Failure::new(format!("{named}: no {} in it{why}", wanted.noun));
        let hint = reason.and_then(|missing| missing.hint.clone());
        let holds = || (!held.is_empty()).then(|| format!("it holds: {}", held.join(", ")));
        return Err(match hint.or_else(holds) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
        .into());
    };
    let others = capture
        .artefacts
        .iter()
        .filter(|artefact| fits(artefact).is_some())
        .count()
        .saturating_sub(1);
    Ok((capture.artefacts.swap_remove(best), others))
}

/// Reads a length of time above zero.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.find(|character: char| character.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let scale = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err("give it as 500ms, 5s or 2m".to_owned()),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| "give it as 500ms, 5s or 2m".to_owned())?;
    match Duration::try_from_secs_f64(number * scale) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("it must be above zero".to_owned()),
    }
}

/// Reads a size as fathom prints it: binary units.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    const WRONG: &str = "give it in bytes, or as 512kB, 64MB or 2GB";
    let unit_at = text.find(|character: char| !character.is_ascii_digit());
    let (number, unit) = text.split_at(unit_at.unwrap_or(text.len()));
    let scale: u32 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(WRONG.to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| WRONG.to_owned())?;
    match number.checked_mul(u64::from(scale)) {
        Some(bytes) if bytes > 0 => Ok(bytes),
        _ => Err("it must be above zero and below 16 EB".to_owned()),
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("give it as 'Name: value'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn user(text: &str) -> Result<(String, String), String> {
    let (user, password) = text.split_once(':').ok_or("give it as USER:PASSWORD")?;
    Ok((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        for wrong in ["", "0", "-1s", "5h", "s", "nan", "1e400"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("64kB"), Ok(64 << 10));
        assert_eq!(size("512 MB"), Ok(Options::default().max_bytes));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        for wrong in ["", "0", "-1", "MB", "1.5GB", "1TB", "99999999999GB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_asked_for_one_profile() {
        let name = |argument: &str| {
            let source = Source::parse(argument).unwrap();
            asked_for(argument, &source, "goroutine?debug=2")
        };
        let Some(Source::Address(address)) = name("localhost:1") else {
            panic!("no address");
        };
        assert_eq!(address.profile(), Some("goroutine?debug=2"));
        assert_eq!(name("http://me:secret@localhost:1"), None);
    }
}
