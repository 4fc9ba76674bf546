//! The scenarios, how the fixtures of each were recorded, and how to record more.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::program::Program;
use crate::{Error, GoVersion, repository};

/// A scenario of `testbed/tracing` or `testbed/tracing_cgo`, and how its fixtures are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, the first argument of the program.
    pub name: &'static str,
    /// The program.
    pub program: &'static str,
    /// The minor version of the first Go release that has what it shows.
    pub since: u16,
    /// The arguments that keep a fixture small.
    pub arguments: &'static [&'static str],
    /// The `GODEBUG` of a fixture: short generations, so that a fixture has several.
    pub godebug: &'static str,
}

/// Every scenario, by name.
pub const SCENARIOS: [Scenario; 16] = [
    Scenario {
        since: 23,
        ..tracing(
            "allocfree",
            &["-n", "1"],
            "traceallocfree=1,traceadvanceperiod=5000000",
        )
    },
    tracing("annotations", &[], "traceadvanceperiod=10000000"),
    Scenario {
        program: "tracing_cgo",
        ..tracing("cgo", &[], "traceadvanceperiod=10000000")
    },
    tracing("channels", &[], "traceadvanceperiod=25000000"),
    tracing("collections", &["-n", "1"], "traceadvanceperiod=50000000"),
    Scenario {
        since: 23,
        ..tracing("coroutines", &[], "traceadvanceperiod=2000000")
    },
    tracing("cpuprofile", &[], "traceadvanceperiod=150000000"),
    Scenario {
        since: 25,
        ..tracing("flight", &[], "traceadvanceperiod=50000000")
    },
    tracing("gomaxprocs", &[], "traceadvanceperiod=25000000"),
    tracing("goroutines", &["-n", "2000"], "traceadvanceperiod=2000000"),
    tracing("network", &["-n", "4"], "traceadvanceperiod=25000000"),
    tracing("restarts", &[], "traceadvanceperiod=7000000"),
    tracing("service", &["-n", "30"], "traceadvanceperiod=20000000"),
    tracing("stuck", &[], "traceadvanceperiod=5000000"),
    tracing("syscalls", &["-n", "6"], "traceadvanceperiod=50000000"),
    tracing("threads", &[], "traceadvanceperiod=5000000"),
];

/// A scenario that every version with today's format has.
const fn tracing(
    name: &'static str,
    arguments: &'static [&'static str],
    godebug: &'static str,
) -> Scenario {
    Scenario {
        name,
        program: "tracing",
        since: 22,
        arguments,
        godebug,
    }
}

impl Scenario {
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
        let mut program = Program::new(self.program, version)
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
                name: format!("{} {}", self.program, self.name),
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
    let executable = Program::new(known.program, version).build()?;
    let mut hasher = DefaultHasher::new();
    (executable, arguments).hash(&mut hasher);
    let directory = repository().join("target/testbed/traces");
    std::fs::create_dir_all(&directory).map_err(Error::file(&directory))?;
    let file = directory.join(format!(
        "{version}-{scenario}-{:016x}.trace",
        hasher.finish()
    ));
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
