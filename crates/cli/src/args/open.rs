//! `fathom open`, as it is typed.

use std::net::IpAddr;

use clap::{Args, ValueHint};

use crate::sources::{ConnectionArgs, TakeArgs};

/// Open the answer as a page in the browser, every view a click away
#[derive(Debug, Args)]
#[command(after_help = "\
Two files, bundles or folders that hold the same kind of profile are compared, \
the first with the second; so is --base with what follows. Several profiles of \
one kind are otherwise merged.

The page is served on loopback, behind a secret part of its address, until \
Ctrl-C. Everything it shows is in the address, which --view takes. With -o the \
view is written as one page instead, which opens anywhere without fathom; the \
other views are in it under the same filters.

Examples:
  fathom open 4711                              a process of this machine
  fathom open localhost:6060 --profile-seconds 10
  fathom open incident.fathom
  fathom open cpu.pb.gz
  fathom open before.pb.gz after.pb.gz          what changed
  fathom open heap.pb.gz --view 'top?sample_index=alloc_space'
  fathom open cpu.pb.gz -o report.html --view flame --no-source
  fathom open 4711 --dump --view goroutines     all stacks, with their waits
  fathom open smaps.txt --view memory           the address space as a picture
  fathom open cpu.pb.gz --no-browser --port 8080
  FATHOM_PASSWORD=secret fathom open cpu.pb.gz --listen 0.0.0.0

Exit codes: 0 ended, 2 an error")]
pub(crate) struct OpenArgs {
    /// Pids, addresses, profiles, bundles, folders, or - for standard input
    #[arg(required = true, value_name = "INPUT", value_hint = ValueHint::AnyPath)]
    pub(crate) sources: Vec<String>,
    /// Compare with an earlier profile, bundle or folder; may be repeated
    #[arg(long, visible_alias = "diff-base", value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub(crate) base: Vec<String>,
    /// Print the address and open no browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// The view to open, as the page's own address has it: 'flame?focus=net/http'
    #[arg(long, value_name = "VIEW?QUERY")]
    pub(crate) view: Option<String>,
    /// Write the view as one page that needs no server, and serve nothing; - is standard output
    #[arg(
        long,
        short = 'o',
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Saving",
        conflicts_with_all = ["no_browser", "listen", "port"]
    )]
    pub(crate) output: Option<String>,
    /// Leave source code and the paths of files out of what is written, for sharing
    #[arg(long, requires = "output", help_heading = "Saving")]
    pub(crate) no_source: bool,
    /// Listen at this address; beyond loopback only with --password or --token
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
    /// A password that browsers ask for; better in the environment than on the command line
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "FATHOM_PASSWORD",
        hide_env_values = true,
        help_heading = "Serving"
    )]
    pub(crate) password: Option<String>,
    /// The secret part of the address instead of a random one
    #[arg(
        long,
        value_name = "TOKEN",
        env = "FATHOM_TOKEN",
        hide_env_values = true,
        help_heading = "Serving"
    )]
    pub(crate) token: Option<String>,
    /// Take files of at most so many megabytes that are dropped on the page to be compared;
    /// 0 takes none
    #[arg(
        long,
        value_name = "MB",
        default_value_t = 256,
        help_heading = "Serving"
    )]
    pub(crate) drop_limit: usize,
    /// Directories to search for source files, separated by colons (semicolons on Windows)
    #[arg(long, value_name = "PATHS", value_hint = ValueHint::DirPath, help_heading = "Source code")]
    pub(crate) source_path: Option<String>,
    /// Prefixes to cut from the paths of source files
    #[arg(long, value_name = "PATHS", help_heading = "Source code")]
    pub(crate) trim_path: Option<String>,
    #[command(flatten)]
    pub(crate) take: TakeArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
