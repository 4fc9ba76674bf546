//! Live Go programs: built from `testbed/` with a chosen Go version, started, and ended.
//!
//! ```no_run
//! use fathom_testkit::{GoVersion, program::Program};
//!
//! let running = Program::new("idle_retained", GoVersion::GO_1_27).start()?;
//! let vars = running.vars()?;
//! println!("pid {} at {} with {}", running.pid(), running.url(), vars["goversion"]);
//! // The process ends when `running` goes out of scope.
//! # Ok::<(), fathom_testkit::Error>(())
//! ```

use std::collections::hash_map::DefaultHasher;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use crate::toolchain::{Cgo, Toolchain};
use crate::{Error, GoVersion, http, repository};

/// The longest that a program may take to reach its state, on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// One build at a time: each uses every processor as it is.
pub(crate) static BUILDING: Mutex<()> = Mutex::new(());

/// Makes the names of run directories unique within this process.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// A program of `testbed/`, and how to build and start it.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    version: GoVersion,
    cgo: Option<Cgo>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl Program {
    /// Names a program, which is a directory of `testbed/`, and the version that builds it.
    pub fn new(name: impl Into<String>, version: GoVersion) -> Self {
        Self {
            name: name.into(),
            version,
            cgo: None,
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Builds with or without cgo; left alone, a program has cgo exactly when it imports "C".
    #[must_use]
    pub fn cgo(mut self, cgo: Cgo) -> Self {
        self.cgo = Some(cgo);
        self
    }

    /// Adds a command-line argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of the program's environment, such as `GOGC`, `GOMEMLIMIT` or `GODEBUG`.
    /// The program does not inherit these three.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Builds the program unless the same sources were built before with the same version, and
    /// returns the executable. The first build of a version also compiles the standard library.
    ///
    /// # Errors
    ///
    /// A missing toolchain or program, and what the compiler says.
    pub fn build(&self) -> Result<PathBuf, Error> {
        let testbed = repository().join("testbed");
        let directory = testbed.join(&self.name);
        if self.name.is_empty() || self.name == "internal" || !directory.join("main.go").is_file() {
            return Err(Error::NoProgram {
                name: self.name.clone(),
            });
        }
        let toolchain = Toolchain::find(self.version)?;
        let mut sources = source_files(&testbed.join("internal"))?;
        sources.extend(source_files(&directory)?);
        let cgo = self.cgo.unwrap_or_else(|| {
            let imports_c = |(_, text): &(PathBuf, String)| text.contains("import \"C\"");
            if sources.iter().any(imports_c) {
                Cgo::On
            } else {
                Cgo::Off
            }
        });

        let mut hasher = DefaultHasher::new();
        (self.version, cgo).hash(&mut hasher);
        read(&testbed.join("go.mod"))?.hash(&mut hasher);
        for (path, text) in &sources {
            (path.strip_prefix(&testbed).ok(), text).hash(&mut hasher);
        }
        let built = repository().join("target/testbed/built").join(format!(
            "{}-{:016x}",
            self.version,
            hasher.finish()
        ));
        let executable = built.join(&self.name);

        let _one_at_a_time = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
        if executable.is_file() {
            return Ok(executable);
        }
        std::fs::create_dir_all(&built).map_err(Error::file(&built))?;
        // Renaming makes an executable appear whole, or not at all.
        let unfinished = built.join(format!("unfinished-{}", std::process::id()));
        let mut command = toolchain.command(cgo);
        command
            .args(["build", "-buildvcs=false", "-o"])
            .arg(&unfinished)
            .arg(format!("./{}", self.name))
            .current_dir(&testbed);
        let output = command.output().map_err(|source| Error::Spawn {
            command: toolchain.go(),
            source,
        })?;
        if !output.status.success() {
            return Err(Error::Build {
                name: self.name.clone(),
                version: self.version,
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        std::fs::rename(&unfinished, &executable).map_err(Error::file(&executable))?;
        Ok(executable)
    }

    /// Builds the program, starts it, and waits until it has reached its state.
    ///
    /// # Errors
    ///
    /// Those of [`Program::build`], and what the program says when it fails.
    pub fn start(&self) -> Result<Running, Error> {
        let executable = self.build()?;
        let run = RunDirectory::create()?;
        let stderr = run.0.join("stderr.txt");
        let mut command = self.command(&executable, &run);
        command
            .env("TESTBED_WATCH_PARENT", "1")
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr).map_err(Error::file(&stderr))?);
        let mut child = command.spawn().map_err(|source| Error::Spawn {
            command: executable,
            source,
        })?;
        let address = child.stdout.take().and_then(ready_address);
        let guarded = Guarded { child, run };
        match address {
            Some(address) => Ok(Running {
                address,
                version: self.version,
                guarded,
            }),
            None => Err(Error::NotReady {
                name: self.name.clone(),
                output: guarded.stderr(),
            }),
        }
    }

    /// Builds the program, runs it until it ends by itself, and returns what it wrote.
    ///
    /// # Errors
    ///
    /// Those of [`Program::build`]; how the program ended is in the output's status.
    pub fn output(&self) -> Result<Output, Error> {
        let executable = self.build()?;
        let run = RunDirectory::create()?;
        self.command(&executable, &run)
            .output()
            .map_err(|source| Error::Spawn {
                command: executable.clone(),
                source,
            })
    }

    fn command(&self, executable: &Path, run: &RunDirectory) -> Command {
        let mut command = Command::new(executable);
        for runtime_setting in ["GOGC", "GOMEMLIMIT", "GODEBUG", "GOMAXPROCS", "GOTRACEBACK"] {
            command.env_remove(runtime_setting);
        }
        command
            .args(&self.arguments)
            // The files that some programs map must not lie in a tmpfs, as /tmp may.
            .env("TMPDIR", &run.0)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }
}

/// Returns the names of all programs of `testbed/`, sorted.
///
/// # Errors
///
/// When `testbed/` cannot be read.
pub fn names() -> Result<Vec<String>, Error> {
    let testbed = repository().join("testbed");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&testbed).map_err(Error::file(&testbed))? {
        let path = entry.map_err(Error::file(&testbed))?.path();
        if path.join("main.go").is_file()
            && let Some(name) = path.file_name()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// A program in its state, serving; dropping it ends the process and removes its files.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    version: GoVersion,
    guarded: Guarded,
}

impl Running {
    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.guarded.child.id()
    }

    /// The address at which the program serves `/debug/pprof/` and `/debug/vars`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL without a path: `http://127.0.0.1:40001`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The Go version that built the program.
    pub fn version(&self) -> GoVersion {
        self.version
    }

    /// Gets a path, such as `/debug/pprof/heap?debug=1`, `/testbed/gc` (one collection) or
    /// `/testbed/free` (`debug.FreeOSMemory`).
    ///
    /// # Errors
    ///
    /// [`Error::Http`] when the answer is not 200.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Error> {
        http::get(self.address, path).map_err(|reason| Error::Http {
            url: format!("{}{path}", self.url()),
            reason,
        })
    }

    /// Gets `/debug/vars`: `memstats`, `metrics` (every scalar of runtime/metrics) and
    /// `goversion`.
    ///
    /// # Errors
    ///
    /// [`Error::Http`] when the answer is not 200 or not JSON.
    pub fn vars(&self) -> Result<serde_json::Value, Error> {
        let path = "/debug/vars";
        serde_json::from_slice(&self.get(path)?).map_err(|error| Error::Http {
            url: format!("{}{path}", self.url()),
            reason: error.to_string(),
        })
    }

    /// Reads a file of the process's directory under `/proc`, such as `smaps`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, as on a system without `/proc`.
    pub fn proc_file(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = PathBuf::from(format!("/proc/{}/{name}", self.pid()));
        std::fs::read(&path).map_err(Error::file(path))
    }

    /// What the program has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.guarded.stderr()
    }
}

/// A process that ends, and a directory that goes, when this is dropped.
#[derive(Debug)]
struct Guarded {
    child: Child,
    run: RunDirectory,
}

impl Guarded {
    fn stderr(&self) -> String {
        std::fs::read_to_string(self.run.0.join("stderr.txt")).unwrap_or_default()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Both fail only when the process has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory of one run, on the disk that the repository is on.
#[derive(Debug)]
struct RunDirectory(PathBuf);

impl RunDirectory {
    fn create() -> Result<Self, Error> {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let path = repository()
            .join("target/testbed/run")
            .join(format!("{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Error::file(&path))?;
        Ok(Self(path))
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        // What cannot be removed lies in the build directory and does no harm there.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Waits for the line `READY <address>`; gives up when the output ends or nothing comes.
fn ready_address(stdout: ChildStdout) -> Option<SocketAddr> {
    let (sender, receiver) = mpsc::channel();
    // The thread goes on reading, so that the program never blocks on a full pipe.
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("READY ") {
                // The receiver is gone after the first.
                let _ = sender.send(address.parse().ok());
            }
        }
    });
    receiver.recv_timeout(PATIENCE).ok().flatten()
}

/// Returns every file of Go or C below a directory with its text, sorted by path.
fn source_files(directory: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(Error::file(directory))? {
        let path = entry.map_err(Error::file(directory))?.path();
        if path.is_dir() {
            files.extend(source_files(&path)?);
        } else if path.extension().is_some_and(is_source) {
            let text = read(&path)?;
            files.push((path, text));
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn is_source(extension: &OsStr) -> bool {
    ["go", "c", "h"].iter().any(|&known| extension == known)
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_program_is_an_error_before_any_toolchain_is_looked_for() {
        for name in ["no_such_program", "internal", ""] {
            let error = Program::new(name, GoVersion::GO_1_27).build().unwrap_err();
            assert!(matches!(error, Error::NoProgram { .. }), "{error}");
        }
    }

    #[test]
    fn every_recorded_cause_has_a_program() {
        let names = names().unwrap();
        for cause in crate::fixtures::Cause::all() {
            assert!(names.iter().any(|name| name == cause.name()), "{cause:?}");
        }
        assert!(names.iter().any(|name| name == "hello"));
    }
}
