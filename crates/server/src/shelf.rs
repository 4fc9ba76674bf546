//! All profiles that can be chosen: those of the sources, their earlier states, and files that
//! were dropped on the page; and any two of them as a comparison.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::StatusCode;
use fathom_profile::Profile;

use crate::problem::Problem;
use crate::subject::{NamedProfile, Role, Subject};

/// The most files that are kept.
const MOST_DROPPED: usize = 16;

/// The most comparisons whose change is kept.
const MOST_PAIRS: usize = 8;

/// The longest name of a file that is kept.
const LONGEST_NAME: usize = 120;

/// Begins the name of an earlier state.
const BASE: &str = "base/";

/// What stands for comparing with nothing.
const NOTHING: &str = "-";

/// Two profiles by their names.
type Pair = (String, String);

/// What there is to choose from.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// What the page is about, without its profiles.
    pub(crate) subject: Subject,
    loaded: Vec<Arc<NamedProfile>>,
    dropped: RwLock<Vec<Arc<NamedProfile>>>,
    pairs: Mutex<VecDeque<(Pair, Arc<NamedProfile>)>>,
}

impl Shelf {
    /// Puts the profiles of a subject there.
    pub(crate) fn new(mut subject: Subject) -> Self {
        let profiles: Vec<_> = subject.profiles.drain(..).map(Arc::new).collect();
        let earlier = profiles.iter().filter_map(|profile| {
            let base = profile.base()?.clone();
            let name = base_name(profile.name());
            let origin = subject.base_title.clone();
            Some(Arc::new(NamedProfile::of(
                name,
                origin,
                Role::Base,
                base,
                None,
            )))
        });
        let earlier: Vec<_> = earlier.collect();
        Self {
            loaded: profiles.into_iter().chain(earlier).collect(),
            dropped: RwLock::default(),
            pairs: Mutex::default(),
            subject,
        }
    }

    /// All profiles; those of the sources come first.
    pub(crate) fn all(&self) -> Vec<Arc<NamedProfile>> {
        let dropped = self.dropped.read().unwrap_or_else(PoisonError::into_inner);
        self.loaded.iter().chain(dropped.iter()).cloned().collect()
    }

    /// Finds a profile; without a name, the first.
    pub(crate) fn find(&self, name: Option<&str>) -> Result<Arc<NamedProfile>, Problem> {
        let all = self.all();
        let Some(name) = name else {
            let none = || Problem::not_found("there is no profile among the sources");
            return all.first().cloned().ok_or_else(none);
        };
        let found = all.iter().find(|profile| profile.name() == name);
        if found.is_none()
            && let Some(past) = &self.subject.past
            && let Some(kept) = past.profile(name)?
        {
            return Ok(kept);
        }
        found.cloned().ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|profile| profile.name()).collect();
            let hint = format!("there are: {}", names.join(", "));
            Problem::not_found(format!("there is no profile {name:?}")).hint(hint)
        })
    }

    /// Finds a profile with what it is compared with: its own earlier state, unless another
    /// base is named.
    pub(crate) fn pair(
        &self,
        name: Option<&str>,
        base: Option<&str>,
    ) -> Result<Arc<NamedProfile>, Problem> {
        let new = self.find(name)?;
        let Some(base_name) = base else {
            return Ok(new);
        };
        let base = match base_name {
            NOTHING => None,
            other => Some(self.find(Some(other))?.profile().clone()),
        };
        let pair = (new.name().to_owned(), base_name.to_owned());
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = pairs.iter().find(|(known, _)| *known == pair) {
            return Ok(known.clone());
        }
        let (name, origin) = (new.name().to_owned(), new.origin().to_owned());
        let profile = new.profile().clone();
        let made = Arc::new(NamedProfile::of(name, origin, new.role(), profile, base));
        if pairs.len() == MOST_PAIRS {
            pairs.pop_front();
        }
        pairs.push_back((pair, made.clone()));
        Ok(made)
    }

    /// Adds a file that was dropped, under its name or one like it that is free.
    pub(crate) fn add(&self, file: &str, profile: Profile) -> Result<Arc<NamedProfile>, Problem> {
        let mut dropped = self.dropped.write().unwrap_or_else(PoisonError::into_inner);
        if dropped.len() == MOST_DROPPED {
            let detail = format!("there are {MOST_DROPPED} dropped files already");
            let problem = Problem::new(StatusCode::CONFLICT, detail);
            return Err(problem.hint("start fathom open again to drop others"));
        }
        let plain: String = file.chars().filter(|it| !it.is_control()).collect();
        let plain = plain.rsplit(['/', '\\']).next().unwrap_or_default();
        let plain: String = plain.chars().take(LONGEST_NAME).collect();
        let plain = if matches!(plain.as_str(), "" | NOTHING) {
            "file"
        } else {
            &plain
        };
        let is_taken = |name: &str| {
            let mut all = self.loaded.iter().chain(dropped.iter());
            all.any(|profile| profile.name() == name)
        };
        let mut name = plain.to_owned();
        let mut number = 2_usize;
        while is_taken(&name) {
            name = format!("{plain} ({number})");
            number += 1;
        }
        let origin = format!("dropped: {plain}");
        let made = NamedProfile::of(name, origin, Role::Dropped, Arc::new(profile.into()), None);
        let made = Arc::new(made);
        dropped.push(made.clone());
        Ok(made)
    }
}

/// What the earlier state of a profile is called.
pub(crate) fn base_name(name: &str) -> String {
    format!("{BASE}{name}")
}

#[cfg(test)]
mod tests {
    use fathom_profile::Limits;

    use super::*;
    use crate::subject::Side::{Base, Change, New};

    fn profile(text: &str) -> Profile {
        Profile::parse(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn shelf() -> Shelf {
        let heap = NamedProfile::new("heap", "", profile("main 3\n"));
        Shelf::new(Subject {
            profiles: vec![heap.with_base(Some(profile("main 1\n")))],
            ..Subject::default()
        })
    }

    #[test]
    fn any_two_are_a_pair() {
        let shelf = shelf();
        shelf.add("late.pb", profile("main 10\n")).unwrap();
        let total = |name, base, side| {
            let pair = shelf.pair(Some(name), base)?;
            pair.side(side).map(|profile| profile.column_total(0))
        };
        assert_eq!(total("heap", None, Base).unwrap(), 1);
        assert!(total("heap", None, Change).is_ok());
        assert_eq!(total("heap", Some("late.pb"), Base).unwrap(), 10);
        assert_eq!(total("late.pb", Some("base/heap"), Base).unwrap(), 1);
        assert_eq!(total("base/heap", None, New).unwrap(), 1);
        assert_eq!(total("heap", Some("-"), New).unwrap(), 3);
        assert_eq!(total("heap", Some("-"), Base).unwrap_err().status, 400);
        assert_eq!(total("heap", Some("nix"), New).unwrap_err().status, 404);
        for round in 0..2 * MOST_PAIRS {
            shelf.pair(Some("heap"), Some("late.pb")).unwrap();
            shelf.add(&format!("{round}"), profile("main 1\n")).ok();
            shelf
                .pair(Some("heap"), Some(&format!("{}", round.min(14))))
                .unwrap();
        }
        assert!(shelf.pairs.lock().unwrap().len() <= MOST_PAIRS);
    }

    #[test]
    fn names_of_files_are_plain_and_their_own() {
        let shelf = shelf();
        let add = |name: &str| shelf.add(name, profile("main 1\n"));
        for (given, wanted) in [
            ("heap", "heap (2)"),
            ("../../etc/heap", "heap (3)"),
            ("C:\\x\\a\u{7}b.pb", "ab.pb"),
            ("", "file"),
            ("-", "file (2)"),
        ] {
            assert_eq!(add(given).unwrap().name(), wanted);
        }
        assert_eq!(add(&"x".repeat(9999)).unwrap().name().len(), LONGEST_NAME);
        for _ in 0..MOST_DROPPED - 6 {
            add("more").unwrap();
        }
        assert_eq!(add("more").unwrap_err().status, 409);
    }
}
