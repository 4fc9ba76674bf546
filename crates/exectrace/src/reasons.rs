//! What a goroutine waits for, told from its stack.
//!
//! When a trace begins, or a goroutine is met for the first time, the trace says that it waits,
//! and since Go 1.23 where, but not why. The runtime's function on top of the stack tells.

use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;

/// How many frames from the leaf are looked at.
const DEPTH: usize = 8;

/// Functions in which a goroutine waits, and the reason that the runtime says for it
/// (the calls of `gopark` in `src/runtime`, Go 1.22 to 1.27).
const FUNCTIONS: &[(&str, Name)] = &[
    ("runtime.chanrecv", Name::CHAN_RECEIVE),
    ("runtime.chanrecv1", Name::CHAN_RECEIVE),
    ("runtime.chanrecv2", Name::CHAN_RECEIVE),
    ("runtime.chansend", Name::CHAN_SEND),
    ("runtime.chansend1", Name::CHAN_SEND),
    ("runtime.selectgo", Name::SELECT),
    ("runtime.block", Name::FOREVER),
    ("runtime.netpollblock", Name::NETWORK),
    ("internal/poll.runtime_pollWait", Name::NETWORK),
    ("sync.runtime_notifyListWait", Name::COND_WAIT),
    ("sync.runtime_Semacquire", Name::SYNC),
    ("sync.runtime_SemacquireMutex", Name::SYNC),
    ("internal/sync.runtime_SemacquireMutex", Name::SYNC),
    ("sync.runtime_SemacquireRWMutex", Name::SYNC),
    ("sync.runtime_SemacquireRWMutexR", Name::SYNC),
    ("sync.runtime_SemacquireWaitGroup", Name::SYNC),
    ("internal/poll.runtime_Semacquire", Name::SYNC),
    ("time.Sleep", Name::SLEEP),
    ("runtime.bgsweep", Name::SWEEPER_WAIT),
    ("runtime.bgscavenge", Name::SYSTEM_WAIT),
    ("runtime.forcegchelper", Name::SYSTEM_WAIT),
    ("runtime.gcBgMarkWorker", Name::SYSTEM_WAIT),
    ("runtime.runFinalizers", Name::SYSTEM_WAIT),
    ("runtime.runfinq", Name::SYSTEM_WAIT),
    ("runtime.runCleanups", Name::SYSTEM_WAIT),
    ("runtime.gcParkAssist", Name::ASSIST_WAIT),
    ("runtime.gcParkStrongFromWeak", Name::WEAK_TO_STRONG),
];

/// The reason that a waiting goroutine's stack tells, [`Name::EMPTY`] if none.
///
/// The function nearest to the leaf decides: a mutex within a select of the caller is a mutex.
pub(crate) fn of_stack(stack: StackId, tables: &Tables) -> Name {
    tables
        .stacks
        .frames(stack)
        .take(DEPTH)
        .find_map(|frame| {
            let function = tables.names.get(frame.function);
            FUNCTIONS
                .iter()
                .find(|(name, _)| *name == function)
                .map(|&(_, reason)| reason)
        })
        .unwrap_or(Name::EMPTY)
}
