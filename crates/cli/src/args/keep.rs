//! Arguments of the commands that keep a history.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::{ConnectionArgs, size};

/// What is kept and how often.
#[derive(Debug, Args)]
pub(crate) struct KeepingArgs {
    /// Read targets, intervals, relabelling and credentials from this file, as Prometheus does
    #[arg(long, short = 'c', value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Look this often: 1s, 15s, 1m
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "15s")]
    pub(crate) interval: Duration,
    /// Take heap and goroutine profiles this often; 0s for none
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1m")]
    pub(crate) profiles: Duration,
    /// Take CPU profiles of 5 seconds this often; they cost the target a few percent meanwhile
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) cpu: Option<Duration>,
    /// Keep this long: 12h, 30d
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) retention: Option<Duration>,
    /// Keep at most so much on disk: 500MB, 20GB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_disk: Option<u64>,
    /// POST findings as JSON to this URL
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Option<String>,
}

/// Keep the history of Go processes in a folder: curves and profiles, for hours and weeks
#[derive(Debug, Args)]
#[command(after_help = "\
Each look takes what costs the process least: sizes from the kernel, MemStats and \
runtime/metrics where the program publishes them. Profiles are taken without \
forcing a collection. Every five minutes it is judged what grows; what is found \
is told, and kept with a capture of the moment.

Examples:
  fathom record localhost:6060 -o history/      until Ctrl-C
  fathom record 4711 4712 -o history/ --for 1h
  fathom record -c fathom.yaml -o history/      many targets
  fathom serve history/                         look at it, meanwhile or later
  fathom leaks history/                         which line grows, and how fast

Exit codes: 0 fine, 2 an error")]
pub(crate) struct RecordArgs {
    /// Pids and addresses of net/http/pprof
    #[arg(value_name = "TARGET", required_unless_present = "config")]
    pub(crate) targets: Vec<String>,
    /// The folder of the history; it is made if it is not there, and added to if it is
    #[arg(long, short = 'o', value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    /// Stop after this time
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    pub(crate) duration: Option<Duration>,
    #[command(flatten)]
    pub(crate) keeping: KeepingArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Show the history of Go processes in the browser, and keep it
#[derive(Debug, Args)]
#[command(after_help = "\
With targets or --config it records too. A folder alone is shown as it is, also \
while fathom record writes it.

Only this machine can reach the page, under an address with a secret part, unless \
--listen says otherwise; then a password or token is needed.

Examples:
  fathom serve localhost:6060                   record and show
  fathom serve -c fathom.yaml --data /var/lib/fathom
  fathom serve history/                         what fathom record kept
  fathom serve -c fathom.yaml --listen 0.0.0.0 --port 7070   with FATHOM_PASSWORD set

Exit codes: 0 fine, 2 an error")]
pub(crate) struct ServeArgs {
    /// Pids and addresses of net/http/pprof, or the folder of a history
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// The folder of the history [fathom-history, or what the configuration says]
    #[arg(long, short = 'd', value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keeping: KeepingArgs,
    /// Do not start a browser; print the address alone
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Listen at this address of this machine
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1",
        help_heading = "Serving"
    )]
    pub(crate) listen: IpAddr,
    /// Listen at this port; 0 takes one that is free
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        help_heading = "Serving"
    )]
    pub(crate) port: u16,
    /// Ask browsers for this password
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "FATHOM_PASSWORD",
        hide_env_values = true,
        help_heading = "Serving"
    )]
    pub(crate) password: Option<String>,
    /// The secret part of the address, instead of a random one
    #[arg(
        long,
        value_name = "TOKEN",
        env = "FATHOM_TOKEN",
        hide_env_values = true,
        help_heading = "Serving"
    )]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Reads a time as `15s`, `1m30s`, `30d`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    fathom_scrape::config::duration(text)
}
