//! Goroutines by what they began with.

use fathom_exectrace::GoroutineGroupView;
use fathom_explain::count;

use super::{duration, hidden, limited, reason};
use crate::{Cell, Column, Overflow, Style, Table};

/// How the group is called.
pub(super) fn entry(group: &GoroutineGroupView) -> &str {
    if group.entry.is_empty() {
        "(no stack was seen)"
    } else {
        &group.entry
    }
}

/// The width from which on all columns are shown.
const WIDE: usize = 130;

/// Draws groups of goroutines, `limit` of them, all with 0.
pub fn goroutine_groups(groups: &[GoroutineGroupView], limit: usize, style: &Style) -> String {
    let is_wide = style.width >= WIDE;
    let mut columns = vec![
        Column::right("count"),
        Column::right("alive"),
        Column::right("running"),
        Column::right("runnable"),
        Column::right("blocked"),
        Column::left("most for").overflow(Overflow::CutEnd),
    ];
    if is_wide {
        columns.push(Column::right("syscall"));
        columns.push(Column::right("p50 of life"));
        columns.push(Column::right("p99"));
        columns.push(Column::right("max"));
    }
    columns.push(Column::left("entry, and where it was made").overflow(Overflow::CutStart));
    let mut table = Table::new(columns);
    let shown = limited(groups, limit);
    for group in shown {
        let times = &group.times;
        let blocked: i64 = times.blocked.iter().map(|it| it.nanoseconds).sum();
        let most = times.blocked.iter().max_by_key(|it| it.nanoseconds);
        let most = most.filter(|most| most.nanoseconds > 0);
        let made = if group.site.is_empty() {
            String::new()
        } else {
            format!(" by {}:{}", group.site, group.site_line)
        };
        let mut cells = vec![
            Cell::new(&count(group.count)),
            Cell::new(&count(group.alive)),
            Cell::new(&duration(times.executing)),
            Cell::new(&duration(times.runnable)),
            Cell::new(&duration(blocked)),
            Cell::new(most.map_or("", |most| reason(&most.reason))),
        ];
        if is_wide {
            cells.extend([
                Cell::new(&duration(times.syscall + times.syscall_blocked)),
                Cell::new(&duration(group.total.p50)),
                Cell::new(&duration(group.total.p99)),
                Cell::new(&duration(group.total.max)),
            ]);
        }
        cells.push(Cell::new(&format!("{}{made}", entry(group))));
        table.row(cells);
    }
    let mut out = table.render(style);
    out.push_str(&hidden(shown.len(), groups.len(), "groups", style));
    out
}
