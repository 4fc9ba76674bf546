//! The settings of transparent huge pages under `/sys/kernel/mm/transparent_hugepage`
//! (`Documentation/admin-guide/mm/transhuge.rst`).

use crate::lines::{self, decimal, words};
use crate::{Error, Input, Limits};

/// The files to read, relative to `/sys/kernel/mm/transparent_hugepage`.
pub const FILES: [&str; 5] = [
    "enabled",
    "defrag",
    "shmem_enabled",
    "khugepaged/max_ptes_none",
    "khugepaged/defrag",
];

/// The settings that were found; `None` for a file that was not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HugePageSettings {
    /// `enabled`: `always`, `madvise` or `never`.
    pub enabled: Option<String>,
    /// `defrag`: `always`, `defer`, `defer+madvise`, `madvise` or `never`.
    pub defrag: Option<String>,
    /// `shmem_enabled`.
    pub shmem_enabled: Option<String>,
    /// `khugepaged/max_ptes_none`: how many of the 512 pages of a huge page may be absent when
    /// khugepaged makes one. 511, the default, lets one touched page become 2 MiB.
    pub max_ptes_none: Option<u64>,
    /// `khugepaged/defrag`: whether khugepaged collapses pages at all.
    pub khugepaged_defrag: Option<bool>,
}

impl HugePageSettings {
    /// Takes the content of one of [`FILES`], by its name there; other names are ignored.
    ///
    /// # Errors
    /// Content that has not the form of the file.
    pub fn take(&mut self, file: &str, bytes: &[u8]) -> Result<(), Error> {
        match file {
            "enabled" => self.enabled = Some(chosen(bytes)?),
            "defrag" => self.defrag = Some(chosen(bytes)?),
            "shmem_enabled" => self.shmem_enabled = Some(chosen(bytes)?),
            "khugepaged/max_ptes_none" => self.max_ptes_none = Some(number(bytes)?),
            "khugepaged/defrag" => self.khugepaged_defrag = Some(number(bytes)? != 0),
            _ => {}
        }
        Ok(())
    }

    /// Tells whether anonymous memory becomes huge pages without being asked for.
    pub fn always(&self) -> bool {
        self.enabled.as_deref() == Some("always")
    }
}

/// Reads the chosen word of `always [madvise] never`.
///
/// # Errors
/// A line without a word in brackets.
pub fn chosen(bytes: &[u8]) -> Result<String, Error> {
    lines::check_size(bytes, Input::HugePages, &Limits::default())?;
    words(bytes)
        .find_map(|word| word.strip_prefix(b"[")?.strip_suffix(b"]"))
        .map(lines::text)
        .ok_or(Error::Malformed {
            input: Input::HugePages,
            line: 1,
            problem: "expected a choice in brackets",
        })
}

/// Reads the one number of a setting such as `khugepaged/max_ptes_none`.
///
/// # Errors
/// Anything but a number.
pub fn number(bytes: &[u8]) -> Result<u64, Error> {
    decimal(bytes.trim_ascii()).ok_or(Error::Malformed {
        input: Input::HugePages,
        line: 1,
        problem: "expected a number",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_words() {
        let mut settings = HugePageSettings::default();
        for (file, content) in [
            ("enabled", "always [madvise] never\n"),
            ("defrag", "always defer [defer+madvise] madvise never\n"),
            ("khugepaged/max_ptes_none", "511\n"),
            ("khugepaged/defrag", "1\n"),
            ("hpage_pmd_size", "2097152\n"),
        ] {
            settings.take(file, content.as_bytes()).unwrap();
        }
        assert_eq!(
            settings,
            HugePageSettings {
                enabled: Some("madvise".to_owned()),
                defrag: Some("defer+madvise".to_owned()),
                shmem_enabled: None,
                max_ptes_none: Some(511),
                khugepaged_defrag: Some(true),
            }
        );
        assert!(!settings.always());
        settings
            .take("enabled", b"[always] madvise never\n")
            .unwrap();
        assert!(settings.always());
    }

    #[test]
    fn no_choice_is_an_error() {
        assert!(chosen(b"always madvise never\n").is_err());
        assert!(number(b"many\n").is_err());
        assert!(chosen(b"").is_err());
    }
}
