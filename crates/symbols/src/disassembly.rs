//! Instructions of amd64 and arm64 as text.
//!
//! The input is the code of one function, the address at which it runs and a way to name
//! addresses; no binary is parsed here. Three syntaxes are written: Go's own, which descends from
//! Plan 9 and which `go tool objdump` and `go tool pprof -disasm` print, Intel's, and GNU's.
//!
//! Go's syntax follows the disassembler of Go 1.27.3 (`cmd/internal/disasm`, which uses
//! `golang.org/x/arch`) to the letter, oddities included: an instruction that it does not know is
//! a `?`, on amd64 of one byte, and what follows is decoded from where that ends; displacements of
//! 32 bits are shown unsigned, so that few backward references are named; vector instructions
//! take a distance for an address; `VZEROUPPER` swallows what could be operands. Reports that must
//! equal those of `go tool pprof` need this. All instructions of the `go` command come out the
//! same; encodings that no compiler emits can differ.
//!
//! The code must end where the function ends, for Go's tools decode no further. They look up
//! constants and references to memory too, so the lookup must know symbols of data.
//!
//! ```
//! use fathom_symbols::disassembly::{Architecture, Symbol, Syntax, disassemble};
//!
//! let code = [0x49, 0x3b, 0x66, 0x10, 0x76, 0x08, 0xe8, 0xf5, 0x0f, 0x00, 0x00];
//! let lookup = |address| {
//!     (0x402000..0x402100)
//!         .contains(&address)
//!         .then_some(Symbol { name: "runtime.morestack", base: 0x402000 })
//! };
//! let lines: Vec<String> =
//!     disassemble(&code, 0x401000, Architecture::Amd64, Syntax::Go, &lookup)
//!         .map(|instruction| format!("{:#x} {}", instruction.address, instruction.text))
//!         .collect();
//! assert_eq!(
//!     lines,
//!     [
//!         "0x401000 CMPQ SP, 0x10(R14)",
//!         "0x401004 JBE 0x40100e",
//!         "0x401006 CALL runtime.morestack(SB)",
//!     ]
//! );
//! ```

mod amd64;
mod arm64;
mod number;

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Architecture {
    /// x86-64, which Go calls `amd64`.
    Amd64,
    /// `AArch64`, which Go calls `arm64`.
    Arm64,
}

/// A way to write instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// What Go's tools print: `MOVQ 0x8(AX), CX`.
    Go,
    /// What Intel's manuals print: `mov rcx,QWORD PTR [rax+0x8]`. Where an architecture has no
    /// such form it is [`Syntax::Gnu`].
    Intel,
    /// What GNU's `objdump` prints by itself, AT&T's on amd64: `mov 0x8(%rax),%rcx`.
    Gnu,
}

/// A symbol that contains an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symbol<'a> {
    /// The name as it shall be printed.
    pub name: &'a str,
    /// The address of its first byte.
    pub base: u64,
}

/// Finds the symbol, of code or data, whose extent contains an address.
pub type Lookup<'a, 's> = &'a (dyn Fn(u64) -> Option<Symbol<'s>> + 'a);

/// An instruction, or a byte that is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// The address of the first byte.
    pub address: u64,
    /// Its bytes: at least 1, at most 15.
    pub length: usize,
    /// The instruction in the chosen syntax.
    pub text: String,
}

/// Disassembles the code of one function that runs at `start`.
///
/// Takes about 0.2 µs for an instruction. Addresses wrap around at the end of the address space.
pub fn disassemble<'a, 's>(
    code: &'a [u8],
    start: u64,
    architecture: Architecture,
    syntax: Syntax,
    lookup: Lookup<'a, 's>,
) -> Disassembly<'a, 's> {
    let decoder = match (architecture, syntax) {
        (Architecture::Amd64, Syntax::Go) => {
            Decoder::Amd64Go(Box::new(amd64::GoSyntax::new(code, start, lookup)))
        }
        (Architecture::Amd64, Syntax::Intel) => {
            Decoder::Amd64Gnu(Box::new(amd64::GnuSyntax::intel(code, start, lookup)))
        }
        (Architecture::Arm64, Syntax::Go) => {
            Decoder::Arm64Go(arm64::GoSyntax::new(code, start, lookup))
        }
        (Architecture::Arm64, _) => {
            Decoder::Arm64Gnu(Box::new(arm64::GnuSyntax::new(code, start, lookup)))
        }
        (Architecture::Amd64, Syntax::Gnu) => {
            Decoder::Amd64Gnu(Box::new(amd64::GnuSyntax::att(code, start, lookup)))
        }
    };
    Disassembly {
        decoder,
        length: code.len(),
        start,
        position: 0,
    }
}

/// The instructions of a function, in ascending order, without gaps.
///
/// The lengths of all sum to the length of the code.
pub struct Disassembly<'a, 's> {
    decoder: Decoder<'a, 's>,
    length: usize,
    start: u64,
    position: usize,
}

enum Decoder<'a, 's> {
    Amd64Go(Box<amd64::GoSyntax<'a, 's>>),
    Amd64Gnu(Box<amd64::GnuSyntax<'a, 's>>),
    Arm64Go(arm64::GoSyntax<'a, 's>),
    Arm64Gnu(Box<arm64::GnuSyntax<'a, 's>>),
}

impl Disassembly<'_, '_> {
    /// Writes the text of the next instruction over `text` and returns its address and length, or
    /// nothing at the end. Spares an allocation for each instruction.
    pub fn next_into(&mut self, text: &mut String) -> Option<(u64, usize)> {
        let remaining = self.length.checked_sub(self.position)?;
        if remaining == 0 {
            return None;
        }
        text.clear();
        let address = self.start.wrapping_add(self.position as u64);
        let length = match &mut self.decoder {
            Decoder::Amd64Go(decoder) => decoder.write(self.position, text),
            Decoder::Amd64Gnu(decoder) => decoder.write(self.position, text),
            Decoder::Arm64Go(decoder) => decoder.write(self.position, text),
            Decoder::Arm64Gnu(decoder) => decoder.write(self.position, text),
        };
        let length = length.clamp(1, remaining);
        self.position += length;
        Some((address, length))
    }
}

impl Iterator for Disassembly<'_, '_> {
    type Item = Instruction;

    fn next(&mut self) -> Option<Instruction> {
        let mut text = String::with_capacity(24);
        let (address, length) = self.next_into(&mut text)?;
        Some(Instruction {
            address,
            length,
            text,
        })
    }
}
