//! Lists of targets: `[{"targets": ["host:port"], "labels": {"name": "value"}}]`.

use serde::Deserialize;

use crate::config::Group;
use crate::labels::Labels;

/// Most targets of one list.
const MOST_TARGETS: usize = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    targets: Vec<String>,
    #[serde(default)]
    labels: Option<Labels>,
}

/// Reads a list in JSON, as files and servers hold it.
///
/// # Errors
///
/// One sentence that names the place.
///
/// ```
/// let groups = fathom_scrape::discovery::from_json(br#"[{"targets": ["a:1"]}]"#)?;
/// assert_eq!(groups[0].targets, ["a:1"]);
/// # Ok::<(), String>(())
/// ```
pub fn from_json(bytes: &[u8]) -> Result<Vec<Group>, String> {
    let raw: Option<Vec<RawGroup>> =
        serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    groups(raw)
}

/// Reads a list in YAML, as files hold it.
///
/// # Errors
///
/// One sentence that names the place.
pub fn from_yaml(text: &str) -> Result<Vec<Group>, String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let raw: Option<Vec<RawGroup>> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| error.without_snippet().to_string())?;
    groups(raw)
}

fn groups(raw: Option<Vec<RawGroup>>) -> Result<Vec<Group>, String> {
    let raw = raw.unwrap_or_default();
    let count: usize = raw.iter().map(|group| group.targets.len()).sum();
    if count > MOST_TARGETS {
        return Err(format!("{count} targets are more than {MOST_TARGETS}"));
    }
    Ok(raw
        .into_iter()
        .map(|group| Group {
            targets: group.targets,
            labels: group.labels.unwrap_or_default(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_give_the_same() {
        let json = br#"[{"targets": ["a:1", "b:2"], "labels": {"env": "x", "__meta_n": "1"}},
            {"targets": []}]"#;
        let yaml =
            "- targets: [a:1, 'b:2']\n  labels:\n    env: x\n    __meta_n: 1\n- targets: []\n";
        let groups = from_json(json).unwrap();
        assert_eq!(groups, from_yaml(yaml).unwrap());
        assert_eq!(groups[0].labels.get("__meta_n"), "1");
        assert_eq!(from_json(b"[]"), Ok(Vec::new()));
        assert_eq!(from_yaml(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_list_says_where() {
        for (text, place) in [
            ("{", "line 1"),
            ("{}", "line 1"),
            (r#"[{"targets": [1]}]"#, "line 1"),
            (r#"[{"targets": ["a"], "label": {}}]"#, "unknown field"),
            (
                r#"[{"targets": ["a"], "labels": {"1a": "b"}}]"#,
                "no name of a label",
            ),
            (r#"[{"labels": {}}]"#, "missing field"),
        ] {
            let error = from_json(text.as_bytes()).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
        assert!(from_yaml("- targets: 5\n").is_err());
        assert!(from_yaml("\tx").is_err());
    }
}
