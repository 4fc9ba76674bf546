//! Goroutines as explain needs them: how many stand where, and for how long.

use crate::heap_sites::is_standard_library;
use fathom_goruntime::goroutine::{self, Dump};
use fathom_profile::Profile;
use fathom_profile::site::is_runtime;
use std::collections::HashMap;

/// Goroutines with one stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// How many there are.
    pub(crate) count: u64,
    /// What they wait for (`chan receive`), where known.
    pub(crate) state: Option<String>,
    /// The innermost function that is not the standard library's, with its line.
    pub(crate) place: String,
    /// Functions, innermost first.
    pub(crate) functions: Vec<String>,
    /// The longest wait in minutes; the runtime rounds down, and counts from the
    /// first collection after the goroutine blocked.
    pub(crate) longest_minutes: Option<u32>,
    /// The function that started them, where known.
    pub(crate) created_by: Option<String>,
}

impl Group {
    /// Returns the function that takes the lock for which the group waits, the
    /// innermost outside the runtime and `sync`; `None` for other groups.
    ///
    /// The state is not asked: `semacquire` stands for several waits before Go
    /// 1.24, and a profile has none.
    fn lock_owner(&self) -> Option<&str> {
        let mut takes_lock = false;
        for function in &self.functions {
            let is_inner = function.is_empty()
                || function.starts_with("0x")
                || is_runtime(function)
                || function.starts_with("sync.")
                || function.starts_with("internal/sync.");
            if !is_inner {
                return takes_lock.then_some(function);
            }
            takes_lock |= ["Lock", "RLock", "lockSlow", "rLockSlow"]
                .iter()
                .any(|end| {
                    function.strip_suffix(end).is_some_and(|start| {
                        start.ends_with("(*Mutex).") || start.ends_with("(*RWMutex).")
                    })
                });
        }
        None
    }

    /// Returns the innermost function of the program's own.
    fn own_function(&self) -> Option<&str> {
        let own = |function: &&String| !function.is_empty() && !is_standard_library(function);
        self.functions.iter().find(own).map(String::as_str)
    }
}

/// All goroutines, most numerous group first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Goroutines {
    /// How many there are in all.
    pub(crate) total: u64,
    /// The groups.
    pub(crate) groups: Vec<Group>,
    /// The dump was cut: there are more than were seen.
    pub(crate) truncated: bool,
}

/// Counts the goroutines of a profile by the place in the program where they are, the most first.
pub fn goroutine_places(profile: &Profile) -> Vec<(String, u64)> {
    let mut places: HashMap<String, u64> = HashMap::new();
    for group in Goroutines::from_profile(profile).groups {
        let known = places.entry(group.place).or_default();
        *known = known.saturating_add(group.count);
    }
    let mut places: Vec<(String, u64)> = places.into_iter().collect();
    places.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    places
}

impl Goroutines {
    /// Groups the samples of a goroutine profile by stack.
    pub(crate) fn from_profile(profile: &Profile) -> Self {
        let mut stacks: HashMap<Vec<(String, String, i64)>, u64> = HashMap::new();
        for sample in 0..profile.sample_count() {
            let count = profile.value(sample, 0).max(0).unsigned_abs();
            let frames = profile
                .frames(sample)
                .map(|frame| (frame.function.to_owned(), frame.file.to_owned(), frame.line))
                .collect();
            let known = stacks.entry(frames).or_default();
            *known = known.saturating_add(count);
        }
        let groups = stacks
            .into_iter()
            .map(|(frames, count)| Group {
                count,
                state: goroutine::wait_of(frames.iter().map(|frame| frame.0.as_str()))
                    .map(str::to_owned),
                place: place(
                    frames
                        .iter()
                        .map(|(f, file, line)| (f.as_str(), file.as_str(), *line)),
                ),
                functions: frames.into_iter().map(|frame| frame.0).collect(),
                longest_minutes: None,
                created_by: None,
            })
            .collect();
        Self::sorted(groups, false)
    }

    /// Groups the goroutines of a debug=2 dump by stack and state.
    pub(crate) fn from_dump(dump: &Dump) -> Self {
        let groups = goroutine::groups(dump)
            .into_iter()
            .map(|group| Group {
                count: group.count,
                state: Some(group.state.clone()),
                place: place(
                    group
                        .stack
                        .iter()
                        .map(|frame| (&*frame.function, &*frame.file, i64::from(frame.line))),
                ),
                functions: group
                    .stack
                    .iter()
                    .map(|frame| frame.function.to_string())
                    .collect(),
                longest_minutes: group.waits.as_ref().map(|waits| waits.max),
                created_by: group
                    .created_by
                    .as_ref()
                    .map(|creator| creator.function.to_string()),
            })
            .collect();
        Self::sorted(groups, dump.truncated)
    }

    fn sorted(mut groups: Vec<Group>, truncated: bool) -> Self {
        groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.place.cmp(&b.place)));
        Self {
            total: groups
                .iter()
                .fold(0, |total, group| total.saturating_add(group.count)),
            groups,
            truncated,
        }
    }

    /// Counts the goroutines that wait for locks.
    pub(crate) fn lock_waiters(&self) -> u64 {
        let waiting = self
            .groups
            .iter()
            .filter(|group| group.lock_owner().is_some());
        waiting.fold(0, |sum, group| sum.saturating_add(group.count))
    }

    /// Counts the goroutines that wait for a lock that `owner` takes, or that
    /// wait for any in `function`: one function often takes and releases it.
    pub(crate) fn waiting_for_lock(&self, owner: &str, function: &str) -> u64 {
        let waiting = self.groups.iter().filter(|group| {
            group
                .lock_owner()
                .is_some_and(|taken_by| taken_by == owner || group.own_function() == Some(function))
        });
        waiting.fold(0, |sum, group| sum.saturating_add(group.count))
    }

    /// Returns the lock for which most goroutines wait, as the line of the
    /// program where most of them do, and how many they are.
    pub(crate) fn longest_lock_queue(&self) -> Option<(&str, u64)> {
        let mut queues: Vec<(&str, &str, u64)> = Vec::new();
        for group in &self.groups {
            let Some(owner) = group.lock_owner() else {
                continue;
            };
            match queues.iter_mut().find(|(known, _, _)| *known == owner) {
                Some((_, _, waiting)) => *waiting = waiting.saturating_add(group.count),
                None => queues.push((owner, &group.place, group.count)),
            }
        }
        // The first of equals: groups are in the order of their size.
        let longest = queues.into_iter().rev().max_by_key(|queue| queue.2)?;
        Some((longest.1, longest.2))
    }

    /// Counts the goroutines whose place is this.
    pub(crate) fn standing_at(&self, place: &str) -> u64 {
        let standing = self.groups.iter().filter(|group| group.place == place);
        standing.fold(0, |sum, group| sum.saturating_add(group.count))
    }

    /// Returns the group that runs finalizers or cleanups and stands in the
    /// program's own code.
    ///
    /// The runtime's goroutine is `runtime.runfinq` up to Go 1.24 and
    /// `runtime.runFinalizers` after (src/runtime/mfinal.go); cleanups run in
    /// `runtime.runCleanups` since 1.25 (src/runtime/mcleanup.go).
    pub(crate) fn stuck_finalizer(&self) -> Option<&Group> {
        self.groups.iter().find(|group| {
            let runs = group.functions.iter().any(|function| {
                matches!(
                    function.as_str(),
                    "runtime.runfinq" | "runtime.runFinalizers" | "runtime.runCleanups"
                ) || function.starts_with("runtime.(*cleanupQueue)")
            });
            runs && group
                .functions
                .iter()
                .any(|function| !function.starts_with("runtime."))
        })
    }
}

/// Names the innermost frame that is the program's own, or else the innermost.
fn place<'a>(frames: impl Iterator<Item = (&'a str, &'a str, i64)>) -> String {
    let mut first = None;
    for frame in frames.filter(|frame| !frame.0.is_empty()) {
        first.get_or_insert(frame);
        if !is_standard_library(frame.0) {
            return at(frame);
        }
    }
    first.map_or_else(|| "an unknown place".to_owned(), at)
}

fn at((function, file, line): (&str, &str, i64)) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    if name.is_empty() || line <= 0 {
        function.to_owned()
    } else {
        format!("{function} ({name}:{line})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(count: u64, place: &str, functions: &[&str]) -> Group {
        Group {
            count,
            state: None,
            place: place.to_owned(),
            functions: functions.iter().map(|&name| name.to_owned()).collect(),
            longest_minutes: None,
            created_by: None,
        }
    }

    #[test]
    fn a_queue_is_all_that_wait_for_one_owner() {
        let park = [
            "runtime.gopark",
            "internal/sync.runtime_SemacquireMutex",
            "internal/sync.(*Mutex).lockSlow",
            "sync.(*Mutex).Lock",
        ];
        let with = |rest: &[&'static str]| [&park[..], rest].concat();
        let groups = vec![
            group(
                30,
                "main.a (m.go:3)",
                &with(&["log.(*Logger).output", "main.a"]),
            ),
            group(
                50,
                "main.idle (m.go:9)",
                &["runtime.gopark", "runtime.chanrecv1", "main.idle"],
            ),
            group(
                9,
                "main.b (m.go:5)",
                &with(&["log.(*Logger).output", "main.b"]),
            ),
            group(35, "main.c (m.go:7)", &with(&["main.c"])),
            group(
                40,
                "main.all (m.go:8)",
                &[
                    "sync.runtime_SemacquireWaitGroup",
                    "sync.(*WaitGroup).Wait",
                    "main.all",
                ],
            ),
        ];
        let all = Goroutines::sorted(groups, false);
        assert_eq!(all.longest_lock_queue(), Some(("main.a (m.go:3)", 39)));
        assert_eq!(all.lock_waiters(), 74);
        assert_eq!(all.waiting_for_lock("main.c", "main.c"), 35);
        assert_eq!(all.waiting_for_lock("main.other", "main.b"), 9);
        assert_eq!(all.standing_at("main.idle (m.go:9)"), 50);
    }

    #[test]
    fn the_place_is_the_programs_own() {
        let frames = [
            ("runtime.gopark", "/go/src/runtime/proc.go", 400),
            (
                "net/http.(*persistConn).readLoop",
                "/go/src/net/http/transport.go",
                9,
            ),
            ("main.worker", "/src/app/main.go", 21),
        ];
        assert_eq!(place(frames.into_iter()), "main.worker (main.go:21)");
        assert_eq!(
            place(frames[..1].iter().copied()),
            "runtime.gopark (proc.go:400)"
        );
        assert_eq!(place(std::iter::empty()), "an unknown place");
    }
}
