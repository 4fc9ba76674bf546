//! What is shown of a session, and what keys do.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use fathom_series::plots::Group;
use jiff::tz::TimeZone;

use crate::live::Session;
use crate::screens::Theme;

/// The ranges of time that can be shown, in minutes; the last is all.
const ZOOMS: [i64; 10] = [1, 2, 5, 10, 30, 60, 180, 720, 1440, 0];

/// Where zooming begins: five minutes.
const FIRST_ZOOM: usize = 2;

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Page {
    /// Everything at a glance.
    Overview,
    /// Memory of the process and the heap.
    Memory,
    /// The garbage collector.
    Gc,
    /// The scheduler and CPU time.
    Cpu,
    /// Goroutines by where they stand.
    Goroutines,
    /// Allocation sites.
    Sites,
    /// What was found, in full.
    Findings,
    /// What a child writes.
    Output,
}

impl Page {
    /// All, in the order of their keys.
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Memory,
        Self::Gc,
        Self::Cpu,
        Self::Goroutines,
        Self::Sites,
        Self::Findings,
        Self::Output,
    ];

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Memory => "Memory",
            Self::Gc => "GC",
            Self::Cpu => "CPU",
            Self::Goroutines => "Goroutines",
            Self::Sites => "Sites",
            Self::Findings => "Findings",
            Self::Output => "Output",
        }
    }

    /// The groups of plots that it shows.
    pub const fn groups(self) -> &'static [Group] {
        match self {
            Self::Memory => &[Group::Memory, Group::Heap],
            Self::Gc => &[Group::Gc],
            Self::Cpu => &[Group::Cpu, Group::Scheduler],
            _ => &[],
        }
    }
}

/// What a key asks of whoever runs the screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Nothing.
    Nothing,
    /// The end.
    Quit,
    /// A capture.
    Capture,
}

/// How lists are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sorting {
    /// The largest first.
    #[default]
    Size,
    /// What grew most first.
    Growth,
}

/// What is shown of a session.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing of what is shown, and none excludes another"
)]
pub struct App {
    /// What is known.
    pub session: Session,
    /// What the terminal can show.
    pub theme: Theme,
    /// The zone of the times shown.
    pub zone: TimeZone,
    /// The time by the clock, in milliseconds since 1970 (UTC).
    pub now_ms: i64,
    /// The screen.
    pub page: Page,
    /// After how long a silence a process is said not to answer, in milliseconds.
    pub silence_ms: i64,
    /// What to type to see the process in the browser.
    pub open_command: Option<String>,
    /// Whether a capture can be taken.
    pub can_capture: bool,
    /// Whether there is a child whose output is shown.
    pub has_child: bool,
    /// The file that the child's output goes to.
    pub log: Option<String>,
    pub(crate) help: bool,
    pub(crate) filter: String,
    pub(crate) is_typing: bool,
    pub(crate) sorting: Sorting,
    /// The first plot of each screen.
    pub(crate) first_plot: BTreeMap<Page, usize>,
    /// The selected row, or the first line shown, of each screen.
    pub(crate) row: BTreeMap<Page, usize>,
    /// How many rows of a list the last drawing could show, and how many there were.
    pub(crate) rows: (usize, usize),
    /// How many plots the last drawing showed, and how many there were.
    pub(crate) plots: (usize, usize),
    /// Where the axis of time ends and the cursor stands, while it is paused.
    pub(crate) paused: Option<Paused>,
    zoom: usize,
}

/// A stopped axis of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paused {
    pub(crate) until_ms: i64,
    pub(crate) cursor_ms: i64,
}

impl App {
    /// Shows a session from its first screen on.
    pub fn new(session: Session, theme: Theme, zone: TimeZone) -> Self {
        Self {
            session,
            theme,
            zone,
            now_ms: 0,
            page: Page::Overview,
            silence_ms: 3000,
            open_command: None,
            can_capture: false,
            has_child: false,
            log: None,
            help: false,
            filter: String::new(),
            is_typing: false,
            sorting: Sorting::default(),
            first_plot: BTreeMap::new(),
            row: BTreeMap::new(),
            rows: (0, 0),
            plots: (0, 0),
            paused: None,
            zoom: FIRST_ZOOM,
        }
    }

    /// The screens that there are.
    pub(crate) fn pages(&self) -> impl Iterator<Item = Page> + use<> {
        let has_child = self.has_child;
        Page::ALL
            .into_iter()
            .filter(move |page| has_child || *page != Page::Output)
    }

    /// The range of time that is shown.
    pub(crate) fn window(&self) -> (i64, i64) {
        let until = self.paused.map_or(self.now_ms, |paused| paused.until_ms);
        let from = until.saturating_sub(self.span());
        // What was before the first look is not shown, but for a minute at least.
        let begins = self.session.timeline.begins_ms().unwrap_or(from);
        (from.max(begins.min(until.saturating_sub(60_000))), until)
    }

    /// How long the range of time is, in milliseconds.
    pub(crate) fn span(&self) -> i64 {
        match ZOOMS.get(self.zoom) {
            Some(0) | None => {
                let begins = self.session.timeline.begins_ms().unwrap_or(self.now_ms);
                self.now_ms.saturating_sub(begins).max(60_000)
            }
            Some(minutes) => minutes * 60_000,
        }
    }

    /// The range of time in words.
    pub(crate) fn zoom_word(&self) -> String {
        match ZOOMS.get(self.zoom) {
            Some(0) | None => "all".to_owned(),
            Some(minutes @ ..60) => format!("{minutes} min"),
            Some(minutes) => format!("{} h", minutes / 60),
        }
    }

    /// Does what a key says.
    pub fn key(&mut self, key: KeyEvent) -> Request {
        if key.kind == KeyEventKind::Release {
            return Request::Nothing;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if is_control && matches!(key.code, KeyCode::Char('c' | 'd')) {
            return Request::Quit;
        }
        self.session.notice = None;
        if self.is_typing {
            self.typed(key.code);
            return Request::Nothing;
        }
        if self.help {
            self.help = false;
            return match key.code {
                KeyCode::Char('q') => Request::Quit,
                _ => Request::Nothing,
            };
        }
        match key.code {
            KeyCode::Char('q') => return Request::Quit,
            KeyCode::Char('c') if self.can_capture => {
                self.session.notice = Some("taking a capture…".to_owned());
                return Request::Capture;
            }
            KeyCode::Char('c') => {
                self.session.notice = Some("no process to take a capture of".to_owned());
            }
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.help = true,
            KeyCode::Char('o') => self.open(),
            KeyCode::Char('m') => self.session.mark_now(self.now_ms),
            KeyCode::Char('s') => {
                self.sorting = match self.sorting {
                    Sorting::Size => Sorting::Growth,
                    Sorting::Growth => Sorting::Size,
                };
            }
            KeyCode::Char('/') => {
                self.filter.clear();
                self.is_typing = true;
            }
            KeyCode::Char(' ') => self.pause(),
            KeyCode::Char('+' | '=') => self.zoom = self.zoom.saturating_sub(1),
            KeyCode::Char('-') => self.zoom = (self.zoom + 1).min(ZOOMS.len() - 1),
            KeyCode::Char(']' | 'n') => self.turn(true),
            KeyCode::Char('[' | 'p') => self.turn(false),
            KeyCode::Char(digit @ '1'..='9') => self.go(digit),
            KeyCode::Esc => {
                self.filter.clear();
                self.paused = None;
            }
            KeyCode::Tab => self.step_page(true),
            KeyCode::BackTab => self.step_page(false),
            KeyCode::Left => self.move_cursor(-1),
            KeyCode::Right => self.move_cursor(1),
            KeyCode::Up | KeyCode::Char('k') => self.move_row(-1),
            KeyCode::Down | KeyCode::Char('j') => self.move_row(1),
            KeyCode::PageUp => self.move_row(-self.page_rows()),
            KeyCode::PageDown => self.move_row(self.page_rows()),
            KeyCode::Home => {
                self.row.remove(&self.page);
            }
            _ => {}
        }
        Request::Nothing
    }

    fn typed(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.filter.clear();
                self.is_typing = false;
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(character) => self.filter.push(character),
            _ => {}
        }
        self.row.remove(&self.page);
        self.first_plot.remove(&self.page);
    }

    fn open(&mut self) {
        self.session.notice = Some(match &self.open_command {
            Some(command) => format!("in another terminal: {command}"),
            None => "nothing to open in the browser: there is no process".to_owned(),
        });
    }

    fn pause(&mut self) {
        self.paused = match self.paused {
            Some(_) => None,
            None => Some(Paused {
                until_ms: self.now_ms,
                cursor_ms: self.session.heard_ms,
            }),
        };
    }

    fn move_cursor(&mut self, steps: i64) {
        // A hundred steps are a screen of time; a look is the least.
        let step = (self.span() / 100).max(1000);
        let (from_ms, _) = self.window();
        let Some(paused) = &mut self.paused else {
            return;
        };
        let begins = self.session.timeline.begins_ms().unwrap_or(from_ms);
        let moved = paused.cursor_ms.saturating_add(steps * step);
        paused.cursor_ms = moved.clamp(begins, self.session.heard_ms.max(begins));
        let shift = if paused.cursor_ms < from_ms {
            paused.cursor_ms - from_ms
        } else {
            (paused.cursor_ms - paused.until_ms).max(0)
        };
        paused.until_ms += shift;
    }

    fn turn(&mut self, forward: bool) {
        let (shown, all) = self.plots;
        let first = self.first_plot.entry(self.page).or_default();
        let last = all.saturating_sub(1) / shown.max(1) * shown.max(1);
        *first = if forward {
            first.saturating_add(shown.max(1)).min(last)
        } else {
            first.saturating_sub(shown.max(1))
        };
    }

    fn go(&mut self, digit: char) {
        let index = digit
            .to_digit(10)
            .and_then(|digit| (digit as usize).checked_sub(1));
        if let Some(page) = index.and_then(|index| self.pages().nth(index)) {
            self.page = page;
        }
    }

    fn step_page(&mut self, forward: bool) {
        let pages: Vec<Page> = self.pages().collect();
        let at = pages
            .iter()
            .position(|page| *page == self.page)
            .unwrap_or(0);
        let next = if forward {
            at + 1
        } else {
            at + pages.len() - 1
        };
        if let Some(page) = pages.get(next % pages.len().max(1)) {
            self.page = *page;
        }
    }

    fn page_rows(&self) -> isize {
        isize::try_from(self.rows.0).unwrap_or(isize::MAX).max(1)
    }

    fn move_row(&mut self, steps: isize) {
        let last = self.rows.1.saturating_sub(1);
        let row = self.row.entry(self.page).or_default();
        *row = row.saturating_add_signed(steps).min(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> App {
        let mut app = App::new(Session::new("test"), Theme::default(), TimeZone::UTC);
        app.now_ms = 600_000;
        app.session.heard_ms = 600_000;
        app
    }

    fn press(app: &mut App, code: KeyCode) -> Request {
        app.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn every_screen_has_a_key_and_output_needs_a_child() {
        let mut app = app();
        for (digit, page) in ('1'..='7').zip(Page::ALL) {
            press(&mut app, KeyCode::Char(digit));
            assert_eq!(app.page, page);
        }
        press(&mut app, KeyCode::Char('8'));
        assert_eq!(app.page, Page::Findings);
        press(&mut app, KeyCode::Tab);
        assert_eq!(app.page, Page::Overview);
        app.has_child = true;
        press(&mut app, KeyCode::BackTab);
        assert_eq!(app.page, Page::Output);
    }

    #[test]
    fn the_range_of_time_is_zoomed_and_scrolled() {
        let mut app = app();
        app.session.timeline.push(100_000, true, Box::new([]));
        assert_eq!(app.window(), (300_000, 600_000));
        press(&mut app, KeyCode::Char('+'));
        assert_eq!(app.span(), 120_000);
        press(&mut app, KeyCode::Char(' '));
        app.now_ms = 700_000;
        assert_eq!(app.window(), (480_000, 600_000), "paused");
        for _ in 0..150 {
            press(&mut app, KeyCode::Left);
        }
        assert_eq!(app.window(), (420_000, 540_000));
        press(&mut app, KeyCode::Char(' '));
        assert_eq!(app.window(), (580_000, 700_000));
    }

    #[test]
    fn ctrl_c_quits_even_while_typing() {
        let mut app = app();
        press(&mut app, KeyCode::Char('/'));
        assert_eq!(press(&mut app, KeyCode::Char('q')), Request::Nothing);
        assert_eq!(app.filter, "q");
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(app.key(key), Request::Quit);
    }
}
