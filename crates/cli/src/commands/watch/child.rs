//! A command that is run to be watched.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fathom_gather::Started;
use fathom_tui::feed;
use fathom_tui::live::News;

use super::signals::{INTERRUPT, TERMINATE};
use crate::commands::gctrace::child::start;
use crate::exit::Exit;

/// How long a command may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is asked whether it has ended.
const TICK: Duration = Duration::from_millis(50);
/// How long its standard error is read after its end: what it started may keep it open for ever.
const SILENCE: Duration = Duration::from_millis(500);

/// A command, and what was done to end it.
pub(super) struct Supervised {
    child: Started,
    reader: Option<JoinHandle<()>>,
    status: Option<ExitStatus>,
    /// Whether the user interrupted it.
    interrupted: bool,
    deadline: Option<Instant>,
    log: Option<PathBuf>,
}

impl Supervised {
    /// Runs a command. Its output goes to a log if the terminal is not its to write on, `is_apart`.
    pub(super) fn start(
        command: &[String],
        is_apart: bool,
        log: Option<&Path>,
        news: &Sender<News>,
    ) -> anyhow::Result<Self> {
        let mut opened = None;
        if is_apart {
            let usual = || {
                let name = format!("fathom-watch-{}.log", std::process::id());
                std::env::temp_dir().join(name)
            };
            let path = log.map_or_else(usual, Path::to_owned);
            let file =
                File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            opened = Some((file, path));
        }
        let (stdin, stdout) = match &opened {
            Some((file, _)) => (Stdio::null(), Stdio::from(file.try_clone()?)),
            None => (Stdio::inherit(), Stdio::inherit()),
        };
        let (child, stderr) = start(command, stdin, stdout)?;
        let (mut file, log) = opened.unzip();
        let reader = feed::listen(stderr, news.clone(), move |line| {
            // Nobody is left to tell if this fails.
            let _ = match &mut file {
                Some(file) => file.write_all(line),
                None => io::stderr().lock().write_all(line),
            };
        });
        Ok(Self {
            child,
            reader: Some(reader),
            status: None,
            interrupted: false,
            deadline: None,
            log,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// The file that its output goes to.
    pub(super) fn log(&self) -> Option<String> {
        self.log.as_ref().map(|log| log.display().to_string())
    }

    /// Hands a signal on; a second one ends it at once.
    pub(super) fn signalled(&mut self, signal: i32) -> anyhow::Result<()> {
        if self.deadline.is_some() {
            self.child.kill().context("cannot end the command")?;
            return Ok(());
        }
        self.interrupted |= signal == INTERRUPT;
        self.deadline = Some(Instant::now() + GRACE);
        // What is typed at a terminal interrupts the command as well as us: it must not come
        // twice, which many servers take for more.
        if signal != INTERRUPT || !io::stdin().is_terminal() {
            self.child
                .signal(signal)
                .context("cannot hand the signal on")?;
        }
        Ok(())
    }

    /// How it ended, if it has. One that does not end in time is ended.
    pub(super) fn ended(&mut self) -> anyhow::Result<Option<Exit>> {
        if self.status.is_none() {
            self.status = self.child.ended().context("cannot wait for the command")?;
        }
        if self.status.is_none()
            && self
                .deadline
                .is_some_and(|deadline| Instant::now() > deadline)
        {
            self.child.kill().context("cannot end the command")?;
        }
        Ok(self.status.map(|status| self.exit(status)))
    }

    /// Ends it, and waits until it has.
    pub(super) fn stop(&mut self) -> anyhow::Result<Exit> {
        if self.deadline.is_none() {
            self.interrupted = true;
            self.deadline = Some(Instant::now() + GRACE);
            self.child
                .signal(INTERRUPT)
                .context("cannot end the command")?;
        }
        loop {
            if let Some(exit) = self.ended()? {
                self.finish_reading();
                return Ok(exit);
            }
            thread::sleep(TICK);
        }
    }

    /// Waits until what it wrote is read, but for what others keep open.
    pub(super) fn finish_reading(&mut self) {
        let Some(reader) = self.reader.take() else {
            return;
        };
        let deadline = Instant::now() + SILENCE;
        while !reader.is_finished() && Instant::now() < deadline {
            thread::sleep(TICK);
        }
    }

    /// How it ended, in words.
    pub(super) fn told(&self) -> String {
        self.status.map_or_else(
            || "the command is running".to_owned(),
            |status| format!("the command has ended: {status}"),
        )
    }

    /// Its exit code; of one that a signal ended 128 and the signal, as shells have it. To be
    /// interrupted by the user is no failure.
    fn exit(&self, status: ExitStatus) -> Exit {
        if let Some(code) = status.code() {
            return match u8::try_from(code & 0xff) {
                Ok(0) | Err(_) => Exit::Fine,
                Ok(code) => Exit::Child(code),
            };
        }
        match signal_of(status) {
            Some(INTERRUPT) if self.interrupted => Exit::Fine,
            Some(signal) => Exit::Child(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
            None => Exit::Child(128 + u8::try_from(TERMINATE).unwrap_or(0)),
        }
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal()
}

#[cfg(not(unix))]
fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}
