//! Showing an address in the user's browser.

use std::process::{Command, Stdio};

use crate::pprof::browsers;

/// What became of an address that was to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A browser was started.
    Yes,
    /// There is no desktop, or no browser.
    No,
}

/// Starts a browser, without waiting for it.
pub(crate) fn show(url: &str) -> Shown {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let chosen = variable("BROWSER");
    let system = std::env::consts::OS;
    let has_desktop = variable("DISPLAY").is_some() || variable("WAYLAND_DISPLAY").is_some();
    // Browsers start and then fail where there is nothing to draw on.
    if chosen.is_none() && !has_desktop && !matches!(system, "macos" | "windows") {
        return Shown::No;
    }
    for program in browsers(chosen, system, has_desktop) {
        let mut words = program.split(' ').filter(|word| !word.is_empty());
        let Some(name) = words.next() else { continue };
        let started = Command::new(name)
            .args(words)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if started.is_ok() {
            return Shown::Yes;
        }
    }
    Shown::No
}
