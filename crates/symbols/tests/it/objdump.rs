//! The real `go tool objdump`, and what it prints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use fathom_symbols::disassembly::{Architecture, Symbol, Syntax, disassemble};
use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::{Cgo, Toolchain};
use object::{Object, ObjectSection, ObjectSymbol};

/// The tool, built once and kept between runs.
static OBJDUMP: LazyLock<PathBuf> = LazyLock::new(|| {
    let program = kept().join("go-objdump");
    let output = go_1_27()
        .command(Cgo::Off)
        .args(["build", "-o"])
        .arg(&program)
        .arg("cmd/objdump")
        .current_dir(kept())
        .output()
        .expect("the go command runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
});

/// The directory for what is worth keeping between runs.
pub(crate) fn kept() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

pub(crate) fn go_1_27() -> Toolchain {
    Toolchain::find(GoVersion::GO_1_27).expect("the toolchain of Go 1.27.3")
}

/// An instruction as the tool prints it.
struct Line<'a> {
    address: u64,
    text: &'a str,
}

/// A symbol of an executable, as the tool holds it.
struct FileSymbol {
    name: String,
    address: u64,
    size: u64,
}

/// How many instructions there are, and which differ.
#[derive(Default)]
pub(crate) struct Comparison {
    pub(crate) instructions: usize,
    /// Those that are the same but for which of several symbols at one address the tool found.
    /// It sorts them by address alone and not stably, so this depends on the other symbols.
    pub(crate) ambiguous: usize,
    pub(crate) different: usize,
    /// The classes of difference: the names of theirs and ours, how many, and one of them.
    classes: BTreeMap<(String, String), (usize, String)>,
}

impl Comparison {
    /// Says what differs, the most frequent first.
    pub(crate) fn describe(&self) -> String {
        let mut classes: Vec<_> = self.classes.iter().collect();
        classes.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let lines: Vec<String> = classes
            .iter()
            .take(40)
            .map(|((theirs, ours), (count, example))| {
                format!("{count} times {theirs} for {ours}: {example}")
            })
            .collect();
        format!(
            "{} of {} instructions differ, {} may\n{}",
            self.different,
            self.instructions,
            self.ambiguous,
            lines.join("\n")
        )
    }

    fn compare(
        &mut self,
        function: &str,
        theirs: &[Line<'_>],
        ours: &[(u64, String)],
        otherwise: &[(u64, String)],
    ) {
        let mut ours = ours.iter().zip(otherwise).peekable();
        for line in theirs {
            self.instructions += 1;
            while ours
                .next_if(|((address, _), _)| *address < line.address)
                .is_some()
            {}
            let (text, otherwise) = match ours.peek() {
                Some(((address, text), (_, otherwise))) if *address == line.address => {
                    (text.as_str(), otherwise.as_str())
                }
                _ => ("nothing", "nothing"),
            };
            if text != line.text && otherwise == line.text {
                self.ambiguous += 1;
            } else if text != line.text {
                self.different += 1;
                let first = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
                let class = self
                    .classes
                    .entry((first(line.text), first(text)))
                    .or_insert_with(|| {
                        let example = format!(
                            "{function} {:#x} theirs {:?} ours {text:?}",
                            line.address, line.text
                        );
                        (0, example)
                    });
                class.0 += 1;
            }
        }
    }
}

/// Compares every instruction of an executable with what the tool prints.
pub(crate) fn compare(executable: &Path, architecture: Architecture) -> Comparison {
    let output = Command::new(&*OBJDUMP)
        .arg(executable)
        .output()
        .expect("objdump runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).expect("objdump prints UTF-8");
    let bytes = std::fs::read(executable).expect("the executable");
    let file = object::File::parse(&*bytes).expect("an executable");
    let section = file.section_by_name(".text").expect("code");
    let text = section.data().expect("code");
    let text_start = section.address();
    let symbols = symbols(&file);
    let narrowest = |address| find(&symbols, address, Preferred::Narrowest);
    let widest = |address| find(&symbols, address, Preferred::Widest);

    let mut comparison = Comparison::default();
    for (name, lines) in functions(&printed) {
        let start = lines[0].address;
        let symbol = symbols
            .iter()
            .skip(symbols.partition_point(|symbol| symbol.address < start))
            .find(|symbol| symbol.name == name)
            .unwrap_or_else(|| panic!("no symbol {name} at {start:#x}"));
        assert_eq!(symbol.address, start, "{name}");
        let offset = usize::try_from(start - text_start).expect("an offset");
        let end = offset + usize::try_from(symbol.size).expect("a size");
        let code = &text[offset..end.min(text.len())];
        let written = |lookup| -> Vec<(u64, String)> {
            disassemble(code, start, architecture, Syntax::Go, lookup)
                .map(|instruction| (instruction.address, instruction.text))
                .collect()
        };
        let ours = written(&widest);
        let otherwise = written(&narrowest);
        comparison.compare(name, &lines, &ours, &otherwise);
    }
    comparison
}

/// Splits the output into functions that have instructions.
fn functions(printed: &str) -> Vec<(&str, Vec<Line<'_>>)> {
    let mut functions: Vec<(&str, Vec<Line<'_>>)> = Vec::new();
    for line in printed.lines() {
        if let Some(header) = line.strip_prefix("TEXT ") {
            let (name, _) = header.rsplit_once("(SB) ").expect("a function's name");
            functions.push((name, Vec::new()));
        } else if let Some((_, lines)) = functions.last_mut()
            && !line.is_empty()
        {
            let fields: Vec<&str> = line.split('\t').filter(|field| !field.is_empty()).collect();
            let [_, address, _, text] = fields[..] else {
                panic!("{line:?}");
            };
            let address = address.trim_start_matches("0x");
            lines.push(Line {
                address: u64::from_str_radix(address, 16).expect("an address"),
                text,
            });
        }
    }
    functions.retain(|(_, lines)| !lines.is_empty());
    functions
}

/// The symbols in the order in which the tool looks them up, without the names of sections.
fn symbols(file: &object::File<'_>) -> Vec<FileSymbol> {
    let sections = [
        "runtime.text",
        "text",
        "_text",
        "runtime.etext",
        "etext",
        "_etext",
    ];
    let mut symbols: Vec<FileSymbol> = file
        .symbols()
        .map(|symbol| FileSymbol {
            name: symbol.name().expect("a name").to_owned(),
            address: symbol.address(),
            size: symbol.size(),
        })
        .filter(|symbol| !sections.contains(&symbol.name.as_str()))
        .collect();
    symbols.sort_by_key(|symbol| symbol.address);
    symbols
}

/// Which of several symbols at one address.
#[derive(Clone, Copy)]
enum Preferred {
    Narrowest,
    Widest,
}

fn find(symbols: &[FileSymbol], address: u64, preferred: Preferred) -> Option<Symbol<'_>> {
    let index = symbols
        .partition_point(|symbol| symbol.address <= address)
        .checked_sub(1)?;
    let base = symbols[index].address;
    let same = symbols[..=index]
        .iter()
        .rev()
        .take_while(|symbol| symbol.address == base);
    let symbol = match preferred {
        Preferred::Narrowest => same.min_by_key(|symbol| symbol.size)?,
        Preferred::Widest => same.max_by_key(|symbol| symbol.size)?,
    };
    (base != 0 && address - base < symbol.size).then_some(Symbol {
        name: &symbol.name,
        base,
    })
}
