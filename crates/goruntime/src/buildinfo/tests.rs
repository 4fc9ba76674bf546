use super::*;
use crate::Error;

const MODULES: &str = "path\texample.com/app/cmd\nmod\texample.com/app\tv1.2.3\th1:abc=\ndep\tgolang.org/x/net\tv0.1.0\th1:x=\n=>\t../net\t(devel)\t\ndep\tb\tv2\nbuild\t-buildmode=exe\nbuild\t-ldflags=\"-s -w -X main.token=\\\"t\\\"\"\nbuild\tCGO_ENABLED=0\n";

fn expected() -> BuildInfo {
    BuildInfo {
        go_version: "go1.27.3".to_owned(),
        path: Some("example.com/app/cmd".to_owned()),
        main_module: Some(Module {
            path: "example.com/app".to_owned(),
            version: "v1.2.3".to_owned(),
        }),
        deps: 2,
        settings: [
            ("-buildmode", "exe"),
            ("-ldflags", "-s -w -X main.token=\"t\""),
            ("CGO_ENABLED", "0"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec(),
    }
}

fn modules() -> Vec<u8> {
    [&[0x77; 16], MODULES.as_bytes(), &[0x88; 16]].concat()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// Writes words of a given width and order.
struct Writer {
    out: Vec<u8>,
    big: bool,
    word: usize,
}

impl Writer {
    fn sized(&mut self, value: u64, size: usize) {
        let bytes = value.to_be_bytes();
        let bytes = &bytes[8 - size..];
        if self.big {
            self.out.extend(bytes);
        } else {
            self.out.extend(bytes.iter().rev());
        }
    }

    fn word(&mut self, value: u64) {
        self.sized(value, self.word);
    }

    fn pad(&mut self, to: usize) {
        assert!(self.out.len() <= to, "{} {to}", self.out.len());
        self.out.resize(to, 0);
    }
}

const DATA_AT: u64 = 0x200;
const ADDRESS: u64 = 0x40_0000;

/// The record as Go 1.18 and later write it, or as earlier ones did.
fn record(inline: bool, big: bool, word: usize) -> Vec<u8> {
    let mut writer = Writer {
        out: vec![0; 16],
        big,
        word,
    };
    writer.out.extend(MARK);
    writer.out.push(u8::try_from(word).unwrap());
    writer.out.push(u8::from(big) | if inline { 2 } else { 0 });
    let modules = modules();
    if inline {
        writer.pad(16 + 32);
        writer.out.extend(varint(8));
        writer.out.extend(b"go1.27.3");
        writer.out.extend(varint(modules.len()));
        writer.out.extend(modules);
    } else {
        let headers = ADDRESS + DATA_AT + 64;
        writer.word(headers);
        writer.word(headers + 2 * word as u64);
        writer.pad(64);
        let strings = headers + 4 * word as u64;
        writer.word(strings);
        writer.word(8);
        writer.word(strings + 8);
        writer.word(modules.len() as u64);
        writer.out.extend(b"go1.27.3");
        writer.out.extend(modules);
    }
    writer.out
}

/// An ELF file with one writable segment over all of it, and the section if
/// wanted.
fn elf(inline: bool, big: bool, word: usize, with_section: bool) -> Vec<u8> {
    let record = record(inline, big, word);
    let wide = word == 8;
    let names_at = DATA_AT + record.len() as u64;
    let names = b"\0.go.buildinfo\0";
    let sections_at = names_at + names.len() as u64;
    let mut w = Writer {
        out: b"\x7fELF".to_vec(),
        big,
        word,
    };
    w.out
        .extend([if wide { 2 } else { 1 }, if big { 2 } else { 1 }, 1]);
    w.pad(16);
    w.sized(2, 2);
    w.sized(62, 2);
    w.sized(1, 4);
    w.word(ADDRESS);
    w.word(0x80);
    w.word(if with_section { sections_at } else { 0 });
    w.sized(0, 4);
    w.sized(if wide { 64 } else { 52 }, 2);
    w.sized(if wide { 56 } else { 32 }, 2);
    w.sized(1, 2);
    w.sized(if wide { 64 } else { 40 }, 2);
    w.sized(if with_section { 2 } else { 0 }, 2);
    w.sized(u64::from(with_section), 2);
    w.pad(0x80);
    w.sized(1, 4);
    if wide {
        w.sized(6, 4);
    }
    for value in [0, ADDRESS, ADDRESS, names_at, names_at] {
        w.word(value);
    }
    if !wide {
        w.sized(6, 4);
    }
    w.pad(usize::try_from(DATA_AT).unwrap());
    w.out.extend(&record);
    w.out.extend(names);
    if with_section {
        for (name, offset, size) in [
            (1, DATA_AT, record.len() as u64),
            (0, names_at, names.len() as u64),
        ] {
            w.sized(name, 4);
            w.sized(1, 4);
            w.word(3);
            w.word(ADDRESS + offset);
            w.word(offset);
            w.word(size);
            w.sized(0, 4);
            w.sized(0, 4);
            w.word(16);
            w.word(0);
        }
    }
    w.out
}

#[test]
fn elf_of_both_classes_orders_and_forms() {
    for inline in [true, false] {
        for big in [true, false] {
            for word in [4, 8] {
                for with_section in [true, false] {
                    let file = elf(inline, big, word, with_section);
                    let info = BuildInfo::from_binary(file.as_slice()).unwrap().unwrap();
                    assert_eq!(info, expected(), "{inline} {big} {word} {with_section}");
                }
            }
        }
    }
}

#[test]
fn mach_o_by_its_section() {
    let record = record(true, false, 8);
    let mut w = Writer {
        out: b"\xcf\xfa\xed\xfe".to_vec(),
        big: false,
        word: 8,
    };
    w.pad(16);
    w.sized(1, 4);
    w.sized(72 + 80, 4);
    w.pad(32);
    w.sized(0x19, 4);
    w.sized(72 + 80, 4);
    w.out.extend(b"__DATA\0\0\0\0\0\0\0\0\0\0");
    for value in [ADDRESS, 0x1000, 0, 0x1000] {
        w.word(value);
    }
    for value in [3, 3, 1, 0] {
        w.sized(value, 4);
    }
    w.out
        .extend(b"__go_buildinfo\0\0__DATA\0\0\0\0\0\0\0\0\0\0");
    w.word(ADDRESS + DATA_AT);
    w.word(record.len() as u64);
    w.sized(DATA_AT, 4);
    w.pad(usize::try_from(DATA_AT).unwrap());
    w.out.extend(record);
    assert_eq!(
        BuildInfo::from_binary(w.out.as_slice()).unwrap(),
        Some(expected())
    );
}

#[test]
fn pe_by_its_data() {
    for inline in [true, false] {
        let record = record(inline, false, 8);
        let mut w = Writer {
            out: b"MZ".to_vec(),
            big: false,
            word: 8,
        };
        w.pad(60);
        w.sized(0x80, 4);
        w.pad(0x80);
        w.out.extend(b"PE\0\0");
        w.sized(0x8664, 2);
        w.sized(1, 2);
        w.pad(0x80 + 20);
        w.sized(112, 2);
        w.sized(0, 2);
        w.sized(0x20b, 2);
        w.pad(0x80 + 24 + 24);
        w.word(ADDRESS);
        w.pad(0x80 + 24 + 112);
        w.out.extend(b".data\0\0\0");
        w.sized(record.len() as u64, 4);
        w.sized(DATA_AT, 4);
        w.sized(record.len() as u64, 4);
        w.sized(DATA_AT, 4);
        w.pad(0x80 + 24 + 112 + 36);
        w.sized(0xC000_0040, 4);
        w.pad(usize::try_from(DATA_AT).unwrap());
        w.out.extend(&record);
        assert_eq!(
            BuildInfo::from_binary(w.out.as_slice()).unwrap(),
            Some(expected()),
            "{inline}"
        );
    }
}

#[test]
fn reading_by_ranges_touches_little() {
    let mut file = elf(true, false, 8, true);
    let whole = file.clone();
    file.resize(64 << 20, 0);
    let read = std::cell::Cell::new(0);
    let reader = |offset: u64, buffer: &mut [u8]| {
        read.set(read.get() + buffer.len());
        whole.as_slice().read_at(offset, buffer)
    };
    assert_eq!(BuildInfo::from_binary(&reader).unwrap(), Some(expected()));
    assert!(read.get() < 4096, "{}", read.get());
    let broken = |_: u64, _: &mut [u8]| Err(std::io::Error::other("gone"));
    assert!(matches!(
        BuildInfo::from_binary(&broken),
        Err(Error::Read { .. })
    ));
}

#[test]
fn damage_is_an_error_or_nothing_and_never_a_panic() {
    for file in [elf(true, false, 8, true), elf(false, true, 4, false)] {
        for end in 0..file.len() {
            let _ = BuildInfo::from_binary(&file[..end]);
        }
        for at in 0..file.len() {
            for value in [0, 0x7f, 0xff] {
                let mut file = file.clone();
                file[at] = value;
                let _ = BuildInfo::from_binary(file.as_slice());
            }
        }
        let unmarked: Vec<u8> = file
            .iter()
            .map(|byte| if *byte == 0xff { 0 } else { *byte })
            .collect();
        assert_eq!(BuildInfo::from_binary(unmarked.as_slice()).unwrap(), None);
    }
    let error = BuildInfo::from_binary(&b"#!/bin/sh\n"[..]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "build info: offset 0x0: neither ELF, Mach-O nor PE"
    );
}

#[test]
fn texts_of_all_kinds_are_read() {
    let tabbed = format!("\t{}\n", MODULES.trim_end().replace('\n', "\n\t"));
    let go_version_m =
        format!("/usr/bin/app: go1.27.3\n{tabbed}/usr/bin/other: go1.22.1\n\tpath\tother\n");
    let of_debug = format!("go\tgo1.27.3\n{MODULES}");
    for text in [go_version_m, of_debug, expected().to_string()] {
        assert_eq!(
            BuildInfo::parse_text(text.as_bytes()).unwrap(),
            expected(),
            "{text}"
        );
    }
    assert_eq!(
        BuildInfo::parse_text(b"go1.22rc1\n").unwrap().go_version,
        "go1.22rc1"
    );
    assert!(matches!(
        BuildInfo::parse_text(b"app: not a Go executable\n"),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn flags_are_removed_on_request() {
    let info = expected().without_flags();
    assert_eq!(info.setting("-ldflags"), Some("(not kept)"));
    assert_eq!(
        (info.setting("-buildmode"), info.cgo()),
        (Some("exe"), Some(false))
    );
}
