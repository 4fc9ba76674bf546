//! One plot: curves with their values, or a distribution over time.

use fathom_series::Unit;
use fathom_series::plots::{PLOTS, Plot, Style as PlotStyle};
use fathom_term::Ink;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::widgets::Widget as _;
use ratatui::widgets::canvas::{Canvas, Line as Stroke};

use super::{bold, put};
use crate::amount::{amount, step};
use crate::app::App;
use crate::live::{Band, tracks};
use crate::plain::clock;

/// The cells of the labels left of a plot.
const LABELS: u16 = 9;

/// The colours of curves, in order; each has a letter beside it.
const INKS: [Ink; 9] = [
    Ink::Blue,
    Ink::Orange,
    Ink::Green,
    Ink::Purple,
    Ink::SkyBlue,
    Ink::Vermillion,
    Ink::Mint,
    Ink::Grey,
    Ink::Silver,
];

/// A curve: its letter, its label, its track.
struct Curve {
    letter: char,
    label: &'static str,
    ink: Ink,
    points: Vec<Stretch>,
    shown: Option<f64>,
}

/// Values that follow each other without a gap.
type Stretch = Vec<(f64, Band)>;

/// Draws a plot, by its place in [`PLOTS`].
pub(crate) fn draw(buffer: &mut Buffer, area: Rect, app: &App, index: usize) {
    let Some(plot) = PLOTS.get(index) else {
        return;
    };
    let mut title = plot.title.to_owned();
    let unit = match (plot.unit, plot.per_second) {
        (Unit::Seconds, true) => " (seconds a second)",
        (_, true) => " (a second)",
        _ => "",
    };
    title.push_str(unit);
    if plot.style == PlotStyle::Stacked {
        title.push_str(" (stacked)");
    }
    let used = put(buffer, area, (0, 0), &title, bold());
    if area.width > used + 24 {
        put(buffer, area, (used + 2, 0), plot.about, app.theme.dim());
    }
    let inner = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    if plot.style == PlotStyle::Heatmap {
        heatmap(buffer, inner, app, index, plot);
    } else {
        curves(buffer, inner, app, index, plot);
    }
}

fn curves(buffer: &mut Buffer, area: Rect, app: &App, index: usize, plot: &'static Plot) {
    let mut curves = gathered(app, index, plot);
    let legend_rows = legend(buffer, area, app, plot, &curves);
    let graph = Rect {
        x: area.x + LABELS,
        y: area.y + legend_rows,
        width: area.width.saturating_sub(LABELS),
        height: area.height.saturating_sub(legend_rows + 1),
    };
    if graph.height < 2 || graph.width < 10 {
        return;
    }
    if plot.style == PlotStyle::Stacked {
        stack(&mut curves);
    }
    let (greatest, least) = extent(&curves);
    let parts = usize::from(graph.height / 3).clamp(1, 5);
    let step = step((greatest - least).max(f64::MIN_POSITIVE), parts, plot.unit);
    let (bottom, top) = (
        (least / step).floor() * step,
        ((greatest / step).ceil() * step).max(step),
    );
    labels(buffer, area, graph, plot, (bottom, top, step));
    times(buffer, graph, app);
    strokes(buffer, graph, app, &curves, (bottom, top));
    letters(buffer, graph, app, &curves, (bottom, top));
}

/// What is far above all else would press it flat: such a line is read in the legend, where it
/// has an arrow.
const LARGE: [&str; 5] = [
    "limit",
    "memory limit",
    "cgroup charge",
    "working set",
    "since the start",
];

/// The greatest and the least of what is drawn; lines that are off the scale are left out.
fn extent(curves: &[Curve]) -> (f64, f64) {
    let greatest = |is_large: bool| {
        curves
            .iter()
            .filter(|curve| LARGE.contains(&curve.label) == is_large)
            .flat_map(|curve| curve.points.iter().flatten())
            .map(|(_, band)| band.high)
            .fold(0.0, f64::max)
    };
    let (usual, large) = (greatest(false), greatest(true));
    let top = if usual <= 0.0 || large <= usual * 2.0 {
        usual.max(large)
    } else {
        usual
    };
    let all = curves
        .iter()
        .flat_map(|curve| curve.points.iter().flatten());
    (top, all.map(|(_, band)| band.low).fold(0.0, f64::min))
}

/// Whether a line is above the scale.
fn is_above(curve: &Curve, top: f64) -> bool {
    let last = curve.points.last().and_then(|stretch| stretch.last());
    last.is_some_and(|(_, band)| band.low > top * (1.0 + 1e-9))
}

/// Takes the points of the range of time, a curve for each line that has any.
fn gathered(app: &App, index: usize, plot: &'static Plot) -> Vec<Curve> {
    let (from_ms, until_ms) = app.window();
    let cursor = app.paused.map(|paused| paused.cursor_ms);
    let timeline = &app.session.timeline;
    let mut curves = Vec::new();
    for ((line, track), place) in plot.lines.iter().zip(tracks::of(index)).zip(0..) {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut is_open = false;
        for point in timeline.points() {
            let is_shown = point.until_ms >= from_ms && point.from_ms <= until_ms;
            let Some(band) = point.band(track).filter(|_| is_shown) else {
                is_open = false;
                continue;
            };
            if point.after_gap || !is_open {
                stretches.push(Vec::new());
            }
            is_open = true;
            let middle = i64::midpoint(point.from_ms, point.until_ms);
            if let Some(stretch) = stretches.last_mut() {
                stretch.push((middle.saturating_sub(from_ms) as f64, band));
            }
        }
        let shown = match cursor {
            Some(at_ms) => timeline.at(at_ms),
            None => app.session.latest(),
        };
        let letter = char::from(b'a' + u8::try_from(place % 26).unwrap_or(0));
        if !stretches.is_empty() {
            curves.push(Curve {
                letter,
                label: line.label,
                ink: INKS.get(place % INKS.len()).copied().unwrap_or(Ink::Grey),
                points: stretches,
                shown: shown
                    .and_then(|point| point.band(track))
                    .map(|band| band.mean),
            });
        }
    }
    curves
}

/// Puts each curve on top of those before it.
fn stack(curves: &mut [Curve]) {
    let mut heights: std::collections::BTreeMap<u64, f64> = std::collections::BTreeMap::new();
    for curve in curves {
        for (x, band) in curve.points.iter_mut().flatten() {
            // Points of one look have the same place to the bit.
            let height = heights.entry(x.to_bits()).or_insert(0.0);
            *height += band.mean;
            *band = Band {
                low: *height,
                mean: *height,
                high: *height,
            };
        }
    }
}

/// Writes the letters, labels and values; tells how many rows they take.
fn legend(buffer: &mut Buffer, area: Rect, app: &App, plot: &Plot, curves: &[Curve]) -> u16 {
    if curves.is_empty() {
        put(
            buffer,
            area,
            (0, 0),
            "nothing in this range of time",
            app.theme.dim(),
        );
        return 1;
    }
    let (mut x, mut y) = (0, 0);
    let (top, _) = extent(curves);
    let most = (area.height / 3).max(1);
    for curve in curves {
        let value = curve.shown.map_or("-".to_owned(), |value| {
            amount(value, plot.unit, plot.per_second)
        });
        // What is not there is above nothing.
        let is_above = is_above(curve, top) && value != "none";
        let above = match (is_above, app.theme.unicode) {
            (false, _) => "",
            (true, true) => "↑",
            (true, false) => "^",
        };
        let text = format!("{} {value}{above}", curve.label);
        let cells = u16::try_from(fathom_term::width(&text)).unwrap_or(u16::MAX) + 4;
        if x > 0 && x + cells > area.width {
            (x, y) = (0, y + 1);
        }
        if y >= most {
            return most;
        }
        put(
            buffer,
            area,
            (x, y),
            &curve.letter.to_string(),
            app.theme.ink(curve.ink).patch(bold()),
        );
        put(buffer, area, (x + 2, y), &text, Style::new());
        x = x.saturating_add(cells);
    }
    y + 1
}

fn labels(
    buffer: &mut Buffer,
    area: Rect,
    graph: Rect,
    plot: &Plot,
    (bottom, top, step): (f64, f64, f64),
) {
    let mut value = bottom;
    while value <= top + step / 2.0 {
        let share = (top - value) / (top - bottom);
        let rows = f64::from(graph.height - 1) * share.clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most the height of the graph"
        )]
        let row = rows.round() as u16;
        let text = amount(value, plot.unit, plot.per_second);
        let text = format!("{text:>cells$}", cells = usize::from(LABELS - 1));
        put(
            buffer,
            area,
            (0, graph.y - area.y + row),
            &text,
            Style::new(),
        );
        value += step;
    }
}

/// Writes times below a graph, and the marks on it.
fn times(buffer: &mut Buffer, graph: Rect, app: &App) {
    let (from_ms, until_ms) = app.window();
    let below = Rect {
        y: graph.y + graph.height,
        height: 1,
        ..graph
    };
    let middle = i64::midpoint(from_ms, until_ms);
    put(
        buffer,
        below,
        (0, 0),
        &clock(from_ms, &app.zone),
        app.theme.dim(),
    );
    if graph.width >= 36 {
        put(
            buffer,
            below,
            (graph.width / 2 - 4, 0),
            &clock(middle, &app.zone),
            app.theme.dim(),
        );
    }
    put(
        buffer,
        below,
        (graph.width.saturating_sub(8), 0),
        &clock(until_ms, &app.zone),
        app.theme.dim(),
    );
    for mark in &app.session.marks {
        if let Some(x) = column(mark.at_ms, (from_ms, until_ms), graph.width) {
            let letter = mark.what.letter().to_string();
            put(buffer, below, (x, 0), &letter, bold());
        }
    }
}

/// The column of a moment.
fn column(at_ms: i64, (from_ms, until_ms): (i64, i64), width: u16) -> Option<u16> {
    if at_ms < from_ms || at_ms > until_ms || width == 0 {
        return None;
    }
    let span = until_ms.saturating_sub(from_ms).max(1);
    let x = (at_ms - from_ms).saturating_mul(i64::from(width - 1)) / span;
    u16::try_from(x).ok()
}

fn strokes(
    buffer: &mut Buffer,
    graph: Rect,
    app: &App,
    curves: &[Curve],
    (bottom, top): (f64, f64),
) {
    let (from_ms, until_ms) = app.window();
    let span = until_ms.saturating_sub(from_ms).max(1) as f64;
    let marker = if app.theme.unicode {
        Marker::Braille
    } else {
        Marker::Custom('*')
    };
    let cursor = app
        .paused
        .map(|paused| paused.cursor_ms.saturating_sub(from_ms) as f64);
    Canvas::default()
        .marker(marker)
        .x_bounds([0.0, span])
        .y_bounds([bottom, top])
        .paint(|context| {
            if let Some(x) = cursor {
                let stroke = Stroke::new(x, bottom, x, top, colour(app, Ink::Grey));
                context.draw(&stroke);
            }
            for curve in curves {
                let colour = colour(app, curve.ink);
                for stretch in &curve.points {
                    let mut before = None;
                    for (x, band) in stretch {
                        let (x0, y0) = before.unwrap_or((*x, band.mean));
                        context.draw(&Stroke::new(x0, y0, *x, band.mean, colour));
                        if band.low < band.high {
                            context.draw(&Stroke::new(*x, band.low, *x, band.high, colour));
                        }
                        before = Some((*x, band.mean));
                    }
                }
            }
        })
        .render(graph, buffer);
}

fn colour(app: &App, ink: Ink) -> ratatui::style::Color {
    app.theme
        .ink(ink)
        .fg
        .unwrap_or(ratatui::style::Color::Reset)
}

/// Writes the letter of each curve at its end, so that no colour is needed.
fn letters(
    buffer: &mut Buffer,
    graph: Rect,
    app: &App,
    curves: &[Curve],
    (bottom, top): (f64, f64),
) {
    let (from_ms, until_ms) = app.window();
    let span = until_ms.saturating_sub(from_ms).max(1) as f64;
    for curve in curves {
        let end = curve.points.last().and_then(|stretch| stretch.last());
        let Some((x, band)) = end.filter(|_| !is_above(curve, top)) else {
            continue;
        };
        let share = ((top - band.mean) / (top - bottom)).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within the graph"
        )]
        let (x, y) = (
            ((x / span).clamp(0.0, 1.0) * f64::from(graph.width - 1)).round() as u16,
            (share * f64::from(graph.height - 1)).round() as u16,
        );
        let style = app.theme.ink(curve.ink).patch(bold());
        put(buffer, graph, (x, y), &curve.letter.to_string(), style);
    }
}

const SHADES: [char; 4] = ['░', '▒', '▓', '█'];
const ASCII_SHADES: [char; 4] = ['.', '+', '*', '#'];

fn heatmap(buffer: &mut Buffer, area: Rect, app: &App, index: usize, plot: &Plot) {
    let graph = Rect {
        x: area.x + LABELS,
        width: area.width.saturating_sub(LABELS),
        height: area.height.saturating_sub(1),
        ..area
    };
    let cells = usize::from(graph.width);
    let rows: Vec<Vec<Option<f64>>> = tracks::of(index)
        .map(|track| super::spark::means(&app.session.timeline, track, app.window(), cells))
        .collect();
    let is_used = |row: &Vec<Option<f64>>| row.iter().flatten().any(|value| *value > 0.0);
    let (Some(first), Some(last)) = (
        rows.iter().position(is_used),
        rows.iter().rposition(is_used),
    ) else {
        put(
            buffer,
            area,
            (0, 0),
            "nothing in this range of time",
            app.theme.dim(),
        );
        return;
    };
    let greatest = rows.iter().flatten().flatten().copied().fold(0.0, f64::max);
    let shades = if app.theme.unicode {
        SHADES
    } else {
        ASCII_SHADES
    };
    let used = rows.get(first..=last).unwrap_or_default();
    // The largest values stand on top; where there is no room for all, the smallest are left out.
    for ((row, values), y) in used.iter().enumerate().rev().zip(0..graph.height) {
        let begins = tracks::row_begins(first + row, plot.unit);
        let label = match begins {
            0.0 => format!(
                "<{}",
                amount(tracks::row_begins(1, plot.unit), plot.unit, false)
            ),
            begins => amount(begins, plot.unit, false),
        };
        let label = format!("{label:>cells$}", cells = usize::from(LABELS - 1));
        put(buffer, area, (0, y), &label, Style::new());
        for (value, x) in values.iter().zip(0..graph.width) {
            let Some(value) = value.filter(|value| *value > 0.0) else {
                continue;
            };
            // By the logarithm: one long pause among thousands is what matters.
            let share = (value + 1.0).ln() / (greatest + 1.0).ln();
            let level = [0.25, 0.5, 0.75]
                .iter()
                .filter(|bound| share > **bound)
                .count();
            let cell = shades.get(level).copied().unwrap_or(' ');
            put(
                buffer,
                graph,
                (x, y),
                &cell.to_string(),
                app.theme.ink(Ink::Blue),
            );
        }
    }
    let frame = Rect {
        height: graph
            .height
            .min(u16::try_from(used.len()).unwrap_or(u16::MAX)),
        ..graph
    };
    times(buffer, frame, app);
}
