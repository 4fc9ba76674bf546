//! Vector instructions in Go's syntax (`cmd/vendor/golang.org/x/arch/x86/x86asm/avx.go` and
//! `avx_tables.go`, which Go has since 1.27).

use iced_x86::{EncodingKind, Instruction, Mnemonic, OpKind, Register};

use super::super::Lookup;
use super::names;
use super::operands::{self, Place};

/// Appends a vector instruction and returns its length, or nothing where Go's tools know none.
pub(super) fn write(
    instruction: &Instruction,
    code: &[u8],
    address: u64,
    lookup: Lookup<'_, '_>,
    text: &mut String,
) -> Option<usize> {
    let encoding = instruction.code().encoding();
    let evex = match encoding {
        EncodingKind::VEX => false,
        EncodingKind::EVEX => true,
        _ => return None,
    };
    let name = names::instruction(instruction.code(), instruction.mnemonic());
    if !name.starts_with(['V', 'K']) {
        return None;
    }
    let length = match instruction.mnemonic() {
        Mnemonic::Vzeroupper | Mnemonic::Vzeroall => {
            instruction.len() + swallowed(code.get(instruction.len()..15.min(code.len()))?)?
        }
        _ => instruction.len(),
    };
    let place = Place {
        address,
        next: address.wrapping_add(length as u64),
        lookup,
    };
    text.push_str(name);
    write_suffixes(instruction, evex, text);
    let mut separator = " ";
    for operand in (0..instruction.op_count()).rev() {
        if operand == 0 && instruction.has_op_mask() {
            text.push_str(separator);
            separator = ", ";
            text.push_str(names::register(instruction.op_mask()));
        }
        text.push_str(separator);
        separator = ", ";
        match instruction.op_kind(operand) {
            OpKind::Register => text.push_str(names::register(instruction.op_register(operand))),
            OpKind::Memory => {
                place.write_memory(&operands::vector_memory(instruction, place.next), text);
            }
            _ => {
                let value = operands::immediate(instruction, operand)?;
                place.write_immediate(value, false, text);
            }
        }
    }
    Some(length)
}

/// How many bytes Go's decoder takes for operands that `VZEROUPPER` and `VZEROALL` do not have.
fn swallowed(rest: &[u8]) -> Option<usize> {
    let Some(&modrm) = rest.first() else {
        return Some(0);
    };
    let (mode, rm) = (modrm >> 6, modrm & 7);
    let mut length = 1;
    let mut base = rm;
    if mode != 3 && rm == 4 {
        base = rest.get(1)? & 7;
        length += 1;
    }
    length += match mode {
        0 if base == 5 => 4,
        1 => 1,
        2 => 4,
        _ => 0,
    };
    (length <= rest.len()).then_some(length)
}

fn write_suffixes(_instruction: &Instruction, _evex: bool, _text: &mut String) {}

#[expect(dead_code, reason = "draft")]
fn is_wide(register: Register) -> bool {
    register.is_gpr64()
}
