//! What the reader of YAML objects to, said with its place and the nearest key that is known.

use crate::Error;

/// Words an objection of the reader.
pub(super) fn error(file: &str, error: &serde_saphyr::Error) -> Error {
    let plain = error.without_snippet();
    let (line, column) = plain
        .location()
        .map_or((0, 0), |location| (location.line(), location.column()));
    let (reason, hint) = match plain {
        serde_saphyr::Error::SerdeUnknownField {
            field, expected, ..
        } => unknown(field, expected),
        other => (without_place(&other.to_string()), None),
    };
    Error::At {
        file: file.to_owned(),
        line,
        column,
        reason,
        hint,
    }
}

fn unknown(field: &str, expected: &[&'static str]) -> (String, Option<String>) {
    let reason = format!("unknown key {field:?}");
    let hint = match nearest(field, expected) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known here: {}", expected.join(", ")),
    };
    (reason, Some(hint))
}

/// Cuts the place from the end of a sentence: it stands at its beginning already.
fn without_place(sentence: &str) -> String {
    let end = sentence.rfind(" at line ").unwrap_or(sentence.len());
    sentence.get(..end).unwrap_or(sentence).to_owned()
}

/// The key that is closest to a word, unless all are too far to have been meant.
fn nearest(word: &str, keys: &[&'static str]) -> Option<&'static str> {
    keys.iter()
        .map(|key| (distance(word, key), *key))
        .filter(|(distance, key)| {
            let begins_alike = word.len() >= 3 && key.starts_with(word);
            begins_alike || *distance <= 1 + key.len().min(word.len()) / 3
        })
        .min()
        .map(|(_, key)| key)
}

/// The number of characters to add, drop or change to make one word of another.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, to) in row.iter_mut().skip(1).zip(&right) {
            let changed = diagonal + usize::from(from != *to);
            diagonal = *cell;
            before = changed.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_words() {
        for (left, right, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("scrape_intervl", "scrape_interval", 1),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn only_what_could_be_meant_is_near() {
        let keys = ["scrape_interval", "scrape_timeout", "url"];
        assert_eq!(nearest("scrape_intervall", &keys), Some("scrape_interval"));
        assert_eq!(nearest("uri", &keys), Some("url"));
        assert_eq!(nearest("kubernetes_sd_configs", &keys), None);
    }
}
