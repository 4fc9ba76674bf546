//! `fathom watch`: a live process, as screens, lines or JSON.

mod child;
mod signals;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use fathom_gather::{Follower, Source, Watched};
use fathom_tui::feed::{self, Order, Pace, now_ms};
use fathom_tui::live::{News, Session, State};
use fathom_tui::plain::{Lines, NoColumn, ids};
use fathom_tui::screens::Theme;
use fathom_tui::{App, Request, Terminal};
use jiff::tz::TimeZone;

use self::child::Supervised;
use self::signals::Signals;
use crate::args::WatchArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, is_closed};

/// How long news are waited for before signals and the child are looked at.
const TICK: Duration = Duration::from_millis(100);

/// How a session is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    Screens,
    Plain,
    Json,
}

/// What is watched.
struct Subject {
    name: String,
    news: Receiver<News>,
    sender: Sender<News>,
    orders: Option<Sender<Order>>,
    child: Option<Supervised>,
    /// What `fathom open` is called with.
    open: Option<String>,
}

pub(crate) fn run(args: &WatchArgs, output: &Output) -> anyhow::Result<Exit> {
    let face = face(args);
    let lines = Lines::new(&args.plots, TimeZone::system()).map_err(|error| hinted(&error))?;
    let sink = Sink::open(args.output.as_deref())?;
    let signals = Signals::listen()?;
    let subject = begin(args, face, output)?;
    match face {
        Face::Screens => screens(subject, silence_ms(args), &signals, output),
        Face::Plain | Face::Json => {
            let drawing = Drawing { lines, face, sink };
            printed(subject, drawing, &signals, args.count, output)
        }
    }
}

fn face(args: &WatchArgs) -> Face {
    let is_dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    let wants_lines = args.plain || args.count.is_some() || args.output.is_some();
    if args.json {
        Face::Json
    } else if wants_lines || !io::stdout().is_terminal() || is_dumb {
        Face::Plain
    } else {
        Face::Screens
    }
}

/// How long a target may be silent: two seconds more than a look is apart. A log may be so for
/// ever.
fn silence_ms(args: &WatchArgs) -> i64 {
    if args.gctrace.is_some() {
        return i64::MAX;
    }
    let length = args.interval.saturating_add(Duration::from_secs(2));
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

fn hinted(error: &NoColumn) -> Failure {
    let all: Vec<&str> = ids().collect();
    Failure::new(error.to_string()).hint(format!("plots are {}", all.join(", ")))
}

/// Starts the threads that tell the news.
fn begin(args: &WatchArgs, face: Face, output: &Output) -> anyhow::Result<Subject> {
    let (sender, news) = channel();
    let mut subject = Subject {
        name: String::new(),
        news,
        sender,
        orders: None,
        child: None,
        open: None,
    };
    if let Some(path) = &args.gctrace {
        subject.name = path.display().to_string();
        if path == Path::new("-") {
            feed::read(io::stdin(), subject.sender.clone());
        } else {
            let follower = Follower::open(path).map_err(|error| {
                Failure::new(format!("cannot read {}: {error}", path.display()))
            })?;
            feed::follow(follower, subject.sender.clone());
        }
        return Ok(subject);
    }
    let mut sources: Vec<Source> = args
        .sources
        .iter()
        .map(|source| Source::parse(source))
        .collect::<Result<_, _>>()?;
    let mut options = args.connection.options();
    // A target that hangs must not be waited for longer than needs be.
    options.timeout = options.timeout.max(Duration::from_millis(1));
    if !args.command.is_empty() {
        let is_apart = face == Face::Screens;
        let child = Supervised::start(
            &args.command,
            is_apart,
            args.log.as_deref(),
            &subject.sender,
        )?;
        sources.insert(0, Source::Pid(child.pid()));
        subject.child = Some(child);
    }
    let attached = Watched::attach(&sources, &options, &mut |event| {
        if subject.child.is_none() {
            output.gathering(&event);
        }
    });
    let watched = match (attached, &mut subject.child) {
        (Ok(watched), _) => watched,
        // A command that ends at once tells so by its exit code.
        (Err(_), Some(_)) => {
            subject.name = args.command.join(" ");
            return Ok(subject);
        }
        (Err(error), None) => return Err(error.into()),
    };
    subject.name = if args.command.is_empty() {
        watched.describe()
    } else {
        args.command.join(" ")
    };
    let named: Vec<String> = sources.iter().map(Source::describe).collect();
    subject.open = Some(format!("fathom open {}", named.join(" ")));
    let pace = Pace {
        interval: args.interval,
        profiles: args.profiles.0,
        ledger: args.ledger.0,
    };
    let orders = feed::watch(watched, sources, options, pace, subject.sender.clone());
    subject.orders = Some(orders);
    Ok(subject)
}

/// Where lines go.
enum Sink {
    Standard,
    File(File, String),
}

impl Sink {
    fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Standard);
        };
        let name = path.display().to_string();
        let file = File::create(path).with_context(|| format!("cannot write {name}"))?;
        Ok(Self::File(file, name))
    }

    fn write(&mut self, text: &str, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Standard => output.data(text),
            Self::File(file, name) => file
                .write_all(text.as_bytes())
                .with_context(|| format!("cannot write {name}")),
        }
    }
}

/// Lines of numbers or of JSON, and where they go.
struct Drawing {
    lines: Lines,
    face: Face,
    sink: Sink,
}

impl Drawing {
    fn draw(&mut self, session: &Session, output: &Output) -> anyhow::Result<()> {
        let text = if self.face == Face::Json {
            let mut text = serde_json::to_string(&fathom_tui::answer::answer(session))?;
            text.push('\n');
            text
        } else {
            self.lines.write(session)
        };
        self.sink.write(&text, output)
    }
}

/// Prints a line a look until the count is reached, the target is over for good, the user has seen
/// enough or the child has ended.
fn printed(
    mut subject: Subject,
    mut drawing: Drawing,
    signals: &Signals,
    count: Option<u64>,
    output: &Output,
) -> anyhow::Result<Exit> {
    let mut session = Session::new(&subject.name);
    let mut looks = 0;
    let mut has_reader = true;
    loop {
        if let Some(signal) = signals.next() {
            match &mut subject.child {
                None => return Ok(Exit::Fine),
                Some(child) => child.signalled(signal)?,
            }
        }
        if let Some(child) = &mut subject.child
            && let Some(exit) = child.ended()?
        {
            child.finish_reading();
            while let Ok(news) = subject.news.try_recv() {
                session.apply(news);
            }
            let why = child.told();
            session.apply(News::Ended {
                at_ms: now_ms(),
                why,
            });
            if has_reader {
                ignore_closed(drawing.draw(&session, output))?;
            }
            return Ok(exit);
        }
        let news = match subject.news.recv_timeout(TICK) {
            Ok(news) => news,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(Exit::Fine),
        };
        // The end of a child is told by itself.
        if subject.child.is_some() && matches!(news, News::Ended { .. }) {
            continue;
        }
        if !session.apply(news) {
            continue;
        }
        if has_reader {
            has_reader = match drawing.draw(&session, output) {
                // What was started is watched over to its end.
                Err(error) if is_closed(&error) && subject.child.is_some() => false,
                done => done.map(|()| true)?,
            };
        }
        looks += 1;
        let is_over = matches!(session.state, State::Ended(_));
        if is_over || count.is_some_and(|count| looks >= count) {
            return match &mut subject.child {
                Some(child) => child.stop(),
                None => Ok(Exit::Fine),
            };
        }
    }
}

fn ignore_closed(done: anyhow::Result<()>) -> anyhow::Result<()> {
    match done {
        Err(error) if is_closed(&error) => Ok(()),
        done => done,
    }
}

/// Shows screens until the user has seen enough.
fn screens(
    subject: Subject,
    silence_ms: i64,
    signals: &Signals,
    output: &Output,
) -> anyhow::Result<Exit> {
    let Subject {
        name,
        news,
        sender,
        orders,
        child,
        open,
    } = subject;
    let theme = Theme {
        colour: output.style.colour,
        unicode: output.style.unicode,
    };
    let mut app = App::new(Session::new(name), theme, TimeZone::system());
    app.silence_ms = silence_ms;
    app.open_command = open;
    app.can_capture = orders.is_some();
    app.has_child = child.is_some();
    app.log = child.as_ref().and_then(Supervised::log);
    let child = RefCell::new(child);
    let ended = RefCell::new(None);
    let should_stop = || {
        if let Some(child) = child.borrow_mut().as_mut()
            && ended.borrow().is_none()
            && let Ok(Some(exit)) = child.ended()
        {
            *ended.borrow_mut() = Some(exit);
            // The screens are there until the user has seen enough.
            let _ = sender.send(News::Ended {
                at_ms: now_ms(),
                why: child.told(),
            });
        }
        signals.next().is_some()
    };
    let shown = {
        let mut terminal = Terminal::take().context("cannot use the terminal")?;
        let mut request = |asked: Request| {
            if let (Request::Capture, Some(orders)) = (asked, &orders) {
                let folder = std::env::current_dir().unwrap_or_default();
                // The watcher is gone if its target is; the state line says so.
                let _ = orders.send(Order::Capture(folder));
            }
        };
        fathom_tui::run(&mut terminal, &mut app, &news, &should_stop, &mut request)
    };
    let log = app.log.take();
    let exit = match (ended.take(), child.into_inner()) {
        (Some(exit), _) => exit,
        (None, Some(mut child)) => child.stop()?,
        (None, None) => Exit::Fine,
    };
    shown.context("cannot use the terminal")?;
    if let Some(log) = log {
        output.note(&format!("what the command printed is in {log}"));
    }
    Ok(exit)
}
