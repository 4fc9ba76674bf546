//! Names of instructions and registers in Go's syntax.

use std::sync::LazyLock;

use iced_x86::{Code, Mnemonic, Register};

/// Intel's names in upper case, by mnemonic.
static MNEMONICS: LazyLock<Vec<String>> = LazyLock::new(|| {
    Mnemonic::values()
        .map(|mnemonic| format!("{mnemonic:?}").to_ascii_uppercase())
        .collect()
});

/// Go's names of registers, by register.
static REGISTERS: LazyLock<Vec<String>> =
    LazyLock::new(|| Register::values().map(go_register).collect());

/// The name of an instruction, without a suffix for the size.
pub(super) fn instruction(code: Code, mnemonic: Mnemonic) -> &'static str {
    match code {
        Code::Movsd_xmm_xmmm64 | Code::Movsd_xmmm64_xmm => return "MOVSD_XMM",
        Code::Cmpsd_xmm_xmmm64_imm8 => return "CMPSD_XMM",
        Code::Jmp_m1616 | Code::Jmp_m1632 | Code::Jmp_m1664 => return "LJMP",
        Code::Call_m1616 | Code::Call_m1632 | Code::Call_m1664 => return "LCALL",
        _ => {}
    }
    match mnemonic {
        Mnemonic::Wait => "FWAIT",
        Mnemonic::Int1 => "ICEBP",
        Mnemonic::Int3 => "INT",
        Mnemonic::Retf => "LRET",
        Mnemonic::Sysretq => "SYSRET",
        Mnemonic::Sysexitq => "SYSEXIT",
        _ => MNEMONICS
            .get(mnemonic as usize)
            .map_or("?", String::as_str),
    }
}

/// Go's name of a register: without its size, but for the halves of a word and vectors.
pub(super) fn register(register: Register) -> &'static str {
    REGISTERS
        .get(register as usize)
        .map_or("?", String::as_str)
}

fn go_register(register: Register) -> String {
    let name = format!("{register:?}");
    if register.is_gpr() {
        let full = format!("{:?}", register.full_register());
        return match register {
            Register::AL | Register::BL | Register::CL | Register::DL => name,
            Register::AH | Register::BH | Register::CH | Register::DH => name,
            // R8 to R15 keep their names, RAX loses its size.
            _ if full.ends_with(|last: char| last.is_ascii_digit()) => full,
            _ => full[1..].to_owned(),
        };
    }
    match register {
        Register::EIP | Register::RIP => "IP".to_owned(),
        _ if register.is_vector_register() => name.replacen("MM", "", 1),
        _ if register.is_st() => name.replacen("ST", "F", 1),
        _ if register.is_mm() => name.replacen("MM", "M", 1),
        _ => name,
    }
}

/// Whether Go's tools append the size of the operands to the name: `ADDQ`.
pub(super) fn takes_size(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Adc
            | Mnemonic::Add
            | Mnemonic::And
            | Mnemonic::Bsf
            | Mnemonic::Bsr
            | Mnemonic::Bt
            | Mnemonic::Btc
            | Mnemonic::Btr
            | Mnemonic::Bts
            | Mnemonic::Cmp
            | Mnemonic::Cmpxchg
            | Mnemonic::Cvtsi2sd
            | Mnemonic::Cvtsi2ss
            | Mnemonic::Cvtsd2si
            | Mnemonic::Cvtss2si
            | Mnemonic::Cvttsd2si
            | Mnemonic::Cvttss2si
            | Mnemonic::Dec
            | Mnemonic::Div
            | Mnemonic::Fldenv
            | Mnemonic::Frstor
            | Mnemonic::Idiv
            | Mnemonic::Imul
            | Mnemonic::In
            | Mnemonic::Inc
            | Mnemonic::Lea
            | Mnemonic::Mov
            | Mnemonic::Movnti
            | Mnemonic::Mul
            | Mnemonic::Neg
            | Mnemonic::Nop
            | Mnemonic::Not
            | Mnemonic::Or
            | Mnemonic::Out
            | Mnemonic::Pop
            | Mnemonic::Popcnt
            | Mnemonic::Push
            | Mnemonic::Rcl
            | Mnemonic::Rcr
            | Mnemonic::Rol
            | Mnemonic::Ror
            | Mnemonic::Sar
            | Mnemonic::Sbb
            | Mnemonic::Shl
            | Mnemonic::Shld
            | Mnemonic::Shr
            | Mnemonic::Shrd
            | Mnemonic::Sub
            | Mnemonic::Test
            | Mnemonic::Xadd
            | Mnemonic::Xchg
            | Mnemonic::Xor
    )
}
