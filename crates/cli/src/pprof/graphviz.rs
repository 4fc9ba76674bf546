//! Pictures placed by Graphviz instead of the built-in layout: the option `layout`.

use std::io::{self, Read as _, Write as _};
use std::process::{Command as Process, Stdio};

use anyhow::Context as _;
use fathom_report::command::Picture;

use super::numbered::go_reason;
use crate::failure::Failure;

/// The program that places and draws.
const PROGRAM: &str = "dot";

/// How much of what the program complains about is told.
const MOST_COMPLAINTS: u64 = 2_000;

/// Draws a graph in the language of Graphviz as pprof does: through `dot -Tsvg` and the like.
///
/// # Errors
///
/// When the program is not there or refuses.
pub(crate) fn draw(graph: &[u8], picture: Picture) -> anyhow::Result<Vec<u8>> {
    run(PROGRAM, graph, picture)
}

fn run(program: &str, graph: &[u8], picture: Picture) -> anyhow::Result<Vec<u8>> {
    let started = Process::new(program)
        .arg(format!("-T{}", picture.name()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = started.map_err(|error| absent(program, &error))?;
    let (input, complaints) = (child.stdin.take(), child.stderr.take());
    // All three pipes at once: each side may wait for the other.
    let (drawn, complaint) = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that ends early says why by itself.
            let _ = input.map(|mut input| input.write_all(graph));
        });
        let complaint = scope.spawn(move || {
            let mut text = Vec::new();
            if let Some(mut stream) = complaints {
                let _ = stream.by_ref().take(MOST_COMPLAINTS).read_to_end(&mut text);
                let _ = io::copy(&mut stream, &mut io::sink());
            }
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut drawn = Vec::new();
        let read = child
            .stdout
            .take()
            .map_or(Ok(0), |mut output| output.read_to_end(&mut drawn));
        (read.map(|_| drawn), complaint.join().unwrap_or_default())
    });
    let status = child.wait().context("dot cannot be waited for")?;
    if !status.success() {
        let reason = complaint.lines().next().unwrap_or_default().trim();
        let failure = Failure::new(format!("{program}: {status}: {reason}"));
        return Err(failure
            .hint("the built-in layout draws too: -layout=fathom")
            .into());
    }
    drawn.with_context(|| format!("reading from {program}"))
}

fn absent(program: &str, error: &io::Error) -> Failure {
    let message = if error.kind() == io::ErrorKind::NotFound {
        format!("the layout graphviz needs the program {program}, which is not on the PATH")
    } else {
        format!("{program}: {}", go_reason(error))
    };
    Failure::new(message).hint("install Graphviz, or use the built-in layout: -layout=fathom")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::describe;

    #[test]
    fn what_is_missing_and_what_to_do() {
        let error = run("no-such-program-here", b"digraph {}", Picture::Svg).unwrap_err();
        assert_eq!(
            describe(&error),
            "error: the layout graphviz needs the program no-such-program-here, which is not on \
             the PATH\nhint: install Graphviz, or use the built-in layout: -layout=fathom"
        );
    }

    #[cfg(unix)]
    #[test]
    fn graphs_go_through_the_program() {
        // Larger than a pipe holds, both ways.
        let graph = "a -> b;\n".repeat(100_000);
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("dot");
        crate::pprof::deliver::script(&program, "echo \"$1\"; cat; yes | head -c 300000 >&2");
        let drawn = run(program.to_str().unwrap(), graph.as_bytes(), Picture::Pdf).unwrap();
        assert_eq!(drawn, format!("-Tpdf\n{graph}").as_bytes());
        crate::pprof::deliver::script(&program, "echo 'syntax error' >&2; exit 3");
        let error = run(program.to_str().unwrap(), graph.as_bytes(), Picture::Pdf).unwrap_err();
        assert!(describe(&error).contains("exit status: 3: syntax error"));
    }
}
