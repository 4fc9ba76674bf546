//! `fathom gctrace`.

use std::fs;

use crate::{fathom, fathom_reading, fixtures, json};

const LOG: &str = "godebug/go1.27.3/gctrace=1.txt";

#[test]
fn a_log_becomes_a_summary_and_a_table() {
    let text = fathom(&["gctrace", LOG, "-n", "3"]).fine();
    insta::assert_snapshot!(text);
    let log = fs::read(fixtures().join(LOG)).unwrap();
    assert_eq!(
        fathom_reading(&["gctrace", "-", "-n", "3"], &log).fine(),
        text
    );
}

#[test]
fn every_version_is_read() {
    for version in [
        "1.21.13", "1.22.10", "1.24.11", "1.25.5", "1.26.6", "1.27.3",
    ] {
        let path = format!("godebug/go{version}/gctrace=1.txt");
        let answer = json(&["gctrace", &path, "--json"]);
        assert_eq!(answer["schema"], "fathom.gctrace/1");
        let cycles = answer["cycles"].as_array().unwrap();
        let log = fs::read_to_string(fixtures().join(&path)).unwrap();
        let lines = log.lines().filter(|line| line.contains("MB goal")).count() as u64;
        assert_eq!(
            cycles.len() as u64 + answer["torn_lines"].as_u64().unwrap(),
            lines,
            "{path}"
        );
        assert_eq!(answer["summary"]["cycles"], cycles.len());
    }
}

#[test]
fn csv_has_a_line_a_collection() {
    let text = fathom(&["gctrace", LOG, "--csv"]).fine();
    let cycles = json(&["gctrace", LOG, "--json"])["summary"]["cycles"]
        .as_u64()
        .unwrap();
    assert_eq!(text.lines().count() as u64, cycles + 1);
    assert!(text.starts_with("gc,at_seconds,gc_percent,pause_ms,"));
}

#[test]
fn findings_decide_the_exit_code() {
    let limited = "gc 1 @0.1s 60%: 0.1+9.0+0.1 ms clock, 0.2+1/9/1+0.2 ms cpu, 98->99->97 MB, 98 MB goal, 0 MB stacks, 0 MB globals, 2 P\n";
    let log: String = (1..40)
        .map(|number| {
            limited.replacen(
                "gc 1 @0.1s",
                &format!("gc {number} @{}.{:03}s", number / 10, number % 10 * 100),
                1,
            )
        })
        .collect();
    let found = fathom_reading(&["gctrace", "-", "--fail-on", "critical"], log.as_bytes());
    assert_eq!(found.code, Some(1), "{}", found.stderr);
    assert!(found.stdout.contains("critical: "), "{}", found.stdout);
    assert_eq!(
        fathom_reading(&["gctrace", "-"], log.as_bytes()).code,
        Some(0)
    );
}

#[test]
fn a_log_without_lines_is_an_error() {
    let said = fathom_reading(&["gctrace", "-"], b"hello\n").failed();
    assert!(
        said.contains("no line of gctrace") && said.contains("hint: "),
        "{said}"
    );
    let said = fathom(&["gctrace", "no-such-file"]).failed();
    assert!(said.contains("cannot read no-such-file"), "{said}");
    assert_eq!(fathom(&["gctrace"]).code, Some(2));
}

#[cfg(unix)]
mod running {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};

    use super::LOG;
    use crate::{command, fathom};

    #[test]
    fn a_command_is_heard_and_its_end_is_told() {
        let script = format!("echo \"$GODEBUG\"; echo of-the-program >&2; cat '{LOG}' >&2; exit 3");
        let done = fathom(&["gctrace", "--", "sh", "-c", &script]);
        assert!(
            done.stderr.contains("gctrace=1\n"),
            "its standard output: {}",
            done.stderr
        );
        assert!(done.stderr.contains("of-the-program\n"), "{}", done.stderr);
        assert!(!done.stderr.contains("MB goal"), "{}", done.stderr);
        let report = done.fine();
        assert!(!report.contains("of-the-program"), "{report}");
        assert!(
            report.ends_with("The command ended with exit status: 3.\n"),
            "{report}"
        );
    }

    #[test]
    fn the_users_godebug_stays() {
        let script = format!("echo \"[$GODEBUG]\" >&2; cat '{LOG}' >&2");
        let done = command(&["gctrace", "--json", "--", "sh", "-c", &script])
            .env("GODEBUG", "madvdontneed=0")
            .output()
            .unwrap();
        let stderr = String::from_utf8(done.stderr).unwrap();
        assert!(stderr.contains("[madvdontneed=0,gctrace=1]"), "{stderr}");
        let answer: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(
            (
                &answer["command"]["exit_code"],
                &answer["command"]["interrupted"]
            ),
            (&0.into(), &false.into())
        );
    }

    #[test]
    fn ctrl_c_ends_the_command_and_prints_the_report() {
        let script = format!("cat '{LOG}' >&2; echo ready >&2; exec sleep 600");
        let mut running = command(&["gctrace", "--", "sh", "-c", &script])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(running.stderr.take().unwrap());
        let mut line = String::new();
        let interrupt = || {
            let pid = running.id().to_string();
            assert!(
                Command::new("kill")
                    .args(["-INT", &pid])
                    .status()
                    .unwrap()
                    .success()
            );
        };
        while line != "ready\n" {
            line.clear();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no line `ready`");
        }
        interrupt();
        while !line.contains("Ctrl-C again") {
            line.clear();
            assert_ne!(
                stderr.read_line(&mut line).unwrap(),
                0,
                "Ctrl-C was not heard"
            );
        }
        interrupt();
        let mut report = String::new();
        running
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut report)
            .unwrap();
        assert_eq!(running.wait().unwrap().code(), Some(0));
        assert!(report.contains("collections in"), "{report}");
        assert!(
            report.contains("The command ended with signal: 9"),
            "{report}"
        );
    }

    #[test]
    fn a_command_that_is_none_is_an_error() {
        let said = fathom(&["gctrace", "--", "no-such-program"]).failed();
        assert!(said.contains("cannot run no-such-program"), "{said}");
        let said = fathom(&["gctrace", "--", "sh", "-c", "exit 4"]).failed();
        assert!(
            said.contains("no collection was seen") && said.contains("exit status: 4"),
            "{said}"
        );
    }
}
