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
        let number = u32::from_le_bytes(*word);
        let mut reader = U8Reader::new(word);
        // Some encodings leave the opcode as the last instruction set it.
        self.instruction = Instruction::default();
        if is_reserved(number)
            || self
                .decoder
                .decode_into(&mut self.instruction, &mut reader)
                .is_err()
        {
            let _ = write!(text, ".inst  {number:#010x}");
            return LENGTH;
        }
        let _ = write!(text, "{}", self.instruction);
        tidy(text);
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

/// Whether the decoder would accept an instruction that does not exist and fail to print it.
fn is_reserved(word: u32) -> bool {
    let wide = word >> 31 == 1;
    match (word >> 23) & 0x3f {
        // A constant of 16 bits, moved to beyond 32 bits.
        0b10_0101 => !wide && word & (1 << 22) != 0,
        // A field of bits, of which some are beyond 32 bits.
        0b10_0110 => (word >> 22 & 1 == 1) != wide || (!wide && word & (1 << 21 | 1 << 15) != 0),
        _ => false,
    }
}

/// Names of conditions that `objdump` prints by their older names.
const OLDER_CONDITIONS: [(&str, &str); 2] = [("lo", "cc"), ("hs", "cs")];

/// Changes the forms in which `objdump` differs from the decoder's: distances, places of bits and
/// their counts are decimal, and two conditions have older names.
fn tidy(text: &mut String) {
    for (newer, older) in OLDER_CONDITIONS {
        let branch = format!("b.{newer} ");
        if text.starts_with(&branch) {
            text.replace_range("b.".len().."b.".len() + newer.len(), older);
        }
        let operand = format!(", {newer}");
        if text.ends_with(&operand) {
            text.truncate(text.len() - newer.len());
            text.push_str(older);
        }
    }
    let counts_bits = [
        "lsl ", "lsr ", "asr ", "ror ", "ubfx ", "sbfx ", "ubfiz ", "sbfiz ", "bfi ", "bfxil ",
        "extr ", "tbz ", "tbnz ",
    ]
    .iter()
    .any(|name| text.starts_with(name));
    let from = if counts_bits { Some(0) } else { text.find('[') };
    if let Some(from) = from {
        make_decimal(text, from);
    }
}

/// Writes the constants from a place on as decimal numbers.
fn make_decimal(text: &mut String, from: usize) {
    let mut at = from;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('#')) {
        let start = at + found + 1;
        let rest = text.get(start..).unwrap_or_default();
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest.get(sign..).and_then(|rest| rest.strip_prefix("0x"));
        at = start;
        let Some(digits) = digits else { continue };
        let length = digits
            .find(|digit: char| !digit.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        let Ok(value) = u64::from_str_radix(&digits[..length], 16) else {
            continue;
        };
        let number = start + sign;
        text.replace_range(number..number + "0x".len() + length, &value.to_string());
    }
}
