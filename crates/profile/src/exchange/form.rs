//! The formats between which profiles are converted, by name, by file name, by content.

use crate::compress;
use crate::decode;
use crate::error::Error;
use crate::exchange::{callgrind, chrome, firefox, nanoseconds, speedscope};
use crate::folded;
use crate::limits::Limits;
use crate::options::ParseOptions;
use crate::profile::Profile;

/// The end of the names of compressed files.
const COMPRESSED: &str = ".gz";

/// A format in which profiles are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// profile.proto, compressed or not.
    Pprof,
    /// Folded stacks.
    Folded,
    /// JSON of speedscope.
    Speedscope,
    /// JSON of the Firefox Profiler.
    Firefox,
    /// A CPU profile of Chrome's `DevTools`.
    Chrome,
    /// The text of callgrind.
    Callgrind,
}

impl Form {
    /// All formats, in the order in which help shows them.
    pub const ALL: [Self; 6] = [
        Self::Pprof,
        Self::Folded,
        Self::Speedscope,
        Self::Firefox,
        Self::Chrome,
        Self::Callgrind,
    ];

    /// Returns the word that selects the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pprof => "pprof",
            Self::Folded => "folded",
            Self::Speedscope => "speedscope",
            Self::Firefox => "firefox",
            Self::Chrome => "chrome",
            Self::Callgrind => "callgrind",
        }
    }

    /// Returns what the format is, one line.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Pprof => "profile.proto, compressed unless the name ends in .pb",
            Self::Folded => "root;caller;leaf count, a line a stack, for flame graph tools",
            Self::Speedscope => "JSON of speedscope",
            Self::Firefox => "JSON of the Firefox Profiler",
            Self::Chrome => "a .cpuprofile of Chrome and VS Code: time alone",
            Self::Callgrind => "costs and calls for KCachegrind",
        }
    }

    /// Finds the format that a word selects.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Tells the format that a file's name stands for, with or without `.gz` behind it.
    /// `None` for a name that says nothing, `.json` and `.txt` among them.
    ///
    /// ```
    /// use fathom_profile::exchange::Form;
    ///
    /// assert_eq!(Form::of_file_name("cpu.pb.gz"), Some(Form::Pprof));
    /// assert_eq!(Form::of_file_name("a/cpu.speedscope.json"), Some(Form::Speedscope));
    /// assert_eq!(Form::of_file_name("cpu.speedscope.json.gz"), Some(Form::Speedscope));
    /// assert_eq!(Form::of_file_name("callgrind.out.4711"), Some(Form::Callgrind));
    /// assert_eq!(Form::of_file_name("cpu.json"), None);
    /// ```
    pub fn of_file_name(name: &str) -> Option<Self> {
        const ENDINGS: [(&str, Form); 14] = [
            (".pb", Form::Pprof),
            (".pprof", Form::Pprof),
            (".prof", Form::Pprof),
            (".proto", Form::Pprof),
            (".folded", Form::Folded),
            (".collapsed", Form::Folded),
            (".stacks", Form::Folded),
            (".speedscope.json", Form::Speedscope),
            (".speedscope", Form::Speedscope),
            (".firefox.json", Form::Firefox),
            (".gecko.json", Form::Firefox),
            (".cpuprofile", Form::Chrome),
            (".callgrind", Form::Callgrind),
            (".grind", Form::Callgrind),
        ];
        let lower = name.to_ascii_lowercase();
        let base = lower.rsplit(['/', '\\']).next().unwrap_or_default();
        if base.starts_with("callgrind.out") {
            return Some(Self::Callgrind);
        }
        let plain = base.strip_suffix(COMPRESSED).unwrap_or(base);
        let known = ENDINGS.iter().find(|(ending, _)| plain.ends_with(ending));
        known.map(|(_, form)| *form)
    }

    /// Compresses what was written of this format if its file's name ends in `.gz`.
    /// profile.proto stays as it is: its writers compress it by themselves.
    pub fn compressed_for(self, name: &str, written: Vec<u8>) -> Vec<u8> {
        if self != Self::Pprof && name.to_ascii_lowercase().ends_with(COMPRESSED) {
            compress::gzip(&written)
        } else {
            written
        }
    }

    /// Reads a profile of this format, compressed or not. [`Profile::parse`] finds the
    /// format by itself.
    ///
    /// # Errors
    ///
    /// As [`Profile::parse`]; input of another format is malformed.
    pub fn read(self, bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
        let plain = compress::plain(bytes.into(), limits)?;
        if plain.is_empty() {
            return Err(Error::Empty);
        }
        match self {
            Self::Pprof => decode::proto(&plain, limits, ParseOptions::default()),
            Self::Folded => folded::read(&plain, limits),
            Self::Speedscope => speedscope::read(&plain, limits),
            Self::Firefox => firefox::read(&plain, limits),
            Self::Chrome => chrome::read(&plain, limits),
            Self::Callgrind => callgrind::read(&plain, limits),
        }
    }

    /// Tells what of a profile the format cannot hold, one line each; nothing is lost in
    /// profile.proto. `column` is the value that formats of one value take.
    pub fn losses(self, profile: &Profile, column: usize) -> Vec<String> {
        let mut lost = Vec::new();
        if self == Self::Pprof {
            return lost;
        }
        let columns = profile.sample_types().len();
        if matches!(self, Self::Folded | Self::Chrome | Self::Callgrind) && columns > 1 {
            let others: Vec<&str> = (0..columns)
                .filter(|&other| other != column)
                .map(|other| profile.sample_type(other).0)
                .collect();
            let (kind, _) = profile.sample_type(column);
            lost.push(format!("it holds {kind} alone, not {}", others.join(", ")));
        }
        let (_, unit) = profile.sample_type(column);
        let nanos = nanoseconds(unit).unwrap_or(1.0);
        let is_whole = |value: &i64| (*value as f64 * nanos) % 1000.0 == 0.0;
        if self == Self::Chrome && !profile.values(column).iter().all(is_whole) {
            lost.push("its times are whole microseconds".to_owned());
        }
        if self == Self::Callgrind {
            lost.push("it holds calls between functions, not whole stacks".to_owned());
        }
        let labels: usize = (0..profile.sample_count())
            .filter(|&sample| !profile.label_rows(sample).is_empty())
            .count();
        if labels > 0 {
            lost.push(format!(
                "it has no labels: those of {labels} samples are lost"
            ));
        }
        let has_lines = profile
            .location_ids()
            .any(|location| profile.lines(location).any(|line| line.line != 0));
        if self == Self::Folded && has_lines {
            lost.push("it has no files and lines".to_owned());
        }
        let has_addresses = profile
            .location_ids()
            .any(|location| profile.address(location) != 0 && profile.line_count(location) > 0);
        if self != Self::Callgrind && has_addresses {
            lost.push("it has no addresses and binaries".to_owned());
        }
        let has_time = profile.time_nanos() != 0 || profile.duration_nanos() != 0;
        if matches!(self, Self::Folded | Self::Speedscope | Self::Callgrind) && has_time {
            lost.push("it does not say when the profile was taken".to_owned());
        }
        if profile.comments().next().is_some() {
            lost.push("it has no comments".to_owned());
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_select_formats() {
        for form in Form::ALL {
            assert_eq!(Form::from_name(form.name()), Some(form));
            assert!(!form.summary().is_empty());
        }
        assert_eq!(Form::from_name("json"), None);
        assert_eq!(Form::of_file_name("X.CPUPROFILE"), Some(Form::Chrome));
        assert_eq!(Form::of_file_name("dir.pb/out"), None);
        assert_eq!(Form::of_file_name(""), None);
        assert_eq!(Form::of_file_name("X.FOLDED.GZ"), Some(Form::Folded));
        assert_eq!(
            Form::of_file_name("callgrind.out.gz"),
            Some(Form::Callgrind)
        );
        for nothing in ["cpu.json.gz", "cpu.gz", ".gz", "cpu.folded.gz.gz"] {
            assert_eq!(Form::of_file_name(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_name_in_gz_is_compressed() {
        let plain = b"a;b 3\n".to_vec();
        let kept = Form::Folded.compressed_for("x.folded", plain.clone());
        assert_eq!(kept, plain);
        let packed = Form::Folded.compressed_for("X.folded.GZ", plain.clone());
        assert!(packed.starts_with(&[0x1f, 0x8b]));
        let profile = Form::Folded.read(&packed, &Limits::small()).unwrap();
        assert_eq!(profile.column_sum(0), 3);
        let proto = Form::Pprof.compressed_for("x.pb.gz", packed.clone());
        assert_eq!(proto, packed);
    }

    #[test]
    fn a_named_format_is_taken_at_its_word() {
        let limits = Limits::small();
        let folded = b"a;b 3\n";
        let profile = Form::Folded.read(folded, &limits).unwrap();
        assert_eq!(profile.column_sum(0), 3);
        for form in Form::ALL {
            if form != Form::Folded {
                assert!(form.read(folded, &limits).is_err(), "{form:?}");
            }
            assert_eq!(form.read(b"", &limits), Err(Error::Empty));
        }
        assert!(Form::Folded.losses(&profile, 0).is_empty());
        assert_eq!(Form::Callgrind.losses(&profile, 0).len(), 1);
    }
}
