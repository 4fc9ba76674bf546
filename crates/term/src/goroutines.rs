//! Goroutines by the place where they stand.

use std::fmt::Write as _;

use fathom_explain::count;
use fathom_goruntime::goroutine::{Form, GroupRow, Report};

use crate::cells::visible;
use crate::style::{Emphasis, emphasise};
use crate::table::{Cell, Column, Overflow, Table};
use crate::{Ink, Style, bold, wrap};

/// How much is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// At most so many groups.
    pub groups: usize,
    /// At most so many frames of each.
    pub frames: usize,
}

/// Draws a report: how many there are and what stands out, the states, then the
/// groups with their stacks, as many as `extent` allows.
pub fn draw(report: &Report, extent: Extent, style: &Style) -> String {
    let mut out = wrap::hanging("", "", &headline(report), style.width);
    for line in &report.crash {
        out.push_str(&wrap::hanging(
            "The crash: ",
            "  ",
            &visible(line),
            style.width,
        ));
    }
    if report.truncated {
        out.push_str("The dump was cut: all counts are lower bounds.\n");
    }
    if report.states.len() > 1 {
        out.push('\n');
        out.push_str(&states(report).render(style));
    }
    for (index, group) in report.groups.iter().take(extent.groups).enumerate() {
        out.push('\n');
        draw_group(&mut out, index + 1, group, extent.frames, style);
    }
    let notes = notes(report, extent);
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        out.push_str(&wrap::hanging("", "", &note, style.width));
    }
    out
}

fn headline(report: &Report) -> String {
    let groups = report.groups.len() + report.hidden.groups;
    let mut text = format!(
        "{}, {}",
        counted(report.total, "goroutine"),
        counted(groups as u64, "group")
    );
    if let Some(base) = report.base_total {
        let _ = write!(
            text,
            "; {} in the base, {}",
            count(base),
            change(report.total, base)
        );
    }
    match report.longest_minutes {
        Some(minutes) => {
            let _ = write!(text, "; the longest has waited {minutes} min or more");
        }
        None if report.form == Form::Dump => {
            text.push_str("; none is known to have waited a minute");
        }
        None => {}
    }
    if report.leaked > 0 {
        let _ = write!(text, "; the runtime found {} leaked", count(report.leaked));
    }
    match report.candidates() {
        0 => text.push_str("; no group looks like a leak."),
        1 => text.push_str("; 1 group may be a leak."),
        several => {
            let _ = write!(text, "; {several} groups may be leaks.");
        }
    }
    text
}

fn states(report: &Report) -> Table {
    let waits = report.longest_minutes.is_some();
    let leaks = report.leaked > 0;
    let mut columns = vec![Column::left("state"), Column::right("goroutines")];
    if waits {
        columns.push(Column::right("longest wait"));
    }
    if leaks {
        columns.push(Column::right("leaked"));
    }
    let mut table = Table::new(columns);
    for state in &report.states {
        let mut cells = vec![
            Cell::from(state_name(&state.state)),
            Cell::from(count(state.count)),
        ];
        if waits {
            let minutes = state
                .longest_minutes
                .map(|minutes| format!("{minutes} min"));
            cells.push(minutes.unwrap_or_default().into());
        }
        if leaks {
            let leaked = if state.leaked == 0 {
                String::new()
            } else {
                count(state.leaked)
            };
            cells.push(leaked.into());
        }
        table.row(cells);
    }
    table
}

fn draw_group(out: &mut String, number: usize, group: &GroupRow, frames: usize, style: &Style) {
    let mut head = format!(
        "{number}. {} {}",
        count(group.count),
        visible(state_name(&group.state))
    );
    if let Some(before) = group.base_count {
        let _ = write!(head, ", {}", change(group.count, before));
    }
    match group.minutes {
        Some([shortest, _, longest]) if shortest == longest => {
            let _ = write!(head, ", {longest} min");
        }
        Some([shortest, middle, longest]) => {
            let _ = write!(
                head,
                ", {shortest} to {longest} min (half {middle} or more)"
            );
        }
        None => {}
    }
    if group.locked > 0 {
        let _ = write!(head, ", {} locked to a thread", count(group.locked));
    }
    out.push_str(&bold(&head, style));
    out.push('\n');
    if let Some(suspicion) = &group.suspicion {
        let lines = wrap::hanging("   may be a leak: ", "     ", suspicion, style.width);
        let marked = emphasise("may be a leak:", Ink::Orange, Emphasis::Bold, style);
        out.push_str(&lines.replacen("may be a leak:", &marked, 1));
    }
    out.push_str(&stack(group, frames, style));
    if !group.labels.is_empty() {
        let labels: Vec<String> = group
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        out.push_str(&wrap::hanging(
            "   labels: ",
            "     ",
            &visible(&labels.join(" ")),
            style.width,
        ));
    }
}

fn stack(group: &GroupRow, limit: usize, style: &Style) -> String {
    let mut table = Table::new([
        Column::left(""),
        Column::left("").overflow(Overflow::CutEnd),
        Column::left("").overflow(Overflow::CutStart),
    ]);
    let row = |place: &str| {
        let (function, file) = place.rsplit_once(' ').unwrap_or((place, ""));
        [Cell::from(" "), Cell::from(function), Cell::from(file)]
    };
    let remark = |text: String| [Cell::from(" "), Cell::from(text).emphasis(Emphasis::Dim)];
    for (index, place) in group.stack.iter().take(limit).enumerate() {
        if let Some((after, missing)) = group.elided.filter(|(after, _)| *after == index) {
            let missing = missing.map_or_else(|| "more".to_owned(), |missing| missing.to_string());
            if after > 0 {
                table.row(remark(format!(
                    "({missing} frames left out by the runtime)"
                )));
            }
        }
        table.row(row(place));
    }
    let further = group.stack.len().saturating_sub(limit);
    if further > 0 {
        table.row(remark(format!(
            "({further} more of {} frames)",
            group.stack.len()
        )));
    }
    if group.stack.is_empty() {
        table.row(remark("(stack unknown)".to_owned()));
    }
    if let Some(creator) = &group.created_by {
        let [indent, function, file] = row(creator);
        let function = Cell::from(format!("created by {}", function.text()));
        table.row([indent, function.emphasis(Emphasis::Dim), file]);
    }
    table.render(style)
}

fn notes(report: &Report, extent: Extent) -> Vec<String> {
    let mut notes = Vec::new();
    let rest = report.groups.iter().skip(extent.groups);
    let (groups, goroutines) = rest.fold((0_u64, 0_u64), |(groups, goroutines), row| {
        (groups + 1, goroutines.saturating_add(row.count))
    });
    if groups > 0 {
        let (groups, goroutines) = (counted(groups, "group"), counted(goroutines, "goroutine"));
        notes.push(format!(
            "{groups} with {goroutines} hidden by -n {}.",
            extent.groups
        ));
    }
    if report.hidden.groups > 0 {
        let groups = counted(report.hidden.groups as u64, "group");
        let goroutines = counted(report.hidden.goroutines, "goroutine");
        notes.push(format!(
            "{groups} with {goroutines} hidden by --state or --focus."
        ));
    }
    if report.form == Form::Profile {
        notes.push(
            "A goroutine profile does not tell how long they have waited, nor who created them; \
             a dump (--dump, or debug=2) does."
                .to_owned(),
        );
    }
    notes
}

fn state_name(state: &str) -> &str {
    if state.is_empty() {
        "(state unknown)"
    } else {
        state
    }
}

fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

fn change(now: u64, before: u64) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => "unchanged".to_owned(),
        std::cmp::Ordering::Greater => format!("{} more", count(now - before)),
        std::cmp::Ordering::Less => format!("{} fewer", count(before - now)),
    }
}

#[cfg(test)]
mod tests {
    use fathom_goruntime::Limits;
    use fathom_goruntime::goroutine::{Dump, Frame, Order, Population, Stack, compare, report};

    use super::*;

    const EXTENT: Extent = Extent {
        groups: 2,
        frames: 2,
    };

    fn dump(waiting: usize) -> Dump {
        let mut text =
            "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:9 +0x1d\n\n"
                .to_owned();
        for id in 0..waiting {
            let _ = write!(
                text,
                "goroutine {} [chan receive, {} minutes]:\nmain.worker(0x1)\n\t/src/a/very/long/way/to/worker.go:21 +0x4\nmain.run()\n\t/src/run.go:1 +0x4\nmain.start()\n\t/src/run.go:2 +0x4\ncreated by main.handle in goroutine 1\n\t/src/main.go:30 +0x5\n\n",
                id + 10,
                6 + id % 3,
            );
        }
        text.push_str("goroutine 5 [select]:\nmain.wait()\n\t/src/main.go:44 +0x1d\n");
        Dump::parse(text.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn a_dump_with_a_leak() {
        let report = report(&dump(1200), None, Order::Wait);
        insta::assert_snapshot!(draw(&report, EXTENT, &Style::plain(60)));
    }

    #[test]
    fn growth_against_a_base() {
        let mut report = report(&dump(150), Some(&dump(20)), Order::Wait);
        report.keep(|row| row.state == "chan receive");
        insta::assert_snapshot!(draw(&report, EXTENT, &Style::plain(80)));
    }

    #[test]
    fn a_profile_says_what_it_cannot_know() {
        let frames = ["runtime.gopark", "runtime.selectgo", "main.loop"];
        let stack = Stack {
            count: 3,
            frames: frames
                .map(|name| Frame::of_profile(name, "/src/main.go", 5, false))
                .to_vec(),
            labels: vec![("tenant".to_owned(), "a\x1b".to_owned())],
            leaked: true,
        };
        let report = compare(&Population::of_stacks([stack]), None, Order::Count);
        insta::assert_snapshot!(draw(&report, EXTENT, &Style::plain(80)));
    }
}
