//! The nodes of a view, and which of them each location stands for.
//!
//! A node is what one row of `top` or one box of a call graph stands for. Which frames
//! fall together is a matter of [`Granularity`]. The rules are those of google/pprof
//! (`profile/profile.go` `Aggregate`, `internal/graph/graph.go` `nodeInfo`): what the
//! granularity leaves out is blanked, then frames merge whose remaining facts are equal.
//! The object file counts only for frames without a name.

use std::borrow::Cow;

use fathom_profile::{FunctionId, Line, LocationId, Profile, StringId};
use hashbrown::HashMap;
use serde::Serialize;

use crate::handle::Handle;
use crate::paths;
use crate::scope::Scope;

/// Which frames are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// Frames of functions with the same name.
    #[default]
    Functions,
    /// Frames of functions with the same name and file.
    FileFunctions,
    /// Frames in the same file.
    Files,
    /// Frames at the same line of the same function.
    Lines,
    /// Frames at the same address.
    Addresses,
}

impl Granularity {
    /// All choices, in the order in which help shows them.
    pub const ALL: [Self; 5] = [
        Self::Functions,
        Self::FileFunctions,
        Self::Files,
        Self::Lines,
        Self::Addresses,
    ];

    /// Returns the word that selects this granularity.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::FileFunctions => "filefunctions",
            Self::Files => "files",
            Self::Lines => "lines",
            Self::Addresses => "addresses",
        }
    }

    /// Finds the granularity that a word selects.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    const fn has_name(self) -> bool {
        !matches!(self, Self::Files)
    }

    const fn has_file(self) -> bool {
        !matches!(self, Self::Functions)
    }

    const fn has_line(self) -> bool {
        matches!(self, Self::Lines | Self::Addresses)
    }

    const fn has_address(self) -> bool {
        matches!(self, Self::Addresses)
    }
}

/// Everything by which a node is told from others. Absent facts are 0 or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeInfo<'p> {
    pub(crate) name: &'p str,
    pub(crate) file: Cow<'p, str>,
    pub(crate) address: u64,
    pub(crate) line: i64,
    pub(crate) column: i64,
    pub(crate) start_line: i64,
    pub(crate) object: &'p str,
}

impl<'p> NodeInfo<'p> {
    /// What a report prints for this node.
    pub(crate) fn label(&self) -> Cow<'p, str> {
        if self.address == 0 && self.line == 0 && self.file.is_empty() && !self.name.is_empty() {
            return Cow::Borrowed(self.name);
        }
        Cow::Owned(self.components().join(" "))
    }

    /// The handle of its function; nothing without one.
    pub(crate) fn handle(&self) -> Option<Handle> {
        (!self.name.is_empty()).then(|| Handle::of(self.name))
    }

    /// The parts of the label: address, name, and place or what else tells the node.
    pub(crate) fn components(&self) -> Vec<String> {
        let mut parts: Vec<String> = Vec::with_capacity(3);
        if self.address != 0 {
            parts.push(format!("{:016x}", self.address));
        }
        if !self.name.is_empty() {
            parts.push(self.name.to_owned());
        }
        if self.line != 0 {
            let column = if self.column == 0 {
                String::new()
            } else {
                format!(":{}", self.column)
            };
            parts.push(format!("{}:{}{column}", self.file, self.line));
        } else if !self.file.is_empty() {
            parts.push(self.file.to_string());
        } else if self.name.is_empty() {
            parts.push(if self.object.is_empty() {
                "<unknown>".to_owned()
            } else {
                format!("[{}]", paths::base(self.object))
            });
        }
        parts
    }

    /// The text by which nodes are ordered whose labels and values are equal: all facts
    /// as Go's `fmt.Sprint` writes the struct.
    pub(crate) fn rank(&self) -> String {
        format!(
            "{{{}  {} {} {} {} {} {}}}",
            self.name,
            self.address,
            self.file,
            self.start_line,
            self.line,
            self.column,
            self.object,
        )
    }
}

#[derive(PartialEq, Eq, Hash, Clone, Copy)]
struct NodeKey {
    name: u32,
    file: u32,
    address: u64,
    line: i64,
    column: i64,
    start_line: i64,
    object: u32,
}

/// What tells frames apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRules<'a> {
    pub(crate) granularity: Granularity,
    /// Whether each inlined call is a frame of its own; else a location is its outermost
    /// line.
    pub(crate) inlines: bool,
    /// Whether columns count.
    pub(crate) columns: bool,
    /// Whether functions of different binaries are different.
    pub(crate) objects: bool,
    /// What is cut from file names: the options `trim_path` and `source_path`; nothing for
    /// `None`.
    pub(crate) trim: Option<(&'a str, &'a str)>,
}

impl<'a> NodeRules<'a> {
    /// The rules of a report.
    pub(crate) fn of(scope: &'a Scope<'_>) -> Self {
        Self {
            granularity: scope.granularity,
            inlines: !scope.options.noinlines,
            columns: scope.options.showcolumns,
            objects: scope.format.has_objects(),
            trim: Some((&scope.options.trim_path, &scope.options.source_path)),
        }
    }

    /// The same rules, but file names stay as they are.
    pub(crate) const fn untrimmed(self) -> Self {
        Self { trim: None, ..self }
    }

    /// Whether columns tell frames apart. Addresses with inlined calls are told apart by
    /// everything there is.
    const fn has_column(&self) -> bool {
        let everything = self.granularity.has_address() && self.inlines;
        everything || (self.columns && self.granularity.has_line())
    }
}

/// What values can be added up by: numbers below a count, some for each location.
pub(crate) trait Frames: Sync {
    /// How many different numbers there are.
    fn count(&self) -> usize;

    /// The numbers of a location, that of the innermost inlined call first. Numbers from
    /// [`Frames::count`] on stand for frames that do not count.
    fn of(&self, location: LocationId) -> &[u32];
}

impl Frames for NodeTable<'_> {
    fn count(&self) -> usize {
        self.len()
    }

    #[inline]
    fn of(&self, location: LocationId) -> &[u32] {
        self.frames(location)
    }
}

/// The frames of a profile as groups of nodes.
pub(crate) struct Grouped<'n> {
    starts: &'n [u32],
    frames: Vec<u32>,
    count: usize,
}

impl Frames for Grouped<'_> {
    fn count(&self) -> usize {
        self.count
    }

    #[inline]
    fn of(&self, location: LocationId) -> &[u32] {
        slice(self.starts, &self.frames, location)
    }
}

/// `frames` from `starts[location]` up to `starts[location + 1]`.
#[inline]
fn slice<'f>(starts: &[u32], frames: &'f [u32], location: LocationId) -> &'f [u32] {
    let index = location.index();
    let Some(&[start, end]) = starts.get(index..index + 2) else {
        return &[];
    };
    frames.get(start as usize..end as usize).unwrap_or_default()
}

/// The nodes of a profile at one granularity.
pub(crate) struct NodeTable<'p> {
    infos: Vec<NodeInfo<'p>>,
    /// `starts[l]..starts[l + 1]` are the frames of location `l` in `frames`.
    starts: Vec<u32>,
    /// Nodes, innermost inlined call first.
    frames: Vec<u32>,
}

impl<'p> NodeTable<'p> {
    /// Maps every location once. Costs a pass over the locations.
    pub(crate) fn new(profile: &'p Profile, rules: NodeRules<'_>) -> Self {
        Mapper::new(profile, rules).map_all()
    }

    pub(crate) fn len(&self) -> usize {
        self.infos.len()
    }

    pub(crate) fn info(&self, node: usize) -> Option<&NodeInfo<'p>> {
        self.infos.get(node)
    }

    /// The nodes of a location, innermost inlined call first; never empty for a location
    /// of the profile.
    #[inline]
    pub(crate) fn frames(&self, location: LocationId) -> &[u32] {
        slice(&self.starts, &self.frames, location)
    }

    /// The number of no group.
    pub(crate) const NO_GROUP: u32 = u32::MAX;

    /// The same frames, each as the group of its node: [`NodeTable::NO_GROUP`] where it has
    /// none, else below `count`.
    pub(crate) fn grouped(&self, groups: &[u32], count: usize) -> Grouped<'_> {
        let group = |&node: &u32| groups.get(node as usize).copied();
        let frames = self.frames.iter();
        Grouped {
            starts: &self.starts,
            frames: frames
                .map(|node| group(node).unwrap_or(Self::NO_GROUP))
                .collect(),
            count,
        }
    }

    /// The frames of every location.
    pub(crate) fn all_frames(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.array_windows().map(|&[start, end]| {
            self.frames
                .get(start as usize..end as usize)
                .unwrap_or_default()
        })
    }
}

/// Builds a [`NodeTable`].
struct Mapper<'p, 'r> {
    profile: &'p Profile,
    rules: NodeRules<'r>,
    /// One number for each distinct text, whatever its handles.
    texts: HashMap<Cow<'p, str>, u32>,
    /// The text numbers of name and file by function; `None` until it is met.
    functions: Vec<Option<(u32, u32)>>,
    /// The node of a named function where nothing else matters.
    whole: Vec<Option<u32>>,
    keys: HashMap<NodeKey, u32>,
    table: NodeTable<'p>,
}

impl<'p, 'r> Mapper<'p, 'r> {
    fn new(profile: &'p Profile, rules: NodeRules<'r>) -> Self {
        let mut starts = Vec::with_capacity(profile.location_count() + 1);
        starts.push(0);
        Self {
            profile,
            rules,
            texts: HashMap::from_iter([(Cow::Borrowed(""), 0)]),
            functions: vec![None; profile.function_count()],
            whole: vec![None; profile.function_count()],
            keys: HashMap::new(),
            table: NodeTable {
                infos: Vec::new(),
                starts,
                frames: Vec::with_capacity(profile.location_count()),
            },
        }
    }

    fn map_all(mut self) -> NodeTable<'p> {
        for index in 0..self.profile.location_count() {
            if let Some(location) = LocationId::from_index(index) {
                self.map(location);
            }
            self.table
                .starts
                .push(u32::try_from(self.table.frames.len()).unwrap_or(u32::MAX));
        }
        self.table
    }

    fn map(&mut self, location: LocationId) {
        let mut lines = self.profile.lines(location);
        if !self.rules.inlines && lines.len() > 1 {
            lines.nth(lines.len() - 2);
        }
        if lines.len() == 0 {
            let node = self.without_function(location);
            self.table.frames.push(node);
        }
        for line in lines {
            let node = match line.function {
                Some(function) => self.with_function(location, function, line),
                None => self.without_function(location),
            };
            self.table.frames.push(node);
        }
    }

    fn text(&mut self, text: Cow<'p, str>) -> u32 {
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        *self.texts.entry(text).or_insert(next)
    }

    /// The file of a location's mapping.
    fn object(&self, location: LocationId) -> &'p str {
        let mapping = self.profile.location_mapping(location);
        let file = mapping
            .and_then(|id| self.profile.mapping(id))
            .map(|mapping| mapping.file);
        self.profile.text(file.unwrap_or(StringId::EMPTY))
    }

    fn address(&self, location: LocationId) -> u64 {
        if self.rules.granularity.has_address() {
            self.profile.address(location)
        } else {
            0
        }
    }

    fn without_function(&mut self, location: LocationId) -> u32 {
        let object = self.object(location);
        let key = NodeKey {
            name: 0,
            file: 0,
            address: self.address(location),
            line: 0,
            column: 0,
            start_line: 0,
            object: self.text(Cow::Borrowed(object)),
        };
        self.intern(key, || NodeInfo {
            name: "",
            file: Cow::Borrowed(""),
            address: key.address,
            line: 0,
            column: 0,
            start_line: 0,
            object,
        })
    }

    fn file_of(&self, function: FunctionId) -> Cow<'p, str> {
        let file = self.profile.function_file(function);
        let file = self.rules.trim.map_or(file, |(trim_path, source_path)| {
            paths::trimmed(file, trim_path, source_path)
        });
        if file.is_empty() {
            Cow::Borrowed("")
        } else {
            paths::clean(file)
        }
    }

    fn function_texts(&mut self, function: FunctionId) -> (u32, u32) {
        if let Some(known) = self.functions.get(function.index()).copied().flatten() {
            return known;
        }
        let profile = self.profile;
        let name = if self.rules.granularity.has_name() {
            profile.function_name(function)
        } else {
            ""
        };
        let name = self.text(Cow::Borrowed(name));
        let file = if self.rules.granularity.has_file() {
            {
                let file = self.file_of(function);
                self.text(file)
            }
        } else {
            0
        };
        if let Some(slot) = self.functions.get_mut(function.index()) {
            *slot = Some((name, file));
        }
        (name, file)
    }

    fn with_function(&mut self, location: LocationId, function: FunctionId, line: Line) -> u32 {
        let plain = !self.rules.granularity.has_line();
        if plain && let Some(node) = self.whole.get(function.index()).copied().flatten() {
            return node;
        }
        let (name, file) = self.function_texts(function);
        let has_object = self.rules.objects || name == 0;
        let object = if has_object {
            self.object(location)
        } else {
            ""
        };
        let profile = self.profile;
        let key = NodeKey {
            name,
            file,
            address: self.address(location),
            line: if plain { 0 } else { line.line },
            column: if self.rules.has_column() {
                line.column
            } else {
                0
            },
            start_line: if has_object {
                profile.function_start_line(function)
            } else {
                0
            },
            object: self.text(Cow::Borrowed(object)),
        };
        let granularity = self.rules.granularity;
        let file = if granularity.has_file() {
            self.file_of(function)
        } else {
            Cow::Borrowed("")
        };
        let node = self.intern(key, || NodeInfo {
            name: if granularity.has_name() {
                profile.function_name(function)
            } else {
                ""
            },
            file,
            address: key.address,
            line: key.line,
            column: key.column,
            start_line: key.start_line,
            object,
        });
        if plain
            && !has_object
            && let Some(slot) = self.whole.get_mut(function.index())
        {
            *slot = Some(node);
        }
        node
    }

    fn intern(&mut self, key: NodeKey, info: impl FnOnce() -> NodeInfo<'p>) -> u32 {
        let infos = &mut self.table.infos;
        *self.keys.entry(key).or_insert_with(|| {
            infos.push(info());
            u32::try_from(infos.len() - 1).unwrap_or(u32::MAX)
        })
    }
}
