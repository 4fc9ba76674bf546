//! The table of entries as a profile: `topproto`.

use fathom_profile::{Limits, Line, Profile, ProfileBuilder, measurement};

use crate::command::Format;
use crate::graph::Graph;
use crate::memo::Subject;
use crate::options::Options;
use crate::scope::Scope;
use crate::{Error, Failure};

/// Makes a profile with one sample for each entry and the sample types `cum` and `flat`,
/// cut to whole numbers of the unit that the table would show; returns it with what to
/// tell the user.
///
/// # Errors
///
/// When an option does not fit.
pub(crate) fn top_proto(
    subject: Subject<'_>,
    options: &Options,
) -> Result<(Profile, Vec<String>), Failure> {
    let scope = Scope::new(subject, "topproto", Format::TopProto, options)?;
    let profile = entries(&scope).map_err(|source| Error::Profile { source })?;
    Ok((profile, scope.notes.clone()))
}

fn entries(scope: &Scope<'_>) -> Result<Profile, fathom_profile::Error> {
    let graph = Graph::new(scope);
    let unit = scope.choose_unit(graph.values());
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("cum", &unit)?;
    builder.add_sample_type("flat", &unit)?;
    builder.set_time(scope.profile.time_nanos(), scope.profile.duration_nanos());
    if let Some((kind, of)) = scope.profile.period_type() {
        builder.set_period(kind, of, scope.profile.period())?;
    }
    #[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
    let whole = |value: i64| measurement::scale(value, &scope.heading.sample_unit, &unit).0 as i64;
    for &node in &graph.shown {
        let Some(info) = graph.info(node) else {
            continue;
        };
        let function = builder.function(info.name, "", &info.file, info.start_line)?;
        let line = Line {
            function: Some(function),
            line: info.line,
            column: info.column,
        };
        let location = builder.another_location(info.address, None, &[line], false)?;
        let tally = graph.tally(node);
        let values = [whole(tally.cum.mean()), whole(tally.flat.mean())];
        builder.add_sample(&[location], &values, &[])?;
    }
    Ok(builder.finish())
}
