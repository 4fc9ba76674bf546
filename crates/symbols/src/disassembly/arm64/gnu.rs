//! GNU's syntax on arm64, by `yaxpeax-arm`.

use std::fmt::Write;

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Opcode, Operand};

use super::super::Lookup;
use super::super::amd64::push_address;
use super::LENGTH;

/// The size of a page, to which `adrp` is relative.
const PAGE: u64 = 4096;

/// Writes instructions as GNU's `objdump` does.
pub(in super::super) struct GnuSyntax<'a, 's> {
    code: &'a [u8],
    start: u64,
    lookup: Lookup<'a, 's>,
    decoder: InstDecoder,
    instruction: Instruction,
}

impl<'a, 's> GnuSyntax<'a, 's> {
    pub(in super::super) fn new(code: &'a [u8], start: u64, lookup: Lookup<'a, 's>) -> Self {
        Self {
            code,
            start,
            lookup,
            decoder: InstDecoder::default(),
            instruction: Instruction::default(),
        }
    }

    /// Appends the instruction at a position and returns its length in bytes.
    pub(in super::super) fn write(&mut self, position: usize, text: &mut String) -> usize {
        let rest = self.code.get(position..).unwrap_or_default();
        let Some(word) = rest.first_chunk::<LENGTH>() else {
            text.push_str(".byte  ");
            for (index, byte) in rest.iter().enumerate() {
                let separator = if index == 0 { "" } else { ", " };
                // Writing to a string cannot fail.
                let _ = write!(text, "{separator}{byte:#04x}");
            }
            return rest.len();
        };
        let mut reader = U8Reader::new(word);
        if self
            .decoder
            .decode_into(&mut self.instruction, &mut reader)
            .is_err()
        {
            let _ = write!(text, ".inst  {:#010x}", u32::from_le_bytes(*word));
            return LENGTH;
        }
        let _ = write!(text, "{}", self.instruction);
        self.name_target(self.start.wrapping_add(position as u64), text);
        LENGTH
    }

    /// Replaces the distance to what an instruction refers to with its address and name.
    fn name_target(&self, address: u64, text: &mut String) {
        let distance = self
            .instruction
            .operands
            .iter()
            .find_map(|operand| match operand {
                Operand::PCOffset(distance) => Some(*distance),
                _ => None,
            });
        let (Some(distance), Some(at)) = (distance, text.rfind('$')) else {
            return;
        };
        let base = if self.instruction.opcode == Opcode::ADRP {
            address & !(PAGE - 1)
        } else {
            address
        };
        text.truncate(at);
        push_address(base.wrapping_add_signed(distance), self.lookup, text);
    }
}
