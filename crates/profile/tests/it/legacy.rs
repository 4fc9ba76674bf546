//! The forms before profile.proto are read as `go tool pprof` reads them: `-raw` prints
//! the same bytes.

use std::path::Path;

use fathom_profile::{Limits, Profile, encode};
use tempfile::TempDir;

use crate::oracle::{recorded, same};

#[test]
fn hand_written_texts() {
    let directory = crate::fixtures().join("legacy");
    let mut read = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        assert!(same(&path), "{}", path.display());
        read += 1;
    }
    assert_eq!(read, 12);
}

#[test]
fn recorded_go_texts_and_profiles() {
    let texts = recorded(|name| {
        (name.ends_with("_debug1.txt") || name.ends_with(".pb.gz")) && !name.contains("delta")
    });
    let read = texts.iter().filter(|path| same(path)).count();
    assert!(read >= 230, "{read} of {}", texts.len());
}

/// Word sizes and byte orders of binary profiles.
const WIDTHS: [(&str, usize, bool); 4] = [
    ("32le", 4, true),
    ("32be", 4, false),
    ("64le", 8, true),
    ("64be", 8, false),
];

fn words(width: (&str, usize, bool), words: &[u64]) -> Vec<u8> {
    let (_, size, is_little) = width;
    words
        .iter()
        .flat_map(|word| {
            if is_little {
                word.to_le_bytes()[..size].to_vec()
            } else {
                word.to_be_bytes()[8 - size..].to_vec()
            }
        })
        .collect()
}

fn check(directory: &Path, name: &str, bytes: &[u8]) -> bool {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    same(&path)
}

#[test]
fn binary_cpu_profiles() {
    let directory = TempDir::new().unwrap();
    let map = b"00400000-00500000 r-xp 00000000 fd:01 131 /srv/bin/server\n";
    let handler = 0x40_9000;
    for width in WIDTHS {
        let head = [0, 3, 0, 10_000, 0];
        // Two handler frames in nearly all samples, a doubled leaf, an empty stack.
        let mut samples = Vec::new();
        for sample in 0..64 {
            let leaf = 0x40_1000 + sample;
            samples.extend([1 + sample, 4, leaf, handler, handler + 16, 0x40_2000]);
        }
        samples.extend([5, 3, 0x40_1000, 0x40_1000, 0x40_3000]);
        samples.extend([2, 2, 0x40_1500, 0x60_0000]);
        samples.extend([7, 0]);
        let end = [0, 1, 0];
        let plain: Vec<u64> = head.iter().chain(&samples).chain(&end).copied().collect();
        let mut bytes = words(width, &plain);
        let name = |what: &str| format!("{what}_{}", width.0);
        assert!(check(
            directory.path(),
            &name("cut"),
            &bytes[..bytes.len() - 3 * width.1]
        ));
        assert!(check(directory.path(), &name("bare"), &bytes));
        bytes.extend(map);
        assert!(check(directory.path(), &name("mapped"), &bytes));
        // An odd end: the last word is not whole.
        assert!(!check(
            directory.path(),
            &name("odd"),
            &bytes[..5 * width.1 + width.1 / 2]
        ));

        let java: Vec<u64> = [0, 3, 1, 1000, 0]
            .into_iter()
            .chain([3, 2, 0x11, 0x12, 4, 1, 0x13])
            .chain(end)
            .collect();
        let mut bytes = words(width, &java);
        bytes.extend(b"0x11 a.B.c (B.java:12)\n 0x12 GC\n");
        assert!(check(directory.path(), &name("java"), &bytes));
    }
}

#[test]
fn what_is_refused_is_refused_with_the_same_words() {
    let directory = TempDir::new().unwrap();
    let texts = [
        "",
        "hello\n",
        "goroutine profile: total 1\nnonsense\n",
        "goroutine profile: total 1\n09 @ 0x1\n",
        "heap profile: 1: 2 [3: 4] @ heap_v2/1\nnonsense\n",
        "heap profile: 1: 2 [3: 4] @ heap_v2/1\n1: 2 [0: 4] @ 0x1\n",
        "heap profile: 1: 2 [3: 4] @ heap_v2/1\n0: 2 [1: 4] @ 0x1\n",
        "heap profile: 1: 2 [3: 4] @ heap_v2/1\n1: 99999999999999999999 [1: 4] @ 0x1\n",
        "heap profile: 1: 2 [3: 4] @ heap_v2/1\n1: 2 [1: 4] @ 0x11111111111111111\n",
        "heap profile: 1: 2 [3: 4] @ heap_v2/99999999999999999999\n",
        "heap profile: 1: 2 [3: 4] @ heap_v9/1\n",
        "--- contention:\ncycles/second=x\n",
        "--- contention:\nnonsense=1\n",
        "--- contention:\n1 2 @ 0x1\nnonsense\n",
        "--- contentionz 1 ---\nformat = java\n1 2 @ 0x1\n",
        "--- contentionz 1 ---\nformat = cobol\n",
        "--- heapz 1 ---\nformat = java\nresolution = bytes\n5 0 @ 0x1\n",
        "--- Thread 1 (name: a/1) stack: ---\n0x1\n",
        "--- Thread 1 (name: a/1) stack: ---\n0x11111111111111111\n---\n",
    ];
    let read = texts
        .iter()
        .enumerate()
        .filter(|(index, text)| check(directory.path(), &format!("text{index}"), text.as_bytes()))
        .count();
    assert_eq!(read, 0);
}

#[test]
fn lines_may_be_longer_than_theirs() {
    let counters: Vec<String> = (1..20_000).map(|pc| format!(" {pc:#x}")).collect();
    let stack = counters.concat();
    for text in [
        format!("goroutine profile: total 1\n1 @{stack}\n"),
        format!("heap profile: 1: 2 [1: 2] @ growthz\n1: 2 [1: 2] @{stack}\n"),
    ] {
        assert!(text.len() > 64 << 10);
        let profile = Profile::parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(profile.stack(0).len(), 19_999);
    }
}

#[test]
fn by_default_threads_may_end_the_input() {
    let text = b"--- Thread 1 (name: a/1) stack: ---\n 0x10 0x20\n--- Thread 2 (name: b/2) stack: ---\n 0x30\n";
    let profile = Profile::parse(text, &Limits::default()).unwrap();
    assert_eq!(profile.sample_count(), 2);
    let again = Profile::parse(&encode::write_raw_proto(&profile), &Limits::default()).unwrap();
    assert_eq!(again, profile);
}
