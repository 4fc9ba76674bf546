//! A screen of plots.

use fathom_series::plots::PLOTS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::fmt::Write as _;

use super::{plot, put};
use crate::app::App;
use crate::live::tracks;

/// The least rows of a plot, and the least cells.
const LEAST_ROWS: u16 = 9;
const LEAST_CELLS: u16 = 58;

/// Points of the past that are asked whether a plot has anything to show.
const RECENT: usize = 120;

/// Draws the plots of a screen that have something to show, as many as fit.
pub(crate) fn draw(buffer: &mut Buffer, area: Rect, app: &mut App) {
    let (all, hidden) = candidates(app);
    let columns = (area.width / LEAST_CELLS).max(1);
    let plots = area.height.saturating_sub(1);
    let rows = (plots / LEAST_ROWS).max(1);
    let shown = usize::from(columns) * usize::from(rows);
    app.plots = (shown.min(all.len()), all.len());
    let wanted = app.first_plot.get(&app.page).copied().unwrap_or(0);
    let first = if wanted < all.len() { wanted } else { 0 };
    let here: Vec<usize> = all.iter().copied().skip(first).take(shown).collect();
    let mut text = if all.is_empty() {
        "no plot has anything to show".to_owned()
    } else {
        format!(
            "plots {} to {} of {}",
            first + 1,
            first + here.len(),
            all.len()
        )
    };
    if hidden > 0 {
        let _ = write!(text, "; {hidden} more have no readings here");
    }
    put(buffer, area, (0, area.height - 1), &text, app.theme.dim());
    let rows = rows
        .min(u16::try_from(here.len().div_ceil(usize::from(columns))).unwrap_or(rows))
        .max(1);
    let (width, height) = (area.width / columns, plots / rows);
    for (index, place) in here.into_iter().zip(0_u16..) {
        let (column, row) = (place % columns, place / columns);
        let cell = Rect {
            x: area.x + column * width,
            y: area.y + row * height,
            width: if columns > 1 { width - 2 } else { width },
            height,
        };
        plot::draw(buffer, cell, app, index);
    }
}

/// The plots of the screen that have something to show, and how many have not.
fn candidates(app: &App) -> (Vec<usize>, usize) {
    let filter = app.filter.to_lowercase();
    let (mut found, mut hidden) = (Vec::new(), 0);
    for group in app.page.groups() {
        for (index, plot) in PLOTS.iter().enumerate() {
            if plot.group != *group {
                continue;
            }
            let names = plot.lines.iter().map(|line| line.label);
            let mut names = names.chain([plot.title, plot.id]);
            if !names.any(|name| name.to_lowercase().contains(&filter)) {
                continue;
            }
            let points = app.session.timeline.points().rev().take(RECENT);
            let has_any = |point: &crate::live::Point| {
                tracks::of(index).any(|track| point.band(track).is_some())
            };
            if points.into_iter().any(has_any) {
                found.push(index);
            } else {
                hidden += 1;
            }
        }
    }
    (found, hidden)
}
