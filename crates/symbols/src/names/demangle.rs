//! Names of C++ and Rust functions as their sources have them.

use cpp_demangle::{DemangleNodeType, DemangleOptions, DemangleWrite, ParseOptions};

/// How much of a mangled name is shown: the modes of pprof's `-symbolize=demangle=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DemangleMode {
    /// Names without parameters and without template parameters.
    #[default]
    Short,
    /// Names with template parameters, but without parameters.
    Templates,
    /// Everything.
    Full,
    /// Names as they are.
    None,
}

/// What a hostile name may cost: its parser and its printer recurse.
const DEPTH: u32 = 192;
/// Names of the wildest templates have some ten thousand bytes; what is longer stays mangled.
const LONGEST: usize = 1 << 16;
/// A short name may stand for a very long one: each part may repeat all before it.
const LONGEST_DEMANGLED: usize = 1 << 18;

/// The name to show for a function, as `demangleSingleFunction` in internal/symbolizer of
/// github.com/google/pprof chooses it: demangled where it is mangled; stripped of what `mode`
/// leaves out where it looks like C++ that somebody demangled before; else as it is.
///
/// It is for functions that have no name beside the one of the binary.
///
/// ```
/// use fathom_symbols::names::{DemangleMode, demangled};
///
/// let mangled = "_ZN5outer5innerI3intE3addEii";
/// assert_eq!(demangled(mangled, DemangleMode::Short), "outer::inner::add");
/// assert_eq!(demangled("a::b<c>(int)", DemangleMode::Templates), "a::b<c>");
/// assert_eq!(demangled("main.main", DemangleMode::Full), "main.main");
/// ```
pub fn demangled(system_name: &str, mode: DemangleMode) -> String {
    if mode == DemangleMode::None || system_name.len() > LONGEST {
        return system_name.to_owned();
    }
    let plain = demangle(system_name, mode).or_else(|| {
        // macOS puts an underscore before every name.
        demangle(system_name.strip_prefix('_')?, mode)
    });
    if let Some(plain) = plain {
        return plain;
    }
    if !looks_demangled(system_name) {
        return system_name.to_owned();
    }
    match mode {
        DemangleMode::Short => without_groups(&without_groups(system_name, '(', ')'), '<', '>'),
        DemangleMode::Templates => without_groups(system_name, '(', ')'),
        DemangleMode::Full | DemangleMode::None => system_name.to_owned(),
    }
}

fn demangle(name: &str, mode: DemangleMode) -> Option<String> {
    if name.starts_with("_R") {
        return rust(name, mode);
    }
    if is_old_rust(name) {
        return rust(name, mode);
    }
    if name.starts_with("_Z") || name.starts_with("_GLOBAL_") {
        return cpp(name, mode);
    }
    None
}

/// Whether a name ends as Rust's did before its own scheme: a hash in place of the last name,
/// `17h` and sixteen hexadecimal digits with at least five different ones.
fn is_old_rust(name: &str) -> bool {
    if !name.starts_with("_ZN") {
        return false;
    }
    let name = name.rfind("E.").map_or(name, |at| name.split_at(at + 1).0);
    let hash = name
        .strip_suffix('E')
        .and_then(|name| name.rfind("17h").map(|at| name.split_at(at + 3).1))
        .filter(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hash.is_some_and(|hash| {
        let different: std::collections::BTreeSet<u8> = hash.bytes().collect();
        different.len() >= 5
    })
}

fn rust(name: &str, mode: DemangleMode) -> Option<String> {
    // Copies of functions have a suffix, `.cold`, which pprof leaves out.
    let name = name.split_once('.').map_or(name, |(name, _)| name);
    let found = rustc_demangle::try_demangle(name).ok()?;
    let mut text = Bounded::default();
    // The alternate form leaves out the hash.
    std::fmt::Write::write_fmt(&mut text, format_args!("{found:#}")).ok()?;
    let text = text.text;
    // Only the newer scheme knows which arguments are generic; names of the older are text.
    Some(if mode == DemangleMode::Short && name.starts_with("_R") {
        without_generic_arguments(&text)
    } else {
        text
    })
}

/// Empties generic arguments, `a::<b>` to `a::<>`, but not paths in angle brackets,
/// `<a as b>::c`.
fn without_generic_arguments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut depth = 0usize;
    let mut before = ' ';
    for character in text.chars() {
        let arrow = before == '-' && character == '>';
        match character {
            '<' if depth > 0 => depth += 1,
            // Lifetimes of a function type are no arguments.
            '<' if is_quantifier(&kept) => kept.push('<'),
            '<' if before.is_alphanumeric() || matches!(before, '_' | ':') => {
                kept.push('<');
                depth = 1;
            }
            '>' if depth > 0 && !arrow => {
                depth -= 1;
                if depth == 0 {
                    kept.push('>');
                }
            }
            _ if depth > 0 => {}
            _ => kept.push(character),
        }
        before = character;
    }
    kept
}

/// Whether a text ends with the word `for`, of `for<'a> fn(&'a T)`.
fn is_quantifier(text: &str) -> bool {
    text.strip_suffix("for")
        .is_some_and(|before| !before.ends_with(|last: char| last.is_alphanumeric() || last == '_'))
}

fn cpp(name: &str, mode: DemangleMode) -> Option<String> {
    let limits = ParseOptions::default().recursion_limit(DEPTH);
    // Clones of functions have a suffix, `.constprop.0`, which pprof leaves out in every mode.
    let (encoded, clone) = match name.split_once('.') {
        Some((encoded, clone)) if name.starts_with("_Z") => (encoded, clone),
        _ => (name, ""),
    };
    let (symbol, rest) =
        cpp_demangle::BorrowedSymbol::with_tail_and_options(encoded.as_bytes(), &limits).ok()?;
    if !rest.is_empty() && clone.is_empty() && mode == DemangleMode::Full {
        return None;
    }
    let options = DemangleOptions::new().recursion_limit(DEPTH);
    let options = match mode {
        DemangleMode::Short | DemangleMode::Templates => options.no_params().no_return_type(),
        DemangleMode::Full | DemangleMode::None => options,
    };
    let mut writer = Structured {
        keep_templates: mode != DemangleMode::Short,
        ..Structured::default()
    };
    symbol.structured_demangle(&mut writer, &options).ok()?;
    let text = writer.text.text;
    let text = match mode {
        DemangleMode::Short | DemangleMode::Templates => without_enclosing_parameters(&text),
        DemangleMode::Full | DemangleMode::None => text,
    };
    let text = in_other_words(&text);
    (text != name).then_some(text)
}

/// Writes literals and tables as pprof's demangler does: `1u` for `(unsigned int)1`, `vtable for
/// a` for `{vtable(a)}`.
fn in_other_words(text: &str) -> String {
    if let Some(class) = text
        .strip_prefix("{vtable(")
        .and_then(|rest| rest.strip_suffix(")}"))
    {
        return format!("vtable for {class}");
    }
    let mut words = text.to_owned();
    for (cast, suffix) in [
        ("(unsigned int)", "u"),
        ("(unsigned long)", "ul"),
        ("(unsigned long long)", "ull"),
        ("(long)", "l"),
        ("(long long)", "ll"),
    ] {
        while let Some(at) = words.find(cast).filter(|at| {
            let behind = words.get(at + cast.len()..).unwrap_or_default();
            let number = behind.strip_prefix('-').unwrap_or(behind);
            number.starts_with(|first: char| first.is_ascii_digit())
        }) {
            let start = at + cast.len();
            let behind = words.get(start..).unwrap_or_default();
            let digits = behind
                .find(|character: char| !character.is_ascii_digit() && character != '-')
                .unwrap_or(behind.len());
            words.insert_str(start + digits, suffix);
            words.replace_range(at..start, "");
        }
    }
    words
}

/// Text up to a length.
#[derive(Default)]
struct Bounded {
    text: String,
}

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        if self.text.len().saturating_add(text.len()) > LONGEST_DEMANGLED {
            return Err(std::fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// Takes a demangled name, without template arguments where they are not wanted.
#[derive(Default)]
struct Structured {
    text: Bounded,
    keep_templates: bool,
    /// For each open part whether it is a list of template arguments.
    open: Vec<bool>,
    open_arguments: usize,
    /// A list was left out, and its closing bracket is still to come.
    closing: bool,
    written: usize,
}

impl DemangleWrite for Structured {
    fn push_demangle_node(&mut self, kind: DemangleNodeType) {
        let arguments = kind == DemangleNodeType::TemplateArgs;
        if arguments && !self.keep_templates && self.open_arguments == 0 {
            // The bracket before the list, and the space that keeps it off `operator<`.
            if self.text.text.ends_with('<') {
                self.text.text.pop();
                if self.text.text.ends_with("operator< ") {
                    self.text.text.pop();
                }
                self.closing = true;
            }
        }
        self.open.push(arguments);
        self.open_arguments += usize::from(arguments);
    }

    fn write_string(&mut self, text: &str) -> std::fmt::Result {
        // What is left out has its price, too.
        self.written = self.written.saturating_add(text.len());
        if self.written > LONGEST_DEMANGLED {
            return Err(std::fmt::Error);
        }
        if !self.keep_templates && self.open_arguments > 0 {
            return Ok(());
        }
        let mut text = text;
        if self.closing {
            let close = text.trim_start_matches(' ').strip_prefix('>');
            self.closing = close.is_none() && text.trim_start_matches(' ').is_empty();
            text = close.unwrap_or(text);
        }
        std::fmt::Write::write_str(&mut self.text, text)
    }

    fn pop_demangle_node(&mut self) {
        if self.open.pop() == Some(true) {
            self.open_arguments -= 1;
        }
    }
}

/// Takes the parameters off functions that enclose a local name: `f(int)::g` becomes `f()::g`.
fn without_enclosing_parameters(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    // Braces hold the parameters of lambdas, which stay.
    let mut braces = 0usize;
    while let Some(first) = rest.chars().next() {
        if first == '('
            && braces == 0
            && !kept.ends_with("operator")
            && !rest.starts_with("(anonymous namespace)")
            && let Some(scope) = behind_group(rest).and_then(behind_qualifiers)
        {
            kept.push_str("()");
            rest = scope;
            continue;
        }
        match first {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
        kept.push(first);
        rest = rest.split_at(first.len_utf8()).1;
    }
    // Qualifiers of the function belong to its parameters.
    let mut end = kept.trim_end();
    for qualifier in [" &", " &&", " volatile", " const"] {
        end = end.strip_suffix(qualifier).unwrap_or(end);
    }
    end.to_owned()
}

/// What stands behind the group of parentheses that a text begins with.
fn behind_group(text: &str) -> Option<&str> {
    let mut depth = 0usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(text.split_at(at + 1).1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The `::` that follows, perhaps behind the qualifiers of a member function.
fn behind_qualifiers(text: &str) -> Option<&str> {
    let mut rest = text;
    for qualifier in [" const", " volatile", " &&", " &"] {
        rest = rest.strip_prefix(qualifier).unwrap_or(rest);
    }
    rest.starts_with("::").then_some(rest)
}

/// Whether a name looks like the result of demangling C++: `looksLikeDemangledCPlusPlus`.
fn looks_demangled(name: &str) -> bool {
    // Names of Java and of Go have brackets, too.
    if name.contains(".<") || name.contains("]).") {
        return false;
    }
    name.contains(['<', '>', '[', ']']) || name.contains("::")
}

/// Takes groups in brackets out of a name; one that closes more than it opens stays as it is from
/// there on. `removeMatching`.
fn without_groups(name: &str, open: char, close: char) -> String {
    let mut kept = String::with_capacity(name.len());
    let mut depth = 0usize;
    let mut group_start = 0;
    for (at, character) in name.char_indices() {
        if character == open {
            if depth == 0 {
                group_start = at;
            }
            depth += 1;
        } else if character == close {
            let Some(outer) = depth.checked_sub(1) else {
                kept.push_str(name.split_at(at).1);
                return kept;
            };
            depth = outer;
        } else if depth == 0 {
            kept.push(character);
        }
    }
    if depth > 0 {
        kept.push_str(name.split_at(group_start).1);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_demangled_before_is_stripped() {
        let short = |name| demangled(name, DemangleMode::Short);
        assert_eq!(short("ns::f<int>(char)"), "ns::f");
        assert_eq!(short("main.(*Set[...]).Add"), "main.(*Set[...]).Add");
        assert_eq!(short("Foo.<init>"), "Foo.<init>");
        assert_eq!(short("a::b)"), "a::b)");
        assert_eq!(short("a::b(c"), "a::b(c");
        assert_eq!(short("main.f(x)"), "main.f(x)");
    }

    /// What the demangler of Go's own pprof prints for these, of a sample of 20,000 names of the
    /// C++ and Rust compilers.
    #[test]
    fn names_are_those_of_pprof() {
        for (mangled, short, templates, full) in [
            (
                "_ZNSt14numeric_limitsIiE6digitsE",
                "std::numeric_limits::digits",
                "std::numeric_limits<int>::digits",
                "std::numeric_limits<int>::digits",
            ),
            (
                "_ZZN4shop5closeEiENKUliE_clEi",
                "shop::close()::{lambda(int)#1}::operator()",
                "shop::close()::{lambda(int)#1}::operator()",
                "shop::close(int)::{lambda(int)#1}::operator()(int) const",
            ),
            (
                "_Z20assign_stack_local_112machine_mode8poly_intILj1ElEii",
                "assign_stack_local_1",
                "assign_stack_local_1",
                "assign_stack_local_1(machine_mode, poly_int<1u, long>, int, int)",
            ),
            (
                "_ZTVN3ana13region_svalueE",
                "vtable for ana::region_svalue",
                "vtable for ana::region_svalue",
                "vtable for ana::region_svalue",
            ),
            (
                "_ZN3foo3barEv.constprop.0",
                "foo::bar",
                "foo::bar",
                "foo::bar()",
            ),
        ] {
            assert_eq!(demangled(mangled, DemangleMode::Short), short);
            assert_eq!(demangled(mangled, DemangleMode::Templates), templates);
            assert_eq!(demangled(mangled, DemangleMode::Full), full);
        }
    }

    #[test]
    fn rust_names_lose_their_hash() {
        let old = "_ZN4core3fmt5write17h0123456789abcdefE";
        assert_eq!(demangled(old, DemangleMode::Short), "core::fmt::write");
        let new = "_RNvC6_123foo3bar";
        assert_eq!(demangled(new, DemangleMode::Full), "123foo::bar");
        let generic = "_RINvCs1234_7mycrate3foolE";
        assert_eq!(
            demangled(generic, DemangleMode::Full),
            "mycrate::foo::<i32>"
        );
        assert_eq!(demangled(generic, DemangleMode::Short), "mycrate::foo::<>");
    }

    #[test]
    fn paths_in_angle_brackets_stay() {
        assert_eq!(
            without_generic_arguments("<a::B<u8> as c::D<fn() -> e>>::f::<g>"),
            "<a::B<> as c::D<>>::f::<>"
        );
        assert_eq!(
            without_generic_arguments("<for<'a> fn(&'a b<c>) as d>::e"),
            "<for<'a> fn(&'a b<>) as d>::e"
        );
    }

    #[test]
    fn local_names_lose_the_parameters_around_them() {
        assert_eq!(
            without_enclosing_parameters("a(int (*)(char)) const::b::{lambda(int)#1}::operator()"),
            "a()::b::{lambda(int)#1}::operator()"
        );
        assert_eq!(
            without_enclosing_parameters("(anonymous namespace)::f"),
            "(anonymous namespace)::f"
        );
    }
}
