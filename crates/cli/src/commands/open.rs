//! `fathom open`: the answer as a page.

use std::net::SocketAddr;

use fathom_evidence::{Artefact, Capture, Kind};
use fathom_explain::{Explained, difference, explain, explain_with, population};
use fathom_gather::Source;
use fathom_goruntime::goroutine::{Order, Population, compare};
use fathom_profile::{Limits, ParseOptions, Profile};
use fathom_report::options::Options;
use fathom_server::{Goroutines, NamedProfile, Saving, SourceText, Subject};
use jiff::Timestamp;

use crate::args::OpenArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::place;
use crate::pprof::code::is_binary;
use crate::pprof::compat_by_environment;
use crate::profiles::prepared;
use crate::serving::{Browser, Serving, around, serve};
use crate::sources::{gather, is_text_form};

/// Profiles in the order in which a page offers them; others follow.
const ORDER: &[Kind] = &[
    Kind::Heap,
    Kind::HeapAfterGc,
    Kind::Cpu,
    Kind::Allocs,
    Kind::Goroutine,
    Kind::GoroutineLeak,
    Kind::Mutex,
    Kind::Block,
    Kind::ThreadCreate,
];

/// What limits are counted in.
const MEGABYTE: usize = 1 << 20;

pub(crate) fn run(args: &OpenArgs, output: &Output) -> anyhow::Result<Exit> {
    // What is no source is told before anything is opened.
    for source in args.sources.iter().chain(&args.base) {
        Source::parse(source)?;
    }
    let options = Options {
        source_path: args.source_path.clone().unwrap_or_default(),
        trim_path: args.trim_path.clone().unwrap_or_default(),
        compat: compat_by_environment(),
        ..Options::default()
    };
    if let Some(path) = &args.output {
        return save(args, options, path, output);
    }
    let serving = Serving {
        address: SocketAddr::new(args.listen, args.port),
        token: args.token.clone(),
        password: args.password.clone(),
        browser: if args.no_browser {
            Browser::None
        } else {
            Browser::Open
        },
        view: args
            .view
            .as_deref()
            .map_or_else(String::new, |view| view.trim_start_matches('/').to_owned()),
        options: options.clone(),
        most_dropped_bytes: args.drop_limit.saturating_mul(MEGABYTE),
    };
    let greet = |url: &str| output.data(&format!("{url}\n"));
    let load = || load(args, &options, output);
    serve(serving, load, &greet, output)?;
    Ok(Exit::Fine)
}

/// Writes the view as one page that needs no server.
fn save(args: &OpenArgs, options: Options, path: &str, output: &Output) -> anyhow::Result<Exit> {
    let subject = load(args, &options, output)?;
    let saving = Saving {
        view: args.view.as_deref().unwrap_or_default(),
        source: if args.no_source {
            SourceText::LeftOut
        } else {
            SourceText::Kept
        },
        at: Timestamp::now(),
    };
    let page = fathom_server::save(subject, &around(options), &saving).map_err(|problem| {
        let failure = Failure::new(problem.detail);
        problem.hint.into_iter().fold(failure, Failure::hint)
    })?;
    place::put(&page, path, output)?;
    if path != "-" {
        output.note(&format!("the page is in {path}"));
    }
    Ok(Exit::Fine)
}

/// What the user named, read.
struct Taken {
    title: String,
    capture: Capture,
    binary: String,
    /// Whether profiles of one kind are parts of one.
    is_merged: bool,
}

fn load(args: &OpenArgs, options: &Options, output: &Output) -> anyhow::Result<Subject> {
    let (base, new) = taken(args, output)?;
    let Read {
        explained,
        mut profiles,
    } = read(&new, options, output)?;
    let mut notes = Vec::new();
    let mut explained_base = None;
    if let Some(base) = &base {
        let mut earlier = read(base, options, output)?;
        for (name, (_, _, profile)) in &mut profiles {
            let same = |(known, _): &Named| known == name;
            let found = earlier.profiles.iter().position(same);
            *profile = found.map(|place| earlier.profiles.swap_remove(place).1.1);
            if profile.is_none() {
                notes.push(format!("{}: no {name} profile in it", base.title));
            }
        }
        explained_base = Some(earlier.explained);
    }
    let is_worth_telling = |explained: &Explained| {
        let explanation = &explained.explanation;
        !explanation.ledger.is_empty() || !explanation.findings.is_empty()
    };
    let goroutines = goroutines(base.as_ref(), &new, &mut notes);
    let memory_map = explained.situation.memory_map();
    let has_process = goroutines.is_some() || memory_map.is_some();
    if profiles.is_empty() && !has_process && !is_worth_telling(&explained) {
        let failure = Failure::new(format!("{}: there is nothing to show in it", new.title));
        let hint = "fathom explain on the same source tells what it holds";
        return Err(failure.hint(hint).into());
    }
    Ok(Subject {
        title: new.title.clone(),
        base_title: base
            .as_ref()
            .map(|base| base.title.clone())
            .unwrap_or_default(),
        difference: explained_base.as_ref().and_then(|base| {
            let is_known = is_worth_telling(&explained) && is_worth_telling(base);
            is_known.then(|| difference(base, &explained))
        }),
        goroutines,
        memory_map,
        explanation: is_worth_telling(&explained).then_some(explained.explanation),
        profiles: profiles
            .into_iter()
            .map(|(name, (origin, profile, base))| {
                NamedProfile::new(name, origin, profile).with_base(base)
            })
            .collect(),
        notes,
        past: None,
    })
}

/// The goroutines of a capture, compared with the same form of the base where there is one.
fn goroutines(base: Option<&Taken>, new: &Taken, notes: &mut Vec<String>) -> Option<Goroutines> {
    // A dump tells more than a profile; only like and like are compared.
    let forms: [&[Kind]; 2] = [
        &[Kind::GoroutineDump],
        &[Kind::Goroutine, Kind::GoroutineLeak],
    ];
    let mut read = |taken: &Taken, kinds: &[Kind]| -> Option<(String, Population)> {
        let of = |kind: &Kind| taken.capture.first(*kind);
        let artefact = kinds.iter().find_map(of)?;
        match population(artefact) {
            Ok(population) => Some((artefact.origin.clone(), population)),
            Err(error) => {
                notes.push(format!("{}: {error}", artefact.origin));
                None
            }
        }
    };
    let mut alone = None;
    for kinds in forms {
        let Some((source, now)) = read(new, kinds) else {
            continue;
        };
        let before = base.and_then(|base| read(base, kinds));
        if base.is_none() || before.is_some() {
            let before = before.as_ref().map(|(_, before)| before);
            let report = compare(&now, before, Order::Wait);
            return Some(Goroutines { source, report });
        }
        alone.get_or_insert((source, now));
    }
    let (source, now) = alone?;
    if let Some(base) = base {
        let title = &base.title;
        notes.push(format!(
            "{title}: no goroutines of this form to compare with"
        ));
    }
    let report = compare(&now, None, Order::Wait);
    Some(Goroutines { source, report })
}

/// Reads the sources: those to compare with, and the others.
fn taken(args: &OpenArgs, output: &Output) -> anyhow::Result<(Option<Taken>, Taken)> {
    let (binary, sources) = match args.sources.as_slice() {
        [first, rest @ ..] if !rest.is_empty() && is_binary(first) => (first.clone(), rest),
        all => (String::new(), all),
    };
    let mut gathering = args.connection.options();
    args.take.apply(&mut gathering);
    let take = |sources: &[String]| -> anyhow::Result<Taken> {
        let parsed: Vec<Source> = sources
            .iter()
            .map(|source| Source::parse(source))
            .collect::<Result<_, _>>()?;
        let capture = match parsed.as_slice() {
            // An address may name one profile, which is all that is wanted then.
            [Source::Address(address)] if address.profile().is_some() => {
                fathom_gather::profile(address, &gathering, &mut |event| output.gathering(&event))?
            }
            _ => gather(sources, &gathering, output)?,
        };
        let is_file = |source: &Source| matches!(source, Source::File(_));
        Ok(Taken {
            title: title(sources),
            capture,
            binary: binary.clone(),
            is_merged: parsed.len() > 1 && parsed.iter().all(is_file),
        })
    };
    if !args.base.is_empty() {
        return Ok((Some(take(&args.base)?), take(sources)?));
    }
    if let [old, new] = sources {
        let is_on_disk = |source: &String| std::fs::metadata(source).is_ok();
        if is_on_disk(old) && is_on_disk(new) {
            let old = take(std::slice::from_ref(old))?;
            let new = take(std::slice::from_ref(new))?;
            if are_alike(&old.capture, &new.capture) {
                return Ok((Some(old), new));
            }
        }
    }
    Ok((None, take(sources)?))
}

/// Whether two captures have a kind of profile in common.
fn are_alike(old: &Capture, new: &Capture) -> bool {
    let has = |kind: Kind| new.artefacts.iter().any(|artefact| artefact.kind == kind);
    let mut profiles = old.artefacts.iter().filter(|artefact| is_profile(artefact));
    profiles.any(|artefact| has(artefact.kind))
}

fn is_profile(artefact: &Artefact) -> bool {
    artefact.kind.is_profile() || artefact.kind == Kind::Unknown
}

/// What the page calls its sources.
fn title(sources: &[String]) -> String {
    let short = |source: &String| {
        let shown = fathom_evidence::redact::url(source);
        let is_file = std::fs::metadata(source).is_ok();
        match source.rsplit(['/', '\\']).next() {
            Some(name) if is_file && !name.is_empty() => name.to_owned(),
            _ if source == "-" => "standard input".to_owned(),
            _ if source.bytes().all(|byte| byte.is_ascii_digit()) => format!("pid {source}"),
            _ => shown,
        }
    };
    sources.iter().map(short).collect::<Vec<_>>().join(", ")
}

/// A profile's name with its origin, itself, and what it is compared with.
type Named = (String, (String, Profile, Option<Profile>));

/// What a capture says.
struct Read {
    explained: Explained,
    profiles: Vec<Named>,
}

fn read(taken: &Taken, options: &Options, output: &Output) -> anyhow::Result<Read> {
    let groups = groups(taken, options)?;
    let known = |artefact: &Artefact| {
        let mut parts = groups.iter().flat_map(|group| &group.parts);
        let found = parts.find(|(known, _)| std::ptr::eq(*known, artefact))?;
        Some(&found.1)
    };
    let explained = if options.compat {
        // The profiles are those of pprof, defects included.
        explain(&taken.capture)
    } else {
        explain_with(&taken.capture, &known)
    };
    let profiles = groups.into_iter().map(|group| {
        let profiles = group.parts.into_iter().map(|(_, profile)| profile);
        let profile = prepared(profiles.collect(), &taken.binary, options, output)?;
        Ok((group.name, (group.origin, profile, None)))
    });
    Ok(Read {
        explained,
        profiles: profiles.collect::<anyhow::Result<_>>()?,
    })
}

/// Profiles that are one.
struct Group<'a> {
    name: String,
    origin: String,
    parts: Vec<(&'a Artefact, Profile)>,
}

/// The profiles of a capture by their names.
fn groups<'a>(taken: &'a Taken, options: &Options) -> anyhow::Result<Vec<Group<'a>>> {
    let parsing = if options.compat {
        ParseOptions::as_pprof()
    } else {
        ParseOptions::default()
    };
    let rank = |kind: Kind| {
        let place = ORDER.iter().position(|known| *known == kind);
        place.unwrap_or(ORDER.len())
    };
    let mut artefacts: Vec<&Artefact> = taken
        .capture
        .artefacts
        .iter()
        .filter(|artefact| is_profile(artefact))
        .collect();
    let all = artefacts.clone();
    // A capture holds some profiles as text too, for what only the text says.
    artefacts.retain(|artefact| {
        let is_same = |other: &Artefact| {
            (other.kind, other.round) == (artefact.kind, artefact.round) && !is_text_form(other)
        };
        !is_text_form(artefact) || !all.iter().any(|other| is_same(other))
    });
    artefacts.sort_by_key(|artefact| rank(artefact.kind));
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut failure = None;
    for artefact in artefacts {
        let profile = match Profile::parse_as(&artefact.bytes, &Limits::default(), parsing) {
            Ok(profile) => profile,
            // Evidence of any other kind may be among the sources.
            Err(_) if artefact.kind == Kind::Unknown => continue,
            Err(error) => {
                failure = Some(Failure::new(format!("{}: {error}", artefact.origin)));
                continue;
            }
        };
        let name = match artefact.kind {
            Kind::OtherProfile | Kind::Unknown => "profile",
            kind => kind.name(),
        };
        let alike = groups.iter().filter(|group| group.name.starts_with(name));
        let number = alike.count() + 1;
        let part = (artefact, profile);
        let known = groups.iter_mut().find(|group| group.name == name);
        let name = match known {
            Some(group) if taken.is_merged => {
                group.parts.push(part);
                continue;
            }
            Some(_) => format!("{name}-{number}"),
            None => name.to_owned(),
        };
        groups.push(Group {
            name,
            origin: artefact.name.clone(),
            parts: vec![part],
        });
    }
    match failure {
        Some(failure) if groups.is_empty() => Err(failure.into()),
        _ => Ok(groups),
    }
}
