//! The browser in which the page is tested and measured.

use std::path::Path;

/// Where Chromium may be.
const CHROMIUM: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// Finds Chromium, or what is made of it.
pub fn chromium() -> Option<&'static str> {
    CHROMIUM.into_iter().find(|path| Path::new(path).exists())
}
