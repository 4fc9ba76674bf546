//! Finding the function table of a binary, with and without the names of sections and symbols.

use super::function::InlinedCall;
use super::header::{self, Header, PART};
use super::module::{self, Module};
use super::text::Text;
use super::{Pclntab, TableVersion};
use crate::image::{Image, Memory};
use crate::{Error, Result};

/// Finds the table of a binary: in the section of its name, at the symbol of its name, or
/// anywhere in its data.
pub(crate) fn locate(image: &Image) -> Result<Option<Pclntab>> {
    let memory = image.relocated_memory()?;
    let mut named: Vec<u64> = image
        .sections()
        .iter()
        // `.gopclntab`, `.data.rel.ro.gopclntab` in position-independent binaries of Go 1.25 and
        // older, `__gopclntab` in Mach-O.
        .filter(|section| section.name.ends_with("gopclntab") && section.size > 0)
        .map(|section| section.address)
        .collect();
    if named.is_empty() {
        named.extend(
            image
                .symbol_named("runtime.pclntab")
                .map(|symbol| symbol.address),
        );
    }
    let mut failure = None;
    for address in named {
        match open(image, &memory, address) {
            Ok(table) => return Ok(Some(table)),
            Err(error) => failure = Some(error),
        }
    }
    let pointer_size = memory.pointer_size();
    let mut found = Vec::new();
    for extent in memory.extents() {
        let bytes = memory.extent_bytes(extent);
        found.extend(header::search(bytes, extent.address, pointer_size));
    }
    // What looks like a table is one only if the runtime's record points to it.
    let table = found.into_iter().find_map(|address| {
        let header = Header::parse(memory.bytes_from(address)?).ok()?;
        module::find(image, &memory, address, &header)?;
        open(image, &memory, address).ok()
    });
    match (table, failure) {
        (Some(table), _) => Ok(Some(table)),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(None),
    }
}

fn open(image: &Image, memory: &Memory, address: u64) -> Result<Pclntab> {
    let bytes = memory
        .bytes_from(address)
        .ok_or_else(|| Error::malformed(PART, 0, "not in the file"))?;
    let header = Header::parse(bytes)?;
    let module = module::find(image, memory, address, &header);
    let text = match &module {
        Some(module) => module.text.clone(),
        None => Text {
            start: text_start(image, memory, address, &header)?,
            parts: Vec::new(),
        },
    };
    let mut table = Pclntab::open(memory.clone(), address, header, text, None, image.limits())?;
    if header.version != TableVersion::Go116 {
        table.function_data = function_data(image, module.as_ref(), &mut table);
    }
    Ok(table)
}

/// Where the code begins, for want of the runtime's record.
fn text_start(image: &Image, memory: &Memory, address: u64, header: &Header) -> Result<u64> {
    if header.version == TableVersion::Go116 {
        // Its entries are addresses.
        return Ok(0);
    }
    image
        .symbol_named("runtime.text")
        .map(|symbol| symbol.address)
        .or_else(|| header.text_start(memory, address))
        .or_else(|| {
            [".text", "__text"]
                .iter()
                .find_map(|name| image.section(name))
                .map(|section| section.address)
        })
        .ok_or_else(|| Error::malformed(PART, 8, "nothing tells where the code begins"))
}

/// Chooses the address that offsets of function data count from: the one with which inlining
/// trees look like trees.
fn function_data(image: &Image, module: Option<&Module>, table: &mut Pclntab) -> Option<u64> {
    let named = ["go:func.*", "go.func.*"]
        .iter()
        .find_map(|name| image.symbol_named(name))
        .map(|symbol| symbol.address);
    let candidates = named.into_iter().chain(
        module
            .into_iter()
            .flat_map(|module| module.function_data.clone()),
    );
    let mut best = None;
    let mut best_score = 0;
    for candidate in candidates {
        table.function_data = Some(candidate);
        let (plausible, trees) = plausible_trees(table);
        if plausible > best_score && plausible * 10 >= trees * 9 {
            best = Some(candidate);
            best_score = plausible;
            if plausible == trees {
                break;
            }
        }
    }
    best
}

/// How many inlining trees begin as one does, and how many were looked at.
fn plausible_trees(table: &Pclntab) -> (usize, usize) {
    /// Enough that none of another place's bytes pass by chance.
    const SAMPLED: usize = 256;
    let names = table
        .bytes
        .as_slice()
        .get(table.header.names..)
        .unwrap_or_default();
    let mut plausible = 0;
    let mut trees = 0;
    for index in 0..table.function_count() {
        let Some((start, end)) = table.range(index) else {
            break;
        };
        let tree = table
            .record(index)
            .filter(|record| record.inlining_table != 0)
            .and_then(|record| record.inlining_tree);
        let Some(tree) = tree else { continue };
        trees += 1;
        let first = InlinedCall::read(table, tree, 0);
        plausible += usize::from(first.is_some_and(|call| call.is_plausible(names, end - start)));
        if trees == SAMPLED {
            break;
        }
    }
    (plausible, trees)
}
