//! A program that is started to be watched.

use std::io;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

/// A program that was started with `gctrace=1` added to its `GODEBUG`.
///
/// It is not ended when this value goes.
#[derive(Debug)]
pub struct Started {
    child: Child,
}

impl Started {
    /// Starts a command. What it writes to standard error is handed back as a stream.
    ///
    /// # Errors
    ///
    /// What the system says, if it cannot be started.
    pub fn start(
        program: &str,
        arguments: &[String],
        stdin: Stdio,
        stdout: Stdio,
    ) -> io::Result<(Self, ChildStderr)> {
        let before = std::env::var("GODEBUG").ok();
        let mut child = Command::new(program)
            .args(arguments)
            .env("GODEBUG", godebug(before.as_deref()))
            .stdin(stdin)
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child
            .stderr
            .take()
            .ok_or_else(|| io::Error::other("it has no standard error"))?;
        Ok((Self { child }, stderr))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Ends it at once.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    /// Hands a signal on to it, by its number. One that has ended gets none.
    ///
    /// # Errors
    ///
    /// What the system says.
    #[cfg(unix)]
    pub fn signal(&mut self, number: i32) -> io::Result<()> {
        // A child that was waited for has a pid that may be another's by now.
        if self.ended()?.is_some() {
            return Ok(());
        }
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let signal = rustix::process::Signal::from_named_raw(number);
        if let (Some(pid), Some(signal)) = (pid, signal) {
            rustix::process::kill_process(pid, signal)?;
        }
        Ok(())
    }

    /// Ends it: this system has no signals.
    ///
    /// # Errors
    ///
    /// What the system says.
    #[cfg(not(unix))]
    pub fn signal(&mut self, _number: i32) -> io::Result<()> {
        self.kill()
    }
}

/// Adds to what the user set; the last setting of a name counts
/// (`runtime/runtime1.go`, `parsegodebug`, Go 1.27).
fn godebug(before: Option<&str>) -> String {
    match before {
        Some(before) if !before.is_empty() => format!("{before},gctrace=1"),
        _ => "gctrace=1".to_owned(),
    }
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
