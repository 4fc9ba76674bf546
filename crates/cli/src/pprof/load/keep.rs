//! Saving what was fetched: the process that made it will not make it again.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fathom_profile::Profile;
use fathom_profile::encode::write_proto;

use super::super::numbered::{create, go_reason};
use super::super::talk::Talk;

/// Saves a profile under `PPROF_TMPDIR`, else `pprof` in the home directory, else where
/// temporary files go, and says where. A profile that cannot be saved is still shown.
pub(super) fn save(profile: &Profile, talk: &dyn Talk) {
    let Some(folder) = folder(talk) else {
        talk.error("Could not save profile: failed to identify temp dir");
        return;
    };
    let written = create(&folder, &prefix(profile), ".pb.gz").and_then(|(mut file, path)| {
        file.write_all(&write_proto(profile))?;
        Ok(path)
    });
    match written {
        Ok(path) => talk.error(&format!("Saved profile in {}", path.display())),
        Err(error) => talk.error(&format!("Could not save profile: {}", go_reason(&error))),
    }
}

/// Returns the first directory that exists or can be made.
fn folder(talk: &dyn Talk) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let named = variable("PPROF_TMPDIR").map(PathBuf::from);
    let at_home = variable(home).map(|home| Path::new(&home).join("pprof"));
    let candidates = named.into_iter().chain(at_home);
    for folder in candidates.chain([std::env::temp_dir()]) {
        match std::fs::create_dir_all(&folder) {
            Ok(()) => return Some(folder),
            Err(error) => talk.error(&format!(
                "Could not use temp dir {}: mkdir {}: {}",
                folder.display(),
                folder.display(),
                go_reason(&error)
            )),
        }
    }
    None
}

/// Names the binary and the sample types: `pprof.app.samples.cpu.`
fn prefix(profile: &Profile) -> String {
    let mut prefix = "pprof.".to_owned();
    let file = profile
        .mappings()
        .first()
        .map_or("", |first| profile.text(first.file));
    let base = file
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    if !base.is_empty() {
        prefix.push_str(base);
        prefix.push('.');
    }
    for column in 0..profile.sample_types().len() {
        prefix.push_str(profile.sample_type(column).0);
        prefix.push('.');
    }
    // What a server says must not lead out of the directory.
    prefix.replace(['/', '\\', '\0'], "_")
}

#[cfg(test)]
mod tests {
    use fathom_profile::load::{with_main_binary, with_some_mapping};
    use fathom_profile::{Limits, ProfileBuilder};

    use super::*;

    #[test]
    fn the_name_tells_the_binary_and_the_types() {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("samples", "count").unwrap();
        builder.add_sample_type("../cpu", "nanoseconds").unwrap();
        let profile = with_some_mapping(builder.finish());
        assert_eq!(prefix(&profile), "pprof.samples..._cpu.");
        let profile = with_main_binary(profile, "/usr/bin/app", "").unwrap();
        assert_eq!(prefix(&profile), "pprof.app.samples..._cpu.");
    }
}
