//! Short names of functions, the same in every run and on every machine.
//!
//! A handle is `@` and eight characters of base 32, the first 40 bits of a hash of the
//! function's name: what one report prints, a later command takes where it takes a
//! pattern. Paths are no part of it, because machines differ in them; functions of one
//! name in several files share a handle, as they share a row of a table.

use std::borrow::Cow;
use std::fmt;

use fathom_profile::{FunctionId, Profile};
use serde::{Serialize, Serializer};

use crate::Error;
use crate::options::Options;

/// Digits and letters without those that are easily misread.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Five bits a character.
const LENGTH: u32 = 8;
/// A beginning of a handle is enough, if it is at least this long.
const SHORTEST: usize = 4;
/// How many functions an error names.
const MOST_NAMED: usize = 3;

/// A short name of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(u64);

impl Handle {
    /// Makes the handle of a function.
    ///
    /// ```
    /// use fathom_report::Handle;
    ///
    /// assert_eq!(Handle::of("main.main").to_string(), "@m6dr7j3v");
    /// ```
    pub fn of(name: &str) -> Self {
        // FNV-1a, then the last step of MurmurHash3, which lets every bit reach the top.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^= hash >> 33;
        Self(hash >> (u64::BITS - 5 * LENGTH))
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from("@");
        for place in (0..LENGTH).rev() {
            let index = (self.0 >> (5 * place)) & 31;
            let letter = usize::try_from(index).ok().and_then(|at| ALPHABET.get(at));
            text.extend(letter.map(|&letter| char::from(letter)));
        }
        formatter.pad(&text)
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a text is a handle or the beginning of one.
fn is_handle(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|rest| {
        let is_letter = |byte: u8| ALPHABET.contains(&byte.to_ascii_lowercase());
        (SHORTEST..=LENGTH as usize).contains(&rest.len()) && rest.bytes().all(is_letter)
    })
}

/// Returns a pattern with its handles, several joined by `|`, resolved to one that
/// matches exactly the names of their functions. Any other pattern is returned as it is.
///
/// A pattern that looks like a handle and is none is written `[@]…`.
///
/// # Errors
///
/// [`Error::UnknownHandle`] and [`Error::AmbiguousHandle`].
pub fn expand<'a>(pattern: &'a str, profile: &Profile) -> Result<Cow<'a, str>, Error> {
    if pattern.is_empty() || !pattern.split('|').all(is_handle) {
        return Ok(Cow::Borrowed(pattern));
    }
    let names = pattern
        .split('|')
        .map(|handle| function(handle, profile).map(regex::escape))
        .collect::<Result<Vec<String>, Error>>()?;
    Ok(Cow::Owned(match names.as_slice() {
        [name] => format!("^{name}$"),
        several => format!("^({})$", several.join("|")),
    }))
}

/// Returns the options with the handles in their patterns of functions resolved.
///
/// # Errors
///
/// As [`expand`].
pub fn expand_options(options: &Options, profile: &Profile) -> Result<Options, Error> {
    let mut options = options.clone();
    for pattern in [
        &mut options.focus,
        &mut options.ignore,
        &mut options.hide,
        &mut options.show,
        &mut options.show_from,
        &mut options.prune_from,
    ] {
        *pattern = expand(pattern, profile)?.into_owned();
    }
    Ok(options)
}

/// Finds the only function of a handle. Costs a hash of every name.
fn function<'p>(handle: &str, profile: &'p Profile) -> Result<&'p str, Error> {
    let wanted = handle.to_ascii_lowercase();
    let functions = (0..profile.function_count()).filter_map(FunctionId::from_index);
    let mut found: Vec<&str> = functions
        .map(|function| profile.function_name(function))
        .filter(|name| !name.is_empty() && Handle::of(name).to_string().starts_with(&wanted))
        .collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err(Error::UnknownHandle {
            handle: handle.to_owned(),
        }),
        several => Err(Error::AmbiguousHandle {
            handle: handle.to_owned(),
            count: several.len(),
            names: several
                .iter()
                .take(MOST_NAMED)
                .map(|&name| name.to_owned())
                .collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use fathom_profile::Limits;

    use super::*;

    fn profile(text: &str) -> Profile {
        Profile::parse(text.as_bytes(), &Limits::small()).unwrap()
    }

    #[test]
    fn a_handle_is_resolved_to_the_name_alone() {
        let profile = profile("main.main;main.(*T).run 1\nmain.main;main.(*T).running 2\n");
        let handle = Handle::of("main.(*T).run").to_string();
        assert_eq!(expand(&handle, &profile).unwrap(), r"^main\.\(\*T\)\.run$");
        assert_eq!(
            expand(&handle[..6].to_uppercase(), &profile).unwrap(),
            r"^main\.\(\*T\)\.run$"
        );
        let both = format!("{handle}|{}", Handle::of("main.main"));
        assert_eq!(
            expand(&both, &profile).unwrap(),
            r"^(main\.\(\*T\)\.run|main\.main)$"
        );
        let options = Options {
            hide: handle.clone(),
            ..Options::default()
        };
        let options = expand_options(&options, &profile).unwrap();
        assert_eq!(options.hide, r"^main\.\(\*T\)\.run$");
        let regex = crate::pattern::compile("hide", &options.hide).unwrap();
        assert!(regex.is_match("main.(*T).run") && !regex.is_match("main.(*T).running"));
    }

    #[test]
    fn other_patterns_stay_as_they_are() {
        let profile = profile("a 1\n");
        for pattern in [
            "",
            "main",
            "@",
            "@plt",
            "@0123456789",
            "@abcd|main",
            "foo@12345678",
        ] {
            assert_eq!(expand(pattern, &profile).unwrap(), pattern);
        }
    }

    #[test]
    fn what_is_unknown_or_ambiguous_is_told() {
        let mut text = String::new();
        for number in 0..20_000 {
            let _ = writeln!(text, "f{number} 1");
        }
        let profile = profile(&text);
        let unknown = expand("@zzzzzzzz", &profile).unwrap_err().to_string();
        assert_eq!(
            unknown,
            "no function of the profile has the handle @zzzzzzzz"
        );
        // 20,000 names share 2^20 beginnings of four letters: some are alike.
        let mut begun: Vec<String> = (0..20_000)
            .map(|number| Handle::of(&format!("f{number}")).to_string()[..5].to_owned())
            .collect();
        begun.sort_unstable();
        let twice = begun.windows(2).find(|pair| pair[0] == pair[1]).unwrap();
        let ambiguous = expand(&twice[0], &profile).unwrap_err().to_string();
        assert!(
            ambiguous.contains("functions begin with the handle"),
            "{ambiguous}"
        );
    }
}
