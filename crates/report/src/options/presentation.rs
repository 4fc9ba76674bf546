//! How options are shown to users: under which heading, with what for a value, by which
//! name where words are joined by hyphens.

use super::{Kind, Spec};

/// Options that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Which of the profile's values are shown.
    Values,
    /// Which samples and frames take part.
    Filters,
    /// What is one entry, and in which order entries stand.
    Entries,
    /// How much of the entries is shown.
    Extent,
    /// Where source code is and how instructions are written.
    Code,
    /// How and where the result is written.
    Result,
}

impl Group {
    /// All groups, in the order in which help shows them.
    pub const ALL: [Self; 6] = [
        Self::Values,
        Self::Filters,
        Self::Entries,
        Self::Extent,
        Self::Code,
        Self::Result,
    ];

    /// Returns the heading under which help shows the group.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Values => "Values",
            Self::Filters => "Filters",
            Self::Entries => "Entries",
            Self::Extent => "How much is shown",
            Self::Code => "Source code",
            Self::Result => "Result",
        }
    }
}

impl Spec {
    /// Returns the group of the option.
    pub fn group(&self) -> Group {
        match self.name {
            "sample_index"
            | "mean"
            | "divide_by"
            | "normalize"
            | "unit"
            | "relative_percentages" => Group::Values,
            "focus" | "ignore" | "hide" | "show" | "show_from" | "prune_from" | "tagfocus"
            | "tagignore" | "tagshow" | "taghide" => Group::Filters,
            "granularity" | "sort" | "noinlines" | "showcolumns" | "tagroot" | "tagleaf"
            | "call_tree" => Group::Entries,
            "nodecount" | "nodefraction" | "edgefraction" | "trim" | "drop_negative" => {
                Group::Extent
            }
            "source_path" | "trim_path" | "intel_syntax" => Group::Code,
            _ => Group::Result,
        }
    }

    /// Returns what stands for the value in help, in capitals.
    pub fn placeholder(&self) -> &'static str {
        match (self.kind, self.name) {
            (Kind::Flag, _) => "BOOL",
            (_, "nodecount") => "N",
            (Kind::Number | Kind::Real, "divide_by") => "NUMBER",
            (Kind::Number | Kind::Real, _) => "PART",
            (Kind::Choice, _) => "CHOICE",
            (_, "output") => "FILE",
            (_, "unit") => "UNIT",
            (_, "sample_index") => "TYPE",
            (_, "source_path" | "trim_path") => "PATHS",
            (_, "tagroot" | "tagleaf") => "KEYS",
            (_, "tagfocus" | "tagignore") => "LABELS",
            (Kind::Text, _) => "REGEX",
        }
    }

    /// Returns the name as it is written after `--`: with hyphens.
    pub fn long_name(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Whether a yes-or-no option is yes unless told otherwise.
    pub fn is_on_by_default(&self) -> bool {
        self.kind == Kind::Flag && self.default_text() == "true"
    }
}

#[cfg(test)]
mod tests {
    use super::super::{OPTIONS, find};
    use super::*;

    #[test]
    fn every_group_has_options_and_the_rest_is_told() {
        for group in Group::ALL {
            assert!(
                OPTIONS.iter().any(|spec| spec.group() == group),
                "{group:?}"
            );
        }
        let rest = OPTIONS.iter().filter(|spec| spec.group() == Group::Result);
        let rest: Vec<&str> = rest.map(|spec| spec.name).collect();
        // A new option is put into a group, or named here.
        assert_eq!(rest.join(" "), "output compact_labels layout compat");
    }

    #[test]
    fn names_have_hyphens() {
        assert_eq!(find("sample_index").unwrap().long_name(), "sample-index");
        assert!(find("trim").unwrap().is_on_by_default());
        assert!(!find("mean").unwrap().is_on_by_default());
    }
}
