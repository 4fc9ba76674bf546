//! The reader of goroutine dumps.
//!
//! It goes line by line: a header starts a goroutine wherever it stands in its
//! line, what stands before it is the prefix of the lines that follow, and an
//! empty line ends the goroutine (`runtime/traceback.go`, Go 1.27).

use std::collections::HashSet;
use std::sync::Arc;

use super::header;
use super::prefix::Prefix;
use super::{Ancestor, Creator, Dump, Elided, Frame, Goroutine, Preamble};
use crate::line::{Lines, decimal, find};
use crate::{Error, Limits, Result};

const INPUT: &str = "goroutine dump";
/// Is where the pprof handler cuts a dump (`runtime/pprof/pprof.go`,
/// `writeGoroutineStacks`).
const RUNTIME_LIMIT: usize = 64 << 20;
/// Bounds what is kept of a crash's message.
const MAX_MESSAGE: usize = 16 << 10;

impl Dump {
    /// Reads a dump: debug=2 of the goroutine or goroutineleak profile, or a
    /// crash, alone or in the midst of a log.
    ///
    /// The cost is linear in the text; goroutines with the same stack share it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] without any goroutine, [`Error::Limit`] past a limit.
    pub fn parse(text: &[u8], limits: &Limits) -> Result<Self> {
        if text.len() > limits.bytes {
            return Err(Error::Limit {
                input: INPUT,
                what: "bytes",
                limit: limits.bytes as u64,
            });
        }
        let mut parser = Parser::new(limits);
        let mut last = (&[][..], true);
        for (index, (line, terminated)) in Lines::new(text).enumerate() {
            parser.line(line, index.saturating_add(1))?;
            last = (line, terminated);
        }
        let cut = text.len() == RUNTIME_LIMIT;
        parser.finish(last, cut)
    }
}

/// Is a function whose location has not come yet.
enum Pending {
    /// A line that ends like a call.
    Call {
        function: Arc<str>,
        inlined: bool,
    },
    /// Any other line: a C function, or not of the dump.
    Other {
        text: Arc<str>,
    },
    Creator(Creator),
}

#[derive(Default)]
struct Stack {
    frames: Vec<Frame>,
    elided: Option<Elided>,
    elided_after: usize,
    created_by: Option<Creator>,
}

struct Building {
    goroutine: Goroutine,
    prefix: Prefix,
    stack: Stack,
    /// The ancestors' ids and stacks.
    ancestors: Vec<(u64, Stack)>,
    /// Whether the last creator's location was whole.
    creator_has_offset: bool,
}

impl Building {
    fn stack(&mut self) -> &mut Stack {
        self.ancestors
            .last_mut()
            .map_or(&mut self.stack, |(_, stack)| stack)
    }
}

struct Parser<'a> {
    limits: &'a Limits,
    strings: HashSet<Arc<str>>,
    stacks: HashSet<Arc<[Frame]>>,
    goroutines: Vec<Goroutine>,
    preamble: Preamble,
    previous_was_panic: bool,
    building: Option<Building>,
    pending: Option<Pending>,
    foreign_lines: usize,
    empty: Arc<str>,
}

impl<'a> Parser<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            strings: HashSet::new(),
            stacks: HashSet::new(),
            goroutines: Vec::new(),
            preamble: Preamble::default(),
            previous_was_panic: false,
            building: None,
            pending: None,
            foreign_lines: 0,
            empty: Arc::from(""),
        }
    }

    fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.strings.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = Arc::from(text);
        self.strings.insert(Arc::clone(&text));
        text
    }

    fn line(&mut self, line: &[u8], number: usize) -> Result<()> {
        if let Some(at) = find(line, b"goroutine ") {
            let (before, rest) = line.split_at_checked(at).unwrap_or((&[], line));
            let text = String::from_utf8_lossy(rest);
            if let Some(header) = header::parse(&text) {
                return self.start(&header, before, number);
            }
        }
        let Some(building) = &self.building else {
            if self.goroutines.is_empty() {
                self.before(line);
            }
            return Ok(());
        };
        match building.prefix.strip(line) {
            // A lone tab is a location that was cut.
            Some(content) if content.iter().all(|byte| *byte == b' ') => self.end(),
            Some(content) => {
                let content = String::from_utf8_lossy(content);
                self.content(&content)?;
            }
            None => self.foreign_lines = self.foreign_lines.saturating_add(1),
        }
        Ok(())
    }

    fn start(&mut self, header: &header::Header<'_>, prefix: &[u8], number: usize) -> Result<()> {
        self.end();
        if self.goroutines.len() >= self.limits.goroutines {
            let limit = self.limits.goroutines as u64;
            return Err(Error::Limit {
                input: INPUT,
                what: "goroutines",
                limit,
            });
        }
        let labels = header.labels.iter();
        let labels = labels
            .map(|(key, value)| (self.intern(key), self.intern(value)))
            .collect();
        self.building = Some(Building {
            goroutine: Goroutine {
                id: header.id,
                state: self.intern(header.state),
                leaked: header.leaked,
                scan: header.scan,
                durable: header.durable,
                wait_minutes: header.wait_minutes,
                locked_to_thread: header.locked_to_thread,
                synctest: header.synctest,
                labels,
                frames: Arc::from([]),
                elided_frames: None,
                elided_after: 0,
                stack_unavailable: false,
                created_by: None,
                ancestors: Vec::new(),
                line: number,
            },
            prefix: Prefix::new(prefix),
            stack: Stack::default(),
            ancestors: Vec::new(),
            creator_has_offset: false,
        });
        Ok(())
    }

    fn end(&mut self) {
        if matches!(self.pending.take(), Some(Pending::Other { .. })) {
            self.foreign_lines = self.foreign_lines.saturating_add(1);
        }
        let Some(building) = self.building.take() else {
            return;
        };
        let Building {
            mut goroutine,
            stack,
            ancestors,
            ..
        } = building;
        goroutine.frames = self.share(stack.frames);
        goroutine.elided_frames = stack.elided;
        goroutine.elided_after = stack.elided_after;
        goroutine.created_by = stack.created_by;
        for (id, stack) in ancestors {
            let frames = self.share(stack.frames);
            goroutine.ancestors.push(Ancestor {
                id,
                frames,
                created_by: stack.created_by,
            });
        }
        self.goroutines.push(goroutine);
    }

    fn share(&mut self, frames: Vec<Frame>) -> Arc<[Frame]> {
        if let Some(known) = self.stacks.get(frames.as_slice()) {
            return Arc::clone(known);
        }
        let frames: Arc<[Frame]> = Arc::from(frames);
        self.stacks.insert(Arc::clone(&frames));
        frames
    }

    /// Reads a line of the goroutine, its prefix removed.
    fn content(&mut self, text: &str) -> Result<()> {
        let text = text.trim_end();
        let indented = text
            .strip_prefix('\t')
            .or_else(|| text.strip_prefix("    "));
        // Some loggers escape the tab.
        if let Some(location) = indented.or_else(|| text.strip_prefix("#011")) {
            return self.location(location.trim_start());
        }
        if let Some(creator) = text.strip_prefix("created by ") {
            let (function, goroutine) = match creator.rsplit_once(" in goroutine ") {
                Some((function, id)) => (function, decimal(id.as_bytes())),
                None => (creator, None),
            };
            let function = self.intern(function);
            let file = Arc::clone(&self.empty);
            self.pending = Some(Pending::Creator(Creator {
                function,
                goroutine,
                file,
                line: 0,
            }));
            return Ok(());
        }
        if let Some(elided) = elided(text) {
            if let Some(building) = &mut self.building {
                let stack = building.stack();
                stack.elided = Some(elided);
                stack.elided_after = stack.frames.len();
            }
            return Ok(());
        }
        if let Some(id) = text
            .strip_prefix("[originating from goroutine ")
            .and_then(|rest| rest.strip_suffix("]:"))
        {
            if let (Some(building), Some(id)) = (&mut self.building, decimal(id.as_bytes())) {
                building.ancestors.push((id, Stack::default()));
            }
            return Ok(());
        }
        if text.starts_with("non-Go function at pc=") {
            let function = self.intern("non-Go function");
            let file = Arc::clone(&self.empty);
            return self.frame(Frame {
                function,
                inlined: false,
                file,
                line: 0,
                offset: None,
            });
        }
        self.candidate(text);
        Ok(())
    }

    /// Keeps a line that may be a function until its location confirms it.
    fn candidate(&mut self, text: &str) {
        let call = text
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once('('));
        let confirmed_later = match call {
            Some((function, arguments)) if !function.is_empty() => Pending::Call {
                function: self.intern(function),
                inlined: arguments == "...",
            },
            _ => Pending::Other {
                text: Arc::from(text),
            },
        };
        let (keep, lost) = match (self.pending.take(), confirmed_later) {
            // A line of someone else between a function and its location.
            (Some(kept @ (Pending::Call { .. } | Pending::Creator(_))), Pending::Other { .. }) => {
                (kept, true)
            }
            (before, candidate) => (candidate, before.is_some()),
        };
        self.pending = Some(keep);
        if lost {
            self.foreign_lines = self.foreign_lines.saturating_add(1);
        }
    }

    fn location(&mut self, text: &str) -> Result<()> {
        if text == "goroutine running on other thread; stack unavailable" {
            if let Some(building) = &mut self.building {
                building.goroutine.stack_unavailable = true;
            }
            return Ok(());
        }
        let Some(location) = Location::parse(text) else {
            self.foreign_lines = self.foreign_lines.saturating_add(1);
            return Ok(());
        };
        let file = self.intern(location.file);
        let Location { line, offset, .. } = location;
        match self.pending.take() {
            Some(Pending::Call { function, inlined }) => self.frame(Frame {
                function,
                inlined,
                file,
                line,
                offset,
            }),
            Some(Pending::Other { text }) => {
                let function = self.intern(&text);
                self.frame(Frame {
                    function,
                    inlined: false,
                    file,
                    line,
                    offset,
                })
            }
            Some(Pending::Creator(creator)) => {
                if let Some(building) = &mut self.building {
                    building.creator_has_offset = offset.is_some();
                    building.stack().created_by = Some(Creator {
                        file,
                        line,
                        ..creator
                    });
                }
                Ok(())
            }
            None => {
                self.foreign_lines = self.foreign_lines.saturating_add(1);
                Ok(())
            }
        }
    }

    fn frame(&mut self, frame: Frame) -> Result<()> {
        let limit = self.limits.frames;
        let Some(building) = &mut self.building else {
            return Ok(());
        };
        let stack = building.stack();
        if stack.frames.len() >= limit {
            return Err(Error::Limit {
                input: INPUT,
                what: "frames of one goroutine",
                limit: limit as u64,
            });
        }
        stack.frames.push(frame);
        Ok(())
    }

    /// Reads what stands before the first goroutine.
    fn before(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let panic = message(&text, "panic: ").or_else(|| message(&text, "panic serving "));
        if let Some(panic) = panic {
            match &mut self.preamble.panic {
                Some(before) if self.previous_was_panic && before.len() < MAX_MESSAGE => {
                    before.push('\n');
                    before.push_str(panic);
                }
                panic_of_before => *panic_of_before = Some(bounded(panic)),
            }
        } else if let Some(fatal) = message(&text, "fatal error: ") {
            self.preamble.fatal = Some(bounded(fatal));
        } else if let Some(signal) = message(&text, "[signal ") {
            self.preamble.signal = Some(bounded(signal.trim_end_matches(']')));
        } else if let Some(name) = ["SIGQUIT: ", "SIGABRT: ", "SIGSEGV: "]
            .into_iter()
            .find(|name| text.contains(name))
        {
            let at = text.find(name).unwrap_or_default();
            self.preamble.fatal = text.get(at..).map(bounded);
        }
        self.previous_was_panic = panic.is_some();
    }

    fn finish(mut self, (last, terminated): (&[u8], bool), full: bool) -> Result<Dump> {
        let mut truncated = full
            || self
                .building
                .as_ref()
                .is_some_and(|building| self.is_cut(building, terminated));
        let inside = !self.goroutines.is_empty() || self.building.is_some();
        if inside && !terminated && !last.is_empty() {
            let header = b"goroutine ";
            let half_a_header = header.starts_with(last) || last.starts_with(header);
            let is_last_goroutine = self.building.as_ref().is_some_and(|building| {
                header::parse(&String::from_utf8_lossy(last))
                    .is_some_and(|header| header.id == building.goroutine.id)
            });
            truncated |= half_a_header && !is_last_goroutine;
        }
        self.end();
        if self.goroutines.is_empty() {
            return Err(Error::NotFound {
                input: INPUT,
                expected: "line `goroutine N [state]:`",
            });
        }
        Ok(Dump {
            goroutines: self.goroutines,
            truncated,
            preamble: self.preamble,
            foreign_lines: self.foreign_lines,
        })
    }

    /// Tells whether the goroutine at the end of the text lacks a part.
    fn is_cut(&self, building: &Building, terminated: bool) -> bool {
        let stack = building
            .ancestors
            .last()
            .map_or(&building.stack, |(_, stack)| stack);
        if matches!(
            self.pending,
            Some(Pending::Call { .. } | Pending::Creator(_))
        ) {
            return true;
        }
        if let Some(creator) = &stack.created_by {
            // Its location ends with the instruction's offset.
            return !terminated && (creator.line == 0 || !building.creator_has_offset);
        }
        let Some(outermost) = stack.frames.last() else {
            return !building.goroutine.stack_unavailable;
        };
        // All goroutines end with their creator but the first and the runtime's
        // own, which end with a known function.
        let function = &*outermost.function;
        let first =
            building.goroutine.id <= 1 && (function == "main.main" || function.contains(".init"));
        let complete = first || function.starts_with("runtime.") || !building.ancestors.is_empty();
        !complete || (!terminated && outermost.line == 0)
    }
}

/// Finds what follows a mark that begins the line or a word of it.
fn message<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let at = text.find(mark)?;
    let begins_word = text
        .get(..at)?
        .chars()
        .next_back()
        .is_none_or(|before| !before.is_alphanumeric());
    begins_word
        .then(|| text.get(at.checked_add(mark.len())?..))
        .flatten()
        .map(str::trim_end)
}

fn bounded(text: &str) -> String {
    let mut end = text.len().min(MAX_MESSAGE);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().trim_end().to_owned()
}

fn elided(text: &str) -> Option<Elided> {
    let inner = text
        .strip_prefix("...")?
        .strip_suffix(" frames elided...")?;
    match inner.parse() {
        Ok(count) => Some(Elided::Frames(count)),
        Err(_) => (inner == "additional").then_some(Elided::Unknown),
    }
}

struct Location<'a> {
    file: &'a str,
    line: u32,
    offset: Option<u64>,
}

impl<'a> Location<'a> {
    /// Reads `file:line +0xoff fp=0x... sp=0x... pc=0x...`.
    fn parse(text: &'a str) -> Option<Self> {
        let mut place = text.trim();
        let mut offset = None;
        let mut has_pc = place.starts_with("pc=0x");
        while let Some((before, word)) = place.rsplit_once(' ') {
            if let Some(hex) = word.strip_prefix("+0x") {
                offset = u64::from_str_radix(hex, 16).ok();
            } else if word.starts_with("pc=0x") {
                has_pc = true;
            } else if !word.starts_with("fp=0x") && !word.starts_with("sp=0x") {
                break;
            }
            place = before.trim_end();
        }
        if has_pc && place.starts_with("pc=0x") {
            return Some(Self {
                file: "",
                line: 0,
                offset,
            });
        }
        let (file, line) = place.rsplit_once(':')?;
        Some(Self {
            file,
            line: line.parse().ok()?,
            offset,
        })
    }
}

/// Reads the number of goroutines from the first line of the profile in text
/// form, debug=1: `goroutine profile: total N`.
pub fn profile_total(text: &[u8]) -> Option<u64> {
    let (first, _) = Lines::new(text).next()?;
    decimal(first.strip_prefix(b"goroutine profile: total ")?)
}
