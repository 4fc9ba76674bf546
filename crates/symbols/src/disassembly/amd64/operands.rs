//! Operands in Go's syntax (`cmd/vendor/golang.org/x/arch/x86/x86asm/plan9x.go`, Go 1.27.3).

use iced_x86::{Code, Instruction, Mnemonic, OpKind, Register};

use super::super::Lookup;
use super::super::number::{push_decimal, push_hex, push_offset, push_signed_hex};
use super::names;

/// A reference to memory as Go's decoder holds it.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    /// The segment, or none.
    pub(super) segment: Register,
    /// The base, or none.
    pub(super) base: Register,
    /// The index, or none.
    pub(super) index: Register,
    /// What the index is multiplied by. Not 0 where the encoding has a place for an index, even
    /// if it has none.
    pub(super) scale: u32,
    /// The displacement as read, which is not yet relative to anything.
    pub(super) displacement: i64,
}

impl Memory {
    /// A string operand: a segment and a register.
    pub(super) fn string(segment: Register, base: Register) -> Self {
        Self {
            segment,
            base,
            index: Register::None,
            scale: 0,
            displacement: 0,
        }
    }
}

/// Where an instruction is and how its addresses are named.
pub(super) struct Place<'a, 's> {
    /// The address of the instruction.
    pub(super) address: u64,
    /// The address after the instruction.
    pub(super) next: u64,
    /// Names addresses.
    pub(super) lookup: Lookup<'a, 's>,
}

impl Place<'_, '_> {
    /// Appends the target of a branch. Only the start of a symbol is named, so that jumps inside
    /// a function show where they go.
    pub(super) fn write_target(&self, target: u64, text: &mut String) {
        if self.address == 0 {
            text.push('.');
            push_offset(text, target.wrapping_sub(self.next).cast_signed());
            return;
        }
        match (self.lookup)(target) {
            Some(symbol) if symbol.base == target && !symbol.name.is_empty() => {
                text.push_str(symbol.name);
                text.push_str("(SB)");
            }
            _ => push_hex(text, target),
        }
    }

    /// Appends the name of a symbol with an offset, if the address has one.
    fn write_symbol(&self, address: u64, text: &mut String) -> bool {
        let Some(symbol) = (self.lookup)(address).filter(|symbol| !symbol.name.is_empty()) else {
            return false;
        };
        text.push_str(symbol.name);
        if address != symbol.base {
            push_offset(text, address.wrapping_sub(symbol.base).cast_signed());
        }
        text.push_str("(SB)");
        true
    }

    /// Appends a reference to memory.
    pub(super) fn write_memory(&self, memory: &Memory, text: &mut String) {
        if self.write_memory_symbol(memory, text) {
            return;
        }
        if memory.segment != Register::None {
            text.push_str(names::register(memory.segment));
            text.push(':');
        }
        if memory.displacement == 0 {
            text.push('0');
        } else {
            push_signed_hex(text, memory.displacement);
        }
        if memory.base != Register::None {
            text.push('(');
            text.push_str(names::register(memory.base));
            text.push(')');
        }
        if memory.index != Register::None && memory.scale != 0 {
            text.push('(');
            text.push_str(names::register(memory.index));
            text.push('*');
            push_decimal(text, u64::from(memory.scale));
            text.push(')');
        }
    }

    fn write_memory_symbol(&self, memory: &Memory, text: &mut String) -> bool {
        if memory.segment != Register::None
            || memory.displacement == 0
            || memory.index != Register::None
            || memory.scale != 0
        {
            return false;
        }
        let displacement = memory.displacement.cast_unsigned();
        match memory.base {
            Register::RIP | Register::EIP => {
                self.write_symbol(self.next.wrapping_add(displacement), text)
            }
            Register::None => self.write_symbol(displacement, text),
            _ => false,
        }
    }

    /// Appends a constant. `may_be_address` says that it is named if it is the address of a
    /// symbol.
    pub(super) fn write_immediate(&self, value: i64, may_be_address: bool, text: &mut String) {
        text.push('$');
        if may_be_address && self.write_symbol(value.cast_unsigned(), text) {
            return;
        }
        if i32::try_from(value).is_ok() {
            push_signed_hex(text, value);
        } else {
            push_hex(text, value.cast_unsigned());
        }
    }
}

/// Returns the constant of an operand as Go's decoder reads it: bytes are unsigned unless the
/// operation widens them, and larger ones are signed.
pub(super) fn immediate(instruction: &Instruction, operand: u32) -> Option<i64> {
    let value = match instruction.op_kind(operand) {
        OpKind::Immediate8 => i64::from(instruction.immediate8()),
        OpKind::Immediate8_2nd => i64::from(instruction.immediate8_2nd()),
        OpKind::Immediate16 => match instruction.mnemonic() {
            Mnemonic::Ret | Mnemonic::Retf | Mnemonic::Enter => {
                i64::from(instruction.immediate16())
            }
            _ => i64::from(instruction.immediate16().cast_signed()),
        },
        OpKind::Immediate32 => i64::from(instruction.immediate32().cast_signed()),
        OpKind::Immediate64 => instruction.immediate64().cast_signed(),
        OpKind::Immediate8to16 => i64::from(instruction.immediate8to16()),
        OpKind::Immediate8to32 => i64::from(instruction.immediate8to32()),
        OpKind::Immediate8to64 => instruction.immediate8to64(),
        OpKind::Immediate32to64 => instruction.immediate32to64(),
        _ => return None,
    };
    Some(value)
}

/// Returns the reference to memory of an instruction that is not a vector one.
///
/// A displacement of 32 bits is taken as unsigned, as Go's decoder does.
pub(super) fn memory(instruction: &Instruction, next: u64) -> Memory {
    let segment = match instruction.segment_prefix() {
        segment @ (Register::FS | Register::GS) => segment,
        _ => Register::None,
    };
    if is_absolute_move(instruction.code()) {
        return Memory {
            displacement: instruction.memory_displacement64().cast_signed(),
            ..Memory::string(segment, Register::None)
        };
    }
    let base = instruction.memory_base();
    let displacement = instruction.memory_displacement64();
    let displacement = match base {
        Register::RIP | Register::EIP => {
            // The target is kept; what was read is the distance to it.
            i64::from(low_half(displacement.wrapping_sub(next)))
        }
        _ if instruction.memory_displ_size() > 1 => i64::from(low_half(displacement)),
        _ if displacement >> 32 == 0 => i64::from(low_half(displacement).cast_signed()),
        _ => displacement.cast_signed(),
    };
    Memory {
        segment,
        base,
        index: instruction.memory_index(),
        scale: if has_index_byte(instruction) {
            instruction.memory_index_scale()
        } else {
            0
        },
        displacement,
    }
}

/// Returns the reference to memory of a vector instruction, whose decoder in Go's tools knows
/// displacements as signed but not that those without base are relative.
pub(super) fn vector_memory(instruction: &Instruction, next: u64) -> Memory {
    let base = instruction.memory_base();
    let displacement = instruction.memory_displacement64();
    if base == Register::RIP || base == Register::EIP {
        let distance = low_half(displacement.wrapping_sub(next)).cast_signed();
        return Memory {
            displacement: i64::from(distance),
            ..Memory::string(Register::None, Register::None)
        };
    }
    Memory {
        segment: Register::None,
        base,
        index: instruction.memory_index(),
        scale: if has_index_byte(instruction) {
            instruction.memory_index_scale()
        } else {
            0
        },
        displacement: displacement.cast_signed(),
    }
}

/// Whether the encoding has a byte for scale, index and base: only with it can a reference have
/// an index, no base, or the stack pointer as its base.
fn has_index_byte(instruction: &Instruction) -> bool {
    instruction.memory_index() != Register::None || instruction.memory_base() == Register::None
}

fn is_absolute_move(code: Code) -> bool {
    matches!(
        code,
        Code::Mov_AL_moffs8
            | Code::Mov_AX_moffs16
            | Code::Mov_EAX_moffs32
            | Code::Mov_RAX_moffs64
            | Code::Mov_moffs8_AL
            | Code::Mov_moffs16_AX
            | Code::Mov_moffs32_EAX
            | Code::Mov_moffs64_RAX
    )
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
fn low_half(value: u64) -> u32 {
    value as u32
}
