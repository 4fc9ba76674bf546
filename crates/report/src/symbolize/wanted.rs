//! Which addresses want names, and from where.

use fathom_profile::{Defects, FunctionId, LocationId, Mapping, MappingId, Profile};

/// What is done about the addresses of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plan {
    /// Its binary is read.
    Read,
    /// Its binary is read if it is at hand; the profile names the rest of the mapping.
    Complete,
    /// The profile does not say which file it is.
    Nameless,
}

/// The addresses of a mapping that want names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The mapping.
    pub mapping: MappingId,
    /// What is done about it.
    pub plan: Plan,
    /// The locations, in the profile's order; never empty.
    pub locations: Vec<LocationId>,
}

/// Lists what wants names, in the order of the mappings. `force` wants everything named
/// anew.
///
/// As `doLocalSymbolize` in internal/symbolizer/symbolizer.go of github.com/google/pprof,
/// mappings of the system and those that only a server knows are left out.
pub fn tasks(profile: &Profile, force: bool, defects: Defects) -> Vec<Task> {
    let mut wanted: Vec<Vec<LocationId>> = vec![Vec::new(); profile.mappings().len()];
    for location in profile.location_ids() {
        let Some(mapping) = profile.location_mapping(location) else {
            continue;
        };
        let is_bare = is_bare(profile, location);
        let wants = match defects {
            Defects::AsPprof => true,
            Defects::Corrected => profile.address(location) != 0 && (force || is_bare),
        };
        if let Some(locations) = wanted.get_mut(mapping.index()).filter(|_| wants) {
            locations.push(location);
        }
    }
    let mappings = profile.mappings().iter().zip(wanted).enumerate();
    mappings
        .filter_map(|(index, (mapping, locations))| {
            let plan = plan(profile, mapping, force, defects)?;
            (!locations.is_empty()).then_some(())?;
            Some(Task {
                mapping: MappingId::from_index(index)?,
                plan,
                locations,
            })
        })
        .collect()
}

/// Whether nobody has said what lies at a location. Go's runtime gives the addresses of C code
/// lines of functions without a name (src/runtime/pprof/proto.go, `locForPC`).
fn is_bare(profile: &Profile, location: LocationId) -> bool {
    let says_nothing = |function: FunctionId| {
        profile.function_name(function).is_empty() && profile.function_file(function).is_empty()
    };
    let mut lines = profile.lines(location);
    lines.all(|line| line.function.is_none_or(says_nothing))
}

fn plan(profile: &Profile, mapping: &Mapping, force: bool, defects: Defects) -> Option<Plan> {
    let known = mapping.symbols;
    let is_named = known.functions || known.filenames || known.line_numbers;
    let file = profile.text(mapping.file);
    if is_named && !force {
        let is_readable = !file.is_empty() && !is_of_the_system(file);
        return (defects == Defects::Corrected && is_readable).then_some(Plan::Complete);
    }
    if file.is_empty() {
        return Some(Plan::Nameless);
    }
    let is_elsewhere = mapping.build_id.is_empty() && has_http_scheme(file);
    (!is_of_the_system(file) && !is_elsewhere).then_some(Plan::Read)
}

/// Whether a mapping is no file that could be read: `[vdso]`, `//anon`, shared memory.
/// `Mapping.Unsymbolizable` of github.com/google/pprof/profile.
fn is_of_the_system(file: &str) -> bool {
    let base = file.trim_end_matches('/').rsplit('/').next();
    let base = base.unwrap_or_default();
    base.starts_with('[')
        || base.starts_with("linux-vdso")
        || file.starts_with("/dev/dri/")
        || file.starts_with("/memfd:")
        || file == "//anon"
}

/// Whether a file is the address of a server: `http://`, `https+insecure://`.
pub(super) fn has_http_scheme(file: &str) -> bool {
    scheme(file).is_some_and(|scheme| scheme.to_lowercase().contains("http"))
}

/// The scheme of an absolute URL, as Go's `url.Parse` finds it.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let begins = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    (begins && scheme.bytes().all(allowed)).then_some(scheme)
}

#[cfg(test)]
mod tests {
    use fathom_profile::{Limits, Line, ProfileBuilder, StringId, Symbolization};

    use super::Plan::{Complete, Nameless, Read};
    use super::*;

    /// A profile with two addresses in each mapping, the second of which has a line.
    fn profile(mappings: &[(&str, &str, bool)]) -> Profile {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("samples", "count").unwrap();
        let function = builder.function("f", "f", "f.c", 0).unwrap();
        let mut stack = Vec::new();
        for (number, (file, build_id, functions)) in (1..).zip(mappings) {
            let start = 0x1000 * number;
            let mapping = Mapping {
                start,
                limit: start + 0x1000,
                offset: 0,
                file: builder.string(file).unwrap(),
                build_id: match *build_id {
                    "" => StringId::EMPTY,
                    text => builder.string(text).unwrap(),
                },
                symbols: Symbolization {
                    functions: *functions,
                    ..Symbolization::default()
                },
            };
            let mapping = Some(builder.add_mapping(mapping).unwrap());
            let line = Line {
                function: Some(function),
                line: 1,
                column: 0,
            };
            stack.push(builder.location(start, mapping, &[], false).unwrap());
            stack.push(
                builder
                    .location(start + 1, mapping, &[line], false)
                    .unwrap(),
            );
        }
        builder.add_sample(&stack, &[1], &[]).unwrap();
        builder.finish()
    }

    fn plans(profile: &Profile, force: bool, defects: Defects) -> Vec<(usize, Plan, usize)> {
        let tasks = tasks(profile, force, defects);
        let each = tasks.iter();
        each.map(|task| (task.mapping.index(), task.plan, task.locations.len()))
            .collect()
    }

    #[test]
    fn a_line_without_a_name_is_none() {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("samples", "count").unwrap();
        let mapping = Mapping {
            start: 0x1000,
            limit: 0x2000,
            offset: 0,
            file: builder.string("/bin/app").unwrap(),
            build_id: StringId::EMPTY,
            symbols: Symbolization::default(),
        };
        let mapping = Some(builder.add_mapping(mapping).unwrap());
        let mut stack = Vec::new();
        for (address, (name, file)) in (0x1000..).zip([("", ""), ("f", ""), ("", "f.c")]) {
            let function = builder.function(name, name, file, 0).unwrap();
            let line = Line {
                function: Some(function),
                line: 0,
                column: 0,
            };
            let location = builder.location(address, mapping, &[line], false);
            stack.push(location.unwrap());
        }
        builder.add_sample(&stack, &[1], &[]).unwrap();
        let profile = builder.finish();
        let tasks = tasks(&profile, false, Defects::Corrected);
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].locations, [stack[0]]);
    }

    #[test]
    fn only_what_can_have_names_is_asked_for() {
        let profile = profile(&[
            ("", "", false),
            ("/bin/app", "", false),
            ("/bin/named", "", true),
            ("[vdso]", "", false),
            ("/lib/linux-vdso.so.1", "", false),
            ("//anon", "", false),
            ("/memfd:x (deleted)", "", false),
            ("http://h/debug/pprof/heap", "", false),
            ("http://h/debug/pprof/heap", "ab12", false),
            ("c:/app.exe", "", false),
        ]);
        assert_eq!(
            plans(&profile, false, Defects::Corrected),
            [
                (0, Nameless, 1),
                (1, Read, 1),
                (2, Complete, 1),
                (8, Read, 1),
                (9, Read, 1)
            ]
        );
        assert_eq!(
            plans(&profile, false, Defects::AsPprof),
            [(0, Nameless, 2), (1, Read, 2), (8, Read, 2), (9, Read, 2)]
        );
        let forced = plans(&profile, true, Defects::Corrected);
        assert_eq!(forced[2], (2, Read, 2));
        assert_eq!(forced, plans(&profile, true, Defects::AsPprof));
    }
}
