//! What a history tells, over the API.

mod findings;
mod growth;
mod lists;
mod time;

use axum::body::Bytes;
use fathom_history::CurveQuery;
use fathom_series::plots::{PLOTS, Plot};
use serde::Serialize;

use self::time::{STEP, Span, TIMES};
use super::{BUNDLE, Endpoint, Parameter, Work, about, json, needed, parameter};
use crate::past::{self, Past};
use crate::problem::Problem;

const TARGET: Parameter = parameter(
    "target",
    "The target by its id; needed if there are several",
);

const ANY_TARGET: Parameter = parameter("target", "The target by its id [all of them]");

const fn endpoint(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    contract: &'static str,
    further: &'static [Parameter],
    make: fn(&Work<'_>) -> Result<Bytes, Problem>,
) -> Endpoint {
    Endpoint {
        further,
        is_constant: false,
        ..about(path, operation, summary, contract, make)
    }
}

/// The most bytes of a user's note.
const MOST_NOTE_BYTES: usize = 4096;

/// Everything that can be asked of a history.
pub(crate) static ENDPOINTS: &[Endpoint] = &[
    endpoint(
        "/api/v1/history/targets",
        "targets",
        "The processes that the history knows, with their latest values and findings",
        "fathom.targets/1",
        &[],
        lists::targets,
    ),
    Endpoint {
        is_constant: true,
        ..endpoint(
            "/api/v1/history/plots",
            "plots",
            "The plots there are, in the order of pages",
            "fathom.plots/1",
            &[],
            plots,
        )
    },
    endpoint(
        "/api/v1/history/series",
        "series",
        "The series of a target",
        "fathom.series/1",
        &[TARGET],
        lists::series,
    ),
    endpoint(
        "/api/v1/history/curves",
        "curves",
        "The curves of a plot, of one series, or of one function over time",
        "fathom.curves/1",
        &[
            TARGET,
            parameter("plot", "The plot by its id"),
            parameter("series", "A series by its name"),
            parameter("function", "A function by its full name"),
            parameter("kind", "Of a function, the kind of profile [heap]"),
            parameter(
                "sample_type",
                "Of a function, the sample type [inuse_space]",
            ),
            TIMES[0],
            TIMES[1],
            STEP,
        ],
        curves,
    ),
    endpoint(
        "/api/v1/history/profiles",
        "profiles",
        "The profiles that are kept of a target",
        "fathom.profiles/1",
        &[
            TARGET,
            parameter("kind", "The kind: heap, goroutine, … [all]"),
            TIMES[0],
            TIMES[1],
        ],
        lists::profiles,
    ),
    endpoint(
        "/api/v1/history/marks",
        "marks",
        "Restarts, deploys, collections, captures and notes",
        "fathom.marks/1",
        &[TARGET, TIMES[0], TIMES[1]],
        lists::marks,
    ),
    Endpoint {
        takes_body: true,
        ..endpoint(
            "/api/v1/history/notes",
            "note",
            "Takes a note, the text of the body, for a moment of a target",
            "fathom.note/1",
            &[
                TARGET,
                needed("at", "The moment, in milliseconds since 1970 (UTC)"),
            ],
            note,
        )
    },
    endpoint(
        "/api/v1/history/findings",
        "findings",
        "What was found, last seen first, and whether it still holds",
        "fathom.findings/1",
        &[ANY_TARGET, TIMES[0], TIMES[1]],
        findings::findings,
    ),
    endpoint(
        "/api/v1/history/artefacts",
        "artefacts",
        "The captures that are kept, each with the finding that it was taken for",
        "fathom.artefacts/1",
        &[ANY_TARGET, TIMES[0], TIMES[1]],
        findings::artefacts,
    ),
    Endpoint {
        media: BUNDLE,
        file_name: Some(findings::file_name),
        ..endpoint(
            "/api/v1/history/artefacts/{id}",
            "artefact",
            "A capture as a file, for fathom open and fathom explain",
            "",
            &[needed(
                "id",
                "Its number, as the list of artefacts tells it",
            )],
            findings::artefact,
        )
    },
    endpoint(
        "/api/v1/history/leaks",
        "leaks",
        "Whether the target leaks, which lines grow, how fast, and when a limit is reached",
        "fathom.growth/1",
        &[TARGET, TIMES[0], TIMES[1]],
        growth::leaks,
    ),
    Endpoint {
        media: "text/plain; version=0.0.4; charset=utf-8",
        ..endpoint(
            "/api/v1/history/health",
            "health",
            "How the collecting fares, and what is known now, for Prometheus; also at /metrics",
            "",
            &[],
            health,
        )
    },
];

impl Work<'_> {
    /// The history that is asked.
    fn past(&self) -> Result<&Past, Problem> {
        self.shelf.subject.past.as_ref().ok_or_else(|| {
            Problem::not_found("there is no history here")
                .hint("fathom serve and fathom record keep one")
        })
    }
}

#[derive(Serialize)]
struct Plots {
    schema: &'static str,
    plots: &'static [Plot],
}

fn plots(work: &Work<'_>) -> Result<Bytes, Problem> {
    work.past()?;
    json(&Plots {
        schema: "fathom.plots/1",
        plots: PLOTS,
    })
}

fn curves(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let history = past.history();
    let target = past.target(work.query.own("target"))?;
    let span = Span::of(work.query, &target)?;
    let labels = &target.labels;
    let own = |name: &str| work.query.own(name);
    let curves = match (own("plot"), own("series"), own("function")) {
        (Some(id), None, None) => {
            let plot = Plot::find(id).ok_or_else(|| {
                Problem::not_found(format!("there is no plot {id:?}"))
                    .hint("api/v1/history/plots lists them")
            })?;
            past::of_plot(history, labels, plot, span.range, span.step_ms)?
        }
        (None, Some(name), None) => {
            past::of_series(history, labels, name, span.range, span.step_ms)?
        }
        (None, None, Some(function)) => {
            let query = CurveQuery {
                selector: fathom_history::Selector::of(labels),
                kind: own("kind").unwrap_or("heap").to_owned(),
                sample_type: None,
                range: span.range,
                step_ms: span.step_ms,
            };
            let sample_type = own("sample_type").unwrap_or("inuse_space");
            past::of_function(history, &query, function, sample_type)?
        }
        _ => {
            return Err(Problem::bad_request(
                "one of plot, series and function is needed",
            ));
        }
    };
    json(&curves)
}

#[derive(Serialize)]
struct Noted {
    schema: &'static str,
    at_ms: i64,
    text: String,
}

fn note(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let target = past.target(work.query.own("target"))?;
    let at_ms = work.query.own("at").unwrap_or_default();
    let at_ms: i64 = at_ms.parse().map_err(|_| {
        Problem::bad_request(format!("{at_ms:?} is no moment in milliseconds since 1970"))
    })?;
    let text = std::str::from_utf8(work.body)
        .map_err(|_| Problem::bad_request("the note is no text"))?
        .trim();
    if text.is_empty() || text.len() > MOST_NOTE_BYTES {
        return Err(Problem::bad_request(format!(
            "a note has 1 to {MOST_NOTE_BYTES} bytes"
        )));
    }
    let mark = fathom_history::Mark {
        at_ms,
        kind: fathom_history::MarkKind::Note,
        text: text.to_owned(),
    };
    past.history()
        .add_mark(Some(&target.labels), &mark)
        .map_err(past::failed)?;
    json(&Noted {
        schema: "fathom.note/1",
        at_ms,
        text: mark.text,
    })
}

fn health(work: &Work<'_>) -> Result<Bytes, Problem> {
    Ok(work.past()?.collector()?.metrics().into())
}
