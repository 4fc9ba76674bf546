//! Go's syntax on amd64 (`cmd/internal/disasm/disasm.go` and
//! `cmd/vendor/golang.org/x/arch/x86/x86asm/{decode,inst,plan9x}.go`, Go 1.27.3).

use iced_x86::{Decoder, DecoderOptions, EncodingKind, Instruction, Mnemonic, OpKind, Register};

use super::super::Lookup;
use super::names;
use super::operands::{self, Memory, Place};
use super::prefixes::{PrefixUse, Prefixes};
use super::vector;

/// What stands for a byte that begins no known instruction.
pub(super) const UNKNOWN: &str = "?";

/// Writes instructions as Go's tools do.
pub(in super::super) struct GoSyntax<'a, 's> {
    code: &'a [u8],
    start: u64,
    lookup: Lookup<'a, 's>,
    decoder: Decoder<'a>,
    instruction: Instruction,
}

impl<'a, 's> GoSyntax<'a, 's> {
    pub(in super::super) fn new(code: &'a [u8], start: u64, lookup: Lookup<'a, 's>) -> Self {
        Self {
            code,
            start,
            lookup,
            // Go's decoder does not refuse what the processor would.
            decoder: Decoder::with_ip(64, code, start, DecoderOptions::NO_INVALID_CHECK),
            instruction: Instruction::default(),
        }
    }

    /// Appends the instruction at a position and returns its length in bytes.
    pub(in super::super) fn write(&mut self, position: usize, text: &mut String) -> usize {
        let written = match self.code.get(position) {
            Some(0x62 | 0xc4 | 0xc5) => self.write_vector(position, text),
            Some(_) => self.write_scalar(position, text),
            None => None,
        };
        written.unwrap_or_else(|| {
            text.clear();
            text.push_str(UNKNOWN);
            1
        })
    }

    fn decode(&mut self, position: usize) -> Option<()> {
        self.decoder.set_position(position).ok()?;
        self.decoder
            .set_ip(self.start.wrapping_add(position as u64));
        self.decoder.decode_out(&mut self.instruction);
        (!self.instruction.is_invalid()).then_some(())
    }

    fn write_vector(&mut self, position: usize, text: &mut String) -> Option<usize> {
        let code = self.code.get(position..)?;
        let address = self.start.wrapping_add(position as u64);
        if self.decode(position).is_some() {
            return vector::write(&self.instruction, code, address, self.lookup, text);
        }
        self.write_cut_vector(code, address, text)
    }

    /// Writes a vector instruction whose code ends behind its opcode.
    ///
    /// Go's decoder takes the operands that are missing for zeros, an address without registers
    /// or register 0, where it takes no other instruction that is cut. Reports read code up to
    /// the last sample and meet this where that is on such an instruction.
    fn write_cut_vector(&mut self, code: &[u8], address: u64, text: &mut String) -> Option<usize> {
        let opcode_at = match code.first()? {
            0xc5 => 2,
            0xc4 => 3,
            _ => 4,
        };
        if code.len() != opcode_at + 1 {
            return None;
        }
        let mut forms: [&[u8]; 2] = [&[0x04, 0x25, 0, 0, 0, 0], &[0xc0]];
        // Go's tables have the form on registers first for EVEX, that on memory for VEX.
        if code.first() == Some(&0x62) {
            forms.reverse();
        }
        forms.into_iter().find_map(|operands| {
            let whole = [code, operands].concat();
            let mut decoder =
                Decoder::with_ip(64, &whole, address, DecoderOptions::NO_INVALID_CHECK);
            decoder.decode_out(&mut self.instruction);
            // What has an immediate besides is refused by Go's decoder too.
            if self.instruction.is_invalid() {
                return None;
            }
            text.clear();
            vector::write(&self.instruction, &whole, address, self.lookup, text)?;
            Some(code.len())
        })
    }

    fn write_scalar(&mut self, position: usize, text: &mut String) -> Option<usize> {
        let code = self.code.get(position..)?;
        let prefixes = Prefixes::scan(code)?;
        self.decode(position)?;
        let instruction = &self.instruction;
        if instruction.code().encoding() != EncodingKind::Legacy
            || names::is_unknown(instruction.code(), instruction.mnemonic())
        {
            return None;
        }
        let place = Place {
            address: self.start.wrapping_add(position as u64),
            next: instruction.next_ip(),
            lookup: self.lookup,
        };
        if !prefixes.is_empty() {
            prefixes.write(prefix_use(instruction), text);
        }
        text.push_str(names::instruction(
            instruction.code(),
            instruction.mnemonic(),
        ));
        if names::takes_size(instruction.mnemonic()) {
            text.push_str(size_suffix(instruction, &prefixes));
        }
        write_operands(instruction, &prefixes, &place, text);
        Some(instruction.len())
    }
}

fn prefix_use(instruction: &Instruction) -> PrefixUse {
    let repeats = instruction.has_rep_prefix() || instruction.has_repne_prefix();
    PrefixUse {
        repeat_is_opcode: !repeats,
        segment_is_shown: instruction.op_kinds().any(|kind| {
            matches!(
                kind,
                OpKind::Memory
                    | OpKind::MemorySegSI
                    | OpKind::MemorySegESI
                    | OpKind::MemorySegRSI
                    | OpKind::MemorySegDI
                    | OpKind::MemorySegEDI
                    | OpKind::MemorySegRDI
            )
        }),
        is_conditional_jump: instruction.is_jcc_short_or_near()
            || instruction.is_loop()
            || instruction.is_loopcc()
            || instruction.is_jcx_short(),
    }
}

/// `B`, `W`, `L` or `Q`: the size of the memory operand, or else of all operands. A lone
/// register of 64 bits counts as such even without a prefix: `PUSHQ AX`.
fn size_suffix(instruction: &Instruction, prefixes: &Prefixes<'_>) -> &'static str {
    let has_memory = instruction.op_kinds().any(|kind| kind == OpKind::Memory);
    let no_size = matches!(
        instruction.mnemonic(),
        Mnemonic::Lea | Mnemonic::Fldenv | Mnemonic::Frstor
    );
    let bits = if has_memory && !no_size {
        instruction.memory_size().size() * 8
    } else if instruction.op_count() == 1 && instruction.op0_register().is_gpr64() {
        64
    } else {
        prefixes.operand_bits() as usize
    };
    match bits {
        8 => "B",
        16 => "W",
        32 => "L",
        64 => "Q",
        _ => "",
    }
}

fn write_operands(
    instruction: &Instruction,
    prefixes: &Prefixes<'_>,
    place: &Place<'_, '_>,
    text: &mut String,
) {
    let count = instruction.op_count();
    let mut separator = " ";
    if names::reads_first_vector(instruction.mnemonic()) {
        text.push_str(" X0");
        separator = ", ";
    }
    let reads_left_to_right = instruction.mnemonic() == Mnemonic::Cmp;
    for position in 0..count {
        let operand = if reads_left_to_right {
            position
        } else {
            count - 1 - position
        };
        if names::is_unnamed(instruction, operand) {
            continue;
        }
        text.push_str(separator);
        separator = ", ";
        write_operand(instruction, operand, prefixes, place, text);
    }
    if instruction.mnemonic() == Mnemonic::Int3 {
        text.push_str(" $0x3");
    }
}

fn write_operand(
    instruction: &Instruction,
    operand: u32,
    prefixes: &Prefixes<'_>,
    place: &Place<'_, '_>,
    text: &mut String,
) {
    match instruction.op_kind(operand) {
        OpKind::Register => text.push_str(names::register(instruction.op_register(operand))),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
            place.write_target(instruction.near_branch_target(), text);
        }
        OpKind::Memory if instruction.mnemonic() == Mnemonic::Xlatb => {
            place.write_memory(
                &Memory::string(data_segment(instruction), Register::RBX),
                text,
            );
        }
        OpKind::Memory => place.write_memory(&operands::memory(instruction, place.next), text),
        kind => {
            if let Some(memory) = string_operand(instruction, kind) {
                place.write_memory(&memory, text);
            } else if let Some(value) = operands::immediate(instruction, operand) {
                let may_be_address =
                    matches!(instruction.mnemonic(), Mnemonic::Mov | Mnemonic::Push)
                        && prefixes.operand_bits() == 32;
                place.write_immediate(value, may_be_address, text);
            }
        }
    }
}

/// The memory that an operation on strings implies: its segment is always shown.
fn string_operand(instruction: &Instruction, kind: OpKind) -> Option<Memory> {
    match kind {
        OpKind::MemoryESDI | OpKind::MemoryESEDI | OpKind::MemoryESRDI => {
            Some(Memory::string(Register::ES, Register::RDI))
        }
        OpKind::MemorySegSI | OpKind::MemorySegESI | OpKind::MemorySegRSI => {
            Some(Memory::string(data_segment(instruction), Register::RSI))
        }
        OpKind::MemorySegDI | OpKind::MemorySegEDI | OpKind::MemorySegRDI => {
            Some(Memory::string(data_segment(instruction), Register::RDI))
        }
        _ => None,
    }
}

/// The segment of a reference that always shows it.
fn data_segment(instruction: &Instruction) -> Register {
    match instruction.segment_prefix() {
        segment @ (Register::FS | Register::GS) => segment,
        _ => Register::DS,
    }
}
