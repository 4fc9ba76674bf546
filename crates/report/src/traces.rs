//! Every sample with its stack: `traces`.

use std::convert::Infallible;
use std::hash::Hash;
use std::io::Write as _;

use fathom_profile::{Label, LabelRefValue, LocationId, Profile, measurement};
use hashbrown::HashMap;
use jiff::tz::TimeZone;
use rayon::prelude::*;
use serde::Serialize;

use crate::Failure;
use crate::command::Format;
use crate::handle::Handle;
use crate::head::profile_lines;
use crate::node::{NodeInfo, NodeRules, NodeTable};
use crate::options::Options;
use crate::scope::Scope;

const SEPARATOR: &str = "-----------+-------------------------------------------------------\n";

/// The least width of a sample's value.
const VALUE_WIDTH: usize = 10;

/// How many samples are written at once by a thread: their text fits into its cache.
const SAMPLES_A_PIECE: usize = 64;

/// How many values and lists of labels a thread remembers the text of.
const REMEMBERED: usize = 1 << 12;

/// The stacks of a profile.
pub struct Traces<'p> {
    scope: Scope<'p>,
    /// Whether the text holds the functions' handles.
    handles: bool,
}

/// One sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// Its value, in the unit of the heading.
    pub value: i64,
    /// Its labels, as `key` and values.
    pub labels: Vec<(String, String)>,
    /// Its frames, leaf first.
    pub frames: Vec<TraceFrame>,
}

/// A frame of a stack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceFrame {
    /// What it is called.
    pub name: String,
    /// The handle of its function; nothing without one.
    pub handle: Option<Handle>,
    /// Whether its code lies inside its caller's.
    pub inline: bool,
}

impl<'p> Traces<'p> {
    /// Prepares the view.
    ///
    /// # Errors
    ///
    /// When an option does not fit.
    pub fn new(profile: &'p Profile, options: &Options) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "traces", Format::Traces, options)?;
        Ok(Self {
            scope,
            handles: false,
        })
    }

    /// Lets the text hold the handle of its function behind the name of each frame.
    #[must_use]
    pub fn with_handles(self) -> Self {
        Self {
            handles: true,
            ..self
        }
    }

    /// What to tell about the options.
    pub fn notes(&self) -> &[String] {
        &self.scope.notes
    }

    /// What the profile says of itself.
    pub fn heading(&self) -> &crate::Heading {
        &self.scope.heading
    }

    /// Returns the samples that have frames, in order.
    pub fn traces(&self) -> Vec<Trace> {
        self.chosen(0..self.scope.profile.sample_count())
    }

    /// Returns the `most` samples of the largest absolute values, the largest first, and
    /// whether there are more.
    pub fn largest(&self, most: usize) -> (Vec<Trace>, bool) {
        let size = |sample: &usize| self.scope.weight(*sample).mean().unsigned_abs();
        let mut samples: Vec<usize> = (0..self.scope.profile.sample_count())
            .filter(|sample| size(sample) > 0)
            .collect();
        samples.sort_by_key(|sample| std::cmp::Reverse(size(sample)));
        let has_more = samples.len() > most;
        samples.truncate(most);
        (self.chosen(samples), has_more)
    }

    fn chosen(&self, samples: impl IntoIterator<Item = usize>) -> Vec<Trace> {
        let nodes = self.nodes();
        let names = names(&nodes);
        let trace = |sample: usize| {
            let frames: Vec<TraceFrame> = self
                .frames(&nodes, sample)
                .map(|(node, inline)| TraceFrame {
                    name: names.get(node as usize).cloned().unwrap_or_default(),
                    handle: nodes.info(node as usize).and_then(NodeInfo::handle),
                    inline,
                })
                .collect();
            let (texts, numbers) = self.labels(sample);
            Trace {
                value: self.scope.weight(sample).mean(),
                labels: texts.into_iter().chain(numbers).collect(),
                frames,
            }
        };
        samples
            .into_iter()
            .map(trace)
            .filter(|trace| !trace.frames.is_empty())
            .collect()
    }

    /// Prints the view as `go tool pprof -traces` does.
    pub fn render_text(&self, zone: &TimeZone) -> String {
        let mut out = Vec::new();
        let written = self.write_text(zone, &mut |piece: &[u8]| {
            out.extend_from_slice(piece);
            Ok::<(), Infallible>(())
        });
        match written {
            Ok(()) => String::from_utf8(out).unwrap_or_default(),
            Err(never) => match never {},
        }
    }

    /// Prints the view as [`Traces::render_text`] does, one piece after the
    /// other: the text of a large profile is larger than what fits into memory.
    ///
    /// # Errors
    ///
    /// That of `sink`, which is not called again.
    pub fn write_text<E>(
        &self,
        zone: &TimeZone,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let scope = &self.scope;
        let format = |value| scope.format(value);
        let mut head = profile_lines(&scope.heading, scope.total, zone, &format).join("\n");
        head.push('\n');
        sink(head.as_bytes())?;
        let lines = Lines::new(&self.nodes(), self.handles);
        let samples = scope.profile.sample_count();
        let parts = rayon::current_num_threads().max(1);
        let mut pieces: Vec<Piece<'_>> = (0..parts).map(|_| Piece::default()).collect();
        for first in (0..samples).step_by(parts * SAMPLES_A_PIECE) {
            pieces.par_iter_mut().enumerate().for_each(|(part, piece)| {
                let start = (first + part * SAMPLES_A_PIECE).min(samples);
                let end = (start + SAMPLES_A_PIECE).min(samples);
                piece.text.clear();
                for sample in start..end {
                    self.write_sample(&lines, sample, piece);
                }
            });
            for piece in &pieces {
                if !piece.text.is_empty() {
                    sink(&piece.text)?;
                }
            }
        }
        sink(SEPARATOR.as_bytes())
    }

    fn write_sample<'a>(&'a self, lines: &Lines, sample: usize, piece: &mut Piece<'a>) {
        let scope = &self.scope;
        let stack = scope.profile.stack(sample);
        let mut frames = stack.iter().map(|&location| lines.of(location));
        let Some(leaf) = frames.find(|lines| !lines.is_empty()) else {
            return;
        };
        let out = &mut piece.text;
        out.extend_from_slice(SEPARATOR.as_bytes());
        let rows = scope.profile.label_rows(sample);
        if !rows.is_empty() {
            let text = remembered(&mut piece.labels, rows, || self.label_lines(sample));
            out.extend_from_slice(text.as_bytes());
        }
        let mean = scope.weight(sample).mean();
        let value = remembered(&mut piece.values, mean, || {
            format!("{:>VALUE_WIDTH$}", scope.format(mean))
        });
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(leaf.get(VALUE_WIDTH..).unwrap_or_default());
        for lines in frames {
            out.extend_from_slice(lines);
        }
    }

    fn label_lines(&self, sample: usize) -> String {
        let (texts, numbers) = self.labels(sample);
        let lines = [texts, numbers].map(|labels| {
            let mut lines: Vec<String> = labels
                .into_iter()
                .map(|(key, values)| format!("{key:>10}:  {values}\n"))
                .collect();
            lines.sort_unstable();
            lines.concat()
        });
        lines.concat()
    }

    fn nodes(&self) -> NodeTable<'_> {
        NodeTable::new(&self.scope.profile, NodeRules::of(&self.scope).untrimmed())
    }

    /// The frames of a sample, leaf first, and whether each was inlined.
    fn frames<'a>(
        &'a self,
        nodes: &'a NodeTable<'_>,
        sample: usize,
    ) -> impl Iterator<Item = (u32, bool)> + 'a {
        self.scope
            .profile
            .stack(sample)
            .iter()
            .flat_map(|&location| {
                let frames = nodes.frames(location);
                let last = frames.len().saturating_sub(1);
                frames
                    .iter()
                    .enumerate()
                    .map(move |(place, &node)| (node, place != last))
            })
    }

    /// The labels of a sample, texts and numbers, the values of each key joined.
    #[expect(clippy::type_complexity, reason = "two lists of pairs")]
    fn labels(&self, sample: usize) -> (Vec<(String, String)>, Vec<(String, String)>) {
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        for label in self.scope.profile.labels(sample) {
            let (list, value): (&mut Vec<(String, String)>, _) = match label.value {
                LabelRefValue::Text(text) => (&mut texts, text.to_owned()),
                LabelRefValue::Number { value, .. } => {
                    let unit = self.scope.label_units.of(label.key);
                    (&mut numbers, measurement::label(value, unit))
                }
            };
            match list.last_mut() {
                Some((key, values)) if key == label.key => {
                    values.push(' ');
                    values.push_str(&value);
                }
                _ => list.push((label.key.to_owned(), value)),
            }
        }
        (texts, numbers)
    }
}

/// What a thread writes, and what it remembers of what it wrote.
#[derive(Default)]
struct Piece<'a> {
    text: Vec<u8>,
    labels: HashMap<&'a [Label], String>,
    values: HashMap<i64, String>,
}

/// Returns the text of a key, made if need be.
fn remembered<K: Eq + Hash>(
    texts: &mut HashMap<K, String>,
    key: K,
    make: impl FnOnce() -> String,
) -> &str {
    if texts.len() >= REMEMBERED {
        texts.clear();
    }
    texts.entry(key).or_insert_with(make)
}

/// What locations print, one line a frame, the room for the value blank.
struct Lines {
    /// By location, where its text begins and ends. Frames that are alike have theirs once,
    /// so that what is copied all the time is small.
    places: Vec<(u32, u32)>,
    text: Vec<u8>,
}

impl Lines {
    fn new(nodes: &NodeTable<'_>, handles: bool) -> Self {
        let mut names = names(nodes);
        if handles {
            for (node, name) in names.iter_mut().enumerate() {
                if let Some(handle) = nodes.info(node).and_then(NodeInfo::handle) {
                    *name = format!("{name} {handle}");
                }
            }
        }
        let mut text = Vec::new();
        let mut known: HashMap<&[u32], (u32, u32)> = HashMap::new();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut place = |frames| {
            *known.entry(frames).or_insert_with(|| {
                let start = number(text.len());
                for (place, &node) in frames.iter().enumerate() {
                    let name = names.get(node as usize).map_or("", String::as_str);
                    let is_inlined = place + 1 != frames.len();
                    let inline = if is_inlined { " (inline)" } else { "" };
                    // A vector takes all that is written to it.
                    let _ = writeln!(text, "{:VALUE_WIDTH$}   {name}{inline}", "");
                }
                (start, number(text.len()))
            })
        };
        let places = nodes.all_frames().map(&mut place).collect();
        Self { places, text }
    }

    #[inline]
    fn of(&self, location: LocationId) -> &[u8] {
        let place = self.places.get(location.index()).copied();
        let (start, end) = place.unwrap_or_default();
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

fn names(nodes: &NodeTable<'_>) -> Vec<String> {
    let name = |node| nodes.info(node).map(NodeInfo::label).unwrap_or_default();
    (0..nodes.len())
        .map(|node| name(node).into_owned())
        .collect()
}
