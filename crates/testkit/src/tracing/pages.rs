//! What the pages of the reference's web server say, typed. Times are nanoseconds, as exact as
//! the page prints them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::html::{Cell, Table, parameter, tables};
use crate::Error;

/// What `/goroutines` calls goroutines of which it knows no function.
const INACTIVE: &str = "(Inactive, no stack trace sampled)";

/// A row of `/goroutines`: the goroutines that began with one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoroutineGroup {
    /// The function; empty where no stack was seen.
    pub name: String,
    /// How many.
    pub count: u64,
    /// The time that they ran.
    pub execution: i64,
}

/// A row of a breakdown: one goroutine, or one region, and where its time went.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Times {
    /// The goroutine.
    pub goroutine: u64,
    /// The task, on pages of regions, where there is one.
    pub task: Option<u64>,
    /// The column "Total".
    pub total: i64,
    /// The other columns by their headings, such as `Block time (chan receive)`.
    pub columns: BTreeMap<String, i64>,
}

/// `/goroutine`: the goroutines of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoroutinePage {
    /// The function.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Their part of the execution time of all goroutines, as printed: `12.34%`; empty when
    /// nothing ran.
    pub execution_percent: String,
    /// One row a goroutine, whose columns do not overlap.
    pub breakdown: Vec<Times>,
    /// The special ranges, of goroutines that have some: collector's work and stops of the world.
    pub ranges: Vec<Times>,
}

/// A row of a histogram: what lasted at least so long, and less than the next row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The shortest duration.
    pub from: i64,
    /// How many.
    pub count: u64,
}

/// A row of `/userregions`: regions of one type that begin at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionGroup {
    /// The type.
    pub name: String,
    /// The outermost function of the stack; empty where a region has none.
    pub function: String,
    /// Its address.
    pub pc: u64,
    /// Its file.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// How many.
    pub count: u64,
    /// How long they lasted, from the first bucket with one to the last with one.
    pub histogram: Vec<Bucket>,
}

/// `/userregion`: the regions that a filter lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionPage {
    /// One row a region, whose columns do not overlap.
    pub breakdown: Vec<Times>,
    /// The special ranges, of regions that have some.
    pub ranges: Vec<Times>,
}

/// A row of `/usertasks`: the tasks of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskGroup {
    /// The type.
    pub name: String,
    /// How many, the open ones too.
    pub count: u64,
    /// How long the complete ones lasted.
    pub histogram: Vec<Bucket>,
}

/// A task of `/usertask`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number.
    pub id: u64,
    /// Its beginning, since that of the trace.
    pub start: i64,
    /// How long it lasted within the trace.
    pub duration: i64,
    /// Whether both its beginning and its end are in the trace.
    pub is_complete: bool,
    /// What happened in it, in order.
    pub events: Vec<TaskEvent>,
}

/// A row of a task's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEvent {
    /// Since the beginning of the trace.
    pub when: i64,
    /// Since the row before, or the beginning of the trace.
    pub elapsed: i64,
    /// The goroutine; -1 for none.
    pub goroutine: i64,
    /// What happened, such as `region "check" begin`.
    pub what: String,
}

/// `/mmu?mode=plot`: the least share of the processors that was left to the program in any
/// window of a length.
#[derive(Clone, Debug, PartialEq)]
pub struct MmuCurve {
    /// The shortest window, in nanoseconds.
    pub from: i64,
    /// The longest window, in nanoseconds.
    pub to: i64,
    /// The quantiles of the columns, where the flag `mut` was given: 0, 0.001, 0.01, 0.05.
    pub quantiles: Vec<f64>,
    /// The window in nanoseconds and the utilization, one for each quantile, or just the least.
    pub points: Vec<(f64, Vec<f64>)>,
}

/// Reads `/goroutines`.
pub(super) fn goroutine_groups(page: &str) -> Result<Vec<GoroutineGroup>, Error> {
    let name = "/goroutines";
    let rows = body(table(name, page, 0)?);
    let groups = rows.map(|row| {
        let [group, count, execution] = row.as_slice() else {
            return None;
        };
        Some(GoroutineGroup {
            name: if group.text() == INACTIVE {
                String::new()
            } else {
                group.text().to_owned()
            },
            count: count.text().parse().ok()?,
            execution: duration(execution.text())?,
        })
    });
    all(name, groups)
}

/// Reads `/goroutine`: a summary, the breakdown, the special ranges.
pub(super) fn goroutine_page(page: &str) -> Result<GoroutinePage, Error> {
    let name = "/goroutine";
    let summary = table(name, page, 0)?;
    let said = |row: usize| {
        let cell = summary.get(row).and_then(|cells| cells.get(1));
        cell.map(|cell| cell.text().to_owned())
            .ok_or_else(|| lacks(name, "its summary"))
    };
    Ok(GoroutinePage {
        name: said(0)?,
        count: said(1)?
            .parse()
            .map_err(|_| lacks(name, "the count of its summary"))?,
        execution_percent: said(2)?
            .trim_end_matches("of total program execution time")
            .trim()
            .to_owned(),
        breakdown: times(name, &table(name, page, 1)?)?,
        ranges: times(name, &table(name, page, 2)?)?,
    })
}

/// Reads `/userregions`.
pub(super) fn region_groups(page: &str) -> Result<Vec<RegionGroup>, Error> {
    let name = "/userregions";
    let rows = body(table(name, page, 0)?);
    all(name, rows.map(|row| region_group(&row)))
}

fn region_group(row: &[Cell]) -> Option<RegionGroup> {
    let [place, count, histogram] = row else {
        return None;
    };
    let target = count.links.first()?;
    let mut lines = place.text().lines().rev();
    let (file, line) = lines.next()?.rsplit_once(':')?;
    let (function, _) = lines.next()?.rsplit_once("@ 0x")?;
    Some(RegionGroup {
        name: parameter(target, "type")?,
        function: function.trim().to_owned(),
        pc: u64::from_str_radix(&parameter(target, "pc")?, 16).ok()?,
        file: file.to_owned(),
        line: line.parse().ok()?,
        count: count.text().parse().ok()?,
        histogram: buckets(histogram)?,
    })
}

/// Reads `/userregion`: links to profiles, the breakdown, the special ranges. The links are left
/// out of a page without a filter.
pub(super) fn region_page(page: &str) -> Result<RegionPage, Error> {
    let name = "/userregion";
    let details: Vec<Table> = tables(page)
        .into_iter()
        .filter(|table| first_heading(table) == Some("Goroutine"))
        .collect();
    let [breakdown, ranges] = details.as_slice() else {
        return Err(lacks(name, "its two tables"));
    };
    Ok(RegionPage {
        breakdown: times(name, breakdown)?,
        ranges: times(name, ranges)?,
    })
}

/// Reads `/usertasks`.
pub(super) fn task_groups(page: &str) -> Result<Vec<TaskGroup>, Error> {
    let name = "/usertasks";
    let rows = body(table(name, page, 0)?);
    let groups = rows.map(|row| {
        let [task, count, histogram] = row.as_slice() else {
            return None;
        };
        Some(TaskGroup {
            name: task.text().to_owned(),
            count: count.text().parse().ok()?,
            histogram: buckets(histogram)?,
        })
    });
    all(name, groups)
}

/// Reads `/usertask`, whose one table has a row for each task and, below it, its events.
pub(super) fn tasks(page: &str) -> Result<Vec<Task>, Error> {
    let name = "/usertask";
    let mut tasks: Vec<Task> = Vec::new();
    for row in body(table(name, page, 0)?) {
        let [when, elapsed, goroutine, what] = row.as_slice() else {
            return Err(lacks(name, "a column"));
        };
        let read = if let Some(link) = what.links.first() {
            task(when, elapsed, link, what).map(|task| tasks.push(task))
        } else {
            let event = task_event(when, elapsed, goroutine, what);
            tasks
                .last_mut()
                .zip(event)
                .map(|(task, event)| task.events.push(event))
        };
        read.ok_or_else(|| unread(name, &row))?;
    }
    Ok(tasks)
}

fn task(when: &Cell, lasted: &Cell, link: &str, what: &Cell) -> Option<Task> {
    Some(Task {
        id: parameter(link, "focustask")?.parse().ok()?,
        start: seconds(when.text().strip_suffix('s')?)?,
        duration: duration(lasted.text())?,
        is_complete: what.text().ends_with("(complete)"),
        events: Vec::new(),
    })
}

fn task_event(when: &Cell, elapsed: &Cell, goroutine: &Cell, what: &Cell) -> Option<TaskEvent> {
    Some(TaskEvent {
        when: seconds(when.text())?,
        elapsed: seconds(elapsed.text())?,
        goroutine: goroutine.text().parse().ok()?,
        what: what.text().to_owned(),
    })
}

/// Reads `/mmu?mode=plot`, which is JSON.
pub(super) fn mmu_curve(page: &str) -> Result<MmuCurve, Error> {
    let name = "/mmu";
    let json: Value =
        serde_json::from_str(page).map_err(|error| lacks(name, &error.to_string()))?;
    let numbers = |value: &Value| -> Option<Vec<f64>> {
        value.as_array()?.iter().map(Value::as_f64).collect()
    };
    let read = || {
        let rows = json["curve"].as_array()?.iter();
        let points = rows.map(|row| {
            let row = numbers(row)?;
            let (window, shares) = row.split_first()?;
            Some((*window, shares.to_vec()))
        });
        Some(MmuCurve {
            from: json["xMin"].as_i64()?,
            to: json["xMax"].as_i64()?,
            quantiles: numbers(&json["quantiles"]).unwrap_or_default(),
            points: points.collect::<Option<_>>()?,
        })
    };
    read().ok_or_else(|| lacks(name, "a number"))
}

/// Reads a breakdown or a table of special ranges, with or without a column of tasks.
fn times(page: &'static str, table: &Table) -> Result<Vec<Times>, Error> {
    let Some((headings, rows)) = table.split_first() else {
        return Err(lacks(page, "headings"));
    };
    all(page, rows.iter().map(|row| row_times(headings, row)))
}

fn row_times(headings: &[Cell], row: &[Cell]) -> Option<Times> {
    let mut times = Times {
        goroutine: 0,
        task: None,
        total: 0,
        columns: BTreeMap::new(),
    };
    if headings.len() != row.len() {
        return None;
    }
    for (heading, cell) in headings.iter().zip(row) {
        match heading.text() {
            "Goroutine" => times.goroutine = cell.text().parse().ok()?,
            "Task" if cell.text().is_empty() => {}
            "Task" => times.task = Some(cell.text().parse().ok()?),
            "Total" => times.total = duration(cell.text())?,
            // The bar.
            "" => {}
            column => {
                let lasted = duration(cell.text())?;
                times.columns.insert(column.to_owned(), lasted);
            }
        }
    }
    Some(times)
}

/// Reads a histogram, whose last row is the end of the last bucket; a group without any duration
/// has no table.
fn buckets(cell: &Cell) -> Option<Vec<Bucket>> {
    let Some(table) = cell.tables.first() else {
        return Some(Vec::new());
    };
    let rows = table.iter().filter(|row| row.len() == 3);
    rows.map(|row| {
        Some(Bucket {
            from: duration(row.first()?.text())?,
            count: row.last()?.text().parse().ok()?,
        })
    })
    .collect()
}

/// Reads a duration as Go prints it: `1h2m3.4s`, `1.5ms`, `2µs`, `-3ns`, `0s`.
fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, unit) = rest.split_at(end);
        let end = unit
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(unit.len());
        let (unit, after) = unit.split_at(end);
        let digits = match unit {
            "ns" => 0,
            "µs" => 3,
            "ms" => 6,
            "s" => 9,
            "m" | "h" => {
                let seconds = if unit == "m" { 60 } else { 3600 };
                sum += number.parse::<i64>().ok()? * seconds * 1_000_000_000;
                rest = after;
                continue;
            }
            _ => return None,
        };
        sum += decimal(number, digits)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sign * sum)
}

/// Reads seconds with nine digits after the point, zeros of which may be blank.
fn seconds(text: &str) -> Option<i64> {
    let padded = text.replace(' ', "0");
    match padded.strip_prefix('-') {
        Some(rest) => Some(-decimal(rest, 9)?),
        None => decimal(&padded, 9),
    }
}

/// Reads a number with at most so many digits after the point, times the power of ten of them.
fn decimal(text: &str, digits: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > digits {
        return None;
    }
    format!("0{whole}{part:0<digits$}").parse().ok()
}

fn table(page: &'static str, text: &str, index: usize) -> Result<Table, Error> {
    tables(text)
        .into_iter()
        .nth(index)
        .ok_or_else(|| lacks(page, "a table"))
}

fn first_heading(table: &Table) -> Option<&str> {
    Some(table.first()?.first()?.text())
}

/// The rows below the headings.
fn body(table: Table) -> impl Iterator<Item = Vec<Cell>> {
    table.into_iter().skip(1)
}

fn all<T>(page: &'static str, rows: impl Iterator<Item = Option<T>>) -> Result<Vec<T>, Error> {
    let rows = rows.enumerate();
    rows.map(|(index, row)| row.ok_or_else(|| lacks(page, &format!("sense in row {}", index + 1))))
        .collect()
}

fn unread(page: &'static str, row: &[Cell]) -> Error {
    let texts: Vec<&str> = row.iter().map(Cell::text).collect();
    lacks(page, &format!("sense in {texts:?}"))
}

fn lacks(page: &'static str, what: &str) -> Error {
    Error::Page {
        page,
        reason: format!("the page lacks {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_to_the_nanosecond() {
        for (text, nanoseconds) in [
            ("0s", 0),
            ("3ns", 3),
            ("-2.5µs", -2_500),
            ("1.234567ms", 1_234_567),
            ("59.999999999s", 59_999_999_999),
            ("1h2m3.5s", 3_723_500_000_000),
        ] {
            assert_eq!(duration(text), Some(nanoseconds), "{text}");
        }
        for wrong in ["", "1", "1x", "1.2345ns", "s"] {
            assert_eq!(duration(wrong).unwrap_or(0), 0, "{wrong}");
        }
    }

    #[test]
    fn seconds_are_read_with_their_zeros_blank() {
        assert_eq!(seconds("12.000000345"), Some(12_000_000_345));
        assert_eq!(seconds(".   123456"), Some(123_456));
        assert_eq!(seconds("."), Some(0));
        assert_eq!(seconds("-1.5"), Some(-1_500_000_000));
        assert_eq!(seconds("1.0000000001"), None);
    }
}
