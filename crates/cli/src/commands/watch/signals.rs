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

/// The signals that came and were not looked at yet.
pub(super) struct Signals {
    received: Receiver<i32>,
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
