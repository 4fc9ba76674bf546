//! Callgrind's format, as valgrind and pprof's `-callgrind` write it
//! (valgrind's manual, "Callgrind Format Specification").
//!
//! It holds what each line of each function cost by itself, and how much each call cost in
//! all; stacks it does not hold, and none can be made of it. So each sample that is read
//! is one line of one function alone: self cost is exact, and who called whom is lost. A
//! comment in the profile says so.

use hashbrown::HashMap;

use crate::error::{Error, Position};
use crate::exchange::rows::{ReadFrame, Rows};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::text::lines::{Lines, TextLine};

const FORM: &str = "callgrind profile";

/// What the profile says of itself.
const COMMENT: &str = "read from callgrind's format, which has no stacks: self cost alone";

/// Whether a line begins such a file.
pub(crate) fn is_start(line: &[u8]) -> bool {
    line.starts_with(b"# callgrind format")
        || [&b"events:"[..], b"positions:", b"creator:", b"version:"]
            .iter()
            .any(|key| line.starts_with(key))
}

/// Names that stand for themselves where they are used again: `(1) main`, then `(1)`.
#[derive(Default)]
struct Names<'a>(HashMap<&'a str, &'a str>);

impl<'a> Names<'a> {
    fn resolve(&mut self, text: &'a str) -> &'a str {
        let text = text.trim();
        let Some(end) = text.find(')').filter(|_| text.starts_with('(')) else {
            return text;
        };
        let (id, name) = text.split_at(end + 1);
        let is_id = id[1..end].bytes().all(|digit| digit.is_ascii_digit()) && end > 1;
        let name = name.trim();
        if !is_id {
            return text;
        }
        if name.is_empty() {
            return self.0.get(id).copied().unwrap_or(text);
        }
        self.0.insert(id, name);
        name
    }
}

/// Reads what functions cost by themselves.
///
/// # Errors
///
/// [`Error::Text`] with the line that breaks the format, [`Error::Limit`] when a limit is
/// passed.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Lines::new(text.as_bytes());
    let mut state = State::default();
    let mut rows: Option<Rows> = None;
    while let Some(line) = lines.next_filled() {
        let Ok(text) = std::str::from_utf8(line.text) else {
            continue;
        };
        if text.starts_with('#') {
            continue;
        }
        if is_cost(text) {
            let rows = match &mut rows {
                Some(rows) => rows,
                none => none.insert(state.rows(limits, &line)?),
            };
            rows.builder.at(Position::Line(line.number));
            state.cost(text, &line, rows)?;
        } else {
            state.other(text, &line)?;
        }
    }
    let mut rows = match rows {
        Some(rows) => rows,
        None => state.rows(
            limits,
            &TextLine {
                text: b"",
                number: 1,
            },
        )?,
    };
    rows.builder.add_comment(COMMENT)?;
    Ok(rows.finish())
}

/// Whether a line holds positions and costs.
fn is_cost(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '*'))
}

/// Where in the file we are.
#[derive(Default)]
struct State<'a> {
    files: Names<'a>,
    functions: Names<'a>,
    /// Which of the numbers at the start of a line is the source line.
    line_at: Option<usize>,
    /// How many of them there are; 0 until it is told, which means 1.
    positions: usize,
    last: Vec<u64>,
    events: Vec<&'a str>,
    file: &'a str,
    function: &'a str,
    /// What the next line of costs is.
    next: Next,
}

/// What a line of costs is.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    #[default]
    Own,
    /// What a call cost, which the callee has counted.
    Call,
    /// Where a jump is.
    Jump,
}

impl<'a> State<'a> {
    /// Starts the profile when all events are known: `name(unit)`, or counts.
    fn rows(&self, limits: &Limits, line: &TextLine<'_>) -> Result<Rows, Error> {
        if self.events.is_empty() {
            return Err(line.error(FORM, "costs come before the line \"events:\""));
        }
        let columns: Vec<(&str, &str)> = self
            .events
            .iter()
            .map(|event| match event.split_once('(') {
                Some((kind, unit)) => (kind, unit.trim_end_matches(')')),
                None => (*event, "count"),
            })
            .collect();
        Rows::new(limits, &columns)
    }

    fn other(&mut self, text: &'a str, line: &TextLine<'_>) -> Result<(), Error> {
        if let Some((key, value)) = text.split_once('=') {
            match key.trim() {
                "fl" | "fi" | "fe" => self.file = self.files.resolve(value),
                "cfl" | "cfi" => {
                    self.files.resolve(value);
                }
                "fn" => self.function = self.functions.resolve(value),
                "cfn" => {
                    self.functions.resolve(value);
                }
                "ob" | "cob" => {}
                "calls" => self.next = Next::Call,
                "jump" | "jcnd" => self.next = Next::Jump,
                _ if text.contains(':') => {}
                key => return Err(line.error(FORM, format!("unknown key \"{key}\""))),
            }
            return Ok(());
        }
        let Some((key, value)) = text.split_once(':') else {
            return Err(line.error(FORM, "this is neither cost nor \"key=value\""));
        };
        match key {
            "events" => self.events = value.split_ascii_whitespace().collect(),
            "positions" => {
                let names: Vec<&str> = value.split_ascii_whitespace().collect();
                self.positions = names.len();
                self.line_at = names.iter().position(|name| *name == "line");
            }
            _ => {}
        }
        Ok(())
    }

    fn cost(&mut self, text: &str, line: &TextLine<'_>, rows: &mut Rows) -> Result<(), Error> {
        let positions = self.positions.max(1);
        let line_at = if self.positions == 0 {
            Some(0)
        } else {
            self.line_at
        };
        self.last.resize(positions, 0);
        let mut fields = text.split_ascii_whitespace();
        for last in &mut self.last {
            let Some(field) = fields.next() else { break };
            *last = position(field, *last)
                .ok_or_else(|| line.error(FORM, format!("\"{field}\" is no position")))?;
        }
        if std::mem::take(&mut self.next) != Next::Own {
            return Ok(());
        }
        let number = line_at.and_then(|at| self.last.get(at)).copied();
        let location = rows.location(ReadFrame {
            name: self.function,
            file: self.file,
            line: i64::try_from(number.unwrap_or(0)).unwrap_or(0),
            column: 0,
        })?;
        for (column, field) in fields.enumerate() {
            if column >= self.events.len() {
                return Err(line.error(FORM, "there are more costs than events"));
            }
            let value = field
                .parse()
                .map_err(|_| line.error(FORM, format!("\"{field}\" is no cost")))?;
            rows.add(&[location], None, column, value)?;
        }
        Ok(())
    }
}

/// Reads a position: a number, one relative to the last, or `*` for the last.
fn position(field: &str, last: u64) -> Option<u64> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    match field.as_bytes().first()? {
        b'*' => Some(last),
        b'+' => Some(last.wrapping_add(number(&field[1..])?)),
        b'-' => Some(last.wrapping_sub(number(&field[1..])?)),
        _ => number(field),
    }
}
