//! Function tables made by hand: the forms of Go versions that no toolchain is at hand for, in
//! both byte orders and pointer sizes.

use fathom_symbols::Limits;
use fathom_symbols::pclntab::{Frame, Pclntab, TableVersion};

/// A form of table.
#[derive(Clone, Copy, Debug)]
struct Form {
    version: TableVersion,
    big_endian: bool,
    pointer_size: usize,
}

const ADDRESS: u64 = 0x50_0000;
const TEXT: u64 = 0x40_1000;

/// Builds tables.
struct Writer {
    form: Form,
    bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, value: u64, size: usize) {
        let bytes = value.to_be_bytes();
        let part = &bytes[8 - size..];
        if self.form.big_endian {
            self.bytes.extend(part);
        } else {
            self.bytes.extend(part.iter().rev());
        }
    }

    fn word(&mut self, value: u64) {
        self.number(value, 4);
    }

    fn pointer(&mut self, value: u64) {
        self.number(value, self.form.pointer_size);
    }

    fn align(&mut self) {
        let length = self.bytes.len().next_multiple_of(8);
        self.bytes.resize(length, 0);
    }
}

/// Where the parts of a table begin.
#[derive(Clone, Copy, Default)]
struct Places {
    names: usize,
    units: usize,
    files: usize,
    values: usize,
    records: usize,
    tree: usize,
    record_1: usize,
    record_2: usize,
}

const NAMES: &[u8] = b"pkg.outer\0pkg.inner\0pkg.last\0";
const INNER: u64 = 10;
const LAST: u64 = 20;
const FILES: &[u8] = b"a.go\0b.go\0";

/// Tables of values, of which the first has offset 1: that of a file number 0 over 32 bytes; line
/// 10 over 8, 55 over 8, 11 over 16; the call 0 over the second 8 bytes and file 1 there.
const VALUES: &[u8] = &[
    0, // offset 0 means no table
    2, 8, 2, 8, 1, 16, 0, // 1: files 0, 1, 0
    22, 8, 90, 8, 87, 16, 0, // 8: lines 10, 55, 11
    0, 8, 2, 8, 1, 16, 0, // 15: calls -1, 0, -1
];

fn write(form: Form, places: Places) -> (Vec<u8>, Places) {
    let mut out = Writer {
        form,
        bytes: Vec::new(),
    };
    let mut found = places;
    let old = form.version == TableVersion::Go116;
    out.word(match form.version {
        TableVersion::Go116 => 0xffff_fffa,
        TableVersion::Go118 => 0xffff_fff0,
        _ => 0xffff_fff1,
    });
    out.bytes
        .extend([0, 0, 1, u8::try_from(form.pointer_size).expect("small")]);
    out.pointer(2);
    out.pointer(2);
    if !old {
        out.pointer(0);
    }
    for part in [
        places.names,
        places.units,
        places.files,
        places.values,
        places.records,
    ] {
        out.pointer(part as u64);
    }
    found.names = out.bytes.len();
    out.bytes.extend(NAMES);
    out.align();
    found.units = out.bytes.len();
    out.word(0);
    out.word(5);
    found.files = out.bytes.len();
    out.bytes.extend(FILES);
    found.values = out.bytes.len();
    out.bytes.extend(VALUES);
    out.align();
    found.records = out.bytes.len();
    let record = |out: &mut Writer, place: usize, entry: u64| {
        let offset = place.saturating_sub(places.records) as u64;
        if old {
            out.pointer(TEXT + entry);
            out.pointer(offset);
        } else {
            out.word(entry);
            out.word(offset);
        }
    };
    record(&mut out, places.record_1, 0);
    record(&mut out, places.record_2, 32);
    if old {
        out.pointer(TEXT + 48);
    } else {
        out.word(48);
    }
    out.align();
    found.record_1 = out.bytes.len();
    function(&mut out, 0, 0, 3, places.tree);
    out.align();
    found.record_2 = out.bytes.len();
    function(&mut out, 32, LAST, 0, 0);
    out.align();
    found.tree = out.bytes.len();
    if form.version == TableVersion::Go120 {
        out.bytes.extend([0; 4]);
        out.word(INNER);
        out.word(4);
        out.word(50);
    } else {
        out.number(0xffff, 2);
        out.bytes.extend([0; 2]);
        out.word(0);
        out.word(10);
        out.word(INNER);
        out.word(4);
    }
    (out.bytes, found)
}

/// Writes the record of a function with `tables` tables behind the three that all have.
fn function(out: &mut Writer, entry: u64, name: u64, tables: u64, tree: usize) {
    let old = out.form.version == TableVersion::Go116;
    if old {
        out.pointer(TEXT + entry);
    } else {
        out.word(entry);
    }
    // name, arguments, deferreturn, stack, files, lines
    for value in [name, 0, 0, 0, 1, 8] {
        out.word(value);
    }
    out.word(tables);
    out.word(0);
    if out.form.version == TableVersion::Go120 {
        out.word(9);
    }
    let data = if tables > 0 { 4 } else { 0 };
    out.bytes.extend([0, 0, 0, data]);
    for table in 0..tables {
        out.word(if table == 2 { 15 } else { 0 });
    }
    if data == 0 {
        return;
    }
    if old {
        let size = out.form.pointer_size;
        let length = out.bytes.len().next_multiple_of(size);
        out.bytes.resize(length, 0);
        for _ in 0..3 {
            out.pointer(0);
        }
        out.pointer(ADDRESS + tree as u64);
    } else {
        for _ in 0..3 {
            out.word(u64::from(u32::MAX));
        }
        out.word(tree as u64);
    }
}

/// All forms, each with its bytes.
fn tables() -> impl Iterator<Item = (Form, Vec<u8>)> {
    let versions = [
        TableVersion::Go116,
        TableVersion::Go118,
        TableVersion::Go120,
    ];
    versions.into_iter().flat_map(|version| {
        [(false, 8), (true, 8), (false, 4), (true, 4)].map(|(big_endian, pointer_size)| {
            let form = Form {
                version,
                big_endian,
                pointer_size,
            };
            let (_, places) = write(form, Places::default());
            let (bytes, same) = write(form, places);
            assert_eq!(same.tree, places.tree);
            (form, bytes)
        })
    })
}

fn shown(frames: &[Frame<'_>]) -> Vec<String> {
    frames
        .iter()
        .map(|frame| {
            format!(
                "{} {}:{} from {}{}",
                frame.function,
                frame.file,
                frame.line,
                frame.start_line,
                if frame.inlined { ", inlined" } else { "" }
            )
        })
        .collect()
}

#[test]
fn every_form_tells_the_same() {
    for (form, bytes) in tables() {
        let table = Pclntab::parse(bytes, ADDRESS, TEXT, Some(ADDRESS), &Limits::default())
            .expect("a good table");
        assert_eq!(table.version(), form.version);
        assert_eq!(table.text_start(), TEXT);
        let [outer, inner] = match form.version {
            TableVersion::Go120 => [9, 50],
            _ => [0, 0],
        };
        let at = |offset: u64| shown(&table.frames(TEXT + offset));
        assert_eq!(
            at(0),
            [format!("pkg.outer a.go:10 from {outer}")],
            "{form:?}"
        );
        assert_eq!(
            at(9),
            [
                format!("pkg.inner b.go:55 from {inner}, inlined"),
                format!("pkg.outer a.go:10 from {outer}"),
            ],
            "{form:?}"
        );
        assert_eq!(
            at(31),
            [format!("pkg.outer a.go:11 from {outer}")],
            "{form:?}"
        );
        assert_eq!(
            at(32),
            [format!("pkg.last a.go:10 from {outer}")],
            "{form:?}"
        );
        assert!(table.frames(TEXT + 48).is_empty());
        assert!(table.frames(TEXT - 1).is_empty());
        let ranges: Vec<(u64, u64)> = table
            .functions()
            .map(|function| (function.entry(), function.end()))
            .collect();
        assert_eq!(ranges, [(TEXT, TEXT + 32), (TEXT + 32, TEXT + 48)]);
    }
}

#[test]
fn the_seeds_of_the_fuzz_target_are_these_tables() {
    let directory =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/pclntab");
    for (form, bytes) in tables() {
        let order = if form.big_endian { "big" } else { "little" };
        let name = format!("{:?}_{order}_{}", form.version, form.pointer_size);
        let seed = std::fs::read(directory.join(&name)).expect("a seed");
        assert_eq!(seed, bytes, "{name}");
    }
}
