//! A command of pprof, from a profile to the bytes that the tool would print.

use fathom_profile::refine::Refined;
use fathom_profile::{Profile, encode, raw};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::callgraph::CallGraph;
use crate::command::{Command, Format};
use crate::head::profile_lines;
use crate::listing::{Disassembly, Listing, SourcePage};
use crate::memo::Subject;
use crate::options::Options;
use crate::scope::Scope;
use crate::tags::Tags;
use crate::top::{Intervals, TextOptions, Top, render_text};
use crate::traces::Traces;
use crate::tree::Tree;
use crate::{Failure, Surroundings, picture};

/// What a command made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Produced {
    /// The result: text, a profile, a picture.
    pub bytes: Vec<u8>,
    /// What to tell the user beside it, a line each.
    pub notes: Vec<String>,
    /// What pprof prints on standard output before it, wherever the result goes, a line
    /// each; for `compat` alone.
    pub printed: Vec<String>,
}

impl Produced {
    fn new(bytes: Vec<u8>, notes: Vec<String>) -> Self {
        Self {
            bytes,
            notes,
            printed: Vec::new(),
        }
    }

    fn text(text: String, notes: Vec<String>) -> Self {
        Self::new(text.into_bytes(), notes)
    }
}

/// Runs a command of pprof over a profile.
///
/// `argument` is the pattern of `list`, `peek`, `disasm` and `weblist`. The option
/// `output` is the caller's matter.
///
/// # Errors
///
/// When an option or the argument does not fit, or nothing matches.
pub fn produce<'p>(
    subject: impl Into<Subject<'p>>,
    command: &Command,
    argument: Option<&str>,
    options: &Options,
    surroundings: Surroundings<'_>,
) -> Result<Produced, Failure> {
    let subject = subject.into();
    let profile = subject.profile();
    let zone = surroundings.zone;
    match command.format {
        Format::Text => {
            let top = Top::new(subject, options, Intervals::Omit)?;
            let zone = zone.clone();
            let text = render_text(
                &top,
                &TextOptions {
                    zone,
                    ..TextOptions::default()
                },
            );
            Ok(Produced::text(text, top.notes))
        }
        Format::Tree => {
            let tree = Tree::new(subject, options, argument)?;
            Ok(Produced::text(tree.render_text(zone), tree.notes))
        }
        Format::Disassembly => {
            let pattern = argument.unwrap_or_default();
            let view = Disassembly::new(profile, options, pattern, surroundings.objects)?;
            Ok(Produced {
                printed: view.printed.clone(),
                ..Produced::text(view.render_text(), view.notes)
            })
        }
        Format::List => {
            let pattern = argument.unwrap_or_default();
            let listing = Listing::new(profile, options, pattern, surroundings.sources)?;
            Ok(Produced::new(listing.render_text(), listing.notes))
        }
        Format::WebList => {
            let Surroundings {
                sources, objects, ..
            } = surroundings;
            let pattern = argument.unwrap_or_default();
            let page = SourcePage::new(profile, options, pattern, sources, objects)?;
            Ok(Produced::text(page.render_html(zone), page.notes))
        }
        Format::Traces => {
            let traces = Traces::new(profile, options)?;
            let text = traces.render_text(zone);
            Ok(Produced::text(text, traces.notes().to_vec()))
        }
        Format::Tags => {
            let tags = Tags::new(profile, options)?;
            Ok(Produced::text(tags.as_text().to_owned(), tags.notes))
        }
        Format::Comments => {
            let scope = Scope::new(profile, command.name, command.format, options)?;
            let mut text = String::new();
            for comment in scope.profile.comments() {
                text.push_str(comment);
                text.push('\n');
            }
            Ok(Produced::text(text, scope.notes))
        }
        Format::Callgrind => {
            let (text, notes) = crate::callgrind::callgrind(subject, options)?;
            Ok(Produced::text(text, notes))
        }
        Format::Dot => {
            let graph = CallGraph::new(subject, options)?;
            Ok(Produced::text(graph.render_dot(zone), graph.notes))
        }
        Format::Picture(format) => {
            let mut graph = CallGraph::new(subject, options)?;
            let mut notes = std::mem::take(&mut graph.notes);
            let drawing = graph
                .draw(zone)
                .map_err(|error| Failure::noted(error, &notes))?;
            let (bytes, note) =
                picture::of(&drawing, format).map_err(|error| Failure::noted(error, &notes))?;
            notes.extend(note);
            Ok(Produced::new(bytes, notes))
        }
        Format::Proto | Format::Raw => whole(profile, command, options, zone),
        Format::TopProto => {
            let (entries, notes) = crate::top_proto::top_proto(subject, options)?;
            Ok(Produced::new(encode::write_proto(&entries), notes))
        }
    }
}

/// The filtered profile itself.
fn whole(
    profile: &Profile,
    command: &Command,
    options: &Options,
    zone: &TimeZone,
) -> Result<Produced, Failure> {
    let scope = Scope::new(profile, command.name, command.format, options)?;
    let ratio = scope.ratio();
    let mut refined = Refined::new(&scope.profile);
    if options.noinlines {
        refined.without_inlined(options.showcolumns);
    }
    let bytes = if command.format == Format::Raw {
        // Where the time is unknown, pprof prints none.
        let instant = Timestamp::from_nanosecond(i128::from(profile.time_nanos()));
        let instant = instant.unwrap_or_default();
        let offset = zone.to_offset_info(instant);
        let zone = raw::TimeZone {
            offset_seconds: offset.offset().seconds(),
            abbreviation: offset.abbreviation(),
        };
        raw::write(refined.profile(), &zone).into_bytes()
    } else {
        if let Some(ratio) = ratio {
            refined.scale(ratio);
        }
        encode::write_proto(refined.profile())
    };
    Ok(Produced::new(bytes, scope.notes.clone()))
}

/// The lines that say what a profile is, as the shell greets with them.
///
/// # Errors
///
/// When no column fits the sample index.
pub fn profile_labels(
    profile: &Profile,
    options: &Options,
    surroundings: Surroundings<'_>,
) -> Result<Vec<String>, Failure> {
    let scope = Scope::new(profile, "raw", Format::Raw, options)?;
    let format = |value| scope.format(value);
    Ok(profile_lines(
        &scope.heading,
        scope.total,
        surroundings.zone,
        &format,
    ))
}
