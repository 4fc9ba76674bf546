//! Vector instructions in Go's syntax (`cmd/vendor/golang.org/x/arch/x86/x86asm/avx.go` and
//! `avx_tables.go`, which Go has since 1.27).

use iced_x86::{
    Code, CpuidFeature, Decoder, DecoderOptions, EncodingKind, Instruction, Mnemonic, OpKind,
};

use super::super::Lookup;
use super::names;
use super::operands::{self, Place};
use super::prefixes::LONGEST;

/// Appends a vector instruction and returns its length, or nothing where Go's tools know none.
pub(super) fn write(
    instruction: &Instruction,
    code: &[u8],
    address: u64,
    lookup: Lookup<'_, '_>,
    text: &mut String,
) -> Option<usize> {
    let vector = VectorPrefix::read(code, instruction)?;
    if !vector.is_known(instruction) {
        return None;
    }
    let name = names::instruction(instruction.code(), instruction.mnemonic());
    let length = match instruction.mnemonic() {
        Mnemonic::Vzeroupper | Mnemonic::Vzeroall => {
            instruction.len() + swallowed(code.get(instruction.len()..LONGEST.min(code.len()))?)?
        }
        _ => instruction.len(),
    };
    let place = Place {
        address,
        next: address.wrapping_add(length as u64),
        lookup,
    };
    text.push_str(name);
    vector.write_suffixes(instruction, name, text);
    let mut separator = " ";
    for operand in (0..instruction.op_count()).rev() {
        if names::is_unnamed(instruction, operand) {
            continue;
        }
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

/// The prefix of a vector instruction: two or three bytes (VEX), or four (EVEX).
struct VectorPrefix {
    /// The instruction from its first byte, without what follows it.
    bytes: [u8; LONGEST],
    length: usize,
    evex: bool,
    /// Which byte holds the bit W, if there is one.
    wide_at: Option<usize>,
    /// Which byte holds the vector's length, and its bits there.
    length_at: (usize, u8),
}

/// The bit W: operands, or what they hold, are of 64 bits.
const WIDE: u8 = 0x80;

impl VectorPrefix {
    fn read(code: &[u8], instruction: &Instruction) -> Option<Self> {
        let (evex, wide_at, length_at) = match (instruction.code().encoding(), code.first()?) {
            (EncodingKind::VEX, 0xc5) => (false, None, (1, 0x04)),
            (EncodingKind::VEX, _) => (false, Some(2), (2, 0x04)),
            (EncodingKind::EVEX, _) => (true, Some(2), (3, 0x60)),
            _ => return None,
        };
        let mut bytes = [0; LONGEST];
        let length = instruction.len();
        bytes
            .get_mut(..length)?
            .copy_from_slice(code.get(..length)?);
        Some(Self {
            bytes,
            length,
            evex,
            wide_at,
            length_at,
        })
    }

    fn byte(&self, index: usize) -> u8 {
        self.bytes.get(index).copied().unwrap_or_default()
    }

    /// Whether Go's tables have this instruction. They have neither those on general registers
    /// nor AMD's own, and where the processor ignores the width or the length of the vector they
    /// have the one with zeros only.
    fn is_known(&self, instruction: &Instruction) -> bool {
        let name = names::instruction(instruction.code(), instruction.mnemonic());
        if !name.starts_with(['V', 'K'])
            || instruction
                .cpuid_features()
                .iter()
                .any(|feature| matches!(feature, CpuidFeature::FMA4 | CpuidFeature::XOP))
        {
            return false;
        }
        if let Some(at) = self.wide_at
            && self.byte(at) & WIDE != 0
            && (is_never_wide(instruction.mnemonic()) || self.ignores(at, WIDE, instruction.code()))
        {
            return false;
        }
        // Between registers the length's bits can be a mode of rounding instead.
        let (at, bits) = self.length_at;
        self.is_rounded(instruction) || !self.ignores(at, bits, instruction.code())
    }

    /// Whether some of these bits are set, and the same instruction results without them.
    fn ignores(&self, at: usize, bits: u8, code: Code) -> bool {
        let mut bytes = self.bytes;
        let Some(byte) = bytes.get_mut(at).filter(|byte| **byte & bits != 0) else {
            return false;
        };
        *byte &= !bits;
        let bytes = bytes.get(..self.length).unwrap_or_default();
        let decoded = Decoder::new(64, bytes, DecoderOptions::NO_INVALID_CHECK).decode();
        decoded.code() == code
    }

    /// Whether EVEX asks for rounding or for no exceptions, which it can between registers.
    fn is_rounded(&self, instruction: &Instruction) -> bool {
        self.evex && self.byte(3) & 0x10 != 0 && !has_memory(instruction)
    }

    /// The vector's length as the prefix says it: 0 for 128 bits, 1 for 256, 2 for 512.
    fn vector_length(&self) -> u8 {
        let (at, bits) = self.length_at;
        (self.byte(at) & bits) >> bits.trailing_zeros()
    }

    fn write_suffixes(&self, instruction: &Instruction, name: &str, text: &mut String) {
        match instruction.mnemonic() {
            Mnemonic::Vfpclasspd | Mnemonic::Vfpclassps | Mnemonic::Vcvtpd2dq => {
                text.push_str(self.length_suffix());
            }
            Mnemonic::Vcvtpd2ps | Mnemonic::Vcvttpd2dq if !self.evex => {
                text.push_str(self.length_suffix());
            }
            Mnemonic::Vcvtsi2sd | Mnemonic::Vcvtsi2ss => {
                text.push_str(if is_wide(instruction) { "Q" } else { "L" });
            }
            Mnemonic::Vcvttsd2si
            | Mnemonic::Vcvttss2si
            | Mnemonic::Vcvtsd2si
            | Mnemonic::Vcvtss2si
                if instruction.op0_register().is_gpr64() =>
            {
                text.push('Q');
            }
            _ => {}
        }
        if !self.evex {
            return;
        }
        if instruction.is_broadcast() {
            text.push_str(".BCST");
        }
        if self.is_rounded(instruction) {
            text.push_str(match self.vector_length() {
                _ if !can_round(name) => ".SAE",
                0 => ".RN_SAE",
                1 => ".RD_SAE",
                2 => ".RU_SAE",
                _ => ".RZ_SAE",
            });
        }
        if self.byte(3) & 0x80 != 0 {
            text.push_str(".Z");
        }
    }

    fn length_suffix(&self) -> &'static str {
        match self.vector_length() {
            0 => "X",
            1 => "Y",
            2 => "Z",
            _ => "",
        }
    }
}

/// Whether the width only says how a general register is called, which Go's tables leave out.
fn is_never_wide(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Vextractps
            | Mnemonic::Vmovmskpd
            | Mnemonic::Vmovmskps
            | Mnemonic::Vpextrb
            | Mnemonic::Vpextrw
            | Mnemonic::Vpinsrb
            | Mnemonic::Vpinsrw
            | Mnemonic::Vpmovmskb
    )
}

fn has_memory(instruction: &Instruction) -> bool {
    instruction.op_kinds().any(|kind| kind == OpKind::Memory)
}

/// Whether an integer that is converted has 64 bits.
fn is_wide(instruction: &Instruction) -> bool {
    match instruction.op_kind(2) {
        OpKind::Memory => instruction.memory_size().size() == 8,
        _ => instruction.op_register(2).is_gpr64(),
    }
}

/// Whether Go's tools say which way the instruction rounds (`hasRC` in `avx.go`).
fn can_round(name: &str) -> bool {
    if !name.ends_with(['S', 'D', 'I', 'Q']) {
        return false;
    }
    if let Some(conversion) = name.strip_prefix("VCVT") {
        // Those that truncate need no rounding, those of half precision came later.
        return !conversion.starts_with('T') && !conversion.contains('H');
    }
    let ends = ["PD", "PS", "SD", "SS"];
    let starts = [
        "VADDPD", "VADDPS", "VADDSD", "VADDSS", "VSUB", "VMUL", "VDIV", "VSQRT", "VSCALEF",
        "VFMADD", "VFMSUB", "VFNMADD", "VFNMSUB", "VPERMT2P", "VPERMI2P",
    ];
    ends.iter().any(|end| name.ends_with(end)) && starts.iter().any(|start| name.starts_with(start))
}
