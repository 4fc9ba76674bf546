//! AT&T's and Intel's syntax as GNU's `objdump -d --no-show-raw-insn` prints them.

use iced_x86::{
    Code, Decoder, DecoderOptions, Formatter, GasFormatter, Instruction, IntelFormatter,
    MemorySizeOptions, Mnemonic, OpKind, Register,
};

use super::super::Lookup;
use super::super::number::push_hex;

/// What `objdump` prints for a byte that begins no instruction.
const BAD: &str = "(bad)";

/// The column at which operands begin.
const OPERAND_COLUMN: u32 = 7;

/// Writes instructions as `objdump` does.
pub(in super::super) struct GnuSyntax<'a, 's> {
    start: u64,
    lookup: Lookup<'a, 's>,
    decoder: Decoder<'a>,
    formatter: Box<dyn Formatter>,
    instruction: Instruction,
    dialect: Dialect,
}

impl<'a, 's> GnuSyntax<'a, 's> {
    /// Intel's syntax, as with `-M intel`.
    pub(in super::super) fn intel(code: &'a [u8], start: u64, lookup: Lookup<'a, 's>) -> Self {
        let mut formatter = IntelFormatter::new();
        let options = formatter.options_mut();
        options.set_uppercase_keywords(true);
        options.set_memory_size_options(MemorySizeOptions::Always);
        Self::new(code, start, lookup, Box::new(formatter), Dialect::Intel)
    }

    /// AT&T's syntax, which `objdump` prints by itself.
    pub(in super::super) fn att(code: &'a [u8], start: u64, lookup: Lookup<'a, 's>) -> Self {
        let formatter = Box::new(GasFormatter::new());
        Self::new(code, start, lookup, formatter, Dialect::Att)
    }

    fn new(
        code: &'a [u8],
        start: u64,
        lookup: Lookup<'a, 's>,
        mut formatter: Box<dyn Formatter>,
        dialect: Dialect,
    ) -> Self {
        let options = formatter.options_mut();
        options.set_hex_prefix("0x");
        options.set_hex_suffix("");
        options.set_uppercase_hex(false);
        options.set_small_hex_numbers_in_decimal(false);
        options.set_add_leading_zero_to_hex_numbers(false);
        options.set_first_operand_char_index(OPERAND_COLUMN);
        options.set_rip_relative_addresses(true);
        options.set_show_branch_size(false);
        options.set_show_zero_displacements(true);
        Self {
            start,
            lookup,
            decoder: Decoder::with_ip(64, code, start, DecoderOptions::NONE),
            formatter,
            instruction: Instruction::default(),
            dialect,
        }
    }

    /// Appends the instruction at a position and returns its length in bytes.
    pub(in super::super) fn write(&mut self, position: usize, text: &mut String) -> usize {
        if self.decoder.set_position(position).is_err() {
            text.push_str(BAD);
            return 1;
        }
        self.decoder
            .set_ip(self.start.wrapping_add(position as u64));
        self.decoder.decode_out(&mut self.instruction);
        let instruction = &self.instruction;
        if instruction.is_invalid() {
            text.push_str(BAD);
            return 1;
        }
        if is_near_branch(instruction) {
            self.formatter.format_mnemonic(instruction, text);
            while text.len() < OPERAND_COLUMN as usize {
                text.push(' ');
            }
            push_address(instruction.near_branch_target(), self.lookup, text);
        } else {
            let options = self.formatter.options_mut();
            // Strings show their segments, which are not as for other operands.
            options.set_always_show_segment_register(instruction.is_string_instruction());
            options.set_always_show_scale(instruction.memory_index() != Register::None);
            // Three operands even where two are the same register.
            options.set_use_pseudo_ops(instruction.mnemonic() != Mnemonic::Imul);
            self.formatter.format(instruction, text);
            self.correct(text);
            if instruction.is_ip_rel_memory_operand() {
                text.push_str("        # ");
                push_address(instruction.ip_rel_memory_address(), self.lookup, text);
            }
        }
        instruction.len()
    }

    /// Changes the few forms in which `objdump` differs from the formatter.
    fn correct(&self, text: &mut String) {
        let instruction = &self.instruction;
        match instruction.code() {
            code if is_shift_by_one(code) => match self.dialect {
                Dialect::Att => remove(text, "$0x1,"),
                Dialect::Intel => {
                    if text.ends_with(",0x1") {
                        text.truncate(text.len() - "0x1".len());
                        text.push('1');
                    }
                }
            },
            Code::Mov_r64_imm64 if text.starts_with("mov ") => {
                text.replace_range(.."mov    ".len(), "movabs ");
            }
            Code::Jmp_rm64 if text.starts_with("jmpq ") => {
                text.replace_range(.."jmpq ".len(), "jmp  ");
            }
            Code::Call_rm64 if text.starts_with("callq ") => {
                text.replace_range(.."callq ".len(), "call  ");
            }
            Code::Sha256rnds2_xmm_xmmm128
            | Code::Pblendvb_xmm_xmmm128
            | Code::Blendvps_xmm_xmmm128
            | Code::Blendvpd_xmm_xmmm128
                if self.dialect == Dialect::Intel =>
            {
                text.push_str(",xmm0");
            }
            _ => {}
        }
        // An address without registers stands without brackets.
        if self.dialect == Dialect::Intel
            && matches!(instruction.segment_prefix(), Register::FS | Register::GS)
            && instruction.memory_base() == Register::None
            && instruction.memory_index() == Register::None
            && text.contains("s:[0x")
        {
            text.retain(|letter| !matches!(letter, '[' | ']'));
        }
    }
}

/// Whose syntax is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Att,
    Intel,
}

fn remove(text: &mut String, part: &str) {
    if let Some(at) = text.find(part) {
        text.drain(at..at + part.len());
    }
}

fn is_near_branch(instruction: &Instruction) -> bool {
    matches!(
        instruction.op0_kind(),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
    )
}

fn is_shift_by_one(code: Code) -> bool {
    matches!(
        code,
        Code::Rol_rm8_1
            | Code::Rol_rm16_1
            | Code::Rol_rm32_1
            | Code::Rol_rm64_1
            | Code::Ror_rm8_1
            | Code::Ror_rm16_1
            | Code::Ror_rm32_1
            | Code::Ror_rm64_1
            | Code::Rcl_rm8_1
            | Code::Rcl_rm16_1
            | Code::Rcl_rm32_1
            | Code::Rcl_rm64_1
            | Code::Rcr_rm8_1
            | Code::Rcr_rm16_1
            | Code::Rcr_rm32_1
            | Code::Rcr_rm64_1
            | Code::Shl_rm8_1
            | Code::Shl_rm16_1
            | Code::Shl_rm32_1
            | Code::Shl_rm64_1
            | Code::Shr_rm8_1
            | Code::Shr_rm16_1
            | Code::Shr_rm32_1
            | Code::Shr_rm64_1
            | Code::Sar_rm8_1
            | Code::Sar_rm16_1
            | Code::Sar_rm32_1
            | Code::Sar_rm64_1
    )
}

/// Appends `40a6bc <main.work+0x1c>`, or `40a6bc` if nothing is there.
pub(in super::super) fn push_address(address: u64, lookup: Lookup<'_, '_>, text: &mut String) {
    let start = text.len();
    push_hex(text, address);
    text.drain(start..start + "0x".len());
    if let Some(symbol) = lookup(address).filter(|symbol| !symbol.name.is_empty()) {
        text.push_str(" <");
        text.push_str(symbol.name);
        if address != symbol.base {
            text.push('+');
            push_hex(text, address.wrapping_sub(symbol.base));
        }
        text.push('>');
    }
}
