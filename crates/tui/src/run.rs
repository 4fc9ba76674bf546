//! The terminal: its keys, and its restoring.

use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};

use crate::app::{App, Request};
use crate::feed::now_ms;
use crate::live::News;
use crate::screens;

/// How long keys are waited for before the news are looked at.
const TICK: Duration = Duration::from_millis(100);

/// How often the screen is drawn anew if nothing happens: times go on.
const REDRAW: Duration = Duration::from_secs(1);

/// Most news that are taken in before keys are looked at again.
const MOST_NEWS: usize = 500;

/// Why the screens ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The user wanted it.
    Quit,
    /// `should_stop` said so: a signal.
    Stopped,
}

/// A terminal whose screen is ours until this value goes, also by a panic.
#[derive(Debug)]
pub struct Terminal {
    inner: ratatui::DefaultTerminal,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// What the system says, if there is none.
    pub fn take() -> io::Result<Self> {
        let inner = ratatui::try_init().inspect_err(|_| ratatui::restore())?;
        Ok(Self { inner })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Shows an application until the user has seen enough, or `should_stop` says so. What keys ask
/// for is handed to `request`.
///
/// # Errors
///
/// What the system says of the terminal.
pub fn run(
    terminal: &mut Terminal,
    app: &mut App,
    news: &Receiver<News>,
    should_stop: &dyn Fn() -> bool,
    request: &mut dyn FnMut(Request),
) -> io::Result<Ending> {
    let mut drawn = None::<Instant>;
    let mut is_open = true;
    loop {
        let mut is_new = false;
        for _ in 0..MOST_NEWS {
            match news.try_recv() {
                Ok(one) => {
                    app.session.apply(one);
                    is_new = true;
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    is_open = false;
                    break;
                }
            }
        }
        if should_stop() {
            return Ok(Ending::Stopped);
        }
        if is_new || drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            app.now_ms = now_ms();
            terminal.inner.draw(|frame| screens::draw(frame, app))?;
            drawn = Some(Instant::now());
        }
        if !event::poll(if is_open { TICK } else { REDRAW })? {
            continue;
        }
        match event::read()? {
            Event::Key(key) => match app.key(key) {
                Request::Nothing => {}
                Request::Quit => return Ok(Ending::Quit),
                asked @ Request::Capture => request(asked),
            },
            Event::Resize(..) => {}
            _ => continue,
        }
        drawn = None;
    }
}
