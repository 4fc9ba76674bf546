//! The binaries of a profile's mappings: their symbols and their code.

use std::borrow::Cow;
use std::sync::Arc;

use fathom_symbols::disassembly::{Architecture, Instruction, Symbol, Syntax, disassemble};
use fathom_symbols::image::{Architecture as ImageArchitecture, Format};
use fathom_symbols::names::printed;
use fathom_symbols::{Image, Limits, Resolution, ResolvedFunction, Source, Symbolizer};
use regex::Regex;

use crate::options::Options;
use crate::{Error, Objects};

/// Symbols that mark where code begins and ends. Go's disassembler leaves them out
/// (cmd/internal/disasm of Go 1.27.3).
const SECTION_SYMBOLS: [&str; 6] = [
    "runtime.text",
    "text",
    "_text",
    "runtime.etext",
    "etext",
    "_etext",
];

/// An opened binary.
pub(super) struct Binary {
    symbolizer: Symbolizer,
}

impl Binary {
    /// Reads the binary of a mapping, or says why there is none.
    pub(super) fn open(
        objects: &dyn Objects,
        file: &str,
        build_id: &str,
        compat: bool,
    ) -> Result<Self, String> {
        let bytes = objects.read(file, build_id)?;
        match Image::parse(bytes, &Limits::default()) {
            Ok(image) => Ok(Self {
                symbolizer: Symbolizer::new(Arc::new(image)),
            }),
            Err(_) if compat => Err(format!("open {file}: unrecognized object file")),
            Err(error) => Err(format!("{file}: {error}")),
        }
    }

    pub(super) fn image(&self) -> &Image {
        self.symbolizer.image()
    }
}

/// A symbol with its extent in the binary.
#[derive(Debug, Clone)]
pub(super) struct NamedRange<'b> {
    pub(super) name: Cow<'b, str>,
    pub(super) start: u64,
    /// The address behind the last.
    pub(super) end: u64,
    /// Whether it is a function, as far as is known.
    is_code: bool,
}

/// The symbols of a binary by address, and its code.
pub(super) struct Code<'b> {
    binary: &'b Binary,
    symbols: Vec<NamedRange<'b>>,
    architecture: Option<Architecture>,
    syntax: Syntax,
    compat: bool,
}

impl<'b> Code<'b> {
    /// Lists the symbols. A stripped Go binary has those of its function table, unless
    /// `compat`.
    pub(super) fn new(binary: &'b Binary, options: &Options) -> Self {
        let image = binary.image();
        let compat = options.compat;
        let mut symbols: Vec<NamedRange<'b>> = Vec::new();
        // Mach-O and PE know no sizes, and symbols reach to the next. cmd/pprof leaves it at
        // that; Go's function table knows where functions end before their padding.
        let has_sizes = image.format() == Format::Elf;
        let table = (!has_sizes && !compat).then(|| image.pclntab());
        let table = table.and_then(|table| table.ok().flatten());
        let code_end = |address| {
            let function = table?.function_at(address)?;
            (function.entry() == address).then(|| function.code_end())
        };
        if image.has_symbol_table() {
            let all = image.symbols().filter(|symbol| symbol.address != 0);
            symbols.extend(all.map(|symbol| NamedRange {
                name: symbol.name(),
                start: symbol.address,
                end: if compat && has_sizes {
                    symbol.address.saturating_add(symbol.size)
                } else {
                    code_end(symbol.address).unwrap_or(symbol.end)
                },
                is_code: symbol.kind == fathom_symbols::image::SymbolKind::Code,
            }));
        } else if !compat && let Ok(Some(table)) = image.pclntab() {
            symbols.extend(table.functions().map(|function| NamedRange {
                name: function.name(),
                start: function.entry(),
                end: function.code_end(),
                is_code: true,
            }));
        }
        Self {
            binary,
            symbols,
            architecture: match image.architecture() {
                ImageArchitecture::Amd64 => Some(Architecture::Amd64),
                ImageArchitecture::Arm64 => Some(Architecture::Arm64),
                _ => None,
            },
            syntax: if options.intel_syntax {
                Syntax::Intel
            } else {
                Syntax::Go
            },
            compat,
        }
    }

    /// The symbols whose name matches. Go names match as the binary has them or, unless
    /// `compat`, as profiles print them.
    pub(super) fn matching(&self, wanted: &Regex) -> impl Iterator<Item = &NamedRange<'b>> {
        let compat = self.compat;
        self.symbols.iter().filter(move |symbol| {
            wanted.is_match(&symbol.name)
                || (!compat && symbol.is_code && wanted.is_match(&printed(&symbol.name)))
        })
    }

    /// The functions that cover an address.
    pub(super) fn covering(&self, address: u64) -> impl Iterator<Item = &NamedRange<'b>> {
        let last = self
            .symbols
            .partition_point(|symbol| symbol.start <= address);
        let before = self.symbols.get(..last).unwrap_or_default().iter().rev();
        before
            .take(64)
            .filter(move |symbol| symbol.is_code && address < symbol.end)
            .take(1)
    }

    /// The symbol that instructions name for an address: the last that begins before it, if it
    /// reaches that far.
    fn named_at(&self, address: u64) -> Option<Symbol<'_>> {
        let is_mark = |symbol: &&NamedRange<'_>| SECTION_SYMBOLS.contains(&&*symbol.name);
        let last = self
            .symbols
            .partition_point(|symbol| symbol.start <= address);
        let before = self.symbols.get(..last)?;
        let nearest = before.iter().rev().find(|symbol| !is_mark(symbol))?;
        // Of several symbols at one address the first is the one with a size.
        let first = before.partition_point(|symbol| symbol.start < nearest.start);
        let same = before.get(first..)?.iter();
        let mut reaching = same.filter(|symbol| !is_mark(symbol) && address < symbol.end);
        reaching.next().map(|symbol| Symbol {
            name: &symbol.name,
            base: symbol.start,
        })
    }

    /// The instructions from an address up to another, with where they come from.
    ///
    /// # Errors
    ///
    /// When the syntax or the architecture is not supported, or the code is not in the file.
    pub(super) fn instructions(&self, start: u64, end: u64) -> Result<Body, Error> {
        let fail = |reason: String| Error::Disassembly { reason };
        if self.compat && self.syntax != Syntax::Go {
            return Err(fail(
                "printing assembly in Intel syntax is not supported".to_owned(),
            ));
        }
        let image = self.binary.image();
        let architecture = self.architecture.ok_or_else(|| {
            let name = image.architecture().name();
            fail(format!("unsupported architecture {name:?}"))
        })?;
        let code = image
            .loaded_bytes(start, end.saturating_sub(start))
            .ok_or_else(|| fail(format!("the binary has no code at {start:#x}")))?;
        let lookup = |address| self.named_at(address);
        let instructions: Vec<Instruction> =
            disassemble(code, start, architecture, self.syntax, &lookup).collect();
        let addresses: Vec<u64> = instructions.iter().map(|it| it.address).collect();
        let resolution = self
            .binary
            .symbolizer
            .resolve(&addresses)
            .map_err(|error| fail(error.to_string()))?;
        Ok(Body {
            instructions,
            resolution,
        })
    }

    /// The part of a range that lies in the section of code.
    pub(super) fn within_text(&self, start: u64, end: u64) -> Option<(u64, u64)> {
        let image = self.binary.image();
        let text = image.section(".text").or_else(|| image.section("__text"))?;
        let start = start.max(text.address);
        let end = end.min(text.address.saturating_add(text.size));
        (start < end).then_some((start, end))
    }

    /// The Go function that an address or the padding before it belongs to.
    pub(super) fn go_function(&self, address: u64) -> Option<String> {
        let table = self.binary.image().pclntab().ok()??;
        Some(table.function_at(address)?.name().into_owned())
    }

    /// Whether an address lies in a function of Go, even if no line is known for it.
    pub(super) fn is_go(&self, address: u64) -> bool {
        let table = self.binary.image().pclntab();
        table.is_ok_and(|table| table.is_some_and(|table| table.function_at(address).is_some()))
    }
}

/// Instructions and where they come from.
pub(super) struct Body {
    pub(super) instructions: Vec<Instruction>,
    resolution: Resolution,
}

impl Body {
    /// The functions whose code an instruction is, the innermost inlined call first, each with
    /// its line.
    pub(super) fn frames(
        &self,
        index: usize,
    ) -> impl ExactSizeIterator<Item = (ResolvedFunction<'_>, i64)> {
        const UNKNOWN: ResolvedFunction<'_> = ResolvedFunction {
            name: "",
            system_name: "",
            file: "",
            start_line: 0,
        };
        self.resolution.frames(index).iter().map(|frame| {
            let function = self.resolution.function(frame.function);
            (function.unwrap_or(UNKNOWN), i64::from(frame.line))
        })
    }

    /// Whether the frames of an instruction are those of Go's function table.
    pub(super) fn is_go(&self, index: usize) -> bool {
        self.resolution.source(index) == Some(Source::Pclntab)
    }
}
