//! Running a command and listening to its collector.

use std::io::{self, Write as _};
use std::process::{ChildStderr, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fathom_gather::Started;

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
    let (mut child, stderr) = start(command, Stdio::inherit(), Stdio::from(io::stderr()))?;
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
                let ended = child.ended()?.is_some();
                if ended && last_heard.elapsed() > SILENCE {
                    break;
                }
            }
        }
        if deadline.is_some_and(|deadline| Instant::now() > deadline) && child.ended()?.is_none() {
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

/// Starts a command with gctrace=1.
pub(crate) fn start(
    command: &[String],
    stdin: Stdio,
    stdout: Stdio,
) -> anyhow::Result<(Started, ChildStderr)> {
    let (program, arguments) = command.split_first().context("no command was given")?;
    Started::start(program, arguments, stdin, stdout).map_err(|error| {
        Failure::new(format!("cannot run {program}: {error}"))
            .hint("a program in this folder is started as ./program")
            .into()
    })
}

fn kill(child: &mut Started) -> anyhow::Result<()> {
    child.kill().context("cannot end the command")
}
