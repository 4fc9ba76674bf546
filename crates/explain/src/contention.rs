//! Waiting for each other: block and mutex profiles as explain needs them.
//!
//! Both add up since the process started; what matters is how much is added in
//! a second. Seconds of waiting in a second are the goroutines that wait there
//! at a time, on average (Little's law), so that is how they are told.
//!
//! A mutex profile charges the waiting to the stack that released the lock
//! (Go 1.27.3, src/runtime/sema.go, `semrelease1`), a block profile to the
//! stack that waited (src/runtime/mprof.go, `blockevent`). Both are scaled by
//! the runtime for the events that it left out.

use crate::heap_sites::is_standard_library;
use fathom_profile::Profile;
use fathom_profile::site::is_runtime;
use std::collections::HashMap;

/// Functions that run requests: who waits below one keeps somebody waiting.
const SERVING: [&str; 7] = [
    "net/http.(*conn).serve",
    "net/http.(*http2serverConn).runHandler",
    "golang.org/x/net/http2.(*serverConn).runHandler",
    "google.golang.org/grpc.(*Server).handleStream",
    "net/rpc.(*service).call",
    "github.com/valyala/fasthttp.(*workerPool).workerFunc",
    "github.com/gin-gonic/gin.(*Engine).ServeHTTP",
];

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wait {
    /// A `sync.Mutex` or `sync.RWMutex`.
    Lock,
    /// A lock inside the runtime, which no goroutine holds by its own doing.
    RuntimeLock,
    /// A channel to take a value.
    Send,
    /// A channel to give a value, or to be closed.
    Receive,
    /// One of several channels.
    Select,
    /// A condition.
    Condition,
    /// Others to finish.
    Group,
    /// Something inside the runtime, or unknown.
    Other,
}

impl Wait {
    /// Names the operation that waits.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Lock => "for a lock",
            Self::RuntimeLock => "for a lock of the runtime",
            Self::Send => "to send to a channel",
            Self::Receive => "to receive from a channel",
            Self::Select => "in a select",
            Self::Condition => "for a sync.Cond",
            Self::Group => "for a sync.WaitGroup",
            Self::Other => "inside the runtime",
        }
    }
}

/// Over what time the waiting was added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Window {
    /// Between two readings, or as long as the profile says: seconds.
    Between(f64),
    /// Since the process started: seconds.
    SinceStart(f64),
    /// Since the process started, nobody knows when.
    Unknown,
}

impl Window {
    /// Returns the length in seconds.
    pub(crate) fn seconds(self) -> Option<f64> {
        match self {
            Self::Between(seconds) | Self::SinceStart(seconds) if seconds > 0.0 => Some(seconds),
            _ => None,
        }
    }
}

/// What tells two rows apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// What is waited for.
    pub(crate) wait: Wait,
    /// The innermost function that belongs neither to the runtime nor to `sync`:
    /// whose lock it is, who uses the channel.
    pub(crate) owner: String,
    /// The innermost function that is the program's own; empty where there is none.
    pub(crate) function: String,
    /// Its file, or that of the owner.
    file: String,
    /// The line in it.
    line: i64,
    /// The stack serves a request.
    pub(crate) serving: bool,
}

impl Spot {
    /// Writes the place: `main.(*journal).write (main.go:40)`.
    pub(crate) fn place(&self) -> String {
        let function = if self.function.is_empty() {
            &self.owner
        } else {
            &self.function
        };
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file);
        if file.is_empty() || self.line <= 0 {
            function.clone()
        } else {
            format!("{function} ({file}:{})", self.line)
        }
    }
}

/// How much was waited at one spot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Waited {
    /// Seconds, of all that waited together.
    pub(crate) seconds: f64,
    /// How often.
    pub(crate) events: f64,
}

impl Waited {
    fn plus(self, other: Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            events: self.events + other.events,
        }
    }
}

/// A block or mutex profile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contention {
    /// Over what time.
    pub(crate) window: Window,
    /// When the profile was taken, unix nanoseconds; 0 where unknown.
    pub(crate) taken_at: u64,
    /// All waiting.
    pub(crate) total: Waited,
    /// The spots, most waiting first.
    pub(crate) spots: Vec<(Spot, Waited)>,
    /// One event in so many is recorded; 0 where none is. Only the text of a
    /// mutex profile says it.
    pub(crate) fraction: Option<u64>,
}

impl Contention {
    /// Reads the profile; `None` where it is of another sort. `scaled` divides
    /// what a reader multiplied although the runtime had done so already.
    pub(crate) fn read(profile: &Profile, scaled: f64) -> Option<Self> {
        let (events, delay) = (profile.column("contentions")?, profile.column("delay")?);
        let mut spots: HashMap<Spot, Waited> = HashMap::new();
        for sample in 0..profile.sample_count() {
            let nanoseconds = profile.value(sample, delay).max(0) as f64;
            let waited = Waited {
                seconds: nanoseconds / 1e9 / scaled,
                events: profile.value(sample, events).max(0) as f64 / scaled,
            };
            let known = spots.entry(spot_of(profile, sample)).or_default();
            *known = known.plus(waited);
        }
        let window = match profile.duration_nanos() {
            nanoseconds if nanoseconds > 0 => Window::Between(nanoseconds as f64 / 1e9),
            _ => Window::Unknown,
        };
        let taken_at = u64::try_from(profile.time_nanos()).unwrap_or(0);
        Some(Self::of(spots, window, taken_at))
    }

    fn of(spots: HashMap<Spot, Waited>, window: Window, taken_at: u64) -> Self {
        let mut spots: Vec<_> = spots
            .into_iter()
            .filter(|(_, waited)| waited.seconds > 0.0)
            .collect();
        spots.sort_by(|a, b| {
            b.1.seconds
                .total_cmp(&a.1.seconds)
                .then_with(|| a.0.cmp(&b.0))
        });
        let total = spots
            .iter()
            .fold(Waited::default(), |sum, (_, waited)| sum.plus(*waited));
        Self {
            window,
            taken_at,
            total,
            spots,
            fraction: None,
        }
    }

    /// Returns what was added since an earlier reading of the same process;
    /// `None` where the readings are not of one process, or at one time.
    pub(crate) fn since(&self, earlier: &Self) -> Option<Self> {
        let elapsed = self.taken_at.checked_sub(earlier.taken_at)?;
        if elapsed == 0 || earlier.taken_at == 0 {
            return None;
        }
        let before: HashMap<&Spot, Waited> = earlier
            .spots
            .iter()
            .map(|(spot, waited)| (spot, *waited))
            .collect();
        let mut added: HashMap<Spot, Waited> = self.spots.iter().cloned().collect();
        for (spot, was) in before {
            // What adds up cannot shrink, but that the runtime measures its cycles
            // better with time: it is another process, or another run.
            let now = added.get_mut(spot)?;
            if now.seconds < was.seconds * 0.99 {
                return None;
            }
            now.seconds = (now.seconds - was.seconds).max(0.0);
            now.events = (now.events - was.events).max(0.0);
        }
        let window = Window::Between(elapsed as f64 / 1e9);
        Some(Self {
            fraction: self.fraction,
            ..Self::of(added, window, self.taken_at)
        })
    }

    /// Returns how many goroutines wait at a time on average, where the time is
    /// known over which `seconds` were added up.
    pub(crate) fn at_a_time(&self, seconds: f64) -> Option<f64> {
        Some(seconds / self.window.seconds()?)
    }

    /// Adds up the waiting for locks by whose they are, most waiting first; the
    /// spot is the worst line.
    pub(crate) fn locks(&self) -> Vec<(&Spot, Waited)> {
        let mut owners: Vec<(&Spot, Waited)> = Vec::new();
        let is_lock = |spot: &Spot| matches!(spot.wait, Wait::Lock | Wait::RuntimeLock);
        for (spot, waited) in self.spots.iter().filter(|(spot, _)| is_lock(spot)) {
            // Callers of one function of a package of the program's own share its
            // locks; so do those of one function of the standard library.
            let known = owners
                .iter_mut()
                .find(|(other, _)| other.owner == spot.owner && other.wait == spot.wait);
            match known {
                Some((_, sum)) => *sum = sum.plus(*waited),
                None => owners.push((spot, *waited)),
            }
        }
        owners.sort_by(|a, b| {
            b.1.seconds
                .total_cmp(&a.1.seconds)
                .then_with(|| a.0.cmp(b.0))
        });
        owners
    }
}

fn is_sync(function: &str) -> bool {
    function.starts_with("sync.") || function.starts_with("internal/sync.")
}

fn spot_of(profile: &Profile, sample: usize) -> Spot {
    let mut wait = None;
    let mut owner: Option<(&str, &str, i64)> = None;
    let mut own: Option<(&str, &str, i64)> = None;
    let mut serving = false;
    // The runtime's function that took a lock of its own.
    let mut taker: Option<(&str, &str, i64)> = None;
    let mut outermost = "";
    for frame in profile.frames(sample) {
        let function = frame.function;
        if function.is_empty() {
            continue;
        }
        outermost = function;
        let place = (function, frame.file, frame.line);
        let inner = is_runtime(function) || is_sync(function);
        if taker.is_none() && !function.starts_with("runtime.unlock") {
            taker = Some(place);
        }
        if owner.is_none() && inner {
            wait = Some(wait.map_or_else(|| wait_of(function), |wait| deeper(wait, function)));
        }
        if !inner {
            owner.get_or_insert(place);
        }
        if own.is_none() && !is_standard_library(function) {
            own = Some(place);
        }
        serving |= SERVING.contains(&function);
    }
    let wait = wait.unwrap_or(Wait::Other);
    if wait == Wait::RuntimeLock {
        owner = taker.or(owner);
    }
    let (_, file, line) = own.or(owner).unwrap_or_default();
    Spot {
        wait,
        owner: owner.map_or(outermost, |owner| owner.0).to_owned(),
        function: own.map_or("", |own| own.0).to_owned(),
        file: file.to_owned(),
        line,
        serving,
    }
}

/// Tells what is waited for from the innermost frame.
fn wait_of(function: &str) -> Wait {
    let starts = |prefix: &str| function.starts_with(prefix);
    if starts("sync.(*Mutex)") || starts("sync.(*RWMutex)") || starts("internal/sync.(*Mutex)") {
        Wait::Lock
    } else if starts("runtime.chansend") {
        Wait::Send
    } else if starts("runtime.chanrecv") {
        Wait::Receive
    } else if starts("runtime.selectgo") || starts("runtime.block") {
        Wait::Select
    } else if starts("sync.(*Cond)") {
        Wait::Condition
    } else if starts("sync.(*WaitGroup)") {
        Wait::Group
    } else if starts("runtime.unlock") || starts("runtime._LostContendedRuntimeLock") {
        // Since Go 1.25 with its callers, before under a name that stands for all
        // of them unless GODEBUG=runtimecontentionstacks=1 (src/runtime/mprof.go).
        Wait::RuntimeLock
    } else {
        Wait::Other
    }
}

/// A wait that the runtime began on its own is none of the program's.
fn deeper(wait: Wait, function: &str) -> Wait {
    let own_doing = is_sync(function) || wait_of(function) != Wait::Other;
    match wait {
        Wait::Other => wait_of(function),
        Wait::RuntimeLock => Wait::RuntimeLock,
        wait if own_doing => wait,
        _ => Wait::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_profile::{Limits, ProfileBuilder};

    /// Builds a profile of stacks, innermost first, with seconds and events.
    pub(crate) fn profile(time: i64, rows: &[(&[&str], f64, i64)]) -> Profile {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("contentions", "count").unwrap();
        builder.add_sample_type("delay", "nanoseconds").unwrap();
        builder.set_time(time, 0);
        for (stack, seconds, events) in rows {
            let calls: Vec<_> = (1_u64..)
                .zip(*stack)
                .map(|(address, name)| {
                    let function = builder.function(name, name, "/src/m.go", 1).unwrap();
                    builder.call(address, function, 7).unwrap()
                })
                .collect();
            #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
            let nanoseconds = (seconds * 1e9) as i64;
            builder
                .add_sample(&calls, &[*events, nanoseconds], &[])
                .unwrap();
        }
        builder.finish()
    }

    fn read(time: i64, rows: &[(&[&str], f64, i64)]) -> Contention {
        Contention::read(&profile(time, rows), 1.0).unwrap()
    }

    const LOG: &[&str] = &[
        "sync.(*Mutex).Unlock",
        "log.(*Logger).output",
        "log.Printf",
        "main.handle",
        "net/http.(*conn).serve",
    ];
    const OTHER: &[&str] = &[
        "sync.(*Mutex).Unlock",
        "log.(*Logger).output",
        "log.Printf",
        "main.other",
    ];

    #[test]
    fn a_lock_of_a_library_is_one_lock_and_the_programs_line_is_named() {
        let read = read(1, &[(LOG, 3.0, 30), (OTHER, 1.0, 10)]);
        let locks = read.locks();
        assert_eq!(locks.len(), 1);
        let (spot, waited) = locks[0];
        assert_eq!((waited.seconds, waited.events), (4.0, 40.0));
        assert_eq!(spot.owner, "log.(*Logger).output");
        assert_eq!(spot.place(), "main.handle (m.go:7)");
        assert!(spot.serving);
    }

    #[test]
    fn two_readings_are_a_rate() {
        let first = read(1_000_000_000, &[(LOG, 3.0, 30)]);
        let second = read(3_000_000_000, &[(LOG, 9.0, 90), (OTHER, 2.0, 1)]);
        let added = second.since(&first).unwrap();
        assert_eq!(added.window, Window::Between(2.0));
        assert_eq!(added.at_a_time(added.total.seconds), Some(4.0));
        assert_eq!(
            added.spots[0].1,
            Waited {
                seconds: 6.0,
                events: 60.0
            }
        );
        // Neither backwards nor of another process.
        assert_eq!(first.since(&second), None);
        assert_eq!(read(4_000_000_000, &[(LOG, 1.0, 1)]).since(&first), None);
        assert_eq!(second.since(&second), None);
    }

    #[test]
    fn waits_are_told_apart() {
        let wait = |stack: &[&str]| read(1, &[(stack, 1.0, 1)]).spots[0].0.wait;
        assert_eq!(wait(&["runtime.chansend1", "main.f"]), Wait::Send);
        assert_eq!(wait(&["runtime.chanrecv2", "main.f"]), Wait::Receive);
        assert_eq!(wait(&["runtime.selectgo", "main.f"]), Wait::Select);
        assert_eq!(wait(&["sync.(*WaitGroup).Wait", "main.f"]), Wait::Group);
        assert_eq!(wait(&["sync.(*Cond).Wait", "main.f"]), Wait::Condition);
        assert_eq!(
            wait(&["sync.(*Mutex).Unlock", "sync.(*RWMutex).Unlock", "main.f"]),
            Wait::Lock
        );
        assert_eq!(
            wait(&["runtime.unlock", "runtime.mallocgc", "main.f"]),
            Wait::RuntimeLock
        );
        assert_eq!(
            wait(&["runtime._LostContendedRuntimeLock"]),
            Wait::RuntimeLock
        );
        assert_eq!(
            wait(&["runtime.chanrecv1", "runtime.gcStart", "main.f"]),
            Wait::Other
        );
    }
}
