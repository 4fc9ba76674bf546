//! Reports with this machine around them: its time zone, sources and binaries.

use fathom_profile::Profile;
use fathom_report::command::Command;
use fathom_report::options::Options;
use fathom_report::{Produced, Surroundings, produce, profile_labels};
use jiff::tz::TimeZone;

use super::code::{Binaries, SourceFiles};

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
            objects: Binaries,
        }
    }

    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            zone: &self.zone,
            sources: &self.sources,
            objects: &self.objects,
        }
    }

    /// Runs a command.
    ///
    /// # Errors
    ///
    /// As [`produce`].
    pub(crate) fn report(
        &self,
        profile: &Profile,
        command: &Command,
        argument: Option<&str>,
        options: &Options,
    ) -> Result<Produced, fathom_report::Failure> {
        produce(profile, command, argument, options, self.surroundings())
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
