//! Goroutines out of a profile: stacks with counts, without states or ids.
//!
//! A goroutine profile (protobuf or debug=1) keeps the runtime's own frames, which
//! a dump hides; they tell what a goroutine waits for.

use std::sync::Arc;

use super::{Frame, Group, StateCount};

/// Is one stack of a goroutine profile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stack {
    /// Counts the goroutines.
    pub count: u64,
    /// Is the stack, innermost call first, with the runtime's frames.
    pub frames: Vec<Frame>,
    /// Holds the profiler labels that all of them have.
    pub labels: Vec<(String, String)>,
    /// Tells whether the runtime found them leaked: a `goroutineleak` profile.
    pub leaked: bool,
}

impl Frame {
    /// Makes a frame as a profile knows it: without the offset.
    pub fn of_profile(function: &str, file: &str, line: u32, inlined: bool) -> Self {
        Self {
            function: function.into(),
            inlined,
            file: file.into(),
            line,
            offset: None,
        }
    }
}

/// Makes groups of the stacks of a profile, in their order. Stacks that the
/// profile keeps apart by their addresses alone become one group.
///
/// The state is what the runtime's frames tell, or empty; the frames that a dump
/// would hide are left out.
pub(super) fn groups_of(stacks: impl IntoIterator<Item = Stack>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for stack in stacks {
        let functions = stack.frames.iter().map(|frame| &*frame.function);
        let state = wait_of(functions).unwrap_or_default();
        let visible = visible(stack.frames);
        let labels = stack.labels;
        let key = (state, visible.clone(), labels.clone());
        let index = *known.entry(key).or_insert_with(|| {
            groups.push(Group {
                count: 0,
                state: state.to_owned(),
                stack: Arc::from(visible),
                elided_frames: None,
                elided_after: 0,
                created_by: None,
                waits: None,
                locked: 0,
                leaked: 0,
                labels,
                ids: Vec::new(),
            });
            groups.len().saturating_sub(1)
        });
        if let Some(group) = groups.get_mut(index) {
            group.count = group.count.saturating_add(stack.count);
            let leaked = if stack.leaked { stack.count } else { 0 };
            group.leaked = group.leaked.saturating_add(leaked);
        }
    }
    groups
}

/// Counts groups by state, most goroutines first.
pub(super) fn states_of(groups: &[Group]) -> Vec<StateCount> {
    let mut states: Vec<StateCount> = Vec::new();
    for group in groups {
        let longest_minutes = group.waits.map(|waits| waits.max);
        match states.iter_mut().find(|state| state.state == group.state) {
            Some(state) => {
                state.count = state.count.saturating_add(group.count);
                state.leaked = state.leaked.saturating_add(group.leaked);
                state.longest_minutes = state.longest_minutes.max(longest_minutes);
            }
            None => states.push(StateCount {
                state: group.state.clone(),
                count: group.count,
                leaked: group.leaked,
                longest_minutes,
            }),
        }
    }
    states.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.state.cmp(&b.state)));
    states
}

/// The functions that only run on behalf of one wait, and the word a dump has for it
/// (`runtime/runtime2.go`, `waitReasonStrings`, Go 1.27; the semaphores of `sync` are
/// linked from `runtime/sema.go`). Go before 1.24 calls all of `sync`'s waits but the
/// locks' `semacquire`.
const WAITS: [(&str, &str); 18] = [
    ("runtime.selectgo", "select"),
    ("runtime.block", "select (no cases)"),
    ("runtime.chanrecv", "chan receive"),
    ("runtime.chanrecv1", "chan receive"),
    ("runtime.chanrecv2", "chan receive"),
    ("runtime.chansend", "chan send"),
    ("runtime.chansend1", "chan send"),
    ("runtime.netpollblock", "IO wait"),
    ("internal/poll.runtime_pollWait", "IO wait"),
    ("time.Sleep", "sleep"),
    ("sync.runtime_SemacquireMutex", "sync.Mutex.Lock"),
    ("internal/sync.runtime_SemacquireMutex", "sync.Mutex.Lock"),
    ("sync.runtime_SemacquireRWMutexR", "sync.RWMutex.RLock"),
    ("sync.runtime_SemacquireRWMutex", "sync.RWMutex.Lock"),
    ("sync.runtime_SemacquireWaitGroup", "sync.WaitGroup.Wait"),
    ("sync.runtime_Semacquire", "semacquire"),
    ("sync.runtime_notifyListWait", "sync.Cond.Wait"),
    ("runtime.cgocall", "syscall"),
];

/// Tells what a goroutine waits for from the functions of its stack, innermost
/// first: from the runtime's on top of it. `None` for one that runs, or whose
/// functions are hidden.
pub fn wait_of<'a>(functions: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let of = |function: &str| {
        let wait = WAITS.iter().find(|(name, _)| *name == function);
        wait.map(|(_, state)| *state)
            .or_else(|| is_syscall(function).then_some("syscall"))
            .or_else(|| function.starts_with("runtime/pprof.").then_some("running"))
    };
    functions
        .take_while(|function| is_of_runtime(function) || of(function).is_some())
        .find_map(of)
}

fn is_syscall(function: &str) -> bool {
    let names = [
        "syscall.Syscall",
        "syscall.RawSyscall",
        "syscall.syscall",
        "os/signal.signal_recv",
    ];
    names.iter().any(|name| function.starts_with(name))
        || function.starts_with("internal/runtime/syscall")
}

fn is_of_runtime(function: &str) -> bool {
    function.starts_with("runtime.") || function.starts_with("internal/runtime/")
}

/// Leaves out what a dump hides: the runtime's frames where the goroutine stopped
/// and where it began, which debug=1 gives as bare addresses. A goroutine of the
/// runtime itself keeps all of them.
fn visible(mut frames: Vec<Frame>) -> Vec<Frame> {
    let hidden = |frame: &Frame| is_of_runtime(&frame.function) || frame.function.starts_with("0x");
    let Some(first) = frames.iter().position(|frame| !hidden(frame)) else {
        return frames;
    };
    frames.drain(..first);
    while frames.last().is_some_and(hidden) {
        frames.pop();
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_from_the_runtime_frames() {
        let wait = |names: &[&str]| wait_of(names.iter().copied());
        assert_eq!(
            wait(&[
                "runtime.gopark",
                "runtime.chanrecv",
                "runtime.chanrecv1",
                "main.worker"
            ]),
            Some("chan receive")
        );
        assert_eq!(
            wait(&[
                "runtime.gopark",
                "internal/sync.runtime_SemacquireMutex",
                "main.f"
            ]),
            Some("sync.Mutex.Lock")
        );
        assert_eq!(wait(&["main.spin", "runtime.chanrecv"]), None);
    }

    fn stack(count: u64, functions: &[&str]) -> Stack {
        Stack {
            count,
            frames: functions
                .iter()
                .map(|function| Frame::of_profile(function, "/m.go", 7, false))
                .collect(),
            labels: Vec::new(),
            leaked: false,
        }
    }

    #[test]
    fn the_runtimes_frames_tell_the_state_and_go() {
        let wait = [
            "runtime.gopark",
            "runtime.chanrecv",
            "runtime.chanrecv1",
            "main.worker",
            "runtime.goexit",
        ];
        let groups = groups_of([
            stack(3, &wait),
            stack(4, &wait),
            stack(
                1,
                &["runtime.gopark", "time.Sleep", "main.main", "runtime.main"],
            ),
            stack(2, &["runtime.gopark", "runtime.forcegchelper"]),
            stack(1, &["main.spin"]),
            stack(1, &["0x48b129", "0x41814d", "main.text"]),
        ]);
        let rows: Vec<(u64, &str, Vec<&str>)> = groups
            .iter()
            .map(|group| {
                let functions = group.stack.iter().map(|frame| &*frame.function).collect();
                (group.count, group.state.as_str(), functions)
            })
            .collect();
        assert_eq!(
            rows,
            [
                (7, "chan receive", vec!["main.worker"]),
                (1, "sleep", vec!["time.Sleep", "main.main"]),
                (2, "", vec!["runtime.gopark", "runtime.forcegchelper"]),
                (1, "", vec!["main.spin"]),
                (1, "", vec!["main.text"]),
            ]
        );
        let states = states_of(&groups);
        assert_eq!(
            (states[0].state.as_str(), states[0].count),
            ("chan receive", 7)
        );
    }

    #[test]
    fn labels_keep_groups_apart() {
        let mut labelled = stack(1, &["main.f"]);
        labelled.labels = vec![("tenant".to_owned(), "a".to_owned())];
        assert_eq!(groups_of([stack(1, &["main.f"]), labelled]).len(), 2);
    }
}
