//! C++: a heap profile as gperftools writes it, through every place where debug information
//! may lie.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use fathom_symbols::image::SymbolKind;
use fathom_symbols::{Image, Limits};
use tempfile::TempDir;

use super::{ours, run, text};
use crate::pprof::theirs;

/// Where the program is made to run, if it may run anywhere.
const SOMEWHERE: u64 = 0x5555_5555_4000;

struct Shop {
    directory: TempDir,
    program: PathBuf,
}

impl Shop {
    fn build(flags: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../symbols/tests/it/shop/shop.cc");
        fs::copy(source, directory.path().join("shop.cc")).unwrap();
        let compile = ["-O1", "-Wl,--build-id", "-c", "shop.cc"];
        run("c++", &[&compile[..], flags].concat(), directory.path());
        let link = ["-Wl,--build-id", "shop.o", "-o", "shop"];
        run("c++", &[&link[..], flags].concat(), directory.path());
        let program = directory.path().join("shop");
        Self { directory, program }
    }

    fn image(&self) -> Image {
        Image::parse(fs::read(&self.program).unwrap(), &Limits::default()).unwrap()
    }

    /// Writes a heap profile with a stack of one return address for every third byte of the
    /// shop's own functions.
    fn heap_profile(&self, name: &str) -> PathBuf {
        let is_own = |name: &str| name == "main" || name == "open_shop" || name.contains("shop");
        self.heap_profile_of(name, is_own)
    }

    /// The same of the functions of these names.
    fn heap_profile_of(&self, name: &str, is_own: impl Fn(&str) -> bool) -> PathBuf {
        let image = self.image();
        let base = match image.segments().first() {
            Some(first) if first.address > 0 => 0,
            _ => SOMEWHERE,
        };
        let mut records = String::new();
        let mut count = 0;
        for symbol in image.symbols() {
            if symbol.kind != SymbolKind::Code || !is_own(&symbol.name()) {
                continue;
            }
            for address in (symbol.address + 1..symbol.end).step_by(3) {
                count += 1;
                let address = base + address;
                writeln!(records, "1: 8 [1: 8] @ {address:#x}").unwrap();
            }
        }
        assert!(count > 15, "{count}");
        let segments = image.segments().iter();
        let code = segments.clone().find(|segment| segment.executable).unwrap();
        let page = !0xfff;
        let (start, end) = (
            code.address & page,
            (code.address + code.size + 0xfff) & page,
        );
        let profile = format!(
            "heap profile: {count}: {0} [{count}: {0}] @ heap/1\n{records}\n\
             MAPPED_LIBRARIES:\n{1:x}-{2:x} r-xp {3:08x} 08:01 42 {4}\n",
            count * 8,
            base + start,
            base + end,
            code.file_offset & page,
            text(&self.program),
        );
        let path = self.directory.path().join(name);
        fs::write(&path, profile).unwrap();
        path
    }

    fn move_debug_information(&self, arguments: &[&str]) {
        run(
            "objcopy",
            &["--only-keep-debug", "shop", "kept"],
            self.directory.path(),
        );
        let strip = [&["--strip-all"][..], arguments, &["shop"]].concat();
        run("objcopy", &strip, self.directory.path());
    }
}

/// Counts the stacks with all of these frames, in this order, the innermost first.
fn stacks_with(traces: &str, frames: &[&str]) -> usize {
    let stacks = traces.split("-----------+");
    stacks
        .filter(|stack| {
            let mut names = stack
                .lines()
                .map(|line| line.trim().trim_end_matches(" (inline)"));
            frames.iter().all(|frame| {
                names.any(|name| name == *frame || name.ends_with(&format!(" {frame}")))
            })
        })
        .count()
}

fn assert_named(traces: &str, label: &str) {
    for frames in [
        // Debug information has no more of the names of inlined static functions.
        &["twice", "with_tax", "shop::Till::add"][..],
        &["with_tax", "open_shop"],
        &["shop::close"],
        &["main"],
    ] {
        let count = stacks_with(traces, frames);
        assert!(count > 0, "{label}: {frames:?}\n{traces}");
    }
}

fn traces(profile: &Path, variables: &[(&str, &str)], more: &[&str]) -> String {
    let arguments = [&["-traces"][..], more, &[text(profile)]].concat();
    let done = ours(&arguments, variables);
    assert_eq!(done.stderr, "", "{arguments:?}");
    done.fine()
}

#[test]
fn heap_profiles_of_cpp_are_named_with_their_inlined_calls() {
    for flags in [
        &["-gdwarf-5"][..],
        &["-gdwarf-4", "-gz=zlib"],
        &["-gdwarf-5", "-no-pie", "-fno-pie"],
    ] {
        let shop = Shop::build(flags);
        let profile = shop.heap_profile("heap");
        let named = traces(&profile, &[], &[]);
        assert_named(&named, &format!("{flags:?}"));
        // With the addresses of the file itself, from the command line.
        fs::rename(&shop.program, shop.directory.path().join("moved")).unwrap();
        let moved = shop.directory.path().join("moved");
        let done = ours(&["-traces", text(&moved), text(&profile)], &[]);
        assert_eq!(
            stacks_with(&done.fine(), &["main"]),
            stacks_with(&named, &["main"])
        );
    }
}

#[test]
fn names_are_written_as_they_are_wanted() {
    let shop = Shop::build(&["-gdwarf-5"]);
    let profile = shop.heap_profile("heap");
    for (mode, name) in [
        ("local", "shop::Till::add"),
        ("demangle=default", "shop::Till::add"),
        ("local:demangle=templates", "shop::Till<int>::add"),
        ("demangle=full", "shop::Till<int>::add(int)"),
        ("demangle=none", "_ZN4shop4TillIiE3addEi"),
    ] {
        let mode = format!("-symbolize={mode}");
        let named = traces(&profile, &[], &[&mode]);
        assert!(stacks_with(&named, &[name]) > 3, "{mode} {named}");
    }
    let fast = traces(&profile, &[], &["-symbolize=fastlocal"]);
    assert!(stacks_with(&fast, &["shop::Till::add"]) > 3, "{fast}");
    assert_eq!(stacks_with(&fast, &["twice"]), 0, "{fast}");
}

#[test]
fn debug_information_is_found_where_it_lies() {
    // Beside the binary, by its link.
    let shop = Shop::build(&["-gdwarf-5"]);
    let profile = shop.heap_profile("heap");
    shop.move_debug_information(&["--add-gnu-debuglink=kept"]);
    assert_named(&traces(&profile, &[], &[]), "beside");
    // What does not belong to it is not taken.
    let kept = shop.directory.path().join("kept");
    let mut damaged = fs::read(&kept).unwrap();
    damaged.push(0);
    fs::write(&kept, damaged).unwrap();
    let done = ours(&["-traces", text(&profile)], &[]);
    assert!(done.stderr.contains("No names for shop"), "{}", done.stderr);

    // Below a directory, by its build id.
    let shop = Shop::build(&["-gdwarf-5"]);
    let profile = shop.heap_profile("heap");
    let build_id = shop.image().build_id().unwrap().to_owned();
    shop.move_debug_information(&[]);
    let done = ours(&["-traces", text(&profile)], &[]);
    let hint = format!("its debug information has the build ID {build_id}");
    assert!(done.stderr.contains(&hint), "{}", done.stderr);
    let (first, rest) = build_id.split_at(2);
    let library = shop.directory.path().join("library");
    let below = library.join(".build-id").join(first);
    fs::create_dir_all(&below).unwrap();
    let kept = shop.directory.path().join("kept");
    fs::rename(&kept, below.join(format!("{rest}.debug"))).unwrap();
    let search = [("PPROF_BINARY_PATH", text(&library))];
    assert_named(&traces(&profile, &search, &[]), "by build id");
}

#[test]
fn split_units_are_found_one_by_one_and_packed() {
    for flags in [
        &["-gdwarf-5", "-gsplit-dwarf"][..],
        &["-gdwarf-4", "-gsplit-dwarf"],
    ] {
        let shop = Shop::build(flags);
        let profile = shop.heap_profile("heap");
        assert_named(&traces(&profile, &[], &[]), &format!("{flags:?}"));
        let directory = shop.directory.path();
        let units: Vec<PathBuf> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|it| it == "dwo"))
            .collect();
        assert_eq!(units.len(), 1);
        // The dwp of binutils 2.40 loses the units of version 5.
        if flags.contains(&"-gdwarf-4") {
            let packed = ["-o", "shop.dwp", text(&units[0])];
            run("dwp", &packed, directory);
            fs::remove_file(&units[0]).unwrap();
            assert_named(&traces(&profile, &[], &[]), "packed");
        }
    }
}

/// Answers one path with a file and everything else with 404.
fn debuginfod(path: String, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            let rest: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            assert!(!rest.join("\n").contains("secret"), "{rest:?}");
            let found = request.split(' ').nth(1) == Some(&path);
            let (status, body) = if found {
                ("200 OK", &body[..])
            } else {
                ("404 Not Found", &b"no\n"[..])
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body));
        }
    });
    format!("http://{address}")
}

#[test]
fn servers_are_asked_for_debug_information_only_when_told_to() {
    let shop = Shop::build(&["-gdwarf-5"]);
    let profile = shop.heap_profile("heap");
    let build_id = shop.image().build_id().unwrap().to_owned();
    shop.move_debug_information(&[]);
    let kept = fs::read(shop.directory.path().join("kept")).unwrap();
    let url = debuginfod(format!("/buildid/{build_id}/debuginfo"), kept);
    let servers = [("DEBUGINFOD_URLS", &*format!("http://127.0.0.1:1 {url}/"))];
    let done = ours(&["-traces", text(&profile)], &servers);
    assert!(done.stderr.contains("No names for shop"), "{}", done.stderr);
    let asked = ["-traces", "-debuginfod", "-bearer=secret", text(&profile)];
    let done = ours(&asked, &servers);
    assert!(
        done.stderr
            .contains(&format!("Fetching {url}/buildid/{build_id}/debuginfo")),
        "{}",
        done.stderr
    );
    assert_named(&done.fine(), "debuginfod");
    let done = ours(&asked, &[]);
    assert!(
        done.stderr.contains("DEBUGINFOD_URLS names no server"),
        "{}",
        done.stderr
    );
}

#[test]
fn compatible_names_of_c_are_those_of_the_real_tool() {
    let directory = TempDir::new().unwrap();
    let source = "static volatile int kept;\n\
                  __attribute__((noinline)) static int keep(int n) {\n  kept += n;\n  return kept;\n}\n\
                  __attribute__((noinline)) int fill(int n) {\n  int sum = 0;\n\
                  \x20 for (int i = 0; i < n; i++) sum += keep(i) + 1;\n  return sum;\n}\n\
                  int main(int argc, char **argv) { return fill(argc); }\n";
    fs::write(directory.path().join("shop.c"), source).unwrap();
    for flags in [&["-gdwarf-4"][..], &["-gdwarf-5", "-no-pie"]] {
        let arguments = [
            &["-O1", "-Wl,--build-id", "shop.c", "-o", "shop"][..],
            flags,
        ]
        .concat();
        run("cc", &arguments, directory.path());
        let shop = Shop {
            program: directory.path().join("shop"),
            directory: TempDir::new().unwrap(),
        };
        let profile = shop.heap_profile_of("heap", |name| matches!(name, "main" | "fill" | "keep"));
        for report in ["-top", "-raw", "-traces"] {
            let asked = ["-compat", "-symbolize=local", report, text(&profile)];
            let (ours, theirs) = (ours(&asked, &[]), theirs(&asked[1..], b""));
            assert_eq!(ours.stdout, theirs.stdout, "{flags:?} {asked:?}");
            assert_eq!(ours.stderr, theirs.stderr, "{flags:?} {asked:?}");
            // The tool is lost where the profile's rules move the start of the program.
            let is_lost = flags.contains(&"-no-pie");
            assert_eq!(ours.stdout.contains("fill"), !is_lost, "{}", ours.stdout);
        }
        let named = traces(&profile, &[], &[]);
        assert!(stacks_with(&named, &["keep"]) > 1, "{flags:?} {named}");
        assert!(stacks_with(&named, &["fill"]) > 3, "{flags:?} {named}");
    }
}
