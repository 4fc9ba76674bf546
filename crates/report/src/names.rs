//! Short names of functions, for the boxes of a graph.
//!
//! What is left out is what google/pprof `internal/graph/graph.go`
//! (`ShortenFunctionName`) leaves out: of a Go name the path of its package but the last
//! element and a module's version, of a Java name the packages, of a C++ name the
//! namespaces.

/// Shortens the name of a function.
pub(crate) fn shorten(name: &str) -> String {
    let name = name.strip_prefix("(anonymous namespace)::").unwrap_or(name);
    let name = without_version(name);
    let short = go(&name).or_else(|| java(&name)).or_else(|| cpp(&name));
    short.map_or_else(|| name.clone(), str::to_owned)
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many bytes from the start satisfy `is`.
fn run(text: &str, is: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|&byte| is(byte)).count()
}

/// The name without the first `/v2` or later that ends an element of its path.
fn without_version(name: &str) -> String {
    for (place, _) in name.match_indices("/v") {
        let (before, rest) = name.split_at(place);
        let digits = rest.get(2..).unwrap_or_default();
        let count = run(digits, |byte| byte.is_ascii_digit());
        let (number, after) = digits.split_at(count);
        let is_version = match number.as_bytes() {
            [digit] => *digit >= b'2',
            [first, ..] => *first != b'0',
            [] => false,
        };
        if is_version && after.starts_with(['.', '/']) && !before.contains('\n') {
            return format!("{before}{after}");
        }
    }
    name.to_owned()
}

/// `path/to/pkg.Func` from `pkg` on.
fn go(name: &str) -> Option<&str> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(rest) = name.get(at..) {
        let element = run(rest, |byte| is_word(byte) || matches!(byte, b'-' | b'.'));
        if element == 0 || rest.as_bytes().get(element) != Some(&b'/') {
            break;
        }
        at += element + 1;
        starts.push(at);
    }
    let is_function = |short: &&str| {
        let package = short.find('.');
        package.is_some_and(|dot| dot > 0 && dot + 1 < short.len())
    };
    starts
        .into_iter()
        .rev()
        .filter_map(|start| name.get(start..))
        .find(is_function)
}

/// `Class.method` of `package.Class.method(...)`.
fn java(name: &str) -> Option<&str> {
    let is_name = |byte: u8| is_word(byte) || byte == b'$';
    let mut rest = name;
    while rest.starts_with(|first: char| first.is_ascii_lowercase()) {
        let element = run(rest, is_word);
        rest = rest.get(element..)?.strip_prefix('.')?;
    }
    if !rest.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }
    let class = run(rest, is_name);
    let method = rest.get(class..)?.strip_prefix('.')?;
    let length = if method.starts_with("<init>") {
        "<init>".len()
    } else if method.starts_with(|first: char| first.is_ascii_lowercase()) {
        run(method, is_name)
    } else {
        return None;
    };
    let after = method.get(length..)?;
    let ends = after.is_empty() || after.starts_with('(');
    ends.then(|| rest.get(..class + 1 + length)).flatten()
}

/// `Class::method` of `space::Class::method`.
fn cpp(name: &str) -> Option<&str> {
    let starts_name =
        |text: &str| text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    // Where the names between `::` begin.
    let mut starts = vec![0];
    let mut at = 0;
    while let Some(rest) = name.get(at..).filter(|rest| starts_name(rest)) {
        let length = run(rest, is_word);
        if !rest.get(length..)?.starts_with("::") {
            break;
        }
        at += length + 2;
        starts.push(at);
    }
    // A namespace must come before the class, and its method after.
    let class_of = |&start: &usize| -> Option<&str> {
        let class = name.get(start..)?;
        let is_class = class
            .trim_start_matches('_')
            .starts_with(|first: char| first.is_ascii_uppercase());
        let method_at = run(class, is_word);
        let method = class
            .get(method_at..)?
            .strip_prefix("::")
            .filter(|_| is_class)?;
        let tilde = usize::from(method.starts_with('~'));
        let word = method.get(tilde..).filter(|rest| starts_name(rest))?;
        let mut end = method_at + 2 + tilde + run(word, is_word);
        let after = class.get(end..)?;
        if after.starts_with('<')
            && let Some(close) = after.rfind('>')
        {
            end += close + 1;
        }
        class.get(..end)
    };
    starts.iter().skip(1).rev().find_map(class_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_pprof_cuts_them() {
        for (name, short) in [
            ("root", "root"),
            ("syscall.Syscall", "syscall.Syscall"),
            ("net/http.(*conn).serve", "http.(*conn).serve"),
            ("github.com/blah/foo.Foo", "foo.Foo"),
            ("github.com/blah/foo/v2.Foo", "foo.Foo"),
            ("github.com/blah/foo/v21/bar.Foo", "bar.Foo"),
            ("example.com/v1/x.F", "x.F"),
            ("a/b.(*T[c/d.E]).M", "b.(*T[c/d.E]).M"),
            (
                "java.util.concurrent.ThreadPoolExecutor$Worker.run",
                "ThreadPoolExecutor$Worker.run",
            ),
            ("java.bar.foo.FooBar.<init>(Foo)", "FooBar.<init>"),
            ("(anonymous namespace)::Bar::Foo", "Bar::Foo"),
            ("foo_bar::FooBar::run<a, b>", "FooBar::run<a, b>"),
            ("foo::bar", "foo::bar"),
            ("a::b::_Class::~method", "_Class::~method"),
            ("", ""),
            (".", "."),
        ] {
            assert_eq!(shorten(name), short, "{name}");
        }
    }
}
