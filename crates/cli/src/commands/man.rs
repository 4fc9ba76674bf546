//! `fathom man`: the manual pages.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::Command;
use clap_mangen::Man;

use crate::args::{ManArgs, command_for_completions};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::place::{self, Existing};

pub(crate) fn run(args: &ManArgs, output: &Output) -> anyhow::Result<Exit> {
    let mut root = command_for_completions();
    // Names of the pages of commands come from building it.
    root.build();
    let commands = || {
        root.get_subcommands()
            .filter(|command| command.get_name() != "help")
    };
    if let Some(folder) = &args.dir {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for command in commands().chain([&root]) {
            let name = format!("{}.1", page_name(command));
            place::write(&folder.join(&name), &page(command)?, Existing::Replace)?;
            output.note(&Path::new(folder).join(&name).display().to_string());
        }
        return Ok(Exit::Fine);
    }
    let command = match args.command.as_deref() {
        None => &root,
        Some(name) => commands()
            .find(|command| command.get_name() == name)
            .ok_or_else(|| {
                let names: Vec<&str> = commands().map(Command::get_name).collect();
                let hint = format!("one of {}", names.join(", "));
                Failure::new(format!("there is no command {name:?}")).hint(hint)
            })?,
    };
    output.bytes(&page(command)?)?;
    Ok(Exit::Fine)
}

fn page_name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let title = page_name(command).to_owned();
    let mut text = Vec::new();
    Man::new(command.clone())
        .title(title.to_uppercase())
        .manual("fathom")
        .source(concat!("fathom ", env!("CARGO_PKG_VERSION")))
        .render(&mut text)?;
    Ok(text)
}
