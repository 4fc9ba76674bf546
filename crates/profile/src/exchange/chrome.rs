//! Chrome's CPU profile (`.cpuprofile`), as V8's inspector and Node write it and
//! `DevTools`, Visual Studio Code and speedscope open it: the type `Profiler.Profile` of
//! the `DevTools` protocol.
//!
//! It is a tree of calls, and the node that ran at each of many instants; times are
//! microseconds. So it holds one sample type of time, and to the microsecond.

use std::borrow::Cow;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::error::{Error, LimitKind, Position};
use crate::exchange::call_tree::CallTree;
use crate::exchange::rows::{ReadFrame, Rows};
use crate::exchange::{broken, check_positive, from_json, nanoseconds, rounded, to_json};
use crate::handle::LocationId;
use crate::limits::Limits;
use crate::profile::Profile;

const FORM: &str = "Chrome CPU profile";
const ROOT: &str = "(root)";
const NANOS: f64 = 1000.0;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    nodes: Vec<WrittenNode<'a>>,
    start_time: i64,
    end_time: i64,
    samples: Vec<u32>,
    time_deltas: Vec<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenNode<'a> {
    id: u32,
    call_frame: WrittenFrame<'a>,
    hit_count: u32,
    children: Vec<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenFrame<'a> {
    function_name: &'a str,
    script_id: &'static str,
    url: &'a str,
    /// Lines and columns are counted from 0; -1 is unknown.
    line_number: i64,
    column_number: i64,
}

/// Writes a column of time as a Chrome CPU profile. The samples follow each other in the
/// order of the profile, each as long as its value.
///
/// # Errors
///
/// [`Error::Unsuitable`] when the column is no time or has values below 0.
pub fn write(profile: &Profile, column: usize) -> Result<String, Error> {
    let (kind, unit) = profile.sample_type(column);
    let Some(factor) = nanoseconds(unit) else {
        return Err(Error::Unsuitable {
            reason: format!("a Chrome CPU profile holds times, and {kind} is in {unit}"),
        });
    };
    check_positive(profile, column, FORM)?;
    let tree = CallTree::new(profile);
    let root = WrittenFrame {
        function_name: ROOT,
        script_id: "0",
        url: "",
        line_number: -1,
        column_number: -1,
    };
    let mut nodes = vec![WrittenNode {
        id: 1,
        call_frame: root,
        hit_count: 0,
        children: Vec::new(),
    }];
    // The root has id 1, node n id n + 2.
    for (node, id) in tree.nodes.iter().zip(2_u32..) {
        let Some(frame) = tree.frames.get(node.frame as usize) else {
            continue;
        };
        nodes.push(WrittenNode {
            id,
            call_frame: WrittenFrame {
                function_name: &frame.name,
                script_id: "0",
                url: frame.file,
                line_number: frame.line.saturating_sub(1).max(-1),
                column_number: frame.column.saturating_sub(1).max(-1),
            },
            hit_count: 0,
            children: Vec::new(),
        });
        let parent = node.parent.map_or(0, |parent| parent as usize + 1);
        if let Some(parent) = nodes.get_mut(parent) {
            parent.children.push(id);
        }
    }
    let start_time = profile.time_nanos() / 1000;
    let mut samples = Vec::new();
    let mut time_deltas = vec![0];
    let (mut exact, mut now) = (0.0, 0_i64);
    for (&value, leaf) in profile.values(column).iter().zip(&tree.leaves) {
        if value == 0 {
            continue;
        }
        let id = leaf.map_or(1, |leaf| leaf + 2);
        samples.push(id);
        if let Some(node) = nodes.get_mut(id as usize - 1) {
            node.hit_count += 1;
        }
        // Rounding the ends keeps the sum right.
        exact += value as f64 * factor / NANOS;
        let end = rounded(exact);
        time_deltas.push(end.saturating_sub(now));
        now = end;
    }
    // A sample lasts until the next one; the last one needs it too.
    if let Some(&last) = samples.last() {
        samples.push(last);
    } else {
        time_deltas.clear();
    }
    to_json(&Written {
        nodes,
        start_time,
        end_time: start_time.saturating_add(now),
        samples,
        time_deltas,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow)]
    nodes: Vec<Node<'a>>,
    #[serde(default)]
    start_time: f64,
    #[serde(default)]
    end_time: f64,
    #[serde(default)]
    samples: Vec<i64>,
    #[serde(default)]
    time_deltas: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    id: i64,
    #[serde(borrow)]
    call_frame: CallFrame<'a>,
    #[serde(default)]
    hit_count: f64,
    #[serde(default)]
    children: Vec<i64>,
    #[serde(default)]
    parent: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallFrame<'a> {
    #[serde(borrow)]
    function_name: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
    #[serde(default)]
    line_number: Option<i64>,
    #[serde(default)]
    column_number: Option<i64>,
}

/// The nodes of a file with what leads to each.
struct Tree<'f, 'a> {
    nodes: &'f [Node<'a>],
    parents: Vec<Option<usize>>,
    locations: Vec<Option<LocationId>>,
    indices: HashMap<i64, usize>,
}

impl<'f, 'a> Tree<'f, 'a> {
    fn new(nodes: &'f [Node<'a>]) -> Result<Self, Error> {
        let mut indices = HashMap::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            if indices.insert(node.id, index).is_some() {
                return Err(broken(FORM, format!("node {} comes twice", node.id)));
            }
        }
        let index_of = |id: i64| {
            let missing = || broken(FORM, format!("there is no node {id}"));
            indices.get(&id).copied().ok_or_else(missing)
        };
        let mut parents = vec![None; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                parents[index] = Some(index_of(parent)?);
            }
            for &child in &node.children {
                parents[index_of(child)?] = Some(index);
            }
        }
        Ok(Self {
            nodes,
            parents,
            locations: vec![None; nodes.len()],
            indices,
        })
    }

    /// Fills `stack` with the locations of a node, leaf first.
    fn stack(
        &mut self,
        id: i64,
        limits: &Limits,
        rows: &mut Rows,
        stack: &mut Vec<LocationId>,
    ) -> Result<(), Error> {
        stack.clear();
        let mut next = self.indices.get(&id).copied();
        if next.is_none() {
            return Err(broken(FORM, format!("there is no node {id}")));
        }
        while let Some(index) = next {
            next = self.parents[index];
            let frame = &self.nodes[index].call_frame;
            if frame.function_name == ROOT && next.is_none() {
                break;
            }
            // A circle has no end.
            if stack.len() as u64 >= limits.depth {
                return Err(Error::Limit {
                    limit: LimitKind::Depth,
                    maximum: limits.depth,
                    position: Position::Whole,
                });
            }
            let from_one = |number: Option<i64>| number.unwrap_or(-1).max(-1).saturating_add(1);
            let location = match self.locations[index] {
                Some(location) => location,
                None => rows.location(ReadFrame {
                    name: match &*frame.function_name {
                        "" => "(anonymous)",
                        name => name,
                    },
                    file: &frame.url,
                    line: from_one(frame.line_number),
                    column: from_one(frame.column_number),
                })?,
            };
            self.locations[index] = Some(location);
            stack.push(location);
        }
        Ok(())
    }
}

/// Reads a Chrome CPU profile: samples, and the time from each to the next.
///
/// Without a list of samples, each node's hits count, and there are no times.
///
/// # Errors
///
/// [`Error::Text`] for what breaks the format, [`Error::Limit`] when a limit is passed.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let file: File<'_> = from_json(bytes, FORM)?;
    let mut tree = Tree::new(&file.nodes)?;
    let mut stack = Vec::new();
    if file.samples.is_empty() {
        let mut rows = Rows::new(limits, &[("samples", "count")])?;
        for node in file.nodes.iter().filter(|node| node.hit_count > 0.0) {
            tree.stack(node.id, limits, &mut rows, &mut stack)?;
            rows.add(&stack, None, 0, rounded(node.hit_count))?;
        }
        return Ok(rows.finish());
    }
    if file.samples.len() != file.time_deltas.len() {
        let (samples, deltas) = (file.samples.len(), file.time_deltas.len());
        let reason = format!("{samples} samples have {deltas} time deltas");
        return Err(broken(FORM, reason));
    }
    let mut rows = Rows::new(limits, &[("samples", "count"), ("cpu", "nanoseconds")])?;
    let micros = |micros: f64| rounded(micros * NANOS);
    let elapsed: f64 = file.time_deltas.iter().sum();
    let rest = file.end_time - file.start_time - elapsed;
    // Each lasts until the next; the last one until the end.
    let deltas = file.time_deltas.iter().skip(1).copied();
    let durations = deltas.chain(std::iter::once(rest.max(0.0)));
    let last = file.samples.len() - 1;
    for (index, (&id, duration)) in file.samples.iter().zip(durations).enumerate() {
        let duration = micros(duration);
        // The end of the one before, not a sample of its own.
        let is_end = index == last && index > 0 && duration == 0 && file.samples[index - 1] == id;
        if is_end {
            break;
        }
        tree.stack(id, limits, &mut rows, &mut stack)?;
        rows.add(&stack, None, 0, 1)?;
        rows.add(&stack, None, 1, duration)?;
    }
    rows.builder.set_time(
        micros(file.start_time),
        micros(file.end_time - file.start_time),
    );
    Ok(rows.finish())
}
