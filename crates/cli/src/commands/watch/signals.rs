//! Signals to us, which end the watching and go on to a command.

use std::sync::mpsc::{Receiver, channel};

use anyhow::Context as _;

/// Ctrl-C.
pub(super) const INTERRUPT: i32 = 2;
/// The wish of a supervisor.
pub(super) const TERMINATE: i32 = 15;
/// The end of the terminal.
#[cfg(unix)]
const HANG_UP: i32 = 1;

/// How long the end may take after a signal that wants one; a child has five seconds of it.
#[cfg(unix)]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(8);

/// The signals that came and were not looked at yet.
pub(super) struct Signals {
    received: Receiver<i32>,
}

/// Ends the process if it does not end by itself: reading the keys of a terminal that is gone may
/// never return.
#[cfg(unix)]
fn leave_in_time() {
    std::thread::spawn(|| {
        std::thread::sleep(PATIENCE);
        std::process::exit(1);
    });
}

impl Signals {
    /// Listens from now on.
    #[cfg(unix)]
    pub(super) fn listen() -> anyhow::Result<Self> {
        let (sender, received) = channel();
        let mut signals = signal_hook::iterator::Signals::new([INTERRUPT, TERMINATE, HANG_UP])
            .context("cannot listen for signals")?;
        std::thread::spawn(move || {
            for signal in signals.forever() {
                if signal != INTERRUPT {
                    leave_in_time();
                }
                if sender.send(signal).is_err() {
                    return;
                }
            }
        });
        Ok(Self { received })
    }

    /// Listens from now on.
    #[cfg(not(unix))]
    pub(super) fn listen() -> anyhow::Result<Self> {
        let (sender, received) = channel();
        ctrlc::set_handler(move || {
            // Nobody listens after the end.
            let _ = sender.send(INTERRUPT);
        })
        .context("cannot listen for Ctrl-C")?;
        Ok(Self { received })
    }

    /// The next of them.
    pub(super) fn next(&self) -> Option<i32> {
        self.received.try_recv().ok()
    }
}
