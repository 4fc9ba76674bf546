//! The crate from outside: what is written is read again by other readers.

mod influx;
mod remote_write;
