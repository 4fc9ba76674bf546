//! The web server of the real `go tool trace`, driven.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::html::percent_encode;
use super::pages::{
    self, GoroutineGroup, GoroutinePage, MmuCurve, RegionGroup, RegionPage, Task, TaskGroup,
};
use super::reference::{Reference, Waits};
use crate::{Error, http};

/// What the server says before its address, once it has read the trace.
const READY: &str = "Trace viewer is listening on http://";

/// The longest that it may be silent while it reads a trace.
const PATIENCE: Duration = Duration::from_mins(10);

/// A running web server, which ends when this is dropped.
#[derive(Debug)]
pub struct Web {
    child: Child,
    address: SocketAddr,
}

impl Web {
    /// Starts the server and waits until it has read the trace. It needs some two hundred times
    /// the memory that the file has bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Spawn`], or [`Error::NotReady`] with what the tool says of the trace.
    pub fn open(reference: &Reference, trace: &Path) -> Result<Self, Error> {
        let mut command = reference.command();
        command
            .arg("-http=127.0.0.1:0")
            .arg(trace)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| Error::Spawn {
            command: command.get_program().into(),
            source,
        })?;
        let answer = match child.stderr.take() {
            Some(stderr) => ready_address(stderr),
            None => Err(String::new()),
        };
        // Made first, so that a process that is of no use ends too.
        let mut web = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        web.address = answer.map_err(|output| Error::NotReady {
            name: "go tool trace -http".to_owned(),
            output,
        })?;
        Ok(web)
    }

    /// Gets a page, such as `/io?raw=1` or `/jsontrace?view=proc`.
    ///
    /// # Errors
    ///
    /// [`Error::Http`] when the answer is not 200.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Error> {
        http::get(self.address, path).map_err(|reason| Error::Http {
            url: format!("http://{}{path}", self.address),
            reason,
        })
    }

    /// Gets `/goroutines`, in the order of the page: most execution time first.
    ///
    /// # Errors
    ///
    /// [`Error::Http`], or [`Error::Page`] when the page is not as it was.
    pub fn goroutine_groups(&self) -> Result<Vec<GoroutineGroup>, Error> {
        pages::goroutine_groups(&self.text("/goroutines")?)
    }

    /// Gets `/goroutine` of a group; the empty name is that of goroutines without a stack.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn goroutines(&self, group: &str) -> Result<GoroutinePage, Error> {
        let path = format!("/goroutine?name={}", percent_encode(group));
        pages::goroutine_page(&self.text(&path)?)
    }

    /// Gets `/userregions`, in the order of the page: by type, then by address.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn region_groups(&self) -> Result<Vec<RegionGroup>, Error> {
        pages::region_groups(&self.text("/userregions")?)
    }

    /// Gets `/userregion` of a group.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn regions(&self, group: &RegionGroup) -> Result<RegionPage, Error> {
        let filter = format!("type={}&pc={:x}", percent_encode(&group.name), group.pc);
        self.regions_that(&filter)
    }

    /// Gets `/userregion` with a filter, such as `latmin=1ms`.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn regions_that(&self, filter: &str) -> Result<RegionPage, Error> {
        pages::region_page(&self.text(&format!("/userregion?{filter}"))?)
    }

    /// Gets `/usertasks`, in the order of the page: by type.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn task_groups(&self) -> Result<Vec<TaskGroup>, Error> {
        pages::task_groups(&self.text("/usertasks")?)
    }

    /// Gets `/usertask` of a type, shortest task first.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn tasks(&self, name: &str) -> Result<Vec<Task>, Error> {
        self.tasks_that(&format!("type={}", percent_encode(name)))
    }

    /// Gets `/usertask` with a filter, such as `complete=0` or `logtext=late`.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn tasks_that(&self, filter: &str) -> Result<Vec<Task>, Error> {
        pages::tasks(&self.text(&format!("/usertask?{filter}"))?)
    }

    /// Gets the curve of `/mmu`; the flags are `stw`, `background`, `assist`, `sweep`, `perProc`
    /// and `mut`.
    ///
    /// # Errors
    ///
    /// As [`Web::goroutine_groups`].
    pub fn mmu(&self, flags: &[&str]) -> Result<MmuCurve, Error> {
        let flags = percent_encode(&flags.join("|"));
        pages::mmu_curve(&self.text(&format!("/mmu?mode=plot&flags={flags}"))?)
    }

    /// Gets a compressed profile of the waits of all goroutines, or of one group.
    ///
    /// # Errors
    ///
    /// [`Error::Http`], as when no goroutine matches.
    pub fn waits(&self, waits: Waits, group: Option<&str>) -> Result<Vec<u8>, Error> {
        let name = group.map(|name| format!("&name={}", percent_encode(name)));
        self.get(&format!(
            "{}?raw=1{}",
            waits.page(),
            name.unwrap_or_default()
        ))
    }

    /// Gets a compressed profile of the waits within the outermost regions of a group.
    ///
    /// # Errors
    ///
    /// [`Error::Http`].
    pub fn region_waits(&self, waits: Waits, group: &RegionGroup) -> Result<Vec<u8>, Error> {
        let page = waits.page().trim_start_matches('/');
        let name = percent_encode(&group.name);
        self.get(&format!(
            "/region{page}?raw=1&type={name}&pc={:x}",
            group.pc
        ))
    }

    fn text(&self, path: &str) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.get(path)?).into_owned())
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        // Both fail only when the process has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the address; returns what the tool said instead when it ends or is silent.
fn ready_address(stderr: ChildStderr) -> Result<SocketAddr, String> {
    let (sender, receiver) = mpsc::channel();
    // The thread goes on reading, so that the tool never blocks on a full pipe.
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // The receiver is gone after the address.
            let _ = sender.send(line);
        }
    });
    let mut said = String::new();
    while let Ok(line) = receiver.recv_timeout(PATIENCE) {
        let address = line.split_once(READY).map(|(_, address)| address.trim());
        if let Some(Ok(address)) = address.map(str::parse) {
            return Ok(address);
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(said)
}
