//! The real `go tool trace`, built from the sources of one Go version whatever version made a
//! trace: what it makes of the same trace has changed between versions.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::PoisonError;

use crate::pprof::Answer;
use crate::program::BUILDING;
use crate::toolchain::Toolchain;
use crate::{Error, GoVersion, repository};

/// The built tool, always that of Go 1.27.3.
#[derive(Clone, Debug)]
pub struct Reference {
    program: PathBuf,
}

/// The waits that one of the tool's profiles holds, its `-pprof=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waits {
    /// `net`: for the network.
    Network,
    /// `sync`: for channels, locks and selects.
    Synchronization,
    /// `syscall`: within system calls.
    SystemCall,
    /// `sched`: for a processor.
    Scheduler,
}

impl Waits {
    /// All four, in the order of the tool's help.
    pub const ALL: [Self; 4] = [
        Self::Network,
        Self::Synchronization,
        Self::SystemCall,
        Self::Scheduler,
    ];

    /// The value of `-pprof`.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Network => "net",
            Self::Synchronization => "sync",
            Self::SystemCall => "syscall",
            Self::Scheduler => "sched",
        }
    }

    /// The page of the web server that has the same waits.
    pub fn page(self) -> &'static str {
        match self {
            Self::Network => "/io",
            Self::Synchronization => "/block",
            Self::SystemCall => "/syscall",
            Self::Scheduler => "/sched",
        }
    }
}

impl Reference {
    /// Builds the tool, or finds it as it was built before; the first build takes a minute.
    ///
    /// # Errors
    ///
    /// A missing toolchain, or what the compiler says.
    pub fn build() -> Result<Self, Error> {
        let version = GoVersion::GO_1_27;
        let toolchain = Toolchain::find(version)?;
        let directory = repository().join(format!("target/testbed/built/{version}-tools"));
        let program = directory.join("trace");
        let _one_at_a_time = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        if !program.is_file() {
            std::fs::create_dir_all(&directory).map_err(Error::file(&directory))?;
            // Renaming makes it appear whole, or not at all.
            let unfinished = directory.join(format!("unfinished-{}", std::process::id()));
            toolchain.build_tool("cmd/trace", &unfinished, &directory)?;
            std::fs::rename(&unfinished, &program).map_err(Error::file(&program))?;
        }
        Ok(Self { program })
    }

    /// Returns every event with its stacks and attributes, in the order in which the tool put
    /// them: `-d=parsed`. [`Reference::run`] gives those before the damage of a damaged trace.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] with what the tool says of a trace that it cannot begin to read or that
    /// is damaged.
    pub fn parsed(&self, trace: &Path) -> Result<String, Error> {
        self.text("parsed", trace)
    }

    /// Returns the events as they stand in the file: `-d=wire`.
    ///
    /// # Errors
    ///
    /// As [`Reference::parsed`]; and of a trace with `traceallocfree` in a format before that of
    /// Go 1.26, whose events the tool does not know here.
    pub fn wire(&self, trace: &Path) -> Result<String, Error> {
        self.text("wire", trace)
    }

    /// Returns the bytes and counts of each kind of event: `-d=footprint`.
    ///
    /// # Errors
    ///
    /// As [`Reference::wire`].
    pub fn footprint(&self, trace: &Path) -> Result<String, Error> {
        self.text("footprint", trace)
    }

    /// Returns how many events of each kind stand in the file, of those that do.
    ///
    /// # Errors
    ///
    /// As [`Reference::wire`].
    pub fn counts(&self, trace: &Path) -> Result<BTreeMap<String, u64>, Error> {
        let footprint = self.footprint(trace)?;
        // Below two lines of headings: name, bytes, their part, count, its part.
        let rows = footprint.lines().skip(2).filter_map(|line| {
            let mut cells = line.split_whitespace();
            let name = cells.next()?;
            let count = cells.nth(2)?.parse().ok()?;
            Some((name.to_owned(), count))
        });
        Ok(rows.filter(|(_, count)| *count > 0).collect())
    }

    /// Returns a compressed profile of waits: `-pprof`. Where the tool can read only the beginning
    /// of a trace it writes nothing, without an error.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] with what the tool says, as of a trace in which nothing matches.
    pub fn pprof(&self, waits: Waits, trace: &Path) -> Result<Vec<u8>, Error> {
        let flag = format!("-pprof={}", waits.flag());
        let answer = self.run([OsStr::new(&flag), trace.as_os_str()])?;
        if answer.is_success {
            Ok(answer.output)
        } else {
            Err(failed(&flag, answer.errors))
        }
    }

    /// Runs the tool and returns what it wrote and whether it ended well, whatever that was.
    ///
    /// # Errors
    ///
    /// [`Error::Spawn`] when it cannot be started.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Answer, Error> {
        let output = self
            .command()
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|source| Error::Spawn {
                command: self.program.clone(),
                source,
            })?;
        Ok(Answer {
            is_success: output.status.success(),
            output: output.stdout,
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Returns the command of the tool, which finds no browser but one that does nothing.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("TZ", "UTC")
            .env("BROWSER", "/usr/bin/true");
        command
    }

    /// Runs `-d`.
    fn text(&self, what: &str, trace: &Path) -> Result<String, Error> {
        let flag = format!("-d={what}");
        let answer = self.run([OsStr::new(&flag), trace.as_os_str()])?;
        if answer.is_success {
            Ok(String::from_utf8_lossy(&answer.output).into_owned())
        } else {
            Err(failed(&flag, answer.errors))
        }
    }
}

fn failed(flag: &str, output: String) -> Error {
    Error::Failed {
        name: format!("go tool trace {flag}"),
        output,
    }
}
