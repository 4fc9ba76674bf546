//! Profiles written for what recorded ones do not have: labels, recursion, inlining,
//! negative values, several mappings, names in other scripts, no symbols.

use std::path::{Path, PathBuf};

use fathom_profile::{
    Label, LabelValue, Line, LocationId, Mapping, MappingId, Profile, ProfileBuilder,
    Symbolization, encode,
};
use tempfile::TempDir;

use super::{Compared, compare};

/// Builds profiles in a few words.
struct Writer {
    builder: ProfileBuilder,
    next_address: u64,
}

impl Writer {
    fn new(types: &[(&str, &str)]) -> Self {
        let mut builder = ProfileBuilder::new(&fathom_profile::Limits::default());
        for (kind, unit) in types {
            builder.add_sample_type(kind, unit).expect("fits");
        }
        Self {
            builder,
            next_address: 0x1000,
        }
    }

    fn mapping(&mut self, start: u64, file: &str, build_id: &str) -> MappingId {
        let mapping = Mapping {
            start,
            limit: start + 0x10_0000,
            offset: 0,
            file: self.builder.string(file).expect("fits"),
            build_id: self.builder.string(build_id).expect("fits"),
            symbols: Symbolization {
                functions: true,
                filenames: true,
                line_numbers: true,
                inline_frames: true,
            },
        };
        self.builder.add_mapping(mapping).expect("fits")
    }

    /// A location of `name:line:column` texts, innermost first.
    fn location(
        &mut self,
        mapping: Option<MappingId>,
        lines: &[(&str, &str, i64, i64)],
    ) -> LocationId {
        let mut rows = Vec::new();
        for &(name, file, line, column) in lines {
            let function = self
                .builder
                .function(name, name, file, line.min(3))
                .expect("fits");
            rows.push(Line {
                function: Some(function),
                line,
                column,
            });
        }
        self.next_address += 0x10;
        self.builder
            .location(self.next_address, mapping, &rows, false)
            .expect("fits")
    }

    fn sample(&mut self, stack: &[LocationId], values: &[i64], labels: &[Written<'_>]) {
        let mut rows = Vec::new();
        for label in labels {
            let mut string = |text: &str| self.builder.string(text).expect("fits");
            let (key, value) = match *label {
                Written::Text(key, value) => (key, LabelValue::Text(string(value))),
                Written::Number(key, value, unit) => {
                    let unit = string(unit);
                    (key, LabelValue::Number { value, unit })
                }
            };
            let key = string(key);
            rows.push(Label { key, value });
        }
        self.builder.add_sample(stack, values, &rows).expect("fits");
    }

    fn save(self, directory: &Path, name: &str) -> PathBuf {
        save(&self.builder.finish(), directory, name)
    }
}

fn save(profile: &Profile, directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(format!("{name}.pb.gz"));
    std::fs::write(&path, encode::write_proto(profile)).expect("scratch is writable");
    path
}

/// A label in words.
#[derive(Clone, Copy)]
enum Written<'a> {
    Text(&'a str, &'a str),
    Number(&'a str, i64, &'a str),
}

const fn text<'a>(key: &'a str, value: &'a str) -> Written<'a> {
    Written::Text(key, value)
}

const fn number<'a>(key: &'a str, value: i64, unit: &'a str) -> Written<'a> {
    Written::Number(key, value, unit)
}

/// A heap profile with everything at once.
pub(super) fn rich(directory: &Path) -> PathBuf {
    rich_with(directory, "rich", 1)
}

/// The same program a while ago.
pub(super) fn rich_base(directory: &Path) -> PathBuf {
    rich_with(directory, "rich_base", 3)
}

fn rich_with(directory: &Path, name: &str, divisor: i64) -> PathBuf {
    let mut writer = Writer::new(&[("objects", "count"), ("space", "bytes")]);
    writer
        .builder
        .set_period("space", "bytes", 524_288)
        .expect("fits");
    writer.builder.set_time(1_700_000_000_000_000_000, 0);
    writer
        .builder
        .add_comment("a comment for readers")
        .expect("fits");
    writer.builder.add_comment("#hidden").expect("fits");
    let main = writer.mapping(0, "/usr/bin/service", "0123456789abcdef");
    let library = writer.mapping(0x20_0000, "/usr/lib/libwork.so.1", "");
    let root = writer.location(Some(main), &[("main.main", "/src/service/main.go", 12, 2)]);
    let serve = writer.location(
        Some(main),
        &[(
            "net/http.(*conn).serve",
            "/usr/lib/go/src/net/http/server.go",
            1995,
            13,
        )],
    );
    let inlined = writer.location(
        Some(main),
        &[
            ("main.decode[...]", "/src/service/decode.go", 44, 9),
            ("main.parse", "/src/service/parse.go", 31, 4),
            ("main.handle", "/src/service/handle.go", 20, 0),
        ],
    );
    let recursive = writer.location(Some(main), &[("main.walk", "/src/service/walk.go", 7, 1)]);
    let recursive_too = writer.location(Some(main), &[("main.walk", "/src/service/walk.go", 9, 1)]);
    let foreign = writer.location(
        Some(library),
        &[(
            "std::vector<int>::push_back(int const&)",
            "../lib/./vector.h",
            88,
            0,
        )],
    );
    let script = writer.location(
        Some(main),
        &[("main.größe世界", "/src/service/ünïcode.go", 5, 3)],
    );
    let java = writer.location(
        Some(library),
        &[("com.example.Worker.run(Task)", "Worker.java", 3, 0)],
    );
    let nameless = writer.location(Some(library), &[]);
    let homeless = writer.location(None, &[]);
    let quoted = writer.location(Some(main), &[("main.\"quoted\\name\"", "/src/q.go", 1, 0)]);

    let stacks: [(&[LocationId], i64, i64); 12] = [
        (&[inlined, serve, root], 40, 40 << 20),
        (
            &[recursive, recursive_too, recursive, serve, root],
            7,
            900_000,
        ),
        (&[recursive_too, recursive, root], 3, 1_234_567),
        (&[foreign, inlined, serve, root], 100, 3 << 20),
        (&[script, root], 1, 512),
        (&[java, foreign, root], 20, 77_777),
        (&[nameless, serve, root], 9, 250_000),
        (&[homeless], 2, 64_000),
        (&[quoted, root], 5, 5_000_000),
        (&[root], 1, 0),
        (&[serve, root], 0, 0),
        (&[inlined, inlined, recursive, root], 11, 6 << 20),
    ];
    for (place, (stack, objects, space)) in (0_i64..).zip(stacks) {
        let place_text = ["alpha", "beta", "gamma"][usize::try_from(place % 3).expect("fits")];
        let mut labels = Vec::new();
        if place % 4 != 3 {
            labels.push(text("tenant", place_text));
        }
        if place % 5 == 0 {
            labels.push(text("tenant", "second"));
            labels.push(text("path", "/a/b?c=\"d\""));
        }
        if place % 2 == 0 {
            labels.push(number("bytes", 16 << (place % 8), "bytes"));
        }
        if place % 3 == 1 {
            labels.push(number("request", 1000 + place, ""));
            labels.push(number("latency", 5 * place, "milliseconds"));
        }
        if place % 6 == 4 {
            labels.push(number("latency", 7, "seconds"));
        }
        writer.sample(stack, &[objects / divisor, space / divisor], &labels);
    }
    writer.save(directory, name)
}

/// A profile whose sources lie beside it: with every kind of line and of place.
pub(super) fn sourced(directory: &Path) -> PathBuf {
    let write = |name: &str, text: &[u8]| {
        let path = directory.join(name);
        let parent = path.parent().expect("a directory above");
        std::fs::create_dir_all(parent).expect("scratch is writable");
        std::fs::write(&path, text).expect("scratch is writable");
        path.to_string_lossy().into_owned()
    };
    let mut long = b"package main\n\n".to_vec();
    for line in 3..40 {
        long.extend(format!("\tline({line}) // \tünïcode\n").bytes());
    }
    let mut other = b"windows\r\nlines\r\n\r\r\nnot utf-8 \xff\xfe\n".to_vec();
    other.extend(std::iter::repeat_n(b'x', 65_535));
    other.extend(b"\nfits\n");
    other.extend(std::iter::repeat_n(b'y', 65_536));
    other.extend(b"\nafter\nthe end");
    let main = write("main.go", &long);
    let other = write("deep/other.go", &other);
    write("deep/er/relative.go", &long);
    let gone = format!("{}/gone.go", directory.display());
    let folder = format!("{}//deep/../main.go", directory.display());

    let mut writer = Writer::new(&[("samples", "count"), ("cpu", "nanoseconds")]);
    let binary = writer.mapping(0, "service", "");
    let places: [(&str, &str, i64); 14] = [
        ("main.main", &main, 12),
        ("main.main", &main, 30),
        ("main.work", &main, 2),
        ("main.work", &main, 38),
        ("main.work", &main, 300),
        ("main.nowhere", &main, 500),
        ("main.unknown", &main, 0),
        ("main.other", &other, 4),
        ("main.other", &other, 9),
        ("main.other", &main, 20),
        ("main.gone", &gone, 7),
        ("main.relative", "er/relative.go", 9),
        ("main.unclean", &folder, 9),
        ("main.bare", "", 3),
    ];
    let mut locations = Vec::new();
    for (name, file, line) in places {
        locations.push(writer.location(Some(binary), &[(name, file, line, line % 3)]));
    }
    locations.push(writer.location(
        Some(binary),
        &[
            ("main.inner", &main, 15, 4),
            ("main.middle", &main, 25, 1),
            ("main.work", &main, 3, 8),
        ],
    ));
    locations.push(writer.location(Some(binary), &[("main.work", &main, 3, 9)]));
    for (place, &location) in (1_i64..).zip(&locations) {
        let stack = [location, locations[2], locations[15], locations[1]];
        let value = place * 1_000_003;
        writer.sample(&stack, &[place, value], &[]);
        writer.sample(&[locations[14], location], &[1, value / 7], &[]);
    }
    writer.save(directory, "sourced")
}

/// A CPU profile with values of both signs, many labels and frames to drop.
pub(super) fn signed(directory: &Path) -> PathBuf {
    let mut writer = Writer::new(&[("samples", "count"), ("cpu", "nanoseconds")]);
    writer
        .builder
        .set_period("cpu", "nanoseconds", 10_000_000)
        .expect("fits");
    writer
        .builder
        .set_time(1_700_000_000_500_000_000, 10_250_000_000);
    writer
        .builder
        .set_default_sample_type("samples")
        .expect("fits");
    writer
        .builder
        .set_doc_url("https://example.com/profile")
        .expect("fits");
    writer
        .builder
        .set_drop_frames("runtime\\.mstart|drop_.*", "drop_not_.*")
        .expect("fits");
    let main = writer.mapping(0, "service", "");
    let names = [
        "runtime.mstart",
        "main.main",
        "main.work",
        "drop_me",
        "drop_not_me",
        "pkg.(*T).Method",
        "pkg.helper",
        "pkg.helper.func1",
        "crypto/sha256.block",
        "runtime.gcBgMarkWorker",
    ];
    let mut locations = Vec::new();
    for (place, name) in (1_i64..).zip(names) {
        let file = format!("/src/{}.go", place % 4);
        locations.push(writer.location(Some(main), &[(name, &file, place * 3, place)]));
    }
    for place in 0_i64..60 {
        let mut stack = Vec::new();
        let mut number_of = place;
        for _ in 0..=(place % 6) {
            stack.push(locations[usize::try_from(number_of % 10).expect("fits")]);
            number_of = number_of * 7 + 3;
        }
        stack.push(locations[1]);
        // Magnitudes differ, since the real tool leaves equal ones to chance.
        let count = (place * place * 37 + place * 1011) % 99_991 - 15_000;
        let labels = [
            number("bytes", 1 << (place % 11), ""),
            text("goroutine", if place % 2 == 0 { "even" } else { "odd" }),
        ];
        let kept = usize::try_from(place % 3).expect("fits");
        writer.sample(&stack, &[count, count * 10_000_000], &labels[..kept]);
    }
    writer.save(directory, "signed")
}

/// Addresses alone.
pub(super) fn unnamed(directory: &Path) -> PathBuf {
    let mut writer = Writer::new(&[("delay", "cycles")]);
    let bare = writer.mapping(0x40_0000, "", "");
    let named = writer.mapping(0x80_0000, "/opt/tool", "feed");
    let mut stack = Vec::new();
    for place in 0..20_u32 {
        let mapping = [Some(bare), Some(named), None][place as usize % 3];
        stack.insert(0, writer.location(mapping, &[]));
        let value = i64::from(place) * 1001;
        writer.sample(&stack, &[value], &[]);
    }
    writer.save(directory, "unnamed")
}

/// Nothing at all, and nothing but zeros.
pub(super) fn empty(directory: &Path) -> [PathBuf; 2] {
    let none = Writer::new(&[("alloc_space", "bytes")]).save(directory, "none");
    let mut writer = Writer::new(&[("alloc_space", "bytes"), ("inuse_space", "bytes")]);
    let root = writer.location(None, &[("main.main", "main.go", 1, 0)]);
    writer.sample(&[root], &[0, 0], &[]);
    writer.sample(&[root], &[5, 0], &[]);
    [none, writer.save(directory, "zeros")]
}

#[test]
fn commands_of_every_written_profile() {
    let scratch = TempDir::new().expect("a scratch directory");
    let at = scratch.path();
    let [none, zeros] = empty(at);
    for path in [rich(at), signed(at), unnamed(at), none, zeros] {
        for command in [
            "-top",
            "-text",
            "-tree",
            "-traces",
            "-tags",
            "-comments",
            "-raw",
            "-proto",
            "-topproto",
            "-callgrind",
            "-dot",
            "-peek=.",
            "-peek=walk",
            "-peek=nowhere",
        ] {
            compare(&[command], &path, Compared::Exactly);
            compare(&[command, "-mean"], &path, Compared::Exactly);
            compare(&[command, "-nodecount=4"], &path, Compared::Exactly);
            compare(
                &[command, "-cum", "-nodefraction=0.05"],
                &path,
                Compared::Exactly,
            );
        }
    }
}
