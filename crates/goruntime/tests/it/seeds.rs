//! Replays the seeds of the fuzz targets, whole and cut, with their checks.

use std::fs;
use std::path::PathBuf;

use fathom_goruntime::Limits;
use fathom_goruntime::gctrace::{Event, parse, summary};
use fathom_goruntime::goroutine::{Dump, Order, by_state, groups, report};

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{}", path.display());
    seeds
}

#[test]
fn goroutine_dumps() {
    for (name, seed) in seeds("goroutine_dump") {
        assert!(
            Dump::parse(&seed, &Limits::default()).is_ok() || name.starts_with("crash-"),
            "{name}"
        );
        for end in (0..=seed.len()).rev().step_by(7) {
            let Ok(dump) = Dump::parse(&seed[..end], &Limits::default()) else {
                continue;
            };
            let count = dump.goroutines.len() as u64;
            assert_eq!(
                groups(&dump).iter().map(|group| group.count).sum::<u64>(),
                count,
                "{name}"
            );
            assert_eq!(
                by_state(&dump).iter().map(|state| state.count).sum::<u64>(),
                count,
                "{name}"
            );
            let view = report(&dump, Some(&dump), Order::Count);
            assert!(
                view.groups
                    .iter()
                    .all(|row| row.base_count >= Some(row.count)),
                "{name}"
            );
        }
    }
}

#[test]
fn gctrace() {
    for (name, seed) in seeds("gctrace") {
        for end in (0..=seed.len()).rev().step_by(7) {
            let (events, parser) = parse(&seed[..end]);
            assert!(
                events.len() as u64 + parser.torn() <= parser.lines(),
                "{name}"
            );
            let cycles: Vec<_> = events
                .into_iter()
                .filter_map(|event| match event {
                    Event::Cycle(cycle) => Some(cycle),
                    _ => None,
                })
                .collect();
            let counted: usize = summary(&cycles)
                .segments
                .iter()
                .map(|segment| segment.cycles)
                .sum();
            assert_eq!(counted, cycles.len(), "{name}");
        }
    }
    let (_, old) = seeds("gctrace")
        .into_iter()
        .find(|(name, _)| name == "old.txt")
        .unwrap();
    let (events, parser) = parse(&old);
    assert_eq!((events.len(), parser.torn(), parser.lines()), (11, 1, 12));
}
