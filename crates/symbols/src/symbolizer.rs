//! From many addresses of a binary to functions, files and lines.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use crate::dwarf::{DebugFiles, Dwarf, DwarfFrame};
use crate::image::{Symbol, SymbolKind};
use crate::names::printed;
use crate::pclntab::{Pclntab, RawFrame, Walk};
use crate::resolution::{Builder, FunctionId, Resolution, ResolvedFrame, Source};
use crate::{Error, Image, Result};

/// Tells what was running at addresses of a binary.
///
/// For each address it asks Go's function table, then DWARF, then the symbols, of which only one
/// that covers the address counts: code that was stripped of its names stays unnamed.
///
/// It may be shared between threads, which take turns at the debug information.
#[derive(Debug)]
pub struct Symbolizer {
    image: Arc<Image>,
    files: DebugFiles,
    /// Loaded when the first address needs it.
    dwarf: Mutex<Loaded>,
    ignores_dwarf: bool,
}

#[derive(Debug, Default)]
enum Loaded {
    #[default]
    NotYet,
    Nothing,
    Failed(Error),
    Ready(Box<Dwarf>),
}

impl Symbolizer {
    /// Takes a binary, with what it holds itself.
    pub fn new(image: Arc<Image>) -> Self {
        Self {
            image,
            files: DebugFiles::default(),
            dwarf: Mutex::default(),
            ignores_dwarf: false,
        }
    }

    /// Leaves DWARF unread: code that is not Go's is told by its symbols alone, without files,
    /// lines and inlined calls, and without what loading them costs.
    #[must_use]
    pub fn without_dwarf(mut self) -> Self {
        self.ignores_dwarf = true;
        self
    }

    /// Adds the file that holds the binary's debug information and symbols.
    ///
    /// Whether it belongs to the binary is for the caller to check, by the build id or by
    /// [`debug_link_checksum`](crate::dwarf::debug_link_checksum).
    #[must_use]
    pub fn with_debug_file(mut self, file: Arc<Image>) -> Self {
        self.files.separate = Some(file);
        self.reset()
    }

    /// Adds the file that `.gnu_debugaltlink` leads to.
    #[must_use]
    pub fn with_alternate_file(mut self, file: Arc<Image>) -> Self {
        self.files.alternate = Some(file);
        self.reset()
    }

    /// Adds a split unit by the name that
    /// [`DebugFile::Split`](crate::dwarf::DebugFile::Split) has for it.
    #[must_use]
    pub fn with_split_file(mut self, name: impl Into<String>, file: Arc<Image>) -> Self {
        self.files.split.push((name.into(), file));
        self.reset()
    }

    /// Adds the file of all split units.
    #[must_use]
    pub fn with_package(mut self, file: Arc<Image>) -> Self {
        self.files.package = Some(file);
        self.reset()
    }

    fn reset(mut self) -> Self {
        self.dwarf = Mutex::default();
        self
    }

    /// The binary.
    pub fn image(&self) -> &Arc<Image> {
        &self.image
    }

    /// Resolves addresses of the binary, in any order and with repetitions.
    ///
    /// The addresses are those of instructions: of a return address, as stacks have it, pass the
    /// address before. The cost is that of sorting, and of decoding the tables of each function
    /// that is met once.
    ///
    /// # Errors
    ///
    /// When there are more addresses, functions or frames than can be numbered. What is damaged
    /// in the binary is no error: the answer is then as good as the rest allows, and
    /// [`Resolution::problem`] tells.
    pub fn resolve(&self, addresses: &[u64]) -> Result<Resolution> {
        let count = u32::try_from(addresses.len())
            .ok()
            .filter(|count| *count != u32::MAX)
            .ok_or(Error::TooMany { what: "addresses" })?;
        let mut builder = Builder::new(addresses.len());
        let mut order: Vec<(u64, u32)> = addresses.iter().copied().zip(0..count).collect();
        order.sort_unstable();
        let table = self.image.pclntab().unwrap_or_else(|problem| {
            builder.note(problem);
            None
        });
        let mut go = table.map(|table| GoResolver::new(table));
        let mut native = NativeResolver::new(self);
        let mut last: Option<(u64, Option<u32>)> = None;
        for (address, index) in order {
            let stack = match last {
                Some((same, stack)) if same == address => stack,
                _ => {
                    let found = match &mut go {
                        Some(go) => go.stack(address, &mut builder)?,
                        None => None,
                    };
                    match found {
                        Some(stack) => Some(stack),
                        None => native.stack(address, &mut builder)?,
                    }
                }
            };
            last = Some((address, stack));
            if let Some(stack) = stack {
                builder.assign(index, stack);
            }
        }
        Ok(builder.finish())
    }

    /// The function that covers an address, as its name, first address and the address behind its
    /// last. The table of Go goes before the symbols.
    pub fn function_range(&self, address: u64) -> Option<(String, u64, u64)> {
        if let Ok(Some(table)) = self.image.pclntab()
            && let Some(function) = table.function_at(address)
        {
            return Some((
                function.name().into_owned(),
                function.entry(),
                function.code_end(),
            ));
        }
        let symbol = self.symbol_at(address)?;
        Some((symbol.name().into_owned(), symbol.address, symbol.end))
    }

    /// The symbol of code that covers an address, of the binary or of its debug file.
    fn symbol_at(&self, address: u64) -> Option<Symbol<'_>> {
        self.files
            .separate
            .iter()
            .chain([&self.image])
            .find_map(|image| {
                image
                    .symbol_at(address)
                    .filter(|symbol| symbol.kind == SymbolKind::Code)
            })
    }
}

/// Resolves addresses by Go's function table, in order of address.
struct GoResolver<'a> {
    table: &'a Pclntab,
    walk: Walk<'a>,
    raw: Vec<RawFrame>,
    frames: Vec<ResolvedFrame>,
    last: Option<(crate::pclntab::Place, u32)>,
    /// The numbers of names by their offsets: as printed, and as in the binary.
    names: HashMap<u32, (u32, u32)>,
    files: HashMap<u32, u32>,
    functions: HashMap<(u32, Option<u32>, u32), FunctionId>,
}

impl<'a> GoResolver<'a> {
    fn new(table: &'a Pclntab) -> Self {
        Self {
            table,
            walk: Walk::new(table),
            raw: Vec::new(),
            frames: Vec::new(),
            last: None,
            names: HashMap::new(),
            files: HashMap::new(),
            functions: HashMap::new(),
        }
    }

    fn stack(&mut self, address: u64, builder: &mut Builder) -> Result<Option<u32>> {
        let Some(place) = self.walk.place(address) else {
            return Ok(None);
        };
        if let Some((last, stack)) = self.last
            && last == place
        {
            return Ok(Some(stack));
        }
        self.walk.frames(address, &mut self.raw);
        let raw = std::mem::take(&mut self.raw);
        self.frames.clear();
        for frame in &raw {
            let function = self.function(frame, builder)?;
            self.frames.push(ResolvedFrame {
                function,
                line: frame.line,
                column: 0,
            });
        }
        self.raw = raw;
        let stack = builder.stack(&self.frames, Source::Pclntab)?;
        self.last = Some((place, stack));
        Ok(Some(stack))
    }

    fn function(&mut self, frame: &RawFrame, builder: &mut Builder) -> Result<FunctionId> {
        let key = (frame.name, frame.file, frame.start_line);
        if let Some(function) = self.functions.get(&key) {
            return Ok(*function);
        }
        let (name, system_name) = if let Some(numbers) = self.names.get(&frame.name) {
            *numbers
        } else {
            let full = self.table.name(frame.name);
            let numbers = (builder.string(&printed(&full))?, builder.string(&full)?);
            self.names.insert(frame.name, numbers);
            numbers
        };
        let file = match frame.file {
            None => builder.string("")?,
            Some(offset) => self.file(offset, builder)?,
        };
        let function = builder.function(name, system_name, file, frame.start_line)?;
        self.functions.insert(key, function);
        Ok(function)
    }

    fn file(&mut self, offset: u32, builder: &mut Builder) -> Result<u32> {
        if let Some(number) = self.files.get(&offset) {
            return Ok(*number);
        }
        let number = builder.string(&self.table.file(offset))?;
        self.files.insert(offset, number);
        Ok(number)
    }
}

/// Resolves addresses by DWARF and symbols.
struct NativeResolver<'a> {
    symbolizer: &'a Symbolizer,
    dwarf_frames: Vec<DwarfFrame>,
    /// The symbol that was met last, by its address, and its list of frames.
    last_symbol: Option<(u64, u32)>,
}

impl<'a> NativeResolver<'a> {
    fn new(symbolizer: &'a Symbolizer) -> Self {
        Self {
            symbolizer,
            dwarf_frames: Vec::new(),
            last_symbol: None,
        }
    }

    fn stack(&mut self, address: u64, builder: &mut Builder) -> Result<Option<u32>> {
        match self.dwarf_stack(address, builder)? {
            Some(stack) => Ok(Some(stack)),
            None => self.symbol_stack(address, builder),
        }
    }

    fn dwarf_stack(&mut self, address: u64, builder: &mut Builder) -> Result<Option<u32>> {
        let Symbolizer {
            image,
            files,
            dwarf,
            ignores_dwarf,
        } = self.symbolizer;
        if *ignores_dwarf {
            return Ok(None);
        }
        // Readers do not panic; if one did, what it had loaded is still good.
        let mut loaded = dwarf.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*loaded, Loaded::NotYet) {
            *loaded = match Dwarf::load(image, files) {
                Ok(None) => Loaded::Nothing,
                Ok(Some(dwarf)) => Loaded::Ready(Box::new(dwarf)),
                Err(problem) => Loaded::Failed(problem),
            };
        }
        let dwarf = match &*loaded {
            Loaded::Ready(dwarf) => dwarf,
            Loaded::Failed(problem) => {
                builder.note(problem.clone());
                return Ok(None);
            }
            Loaded::NotYet | Loaded::Nothing => return Ok(None),
        };
        if let Err(problem) = dwarf.frames(address, &mut self.dwarf_frames) {
            builder.note(problem);
            return Ok(None);
        }
        drop(loaded);
        if self.dwarf_frames.is_empty() {
            return Ok(None);
        }
        let symbol = self.symbolizer.symbol_at(address);
        let symbol_name = symbol.as_ref().map(Symbol::name).unwrap_or_default();
        let outermost = self.dwarf_frames.len() - 1;
        let mut frames = Vec::with_capacity(self.dwarf_frames.len());
        for (index, frame) in self.dwarf_frames.iter().enumerate() {
            let mut function = frame.function.as_deref().unwrap_or_default();
            // The symbol names what DWARF has no name for, as assembly, or only a plain one, as
            // the bodies of lambdas. The rule is that of internal/binutils/addr2liner.go in
            // github.com/google/pprof.
            if index == outermost && symbol_name.len() >= function.len() + 2 {
                function = &symbol_name;
            }
            let name = builder.string(function)?;
            let file = builder.string(frame.file.as_deref().unwrap_or_default())?;
            frames.push(ResolvedFrame {
                function: builder.function(name, name, file, 0)?,
                line: frame.line,
                column: frame.column,
            });
        }
        builder.stack(&frames, Source::Dwarf).map(Some)
    }

    fn symbol_stack(&mut self, address: u64, builder: &mut Builder) -> Result<Option<u32>> {
        let Some(symbol) = self.symbolizer.symbol_at(address) else {
            return Ok(None);
        };
        if let Some((last, stack)) = self.last_symbol
            && last == symbol.address
        {
            return Ok(Some(stack));
        }
        let name = builder.string(&symbol.name())?;
        let file = builder.string("")?;
        let frame = ResolvedFrame {
            function: builder.function(name, name, file, 0)?,
            line: 0,
            column: 0,
        };
        let stack = builder.stack(&[frame], Source::Symbol)?;
        self.last_symbol = Some((symbol.address, stack));
        Ok(Some(stack))
    }
}
