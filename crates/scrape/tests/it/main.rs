//! The crate from outside: simulated days, lists of targets, what agents push.

mod day;
mod example;
mod runner;
