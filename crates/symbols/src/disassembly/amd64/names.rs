//! Names of instructions and registers in Go's syntax.

use std::sync::LazyLock;

use iced_x86::{Code, Instruction, Mnemonic, OpKind, Register};

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
        Mnemonic::Pcmpestri64 => "PCMPESTRI",
        Mnemonic::Pcmpestrm64 => "PCMPESTRM",
        _ => MNEMONICS.get(mnemonic as usize).map_or("?", String::as_str),
    }
}

/// Go's name of a register: without its size, but for the halves of a word and vectors.
pub(super) fn register(register: Register) -> &'static str {
    REGISTERS.get(register as usize).map_or("?", String::as_str)
}

fn go_register(register: Register) -> String {
    let name = format!("{register:?}");
    if register.is_gpr() {
        let full = format!("{:?}", register.full_register());
        return match register {
            Register::AL
            | Register::BL
            | Register::CL
            | Register::DL
            | Register::AH
            | Register::BH
            | Register::CH
            | Register::DH => name,
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

/// Whether an operand that the decoder reports has no name in Go's syntax.
pub(super) fn is_unnamed(instruction: &Instruction, operand: u32) -> bool {
    match instruction.mnemonic() {
        // The memory is where DI points, and it cannot be otherwise.
        Mnemonic::Maskmovq | Mnemonic::Maskmovdqu | Mnemonic::Vmaskmovdqu => {
            instruction.op_kind(operand) != OpKind::Register
        }
        // Compared or exchanged with the top of the stack.
        Mnemonic::Fcom | Mnemonic::Fcomp | Mnemonic::Fucom | Mnemonic::Fucomp | Mnemonic::Fxch => {
            operand == 0 && instruction.op_count() == 2
        }
        // With 64 bits, Go's tables forget the register.
        Mnemonic::Rdrand => instruction.code() == Code::Rdrand_r64,
        _ => false,
    }
}

/// Whether the instruction reads `X0` without an operand that says so, and Go's syntax names it.
pub(super) fn reads_first_vector(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Blendvpd | Mnemonic::Blendvps | Mnemonic::Pblendvb | Mnemonic::Sha256rnds2
    )
}

/// Whether Go's decoder lacks an instruction, vector ones apart.
pub(super) fn is_unknown(code: Code, mnemonic: Mnemonic) -> bool {
    // Encodings that repeat a documented one.
    let is_alias = matches!(
        code,
        Code::Fcom_st0_sti_DCD0
            | Code::Fcomp_st0_sti_DCD8
            | Code::Fcomp_st0_sti_DED0
            | Code::Fxch_st0_sti_DDC8
            | Code::Fxch_st0_sti_DFC8
            | Code::Fstp_sti_DFD0
            | Code::Fstp_sti_DFD8
            | Code::Test_rm8_imm8_F6r1
            | Code::Test_rm16_imm16_F7r1
            | Code::Test_rm32_imm32_F7r1
            | Code::Test_rm64_imm32_F7r1
            | Code::Lfence_E9
            | Code::Lfence_EA
            | Code::Lfence_EB
            | Code::Lfence_EC
            | Code::Lfence_ED
            | Code::Lfence_EE
            | Code::Lfence_EF
            | Code::Mfence_F1
            | Code::Mfence_F2
            | Code::Mfence_F3
            | Code::Mfence_F4
            | Code::Mfence_F5
            | Code::Mfence_F6
            | Code::Mfence_F7
            | Code::Sfence_F9
            | Code::Sfence_FA
            | Code::Sfence_FB
            | Code::Sfence_FC
            | Code::Sfence_FD
            | Code::Sfence_FE
            | Code::Sfence_FF
    );
    let is_incomplete = matches!(
        code,
        Code::Nop_rm64
            | Code::Ud0_r16_rm16
            | Code::Ud0_r64_rm64
            | Code::Ud1_r16_rm16
            | Code::Ud1_r64_rm64
    );
    is_alias || is_incomplete || is_newer(mnemonic)
}

/// Whether an instruction is of an extension that Go's decoder does not know.
fn is_newer(mnemonic: Mnemonic) -> bool {
    matches!(
        mnemonic,
        Mnemonic::Aadd
            | Mnemonic::Aand
            | Mnemonic::Adcx
            | Mnemonic::Adox
            | Mnemonic::Aesdec128kl
            | Mnemonic::Aesdec256kl
            | Mnemonic::Aesdecwide128kl
            | Mnemonic::Aesdecwide256kl
            | Mnemonic::Aesenc128kl
            | Mnemonic::Aesenc256kl
            | Mnemonic::Aesencwide128kl
            | Mnemonic::Aesencwide256kl
            | Mnemonic::Aor
            | Mnemonic::Axor
            | Mnemonic::Ccs_encrypt
            | Mnemonic::Ccs_hash
            | Mnemonic::Clac
            | Mnemonic::Cldemote
            | Mnemonic::Clflushopt
            | Mnemonic::Clgi
            | Mnemonic::Clrssbsy
            | Mnemonic::Clui
            | Mnemonic::Clwb
            | Mnemonic::Clzero
            | Mnemonic::Encls
            | Mnemonic::Enclu
            | Mnemonic::Enclv
            | Mnemonic::Encodekey128
            | Mnemonic::Encodekey256
            | Mnemonic::Endbr32
            | Mnemonic::Endbr64
            | Mnemonic::Enqcmd
            | Mnemonic::Enqcmds
            | Mnemonic::Erets
            | Mnemonic::Eretu
            | Mnemonic::Extrq
            | Mnemonic::Femms
            | Mnemonic::Fndisi
            | Mnemonic::Fstpnce
            | Mnemonic::Getsec
            | Mnemonic::Getsecq
            | Mnemonic::Gf2p8affineinvqb
            | Mnemonic::Gf2p8affineqb
            | Mnemonic::Gf2p8mulb
            | Mnemonic::Hreset
            | Mnemonic::Incsspd
            | Mnemonic::Incsspq
            | Mnemonic::Insertq
            | Mnemonic::Invept
            | Mnemonic::Invlpga
            | Mnemonic::Invlpgb
            | Mnemonic::Invvpid
            | Mnemonic::Lkgs
            | Mnemonic::Loadiwkey
            | Mnemonic::Mcommit
            | Mnemonic::Monitorx
            | Mnemonic::Montmul
            | Mnemonic::Movdir64b
            | Mnemonic::Movdiri
            | Mnemonic::Mwaitx
            | Mnemonic::Pbndkb
            | Mnemonic::Pconfig
            | Mnemonic::Prefetch
            | Mnemonic::Prefetchit0
            | Mnemonic::Prefetchit1
            | Mnemonic::Prefetchwt1
            | Mnemonic::Psmash
            | Mnemonic::Ptwrite
            | Mnemonic::Pvalidate
            | Mnemonic::Rdmsrlist
            | Mnemonic::Rdpid
            | Mnemonic::Rdpkru
            | Mnemonic::Rdpru
            | Mnemonic::Rdseed
            | Mnemonic::Rdsspd
            | Mnemonic::Rdsspq
            | Mnemonic::Reservednop
            | Mnemonic::Rmpadjust
            | Mnemonic::Rmpquery
            | Mnemonic::Rmpupdate
            | Mnemonic::Rstorssp
            | Mnemonic::Sal
            | Mnemonic::Saveprevssp
            | Mnemonic::Seamcall
            | Mnemonic::Seamops
            | Mnemonic::Seamret
            | Mnemonic::Senduipi
            | Mnemonic::Serialize
            | Mnemonic::Setssbsy
            | Mnemonic::Skinit
            | Mnemonic::Stac
            | Mnemonic::Stgi
            | Mnemonic::Stui
            | Mnemonic::Tdcall
            | Mnemonic::Testui
            | Mnemonic::Tlbsync
            | Mnemonic::Tpause
            | Mnemonic::Uiret
            | Mnemonic::Umonitor
            | Mnemonic::Umwait
            | Mnemonic::Undoc
            | Mnemonic::Vmcall
            | Mnemonic::Vmclear
            | Mnemonic::Vmfunc
            | Mnemonic::Vmgexit
            | Mnemonic::Vmlaunch
            | Mnemonic::Vmload
            | Mnemonic::Vmmcall
            | Mnemonic::Vmptrld
            | Mnemonic::Vmptrst
            | Mnemonic::Vmread
            | Mnemonic::Vmresume
            | Mnemonic::Vmrun
            | Mnemonic::Vmsave
            | Mnemonic::Vmwrite
            | Mnemonic::Vmxoff
            | Mnemonic::Vmxon
            | Mnemonic::Wbnoinvd
            | Mnemonic::Wrmsrlist
            | Mnemonic::Wrmsrns
            | Mnemonic::Wrpkru
            | Mnemonic::Wrssd
            | Mnemonic::Wrssq
            | Mnemonic::Wrussd
            | Mnemonic::Wrussq
            | Mnemonic::Xcryptcbc
            | Mnemonic::Xcryptcfb
            | Mnemonic::Xcryptctr
            | Mnemonic::Xcryptecb
            | Mnemonic::Xcryptofb
            | Mnemonic::Xresldtrk
            | Mnemonic::Xsha1
            | Mnemonic::Xsha256
            | Mnemonic::Xsha512
            | Mnemonic::Xsha512_alt
            | Mnemonic::Xstore
            | Mnemonic::Xstore_alt
            | Mnemonic::Xsusldtrk
    )
}
