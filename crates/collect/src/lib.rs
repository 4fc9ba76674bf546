//! Keeps looking at Go processes, stores what they show, and says what grows.
//!
//! The scraper decides when a target is looked at. A [`Sampler`] looks, over one connection to
//! each target; a [`Keeper`] turns what came into readings, profiles and marks and stores them; a
//! [`Watchdog`] judges each target every few minutes by what was stored, keeps what it finds, with
//! a capture of the moment, and tells a webhook.

mod alert;
mod board;
mod growth;
mod keeper;
mod outlet;
mod pushed;
mod sampler;
mod watchdog;

pub use alert::Webhook;
pub use board::Board;
pub use growth::{MOST_HEAPS, growth_of};
pub use keeper::{Keeper, Notice};
pub use outlet::{Form, Outlet};
pub use pushed::take as take_push;
pub use sampler::{Sampler, groups_of, pid_of};
pub use watchdog::{Found, GONE_MS, Watchdog};
