//! Where a report goes: standard output, a file, a program that shows it
//! (google/pprof `internal/driver/commands.go`).

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use fathom_report::command::{Command, Destination, Viewer};

use super::numbered::{create, go_reason};
use super::report::Report;
use super::talk::Talk;
use crate::failure::Failure;

/// How long a viewer gets to open its file.
const VIEWER_PATIENCE: Duration = Duration::from_secs(1);

/// Who asked for a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// One command of the command line.
    Once,
    /// The shell, which goes on while a viewer is open.
    InShell,
}

/// What one redirection of the shell names, or the option `output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// Whatever the command's own destination is.
    None,
    /// This file, replaced.
    Replace(&'a str),
    /// The end of this file.
    Append(&'a str),
}

/// Files that are removed at the end.
#[derive(Debug, Default)]
pub(crate) struct Temporary(Mutex<Vec<PathBuf>>);

impl Temporary {
    fn keep(&self, path: PathBuf) {
        let mut paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paths.push(path);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let paths = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for path in paths {
            // It is in a directory for such files.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Puts a report where it belongs and tells its notes.
///
/// # Errors
///
/// When a file cannot be written or no viewer starts.
pub(crate) fn deliver(
    report: &Report<'_>,
    command: &Command,
    file: Place<'_>,
    asked: Asked,
    talk: &dyn Talk,
    temporary: &Temporary,
) -> anyhow::Result<()> {
    for note in report.notes() {
        talk.error(note);
    }
    match file {
        Place::None => {}
        Place::Replace(path) => {
            talk.error(&format!("Generating report in {path}"));
            return write(File::create(path), Path::new(path), report);
        }
        Place::Append(path) => {
            talk.error(&format!("Generating report in {path}"));
            let opened = File::options().create(true).append(true).open(path);
            return write(opened, Path::new(path), report);
        }
    }
    match command.destination {
        Destination::Stdout => report.write(&mut |bytes: &[u8]| talk.data(bytes)),
        Destination::AwayFromTerminal(suffix) => {
            if !talk.shows_results() && asked == Asked::Once {
                return report.write(&mut |bytes: &[u8]| talk.data(bytes));
            }
            let (opened, path) = create(Path::new(""), "profile", &format!(".{suffix}"))
                .context("cannot write to the working directory")?;
            talk.error(&format!("Generating report in {}", path.display()));
            write(Ok(opened), &path, report)
        }
        Destination::Viewer(suffix, viewer) => {
            let (opened, path) = create(&std::env::temp_dir(), "pprof", &format!(".{suffix}"))
                .context("cannot write a temporary file")?;
            temporary.keep(path.clone());
            write(Ok(opened), &path, report)?;
            show(&programs(viewer), &path, asked)
        }
    }
}

fn write(opened: io::Result<File>, path: &Path, report: &Report<'_>) -> anyhow::Result<()> {
    let failed = |what: &str, error: &io::Error| {
        Failure::new(format!("{what} {}: {}", path.display(), go_reason(error)))
    };
    let mut file = opened.map_err(|error| failed("open", &error))?;
    report
        .write(&mut |bytes: &[u8]| file.write_all(bytes))
        .map_err(|error| failed("write", &error))?;
    Ok(())
}

/// Lists the programs that may show a file, the preferred one first.
fn programs(viewer: Viewer) -> Vec<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match viewer {
        Viewer::Program(program) => vec![program.to_owned()],
        Viewer::Browser => browsers(
            variable("BROWSER"),
            std::env::consts::OS,
            variable("DISPLAY").is_some() || variable("WAYLAND_DISPLAY").is_some(),
        ),
    }
}

pub(crate) fn browsers(chosen: Option<String>, system: &str, has_desktop: bool) -> Vec<String> {
    let mut found: Vec<String> = chosen.into_iter().collect();
    let known: &[&str] = match system {
        "macos" => &["/usr/bin/open"],
        "windows" => &["cmd /c start"],
        // A browser itself before whatever the desktop has for the type of file.
        _ => &[
            "chrome",
            "google-chrome",
            "chromium",
            "firefox",
            "sensible-browser",
        ],
    };
    found.extend(known.iter().map(|&name| name.to_owned()));
    if has_desktop && !matches!(system, "macos" | "windows") {
        found.push("xdg-open".to_owned());
    }
    found
}

/// Starts the first program that there is.
fn show(programs: &[String], path: &Path, asked: Asked) -> anyhow::Result<()> {
    let mut failure = None;
    let names = programs
        .iter()
        .filter_map(|program| program.split(' ').next());
    let tried = names.collect::<Vec<_>>().join(", ");
    for program in programs {
        let mut words = program.split(' ').filter(|word| !word.is_empty());
        let Some(name) = words.next() else { continue };
        let started = Process::new(name)
            .args(words)
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        match started {
            Ok(mut child) => {
                let begun = std::time::Instant::now();
                if asked == Asked::Once {
                    let status = child.wait().context("the viewer cannot be waited for")?;
                    // It may have handed the file to another process and be gone.
                    std::thread::sleep(VIEWER_PATIENCE.saturating_sub(begun.elapsed()));
                    if !status.success() {
                        return Err(Failure::new(format!("{name}: {status}")).into());
                    }
                } else {
                    std::thread::sleep(VIEWER_PATIENCE);
                }
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = format!("exec: \"{name}\": executable file not found in $PATH");
                failure = Some(Failure::new(text).hint(format!(
                    "none of these is there: {tried}; set BROWSER for reports that a browser \
                     shows, or write the report to a file: -output=FILE, in the shell >FILE"
                )));
            }
            Err(error) => failure = Some(Failure::new(format!("{name}: {}", go_reason(&error)))),
        }
    }
    match failure {
        Some(failure) => Err(failure.into()),
        None => Err(Failure::new("no program to show it").into()),
    }
}

/// Writes a program of the shell's language that can be run.
///
/// Another process writes it: a file that this one, or a child of another test, still holds
/// open for writing cannot be run.
#[cfg(all(test, unix))]
pub(crate) fn script(path: &Path, text: &str) {
    let write = "printf '#!/bin/sh\\n%s\\n' \"$2\" >\"$1\" && chmod 755 \"$1\"";
    let status = Process::new("sh")
        .args(["-c", write, "sh"])
        .arg(path)
        .arg(text)
        .status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[cfg(test)]
mod tests {
    use fathom_report::Produced;
    use fathom_report::command::find;

    use super::super::talk::tests::Heard;
    use super::*;

    fn produced() -> Report<'static> {
        Report::Whole(Produced {
            bytes: b"text\n".to_vec(),
            notes: vec!["a note".to_owned()],
            printed: Vec::new(),
        })
    }

    #[test]
    fn text_goes_to_standard_output_and_notes_beside_it() {
        let (heard, temporary) = (Heard::default(), Temporary::default());
        for name in ["top", "svg"] {
            let command = find(name).unwrap();
            deliver(
                &produced(),
                command,
                Place::None,
                Asked::Once,
                &heard,
                &temporary,
            )
            .unwrap();
        }
        assert_eq!(*heard.data.lock().unwrap(), b"text\ntext\n");
        assert_eq!(heard.talk(), ["a note", "a note"]);
    }

    #[test]
    fn a_named_file_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.txt");
        let path = path.to_string_lossy();
        let (heard, temporary) = (Heard::default(), Temporary::default());
        let web = find("web").unwrap();
        for file in [Place::Replace(&path), Place::Append(&path)] {
            deliver(&produced(), web, file, Asked::InShell, &heard, &temporary).unwrap();
        }
        assert_eq!(std::fs::read(&*path).unwrap(), b"text\ntext\n");
        assert!(
            heard
                .talk()
                .contains(&format!("Generating report in {path}"))
        );
        let missing = Place::Replace("/no/such/folder/x");
        let error = deliver(&produced(), web, missing, Asked::Once, &heard, &temporary);
        assert_eq!(
            error.unwrap_err().to_string(),
            "open /no/such/folder/x: no such file or directory"
        );
    }

    #[test]
    fn browsers_are_tried_in_order() {
        let linux = browsers(Some("lynx".to_owned()), "linux", true);
        assert_eq!(linux.first().map(String::as_str), Some("lynx"));
        assert_eq!(linux.last().map(String::as_str), Some("xdg-open"));
        assert_eq!(browsers(None, "macos", true), ["/usr/bin/open"]);
        let error = show(
            &["no-such-program-here".to_owned()],
            Path::new("x"),
            Asked::Once,
        );
        let error = error.unwrap_err();
        assert_eq!(
            error.to_string(),
            "exec: \"no-such-program-here\": executable file not found in $PATH"
        );
        let told = crate::failure::describe(&error);
        assert!(told.contains("none of these is there: no-such-program-here; set BROWSER"));
    }
}
