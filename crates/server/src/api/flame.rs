//! A part of a flame graph in columns.
//!
//! The body is the length of a JSON head as a little-endian u32, the head, blanks up to a
//! multiple of 8, and the columns that the head lists with their offsets from there.

use std::sync::Arc;

use axum::body::Bytes;
use fathom_report::flame::{Flame, Gone, LeftOut, Walk, Window};
use fathom_report::{Granularity, Heading, Memoized};
use serde::Serialize;

use super::about::SampleType;
use super::{Parameter, Work, parameter};
use crate::problem::Problem;
use crate::subject::Side;

/// What is narrower than this share of the view is less than half a pixel of any screen.
const SMALLEST_SHARE: f64 = 1.0 / 4096.0;

/// Digits of a hash in a path.
const HASH_DIGITS: usize = 8;

const WALK: Parameter = Parameter {
    choices: &["callees", "callers"],
    ..parameter("walk", "Which way stacks are followed [callees]")
};

const PIVOT: Parameter = parameter(
    "pivot",
    "Begin at the outermost call of the function of this name",
);

/// What a picture of all frames is told.
pub(super) const PICTURE_PARAMETERS: &[Parameter] = &[WALK, PIVOT];

pub(super) const PARAMETERS: &[Parameter] = &[
    WALK,
    PIVOT,
    parameter(
        "path",
        "The frame that fills the view: the hashes of the names on the way to it, 8 hexadecimal digits each",
    ),
];

/// The head of the answer.
#[derive(Debug, Serialize)]
struct Head<'a> {
    schema: &'static str,
    heading: &'a Heading,
    filters: &'a [String],
    granularity: Granularity,
    total: i64,
    base_total: Option<i64>,
    names: Vec<&'a str>,
    files: Vec<&'a str>,
    packages: Vec<&'a str>,
    sample_types: Vec<SampleType>,
    left_out: LeftOut,
    gone: &'a [Gone],
    notes: &'a [String],
    frames: usize,
    columns: Vec<Column>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    offset: usize,
    length: usize,
}

/// Columns one behind the other.
#[derive(Debug, Default)]
struct Slab {
    columns: Vec<Column>,
    bytes: Vec<u8>,
}

impl Slab {
    fn wide(&mut self, name: impl Into<String>, values: &[i64]) {
        self.begin(name.into(), "i64", values.len());
        for value in values {
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    fn narrow(&mut self, name: &str, values: &[u32]) {
        self.begin(name.to_owned(), "u32", values.len());
        for value in values {
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    fn begin(&mut self, name: String, kind: &'static str, length: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.columns.push(Column {
            name,
            kind,
            offset: self.bytes.len(),
            length,
        });
    }
}

pub(super) fn columns(work: &Work<'_>) -> Result<Bytes, Problem> {
    let (profile, flame) = asked(work, &window(work)?)?;
    let mut slab = Slab::default();
    let frames = &flame.frames;
    slab.narrow("parent", &frames.parent);
    slab.narrow("depth", &frames.depth);
    slab.narrow("function", &frames.function);
    slab.narrow(
        "inlined",
        &frames
            .inlined
            .iter()
            .map(|&it| u32::from(it))
            .collect::<Vec<_>>(),
    );
    slab.wide("value", &frames.value);
    slab.wide("own", &frames.own);
    slab.wide("start", &frames.start);
    if flame.is_difference() {
        slab.wide("base", &frames.base);
        slab.wide("base_own", &frames.base_own);
    }
    for (number, column) in flame.columns.iter().enumerate() {
        slab.wide(format!("values{number}"), column);
    }
    slab.narrow("hash", &flame.name_hashes());
    let functions = &flame.functions;
    let head = Head {
        schema: "fathom.flame-columns/1",
        heading: &flame.heading,
        filters: &flame.filters,
        granularity: flame.granularity,
        total: flame.total,
        base_total: flame.base_total,
        names: functions
            .iter()
            .map(|function| function.name.as_str())
            .collect(),
        files: functions
            .iter()
            .map(|function| function.file.as_str())
            .collect(),
        packages: functions
            .iter()
            .map(|function| function.package.as_str())
            .collect(),
        sample_types: SampleType::all(&profile),
        left_out: flame.left_out,
        gone: &flame.gone,
        notes: &flame.notes,
        frames: flame.len(),
        columns: slab.columns,
    };
    Ok(framed(&super::json(&head)?, &slab.bytes)?.into())
}

/// Puts columns behind their head.
pub(super) fn framed(head: &[u8], columns: &[u8]) -> Result<Vec<u8>, Problem> {
    let too_long = |_| Problem::bad_request("the names of the graph have more than 4 GB");
    let length = u32::try_from(head.len()).map_err(too_long)?;
    let mut body = Vec::with_capacity(head.len() + columns.len() + 16);
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(head);
    body.resize(body.len().next_multiple_of(8), b' ');
    body.extend_from_slice(columns);
    Ok(body)
}

/// The graph that is asked for: of a comparison, unless one side is wanted, the change.
pub(super) fn asked(work: &Work<'_>, window: &Window) -> Result<(Arc<Memoized>, Flame), Problem> {
    let named = work.named()?;
    let side = work.query.side(named.usual_side())?;
    if side == Side::Change {
        let (base, new) = (named.side(Side::Base)?, named.profile());
        let options = work.query.options_for(new)?;
        let flame = Flame::difference_within(&base, new, &options, window)?;
        return Ok((new.clone(), flame));
    }
    let profile = named.side(side)?;
    let options = work.query.options_for(&profile)?;
    let flame = Flame::within(&profile, &options, window)?;
    Ok((profile, flame))
}

/// All frames in the way that is asked for, for a picture that leaves out itself what is
/// too small for it.
pub(super) fn window_of_all(work: &Work<'_>) -> Result<Window, Problem> {
    Ok(Window {
        path: Vec::new(),
        smallest_share: 0.0,
        columns: false,
        ..window(work)?
    })
}

fn window(work: &Work<'_>) -> Result<Window, Problem> {
    let query = work.query;
    let walk = match query.own("walk") {
        None | Some("callees") => Walk::Callees,
        Some("callers") => Walk::Callers,
        Some(other) => {
            let detail = format!("walk: {other:?} is neither callees nor callers");
            return Err(Problem::bad_request(detail));
        }
    };
    Ok(Window {
        walk,
        pivot: query.own("pivot").map(str::to_owned),
        path: path(query.own("path").unwrap_or_default())?,
        smallest_share: SMALLEST_SHARE,
        columns: true,
    })
}

fn path(text: &str) -> Result<Vec<u32>, Problem> {
    let wrong = || {
        let detail = format!("path: not a row of hashes of {HASH_DIGITS} hexadecimal digits each");
        Problem::bad_request(detail)
    };
    if !text.len().is_multiple_of(HASH_DIGITS) || !text.is_ascii() {
        return Err(wrong());
    }
    let starts = (0..text.len()).step_by(HASH_DIGITS);
    let hashes = starts.map(|start| {
        let digits = text.get(start..start + HASH_DIGITS).unwrap_or_default();
        u32::from_str_radix(digits, 16).map_err(|_| wrong())
    });
    hashes.collect()
}
