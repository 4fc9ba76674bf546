//! The addresses of pprof's own web page, led to the matching view here.

use std::borrow::Cow;

use fathom_report::options::OPTIONS;

/// Where a path of pprof's page (`/ui/top?f=main`) leads, relative to the page's root;
/// `None` for what is none of its paths.
///
/// Parameters that are options carry over under the options' names; what the page has no
/// use for is left out.
pub(crate) fn destination(path: &str, query: &str) -> Option<String> {
    let view = match path.strip_prefix("/ui")?.trim_matches('/') {
        "" | "flamegraph" | "flamegraph2" | "flamegraphold" => "flame",
        "graph" => "graph",
        "top" => "top",
        "peek" => "peek",
        "source" => "source",
        "disasm" => "disasm",
        _ => return None,
    };
    let is_about_functions = matches!(view, "peek" | "source" | "disasm");
    let mut carried = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if value.is_empty() {
            continue;
        }
        if name == "f" && is_about_functions {
            carried.append_pair("pattern", &value);
        } else if name == "p" {
            // The pivots of the flame graph; here there is one.
            carried.append_pair("pivot", &pivot(&value));
        } else if let Some(spec) = OPTIONS
            .iter()
            .find(|spec| spec.url_parameter == Some(&name))
        {
            carried.append_pair(spec.name, &flag(&value));
        }
    }
    let query = carried.finish();
    Some(if query.is_empty() {
        view.to_owned()
    } else {
        format!("{view}?{query}")
    })
}

/// The first of several names.
fn pivot(value: &str) -> Cow<'_, str> {
    value.split('|').next().unwrap_or_default().into()
}

/// pprof writes flags as `t` and `f`; patterns are left as they are.
fn flag(value: &str) -> Cow<'_, str> {
    match value {
        "t" => "true".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::destination;

    #[test]
    fn paths_of_pprof_lead_to_views() {
        let of = |path: &str, query: &str| destination(path, query).unwrap();
        assert_eq!(of("/ui/", ""), "flame");
        assert_eq!(
            of("/ui", "si=alloc_space"),
            "flame?sample_index=alloc_space"
        );
        assert_eq!(of("/ui/flamegraph2", ""), "flame");
        assert_eq!(
            of("/ui/top", "f=net%2Fhttp&n=20&h="),
            "top?focus=net%2Fhttp&nodecount=20"
        );
        assert_eq!(
            of("/ui/source", "f=main.work&i=x"),
            "source?pattern=main.work&ignore=x"
        );
        assert_eq!(
            of("/ui/graph", "calltree=t&unknown=1"),
            "graph?call_tree=true"
        );
        assert_eq!(
            of("/ui/flamegraph", "p=main.a%7Cmain.b"),
            "flame?pivot=main.a"
        );
        assert_eq!(destination("/ui/nowhere", ""), None);
        assert_eq!(destination("/top", ""), None);
    }
}
