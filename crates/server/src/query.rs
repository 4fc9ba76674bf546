//! The query of a request: the table of options by their names, and what is an endpoint's own.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use fathom_profile::Profile;
use fathom_report::handle::expand_options;
use fathom_report::options::{Group, OPTIONS, Options, Spec};

use crate::api::Endpoint;
use crate::problem::Problem;
use crate::subject::Side;

/// The most parameters.
const MOST_PARAMETERS: usize = 100;

/// Whether an option of reports is a parameter of the API and the page. Where files lie and
/// where results go is not for a page to say.
pub fn is_parameter(spec: &Spec) -> bool {
    spec.group() != Group::Result && !matches!(spec.name, "source_path" | "trim_path")
}

/// Whether a parameter of the page is one of the API's views, too: an option, or which
/// profile they show.
pub(crate) fn is_page_parameter(name: &str) -> bool {
    let is_option = |spec: &Spec| spec.name == name && is_parameter(spec);
    matches!(name, "profile" | "base" | "side") || OPTIONS.iter().any(is_option)
}

/// A query, understood.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// The options of the report.
    pub(crate) options: Options,
    /// The parameters that are no options.
    own: BTreeMap<String, String>,
    /// The same for the same question.
    pub(crate) key: String,
}

impl Query {
    /// Reads the query of a request to an endpoint; `options` are what it begins with.
    pub(crate) fn parse(
        text: &str,
        endpoint: &Endpoint,
        options: &Options,
    ) -> Result<Self, Problem> {
        let mut given = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if given.len() == MOST_PARAMETERS {
                let detail = format!("more than {MOST_PARAMETERS} parameters");
                return Err(Problem::new(StatusCode::URI_TOO_LONG, detail));
            }
            // What is given last wins, as on the command line.
            given.insert(name.into_owned(), value.into_owned());
        }
        let mut key = form_urlencoded::Serializer::new(endpoint.path.to_owned());
        let mut query = Self {
            options: options.clone(),
            own: BTreeMap::new(),
            key: String::new(),
        };
        for (name, value) in given {
            key.append_pair(&name, &value);
            let option = OPTIONS.iter().find(|spec| spec.name == name);
            let option = option.filter(|spec| endpoint.takes_options && is_parameter(spec));
            if let Some(spec) = option {
                let set = spec.set(&mut query.options, &value);
                set.map_err(|error| Problem::bad_request(format!("{name}: {error}")))?;
            } else if endpoint.parameters().any(|known| known.name == name) {
                query.own.insert(name, value);
            } else {
                let detail = format!("{} has no parameter {name:?}", endpoint.path);
                let hint = "api/v1/openapi.json lists the parameters";
                return Err(Problem::bad_request(detail).hint(hint));
            }
        }
        query.key = key.finish();
        Ok(query)
    }

    /// A parameter that is no option; `None` where it is missing or empty.
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        self.own
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// A parameter without which there is no answer.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, Problem> {
        let missing = || Problem::bad_request(format!("the parameter {name} is missing"));
        self.own(name).ok_or_else(missing)
    }

    /// A parameter that is a number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, Problem> {
        let wrong =
            |text: &str| Problem::bad_request(format!("{name}: {text:?} is not a whole number"));
        self.own(name)
            .map(|text| text.parse().map_err(|_| wrong(text)))
            .transpose()
    }

    /// Which of two states is asked for; without a word, `default`.
    pub(crate) fn side(&self, default: Side) -> Result<Side, Problem> {
        match self.own("side") {
            None => Ok(default),
            Some("new") => Ok(Side::New),
            Some("base") => Ok(Side::Base),
            Some("change") => Ok(Side::Change),
            Some(other) => Err(Problem::bad_request(format!(
                "side: {other:?} is none of new, base, change"
            ))),
        }
    }

    /// The options, with the names of the functions whose handles they hold.
    pub(crate) fn options_for(&self, profile: &Profile) -> Result<Options, Problem> {
        Ok(expand_options(&self.options, profile)?)
    }
}
