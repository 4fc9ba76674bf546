//! Go's text forms: the first byte chooses a header, the rest follows it.

#![no_main]

use fathom_profile::heap::{HeapColumn, HeapProfile};
use fathom_profile::site::sites;
use fathom_profile::{Limits, Profile, encode};
use libfuzzer_sys::fuzz_target;

const HEADERS: [&str; 6] = [
    "heap profile: 1: 2 [3: 4] @ heap/1048576\n",
    "heap profile: 1: 2 [1: 2] @ heap_v2/1\n",
    "goroutine profile: total 3\n",
    "--- contention:\ncycles/second=1000000000\n",
    "--- mutex:\ncycles/second=1\nsampling period=3\n",
    "",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, rest)) = bytes.split_first() else { return };
    let header = HEADERS[usize::from(choice) % HEADERS.len()];
    let text = [header.as_bytes(), rest].concat();
    let Ok(profile) = Profile::parse(&text, &Limits::small()) else { return };
    let raw = encode::write_raw_proto(&profile);
    let again = Profile::parse(&raw, &Limits::default()).expect("what was written is read");
    assert!(again == profile, "what was written is not what was read");
    if let Ok(heap) = HeapProfile::new(&profile) {
        let _ = heap.total(HeapColumn::InuseSpace);
        let _ = sites(&profile, HeapColumn::InuseSpace);
    }
});
