//! The API, version 1: one table of endpoints, from which routes and their description are
//! made.
//!
//! Views are those of the command line: the same values under the same options, whose names
//! are the parameters. What is asked for in columns, as `/flame/columns`, is the same view
//! in a form that a page draws without parsing a million objects.

mod about;
mod dropped;
mod files;
mod flame;
mod functions;
mod history;
mod openapi;
mod process;
mod redact;
mod saved;
mod views;

use std::sync::Arc;

use axum::body::Bytes;
use serde::Serialize;

pub(crate) use self::about::loading;
pub use self::saved::{Saving, SourceText, save};
use crate::memo::Answer;
use crate::problem::Problem;
use crate::query::Query;
use crate::shelf::Shelf;
use crate::subject::{Around, NamedProfile};

/// A parameter that is no option of reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) is_needed: bool,
    /// The values it can have; empty where it can have any.
    pub(crate) choices: &'static [&'static str],
}

/// Names an answer that is kept as a file.
pub(crate) type Naming = fn(&Work<'_>) -> Result<String, Problem>;

/// One thing that can be asked for.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// The path below the secret part.
    pub(crate) path: &'static str,
    /// Its name in the description.
    pub(crate) operation: &'static str,
    pub(crate) summary: &'static str,
    /// Whether the options of reports are parameters of it; then a profile and a side are,
    /// too.
    pub(crate) takes_options: bool,
    /// Further parameters.
    pub(crate) further: &'static [Parameter],
    /// Whether it is sent a body, with `POST`; all else is read with `GET`.
    pub(crate) takes_body: bool,
    /// Whether the same question always has the same answer, though it takes no options.
    pub(crate) is_constant: bool,
    pub(crate) media: &'static str,
    /// The contract of its JSON, where it is one of the command line's.
    pub(crate) contract: &'static str,
    /// What a browser calls the answer when it keeps it as a file; nothing where it is shown.
    pub(crate) file_name: Option<Naming>,
    pub(crate) make: fn(&Work<'_>) -> Result<Bytes, Problem>,
}

impl Endpoint {
    /// The parameter that is the last part of the path, as `{id}` is.
    pub(crate) fn in_path(&self) -> Option<&'static str> {
        let (_, last) = self.path.rsplit_once('/')?;
        last.strip_prefix('{')?.strip_suffix('}')
    }

    /// All parameters that are no options.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &'static Parameter> + '_ {
        let of_profiles = if self.takes_options { OF_PROFILES } else { &[] };
        of_profiles.iter().chain(self.further)
    }
}

const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";
const CSV: &str = "text/csv; charset=utf-8";
/// A profile of pprof.
const PROFILE: &str = "application/gzip";
/// A captured bundle.
const BUNDLE: &str = "application/zip";
const HTML: &str = "text/html; charset=utf-8";
/// Columns of numbers behind a JSON head.
const COLUMNS: &str = "application/vnd.fathom.columns";

const fn parameter(name: &'static str, help: &'static str) -> Parameter {
    Parameter {
        name,
        help,
        is_needed: false,
        choices: &[],
    }
}

const fn needed(name: &'static str, help: &'static str) -> Parameter {
    Parameter {
        is_needed: true,
        ..parameter(name, help)
    }
}

const OF_PROFILES: &[Parameter] = &[
    parameter(
        "profile",
        "The profile by its name; the first of the subject without one",
    ),
    parameter(
        "base",
        "The profile that it is compared with, by its name; - is none [its own earlier state, if any]",
    ),
    Parameter {
        choices: &["new", "base", "change"],
        ..parameter(
            "side",
            "Of two states, which: the new one, the base, or the one less the other [change, where there is a base]",
        )
    },
];

const PATTERN: Parameter = needed("pattern", "Functions: a regular expression or a handle");

const fn view(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    contract: &'static str,
    make: fn(&Work<'_>) -> Result<Bytes, Problem>,
) -> Endpoint {
    Endpoint {
        path,
        operation,
        summary,
        takes_options: true,
        takes_body: false,
        is_constant: true,
        further: &[],
        media: JSON,
        contract,
        file_name: None,
        make,
    }
}

const fn about(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    contract: &'static str,
    make: fn(&Work<'_>) -> Result<Bytes, Problem>,
) -> Endpoint {
    Endpoint {
        takes_options: false,
        ..view(path, operation, summary, contract, make)
    }
}

/// A view as a file that stands for itself.
const fn file(
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    media: &'static str,
    make: fn(&Work<'_>) -> Result<Bytes, Problem>,
) -> Endpoint {
    Endpoint {
        media,
        ..view(path, operation, summary, "", make)
    }
}

/// The path of the subject, which alone is answered while the sources are being read.
pub(crate) const SUBJECT: &str = "/api/v1/subject";

/// Everything that can be asked for.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().chain(history::ENDPOINTS)
}

static ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        is_constant: false,
        further: &[
            parameter(
                "profile",
                "A profile of the history that is shown, by its name",
            ),
            parameter(
                "base",
                "A profile of the history that it is compared with, by its name",
            ),
        ],
        ..about(
            SUBJECT,
            "subject",
            "What the page is about: its profiles, and the options of reports",
            "fathom.subject/1",
            about::subject,
        )
    },
    Endpoint {
        takes_body: true,
        is_constant: false,
        further: dropped::PARAMETERS,
        ..about(
            "/api/v1/profiles",
            "bringProfile",
            "Takes a profile, in any format that fathom reads, to be compared; it stays in memory until fathom ends",
            "fathom.dropped/1",
            dropped::take,
        )
    },
    about(
        "/api/v1/explain",
        "explain",
        "What explain found: the ledger, the reconciliations, the findings",
        "fathom.explain/1",
        about::explain,
    ),
    about(
        "/api/v1/explain/difference",
        "explainDifference",
        "What changed since the base: the ledger, and what became of each finding",
        "fathom.explain-difference/1",
        about::difference,
    ),
    Endpoint {
        further: &[parameter(
            "limit",
            "At most so many groups, and every one that may be a leak [2000]",
        )],
        ..about(
            "/api/v1/goroutines",
            "goroutines",
            "Goroutines by stack and state, with waits, creators, growth and leak candidates",
            "fathom.goroutines/1",
            process::goroutines,
        )
    },
    about(
        "/api/v1/memory-map",
        "memoryMap",
        "The mappings of the process by address, with what each is for and what is resident",
        "fathom.memory-map/1",
        process::memory_map,
    ),
    Endpoint {
        further: &[parameter("limit", "At most so many functions [20000]")],
        ..view(
            "/api/v1/functions",
            "functions",
            "Functions with flat and cum in every sample type, and in the base where there is one",
            "fathom.functions/1",
            functions::functions,
        )
    },
    view(
        "/api/v1/top",
        "top",
        "Functions that hold or use most",
        "fathom.top/1",
        views::top,
    ),
    view(
        "/api/v1/tree",
        "tree",
        "Functions with their callers and callees",
        "fathom.tree/1",
        views::tree,
    ),
    Endpoint {
        further: &[PATTERN],
        ..view(
            "/api/v1/peek",
            "peek",
            "Callers and callees of matching functions",
            "fathom.tree/1",
            views::peek,
        )
    },
    Endpoint {
        further: &[parameter(
            "limit",
            "At most so many stacks, the largest first [1000]",
        )],
        ..view(
            "/api/v1/traces",
            "traces",
            "Stacks with their values, the largest first",
            "fathom.traces/1",
            views::traces,
        )
    },
    view(
        "/api/v1/tags",
        "tags",
        "The values of all labels",
        "fathom.tags/1",
        views::tags,
    ),
    view(
        "/api/v1/graph",
        "graph",
        "The call graph",
        "fathom.graph/1",
        views::graph,
    ),
    file(
        "/api/v1/graph.svg",
        "graphPicture",
        "The call graph, drawn",
        SVG,
        files::graph_svg,
    ),
    file(
        "/api/v1/graph.png",
        "graphPixels",
        "The call graph, in pixels",
        PNG,
        files::graph_png,
    ),
    Endpoint {
        further: flame::PICTURE_PARAMETERS,
        ..file(
            "/api/v1/flame.svg",
            "flamePicture",
            "The flame graph, drawn",
            SVG,
            files::flame_svg,
        )
    },
    Endpoint {
        further: flame::PICTURE_PARAMETERS,
        ..file(
            "/api/v1/flame.png",
            "flamePixels",
            "The flame graph, in pixels",
            PNG,
            files::flame_png,
        )
    },
    file(
        "/api/v1/top.csv",
        "topTable",
        "Functions that hold or use most, as comma-separated values",
        CSV,
        files::top_csv,
    ),
    file(
        "/api/v1/tree.csv",
        "treeTable",
        "Functions with their callers and callees, as comma-separated values",
        CSV,
        files::tree_csv,
    ),
    file(
        "/api/v1/tags.csv",
        "tagsTable",
        "The values of all labels, as comma-separated values",
        CSV,
        files::tags_csv,
    ),
    file(
        "/api/v1/diff.csv",
        "diffTable",
        "The change of each function since the base, as comma-separated values",
        CSV,
        files::diff_csv,
    ),
    file(
        "/api/v1/profile.pb.gz",
        "profile",
        "The profile under the filters, in pprof's format",
        PROFILE,
        files::profile,
    ),
    Endpoint {
        further: saved::PARAMETERS,
        is_constant: false,
        media: HTML,
        ..about(
            "/api/v1/page.html",
            "savedPage",
            "A view as one page that needs no server, with the data of the other views under the same filters",
            "",
            saved::page,
        )
    },
    Endpoint {
        further: &[PATTERN],
        ..view(
            "/api/v1/list",
            "list",
            "Source lines of matching functions with what they cost",
            "fathom.list/1",
            views::list,
        )
    },
    Endpoint {
        further: &[PATTERN],
        ..view(
            "/api/v1/disasm",
            "disasm",
            "Instructions of matching functions with what they cost",
            "fathom.disasm/1",
            views::disasm,
        )
    },
    view(
        "/api/v1/diff",
        "diff",
        "The change of each function since the base",
        "fathom.diff/1",
        views::diff,
    ),
    view(
        "/api/v1/flame",
        "flame",
        "The flame graph",
        "fathom.flame/1",
        views::flame,
    ),
    Endpoint {
        further: flame::PARAMETERS,
        media: COLUMNS,
        ..view(
            "/api/v1/flame/columns",
            "flameColumns",
            "A part of the flame graph in columns: the length of a JSON head (u32), the head, columns of little-endian u32 and i64",
            "fathom.flame-columns/1",
            flame::columns,
        )
    },
    about(
        "/api/v1/openapi.json",
        "openapi",
        "This description",
        "",
        openapi::description,
    ),
];

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) shelf: &'a Shelf,
    pub(crate) around: &'a Around,
    pub(crate) query: &'a Query,
    /// What was sent; empty unless the endpoint takes something.
    pub(crate) body: &'a Bytes,
    /// The most that may be sent, for the page to know.
    pub(crate) most_dropped_bytes: usize,
}

impl Work<'_> {
    /// The profile that is asked for, with what it is compared with.
    fn named(&self) -> Result<Arc<NamedProfile>, Problem> {
        self.shelf
            .pair(self.query.own("profile"), self.query.own("base"))
    }
}

/// Answers a request on this thread.
pub(crate) fn answer(endpoint: &Endpoint, work: &Work<'_>) -> Result<Answer, Problem> {
    let body = (endpoint.make)(work)?;
    let file_name = endpoint.file_name.map(|name| name(work)).transpose()?;
    Ok(Answer {
        media: endpoint.media,
        body,
        file_name,
    })
}

/// Whether the profiles that a request names are there.
pub(crate) fn check_names(shelf: &Shelf, query: &Query) -> Result<(), Problem> {
    shelf.pair(query.own("profile"), query.own("base"))?;
    Ok(())
}

/// A view under the name of its contract.
#[derive(Debug, Serialize)]
struct Named<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    view: &'a T,
}

fn named_json<T: Serialize>(schema: &'static str, view: &T) -> Result<Bytes, Problem> {
    json(&Named { schema, view })
}

fn json<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    let text = serde_json::to_vec(value);
    // Values that are no JSON are no values of ours.
    let text = text.map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(text.into())
}
