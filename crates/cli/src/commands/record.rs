//! `fathom record`: keeping the history of processes in a folder.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::RecordArgs;
use crate::collecting::{Collecting, sayer, stop_on_signal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// How often the progress is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &RecordArgs, output: &Output) -> anyhow::Result<Exit> {
    let collecting = Collecting::new(
        &args.targets,
        &args.keeping,
        &args.connection,
        args.output.as_deref(),
    )?;
    let stop = stop_on_signal()?;
    let say = sayer(output);
    let begun = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut told = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                if args
                    .duration
                    .is_some_and(|wanted| begun.elapsed() >= wanted)
                {
                    stop.store(true, Ordering::Relaxed);
                }
                if told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    output.progress(&progress(&collecting));
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        collecting.run(&stop, &say);
    });
    output.progress("");
    output.note(&progress(&collecting));
    if collecting.looks.load(Ordering::Relaxed) == 0 {
        return Err(Failure::new("nothing could be recorded").into());
    }
    Ok(Exit::Fine)
}

fn progress(collecting: &Collecting) -> String {
    let looks = collecting.looks.load(Ordering::Relaxed);
    let failures = collecting.failures.load(Ordering::Relaxed);
    let bytes = collecting.history.usage().map_or_else(
        |_| String::new(),
        |usage| format!(", {}", fathom_explain::bytes(usage.total())),
    );
    let failed = match failures {
        0 => String::new(),
        some => format!(", {some} gave nothing"),
    };
    format!("{looks} looks stored{failed}{bytes}")
}
