//! gctrace and scavtrace lines: no input panics, and no cycle is lost.
#![no_main]

use fathom_goruntime::gctrace::{Event, parse, summary};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let (events, parser) = parse(text);
    assert!(events.len() as u64 + parser.torn() <= parser.lines());
    let cycles: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::Cycle(cycle) => Some(cycle),
            _ => None,
        })
        .collect();
    let summary = summary(&cycles);
    assert_eq!(
        summary
            .segments
            .iter()
            .map(|segment| segment.cycles)
            .sum::<usize>(),
        cycles.len()
    );
});
