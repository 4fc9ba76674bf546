//! Names as their sources have them.

use fathom_profile::naming::{Called, with_renamed_functions};
use fathom_profile::{Defects, Error, Limits, Profile};
use fathom_symbols::names::{DemangleMode, demangled};

/// Returns the profile with the names of its functions demangled, those that somebody
/// demangled before only if `again`.
///
/// The rules are those of `Demangle` in internal/symbolizer/symbolizer.go of
/// github.com/google/pprof. Corrected, functions of Go's source files keep their names: the
/// brackets in `main.(*T).Do[...]` make the tool take it for C++ and `(*T)` for parameters.
///
/// # Errors
///
/// When the new names pass the limits of strings.
pub fn with_demangled_names(
    profile: Profile,
    mode: DemangleMode,
    again: bool,
    limits: &Limits,
    defects: Defects,
) -> Result<Profile, Error> {
    with_renamed_functions(profile, limits, |called| {
        renamed(called, mode, again, defects)
    })
}

fn renamed(
    called: Called<'_>,
    mode: DemangleMode,
    again: bool,
    defects: Defects,
) -> Option<String> {
    let Called {
        name,
        system_name,
        file,
    } = called;
    let is_go = defects == Defects::Corrected
        && file
            .get(file.len().saturating_sub(3)..)
            .is_some_and(|extension| extension == ".go");
    if is_go {
        return None;
    }
    let has_both = !name.is_empty() && !system_name.is_empty();
    let name = if again && has_both { system_name } else { name };
    let is_demangled = !name.is_empty() && system_name != name;
    if mode == DemangleMode::None || is_demangled {
        return Some(name.to_owned());
    }
    Some(demangled(system_name, mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rename(
        texts: (&str, &str, &str),
        mode: DemangleMode,
        again: bool,
        defects: Defects,
    ) -> Option<String> {
        let (name, system_name, file) = texts;
        let called = Called {
            name,
            system_name,
            file,
        };
        renamed(called, mode, again, defects)
    }

    #[test]
    fn names_are_demangled_once_unless_asked() {
        use DemangleMode::{Full, None as Mangled, Short};
        let mangled = "_ZN5outer5innerI3intE3addEii";
        for (name, mode, again, expected) in [
            (mangled, Short, false, "outer::inner::add"),
            ("", Short, false, "outer::inner::add"),
            (mangled, Full, true, "outer::inner<int>::add(int, int)"),
            (mangled, Mangled, true, mangled),
            ("add", Short, false, "add"),
            ("add", Short, true, "outer::inner::add"),
            ("add", Mangled, true, mangled),
        ] {
            let got = rename((name, mangled, "x.cc"), mode, again, Defects::Corrected);
            assert_eq!(got.as_deref(), Some(expected), "{name} {mode:?} {again}");
        }
    }

    #[test]
    fn names_of_go_are_left_alone_but_by_the_tool() {
        let method = "main.(*T).Do[...]";
        let texts = (method, method, "/src/main.go");
        let short = DemangleMode::Short;
        assert_eq!(rename(texts, short, true, Defects::Corrected), None);
        assert_eq!(
            rename(texts, short, true, Defects::AsPprof).as_deref(),
            Some("main..Do[...]")
        );
    }
}
