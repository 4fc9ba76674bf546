//! `fathom serve`: the history of processes in the browser.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fathom_history::{Embedded, History};
use fathom_report::options::Options;
use fathom_server::{Past, Subject};
use tokio::sync::watch;

use crate::args::ServeArgs;
use crate::collecting::{Collecting, sayer, stop_on_signal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::pprof::compat_by_environment;
use crate::serving::{Browser, DROPPED_BYTES, Serving, serve};

/// The view that opens first.
const VIEW: &str = "fleet";

/// How often a history that another process writes is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &ServeArgs, output: &Output) -> anyhow::Result<Exit> {
    let serving = Serving {
        address: SocketAddr::new(args.listen, args.port),
        token: args.token.clone(),
        password: args.password.clone(),
        browser: if args.no_browser {
            Browser::None
        } else {
            Browser::Open
        },
        view: VIEW.to_owned(),
        options: Options {
            compat: compat_by_environment(),
            ..Options::default()
        },
        most_dropped_bytes: DROPPED_BYTES,
    };
    let greet = |url: &str| output.data(&format!("{url}\n"));
    if let Some(folder) = folder_alone(args) {
        let history: Arc<dyn History> = Arc::new(Embedded::open_read_only(&folder)?);
        let stored = watch::Sender::new(0);
        let seen = stored.subscribe();
        let looking = history.clone();
        thread::spawn(move || notice(&*looking, &stored));
        let past = Past::new(history, seen, None);
        serve(serving, || Ok(subject(&folder, past)), &greet, output)?;
        return Ok(Exit::Fine);
    }
    if args.targets.is_empty() && args.keeping.config.is_none() {
        return Err(Failure::new("there is nothing to serve")
            .hint("name a target (localhost:6060), the folder of a history, or --config FILE")
            .into());
    }
    let collecting = Arc::new(Collecting::new(
        &args.targets,
        &args.keeping,
        &args.connection,
        args.data.as_deref(),
    )?);
    let stop = stop_on_signal()?;
    let say = sayer(output);
    let past = Past::new(
        collecting.history.clone(),
        collecting.stored.subscribe(),
        Some(collecting.clone()),
    );
    let shown = args
        .data
        .clone()
        .unwrap_or_else(|| PathBuf::from("fathom-history"));
    let output = output.clone();
    // The page has no end of its own: it ends with the process, when all is stored.
    let answering = thread::spawn(move || {
        let greet = |url: &str| output.data(&format!("{url}\n"));
        serve(serving, || Ok(subject(&shown, past)), &greet, &output)
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            while !answering.is_finished() && !stop.load(std::sync::atomic::Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(100));
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        collecting.run(&stop, &say);
    });
    if answering.is_finished() {
        let ended = answering.join();
        ended.map_err(|_| Failure::new("the server failed"))??;
    }
    Ok(Exit::Fine)
}

/// The folder of a history, if that is all that was named.
fn folder_alone(args: &ServeArgs) -> Option<PathBuf> {
    let is_history = |path: &Path| path.join("catalog.sqlite").is_file();
    match args.targets.as_slice() {
        [one] if args.keeping.config.is_none() && Path::new(one).is_dir() => Some(one.into()),
        [] if args.keeping.config.is_none() => {
            args.data.clone().filter(|folder| is_history(folder))
        }
        _ => None,
    }
}

fn subject(folder: &Path, past: Past) -> Subject {
    Subject {
        title: folder.display().to_string(),
        past: Some(past),
        ..Subject::default()
    }
}

/// Tells the page when something was stored by another process.
fn notice(history: &dyn History, stored: &watch::Sender<u64>) {
    let mut before = None;
    while !stored.is_closed() {
        let last = history
            .targets()
            .ok()
            .and_then(|targets| targets.iter().map(|target| target.last_ms).max());
        if last != before {
            before = last;
            stored.send_modify(|count| *count = count.wrapping_add(1));
        }
        thread::sleep(LOOK_EVERY);
    }
}
