//! The Firefox Profiler's processed profile format, version 57
//! (`docs-developer/CHANGELOG-formats.md` of firefox-devtools/profiler), which
//! profiler.firefox.com opens and brings to its newest version itself.
//!
//! Each sample type is a thread of that name. Weights are bytes, milliseconds
//! (`tracing-ms`) or plain numbers (`samples`).

use std::borrow::Cow;

use hashbrown::HashMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::exchange::call_tree::CallTree;
use crate::exchange::rows::{ReadFrame, Rows};
use crate::exchange::{broken, bytes, from_json, nanoseconds, rounded, to_json};
use crate::handle::LocationId;
use crate::limits::Limits;
use crate::profile::Profile;

const FORM: &str = "Firefox profile";
/// The version written.
const VERSION: u32 = 57;
/// How files of ours are known: their threads are sample types.
const IMPORTED_FROM: &str = "fathom";
const NANOS_OF_MILLISECOND: f64 = 1e6;

/// Writes a profile for the Firefox Profiler; `product` is the name that it shows.
///
/// Samples that are 0 in a column are left out of that column's thread. Values may be
/// below 0, as in a comparison.
///
/// # Errors
///
/// [`Error::Unsuitable`] when JSON cannot be made of it, which does not happen.
pub fn write(profile: &Profile, product: &str) -> Result<String, Error> {
    let tree = CallTree::new(profile);
    let mut strings = Strings::default();
    let tables = tables(&tree, &mut strings);
    let threads: Vec<Value> = (0..profile.sample_types().len())
        .map(|column| thread(profile, column, &tree, &tables))
        .collect();
    let start = profile.time_nanos() as f64 / NANOS_OF_MILLISECOND;
    let file = json!({
        "meta": {
            "interval": 1,
            "startTime": start,
            "processType": 0,
            "product": product,
            "importedFrom": IMPORTED_FROM,
            "stackwalk": 0,
            "debug": false,
            "version": 31,
            "preprocessedProfileVersion": VERSION,
            "symbolicated": true,
            "symbolicationNotSupported": true,
            "sourceCodeIsNotOnSearchfox": true,
            "usesOnlyOneStackType": true,
            "sampleUnits": {"time": "ms", "eventDelay": "ms", "threadCPUDelta": "ns"},
            "categories": [
                {"name": "Other", "color": "grey", "subcategories": ["Other"]},
            ],
            "extensions": {"length": 0, "baseURL": [], "id": [], "name": []},
            "markerSchema": [],
            "initialVisibleThreads": (0..threads.len()).collect::<Vec<_>>(),
            "initialSelectedThreads": [profile.default_column()],
        },
        "libs": [],
        "pages": [],
        "profilerOverhead": [],
        "counters": [],
        "shared": {"stringArray": strings.texts},
        "threads": threads,
    });
    to_json(&file)
}

/// The strings that all threads share.
#[derive(Default)]
struct Strings<'p> {
    texts: Vec<&'p str>,
    indices: HashMap<&'p str, usize>,
}

impl<'p> Strings<'p> {
    fn index(&mut self, text: &'p str) -> usize {
        *self.indices.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len() - 1
        })
    }
}

/// The tables of stacks, frames and functions, which each thread has.
struct Tables {
    stack: Value,
    frame: Value,
    function: Value,
}

fn tables<'t>(tree: &'t CallTree<'_>, strings: &mut Strings<'t>) -> Tables {
    let mut functions: HashMap<(&str, &str), usize> = HashMap::new();
    let mut names = Vec::new();
    let mut files = Vec::new();
    let mut function_of = Vec::with_capacity(tree.frames.len());
    for frame in &tree.frames {
        let name = &*frame.name;
        let function = *functions.entry((name, frame.file)).or_insert_with(|| {
            names.push(strings.index(name));
            files.push((!frame.file.is_empty()).then(|| strings.index(frame.file)));
            names.len() - 1
        });
        function_of.push(function);
    }
    let given = |number: i64| (number > 0).then_some(number);
    let lines: Vec<_> = tree.frames.iter().map(|frame| given(frame.line)).collect();
    let columns: Vec<_> = tree
        .frames
        .iter()
        .map(|frame| given(frame.column))
        .collect();
    let nodes = &tree.nodes;
    let (count, frames) = (names.len(), function_of.len());
    let none = vec![Value::Null; frames.max(count)];
    Tables {
        stack: json!({
            "length": nodes.len(),
            "frame": nodes.iter().map(|node| node.frame).collect::<Vec<_>>(),
            "prefix": nodes.iter().map(|node| node.parent).collect::<Vec<_>>(),
        }),
        frame: json!({
            "length": frames,
            "address": vec![-1; frames],
            "inlineDepth": vec![0; frames],
            "category": vec![0; frames],
            "subcategory": vec![0; frames],
            "func": function_of,
            "nativeSymbol": &none[..frames],
            "innerWindowID": vec![0; frames],
            "line": lines,
            "column": columns,
        }),
        function: json!({
            "length": count,
            "name": names,
            "isJS": vec![false; count],
            "relevantForJS": vec![false; count],
            "resource": vec![-1; count],
            "fileName": files,
            "lineNumber": &none[..count],
            "columnNumber": &none[..count],
        }),
    }
}

fn thread(profile: &Profile, column: usize, tree: &CallTree<'_>, tables: &Tables) -> Value {
    let (kind, unit) = profile.sample_type(column);
    let scale = if let Some(factor) = nanoseconds(unit) {
        Some(("tracing-ms", factor / NANOS_OF_MILLISECOND))
    } else {
        bytes(unit).map(|factor| ("bytes", factor))
    };
    let (weight_type, factor) = scale.unwrap_or(("samples", 1.0));
    let mut stacks = Vec::new();
    let mut weights = Vec::new();
    for (&value, &leaf) in profile.values(column).iter().zip(&tree.leaves) {
        if value == 0 {
            continue;
        }
        stacks.push(leaf);
        weights.push(if (factor - 1.0).abs() < f64::EPSILON {
            json!(value)
        } else {
            json!(value as f64 * factor)
        });
    }
    let count = stacks.len();
    json!({
        "name": kind,
        "processType": "default",
        "processName": kind,
        "isMainThread": true,
        "processStartupTime": 0,
        "processShutdownTime": null,
        "registerTime": 0,
        "unregisterTime": null,
        "pausedRanges": [],
        "pid": column.to_string(),
        "tid": column,
        "samples": {
            "length": count,
            "stack": stacks,
            "time": (0..count).collect::<Vec<_>>(),
            "weight": weights,
            "weightType": weight_type,
        },
        "markers": {
            "length": 0, "data": [], "name": [], "startTime": [], "endTime": [],
            "phase": [], "category": [],
        },
        "stackTable": tables.stack,
        "frameTable": tables.frame,
        "funcTable": tables.function,
        "resourceTable": {"length": 0, "lib": [], "name": [], "host": [], "type": []},
        "nativeSymbols": {
            "length": 0, "libIndex": [], "address": [], "name": [], "functionSize": [],
        },
    })
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    meta: Meta<'a>,
    #[serde(borrow, default)]
    shared: Option<Shared<'a>>,
    #[serde(borrow)]
    threads: Vec<Thread<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    #[serde(default)]
    preprocessed_profile_version: Option<f64>,
    #[serde(borrow, default)]
    imported_from: Option<Cow<'a, str>>,
}

/// What newer versions share between threads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shared<'a> {
    #[serde(borrow, default)]
    string_array: Option<Vec<Cow<'a, str>>>,
    #[serde(default)]
    sources: Option<Sources>,
    #[serde(default)]
    stack_table: Option<StackTable>,
    #[serde(default)]
    frame_table: Option<FrameTable>,
    #[serde(default)]
    func_table: Option<FuncTable>,
}

#[derive(Deserialize)]
struct Sources {
    filename: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thread<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    samples: Samples<'a>,
    #[serde(borrow, default)]
    string_array: Option<Vec<Cow<'a, str>>>,
    #[serde(default)]
    stack_table: Option<StackTable>,
    #[serde(default)]
    frame_table: Option<FrameTable>,
    #[serde(default)]
    func_table: Option<FuncTable>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Samples<'a> {
    stack: Vec<Option<usize>>,
    #[serde(default)]
    weight: Option<Vec<f64>>,
    #[serde(borrow, default)]
    weight_type: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct StackTable {
    frame: Vec<usize>,
    prefix: Vec<Option<usize>>,
}

#[derive(Deserialize)]
struct FrameTable {
    func: Vec<usize>,
    #[serde(default)]
    line: Vec<Option<i64>>,
    #[serde(default)]
    column: Vec<Option<i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FuncTable {
    name: Vec<usize>,
    #[serde(default)]
    file_name: Vec<Option<usize>>,
    #[serde(default)]
    source: Vec<Option<usize>>,
}

/// The tables of a thread, its own or shared ones.
struct View<'f, 'a> {
    strings: &'f [Cow<'a, str>],
    sources: &'f [usize],
    stacks: &'f StackTable,
    frames: &'f FrameTable,
    functions: &'f FuncTable,
}

impl<'f, 'a> View<'f, 'a> {
    fn new(file: &'f File<'a>, thread: &'f Thread<'a>) -> Result<Self, Error> {
        let shared = file.shared.as_ref();
        let missing = |table: &str| broken(FORM, format!("a thread has no {table}"));
        Ok(Self {
            strings: thread
                .string_array
                .as_ref()
                .or_else(|| shared?.string_array.as_ref())
                .ok_or_else(|| missing("stringArray"))?,
            sources: shared
                .and_then(|shared| shared.sources.as_ref())
                .map_or(&[], |sources| &sources.filename),
            stacks: thread
                .stack_table
                .as_ref()
                .or_else(|| shared?.stack_table.as_ref())
                .ok_or_else(|| missing("stackTable"))?,
            frames: thread
                .frame_table
                .as_ref()
                .or_else(|| shared?.frame_table.as_ref())
                .ok_or_else(|| missing("frameTable"))?,
            functions: thread
                .func_table
                .as_ref()
                .or_else(|| shared?.func_table.as_ref())
                .ok_or_else(|| missing("funcTable"))?,
        })
    }

    fn frame(&self, index: usize) -> Result<ReadFrame<'f>, Error> {
        let missing = |what: &str, at: usize| broken(FORM, format!("there is no {what} {at}"));
        let function = *self
            .frames
            .func
            .get(index)
            .ok_or_else(|| missing("frame", index))?;
        let string = |at: usize| {
            let text = self.strings.get(at).map(|text| &**text);
            text.ok_or_else(|| missing("string", at))
        };
        let name = *self
            .functions
            .name
            .get(function)
            .ok_or_else(|| missing("function", function))?;
        let optional = |column: &[Option<usize>]| column.get(function).copied().flatten();
        let file = match optional(&self.functions.source) {
            Some(source) => Some(
                *self
                    .sources
                    .get(source)
                    .ok_or_else(|| missing("source", source))?,
            ),
            None => optional(&self.functions.file_name),
        };
        let number = |column: &[Option<i64>]| column.get(index).copied().flatten().unwrap_or(0);
        Ok(ReadFrame {
            name: string(name)?,
            file: file.map_or(Ok(""), string)?,
            line: number(&self.frames.line),
            column: number(&self.frames.column),
        })
    }
}

/// Kind, unit and factor of a weight type.
fn column_of(weight_type: &str) -> (&'static str, &'static str, f64) {
    match weight_type {
        "bytes" => ("space", "bytes", 1.0),
        "tracing-ms" => ("time", "nanoseconds", NANOS_OF_MILLISECOND),
        _ => ("samples", "count", 1.0),
    }
}

/// Reads a processed profile of version 41 or later.
///
/// In a file of ours each thread is a sample type. In others each weight type becomes a
/// sample type, and the name of the thread the label `thread` when there are several.
///
/// # Errors
///
/// [`Error::Text`] for what breaks the format, [`Error::Unsuitable`] for a profile that
/// was not processed, [`Error::Limit`] when a limit is passed.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let file: File<'_> = from_json(bytes, FORM)?;
    if file.meta.preprocessed_profile_version.is_none() {
        return Err(Error::Unsuitable {
            reason: "it is a Gecko profile; save it from profiler.firefox.com first".to_owned(),
        });
    }
    let is_ours = file.meta.imported_from.as_deref() == Some(IMPORTED_FROM);
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    let mut columns = Vec::new();
    for thread in &file.threads {
        let weight_type = thread.samples.weight_type.as_deref().unwrap_or("samples");
        let (kind, unit, factor) = column_of(weight_type);
        let kind = if is_ours { &*thread.name } else { kind };
        let known = kinds.iter().position(|known| *known == (kind, unit));
        columns.push((known.unwrap_or(kinds.len()), factor));
        if known.is_none() {
            kinds.push((kind, unit));
        }
    }
    let mut rows = Rows::new(limits, &kinds)?;
    let has_labels = !is_ours && file.threads.len() > 1;
    for (thread, (column, factor)) in file.threads.iter().zip(columns) {
        let label = if has_labels {
            Some(rows.builder.text_label("thread", &thread.name)?)
        } else {
            None
        };
        let view = View::new(&file, thread)?;
        let mut locations: Vec<Option<LocationId>> = vec![None; view.frames.func.len()];
        let mut stack = Vec::new();
        for (index, &leaf) in thread.samples.stack.iter().enumerate() {
            stack.clear();
            let mut next = leaf;
            while let Some(at) = next {
                let missing = || broken(FORM, format!("there is no stack {at}"));
                let (Some(&frame), Some(&prefix)) =
                    (view.stacks.frame.get(at), view.stacks.prefix.get(at))
                else {
                    return Err(missing());
                };
                if prefix.is_some_and(|prefix| prefix >= at) {
                    let reason = format!("stack {at} comes before its caller");
                    return Err(broken(FORM, reason));
                }
                let read = view.frame(frame)?;
                let known = locations.get_mut(frame).ok_or_else(missing)?;
                let location = match *known {
                    Some(location) => location,
                    None => rows.location(read)?,
                };
                *known = Some(location);
                stack.push(location);
                next = prefix;
            }
            let weights = thread.samples.weight.as_ref();
            let weight = weights.map_or(Some(&1.0), |weights| weights.get(index));
            let weight = weight.ok_or_else(|| broken(FORM, "a sample has no weight"))?;
            rows.add(&stack, label, column, rounded(weight * factor))?;
        }
    }
    Ok(rows.finish())
}
