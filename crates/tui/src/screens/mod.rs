//! Screens: pure functions from an application to the cells of a terminal.

mod findings;
mod gc;
mod goroutines;
mod help;
mod overview;
mod page;
mod plot;
mod sites;
mod spark;
mod table;

use fathom_term::{Ink, shorten, visible, width};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget as _};
use std::fmt::Write as _;

use crate::app::{App, Page};
use crate::live::State;
use crate::plain::clock;

/// The smallest terminal that screens fit.
const LEAST: (u16, u16) = (40, 12);

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether there are colours.
    pub colour: bool,
    /// Whether more than ASCII can be shown.
    pub unicode: bool,
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            colour: true,
            unicode: true,
        }
    }
}

impl Theme {
    /// A text in a colour; the background stays the terminal's, be it light or dark.
    pub(crate) fn ink(self, ink: Ink) -> Style {
        if self.colour {
            Style::new().fg(Color::Indexed(ink.code()))
        } else {
            Style::new()
        }
    }

    /// A text that stands back.
    pub(crate) fn dim(self) -> Style {
        if self.colour {
            // Grey reads on light and on dark, which fainter text does not everywhere.
            Style::new().fg(Color::Indexed(Ink::Grey.code()))
        } else {
            Style::new()
        }
    }

    /// What the crate that draws text needs to know.
    pub(crate) fn text(self, width: usize) -> fathom_term::Style {
        fathom_term::Style {
            colour: false,
            width,
            unicode: self.unicode,
        }
    }
}

/// A heading or the number that matters.
pub(crate) fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// What is selected.
pub(crate) fn selected() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

/// Writes a text at a place of an area, cut to what is left of the row. Tells how many cells it
/// took.
pub(crate) fn put(
    buffer: &mut Buffer,
    area: Rect,
    at: (u16, u16),
    text: &str,
    style: Style,
) -> u16 {
    let (x, y) = at;
    if y >= area.height || x >= area.width {
        return 0;
    }
    let room = usize::from(area.width - x);
    let shown = visible(text);
    let shown = shorten(&shown, room, &Theme::default().text(room));
    buffer.set_stringn(area.x + x, area.y + y, &shown, room, style);
    u16::try_from(width(&shown)).unwrap_or(u16::MAX)
}

/// Draws an application on the whole terminal.
pub fn draw(frame: &mut Frame<'_>, app: &mut App) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!(
            "terminal too small: {}x{} of {}x{}",
            area.width, area.height, LEAST.0, LEAST.1
        );
        put(buffer, area, (0, 0), &text, Style::new());
        return;
    }
    header(buffer, area, app);
    tabs(buffer, area, app);
    let body = Rect {
        y: area.y + 3,
        height: area.height - 4,
        ..area
    };
    app.rows = (0, 0);
    app.plots = (0, 0);
    match app.page {
        Page::Overview => overview::draw(buffer, body, app),
        Page::Memory | Page::Cpu => page::draw(buffer, body, app),
        Page::Gc => gc::draw(buffer, body, app),
        Page::Goroutines => goroutines::draw(buffer, body, app),
        Page::Sites => sites::draw(buffer, body, app),
        Page::Findings => findings::draw(buffer, body, app),
        Page::Output => findings::output(buffer, body, app),
    }
    footer(buffer, area, app);
    if app.help {
        help::draw(buffer, area, app.theme);
    }
}

/// Who is watched, and how it answers.
fn header(buffer: &mut Buffer, area: Rect, app: &App) {
    let session = &app.session;
    let mut who = session.name.clone();
    if let Some(version) = &session.go_version {
        who = format!("{who}  {version}");
    }
    if let Some(target) = session.explanation.as_ref().map(|all| &all.target) {
        let is_named = |pid: &u32| who.ends_with(&format!("pid {pid}"));
        if let Some(pid) = target.pid.filter(|pid| !is_named(pid)) {
            who = format!("{who}  pid {pid}");
        }
        if let (Some(version), None) = (&target.go_version, &session.go_version) {
            who = format!("{who}  {version}");
        }
    }
    if session.restarts > 0 {
        who = format!("{who}  {} restarts", session.restarts);
    }
    let time = clock(app.now_ms, &app.zone);
    let room = usize::from(area.width).saturating_sub(10);
    let who = visible(&who);
    let who = shorten(&who, room, &app.theme.text(room));
    put(buffer, area, (0, 0), &who, bold());
    put(buffer, area, (area.width - 8, 0), &time, app.theme.dim());
    let (text, style) = state_line(app);
    put(buffer, area, (0, 1), &text, style);
}

fn state_line(app: &App) -> (String, Style) {
    let session = &app.session;
    let since = clock(session.state_since_ms, &app.zone);
    let why = session.state.why().unwrap_or_default();
    let paused = match app.paused {
        Some(paused) => format!("  PAUSED, cursor at {}", clock(paused.cursor_ms, &app.zone)),
        None => String::new(),
    };
    let silence_ms = app.now_ms.saturating_sub(session.heard_ms);
    let silent = silence_ms / 1000;
    let (text, style) = match &session.state {
        State::Waiting => ("waiting for the first answer".to_owned(), app.theme.dim()),
        // A look may take its time; a silence means that it hangs.
        State::Fine | State::Partly(_) if silence_ms >= app.silence_ms => (
            format!("NO ANSWER for {silent} s"),
            app.theme.ink(Ink::Orange),
        ),
        State::Fine => (format!("fine since {since}"), app.theme.ink(Ink::Green)),
        State::Partly(_) => (
            format!("PARTLY since {since}: {why}"),
            app.theme.ink(Ink::Orange),
        ),
        State::Lost(_) => (
            format!("LOST since {since}: {why}"),
            app.theme.ink(Ink::Vermillion),
        ),
        State::Ended(_) => (
            format!("ENDED at {since}: {why}"),
            app.theme.ink(Ink::Vermillion),
        ),
    };
    (format!("{text}{paused}"), style)
}

fn tabs(buffer: &mut Buffer, area: Rect, app: &App) {
    let mut spans = Vec::new();
    let is_narrow = area.width < 78;
    for (index, page) in app.pages().enumerate() {
        let is_here = page == app.page;
        let title = if is_narrow && !is_here {
            ""
        } else {
            page.title()
        };
        let style = if is_here { selected() } else { Style::new() };
        spans.push(Span::styled(
            format!("{} {title}", index + 1).trim_end().to_owned(),
            style,
        ));
        spans.push(Span::raw("  "));
    }
    let row = Rect {
        y: area.y + 2,
        height: 1,
        ..area
    };
    Paragraph::new(Line::from(spans)).render(row, buffer);
}

fn footer(buffer: &mut Buffer, area: Rect, app: &App) {
    let row = (0, area.height - 1);
    if app.is_typing {
        let text = format!("filter: {}_  (Enter keeps it, Esc drops it)", app.filter);
        put(buffer, area, row, &text, bold());
        return;
    }
    if let Some(notice) = &app.session.notice {
        put(buffer, area, row, notice, bold());
        return;
    }
    let mut text = String::from("q quit  ? help  space ");
    text.push_str(if app.paused.is_some() {
        "go on  ←→"
    } else {
        "pause"
    });
    let _ = write!(text, "  +- {}", app.zoom_word().replace(' ', ""));
    let (shown, all) = app.plots;
    if all > shown {
        text.push_str("  [] plots");
    }
    if matches!(app.page, Page::Goroutines | Page::Sites) {
        text.push_str("  s sort");
    }
    text.push_str("  / find  m mark");
    if app.can_capture {
        text.push_str("  c save  o open");
    }
    if !app.filter.is_empty() {
        text = format!("filter: {} (Esc drops it)  {text}", app.filter);
    }
    put(buffer, area, row, &text, app.theme.dim());
}
