//! Running a command and listening to its collector.

use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{Ended, Record, each_line};
use crate::failure::Failure;
use crate::output::Output;

/// How long a command may take to end after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is asked whether the command has ended.
const TICK: Duration = Duration::from_millis(100);
/// How long its standard error may stay silent after it ended: what it started
/// may keep it open for ever.
const SILENCE: Duration = Duration::from_millis(500);

enum Message {
    Line(Vec<u8>),
    End,
    Interrupt,
}

/// Runs a command with gctrace=1 until it ends, and reads what its collector
/// prints. Everything else that it prints goes to standard error.
///
/// # Errors
///
/// When the command cannot be started.
pub(super) fn watch(
    command: &[String],
    record: &mut Record,
    output: &Output,
) -> anyhow::Result<Ended> {
    let mut child = start(command)?;
    let stderr = child
        .stderr
        .take()
        .context("the command has no standard error")?;
    let (sender, messages) = mpsc::sync_channel(1024);
    let interrupts = sender.clone();
    ctrlc::set_handler(move || {
        // A full queue is read soon, and Ctrl-C can be pressed again.
        let _ = interrupts.try_send(Message::Interrupt);
    })
    .context("cannot listen for Ctrl-C")?;
    thread::spawn(move || {
        // An error of the pipe is its end; the exit status tells the rest.
        let _ = each_line(stderr, |line| {
            sender.send(Message::Line(line.to_vec())).is_ok()
        });
        let _ = sender.send(Message::End);
    });

    let mut deadline = None;
    let mut last_heard = Instant::now();
    loop {
        match messages.recv_timeout(TICK) {
            Ok(Message::Line(line)) => {
                last_heard = Instant::now();
                if !record.line(&line) {
                    // Nobody is left to tell if this fails.
                    let _ = io::stderr().lock().write_all(&line);
                }
            }
            Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
            Ok(Message::Interrupt) if deadline.is_some() => kill(&mut child)?,
            Ok(Message::Interrupt) => {
                deadline = Some(Instant::now() + GRACE);
                output.note("waiting for the command to end; Ctrl-C again ends it at once");
            }
            Err(RecvTimeoutError::Timeout) => {
                let ended = child.try_wait()?.is_some();
                if ended && last_heard.elapsed() > SILENCE {
                    break;
                }
            }
        }
        if deadline.is_some_and(|deadline| Instant::now() > deadline) && child.try_wait()?.is_none()
        {
            kill(&mut child)?;
        }
    }
    let status = child.wait().context("cannot wait for the command")?;
    Ok(Ended {
        command: command.to_vec(),
        exit_code: status.code(),
        status: status.to_string(),
        interrupted: deadline.is_some(),
    })
}

fn start(command: &[String]) -> anyhow::Result<Child> {
    let (program, arguments) = command.split_first().context("no command was given")?;
    Command::new(program)
        .args(arguments)
        .env("GODEBUG", godebug(std::env::var("GODEBUG").ok().as_deref()))
        .stdin(Stdio::inherit())
        .stdout(Stdio::from(io::stderr()))
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            Failure::new(format!("cannot run {program}: {error}"))
                .hint("a program in this folder is started as ./program")
                .into()
        })
}

/// Adds to what the user set; the last setting of a name counts
/// (`runtime/runtime1.go`, `parsegodebug`, Go 1.27).
fn godebug(before: Option<&str>) -> String {
    match before {
        Some(before) if !before.is_empty() => format!("{before},gctrace=1"),
        _ => "gctrace=1".to_owned(),
    }
}

fn kill(child: &mut Child) -> anyhow::Result<()> {
    child.kill().context("cannot end the command")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_user_stay() {
        assert_eq!(godebug(None), "gctrace=1");
        assert_eq!(godebug(Some("")), "gctrace=1");
        assert_eq!(godebug(Some("madvdontneed=0")), "madvdontneed=0,gctrace=1");
    }
}
