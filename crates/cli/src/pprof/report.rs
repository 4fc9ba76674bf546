//! Reports with this machine around them: its time zone, sources and binaries.

use fathom_profile::Profile;
use fathom_report::command::{Command, Format};
use fathom_report::handle::{expand, expand_options};
use fathom_report::options::Options;
use fathom_report::traces::Traces;
use fathom_report::{Failure, Produced, Subject, Surroundings, produce, profile_labels};
use jiff::tz::TimeZone;

use super::code::{Binaries, SourceFiles};
use super::graphviz;
use super::talk::Talk;

/// A report, ready to be written.
pub(crate) enum Report<'p> {
    /// One that is there.
    Whole(Produced),
    /// The traces of a profile, whose text may be larger than what fits into memory.
    Traces(Box<Traces<'p>>, TimeZone),
}

impl Report<'_> {
    /// What to tell the user beside it, a line each.
    pub(crate) fn notes(&self) -> &[String] {
        match self {
            Self::Whole(produced) => &produced.notes,
            Self::Traces(traces, _) => traces.notes(),
        }
    }

    /// What pprof prints on standard output before it, wherever it goes, a line each.
    pub(crate) fn printed(&self) -> &[String] {
        match self {
            Self::Whole(produced) => &produced.printed,
            Self::Traces(..) => &[],
        }
    }

    /// Writes it piece by piece.
    ///
    /// # Errors
    ///
    /// That of `sink`.
    pub(crate) fn write<E>(&self, sink: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Whole(produced) => sink(&produced.bytes),
            Self::Traces(traces, zone) => traces.write_text(zone, sink),
        }
    }
}

/// Makes reports.
pub(crate) struct Reporter {
    zone: TimeZone,
    sources: SourceFiles,
    objects: Binaries,
}

impl Reporter {
    /// `compat` keeps to the places where pprof looks for sources.
    pub(crate) fn new(compat: bool) -> Self {
        Self {
            zone: TimeZone::system(),
            sources: SourceFiles { compat },
            objects: Binaries { compat },
        }
    }

    /// Returns the time zone in which reports tell times.
    pub(crate) const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What reports need of this machine.
    pub(crate) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            zone: &self.zone,
            sources: &self.sources,
            objects: &self.objects,
        }
    }

    /// Runs a command; pictures are Graphviz's where the option `layout` says so.
    ///
    /// # Errors
    ///
    /// As [`produce`] and [`graphviz::draw`].
    pub(crate) fn report<'p>(
        &self,
        subject: impl Into<Subject<'p>>,
        command: &Command,
        argument: Option<&str>,
        options: &Options,
    ) -> anyhow::Result<Report<'p>> {
        let subject = subject.into();
        let profile = subject.profile();
        let (options, argument) = if options.compat {
            (options.clone(), argument.map(str::to_owned))
        } else {
            // The argument of `list`, `peek` and their like names functions.
            let argument = argument.map(|text| expand(text, profile)).transpose();
            let argument = argument.map_err(Failure::from)?;
            let options = expand_options(options, profile).map_err(Failure::from)?;
            (options, argument.map(Into::into))
        };
        let argument = argument.as_deref();
        let around = self.surroundings();
        match command.format {
            Format::Traces => {
                let traces = Traces::new(profile, &options)?;
                Ok(Report::Traces(Box::new(traces), self.zone.clone()))
            }
            Format::Picture(picture) if options.layout == "graphviz" => {
                let graph = Command {
                    format: Format::Dot,
                    ..*command
                };
                let mut produced = produce(subject, &graph, argument, &options, around)?;
                produced.bytes = graphviz::draw(&produced.bytes, picture)?;
                Ok(Report::Whole(produced))
            }
            _ => {
                let produced = produce(subject, command, argument, &options, around)?;
                Ok(Report::Whole(produced))
            }
        }
    }

    /// Makes a report as [`Reporter::report`] does, and says what pprof prints on standard
    /// output meanwhile, be there a report or not.
    ///
    /// # Errors
    ///
    /// As [`Reporter::report`], and when standard output is closed.
    pub(crate) fn report_aloud<'p>(
        &self,
        subject: impl Into<Subject<'p>>,
        command: &Command,
        argument: Option<&str>,
        options: &Options,
        talk: &dyn Talk,
    ) -> anyhow::Result<Report<'p>> {
        let made = self.report(subject, command, argument, options);
        let printed = match &made {
            Ok(report) => report.printed(),
            Err(error) => error
                .downcast_ref::<Failure>()
                .map_or(&[][..], |failure| &failure.printed),
        };
        for line in printed {
            talk.data(format!("{line}\n").as_bytes())?;
        }
        made
    }

    /// Returns the lines that say what a profile is.
    ///
    /// # Errors
    ///
    /// As [`profile_labels`].
    pub(crate) fn labels(
        &self,
        profile: &Profile,
        options: &Options,
    ) -> Result<Vec<String>, fathom_report::Failure> {
        profile_labels(profile, options, self.surroundings())
    }
}
