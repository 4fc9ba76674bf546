//! What the functions of a flame graph are called, where they are, whose they are.

use fathom_profile::{Line, Profile};

use super::{FlameFunction, Frames};
use crate::node::{NodeInfo, NodeTable};
use crate::options::Options;
use crate::paths;

/// The facts of each node.
pub(super) struct Facts {
    functions: Vec<FlameFunction>,
}

impl Facts {
    /// Stands for the node of the root.
    pub(super) const ROOT: u32 = u32::MAX;

    pub(super) fn new(profile: &Profile, table: &NodeTable<'_>, options: &Options) -> Self {
        let mut functions: Vec<FlameFunction> = (0..table.len())
            .map(|node| {
                let info = table.info(node);
                FlameFunction {
                    name: info.map(NodeInfo::label).unwrap_or_default().into_owned(),
                    file: info.map(|info| info.file.to_string()).unwrap_or_default(),
                    package: info.map(|info| package(info.name)).unwrap_or_default(),
                }
            })
            .collect();
        let trimmed = |file| paths::trimmed(file, &options.trim_path, &options.source_path);
        for location in profile.location_ids() {
            let frames = table.frames(location);
            let lines = profile.lines(location);
            // Without inlined calls a location is its last line.
            let skipped = lines.len().saturating_sub(frames.len());
            for (&node, line) in frames.iter().zip(lines.skip(skipped)) {
                let Some(function) = functions.get_mut(node as usize) else {
                    continue;
                };
                if function.file.is_empty() {
                    trimmed(file_of(profile, line)).clone_into(&mut function.file);
                }
            }
        }
        Self { functions }
    }

    pub(super) fn name(&self, node: u32) -> &str {
        self.functions
            .get(node as usize)
            .map_or("", |function| &function.name)
    }

    /// Numbers the functions that frames use in the order of the frames.
    pub(super) fn used(&self, frames: &mut Frames, root: &str) -> Vec<FlameFunction> {
        let mut used: Vec<FlameFunction> = vec![FlameFunction {
            name: root.to_owned(),
            file: String::new(),
            package: String::new(),
        }];
        let mut places = vec![None; self.functions.len()];
        for node in &mut frames.function {
            let Some(place) = places.get_mut(*node as usize) else {
                *node = 0;
                continue;
            };
            *node = *place.get_or_insert_with(|| {
                let place = u32::try_from(used.len()).unwrap_or(u32::MAX);
                used.extend(self.functions.get(*node as usize).cloned());
                place
            });
        }
        used
    }
}

fn file_of(profile: &Profile, line: Line) -> &str {
    line.function
        .map_or("", |function| profile.function_file(function))
}

/// The package of a Go function, the namespace of a C++ or Rust one: what stands before the
/// last part of its name.
fn package(name: &str) -> String {
    // Type arguments hold names of their own.
    let plain = name.split(['[', '(', '<']).next().unwrap_or_default();
    let plain = plain.trim_end_matches(['.', ':']);
    if let Some((space, _)) = plain.split_once("::") {
        return space.to_owned();
    }
    let base = plain.rfind('/').map_or(0, |slash| slash + 1);
    let dot = plain.get(base..).and_then(|rest| rest.find('.'));
    match dot {
        Some(dot) => plain.get(..base + dot).unwrap_or_default().to_owned(),
        // "net/http.(*conn).serve" lost its dot with the parenthesis.
        None if plain.len() < name.len() && !plain.is_empty() => plain.to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::package;

    #[test]
    fn packages_of_functions() {
        for (name, expected) in [
            ("net/http.(*conn).serve", "net/http"),
            ("runtime.mallocgc", "runtime"),
            ("main.main.func1", "main"),
            ("example.com/a/v2.F", "example.com/a/v2"),
            ("slices.SortFunc[go.shape.[]a/b.T]", "slices"),
            ("std::vector<int>::push_back", "std"),
            ("tokio::runtime::park", "tokio"),
            ("_start", ""),
            ("", ""),
        ] {
            assert_eq!(package(name), expected, "{name}");
        }
    }
}
