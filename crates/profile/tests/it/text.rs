//! The text forms, record by record.

use std::fmt::Write as _;

use fathom_profile::{Limits, Profile, folded};

fn read(text: &str) -> Profile {
    Profile::parse(text.as_bytes(), &Limits::default()).unwrap()
}

/// Heads and samples with their frames.
fn show(profile: &Profile) -> String {
    let mut out = String::new();
    for column in 0..profile.sample_types().len() {
        let (kind, unit) = profile.sample_type(column);
        let _ = write!(out, "{kind}/{unit} ");
    }
    let _ = writeln!(
        out,
        "period {:?} {}",
        profile.period_type(),
        profile.period()
    );
    for sample in 0..profile.sample_count() {
        let values: Vec<i64> = (0..profile.sample_types().len())
            .map(|at| profile.value(sample, at))
            .collect();
        let _ = writeln!(out, "{values:?}");
        for label in profile.labels(sample) {
            let _ = writeln!(out, "  {}: {:?}", label.key, label.value);
        }
        for frame in profile.frames(sample) {
            let _ = writeln!(
                out,
                "  {:#x} {} {}:{}",
                frame.address, frame.function, frame.file, frame.line
            );
        }
    }
    out
}

#[test]
fn a_heap_is_scaled_and_named() {
    let profile = read(concat!(
        "heap profile: 3: 1056 [5: 9000] @ heap/1048576\n",
        "2: 32 [4: 64] @ 0x4881f3 0x48ca09 0x6e6965 0x451567 0x4916a1\n",
        "#\t0x6e6964\tmain.alloc+0x24\t\t/src/formats/main.go:31\n",
        "#\t0x451566\truntime.main+0x426\t/usr/local/go/src/runtime/proc.go:302\n",
        "\n",
        "1: 1024 [1: 1024] @ 0x4881f3\n",
        "\n# runtime.MemStats\n# Alloc = 1\n# PauseNs = [1 2 3]\n",
    ));
    insta::assert_snapshot!(show(&profile), @r#"
    alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes period Some(("space", "bytes")) 524288
    [131074, 2097184, 65537, 1048592]
      bytes: Number { value: 16, unit: "" }
      0x6e6964 main.alloc /src/formats/main.go:31
      0x451566 runtime.main /usr/local/go/src/runtime/proc.go:302
    [512, 524800, 512, 524800]
      bytes: Number { value: 1024, unit: "" }
      0x4881f2  :0
    "#);
}

#[test]
fn a_heap_without_allocations_has_two_columns() {
    let profile = read("heap profile: 1: 8 [1: 8] @ heap_v2/1\n1: 8 [1: 8] @ 0x10\n");
    assert_eq!(profile.sample_types().len(), 2);
    assert_eq!(profile.sample_type(1), ("space", "bytes"));
    assert_eq!((profile.value(0, 0), profile.value(0, 1)), (1, 8));
}

#[test]
fn goroutines_keep_their_labels_and_hidden_leaves() {
    let profile = read(concat!(
        "goroutine profile: total 3\n",
        "2 @ 0x447171 0x48959d 0x6c5ef1 0x4916a1\n",
        "# labels: {\"path\":\"/api/v1\", \"tenant\":\"acme corp\"}\n",
        "#\t0x6c5ef0\tmain.serve.func1+0xb0\t/src/my app/main.go:8\n",
        "\n",
        "1 @ 0x0 0x0\n",
        "#\t0x0\n",
    ));
    insta::assert_snapshot!(show(&profile), @r#"
    goroutine/count period Some(("goroutine", "count")) 1
    [2]
      path: Text("/api/v1")
      tenant: Text("acme corp")
      0x447170  :0
      0x48959c  :0
      0x6c5ef0 main.serve.func1 /src/my app/main.go:8
    [1]
    "#);
}

#[test]
fn waiting_is_told_in_nanoseconds() {
    let profile = read(concat!(
        "--- mutex:\ncycles/second=2500000000\nsampling period=5\n",
        "1000 3 @ 0x11 0x21\n#\t0x10\tsync.(*Mutex).Unlock+0x1\ta.go:1\n#\t0x20\tmain.f+0x2\tb.go:2\n",
    ));
    insta::assert_snapshot!(show(&profile), @r#"
    contentions/count delay/nanoseconds period Some(("contentions", "count")) 5
    [15, 2000]
      0x10 sync.(*Mutex).Unlock a.go:1
      0x20 main.f b.go:2
    "#);
}

#[test]
fn folded_stacks_are_joined_and_sorted() {
    let profile = read("# a comment\nmain;a b;c 3\n\nmain 4\nmain;a b;c 2\n");
    assert_eq!(profile.sample_count(), 3);
    assert_eq!(folded::write(&profile, 0), "main 4\nmain;a b;c 5\n");
}

#[test]
fn errors_name_the_line() {
    let error = |text: &str| {
        Profile::parse(text.as_bytes(), &Limits::default())
            .unwrap_err()
            .to_string()
    };
    let cases = [
        error("heap profile: 1: 8 [1: 8] @ heap/x\n"),
        error("heap profile: 1: 8 [1: 8] @ heap_x/2\n"),
        error("heap profile: 1: 8 [1: 8] @ heap/2\n\nnonsense\n"),
        error("heap profile: 1: 8 [1: 8] @ heap/2\n0: 8 [1: 8] @ 0x1\n"),
        error("heap profile: 1: 8 [1: 8] @ heap/2\n1: 8 [1: 8] @ 0x1 zz\n"),
        error("goroutine profile: total 1\n1 @ 0x1\n# labels: {\"a\n"),
        error("--- mutex:\ncycles/second=fast\n"),
        error("--- contention:\nformat=java\n"),
        error("a;b 1\na;b\n"),
        error("<!DOCTYPE html>\n<html>"),
    ];
    insta::assert_snapshot!(cases.join("\n"), @r#"
    malformed heap profile at line 1: the sampling rate is no number
    malformed heap profile at line 1: unknown kind "heap_x"
    malformed heap profile at line 3: this is no record "n: b [n: b] @ pcs"
    malformed heap profile at line 2: 8 in-use bytes in 0 objects
    malformed heap profile at line 2: "zz" is no program counter
    malformed count profile at line 3: the labels are not {"key":"value"}
    malformed contention profile at line 2: "cycles/second" is no number
    malformed contention profile at line 2: unknown attribute "format"
    malformed folded stacks at line 2: this is no stack with a count
    not a profile in any known form: it is text that begins "<!DOCTYPE html>"
    "#);
}
