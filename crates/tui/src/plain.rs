//! A session as lines of numbers, as vmstat prints them.

use std::fmt::Write as _;

use fathom_series::Unit;
use fathom_series::plots::{PLOTS, Plot, Style};
use fathom_term::{visible, width};
use jiff::tz::TimeZone;

use crate::amount::amount;
use crate::live::{Session, State, tracks};

/// Lines between two headers.
const SCREENFUL: usize = 22;

/// The narrowest column.
const NARROWEST: usize = 8;

/// What is shown unless the user names plots: the title of the column, the plot and its line.
const USUAL: [(&str, &str, &str); 10] = [
    ("RSS", "resident", "RSS"),
    ("heap", "heap", "HeapAlloc"),
    ("live", "gc-memory", "live heap"),
    ("goal", "gc-memory", "goal"),
    ("alloc/s", "allocation-rate", "allocated"),
    ("gorout.", "goroutines", "goroutines"),
    ("threads", "threads", "threads"),
    ("CPUs", "process-cpu", "all"),
    ("GCs", "gc-cycles", "all"),
    ("pause", "gc-pause", "pause"),
];

#[derive(Debug)]
struct Column {
    title: String,
    track: usize,
    unit: Unit,
    per_second: bool,
    cells: usize,
}

/// Writes a session line by line.
#[derive(Debug)]
pub struct Lines {
    columns: Vec<Column>,
    zone: TimeZone,
    /// Lines since the last header; none was written yet.
    since_header: Option<usize>,
    state: State,
    restarts: u32,
}

/// Why a plot cannot be written as columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoColumn {
    /// There is none of this id.
    #[error("no plot is called {0}")]
    Unknown(String),
    /// It is a distribution.
    #[error("the plot {0} is a distribution and fits no column")]
    Distribution(String),
}

/// The ids of all plots that fit columns.
pub fn ids() -> impl Iterator<Item = &'static str> {
    let fit = PLOTS.iter().filter(|plot| plot.style != Style::Heatmap);
    fit.map(|plot| plot.id)
}

impl Lines {
    /// Writes the usual columns, or those of plots by their ids; times are of `zone`.
    ///
    /// # Errors
    ///
    /// An id that is no plot's, or of a plot that fits no column.
    pub fn new(plots: &[String], zone: TimeZone) -> Result<Self, NoColumn> {
        let mut columns = Vec::new();
        if plots.is_empty() {
            for (title, id, label) in USUAL {
                columns.extend(Plot::find(id).and_then(|plot| column(plot, label, title)));
            }
        }
        for id in plots {
            let plot = Plot::find(id).ok_or_else(|| NoColumn::Unknown(id.clone()))?;
            if plot.style == Style::Heatmap {
                return Err(NoColumn::Distribution(id.clone()));
            }
            for line in plot.lines {
                columns.extend(column(plot, line.label, line.label));
            }
        }
        Ok(Self {
            columns,
            zone,
            since_header: None,
            state: State::Waiting,
            restarts: 0,
        })
    }

    /// Writes what a session shows now: the header where one is due, what happened, the numbers.
    pub fn write(&mut self, session: &Session) -> String {
        let mut text = String::new();
        let time = clock(session.heard_ms, &self.zone);
        if session.restarts > self.restarts {
            self.restarts = session.restarts;
            self.line(&mut text, &format!("{time}  the process started anew"));
        }
        let changed = self.state != session.state;
        self.state = session.state.clone();
        let why = visible(session.state.why().unwrap_or_default()).into_owned();
        match &session.state {
            State::Lost(_) | State::Ended(_) => {
                let since = clock(session.state_since_ms, &self.zone);
                let told = format!("{time}  {} since {since}: {why}", session.state.word());
                self.line(&mut text, &told);
                return text;
            }
            State::Partly(_) if changed => {
                self.line(&mut text, &format!("{time}  partly: {why}"));
            }
            _ => {}
        }
        if self.since_header.is_none_or(|lines| lines >= SCREENFUL) {
            let _ = write!(text, "{:8}", "time");
            for column in &self.columns {
                let _ = write!(text, "  {:>cells$}", column.title, cells = column.cells);
            }
            text.push('\n');
            self.since_header = Some(0);
        }
        let mut line = time;
        for column in &self.columns {
            let band = session.latest().and_then(|point| point.band(column.track));
            let cell = band.map_or("-".to_owned(), |band| {
                amount(band.mean, column.unit, column.per_second)
            });
            let _ = write!(line, "  {cell:>cells$}", cells = column.cells);
        }
        self.line(&mut text, &line);
        text
    }

    fn line(&mut self, text: &mut String, line: &str) {
        text.push_str(line);
        text.push('\n');
        self.since_header = self.since_header.map(|lines| lines + 1);
    }
}

fn column(plot: &Plot, label: &str, title: &str) -> Option<Column> {
    Some(Column {
        title: title.to_owned(),
        track: tracks::named(plot.id, label)?,
        unit: plot.unit,
        per_second: plot.per_second,
        cells: width(title).max(NARROWEST),
    })
}

/// The time of day of a moment.
pub(crate) fn clock(at_ms: i64, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at_ms).map_or_else(
        |_| "--:--:--".to_owned(),
        |moment| {
            let zoned = moment.to_zoned(zone.clone());
            zoned.strftime("%H:%M:%S").to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::News;
    use fathom_series::{Reading, Taken};

    fn look(at_ms: i64, rss: f64) -> News {
        let mut taken = Taken::default();
        taken.look.at_ms = at_ms;
        taken.look.readings = vec![Reading::gauge("process.rss", Unit::Bytes, rss)];
        News::Look {
            taken: Box::new(taken),
            trouble: None,
        }
    }

    #[test]
    fn a_header_stands_above_every_screenful_and_outages_are_told() {
        let mut session = Session::new("test");
        let mut lines = Lines::new(&["resident".to_owned()], TimeZone::UTC).unwrap();
        session.apply(look(1_000, 1_048_576.0));
        let first = lines.write(&session);
        assert!(first.starts_with("time           RSS"), "{first}");
        assert!(first.contains("\n00:00:01   1.00 MB         -"), "{first}");
        session.apply(News::Lost {
            at_ms: 2_000,
            why: "refused\n".to_owned(),
        });
        session.apply(News::Lost {
            at_ms: 3_000,
            why: "refused\n".to_owned(),
        });
        assert_eq!(
            lines.write(&session),
            "00:00:03  lost since 00:00:02: refused␊\n"
        );
        let mut headers = 0;
        for second in 4..50 {
            session.apply(look(second * 1000, 1.0));
            headers += usize::from(lines.write(&session).contains("time"));
        }
        assert_eq!(headers, 2);
    }

    #[test]
    fn the_usual_columns_exist_and_fit_a_line() {
        let lines = Lines::new(&[], TimeZone::UTC).unwrap();
        assert_eq!(lines.columns.len(), USUAL.len());
        let cells: usize = lines.columns.iter().map(|column| column.cells + 2).sum();
        assert!(8 + cells <= 120);
        let wrong = Lines::new(&["heap".to_owned(), "latencies".to_owned()], TimeZone::UTC);
        assert!(matches!(wrong, Err(NoColumn::Distribution(_))));
        let wrong = Lines::new(&["nothing".to_owned()], TimeZone::UTC);
        assert!(matches!(wrong, Err(NoColumn::Unknown(_))));
    }
}
