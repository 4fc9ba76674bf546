//! Every command on every recorded profile.

use super::{Compared, compare, find};

/// Commands whose output needs nothing but the profile.
const COMMANDS: [&str; 9] = [
    "-top",
    "-tree",
    "-traces",
    "-tags",
    "-comments",
    "-raw",
    "-proto",
    "-topproto",
    "-callgrind",
];

#[test]
fn commands_of_every_recorded_profile() {
    let profiles = find(|name| name.ends_with(".pb.gz"));
    assert!(profiles.len() >= 85, "only {} profiles", profiles.len());
    for path in profiles {
        for command in COMMANDS {
            compare(&[command], &path, Compared::Exactly);
        }
        compare(&["-peek=main|runtime"], &path, Compared::Exactly);
        compare(&["-dot"], &path, Compared::Exactly);
    }
}

#[test]
fn every_sample_type() {
    for path in
        find(|name| name == "heap.pb.gz" || name == "mutex.pb.gz" || name == "profile.pb.gz")
    {
        for index in ["0", "1", "inuse_objects", "alloc_space", "delay", "absent"] {
            let index = format!("-sample_index={index}");
            for command in ["-top", "-tree", "-dot", "-traces", "-topproto"] {
                compare(&[command, &index], &path, Compared::Exactly);
            }
        }
    }
}
