//! What a profile is about, guessed from its columns.

use crate::profile::Profile;

/// What a profile is about.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileKind {
    /// Memory: in-use, allocations, or both.
    Heap,
    /// Goroutines by stack, leaked ones (`goroutineleak`) included.
    Goroutine,
    /// Threads by the stack that started them.
    ThreadCreate,
    /// Waiting: Go's block and mutex profiles, which cannot be told apart in profile.proto.
    Contention,
    /// Processor time.
    Cpu,
    /// Something else.
    Other,
}

impl Profile {
    /// Guesses what the profile is about from the names of its sample types.
    pub fn kind(&self) -> ProfileKind {
        let has = |kind: &str| self.column(kind).is_some();
        if has("inuse_space") || has("alloc_space") || has("inuse_objects") {
            return ProfileKind::Heap;
        }
        if has("space") && has("objects") {
            return ProfileKind::Heap;
        }
        if has("goroutine") || has("goroutineleak") {
            return ProfileKind::Goroutine;
        }
        if has("threadcreate") {
            return ProfileKind::ThreadCreate;
        }
        if has("contentions") {
            return ProfileKind::Contention;
        }
        let cpu_period = self.period_type().is_some_and(|(kind, _)| kind == "cpu");
        if has("cpu") || cpu_period {
            ProfileKind::Cpu
        } else {
            ProfileKind::Other
        }
    }
}
