//! Putting what a binary knows into a profile.

use fathom_profile::naming::{LinesId, Naming};
use fathom_profile::{Defects, Error, FunctionId, Line, LocationId, MappingId, Symbolization};
use fathom_symbols::{Resolution, ResolvedFrame, Source};
use hashbrown::HashMap;

/// Gives locations of a mapping the functions and lines that their addresses were
/// resolved to: the first location those of the first address, and so on. Returns how
/// many have any.
///
/// Names are the binary's: those of C++ and Rust are still mangled, and those of Go have the
/// types that a function was instantiated for, as in profiles that Go programs write
/// (`runtime_FrameSymbolName` in runtime/pprof/proto.go).
///
/// # Errors
///
/// When the profile grows past a limit of `naming`.
pub fn assign(
    naming: &mut Naming,
    mapping: MappingId,
    locations: &[LocationId],
    resolution: &Resolution,
    defects: Defects,
) -> Result<usize, Error> {
    let mut answers = Answers {
        naming,
        resolution,
        defects,
        functions: HashMap::new(),
        lists: HashMap::new(),
        known: Symbolization::default(),
        lines: Vec::new(),
    };
    let mut count = 0;
    for (index, &location) in locations.iter().enumerate() {
        if let Some(lines) = answers.lines(index)? {
            answers.naming.assign(location, lines);
            count += 1;
        }
    }
    let known = Symbolization {
        inline_frames: count > 0,
        ..answers.known
    };
    naming.add_symbols(mapping, known);
    Ok(count)
}

struct Answers<'a> {
    naming: &'a mut Naming,
    resolution: &'a Resolution,
    defects: Defects,
    functions: HashMap<fathom_symbols::FunctionId, FunctionId>,
    /// By the numbers that the resolution has for lists of frames.
    lists: HashMap<u32, Option<LinesId>>,
    known: Symbolization,
    lines: Vec<Line>,
}

impl Answers<'_> {
    fn lines(&mut self, index: usize) -> Result<Option<LinesId>, Error> {
        let Some(number) = self.resolution.stack_number(index) else {
            return Ok(None);
        };
        if let Some(&lines) = self.lists.get(&number) {
            return Ok(lines);
        }
        let source = self.resolution.source(index);
        let frames = self.resolution.frames(index);
        self.lines.clear();
        match self.defects {
            Defects::Corrected => {
                for frame in frames {
                    let function = self.function(frame)?;
                    self.push(function, frame.line, frame.column);
                }
            }
            // The tool knows nothing of symbols.
            Defects::AsPprof if source == Some(Source::Symbol) => {}
            Defects::AsPprof => self.folded(frames)?,
        }
        let lines = if self.lines.is_empty() {
            None
        } else {
            Some(self.naming.lines(&self.lines)?)
        };
        self.lists.insert(number, lines);
        Ok(lines)
    }

    fn function(&mut self, frame: &ResolvedFrame) -> Result<FunctionId, Error> {
        let function = self.resolution.function(frame.function);
        if let Some(function) = function {
            self.known.functions |= !function.name.is_empty();
            self.known.filenames |= !function.file.is_empty();
        }
        if let Some(&id) = self.functions.get(&frame.function) {
            return Ok(id);
        }
        let (name, file, start_line) = match function {
            Some(it) => (it.system_name, it.file, it.start_line),
            None => ("", "", 0),
        };
        let id = self
            .naming
            .function(name, name, file, i64::from(start_line))?;
        self.functions.insert(frame.function, id);
        Ok(id)
    }

    fn push(&mut self, function: FunctionId, line: u32, column: u32) {
        self.known.line_numbers |= line != 0;
        self.lines.push(Line {
            function: Some(function),
            line: i64::from(line),
            column: i64::from(column),
        });
    }

    /// One frame for all: the outermost function at the place of the innermost.
    fn folded(&mut self, frames: &[ResolvedFrame]) -> Result<(), Error> {
        let (Some(innermost), Some(outermost)) = (frames.first(), frames.last()) else {
            return Ok(());
        };
        let text = |frame: &ResolvedFrame| self.resolution.function(frame.function);
        let name = text(outermost).map_or("", |function| function.system_name);
        let file = text(innermost).map_or("", |function| function.file);
        self.known.functions |= !name.is_empty();
        self.known.filenames |= !file.is_empty();
        let function = self.naming.function(name, name, file, 0)?;
        self.push(function, innermost.line, 0);
        Ok(())
    }
}
