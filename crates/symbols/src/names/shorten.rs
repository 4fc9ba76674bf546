//! Function names short enough to draw.

use std::sync::LazyLock;

use regex::Regex;

/// The rules, in internal/graph/graph.go of github.com/google/pprof as Go 1.27 has it; classes of
/// characters are ASCII's there.
struct Rules {
    anonymous: Regex,
    module_version: Regex,
    go: Regex,
    java: Regex,
    cpp: Regex,
}

static RULES: LazyLock<Option<Rules>> = LazyLock::new(|| {
    let rules = Rules {
        anonymous: Regex::new(r"^\(anonymous namespace\)::").ok()?,
        module_version: Regex::new(r"^(.*?)/v(?:[2-9]|[1-9][0-9]+)([./].*)$").ok()?,
        go: Regex::new(r"^(?:[0-9A-Za-z_\-.]+/)+([^.]+\..+)").ok()?,
        java: Regex::new(
            r"^(?:[a-z][0-9A-Za-z_]*\.)*([A-Z][0-9A-Za-z_$]*\.(?:<init>|[a-z][0-9A-Za-z_$]*(?:\$[0-9]+)?))(?:\(|$)",
        )
        .ok()?,
        cpp: Regex::new(
            r"^(?:[_a-zA-Z][0-9A-Za-z_]*::)+(_*[A-Z][0-9A-Za-z_]*::~?[_a-zA-Z][0-9A-Za-z_]*(?:<.*>)?)",
        )
        .ok()?,
    };
    Some(rules)
});

/// Shortens a function's name as pprof does in graphs: without the directories and the module
/// version of a Go package, the package of a Java class, the namespaces of a C++ class.
///
/// ```
/// use fathom_symbols::names::shortened;
///
/// assert_eq!(shortened("github.com/a/b/v2/yaml.(*Node).Decode"), "yaml.(*Node).Decode");
/// assert_eq!(shortened("java.util.ArrayList.add(int)"), "ArrayList.add");
/// assert_eq!(shortened("foo::bar::Baz::run"), "Baz::run");
/// ```
pub fn shortened(name: &str) -> String {
    let Some(rules) = &*RULES else {
        return name.to_owned();
    };
    let name = rules.anonymous.replace(name, "");
    let name = rules.module_version.replace(&name, "${1}${2}");
    [&rules.go, &rules.java, &rules.cpp]
        .into_iter()
        .find_map(|rule| rule.captures(&name)?.get(1))
        .map_or_else(|| name.to_string(), |kept| kept.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn names_are_shortened_as_pprof_does() {
        for (name, short) in [
            ("root", "root"),
            ("syscall.Syscall", "syscall.Syscall"),
            ("net/http.(*conn).serve", "http.(*conn).serve"),
            ("example.com/Team/fox.Run[...]", "fox.Run[...]"),
            ("example.com/a-b/c_d.(*E).F.func1", "c_d.(*E).F.func1"),
            (
                "encoding/json.(*w).(encoding/json.e)-fm",
                "json.(*w).(encoding/json.e)-fm",
            ),
            ("gopkg.in/yaml%2ev2.Get", "yaml%2ev2.Get"),
            ("example.com/fox/v4.(*T).M", "fox.(*T).M"),
            ("example.com/fox/v4/den.F", "den.F"),
            ("example.com/fox/v123.F", "fox.F"),
            ("example.com/v0.F", "v0.F"),
            ("example.com/v1.F", "v1.F"),
            ("example.com/v2x.F", "v2x.F"),
            ("java.util.concurrent.Pool$Worker.run", "Pool$Worker.run"),
            ("org.fox.Den.dig(java.lang.Runnable)", "Den.dig"),
            ("org.fox.Den.<init>(int)", "Den.<init>"),
            ("org.fox.Den.dig$0", "Den.dig$0"),
            ("(anonymous namespace)::Den::dig", "Den::dig"),
            ("(anonymous namespace)::dig", "dig"),
            ("fox::red::Den::~Den", "Den::~Den"),
            ("fox::Den::dig<int>(char)", "Den::dig<int>"),
            ("fox::dig", "fox::dig"),
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
            assert_eq!(shortened(name), short, "{name}");
        }
    }
}
