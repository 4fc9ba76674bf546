//! AT&T's and Intel's syntax as `objdump` of GNU Binutils 2.40 prints them.

use fathom_symbols::disassembly::{Architecture, Symbol, Syntax, disassemble};

/// Bytes at 0x401022, the text as AT&T writes it, and as Intel does.
const AMD64: &[(&[u8], &str, &str)] = &[
    (
        &[0xe8, 0x19, 0x1e, 0x05, 0x00],
        "call   452e40 <runtime.printlock>",
        "call   452e40 <runtime.printlock>",
    ),
    (
        &[0xeb, 0x0c],
        "jmp    401030 <main.work+0x30>",
        "jmp    401030 <main.work+0x30>",
    ),
    (&[0xe8, 0, 0, 0, 0x7f], "call   7f401027", "call   7f401027"),
    (
        &[0x48, 0x8d, 0x05, 0x18, 0x1e, 0x05, 0x00],
        "lea    0x51e18(%rip),%rax        # 452e41 <runtime.printlock+0x1>",
        "lea    rax,[rip+0x51e18]        # 452e41 <runtime.printlock+0x1>",
    ),
    (
        &[0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
        "nopw   0x0(%rax,%rax,1)",
        "nop    WORD PTR [rax+rax*1+0x0]",
    ),
    (
        &[0x48, 0xb8, 0x8f, 0xe3, 0x38, 0x8e, 0xe3, 0x38, 0x8e, 0xe3],
        "movabs $0xe38e38e38e38e38f,%rax",
        "movabs rax,0xe38e38e38e38e38f",
    ),
    (
        &[0xff, 0x24, 0xca],
        "jmp    *(%rdx,%rcx,8)",
        "jmp    QWORD PTR [rdx+rcx*8]",
    ),
    (&[0xff, 0x12], "call   *(%rdx)", "call   QWORD PTR [rdx]"),
    (&[0x48, 0xd1, 0xe8], "shr    %rax", "shr    rax,1"),
    (
        &[0x64, 0x4c, 0x8b, 0x34, 0x25, 0xf8, 0xff, 0xff, 0xff],
        "mov    %fs:0xfffffffffffffff8,%r14",
        "mov    r14,QWORD PTR fs:0xfffffffffffffff8",
    ),
    (
        &[0x0f, 0x38, 0xcb, 0xd1],
        "sha256rnds2 %xmm0,%xmm1,%xmm2",
        "sha256rnds2 xmm2,xmm1,xmm0",
    ),
    (
        &[0x4d, 0x69, 0xe2, 0x41, 0x34, 0x01, 0x00],
        "imul   $0x13441,%r10,%r12",
        "imul   r12,r10,0x13441",
    ),
    (
        &[0x62, 0xf2, 0x6d, 0xc9, 0x75, 0xeb],
        "vpermi2b %zmm3,%zmm2,%zmm5{%k1}{z}",
        "vpermi2b zmm5{k1}{z},zmm2,zmm3",
    ),
    (
        &[0xf0, 0x0f, 0xb1, 0x0a],
        "lock cmpxchg %ecx,(%rdx)",
        "lock cmpxchg DWORD PTR [rdx],ecx",
    ),
    (&[0x06], "(bad)", "(bad)"),
];

/// Words of arm64 at 0x401022 and their text.
const ARM64: &[(u32, &str)] = &[
    (0xf940_0b90, "ldr x16, [x28, #16]"),
    (0xf85f_83fd, "ldur x29, [sp, #-8]"),
    (0xf81e_0ffe, "str x30, [sp, #-32]!"),
    (0xd360_fc42, "lsr x2, x2, #32"),
    (0xd340_1ca5, "ubfx x5, x5, #0, #8"),
    (0x9400_0001, "bl 401026 <main.work+0x26>"),
    (0x5400_0063, "b.cc 40102e <main.work+0x2e>"),
    (0x3600_00a0, "tbz w0, #0, 401036 <main.work+0x36>"),
    (0x9a9f_3084, "csel x4, x4, xzr, cc"),
    (0xf000_1a1b, "adrp x27, 744000"),
    (0xb8e2_0001, "ldaddal w2, w1, [x0]"),
    (0xffff_ffff, ".inst  0xffffffff"),
];

fn named(address: u64) -> Option<Symbol<'static>> {
    match address {
        0x40_1000..=0x40_10ff => Some(Symbol {
            name: "main.work",
            base: 0x40_1000,
        }),
        0x45_2e40..=0x45_2eff => Some(Symbol {
            name: "runtime.printlock",
            base: 0x45_2e40,
        }),
        _ => None,
    }
}

fn text(code: &[u8], architecture: Architecture, syntax: Syntax) -> String {
    disassemble(code, 0x40_1022, architecture, syntax, &named)
        .next()
        .expect("an instruction")
        .text
}

#[test]
fn amd64_is_as_objdump_prints_it() {
    for (code, att, intel) in AMD64 {
        assert_eq!(text(code, Architecture::Amd64, Syntax::Gnu), *att);
        assert_eq!(text(code, Architecture::Amd64, Syntax::Intel), *intel);
    }
}

#[test]
fn arm64_is_nearly_as_objdump_prints_it() {
    for (word, expected) in ARM64 {
        let code = word.to_le_bytes();
        assert_eq!(text(&code, Architecture::Arm64, Syntax::Gnu), *expected);
        assert_eq!(text(&code, Architecture::Arm64, Syntax::Intel), *expected);
    }
    assert_eq!(
        text(&[1, 2], Architecture::Arm64, Syntax::Gnu),
        ".byte  0x01, 0x02"
    );
}
