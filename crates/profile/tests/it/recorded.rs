//! Every profile that real Go programs of six versions printed can be read.

use std::path::{Path, PathBuf};

use fathom_profile::{Limits, Profile, ProfileKind};

use crate::fixtures;

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Recorded profiles with the name of the endpoint they came from.
fn profiles() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(&fixtures(), &mut found);
    let mut profiles: Vec<(PathBuf, String)> = found
        .into_iter()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let is_profile = name.ends_with(".pb.gz") || name.ends_with("_debug1.txt");
            is_profile.then_some((path, name))
        })
        .collect();
    profiles.sort();
    profiles
}

fn expected_kind(name: &str) -> ProfileKind {
    let endpoint = name.split(['_', '.']).next().unwrap_or_default();
    match endpoint {
        "cpu" => ProfileKind::Cpu,
        "heap" | "allocs" => ProfileKind::Heap,
        "goroutine" | "goroutineleak" => ProfileKind::Goroutine,
        "threadcreate" => ProfileKind::ThreadCreate,
        "block" | "mutex" => ProfileKind::Contention,
        _ => ProfileKind::Other,
    }
}

#[test]
fn every_recorded_profile_is_read_as_what_it_is() {
    let profiles = profiles();
    assert!(
        profiles.len() > 150,
        "only {} recorded profiles found",
        profiles.len()
    );
    for (path, name) in profiles {
        let bytes = std::fs::read(&path).unwrap();
        let profile = match Profile::parse(&bytes, &Limits::default()) {
            Ok(profile) => profile,
            Err(error) => {
                // Endpoints that a version lacks answer with a sentence; one text of 100 MB was
                // cut in its middle when it was recorded.
                let text = String::from_utf8_lossy(&bytes);
                let refused = [
                    "Unknown profile",
                    "404",
                    "seconds",
                    "not found",
                    "experiment",
                    "bytes trimmed",
                ];
                assert!(
                    refused.iter().any(|word| text.contains(word)),
                    "{}: {error}",
                    path.display()
                );
                continue;
            }
        };
        assert_eq!(profile.kind(), expected_kind(&name), "{}", path.display());
        for sample in 0..profile.sample_count() {
            for frame in profile.frames(sample) {
                assert!(
                    !frame.function.is_empty() || frame.address != 0,
                    "{}: a frame says nothing",
                    path.display()
                );
            }
        }
    }
}
