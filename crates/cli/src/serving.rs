//! Serving the page while its sources are read: for `fathom open` and `fathom pprof -http`.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use fathom_report::options::{OPTIONS, Options};
use fathom_server::{Around, Problem, Server, Settings, Subject};
use jiff::tz::TimeZone;

use crate::browser::{self, Shown};
use crate::failure::{Failure, describe};
use crate::output::Output;
use crate::pprof::code::{Binaries, SourceFiles};

/// How many bytes of answers are kept.
const KEPT_BYTES: usize = 256 << 20;

/// Sources that are read this soon are read before a browser opens: what is no profile is told
/// here rather than there.
const SOON: Duration = Duration::from_millis(150);

/// How long the page has to fetch the news that there is nothing to show.
const FAREWELL: Duration = Duration::from_secs(2);

/// Whether a browser is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    /// Yes, where there is one.
    Open,
    /// No: the address is enough.
    None,
}

/// Where and how the page is served.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) browser: Browser,
    /// The view to open, with its query.
    pub(crate) view: String,
    /// The options that requests begin with.
    pub(crate) options: Options,
    /// The most bytes of a file that is dropped on the page.
    pub(crate) most_dropped_bytes: usize,
}

/// The most bytes of a file that is dropped on the page, unless another limit is given.
pub(crate) const DROPPED_BYTES: usize = 256 << 20;

/// Serves what `load` reads until the process ends.
///
/// `greet` tells the address.
///
/// # Errors
///
/// When the address cannot be had, or the sources cannot be read.
pub(crate) fn serve(
    serving: Serving,
    load: impl FnOnce() -> anyhow::Result<Subject> + Send,
    greet: &dyn Fn(&str) -> anyhow::Result<()>,
    output: &Output,
) -> anyhow::Result<()> {
    let settings = Settings {
        address: serving.address,
        token: serving.token,
        password: serving.password,
        kept_bytes: KEPT_BYTES,
        most_dropped_bytes: serving.most_dropped_bytes,
        around: around(serving.options),
    };
    let server = Server::bind(settings).map_err(|error| told(&error))?;
    let url = format!("{}{}", server.url(), serving.view);
    let slot = server.slot();
    let answering = thread::spawn(move || server.run());
    let loaded: anyhow::Result<()> = thread::scope(|scope| {
        let waiting = slot.clone();
        let reading = scope.spawn(move || match load() {
            Ok(subject) => {
                slot.ready(subject);
                Ok(())
            }
            Err(error) => {
                let text = describe(&error);
                let (detail, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
                let detail = detail.trim_start_matches("error: ");
                let hint = (!hint.is_empty()).then(|| hint.to_owned());
                slot.failed(Problem::unreadable(detail, hint));
                Err(error)
            }
        });
        let begun = Instant::now();
        while !waiting.is_settled() && begun.elapsed() < SOON {
            thread::sleep(Duration::from_millis(5));
        }
        let joined = |reading: thread::ScopedJoinHandle<'_, anyhow::Result<()>>| {
            let ended = reading.join();
            ended.unwrap_or_else(|_| Err(Failure::new("reading the sources failed").into()))
        };
        if waiting.is_settled() && waiting.is_failed() {
            return joined(reading);
        }
        greet(&url)?;
        let shown = match serving.browser {
            Browser::Open => browser::show(&url),
            Browser::None => Shown::No,
        };
        if shown == Shown::No && serving.browser == Browser::Open {
            output.note("no browser was started: open the address yourself");
        }
        let loaded = joined(reading);
        if loaded.is_err() && shown == Shown::Yes {
            thread::sleep(FAREWELL);
        }
        loaded
    });
    loaded?;
    let ended = answering.join();
    let ended = ended.map_err(|_| Failure::new("the server failed"))?;
    Ok(ended.map_err(|error| told(&error))?)
}

/// What views need of this machine.
pub(crate) fn around(options: Options) -> Around {
    let compat = options.compat;
    Around {
        zone: TimeZone::system(),
        sources: Box::new(SourceFiles { compat }),
        objects: Box::new(Binaries { compat }),
        options,
    }
}

/// An error of the server with what the system says, and what to do.
fn told(error: &fathom_server::Error) -> Failure {
    let source = std::error::Error::source(error);
    let failure = Failure::new(
        source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    );
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The query that stands for the options which differ from their defaults.
pub(crate) fn query(options: &Options) -> String {
    let defaults = Options::default();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for spec in OPTIONS {
        let value = spec.get(options);
        if fathom_server::is_parameter(spec) && value != spec.get(&defaults) {
            query.append_pair(spec.name, &value);
        }
    }
    query.finish()
}
