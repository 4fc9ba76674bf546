//! Rules that rewrite the labels of a target or drop it, as Prometheus' `relabel_configs`.
//!
//! Actions, defaults and the order of what happens are Prometheus' (its documentation of
//! `relabel_config`), so that a rule does here what it does there: regular expressions are
//! anchored at both ends, `.` matches line breaks, `$1` and `${name}` stand for what was matched,
//! and `hashmod` gives the same number, so that several scrapers share targets alike.

use regex::Regex;
use serde::Deserialize;

use crate::labels::{Labels, is_label_name};

/// One rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawRule")]
pub struct Rule {
    source_labels: Vec<String>,
    separator: String,
    target_label: String,
    regex: Regex,
    modulus: u64,
    replacement: String,
    action: Action,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Replace,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
    Lowercase,
    Uppercase,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::KeepEqual => "keepequal",
            Self::DropEqual => "dropequal",
            Self::HashMod => "hashmod",
            Self::LabelMap => "labelmap",
            Self::LabelDrop => "labeldrop",
            Self::LabelKeep => "labelkeep",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
        }
    }
}

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    #[serde(default)]
    source_labels: Vec<String>,
    separator: Option<String>,
    target_label: Option<String>,
    regex: Option<String>,
    modulus: Option<u64>,
    replacement: Option<String>,
    action: Option<Action>,
}

impl TryFrom<RawRule> for Rule {
    type Error = String;

    fn try_from(raw: RawRule) -> Result<Self, String> {
        let action = raw.action.unwrap_or(Action::Replace);
        let name = action.name();
        if let Some(label) = raw.source_labels.iter().find(|label| !is_label_name(label)) {
            return Err(format!("source_labels: {label:?} is no name of a label"));
        }
        let has_other_fields = raw.regex.is_some()
            || raw.separator.is_some()
            || raw.modulus.is_some()
            || raw.replacement.is_some();
        let target_label = raw.target_label.unwrap_or_default();
        match action {
            Action::Replace if !is_template(&target_label) => {
                return Err(needs_target(name, &target_label));
            }
            Action::Lowercase
            | Action::Uppercase
            | Action::KeepEqual
            | Action::DropEqual
            | Action::HashMod
                if !is_label_name(&target_label) =>
            {
                return Err(needs_target(name, &target_label));
            }
            Action::HashMod if raw.modulus.unwrap_or(0) == 0 => {
                return Err("the action hashmod needs a modulus above 0".to_owned());
            }
            Action::KeepEqual | Action::DropEqual if has_other_fields => {
                return Err(format!(
                    "the action {name} knows source_labels and target_label alone"
                ));
            }
            Action::LabelDrop | Action::LabelKeep
                if !raw.source_labels.is_empty()
                    || !target_label.is_empty()
                    || raw.separator.is_some()
                    || raw.modulus.is_some()
                    || raw.replacement.is_some() =>
            {
                return Err(format!("the action {name} knows regex alone"));
            }
            _ => {}
        }
        let replacement = raw.replacement.unwrap_or_else(|| "$1".to_owned());
        if action == Action::LabelMap && !is_template(&replacement) {
            return Err(format!(
                "replacement: {replacement:?} makes no name of a label"
            ));
        }
        let pattern = raw.regex.unwrap_or_else(|| "(.*)".to_owned());
        let regex = Regex::new(&format!("^(?s:{pattern})$"))
            .map_err(|error| format!("regex {pattern:?} cannot be read: {}", reason(&error)))?;
        Ok(Self {
            source_labels: raw.source_labels,
            separator: raw.separator.unwrap_or_else(|| ";".to_owned()),
            target_label,
            regex,
            modulus: raw.modulus.unwrap_or(0),
            replacement,
            action,
        })
    }
}

fn needs_target(action: &str, found: &str) -> String {
    if found.is_empty() {
        format!("the action {action} needs a target_label")
    } else {
        format!("target_label: {found:?} is no name of a label")
    }
}

/// The last line of what is wrong with an expression: those before it draw it.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// Whether a text is a label's name once its `$1` and `${name}` are replaced.
fn is_template(text: &str) -> bool {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        plain.push_str(before);
        let (reference, next) = if let Some(inner) = after.strip_prefix('{') {
            let Some(parts) = inner.split_once('}') else {
                return false;
            };
            parts
        } else {
            let end = after
                .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
                .unwrap_or(after.len());
            after.split_at_checked(end).unwrap_or((after, ""))
        };
        if reference.is_empty()
            || !reference
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return false;
        }
        plain.push('x');
        rest = next;
    }
    plain.push_str(rest);
    is_label_name(&plain)
}

/// Applies rules in their order.
///
/// Returns the labels that are left, or `None` if a rule dropped the target.
pub fn apply(rules: &[Rule], mut labels: Labels) -> Option<Labels> {
    for rule in rules {
        if !rule.apply(&mut labels) {
            return None;
        }
    }
    Some(labels)
}

impl Rule {
    /// Changes the labels; `false` if the target is dropped.
    fn apply(&self, labels: &mut Labels) -> bool {
        let values: Vec<&str> = self
            .source_labels
            .iter()
            .map(|name| labels.get(name))
            .collect();
        let value = values.join(&self.separator);
        match self.action {
            Action::Keep => return self.regex.is_match(&value),
            Action::Drop => return !self.regex.is_match(&value),
            Action::KeepEqual => return labels.get(&self.target_label) == value,
            Action::DropEqual => return labels.get(&self.target_label) != value,
            Action::Replace => self.replace(&value, labels),
            Action::Lowercase => labels.set(&*self.target_label, value.to_lowercase()),
            Action::Uppercase => labels.set(&*self.target_label, value.to_uppercase()),
            Action::HashMod => {
                let number = hash(&value).checked_rem(self.modulus).unwrap_or(0);
                labels.set(&*self.target_label, number.to_string());
            }
            Action::LabelMap => {
                let matching: Vec<(String, String)> = labels
                    .iter()
                    .filter(|(name, _)| self.regex.is_match(name))
                    .map(|(name, value)| (self.expand(&self.replacement, name), value.to_owned()))
                    .collect();
                for (name, value) in matching {
                    if is_label_name(&name) {
                        labels.set(name, value);
                    }
                }
            }
            Action::LabelDrop => labels.retain_names(|name| !self.regex.is_match(name)),
            Action::LabelKeep => labels.retain_names(|name| self.regex.is_match(name)),
        }
        true
    }

    fn replace(&self, value: &str, labels: &mut Labels) {
        if !self.regex.is_match(value) {
            return;
        }
        let target = self.expand(&self.target_label, value);
        // A name that is none after the expansion leaves the labels as they are.
        if is_label_name(&target) {
            labels.set(target, self.expand(&self.replacement, value));
        }
    }

    /// Fills a template from what the expression matched of a text.
    fn expand(&self, template: &str, text: &str) -> String {
        let mut expanded = String::new();
        if let Some(captures) = self.regex.captures(text) {
            captures.expand(template, &mut expanded);
        }
        expanded
    }
}

/// The hash of Prometheus' `hashmod`: the last eight bytes of the MD5 sum, big end first.
fn hash(value: &str) -> u64 {
    let sum = md5::compute(value.as_bytes());
    let last: [u8; 8] = std::array::from_fn(|index| sum.get(index + 8).copied().unwrap_or(0));
    u64::from_be_bytes(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn rules(yaml: &str) -> Result<Vec<Rule>, String> {
        serde_saphyr::from_str(yaml).map_err(|error| error.to_string())
    }

    /// Applies rules to `a=foo b=bar c=baz` and returns what is left, as text.
    fn applied(yaml: &str) -> Option<String> {
        let before = labels(&[("a", "foo"), ("b", "bar"), ("c", "baz")]);
        apply(&rules(yaml).unwrap(), before).map(|after| after.to_string())
    }

    fn is(yaml: &str, expected: &str) {
        assert_eq!(applied(yaml).as_deref(), Some(expected), "{yaml}");
    }

    #[test]
    fn replace_joins_matches_and_expands() {
        is(
            "[{source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: d, replacement: '$1-${2}'}]",
            r#"{a="foo", b="bar", c="baz", d="oo-ba"}"#,
        );
        is(
            "[{source_labels: [a], regex: '(?P<first>.).*', target_label: 'x_${first}', replacement: y}]",
            r#"{a="foo", b="bar", c="baz", x_f="y"}"#,
        );
        // Defaults: the whole value, joined by semicolons.
        is(
            "[{source_labels: [a, missing, b], target_label: d}]",
            r#"{a="foo", b="bar", c="baz", d="foo;;bar"}"#,
        );
        // Without sources a constant.
        is(
            "[{target_label: a, replacement: const}]",
            r#"{a="const", b="bar", c="baz"}"#,
        );
        // An empty replacement removes.
        is(
            "[{source_labels: [a], target_label: a, replacement: ''}]",
            r#"{b="bar", c="baz"}"#,
        );
        // `$1x` is the group called 1x, of which there is none.
        is(
            "[{source_labels: [a], target_label: a, replacement: 'v$1x'}]",
            r#"{a="v", b="bar", c="baz"}"#,
        );
        is(
            "[{source_labels: [a], target_label: a, replacement: '$$1'}]",
            r#"{a="$1", b="bar", c="baz"}"#,
        );
    }

    #[test]
    fn expressions_are_anchored() {
        is(
            "[{source_labels: [a], regex: o, target_label: d, replacement: y}]",
            r#"{a="foo", b="bar", c="baz"}"#,
        );
        is(
            "[{source_labels: [a], regex: 'x|foo', target_label: b, replacement: y}]",
            r#"{a="foo", b="y", c="baz"}"#,
        );
        assert_eq!(
            applied("[{source_labels: [a], regex: fo, action: keep}]"),
            None
        );
        is(
            "[{source_labels: [a], regex: fo, action: drop}]",
            r#"{a="foo", b="bar", c="baz"}"#,
        );
        assert_eq!(
            applied("[{source_labels: [a], regex: fo+, action: drop}]"),
            None
        );
        // A line break is a character as any other.
        let broken = apply(
            &rules("[{source_labels: [a], regex: 'x.y', action: keep}]").unwrap(),
            labels(&[("a", "x\ny")]),
        );
        assert!(broken.is_some());
    }

    #[test]
    fn equal_and_unequal() {
        assert_eq!(
            applied("[{source_labels: [a], target_label: b, action: keepequal}]"),
            None
        );
        is(
            "[{source_labels: [a], target_label: b, action: dropequal}]",
            r#"{a="foo", b="bar", c="baz"}"#,
        );
        assert_eq!(
            applied(
                "[{target_label: b, replacement: foo}, {source_labels: [a], target_label: b, action: dropequal}]"
            ),
            None
        );
    }

    #[test]
    fn hashmod_gives_prometheus_numbers() {
        // md5("foo") = acbd18db4cc2f85cedef654fccc4a4d8, and 0xedef654fccc4a4d8 % 1000 = 696.
        is(
            "[{source_labels: [a], target_label: d, action: hashmod, modulus: 1000}]",
            r#"{a="foo", b="bar", c="baz", d="696"}"#,
        );
    }

    #[test]
    fn names_are_mapped_dropped_and_kept() {
        is(
            "[{regex: '([ab])', replacement: 'my_$1', action: labelmap}]",
            r#"{a="foo", b="bar", c="baz", my_a="foo", my_b="bar"}"#,
        );
        is("[{regex: '[ab]', action: labeldrop}]", r#"{c="baz"}"#);
        is(
            "[{regex: '[ab]', action: labelkeep}]",
            r#"{a="foo", b="bar"}"#,
        );
    }

    #[test]
    fn cases_change() {
        is(
            "[{source_labels: [a], target_label: a, action: uppercase}]",
            r#"{a="FOO", b="bar", c="baz"}"#,
        );
        is(
            "[{target_label: a, replacement: MiXed}, {source_labels: [a], target_label: d, action: lowercase}]",
            r#"{a="MiXed", b="bar", c="baz", d="mixed"}"#,
        );
    }

    #[test]
    fn rules_that_cannot_work_are_refused_with_the_reason() {
        for (yaml, reason) in [
            (
                "[{source_labels: [a]}]",
                "the action replace needs a target_label",
            ),
            (
                "[{target_label: '1x'}]",
                "target_label: \"1x\" is no name of a label",
            ),
            ("[{target_label: '${1'}]", "is no name of a label"),
            ("[{target_label: x, action: hashmod}]", "needs a modulus"),
            (
                "[{target_label: '$1', modulus: 2, action: hashmod}]",
                "is no name of a label",
            ),
            (
                "[{regex: '(', action: keep}]",
                "regex \"(\" cannot be read: unclosed group",
            ),
            (
                "[{regex: a, target_label: b, action: keepequal}]",
                "knows source_labels and target_label alone",
            ),
            (
                "[{regex: a, target_label: b, action: labeldrop}]",
                "knows regex alone",
            ),
            (
                "[{regex: a, replacement: '-', action: labelmap}]",
                "makes no name of a label",
            ),
            (
                "[{source_labels: ['a-b'], target_label: x}]",
                "source_labels: \"a-b\"",
            ),
            ("[{action: keepp}]", "keepp"),
            ("[{labels: [a]}]", "unknown field `labels`"),
        ] {
            let error = rules(yaml).map(|_| ()).unwrap_err();
            assert!(error.contains(reason), "{yaml}: {error}");
        }
    }
}
