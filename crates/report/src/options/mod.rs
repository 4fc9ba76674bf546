//! The options of every report: one table that drives flags, shell variables, URL
//! parameters, help, completions and the manual page.
//!
//! The names, defaults and URL parameters are those of `go tool pprof` (google/pprof
//! `internal/driver/config.go`); options of our own say so ([`Spec::is_ours`]). A new
//! option is one entry of the table below, and tests hold every surface to it.

mod presentation;
mod spec;
mod value;

pub use presentation::Group;
pub use spec::{Choice, Kind, Spec, find, spec_of_choice};
pub use value::{SetError, flag_value, go_float};

use value::Slot;

/// Declares [`Options`] and the table from one list.
macro_rules! options {
    ($(
        $(#[doc = $doc:literal])+
        $field:ident: $type:ty = $default:expr, $kind:ident,
        url $url:expr, saved $saved:literal, ours $ours:literal,
        choices [$($choice:literal: $choice_help:literal),*];
    )+) => {
        /// What a report shows and how; the fields are the entries of [`OPTIONS`].
        #[derive(Debug, Clone, PartialEq)]
        pub struct Options {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl Default for Options {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// All options, in the order of the pprof settings.
        pub static OPTIONS: &[Spec] = &[$(
            Spec {
                name: stringify!($field),
                kind: Kind::$kind,
                url_parameter: $url,
                is_saved: $saved,
                is_ours: $ours,
                choices: &[$(Choice { name: $choice, help: $choice_help }),*],
                help: concat!($($doc, "\n"),+),
                slot: |options| Slot::from(&mut options.$field),
            },
        )+];
    };
}

options! {
    /// Write the result to this file
    ///
    /// Without it, text goes to standard output; pictures and profiles go to a numbered
    /// file where standard output is a terminal.
    output: String = String::new(), Text, url None, saved false, ours false, choices [];
    /// Draw a tree of calls instead of a graph
    ///
    /// A function that is reached along different paths is drawn once for each. Only for
    /// pictures and callgrind.
    call_tree: bool = false, Flag, url Some("calltree"), saved true, ours false, choices [];
    /// Percentages of what the filters leave
    ///
    /// Without it they are of the whole profile, so that filtered reports compare with
    /// unfiltered ones.
    relative_percentages: bool = false, Flag, url Some("rel"), saved true, ours false, choices [];
    /// Unit of all numbers: MB, ms, minimum, auto
    ///
    /// `minimum` takes one unit that suits the smallest number shown, `auto` the best one
    /// for each number, anything else is a unit: B, kB, MB, GB, ns, us, ms, s, hrs.
    unit: String = "minimum".to_owned(), Text, url Some("unit"), saved true, ours false, choices [];
    /// Print a short heading
    ///
    /// What the profile says of itself is left out. The shell starts with this set.
    compact_labels: bool = false, Flag, url Some("compact"), saved true, ours false, choices [];
    /// Directories to search for source files
    ///
    /// Separated by colons (semicolons on Windows). Each and all its parents are tried.
    source_path: String = String::new(), Text, url None, saved false, ours false, choices [];
    /// Prefixes to cut from the paths of source files
    ///
    /// Separated by colons. Where none is given, what stands before the name of a
    /// directory of `source_path` is cut.
    trim_path: String = String::new(), Text, url None, saved false, ours false, choices [];
    /// Disassemble in Intel syntax
    ///
    /// Instead of Go's own assembler syntax; for disasm and weblist.
    intel_syntax: bool = false, Flag, url Some("intel"), saved true, ours false, choices [];
    /// Show averages: values divided by the first one
    ///
    /// The first value is the count of allocations or events, so that this is bytes an
    /// allocation, or time an event.
    mean: bool = false, Flag, url Some("mean"), saved true, ours false, choices [];
    /// Which value of each sample to show, by name or number
    ///
    /// For a heap profile `inuse_space`, `inuse_objects`, `alloc_space` or `alloc_objects`. The
    /// command tags and the heading of a report name what there is.
    sample_index: String = String::new(), Text, url Some("si"), saved false, ours false, choices [];
    /// Divide all values by this number
    ///
    /// For example by the number of requests or processors.
    divide_by: f64 = 1.0, Real, url None, saved false, ours false, choices [];
    /// Scale the profile to the total of its base
    ///
    /// Takes effect when profiles are loaded with `-base` or `-diff_base`.
    normalize: bool = false, Flag, url Some("norm"), saved true, ours false, choices [];
    /// Which value orders the entries
    sort: String = "flat".to_owned(), Choice, url Some("sort"), saved true, ours false, choices [
        "cum": "Order by what an entry and all it calls hold",
        "flat": "Order by what an entry holds itself"
    ];
    /// Add frames for the values of these labels at the root
    ///
    /// Keys of labels separated by commas; the first becomes the outermost frame.
    tagroot: String = String::new(), Text, url None, saved true, ours false, choices [];
    /// Add frames for the values of these labels at the leaf
    ///
    /// Keys of labels separated by commas; the last becomes the innermost frame.
    tagleaf: String = String::new(), Text, url None, saved true, ours false, choices [];
    /// Leave out entries that shrank against the base
    drop_negative: bool = false, Flag, url Some("dropneg"), saved true, ours false, choices [];
    /// Show at most so many entries
    ///
    /// 0 shows all; -1 is the default of the command: 80 in graphs and trees, all in
    /// top, 10 in the shell's top. Dotted edges of a graph stand for paths through
    /// entries that were left out.
    nodecount: i64 = -1, Number, url Some("n"), saved true, ours false, choices [];
    /// Leave out entries below this part of the total
    nodefraction: f64 = 0.005, Real, url Some("nf"), saved true, ours false, choices [];
    /// Leave out edges below this part of the total
    edgefraction: f64 = 0.001, Real, url Some("ef"), saved true, ours false, choices [];
    /// Apply nodecount, nodefraction and edgefraction
    ///
    /// Set it to false to see everything.
    trim: bool = true, Flag, url Some("trim"), saved true, ours false, choices [];
    /// Keep samples with a frame that matches
    ///
    /// A regular expression in Go's syntax, looked for in function names, file names and
    /// the names of binaries.
    focus: String = String::new(), Text, url Some("f"), saved true, ours false, choices [];
    /// Drop samples with a frame that matches
    ///
    /// Wins over focus.
    ignore: String = String::new(), Text, url Some("i"), saved true, ours false, choices [];
    /// Cut what the innermost matching function called
    ///
    /// The matching frame itself stays. The pattern is matched against names without
    /// their parameters.
    prune_from: String = String::new(), Text, url Some("prunefrom"), saved true, ours false, choices [];
    /// Remove frames that match from the stacks
    ///
    /// Their values fall to their callers.
    hide: String = String::new(), Text, url Some("h"), saved true, ours false, choices [];
    /// Remove frames that do not match from the stacks
    show: String = String::new(), Text, url Some("s"), saved true, ours false, choices [];
    /// Cut the callers of the outermost frame that matches
    ///
    /// Samples without a match are dropped.
    show_from: String = String::new(), Text, url Some("sf"), saved true, ours false, choices [];
    /// Keep samples with a label that matches or lies in a range
    ///
    /// `key=regex`, or `regex,regex` over `key:value`; `1kb`, `:64kb`, `4mb:`,
    /// `bytes=1kb:64kb` for numbers.
    tagfocus: String = String::new(), Text, url Some("tf"), saved true, ours false, choices [];
    /// Drop samples with a label that matches or lies in a range
    ///
    /// In the form of tagfocus.
    tagignore: String = String::new(), Text, url Some("ti"), saved true, ours false, choices [];
    /// Consider only labels whose key matches
    tagshow: String = String::new(), Text, url Some("ts"), saved true, ours false, choices [];
    /// Do not consider labels whose key matches
    taghide: String = String::new(), Text, url Some("th"), saved true, ours false, choices [];
    /// Count inlined calls for the function they were inlined into
    noinlines: bool = false, Flag, url Some("noinlines"), saved true, ours false, choices [];
    /// Tell lines apart by column too
    showcolumns: bool = false, Flag, url Some("showcolumns"), saved true, ours false, choices [];
    /// Which frames count as one entry
    ///
    /// Functions unless the command says otherwise.
    granularity: String = String::new(), Choice, url Some("g"), saved true, ours false, choices [
        "functions": "Functions of the same name",
        "filefunctions": "Functions of the same name and file",
        "files": "Everything in one file",
        "lines": "Lines of source code",
        "addresses": "Addresses of instructions"
    ];
    /// What places the boxes of a call graph
    layout: String = "fathom".to_owned(), Choice, url None, saved false, ours true, choices [
        "fathom": "Place boxes with the built-in layout",
        "graphviz": "Place boxes with the program dot of Graphviz"
    ];
    /// Agree with go tool pprof even where it is wrong
    ///
    /// The documentation lists the places. `FATHOM_PPROF_COMPAT=1` in the environment does
    /// the same.
    compat: bool = false, Flag, url None, saved false, ours true, choices [];
}

impl Options {
    /// Sets an option from the text of a flag, a shell variable or a URL parameter.
    ///
    /// # Errors
    ///
    /// When there is no such option or the text is not one of its values.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), SetError> {
        let Some(spec) = find(name) else {
            return Err(SetError::Unknown {
                name: name.to_owned(),
            });
        };
        spec.set(self, text)
    }

    /// Returns an option's value as the shell shows it; `None` for an unknown name.
    pub fn get(&self, name: &str) -> Option<String> {
        find(name).map(|spec| spec.get(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_set_and_told_by_its_name() {
        for spec in OPTIONS {
            let mut options = Options::default();
            let before = spec.get(&options);
            let text = match spec.kind {
                Kind::Flag => if before == "true" { "n" } else { "yes" }.to_owned(),
                Kind::Number => "17".to_owned(),
                Kind::Real => "0.25".to_owned(),
                Kind::Text => "some text".to_owned(),
                Kind::Choice => {
                    let others = spec.choices.iter().map(|choice| choice.name);
                    let other = others.into_iter().find(|name| *name != before);
                    other.expect("more than one choice").to_owned()
                }
            };
            options.set(spec.name, &text).expect("a value of its kind");
            assert_ne!(spec.get(&options), before, "{}", spec.name);
            // No other option changed.
            let changed = OPTIONS
                .iter()
                .filter(|other| other.get(&options) != other.default_text())
                .count();
            assert_eq!(changed, 1, "{}", spec.name);
        }
    }

    #[test]
    fn defaults_are_those_of_pprof() {
        let told: Vec<String> = OPTIONS
            .iter()
            .filter(|spec| !spec.is_ours)
            .map(|spec| format!("{}={}", spec.name, spec.default_text()))
            .collect();
        assert_eq!(
            told.join(" "),
            "output= call_tree=false relative_percentages=false unit=minimum \
             compact_labels=false source_path= trim_path= intel_syntax=false mean=false \
             sample_index= divide_by=1 normalize=false sort=flat tagroot= tagleaf= \
             drop_negative=false nodecount=-1 nodefraction=0.005 edgefraction=0.001 trim=true \
             focus= ignore= prune_from= hide= show= show_from= tagfocus= tagignore= tagshow= \
             taghide= noinlines=false showcolumns=false granularity="
        );
    }

    #[test]
    fn names_choices_and_parameters_are_unique_and_explained() {
        let mut names: Vec<&str> = OPTIONS.iter().map(|spec| spec.name).collect();
        names.extend(
            OPTIONS
                .iter()
                .flat_map(|spec| spec.choices)
                .map(|choice| choice.name),
        );
        let mut parameters: Vec<&str> = OPTIONS
            .iter()
            .filter_map(|spec| spec.url_parameter)
            .collect();
        for list in [&mut names, &mut parameters] {
            let count = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), count);
        }
        for spec in OPTIONS {
            assert!(!spec.summary().is_empty(), "{}", spec.name);
            assert!(!spec.summary().ends_with('.'), "{}", spec.name);
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let mut options = Options::default();
        let refused = |options: &mut Options, name: &str, text: &str| {
            options.set(name, text).expect_err("refused").to_string()
        };
        assert_eq!(
            refused(&mut options, "sort", "this"),
            "invalid \"sort\" value \"this\""
        );
        assert_eq!(
            refused(&mut options, "mean", "maybe"),
            "illegal value \"maybe\" for bool variable"
        );
        assert_eq!(
            refused(&mut options, "nodecount", "ten"),
            "strconv.Atoi: parsing \"ten\": invalid syntax"
        );
        assert_eq!(
            refused(&mut options, "nodefraction", "half"),
            "strconv.ParseFloat: parsing \"half\": invalid syntax"
        );
        assert_eq!(
            refused(&mut options, "colour", "red"),
            "unknown config field \"colour\""
        );
        assert_eq!(options, Options::default());
    }
}
