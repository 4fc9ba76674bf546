//! The scenarios, how the fixtures of each were recorded, and how to record more.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::program::Program;
use crate::{Error, GoVersion, repository};

/// One recording at a time: each wants the processors for itself, and two of the same would
/// write one file.
static RECORDING: Mutex<()> = Mutex::new(());

/// A scenario of `testbed/tracing` or `testbed/tracing_cgo`, and how its fixtures are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, the first argument of the program.
    pub name: &'static str,
    /// The minor version of the first Go release that has what it shows.
    pub since: u16,
    /// The arguments that keep a fixture small.
    pub arguments: &'static [&'static str],
    /// The `GODEBUG` of a fixture: short generations, so that a fixture has several.
    pub godebug: &'static str,
    /// Events that a fixture has, as [`super::Reference::counts`] names them. Whether one is
    /// made is at times up to the scheduler.
    pub shows: &'static [&'static str],
}

/// Every scenario, by name.
pub const SCENARIOS: [Scenario; 16] = [
    // The reference lists events of objects only from Go 1.26 on.
    scenario(
        "allocfree",
        23,
        "traceallocfree=1,traceadvanceperiod=5000000",
    )
    .arguments(&["-n", "1"]),
    scenario("annotations", 22, "traceadvanceperiod=10000000").shows(&[
        "UserTaskBegin",
        "UserTaskEnd",
        "UserRegionBegin",
        "UserRegionEnd",
        "UserLog",
    ]),
    scenario("cgo", 22, "traceadvanceperiod=10000000").shows(&[
        "GoCreateSyscall",
        "GoDestroySyscall",
        "GoSyscallEndBlocked",
    ]),
    scenario("channels", 22, "traceadvanceperiod=15000000").shows(&["GoBlock", "GoUnblock"]),
    scenario("collections", 22, "traceadvanceperiod=15000000")
        .arguments(&["-n", "2"])
        .shows(&["GCMarkAssistBegin", "GCSweepBegin", "STWBegin", "HeapGoal"]),
    scenario("coroutines", 23, "traceadvanceperiod=1000000")
        .arguments(&["-n", "60"])
        .shows(&["GoSwitch", "GoSwitchDestroy", "GoCreateBlocked"]),
    scenario("cpuprofile", 22, "traceadvanceperiod=150000000").shows(&["CPUSample"]),
    scenario("flight", 25, "traceadvanceperiod=50000000").shows(&["ClockSnapshot"]),
    scenario("gomaxprocs", 22, "traceadvanceperiod=25000000").shows(&["ProcsChange"]),
    scenario("goroutines", 22, "traceadvanceperiod=2000000")
        .arguments(&["-n", "2000"])
        .shows(&["GoCreate", "GoDestroy"]),
    scenario("network", 22, "traceadvanceperiod=8000000")
        .arguments(&["-n", "4"])
        .shows(&["GoSyscallBegin", "GoUnblock"]),
    scenario("restarts", 22, "traceadvanceperiod=7000000").shows(&["GoStatus"]),
    scenario("service", 22, "traceadvanceperiod=5000000")
        .arguments(&["-n", "20"])
        .shows(&["UserTaskBegin", "CPUSample"]),
    scenario("stuck", 22, "traceadvanceperiod=5000000").shows(&["GoStatus", "GoBlock"]),
    scenario("syscalls", 22, "traceadvanceperiod=50000000")
        .arguments(&["-n", "6"])
        .shows(&["GoSyscallEndBlocked", "ProcSteal"]),
    scenario("threads", 22, "traceadvanceperiod=5000000").shows(&["ProcStart", "GoStatus"]),
];

const fn scenario(name: &'static str, since: u16, godebug: &'static str) -> Scenario {
    Scenario {
        name,
        since,
        godebug,
        arguments: &[],
        shows: &[],
    }
}

impl Scenario {
    const fn arguments(mut self, arguments: &'static [&'static str]) -> Self {
        self.arguments = arguments;
        self
    }

    const fn shows(mut self, events: &'static [&'static str]) -> Self {
        self.shows = events;
        self
    }

    /// The program of the scenario, a directory of `testbed/`.
    pub fn program(&self) -> &'static str {
        if self.name == "cgo" {
            "tracing_cgo"
        } else {
            "tracing"
        }
    }

    /// Finds a scenario by its name.
    pub fn named(name: &str) -> Option<Self> {
        SCENARIOS.into_iter().find(|scenario| scenario.name == name)
    }

    /// Records the scenario as its fixtures are, into a file.
    ///
    /// # Errors
    ///
    /// A missing toolchain, what the compiler says, or what the program says when it fails.
    pub fn record_fixture(&self, version: GoVersion, file: &Path) -> Result<(), Error> {
        self.run(version, file, self.arguments, self.godebug)
    }

    fn run(
        &self,
        version: GoVersion,
        file: &Path,
        arguments: &[&str],
        godebug: &str,
    ) -> Result<(), Error> {
        let mut program = Program::new(self.program(), version)
            .argument(self.name)
            .argument(file)
            .env("GODEBUG", godebug);
        for argument in arguments {
            program = program.argument(argument);
        }
        let output = program.output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(Error::Failed {
                name: format!("{} {}", self.program(), self.name),
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            })
        }
    }
}

/// Records a scenario at the size that the arguments say (`-n 1000`, `-for 10s`), with the
/// runtime's own generations of a second, and returns the file. What was recorded once with the
/// same sources, version and arguments is returned again.
///
/// # Errors
///
/// [`Error::NoProgram`] when there is no such scenario, else those of
/// [`Scenario::record_fixture`].
pub fn record(version: GoVersion, scenario: &str, arguments: &[&str]) -> Result<PathBuf, Error> {
    let known = Scenario::named(scenario).ok_or_else(|| Error::NoProgram {
        name: format!("tracing {scenario}"),
    })?;
    // The executable's directory is named for its version and sources.
    let executable = Program::new(known.program(), version).build()?;
    let mut hasher = DefaultHasher::new();
    (executable, arguments).hash(&mut hasher);
    let directory = repository().join("target/testbed/traces");
    std::fs::create_dir_all(&directory).map_err(Error::file(&directory))?;
    let file = directory.join(format!(
        "{version}-{scenario}-{:016x}.trace",
        hasher.finish()
    ));
    let _one_at_a_time = RECORDING.lock().unwrap_or_else(PoisonError::into_inner);
    if !file.is_file() {
        let unfinished = file.with_extension(format!("unfinished-{}", std::process::id()));
        let godebug = if known.name == "allocfree" {
            "traceallocfree=1"
        } else {
            ""
        };
        known.run(version, &unfinished, arguments, godebug)?;
        std::fs::rename(&unfinished, &file).map_err(Error::file(&file))?;
    }
    Ok(file)
}
