//! `fathom demo`: a recorded incident explained, and what to type next.

use fathom_evidence::{Capture, Limits};
use fathom_explain::{bytes, explain};
use fathom_term::wrap::hanging;
use fathom_term::{Detail, explanation as draw};

use crate::args::DemoArgs;
use crate::exit::Exit;
use crate::output::Output;

/// What `testbed/orders` showed, as `fathom capture` saved it.
const INCIDENT: &[u8] = include_bytes!("../../../../fixtures/incidents/go1.27.3/orders.fathom");

const NEXT: &str = "
Now yours:
  fathom ps                               the Go processes of this machine
  fathom explain PID                      a process of this machine
  fathom explain HOST:PORT                its net/http/pprof address
  fathom capture PID -o incident.fathom   save the evidence for later
";

pub(crate) fn run(args: &DemoArgs, output: &Output) -> anyhow::Result<Exit> {
    let capture = Capture::read_bundle(INCIDENT, "orders.fathom", &Limits::default())?;
    let explained = explain(&capture);
    if args.json {
        output.json(&explained.explanation)?;
        return Ok(Exit::Fine);
    }
    let drawn = draw(&explained.explanation, Detail::Brief, &output.style);
    let totals = explained.explanation.totals;
    let size = |total: Option<u64>| bytes(total.unwrap_or(0));
    let story = format!(
        "A recorded incident: ps shows the service `orders` at {}, its heap profile shows {}. \
         Where is the rest?",
        size(totals.rss_bytes),
        size(totals.profile_inuse_bytes),
    );
    let story = hanging("", "", &story, output.style.width);
    output.data(&format!("{story}\n{drawn}{NEXT}"))?;
    Ok(Exit::Fine)
}
