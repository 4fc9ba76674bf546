//! A page that needs no server: the app, and what its views would ask for.
//!
//! The data are the answers of the endpoints under the very addresses at which the page asks
//! for them, so that a saved view is drawn by what draws it otherwise. The policy of the page
//! allows its own script and style by their hashes, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{COLUMNS, JSON, Parameter, SUBJECT, Work, answer, endpoints, parameter, redact};
use crate::assets;
use crate::memo::Answer;
use crate::problem::Problem;
use crate::query::{Query, is_page_parameter};
use crate::shelf::Shelf;
use crate::subject::{Around, NamedProfile, Role, Subject};

pub(super) const PARAMETERS: &[Parameter] = &[
    parameter(
        "view",
        "The view with its query: top?focus=net/http [explain]",
    ),
    Parameter {
        choices: &["true", "false"],
        ..parameter(
            "source",
            "Whether source code and the places of files are in it [true]",
        )
    },
];

/// Functions that a summary asks for.
const OF_SUMMARY: &str = "2000";

/// Whether source code and the places of files are part of a saved page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceText {
    /// They are.
    Kept,
    /// They are left out, so that the page can be given to others.
    LeftOut,
}

/// The functions of a profile.
const LISTED: &str = "/api/v1/functions";

/// Parameters that change nothing in a table of all sample types and both states.
const OF_NO_TABLE: &[&str] = &["sample_index", "sort", "side"];

/// What is saved.
#[derive(Debug, Clone)]
pub struct Saving<'a> {
    /// The view with its query, as the page's address has it.
    pub view: &'a str,
    /// Whether source code is part of it.
    pub source: SourceText,
    /// When.
    pub at: Timestamp,
}

/// What one address answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Json(Value),
    Text(String),
    Base64(String),
    Problem(Problem),
}

/// The data of the page.
#[derive(Debug, Serialize)]
struct Data<'a> {
    schema: &'static str,
    view: &'a str,
    saved_unix_nanos: i64,
    has_source: bool,
    answers: BTreeMap<String, Kept>,
}

pub(super) fn page(work: &Work<'_>) -> Result<Bytes, Problem> {
    let source = match work.query.own("source") {
        None | Some("true") => SourceText::Kept,
        Some("false") => SourceText::LeftOut,
        Some(other) => {
            let detail = format!("source: {other:?} is neither true nor false");
            return Err(Problem::bad_request(detail));
        }
    };
    let saving = Saving {
        view: work.query.own("view").unwrap_or_default(),
        source,
        at: Timestamp::now(),
    };
    Ok(written(work.shelf, work.around, &saving)?.into())
}

/// Writes a view as one page of HTML that needs no server.
///
/// The other views are in it as far as they show the same profile under the same filters.
///
/// # Errors
///
/// When the view is none, or cannot be made, or this build has no page.
pub fn save(subject: Subject, around: &Around, saving: &Saving<'_>) -> Result<Vec<u8>, Problem> {
    written(&Shelf::new(subject), around, saving)
}

fn written(shelf: &Shelf, around: &Around, saving: &Saving<'_>) -> Result<Vec<u8>, Problem> {
    let address = saving.view.trim_start_matches('/');
    let (view, query) = address.split_once('?').unwrap_or((address, ""));
    if !assets::is_view(view) {
        let detail = format!("there is no view {view:?}");
        return Err(Problem::not_found(detail).hint(format!("the views are {}", assets::views())));
    }
    if saving.source == SourceText::LeftOut && matches!(view, "source" | "disasm") {
        let detail = format!("the view {view} shows source code, which is to be left out");
        return Err(Problem::bad_request(detail).hint("save it with source, or another view"));
    }
    let asking = Asking {
        shelf,
        around,
        source: saving.source,
        params: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
    };
    let data = Data {
        schema: "fathom.page/1",
        view: address,
        saved_unix_nanos: i64::try_from(saving.at.as_nanosecond()).unwrap_or_default(),
        has_source: saving.source == SourceText::Kept,
        answers: asking.answers(view)?,
    };
    let text = serde_json::to_string(&data);
    let text = text.map_err(|error| Problem::bad_request(error.to_string()))?;
    // A text that ends a script cannot be in one; in JSON it can be written otherwise.
    let text = text.replace('<', "\\u003c");
    Ok(document(&text)?.into_bytes())
}

/// The page around its data.
fn document(data: &str) -> Result<String, Problem> {
    let file = |name: &str| {
        let missing = || Problem::not_found("this fathom was built without its page");
        assets::named(name).ok_or_else(missing)
    };
    let text = |name: &str| {
        let broken = |_| Problem::bad_request(format!("{name} is no UTF-8"));
        std::str::from_utf8(file(name)?.bytes).map_err(broken)
    };
    let (script, style) = (file("app.js")?, file("app.css")?);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        script.hash, style.hash
    );
    let icon = STANDARD.encode(file("icon.svg")?.bytes);
    let data = format!("<script type=\"application/json\" id=\"saved\">{data}</script>");
    let inlined = [
        (
            "<meta charset=\"utf-8\">",
            format!(
                "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"
            ),
        ),
        (
            "<link rel=\"icon\" href=\"assets/icon.svg\" type=\"image/svg+xml\">",
            format!("<link rel=\"icon\" href=\"data:image/svg+xml;base64,{icon}\">"),
        ),
        (
            "<link rel=\"stylesheet\" href=\"assets/app.css\">",
            format!("<style>{}</style>", text("app.css")?),
        ),
        (
            "<script type=\"module\" src=\"assets/app.js\"></script>",
            format!(
                "{data}\n<script type=\"module\">{}</script>",
                text("app.js")?
            ),
        ),
    ];
    let mut page = String::new();
    let mut rest = text("index.html")?;
    for (place, with) in inlined {
        let (before, after) = rest
            .split_once(place)
            .ok_or_else(|| Problem::not_found(format!("the page of this fathom has no {place}")))?;
        page.push_str(before);
        page.push_str(&with);
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

/// What the views of a saved page ask for.
struct Asking<'a> {
    shelf: &'a Shelf,
    around: &'a Around,
    source: SourceText,
    /// The query of the view; what is given last wins.
    params: BTreeMap<String, String>,
}

impl Asking<'_> {
    /// What all views ask for: that of `view` has to be answered.
    fn answers(&self, view: &str) -> Result<BTreeMap<String, Kept>, Problem> {
        let mut answers = BTreeMap::new();
        answers.insert(address(SUBJECT, &BTreeMap::new()), self.kept(SUBJECT, "")?);
        for known in assets::VIEWS {
            if self.source == SourceText::LeftOut && matches!(*known, "source" | "disasm") {
                continue;
            }
            for (path, params) in self.of_view(known) {
                let address = address(path, &params);
                if answers.contains_key(&address) {
                    continue;
                }
                let query = encoded(&params);
                let kept = match self.kept(path, &query) {
                    Err(problem) if *known == view => return Err(problem),
                    Err(problem) => Kept::Problem(problem),
                    Ok(kept) => kept,
                };
                answers.insert(address, kept);
            }
        }
        Ok(answers)
    }

    /// The endpoints that a view asks, with their queries.
    fn of_view(&self, view: &str) -> Vec<(&'static str, BTreeMap<String, String>)> {
        let own = |name: &str| self.params.get(name).filter(|value| !value.is_empty());
        let plain = |path| vec![(path, self.options(&[], &[]))];
        // Without a pattern there is a list of functions to choose from.
        let of_pattern = |path| match own("pattern") {
            Some(pattern) => vec![(path, self.options(&[("pattern", pattern)], &[]))],
            None => vec![(LISTED, self.options(&[], &["side"]))],
        };
        match view {
            "explain" => self.of_explain(),
            _ if self.shelf.all().is_empty() => Vec::new(),
            "flame" => {
                let columns = "/api/v1/flame/columns";
                if let Some(pivot) = own("pivot") {
                    return vec![
                        (LISTED, self.options(&[], OF_NO_TABLE)),
                        (
                            columns,
                            self.options(&[("pivot", pivot), ("walk", "callers")], &[]),
                        ),
                        (columns, self.options(&[("pivot", pivot)], &[])),
                    ];
                }
                let walk = own("walk").map_or("", String::as_str);
                let mut asked = vec![(columns, self.options(&[("walk", walk)], &[]))];
                if let Some(path) = own("path") {
                    asked.push((
                        columns,
                        self.options(&[("walk", walk), ("path", path)], &[]),
                    ));
                }
                asked
            }
            "top" => vec![(LISTED, self.options(&[], OF_NO_TABLE))],
            "graph" => plain("/api/v1/graph.svg"),
            "tree" => plain("/api/v1/tree"),
            "traces" => plain("/api/v1/traces"),
            "tags" => plain("/api/v1/tags"),
            "peek" => of_pattern("/api/v1/peek"),
            "source" => of_pattern("/api/v1/list"),
            "disasm" => of_pattern("/api/v1/disasm"),
            _ => Vec::new(),
        }
    }

    fn of_explain(&self) -> Vec<(&'static str, BTreeMap<String, String>)> {
        let mut asked = Vec::new();
        if self.shelf.subject.explanation.is_some() {
            asked.push(("/api/v1/explain", BTreeMap::new()));
        }
        if self.shelf.subject.difference.is_some() {
            asked.push(("/api/v1/explain/difference", BTreeMap::new()));
        }
        let summed_up = |profile: &&Arc<NamedProfile>| profile.role() != Role::Base;
        for profile in self.shelf.all().iter().filter(summed_up) {
            let params = [("profile", profile.name()), ("limit", OF_SUMMARY)];
            let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
            asked.push((LISTED, BTreeMap::from(params)));
        }
        asked
    }

    /// The options in the query of the view with further parameters.
    fn options(&self, further: &[(&str, &str)], without: &[&str]) -> BTreeMap<String, String> {
        let is_option = |name: &str| is_page_parameter(name) && !without.contains(&name);
        let mut params = self.params.clone();
        params.retain(|name, _| is_option(name));
        for (name, value) in further {
            params.insert((*name).to_owned(), (*value).to_owned());
        }
        params.retain(|_, value| !value.is_empty());
        params
    }

    /// Asks an endpoint.
    fn kept(&self, path: &str, query: &str) -> Result<Kept, Problem> {
        let unknown = || Problem::not_found(format!("there is no {path}"));
        let endpoint = endpoints().find(|endpoint| endpoint.path == path);
        let endpoint = endpoint.ok_or_else(unknown)?;
        let query = Query::parse(query, endpoint, &self.around.options)?;
        let work = Work {
            shelf: self.shelf,
            around: self.around,
            query: &query,
            body: &Bytes::new(),
            most_dropped_bytes: 0,
        };
        let Answer { media, body, .. } = answer(endpoint, &work)?;
        let is_cut = self.source == SourceText::LeftOut;
        if media == COLUMNS {
            let body = if is_cut {
                without_places(&body)?
            } else {
                body.to_vec()
            };
            return Ok(Kept::Base64(STANDARD.encode(body)));
        }
        if media == JSON {
            let mut value = read(&body)?;
            if is_cut {
                redact::value(&mut value);
            }
            return Ok(Kept::Json(value));
        }
        let text = String::from_utf8_lossy(&body);
        Ok(Kept::Text(if is_cut {
            redact::text(&text)
        } else {
            text.into_owned()
        }))
    }
}

fn read(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(error.to_string()))
}

/// Columns whose head says no places of files.
fn without_places(body: &[u8]) -> Result<Vec<u8>, Problem> {
    let broken = || Problem::bad_request("the columns have no head");
    let (length, rest) = body.split_first_chunk::<4>().ok_or_else(broken)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
    let mut head = read(rest.get(..length).ok_or_else(broken)?)?;
    redact::value(&mut head);
    let columns = body
        .get((4 + length).next_multiple_of(8)..)
        .unwrap_or_default();
    super::flame::framed(&super::json(&head)?, columns)
}

fn encoded(params: &BTreeMap<String, String>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish()
}

/// The address at which the page asks, relative to its root; parameters are in order.
fn address(path: &str, params: &BTreeMap<String, String>) -> String {
    let path = path.trim_start_matches('/');
    if params.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", encoded(params))
}
