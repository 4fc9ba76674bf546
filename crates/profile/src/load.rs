//! What `go tool pprof` does to a profile between reading and showing it
//! (`internal/driver/fetch.go`).

use crate::error::Error;
use crate::error::Position;
use crate::handle::{MappingId, StringId};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::tables::{Mapping, Symbolization};

/// Returns the profile with a mapping that has neither file nor addresses, to which all
/// its locations belong, when it has no mapping at all (`locateBinaries`). That is how
/// `go tool pprof` comes to show `M=1` for profiles without mappings.
#[must_use]
pub fn with_some_mapping(mut profile: Profile) -> Profile {
    if !profile.mappings.is_empty() {
        return profile;
    }
    profile.mappings.push(Mapping {
        start: 0,
        limit: 0,
        offset: 0,
        file: StringId::EMPTY,
        build_id: StringId::EMPTY,
        symbols: Symbolization::default(),
    });
    if let Some(numbers) = &mut profile.numbers {
        numbers.mappings = vec![1];
    }
    profile.locations.mapping.fill(0);
    profile
}

/// Returns the profile with its first mapping, the main binary, renamed: the file by the
/// name that came with the command line, and the build id by `-buildid` when it has none.
/// Empty texts change nothing.
///
/// # Errors
///
/// [`Error::Limit`] when there is no room for another string.
pub fn with_main_binary(
    mut profile: Profile,
    file: &str,
    build_id: &str,
) -> Result<Profile, Error> {
    if !file.is_empty() {
        let file = add_string(&mut profile, file)?;
        if let Some(main) = profile.mappings.first_mut() {
            main.file = file;
        }
    }
    let has_build_id = profile
        .mappings
        .first()
        .is_some_and(|main| !profile.text(main.build_id).is_empty());
    if !build_id.is_empty() && !has_build_id {
        let build_id = add_string(&mut profile, build_id)?;
        if let Some(main) = profile.mappings.first_mut() {
            main.build_id = build_id;
        }
    }
    Ok(profile)
}

/// Returns the profile with another file for each of these mappings: where its binary was
/// found, or the empty text where that is not known after all.
///
/// # Errors
///
/// [`Error::Limit`] when there is no room for another string.
pub fn with_mapping_files<T: AsRef<str>>(
    mut profile: Profile,
    files: impl IntoIterator<Item = (MappingId, T)>,
) -> Result<Profile, Error> {
    for (mapping, file) in files {
        let file = match file.as_ref() {
            "" => StringId::EMPTY,
            file => add_string(&mut profile, file)?,
        };
        if let Some(mapping) = profile.mappings.get_mut(mapping.index()) {
            mapping.file = file;
        }
    }
    Ok(profile)
}

/// Returns the profile with one more comment (`-add_comment`).
///
/// # Errors
///
/// [`Error::Limit`] when there is no room for another string.
pub fn with_comment(mut profile: Profile, comment: &str) -> Result<Profile, Error> {
    let comment = add_string(&mut profile, comment)?;
    profile.comments.push(comment);
    Ok(profile)
}

/// Returns the profile without its own expressions of frames to drop and keep
/// (`-all_frames`).
#[must_use]
pub fn with_all_frames(mut profile: Profile) -> Profile {
    profile.drop_frames = StringId::EMPTY;
    profile.keep_frames = StringId::EMPTY;
    profile
}

fn add_string(profile: &mut Profile, text: &str) -> Result<StringId, Error> {
    if let Some(known) = profile.find_text(text) {
        return Ok(known);
    }
    let unlimited = Limits {
        strings: u64::MAX,
        string_bytes: u64::MAX,
        ..Limits::default()
    };
    profile
        .strings
        .push(text.as_bytes(), &unlimited, Position::Whole)
}
