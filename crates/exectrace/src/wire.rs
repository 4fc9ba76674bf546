//! The events of the wire, in one table (`src/internal/trace/tracev2/events.go`, Go 1.27.3).
//!
//! A number of the format never changes its meaning; formats only add numbers. All numbers are
//! unsigned LEB128 varints but the byte of the event itself.

/// The bytes that a batch may have.
pub(crate) const LARGEST_BATCH: u64 = 64 << 10;
/// The bytes that a string may have.
pub(crate) const LONGEST_STRING: u64 = 1 << 10;
/// The frames that a stack may have.
pub(crate) const DEEPEST_STACK: u64 = 128;
/// The arguments that an event may have beside its time.
pub(crate) const MOST_ARGUMENTS: usize = 4;

/// What the table says of one event.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The event's name in the Go tree.
    pub name: &'static str,
    /// The names of its arguments, without the time.
    pub arguments: &'static [&'static str],
    /// Whether it stands in the batches of threads, with a time of its own.
    pub is_timed: bool,
}

macro_rules! events {
    ($($(#[$doc:meta])* $number:literal $variant:ident $timed:ident [$($argument:literal),*];)*) => {
        /// An event of the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Wire { $($(#[$doc])* $variant = $number,)* }

        impl Wire {
            /// The event of a number.
            #[inline]
            pub fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// What the table says of it.
            pub const fn spec(self) -> Spec {
                match self {
                    $(Self::$variant => Spec {
                        name: stringify!($variant),
                        arguments: &[$($argument),*],
                        is_timed: events!(@ $timed),
                    },)*
                }
            }
        }

        /// For each number: 0 where there is no timed event, else its arguments and one.
        static TIMED: [u8; 256] = {
            let mut table = [0; 256];
            $(if events!(@ $timed) {
                let names: &[&str] = &[$($argument),*];
                #[expect(clippy::cast_possible_truncation, reason = "no event has more than 4")]
                { table[$number] = names.len() as u8 + 1; }
            })*
            table
        };
    };
    (@ timed) => { true };
    (@ plain) => { false };
}

events! {
    /// A batch of a thread's events.
    1 EventBatch plain ["gen", "m", "time", "size"];
    /// Begins a batch of stacks.
    2 Stacks plain [];
    /// A stack.
    3 Stack plain ["id", "nframes"];
    /// Begins a batch of strings.
    4 Strings plain [];
    /// A string.
    5 String plain ["id"];
    /// Begins a batch of CPU samples.
    6 CPUSamples plain [];
    /// A CPU sample.
    7 CPUSample plain ["time", "m", "p", "g", "stack"];
    /// How many units of the trace's clock make a second.
    8 Frequency plain ["freq"];
    /// GOMAXPROCS.
    9 ProcsChange timed ["procs_value", "stack"];
    /// A thread takes a P.
    10 ProcStart timed ["p", "p_seq"];
    /// A thread gives its P back.
    11 ProcStop timed [];
    /// A P is taken from a thread that is in a system call.
    12 ProcSteal timed ["p", "p_seq", "m"];
    /// The state of a P at the beginning of a generation.
    13 ProcStatus timed ["p", "pstatus"];
    /// A goroutine is created.
    14 GoCreate timed ["new_g", "new_stack", "stack"];
    /// A goroutine appears in a system call: a callback of cgo.
    15 GoCreateSyscall timed ["new_g"];
    /// A goroutine begins to run.
    16 GoStart timed ["g", "g_seq"];
    /// A goroutine ends.
    17 GoDestroy timed [];
    /// A goroutine ends in a system call: the end of a callback of cgo.
    18 GoDestroySyscall timed [];
    /// A goroutine stops running but could go on.
    19 GoStop timed ["reason_string", "stack"];
    /// A goroutine blocks.
    20 GoBlock timed ["reason_string", "stack"];
    /// A goroutine is made runnable.
    21 GoUnblock timed ["g", "g_seq", "stack"];
    /// A goroutine enters a system call.
    22 GoSyscallBegin timed ["p_seq", "stack"];
    /// A goroutine leaves a system call and runs on.
    23 GoSyscallEnd timed [];
    /// A goroutine leaves a system call and has lost its P.
    24 GoSyscallEndBlocked timed [];
    /// The state of a goroutine at the beginning of a generation.
    25 GoStatus timed ["g", "m", "gstatus"];
    /// The world is about to be stopped.
    26 STWBegin timed ["kind_string", "stack"];
    /// The world goes on.
    27 STWEnd timed [];
    /// The mark phase goes on from the generation before.
    28 GCActive timed ["gc_seq"];
    /// The mark phase begins.
    29 GCBegin timed ["gc_seq", "stack"];
    /// The mark phase ends.
    30 GCEnd timed ["gc_seq"];
    /// A sweep goes on from the generation before.
    31 GCSweepActive timed ["p"];
    /// A P begins to sweep.
    32 GCSweepBegin timed ["stack"];
    /// A P ends its sweep.
    33 GCSweepEnd timed ["swept_value", "reclaimed_value"];
    /// A mark assist goes on from the generation before.
    34 GCMarkAssistActive timed ["g"];
    /// A goroutine begins to assist the collector.
    35 GCMarkAssistBegin timed ["stack"];
    /// A goroutine ends its assist.
    36 GCMarkAssistEnd timed [];
    /// The live heap in bytes.
    37 HeapAlloc timed ["heapalloc_value"];
    /// The heap's goal in bytes.
    38 HeapGoal timed ["heapgoal_value"];
    /// Labels the running goroutine.
    39 GoLabel timed ["label_string"];
    /// A user's task begins.
    40 UserTaskBegin timed ["task", "parent_task", "name_string", "stack"];
    /// A user's task ends.
    41 UserTaskEnd timed ["task", "stack"];
    /// A user's region begins.
    42 UserRegionBegin timed ["task", "name_string", "stack"];
    /// A user's region ends.
    43 UserRegionEnd timed ["task", "name_string", "stack"];
    /// A user's log.
    44 UserLog timed ["task", "key_string", "value_string", "stack"];
    /// A coroutine hands its thread to another.
    45 GoSwitch timed ["g", "g_seq"];
    /// A coroutine ends and hands its thread to another.
    46 GoSwitchDestroy timed ["g", "g_seq"];
    /// A goroutine is created that does not run yet: a coroutine.
    47 GoCreateBlocked timed ["new_g", "new_stack", "stack"];
    /// The state of a goroutine, with its stack.
    48 GoStatusStack timed ["g", "m", "gstatus", "stack"];
    /// A batch of an experiment, in a form of its own.
    49 ExperimentalBatch plain ["exp", "gen", "m", "time"];
    /// Begins the batch that ties the clocks together.
    50 Sync plain [];
    /// The trace's, the monotonic and the wall clock at one moment.
    51 ClockSnapshot timed ["mono", "sec", "nsec"];
    /// The generation ends here.
    52 EndOfGeneration plain [];
    /// A span of the heap exists.
    128 Span timed ["id", "npages_value", "kindclass"];
    /// A span of the heap is allocated.
    129 SpanAlloc timed ["id", "npages_value", "kindclass"];
    /// A span of the heap is freed.
    130 SpanFree timed ["id"];
    /// An object exists.
    131 HeapObject timed ["id", "type"];
    /// An object is allocated.
    132 HeapObjectAlloc timed ["id", "type"];
    /// An object is freed.
    133 HeapObjectFree timed ["id"];
    /// A goroutine's stack exists.
    134 GoroutineStack timed ["id", "order"];
    /// A goroutine's stack is allocated.
    135 GoroutineStackAlloc timed ["id", "order"];
    /// A goroutine's stack is freed.
    136 GoroutineStackFree timed ["id"];
}

/// How many arguments a timed event has beside its time; nothing for other numbers.
#[inline]
pub(crate) fn timed_arguments(number: u8) -> Option<usize> {
    usize::from(TIMED[usize::from(number)]).checked_sub(1)
}

/// Reads a varint, and where the next byte is.
#[inline]
pub(crate) fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let &first = bytes.get(at)?;
    if first < 0x80 {
        return Some((u64::from(first), at + 1));
    }
    if let Some(&second) = bytes.get(at + 1)
        && second < 0x80
    {
        return Some((u64::from(first & 0x7f) | u64::from(second) << 7, at + 2));
    }
    long_varint(bytes, at)
}

fn long_varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.get(at..)?.iter().take(10).enumerate() {
        // The tenth byte has room for one bit.
        if index == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((value, at + index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_belong_together() {
        assert_eq!(Wire::from_number(16), Some(Wire::GoStart));
        assert_eq!(Wire::GoStart.spec().name, "GoStart");
        assert_eq!(Wire::GoStart.spec().arguments, ["g", "g_seq"]);
        assert_eq!(timed_arguments(16), Some(2));
        assert_eq!(timed_arguments(17), Some(0));
        assert_eq!(timed_arguments(1), None);
        assert_eq!(timed_arguments(200), None);
        assert_eq!(Wire::from_number(53), None);
    }

    #[test]
    fn varints_end() {
        assert_eq!(varint(&[5], 0), Some((5, 1)));
        assert_eq!(varint(&[9, 0x80, 0x01], 1), Some((128, 3)));
        assert_eq!(varint(&[0x80], 0), None);
        assert_eq!(varint(&[], 0), None);
        let mut largest = [0xff; 10];
        largest[9] = 1;
        assert_eq!(varint(&largest, 0), Some((u64::MAX, 10)));
        largest[9] = 2;
        assert_eq!(varint(&largest, 0), None);
    }
}
