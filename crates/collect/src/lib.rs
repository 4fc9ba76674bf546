//! Keeps looking at Go processes, stores what they show, and says what grows.
//!
//! The scraper decides when a target is looked at. A [`Sampler`] looks, over one connection to
//! each target; a [`Keeper`] turns what came into readings, profiles and marks and stores them; a
//! [`Watchdog`] judges each target every few minutes by what was stored, keeps what it finds, with
//! a capture of the moment, and tells a webhook.

mod alert;
mod growth;
mod keeper;
mod sampler;
mod watchdog;

pub use alert::Webhook;
pub use growth::{MOST_HEAPS, growth_of};
pub use keeper::{Keeper, Notice};
pub use sampler::{Sampler, groups_of, pid_of};
pub use watchdog::{Found, Watchdog};
