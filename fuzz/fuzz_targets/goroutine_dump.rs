//! Goroutine dumps: no input panics, and no goroutine is lost in the views.
#![no_main]

use fathom_goruntime::Limits;
use fathom_goruntime::goroutine::{Dump, Order, by_state, groups, report};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(dump) = Dump::parse(text, &Limits::default()) else {
        return;
    };
    let count = dump.goroutines.len() as u64;
    assert_eq!(
        groups(&dump).iter().map(|group| group.count).sum::<u64>(),
        count
    );
    assert_eq!(
        by_state(&dump).iter().map(|state| state.count).sum::<u64>(),
        count
    );
    let view = report(&dump, Some(&dump), Order::Count);
    assert!(
        view.groups
            .iter()
            .all(|row| row.base_count >= Some(row.count))
    );
});
