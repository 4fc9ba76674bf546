//! Costs and calls in the format of callgrind, which `KCachegrind` reads: `callgrind`.
//!
//! Written as google/pprof `internal/report/report.go` (`printCallgrind`) does: names are
//! numbered when they first appear, addresses are relative where that is shorter.

use std::fmt::Write as _;

use fathom_profile::measurement;
use hashbrown::HashMap;

use crate::Failure;
use crate::command::Format;
use crate::graph::Graph;
use crate::memo::Subject;
use crate::node::NodeInfo;
use crate::options::Options;
use crate::scope::Scope;

/// Writes a profile in the format of callgrind; returns it with what to tell the user.
///
/// # Errors
///
/// When an option does not fit.
pub fn callgrind<'p>(
    profile: impl Into<Subject<'p>>,
    options: &Options,
) -> Result<(String, Vec<String>), Failure> {
    let scope = Scope::new(profile, "callgrind", Format::Callgrind, options)?;
    let graph = Graph::new(&scope);
    let text = Writer::new(&scope, &graph).write();
    Ok((text, scope.notes.clone()))
}

struct Writer<'a, 'p> {
    scope: &'a Scope<'p>,
    graph: &'a Graph<'a>,
    unit: String,
    out: String,
    objects: Names,
    files: Names,
    functions: Names,
}

impl<'a, 'p> Writer<'a, 'p> {
    fn new(scope: &'a Scope<'p>, graph: &'a Graph<'a>) -> Self {
        Self {
            scope,
            graph,
            unit: scope.choose_unit(graph.values()),
            out: String::new(),
            objects: Names::default(),
            files: Names::default(),
            functions: Names::default(),
        }
    }

    fn write(mut self) -> String {
        let names = disambiguated(self.graph);
        let heading = &self.scope.heading;
        let _ = write!(
            self.out,
            "positions: instr line\nevents: {}({})\n",
            heading.sample_type, self.unit
        );
        let mut previous: Option<&NodeInfo<'_>> = None;
        let graph = self.graph;
        for &node in &graph.shown {
            let Some(info) = graph.info(node) else {
                continue;
            };
            let is_same_function = previous.is_some_and(|previous| {
                (previous.object, &previous.file, previous.name)
                    == (info.object, &info.file, info.name)
            });
            if !is_same_function {
                let object = self.objects.shorten(info.object);
                let file = self.files.shorten(&info.file);
                let function = self.functions.shorten(info.name);
                let _ = write!(self.out, "\nob={object}\nfl={file}\nfn={function}\n");
            }
            let address = position(previous, info.address);
            let cost = self.cost(graph.tally(node).flat.mean());
            let _ = writeln!(self.out, "{address} {} {cost}", info.line);
            for edge in graph.callees(node) {
                let Some(callee) = graph.info(edge.to) else {
                    continue;
                };
                let file = self.files.shorten(&callee.file);
                // pprof has no name for a callee whose value cancels out.
                let hidden = if self.scope.options.compat {
                    ""
                } else {
                    callee.name
                };
                let name = names.get(&edge.to).map_or(hidden, String::as_str);
                let function = self.functions.shorten(name);
                let address = position(previous, callee.address);
                let cost = self.cost(edge.weight_of(self.scope));
                let _ = write!(
                    self.out,
                    "cfl={file}\ncfn={function}\ncalls=0 {address} {}\n* * {cost}\n",
                    callee.line
                );
            }
            previous = Some(info);
        }
        self.out
    }

    /// A value in the unit of the file, cut to a whole number.
    #[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
    fn cost(&self, value: i64) -> i64 {
        let unit = &self.scope.heading.sample_unit;
        measurement::scale(value, unit, &self.unit).0 as i64
    }
}

/// Names that are written out once and numbered from then on.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, usize>,
}

impl Names {
    fn shorten(&mut self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        if let Some(number) = self.numbers.get(name) {
            return format!("({number})");
        }
        let number = self.numbers.len() + 1;
        self.numbers.insert(name.to_owned(), number);
        format!("({number}) {name}")
    }
}

/// An address, relative to the one before where that is shorter.
fn position(previous: Option<&NodeInfo<'_>>, address: u64) -> String {
    let absolute = go_hex(address);
    let Some(previous) = previous else {
        return absolute;
    };
    if previous.address == address {
        return "*".to_owned();
    }
    let difference = address.wrapping_sub(previous.address).cast_signed();
    let relative = format!("{difference:+}");
    if relative.len() < absolute.len() {
        relative
    } else {
        absolute
    }
}

/// Go's `%#x`.
fn go_hex(value: u64) -> String {
    format!("{value:#x}")
}

/// Names for callees whose function shares its name and file with others: in a tree, with
/// the same function called from elsewhere.
fn disambiguated(graph: &Graph<'_>) -> HashMap<u32, String> {
    // Functions of one name and file, in the order in which they appear.
    type Function<'a> = (Option<u32>, &'a str, i64);
    let mut functions: HashMap<(&str, &str), Vec<Function<'_>>> = HashMap::new();
    let mut numbers = Vec::new();
    for &node in &graph.shown {
        let Some(info) = graph.info(node) else {
            continue;
        };
        let list = functions.entry((&info.file, info.name)).or_default();
        let function = (graph.parent(node), info.object, info.start_line);
        let number = list.iter().position(|other| *other == function);
        let number = number.unwrap_or_else(|| {
            list.push(function);
            list.len() - 1
        });
        numbers.push((node, info, number));
    }
    let name = |(node, info, number): (u32, &NodeInfo<'_>, usize)| {
        let list = functions.get(&(&*info.file, info.name));
        let name = match list.map_or(1, Vec::len) {
            1 => info.name.to_owned(),
            count => format!("{} [{}/{count}]", info.name, number + 1),
        };
        (node, name)
    };
    numbers.into_iter().map(name).collect()
}
