//! What a server of `net/http/pprof` and its neighbours tell, in the order
//! that disturbs least.

use std::collections::HashSet;
use std::time::Duration;

use fathom_evidence::{Kind, Missing, identify};

use crate::clock::Stopwatch;
use crate::http::{Address, Answer, Client, Failure};
use crate::recorder::{Recorder, Wanted};
use crate::{Error, Options};

/// Bytes of a compressed heap profile for which its text form takes about a
/// second. Symbolising is the cost: 441 KB took 44 s on Go 1.27, and far less
/// where stacks are shallow; this is the optimistic end.
const HEAP_BYTES_PER_TEXT_SECOND: u64 = 40_000;

/// Below so many bytes the text form costs the process less than half a second
/// by the same measure.
const CHEAP_HEAP_BYTES: u64 = HEAP_BYTES_PER_TEXT_SECOND / 4;

/// Families of metrics that are kept: the Go runtime's and the process's own.
const METRIC_FAMILIES: [&str; 2] = ["go_", "process_"];

/// What a server lists in its index.
enum Index {
    /// The names of its profiles.
    Names(HashSet<String>),
    /// There is no index, but there may be profiles.
    Unknown,
    /// Something that is no pprof server.
    Foreign,
}

impl Index {
    fn may_have(&self, name: &str) -> bool {
        match self {
            Self::Names(names) => names.contains(name),
            Self::Unknown => true,
            Self::Foreign => false,
        }
    }
}

/// How a server answered when it was asked for something that it may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// With what was asked for.
    Taken,
    /// That there is no such thing.
    Absent,
    /// Not, or not whole; at another time it may.
    Failed,
}

/// Asks one server.
pub(crate) struct Server {
    client: Client,
    address: Address,
}

impl Server {
    pub(crate) fn new(address: &Address, options: &Options) -> Result<Self, Error> {
        Ok(Self {
            client: Client::new(address, options)?,
            address: address.clone(),
        })
    }

    /// Asks whether this is a pprof server, within a short time.
    pub(crate) fn answers_pprof(&self, timeout: Duration) -> Result<bool, Failure> {
        let answer = self
            .client
            .get_within(&self.address.pprof_url(""), timeout)?;
        Ok(identify("index.html", &answer.body) == Kind::PprofIndex)
    }

    /// Asks for the command line, to tell which process answers. It is
    /// compared and thrown away.
    pub(crate) fn command_line(&self) -> Option<Vec<u8>> {
        let answer = self.client.get(&self.address.pprof_url("cmdline")).ok()?;
        let is_plain = !answer.is_html() && !answer.body.is_empty();
        is_plain.then_some(answer.body)
    }

    /// Takes everything that the options ask for.
    pub(crate) fn take(&self, recorder: &mut Recorder<'_>) {
        let Some(index) = self.take_index(recorder) else {
            return;
        };
        self.take_vars(recorder, "debug/vars.json", 0);
        self.take_metrics(recorder);
        if matches!(index, Index::Foreign) {
            return;
        }
        let heap_bytes = self.take_profile(recorder, Kind::Heap, "heap", "pprof/heap.pb.gz");
        if heap_bytes.is_none() && matches!(index, Index::Unknown) {
            return;
        }
        self.take_memstats_text(
            recorder,
            heap_bytes,
            "heap?debug=1",
            "pprof/heap.debug1.txt",
            0,
        );
        self.take_profile(
            recorder,
            Kind::Goroutine,
            "goroutine",
            "pprof/goroutine.pb.gz",
        );
        let threads = "pprof/threadcreate.debug1.txt";
        self.take_profile(
            recorder,
            Kind::ThreadCreate,
            "threadcreate?debug=1",
            threads,
        );
        self.take_contention(recorder, &index, 0);
        self.take_named(recorder, &index);
        self.take_requested(recorder, &index, heap_bytes);
    }

    /// Takes the heap's text form, for the MemStats at its end, if the profile is small enough
    /// that the text costs the process little.
    pub(crate) fn take_cheap_memstats(&self, recorder: &mut Recorder<'_>, heap_bytes: u64) {
        if heap_bytes < CHEAP_HEAP_BYTES {
            let name = "pprof/heap.debug1.txt";
            self.take_profile(recorder, Kind::Heap, "heap?debug=1", name);
        }
    }

    /// Takes the one profile that the address names, else the heap.
    pub(crate) fn take_only(&self, recorder: &mut Recorder<'_>) {
        let query = self.address.profile().unwrap_or("heap").to_owned();
        self.take_query(recorder, &query);
    }

    /// Takes the index, and says what it lists; None if the server cannot be
    /// spoken to at all.
    fn take_index(&self, recorder: &mut Recorder<'_>) -> Option<Index> {
        let url = self.address.pprof_url("");
        let origin = self.address.shown(&url);
        let name = "pprof/index.html";
        let mut failure = None;
        let bytes = recorder.take(wanted(Kind::PprofIndex, name, &origin, 0), || {
            let checked =
                self.client
                    .get(&url)
                    .and_then(|answer| match identify(name, &answer.body) {
                        Kind::PprofIndex => Ok(answer.body),
                        _ if answer.is_html() => Err(Failure::Html),
                        _ => Err(Failure::Unexpected(
                            "the answer is not the index of net/http/pprof".to_owned(),
                        )),
                    });
            checked.map_err(|reason| {
                let missing = missing(&origin, &reason);
                failure = Some(reason);
                missing
            })
        });
        if bytes.is_some() {
            let text = recorder
                .capture
                .last(Kind::PprofIndex)
                .map(|artefact| artefact.text().into_owned())
                .unwrap_or_default();
            return Some(Index::Names(listed_names(&text)));
        }
        match failure {
            Some(Failure::Status(404, _) | Failure::TooLarge(_) | Failure::Cut(_)) => {
                Some(Index::Unknown)
            }
            Some(reason) if reason.is_final() => None,
            _ => Some(Index::Foreign),
        }
    }

    pub(crate) fn take_vars(&self, recorder: &mut Recorder<'_>, name: &str, round: u8) -> Answered {
        let url = self.address.vars_url();
        let origin = self.address.shown(&url);
        let mut answered = Answered::Taken;
        recorder.take(wanted(Kind::ExpVar, name, &origin, round), || {
            let checked = self.client.get(&url).and_then(|answer| {
                expect(answer, name, "expvar JSON", |kind| kind == Kind::ExpVar)
            });
            checked.map_err(|failure| {
                answered = answered_with(&failure);
                match failure {
                    Failure::Status(404, _) => Missing::new(&*origin, failure.why())
                        .with_hint("import _ \"expvar\" for a cheap reading of MemStats"),
                    other => missing(&origin, &other),
                }
            })
        });
        answered
    }

    /// Takes the Go runtime's metrics, if the server exports any.
    fn take_metrics(&self, recorder: &mut Recorder<'_>) {
        self.take_page(recorder, |text| {
            let kept = own_families(&String::from_utf8_lossy(text));
            (!kept.is_empty()).then(|| kept.into_bytes())
        });
    }

    /// Takes the whole metrics page, the program's own samples too.
    pub(crate) fn take_all_metrics(&self, recorder: &mut Recorder<'_>) -> Answered {
        self.take_page(recorder, |text| Some(text.to_vec()))
    }

    fn take_page(
        &self,
        recorder: &mut Recorder<'_>,
        keep: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Answered {
        let url = self.address.metrics_url();
        let origin = self.address.shown(&url);
        let watch = Stopwatch::start();
        // Most programs export none, and that is no loss.
        let answer = match self.client.get(&url) {
            Ok(answer) => answer,
            Err(failure) => return answered_with(&failure),
        };
        if identify("metrics", &answer.body) != Kind::PrometheusText {
            return Answered::Absent;
        }
        let Some(kept) = keep(&answer.body) else {
            return Answered::Absent;
        };
        let name = "debug/metrics.txt";
        recorder.record(wanted(Kind::PrometheusText, name, &origin, 0), watch, kept);
        Answered::Taken
    }

    /// Takes a profile beside the index. Returns its size.
    fn take_profile(
        &self,
        recorder: &mut Recorder<'_>,
        kind: Kind,
        query: &str,
        name: &str,
    ) -> Option<u64> {
        self.take_within(recorder, kind, query, name, 0, recorder.options.timeout)
    }

    fn take_within(
        &self,
        recorder: &mut Recorder<'_>,
        kind: Kind,
        query: &str,
        name: &str,
        round: u8,
        timeout: Duration,
    ) -> Option<u64> {
        let url = self.address.pprof_url(query);
        let origin = self.address.shown(&url);
        recorder.take(wanted(kind, name, &origin, round), || {
            self.client
                .get_within(&url, timeout)
                .and_then(|answer| {
                    expect(answer, name, kind.name(), |found| {
                        found == kind || (kind == Kind::OtherProfile && found.is_profile())
                    })
                })
                .map_err(|failure| missing(&origin, &failure))
        })
    }

    /// Takes the heap's text form where it is cheap, or where MemStats, its
    /// tail, came from nowhere else and it is not too expensive for the process.
    ///
    /// The text alone keeps the addresses of the runtime's frames, which tell a
    /// growing map from other allocations.
    fn take_memstats_text(
        &self,
        recorder: &mut Recorder<'_>,
        heap_bytes: Option<u64>,
        query: &str,
        name: &str,
        round: u8,
    ) {
        let is_cheap = heap_bytes.is_some_and(|bytes| bytes < CHEAP_HEAP_BYTES);
        if has_memstats(recorder) && !is_cheap {
            return;
        }
        let seconds = heap_bytes.unwrap_or(0) / HEAP_BYTES_PER_TEXT_SECOND;
        if seconds > recorder.options.timeout.as_secs() {
            recorder.skip(
                Missing::new(
                    name,
                    format!(
                        "MemStats come only with {query} here, which would keep the process busy for about {seconds} s"
                    ),
                )
                .with_hint(format!(
                    "import _ \"expvar\" in the program, or allow --timeout {}s",
                    seconds.saturating_add(1)
                )),
            );
            return;
        }
        let timeout = recorder.options.timeout;
        self.take_within(recorder, Kind::Heap, query, name, round, timeout);
    }

    /// Takes the mutex and block profiles, which neither stop nor delay the
    /// program. Both add up since the start, so that a second reading tells what
    /// the time in between added.
    ///
    /// The text of a mutex profile alone says whether the runtime records
    /// contention at all; it is taken where it is cheap.
    fn take_contention(&self, recorder: &mut Recorder<'_>, index: &Index, round: u8) {
        let Index::Names(listed) = index else { return };
        let timeout = recorder.options.timeout;
        for (kind, query) in [(Kind::Mutex, "mutex"), (Kind::Block, "block")] {
            if !listed.contains(query) {
                continue;
            }
            let name = match round {
                0 => format!("pprof/{query}.pb.gz"),
                again => format!("pprof/{query}.{again}.pb.gz"),
            };
            let bytes = self.take_within(recorder, kind, query, &name, round, timeout);
            let is_cheap = bytes.is_some_and(|bytes| bytes < CHEAP_HEAP_BYTES);
            if kind == Kind::Mutex && round == 0 && is_cheap {
                let name = "pprof/mutex.debug1.txt";
                self.take_profile(recorder, kind, "mutex?debug=1", name);
            }
        }
    }

    /// Takes the profiles that the address and the options name.
    fn take_named(&self, recorder: &mut Recorder<'_>, index: &Index) {
        let mut queries: Vec<String> = recorder.options.profiles.clone();
        queries.extend(self.address.profile().map(str::to_owned));
        for query in queries {
            let (name, parameters) = query.split_once('?').unwrap_or((&query, ""));
            let listed = matches!(index, Index::Names(names) if names.contains(name));
            let taken = parameters.is_empty()
                && match name {
                    "heap" | "goroutine" => true,
                    "mutex" | "block" => listed,
                    _ => false,
                };
            if taken {
                continue;
            }
            if !index.may_have(name) {
                recorder.skip(Missing::new(
                    format!("pprof/{name}"),
                    "the index of the server does not list it",
                ));
                continue;
            }
            self.take_query(recorder, &query);
        }
    }

    /// Takes one profile by its query, whatever it is. Returns its size.
    pub(crate) fn take_query(&self, recorder: &mut Recorder<'_>, query: &str) -> Option<u64> {
        let (name, parameters) = query.split_once('?').unwrap_or((query, ""));
        let parameter = |wanted: &str| {
            parameters
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == wanted)
                .and_then(|(_, value)| value.parse::<u32>().ok())
        };
        let debug = parameter("debug").unwrap_or(0);
        let seconds = parameter("seconds");
        let kind = match (name, debug) {
            // What adds up, and says over what time, is what it is; the others'
            // differences are no heap and no goroutines.
            ("heap" | "allocs" | "goroutine" | "goroutineleak" | "threadcreate", _)
                if seconds.is_some() =>
            {
                Kind::OtherProfile
            }
            ("heap", _) if parameter("gc").is_some_and(|gc| gc > 0) => Kind::HeapAfterGc,
            ("heap", _) => Kind::Heap,
            ("allocs", _) => Kind::Allocs,
            ("goroutine" | "goroutineleak", 2..) => Kind::GoroutineDump,
            ("goroutine", _) => Kind::Goroutine,
            ("goroutineleak", _) => Kind::GoroutineLeak,
            ("threadcreate", _) => Kind::ThreadCreate,
            ("block", _) => Kind::Block,
            ("mutex", _) => Kind::Mutex,
            ("profile", _) => Kind::Cpu,
            ("trace", _) => Kind::Trace,
            _ => Kind::OtherProfile,
        };
        let stem = match kind {
            Kind::HeapAfterGc => "heap_gc1".to_owned(),
            Kind::Cpu => "cpu".to_owned(),
            Kind::Trace => "trace".to_owned(),
            _ if seconds.is_some() => format!("{}_delta", name.replace('/', "_")),
            _ => name.replace('/', "_"),
        };
        let file = match (kind, debug) {
            (Kind::Trace, _) => "pprof/trace.out".to_owned(),
            (_, 0) => format!("pprof/{stem}.pb.gz"),
            _ => format!("pprof/{stem}.debug{debug}.txt"),
        };
        // Without a number of seconds the server takes its own time.
        let default_seconds = match name {
            "profile" => 30,
            "trace" => 1,
            _ => 0,
        };
        let blocking = Duration::from_secs(u64::from(seconds.unwrap_or(default_seconds)));
        let timeout = recorder.options.timeout.saturating_add(blocking);
        self.take_within(recorder, kind, query, &file, 0, timeout)
    }

    /// Takes what blocks, stops the world or collects, if it was asked for.
    fn take_requested(&self, recorder: &mut Recorder<'_>, index: &Index, heap_bytes: Option<u64>) {
        let options = recorder.options;
        if options.goroutine_dump {
            let name = "pprof/goroutine.debug2.txt";
            self.take_profile(recorder, Kind::GoroutineDump, "goroutine?debug=2", name);
        }
        let blocking = [
            (
                options.profile_seconds,
                Kind::Cpu,
                "profile",
                "pprof/cpu.pb.gz",
            ),
            (
                options.trace_seconds,
                Kind::Trace,
                "trace",
                "pprof/trace.out",
            ),
        ];
        for (seconds, kind, path, name) in blocking {
            let Some(seconds) = seconds else { continue };
            let query = format!("{path}?seconds={seconds}");
            let timeout = options
                .timeout
                .saturating_add(Duration::from_secs(seconds.into()));
            self.take_within(recorder, kind, &query, name, 0, timeout);
        }
        if options.profile_seconds.is_some() || options.trace_seconds.is_some() {
            self.take_contention(recorder, index, 1);
        }
        if options.gc {
            let name = "pprof/heap_gc1.pb.gz";
            let taken = self.take_profile(recorder, Kind::HeapAfterGc, "heap?gc=1", name);
            if taken.is_some() {
                recorder.note("forced a garbage collection (heap?gc=1)".to_owned());
                self.take_memstats_after(recorder, heap_bytes);
            }
        }
        let leak_is_there = match index {
            Index::Names(names) => names.contains("goroutineleak"),
            _ => false,
        };
        if leak_is_there && (options.goroutine_leak || options.gc) {
            let name = "pprof/goroutineleak.pb.gz";
            let taken = self.take_profile(recorder, Kind::GoroutineLeak, "goroutineleak", name);
            if taken.is_some() {
                recorder.note(
                    "ran a garbage collection that looks for leaked goroutines (goroutineleak)"
                        .to_owned(),
                );
            }
        } else if options.goroutine_leak {
            recorder.skip(
                Missing::new("pprof/goroutineleak", "the server does not list it")
                    .with_hint("Go 1.27 has it; Go 1.26 under GOEXPERIMENT=goroutineleakprofile"),
            );
        }
    }

    /// Takes MemStats again, from where they came before.
    fn take_memstats_after(&self, recorder: &mut Recorder<'_>, heap_bytes: Option<u64>) {
        if recorder.capture.first(Kind::ExpVar).is_some() {
            self.take_vars(recorder, "debug/vars_gc1.json", 1);
            return;
        }
        let was_text = recorder
            .capture
            .all(Kind::Heap)
            .any(|artefact| artefact.bytes.starts_with(b"heap profile:"));
        let cheap = heap_bytes.unwrap_or(0) / HEAP_BYTES_PER_TEXT_SECOND
            <= recorder.options.timeout.as_secs();
        if was_text && cheap {
            let timeout = recorder.options.timeout;
            let name = "pprof/heap_gc1.debug1.txt";
            // The collection before has just ended, so that none is forced again.
            self.take_within(
                recorder,
                Kind::HeapAfterGc,
                "heap?debug=1",
                name,
                1,
                timeout,
            );
        }
    }
}

fn wanted<'a>(kind: Kind, name: &'a str, origin: &'a str, round: u8) -> Wanted<'a> {
    Wanted {
        kind,
        name,
        origin,
        round,
    }
}

fn missing(origin: &str, failure: &Failure) -> Missing {
    let missing = Missing::new(origin, failure.why());
    match failure.hint() {
        Some(hint) => missing.with_hint(hint),
        None => missing,
    }
}

/// Tells what is not there from what could not be had.
fn answered_with(failure: &Failure) -> Answered {
    match failure {
        Failure::Status(404 | 405 | 501, _) | Failure::Html => Answered::Absent,
        _ => Answered::Failed,
    }
}

/// Checks that an answer is what was asked for.
fn expect(
    answer: Answer,
    name: &str,
    what: &str,
    accepts: impl FnOnce(Kind) -> bool,
) -> Result<Vec<u8>, Failure> {
    if accepts(identify(name, &answer.body)) {
        return Ok(answer.body);
    }
    if answer.is_html() {
        return Err(Failure::Html);
    }
    Err(Failure::Unexpected(format!(
        "{} bytes of {:?} came, which are no {what}",
        answer.body.len(),
        answer.content_type
    )))
}

/// Tells whether MemStats are among what was taken.
fn has_memstats(recorder: &Recorder<'_>) -> bool {
    recorder.capture.artefacts.iter().any(|artefact| {
        let text = artefact.text();
        match artefact.kind {
            Kind::ExpVar => text.contains("\"HeapAlloc\"") || text.contains("/memory/classes/"),
            Kind::PrometheusText => text.contains("go_memstats_heap_alloc_bytes"),
            _ => false,
        }
    })
}

/// Reads the names of the profiles out of the index: `href='heap?debug=1'`.
fn listed_names(html: &str) -> HashSet<String> {
    html.split("href=")
        .skip(1)
        .filter_map(|rest| {
            let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let target = rest[1..].split(quote).next()?;
            Some(target.split('?').next()?.to_owned())
        })
        .collect()
}

/// Keeps the lines of the Go runtime's and the process's metrics: the others
/// are the program's own affair.
fn own_families(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let name = line
            .strip_prefix("# HELP ")
            .or_else(|| line.strip_prefix("# TYPE "))
            .unwrap_or(line);
        if METRIC_FAMILIES
            .iter()
            .any(|family| name.starts_with(family))
        {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_index() {
        let html = "<a href='heap?debug=1'>heap</a><a href=\"example.com/conns?debug=1\">";
        let names = listed_names(html);
        assert!(names.contains("heap") && names.contains("example.com/conns"));
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn metrics_of_others_are_left_out() {
        let text = "# HELP go_goroutines n\ngo_goroutines 3\nhttp_requests{user=\"bob\"} 1\nprocess_open_fds 4\n";
        assert_eq!(
            own_families(text),
            "# HELP go_goroutines n\ngo_goroutines 3\nprocess_open_fds 4\n"
        );
    }
}
