//! What takes how much of a trace, as `go tool trace -d=footprint` prints it
//! (`src/cmd/trace/main.go`, Go 1.27.3).

use serde::Serialize;

use super::raw::RawEvent;
use crate::version::Version;
use crate::wire::Wire;

/// How many events of each kind there are, and the bytes that they take.
#[derive(Debug, Clone)]
pub struct Footprint {
    /// By the number of the event.
    counts: Vec<(u64, u64)>,
}

/// One kind of event in a trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FootprintRow {
    /// Its number.
    pub number: u8,
    /// Its name, or what the reference writes where it has none.
    pub name: String,
    /// The bytes that these events take.
    pub bytes: u64,
    /// How many there are.
    pub count: u64,
}

impl Default for Footprint {
    fn default() -> Self {
        Self {
            counts: vec![(0, 0); 256],
        }
    }
}

impl Footprint {
    /// Counts an event.
    #[inline]
    pub fn add(&mut self, event: &RawEvent) {
        if let Some((count, bytes)) = self.counts.get_mut(usize::from(event.number)) {
            *count += 1;
            *bytes += event.encoded_size();
        }
    }

    /// All 256 kinds, those that take most first. Of equals the reference leaves the order open;
    /// here they are in the order of their numbers.
    pub fn rows(&self, version: Version) -> Vec<FootprintRow> {
        let mut rows: Vec<_> = (0..=u8::MAX)
            .zip(&self.counts)
            .map(|(number, &(count, bytes))| FootprintRow {
                number,
                name: name(number, version),
                bytes,
                count,
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
        rows
    }

    /// The table as the reference prints it, of a trace of so many bytes.
    pub fn table(&self, version: Version, file_bytes: u64) -> String {
        let events: u64 = self.counts.iter().map(|(count, _)| count).sum();
        let percent = |part: u64, whole: u64| {
            let percent = part as f64 / whole as f64 * 100.0;
            format!("{percent:.2}%")
        };
        let head = [["Event", "Bytes", "%", "Count", "%"], ["-"; 5]];
        let mut lines: Vec<[String; 5]> = head.map(|line| line.map(str::to_owned)).to_vec();
        for row in self.rows(version) {
            lines.push([
                row.name,
                row.bytes.to_string(),
                percent(row.bytes, file_bytes),
                row.count.to_string(),
                percent(row.count, events),
            ]);
        }
        let mut widths = [0; 5];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.len().max(*width);
            }
        }
        let mut table = String::new();
        for [first @ .., last] in &lines {
            for (cell, width) in first.iter().zip(widths) {
                table.push_str(cell);
                table.extend(std::iter::repeat_n(' ', width + 2 - cell.len()));
            }
            table.push_str(last);
            table.push('\n');
        }
        table
    }
}

/// The name of an event, as far as the reference knows it in a version.
fn name(number: u8, version: Version) -> String {
    let known = match version {
        Version::Go122 => 44,
        Version::Go123 => 49,
        Version::Go125 => 51,
        Version::Go126 => 136,
    };
    if number > known {
        return format!("<unknown ({number})>");
    }
    let wire = Wire::from_number(number);
    wire.map_or_else(String::new, |wire| wire.spec().name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RawEvents;

    #[test]
    fn what_takes_most_comes_first() {
        let mut bytes = b"go 1.22 trace\0\0\0".to_vec();
        bytes.extend([17, 1, 17, 1, 5, 7, 5, b'h', b'e', b'l', b'l', b'o']);
        let mut events = RawEvents::new(&bytes[..]).expect("a trace");
        let (mut event, mut footprint) = (RawEvent::default(), Footprint::default());
        while events.next(&mut event).expect("events") {
            footprint.add(&event);
        }
        let rows = footprint.rows(Version::Go122);
        assert_eq!(
            (rows[0].name.as_str(), rows[0].bytes, rows[0].count),
            ("String", 8, 1)
        );
        assert_eq!(
            (rows[1].name.as_str(), rows[1].bytes, rows[1].count),
            ("GoDestroy", 4, 2)
        );
        let table = footprint.table(Version::Go122, bytes.len() as u64);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 258);
        assert_eq!(lines[0], "Event                Bytes  %       Count  %");
        assert_eq!(
            lines[2],
            "String               8      28.57%  1      33.33%"
        );
        assert!(table.contains("<unknown (45)>"));
        assert_eq!(name(60, Version::Go126), "");
    }
}
