//! `fathom ps`: the Go processes of this machine.

use fathom_gather::{GoProcess, Options, Probe, processes};
use fathom_term::{Column, Overflow, Table};
use serde::Serialize;

use crate::args::PsArgs;
use crate::exit::Exit;
use crate::output::Output;

/// The contract of `fathom ps --json`.
#[derive(Debug, Serialize)]
struct Listing {
    schema: &'static str,
    processes: Vec<GoProcess>,
}

pub(crate) fn run(args: &PsArgs, output: &Output) -> anyhow::Result<Exit> {
    let options = Options {
        probe: if args.no_probe {
            Probe::Forbidden
        } else {
            Probe::Allowed
        },
        ..Options::default()
    };
    let processes = processes(&options)?;
    if args.json {
        output.json(&Listing {
            schema: "fathom.ps/1",
            processes,
        })?;
        return Ok(Exit::Fine);
    }
    if processes.is_empty() {
        output.note("no Go process that this user may look at; as root there may be more");
        return Ok(Exit::Fine);
    }
    output.data(&table(&processes).render(&output.style))?;
    Ok(Exit::Fine)
}

fn table(processes: &[GoProcess]) -> Table {
    let mut table = Table::new([
        Column::right("pid"),
        Column::left("go"),
        Column::right("rss"),
        Column::left("pprof"),
        Column::left("executable").overflow(Overflow::CutEnd),
        Column::left("module").overflow(Overflow::CutStart),
    ]);
    for process in processes {
        let rss = process
            .rss_bytes
            .map_or_else(|| "?".to_owned(), fathom_explain::bytes);
        table.row([
            process.pid.to_string().into(),
            process.go_version.as_str().into(),
            rss.into(),
            process.pprof.as_deref().map_or("-", address).into(),
            file_name(&process.exe).into(),
            process.main_module.as_deref().unwrap_or("-").into(),
        ]);
    }
    table
}

/// What can be typed after `fathom explain`; the whole URL is in the JSON.
fn address(url: &str) -> &str {
    let usual = url.strip_prefix("http://");
    usual
        .and_then(|rest| rest.strip_suffix("/debug/pprof/"))
        .unwrap_or(url)
}

/// The whole path is in the JSON.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_short_as_can_be_typed() {
        let usual = "http://127.0.0.1:6060/debug/pprof/";
        assert_eq!(address(usual), "127.0.0.1:6060");
        for other in [
            "https://127.0.0.1:6060/debug/pprof/",
            "http://[::1]:80/admin/pprof/",
        ] {
            assert_eq!(address(other), other);
        }
    }
}
