//! `fathom completions`.

use crate::args::{CompletionsArgs, command_for_completions};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(args: &CompletionsArgs, output: &Output) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    let mut command = command_for_completions();
    clap_complete::generate(args.shell, &mut command, "fathom", &mut script);
    output.bytes(&script)?;
    Ok(Exit::Fine)
}
