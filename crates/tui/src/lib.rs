//! Watching a live process in the terminal.
//!
//! - [`live`]: what is known of the process since it is watched, in bounded memory. Pure: it is
//!   told [`live::News`], and touches neither clock nor network.
//! - [`feed`]: the threads that look at a process or follow a log, and tell the news. Nothing
//!   that is drawn waits for them.
//! - [`screens`]: draws a [`live::Session`] as screens of a terminal; pure as well.
//! - [`plain`] and [`answer`]: the same as lines of numbers, and as JSON.
//! - [`run`]: the terminal itself, its keys and its restoring.

mod amount;
pub mod answer;
mod app;
pub mod feed;
pub mod live;
pub mod plain;
mod run;
pub mod screens;

pub use app::{App, Page, Request};
pub use run::{Ending, Terminal, run};
