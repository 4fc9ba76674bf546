//! What the arguments of `fathom pprof` mean: flags, environment and tables brought
//! together, with nothing read or fetched.

use std::path::PathBuf;

use fathom_profile::diff::{DiffMode, Normalize};
use fathom_report::command::{COMMANDS, Command};
use fathom_report::options::{Kind, OPTIONS, Options};

use super::flags::{Given, SELECTORS};

/// What the environment says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `FATHOM_PPROF_COMPAT`: whether to agree with `go tool pprof` everywhere.
    pub(crate) compat: bool,
    /// `FATHOM_USER`.
    pub(crate) user: String,
    /// `FATHOM_BEARER`.
    pub(crate) bearer: String,
}

/// The command that was chosen, with its argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) command: &'static Command,
    pub(crate) argument: Option<String>,
}

/// How servers are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Connection {
    /// Seconds that a profile shall take; `None` leaves it to the server.
    pub(crate) seconds: Option<u64>,
    /// Seconds to wait; `None` is one and a half times the profile's, or 60.
    pub(crate) timeout: Option<u64>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) tls_ca: Option<PathBuf>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) user: Option<(String, String)>,
    pub(crate) bearer: Option<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Invocation {
    pub(crate) sources: Vec<String>,
    /// The binary that the profile is of.
    pub(crate) binary: Option<String>,
    pub(crate) build_id: String,
    pub(crate) base: Vec<String>,
    pub(crate) base_mode: DiffMode,
    pub(crate) normalize: Normalize,
    pub(crate) symbolize: String,
    /// Whether the servers of `DEBUGINFOD_URLS` may be asked.
    pub(crate) debuginfod: bool,
    pub(crate) comment: String,
    pub(crate) all_frames: bool,
    /// Which profile of a bundle, folder, process or server; empty for the usual one.
    pub(crate) profile: String,
    pub(crate) connection: Connection,
    pub(crate) options: Options,
    /// `None` starts the shell, unless a page is served.
    pub(crate) chosen: Option<Chosen>,
    /// The host and port at which a page is served.
    pub(crate) http: Option<(String, u16)>,
    pub(crate) no_browser: bool,
    /// What to tell the user beforehand.
    pub(crate) warnings: Vec<String>,
}

/// What keeps flags from meaning something. The texts are those of `go tool pprof` where
/// it has the same rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvocationError {
    #[error("no profile source specified")]
    NoSource,
    #[error("conflicting options set: [{}]", .0.join(" "))]
    Conflict(Vec<&'static str>),
    #[error("must set at most one output format")]
    TwoCommands,
    #[error("-http is not compatible with an output format on the command line")]
    HttpAndCommand,
    #[error("-no_browser only makes sense with -http")]
    NoBrowser,
    #[error("-base and -diff_base flags cannot both be specified")]
    TwoBases,
    #[error("must have base profile to normalize by")]
    NothingToNormalizeBy,
    #[error("could not split http address: {0}")]
    HttpAddress(String),
    #[error("{0}")]
    Option(#[from] fathom_report::options::SetError),
    #[error("-{flag}: give it as {form}")]
    Form {
        flag: &'static str,
        form: &'static str,
    },
}

impl InvocationError {
    /// What the user can do instead.
    pub(crate) const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::HttpAddress(_) => {
                Some("give it as -http=host:port, or -http=: for a free port of this machine")
            }
            _ => None,
        }
    }
}

/// Resolves what was given; `is_binary` tells whether a file is an executable or library.
///
/// # Errors
///
/// The first rule that is broken, in pprof's order.
pub(crate) fn resolve(
    given: &Given,
    environment: &Environment,
    is_binary: &dyn Fn(&str) -> bool,
) -> Result<Invocation, InvocationError> {
    let mut sources = given.rest.clone();
    let Some(first) = sources.first() else {
        return Err(InvocationError::NoSource);
    };
    let mut binary = None;
    if sources.len() > 1 && is_binary(first) {
        binary = Some(sources.remove(0));
    }
    let mut options = options(given, environment)?;
    let chosen = chosen(given)?;
    let http = !given.text("http").is_empty();
    if chosen.is_some() && http {
        return Err(InvocationError::HttpAndCommand);
    }
    if given.is_set("no_browser") && !http {
        return Err(InvocationError::NoBrowser);
    }
    let mut warnings = Vec::new();
    for (flag, kind) in SELECTORS {
        if !given.is_set(flag.name) {
            continue;
        }
        if options.sample_index.is_empty() {
            (*kind).clone_into(&mut options.sample_index);
        } else {
            warnings.push(format!(
                "Multiple value selections, ignoring -{}",
                flag.name
            ));
        }
    }
    if given.is_set("mean_delay") {
        options.mean = true;
    }
    let (base, base_mode) = bases(given, options.compat)?;
    let normalize = if options.normalize {
        Normalize::Yes
    } else {
        Normalize::No
    };
    if options.normalize && base.is_empty() {
        return Err(InvocationError::NothingToNormalizeBy);
    }
    let http = http.then(|| http_address(given.text("http"))).transpose()?;
    Ok(Invocation {
        sources,
        binary,
        build_id: given.text("buildid").to_owned(),
        base,
        base_mode,
        normalize,
        symbolize: given.text("symbolize").to_owned(),
        debuginfod: given.is_set("debuginfod"),
        comment: given.text("add_comment").to_owned(),
        all_frames: given.is_set("all_frames"),
        profile: given.text("profile").to_owned(),
        connection: connection(given, environment)?,
        options,
        chosen,
        http,
        no_browser: given.is_set("no_browser"),
        warnings,
    })
}

/// Splits `-http`: the host is this machine, and the port one that is free, where nothing
/// stands (google/pprof `internal/driver/webui.go`, `getHostAndPort`).
fn http_address(text: &str) -> Result<(String, u16), InvocationError> {
    let wrong = || InvocationError::HttpAddress(text.to_owned());
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = if host.is_empty() { "localhost" } else { host };
    let port = match port {
        "" => 0,
        digits => digits.parse().map_err(|_| wrong())?,
    };
    Ok((host.to_owned(), port))
}

fn options(given: &Given, environment: &Environment) -> Result<Options, InvocationError> {
    let mut options = Options {
        compat: environment.compat,
        ..Options::default()
    };
    for spec in OPTIONS {
        if spec.kind == Kind::Choice && !spec.is_ours {
            let chosen = spec.choices.iter().map(|choice| choice.name);
            let mut chosen: Vec<&str> = chosen.filter(|name| given.is_set(name)).collect();
            chosen.sort_unstable();
            match chosen.as_slice() {
                [] => {}
                [one] => spec.set(&mut options, one)?,
                _ => return Err(InvocationError::Conflict(chosen)),
            }
        } else if let Some(text) = given.option_text(spec.name) {
            spec.set(&mut options, &text)?;
        }
    }
    Ok(options)
}

fn chosen(given: &Given) -> Result<Option<Chosen>, InvocationError> {
    let mut chosen = None;
    for command in COMMANDS {
        let argument = command
            .argument
            .map(|_| given.text(command.name).to_owned())
            .filter(|text| !text.is_empty());
        if argument.is_none() && !given.is_set(command.name) {
            continue;
        }
        if chosen.replace(Chosen { command, argument }).is_some() {
            return Err(InvocationError::TwoCommands);
        }
    }
    Ok(chosen)
}

/// Returns the bases. pprof keeps the last of several flags alone.
fn bases(given: &Given, compat: bool) -> Result<(Vec<String>, DiffMode), InvocationError> {
    let named = |name: &str| {
        if compat {
            let last = given.text(name);
            let last = (!last.is_empty()).then(|| last.to_owned());
            last.into_iter().collect()
        } else {
            given.texts(name)
        }
    };
    let (base, diff_base): (Vec<String>, Vec<String>) = (named("base"), named("diff_base"));
    match (base.is_empty(), diff_base.is_empty()) {
        (false, false) => Err(InvocationError::TwoBases),
        (_, true) => Ok((base, DiffMode::Base)),
        (true, false) => Ok((diff_base, DiffMode::DiffBase)),
    }
}

fn connection(given: &Given, environment: &Environment) -> Result<Connection, InvocationError> {
    let positive = |name: &str| {
        let number = given
            .number(name)
            .and_then(|number| u64::try_from(number).ok());
        number.filter(|number| *number > 0)
    };
    let path = |name: &str| match given.text(name) {
        "" => None,
        path => Some(PathBuf::from(path)),
    };
    let mut headers = Vec::new();
    for header in given.texts("header") {
        let Some((name, value)) = header.split_once(':') else {
            return Err(InvocationError::Form {
                flag: "header",
                form: "'Name: value'",
            });
        };
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let either = |flag: &str, variable: &String| match given.text(flag) {
        "" => Some(variable.clone()).filter(|text| !text.is_empty()),
        text => Some(text.to_owned()),
    };
    let user = match either("user", &environment.user) {
        None => None,
        Some(text) => match text.split_once(':') {
            Some((user, password)) => Some((user.to_owned(), password.to_owned())),
            None => {
                return Err(InvocationError::Form {
                    flag: "user",
                    form: "USER:PASSWORD",
                });
            }
        },
    };
    Ok(Connection {
        seconds: positive("seconds"),
        timeout: positive("timeout"),
        tls_cert: path("tls_cert"),
        tls_key: path("tls_key"),
        tls_ca: path("tls_ca"),
        headers,
        user,
        bearer: either("bearer", &environment.bearer),
    })
}

#[cfg(test)]
mod tests {
    use super::super::flags::parse;
    use super::*;

    fn resolved(arguments: &[&str]) -> Result<Invocation, InvocationError> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        let given = parse(&arguments).unwrap();
        resolve(&given, &Environment::default(), &|file| file == "binary")
    }

    #[test]
    fn the_first_of_several_may_be_the_binary() {
        let both = resolved(&["binary", "heap"]).unwrap();
        assert_eq!(
            (both.binary.as_deref(), both.sources),
            (Some("binary"), vec!["heap".to_owned()])
        );
        let alone = resolved(&["binary"]).unwrap();
        assert_eq!(
            (alone.binary, alone.sources),
            (None, vec!["binary".to_owned()])
        );
    }

    #[test]
    fn one_command_and_its_argument() {
        let peek = resolved(&["-peek=x", "heap"]).unwrap().chosen.unwrap();
        assert_eq!(
            (peek.command.name, peek.argument.as_deref()),
            ("peek", Some("x"))
        );
        // An empty argument is none, and the shell starts.
        assert_eq!(resolved(&["-peek=", "heap"]).unwrap().chosen, None);
        assert_eq!(
            resolved(&["-top", "-tree", "a"]),
            Err(InvocationError::TwoCommands)
        );
        assert_eq!(
            resolved(&["-top", "-list=x", "a"]),
            Err(InvocationError::TwoCommands)
        );
        assert!(resolved(&["-top", "-tree=false", "a"]).is_ok());
    }

    #[test]
    fn rules_are_those_of_pprof() {
        let error = |arguments: &[&str]| resolved(arguments).unwrap_err().to_string();
        assert_eq!(error(&["-top"]), "no profile source specified");
        assert_eq!(
            error(&["-lines", "-files", "a"]),
            "conflicting options set: [files lines]"
        );
        assert_eq!(
            error(&["-flat", "-cum", "a"]),
            "conflicting options set: [cum flat]"
        );
        assert_eq!(
            error(&["-normalize", "a"]),
            "must have base profile to normalize by"
        );
        assert_eq!(
            error(&["-no_browser", "a"]),
            "-no_browser only makes sense with -http"
        );
        assert_eq!(
            error(&["-http=:0", "-top", "a"]),
            "-http is not compatible with an output format on the command line"
        );
        assert_eq!(
            error(&["-base=b", "-diff_base=c", "a"]),
            "-base and -diff_base flags cannot both be specified"
        );
        assert_eq!(
            error(&["-http=8080", "a"]),
            "could not split http address: 8080"
        );
    }

    #[test]
    fn a_page_is_served_at_a_host_and_port() {
        let http = |text: &str| {
            let flag = format!("-http={text}");
            resolved(&[&flag, "a"]).unwrap().http.unwrap()
        };
        let localhost = |port| ("localhost".to_owned(), port);
        assert_eq!(http(":"), localhost(0));
        assert_eq!(http(":8080"), localhost(8080));
        assert_eq!(http("[::1]:80"), ("::1".to_owned(), 80));
    }

    #[test]
    fn the_first_selector_wins() {
        let mixed = resolved(&["-alloc_space", "-inuse_space", "a"]).unwrap();
        assert_eq!(mixed.options.sample_index, "inuse_space");
        assert_eq!(
            mixed.warnings,
            ["Multiple value selections, ignoring -alloc_space"]
        );
        let delay = resolved(&["-mean_delay", "a"]).unwrap().options;
        assert!(delay.mean);
        assert_eq!(delay.sample_index, "delay");
        let index = resolved(&["-sample_index=1", "-contentions", "a"]).unwrap();
        assert_eq!(index.options.sample_index, "1");
        assert_eq!(index.warnings.len(), 1);
    }

    #[test]
    fn bases_add_up_unless_pprof_is_to_be_matched() {
        let several = resolved(&["-base=x", "-base", "y", "a"]).unwrap();
        assert_eq!(
            (several.base, several.base_mode),
            (vec!["x".to_owned(), "y".to_owned()], DiffMode::Base)
        );
        let last = resolved(&["-compat", "-diff_base=x", "-diff_base", "y", "a"]).unwrap();
        assert_eq!(
            (last.base, last.base_mode),
            (vec!["y".to_owned()], DiffMode::DiffBase)
        );
    }

    #[test]
    fn options_are_those_of_the_table() {
        let all = resolved(&[
            "-cum",
            "-lines",
            "-trim=0",
            "-nodecount=-5",
            "-layout=graphviz",
            "a",
        ]);
        let options = all.unwrap().options;
        assert_eq!(
            (options.sort.as_str(), options.granularity.as_str()),
            ("cum", "lines")
        );
        assert_eq!((options.trim, options.nodecount), (false, -5));
        assert_eq!(options.layout, "graphviz");
        let wrong = resolved(&["-layout=x", "a"]).unwrap_err().to_string();
        assert_eq!(wrong, "invalid \"layout\" value \"x\"");
    }

    #[test]
    fn credentials_have_a_form() {
        let all = resolved(&["-header", "X-Id: 7", "-user=me:se:cret", "a"])
            .unwrap()
            .connection;
        assert_eq!(all.headers, [("X-Id".to_owned(), "7".to_owned())]);
        assert_eq!(all.user, Some(("me".to_owned(), "se:cret".to_owned())));
        assert!(resolved(&["-header=X", "a"]).is_err());
        assert!(resolved(&["-user=X", "a"]).is_err());
    }
}
