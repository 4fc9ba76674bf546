//! Recognising the form of an input.
//!
//! What is not text is profile.proto first, then the binary CPU profile of gperftools.
//! Text is one of Go's forms, one that came before, or folded stacks. Where pprof's
//! reading is wanted, its order holds (`profile/profile.go`, `ParseData`): profile.proto,
//! then the old forms, and nothing else.

use std::borrow::Cow;

use crate::compress;
use crate::decode;
use crate::error::Error;
use crate::legacy::{self, Strictness};
use crate::limits::Limits;
use crate::options::{ParseOptions, TextForms};
use crate::profile::Profile;
use crate::text;

/// Reads a profile in any known form.
pub(crate) fn any(
    input: Cow<'_, [u8]>,
    limits: &Limits,
    options: ParseOptions,
) -> Result<Profile, Error> {
    if input.is_empty() {
        return Err(Error::Empty);
    }
    // What one pass does not read, it need not try again without the compression.
    let mut is_tried = false;
    if let Some(packed) = compress::reader(&input)? {
        if let Some(profile) = decode::compressed(packed.reader, limits, options) {
            return Ok(profile);
        }
        is_tried = true;
    }
    let plain = compress::plain(input, limits)?;
    if plain.is_empty() {
        return Err(Error::Empty);
    }
    let is_text = text::is_text(&plain);
    let strictness = match options.text_forms {
        TextForms::WithSymbols if is_text => {
            return text::parse(&plain, limits, options.runtime_leaf);
        }
        TextForms::WithSymbols => Strictness::Lenient,
        TextForms::AsPprof => Strictness::AsPprof,
    };
    let error = if is_text {
        Error::Unrecognized {
            reason: "it is text of another kind".to_owned(),
        }
    } else {
        let proto = if is_tried {
            decode::twice
        } else {
            decode::proto
        };
        match proto(&plain, limits, options) {
            Err(error @ Error::Malformed { .. }) => error,
            // A profile, or one whose fault is known.
            done => return done,
        }
    };
    if let Some(profile) = legacy::parse(&plain, limits, strictness)? {
        return Ok(profile);
    }
    Err(match foreign_form(&plain) {
        Some(form) => Error::Unrecognized {
            reason: format!("it looks like {form}"),
        },
        None => error,
    })
}

/// Names what else is mistaken for a profile, by its first bytes.
fn foreign_form(bytes: &[u8]) -> Option<&'static str> {
    const FORMS: [(&[u8], &str); 7] = [
        (b"\x7fELF", "an ELF executable"),
        (b"PK\x03\x04", "a zip archive"),
        (b"go 1.", "a Go execution trace"),
        (b"PERFILE2", "perf's own data"),
        (b"\x89PNG", "a picture"),
        (b"%PDF", "a PDF document"),
        (b"\xcf\xfa\xed\xfe", "a Mach-O executable"),
    ];
    FORMS
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, form)| *form)
}
