//! What Linux says of a process and its host.
//!
//! Readers of `/proc/PID/{smaps,smaps_rollup,maps,status,statm,cgroup,mountinfo}`, `/proc/meminfo`,
//! the transparent huge page settings and the memory controller's files (cgroup v1 and v2), and
//! the arithmetic over them: what each mapping is for ([`classify`]), what a process holds alone
//! and what it shares ([`process`]), what its control group is charged and where its limit lies
//! ([`cgroup`]).
//!
//! Everything is bytes in, values out: this crate opens no file and runs on every system. Sizes
//! are bytes (`u64`) throughout; the kernel's `kB` are 1024 bytes.
//!
//! Not here: the Go runtime's view of the same memory, and any judgement about it.
//!
//! ```
//! use fathom_osmem::{Limits, classify::{AddressSpace, RegionClass}, maps};
//!
//! let text = b"\
//! 00400000-00744000 r-xp 00000000 fe:00 7    /srv/app\n\
//! 00afb000-02b3e000 rw-p 00000000 00:00 0 \n\
//! c000000000-c000400000 rw-p 00000000 00:00 0 \n\
//! c000400000-c004000000 ---p 00000000 00:00 0 \n";
//! let mappings = maps::parse(text, &Limits::default())?;
//! let space = AddressSpace::classify(mappings, Some("/srv/app"));
//! assert_eq!(space.regions()[2].class, RegionClass::GoArena);
//! assert_eq!(space.arena_rw_size(), 4 << 20);
//! # Ok::<(), fathom_osmem::Error>(())
//! ```

pub mod cgroup;
pub mod classify;
mod error;
pub mod huge_pages;
mod limits;
mod lines;
pub mod mapping;
pub mod maps;
pub mod meminfo;
pub mod process;
pub mod smaps;
pub mod stat;
pub mod statm;
pub mod status;

pub use error::{Error, Input};
pub use limits::Limits;
