//! The description of the API, made of the table of endpoints.

use axum::body::Bytes;
use fathom_report::options::{Kind, OPTIONS, Spec};
use serde_json::{Map, Value, json};

use super::{Endpoint, JSON, Parameter, Work, endpoints};
use crate::problem::Problem;
use crate::query::is_parameter;

pub(super) fn description(_: &Work<'_>) -> Result<Bytes, Problem> {
    super::json(&document())
}

pub(super) fn document() -> Value {
    let paths: Map<String, Value> = endpoints()
        .map(|endpoint| {
            (
                endpoint.path.to_owned(),
                json!({ method(endpoint): operation(endpoint) }),
            )
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "fathom",
            "version": "1",
            "description": "What fathom open shows, as data. Views are those of the command line's --json; contracts named fathom.*/1 are described in its schemas.",
        },
        "paths": paths,
        "components": {
            "responses": {
                "problem": {
                    "description": "Why there is no answer (RFC 9457)",
                    "content": { "application/problem+json": { "schema": {
                        "type": "object",
                        "properties": {
                            "type": { "type": "string" },
                            "title": { "type": "string" },
                            "status": { "type": "integer" },
                            "detail": { "type": "string" },
                            "hint": { "type": "string" },
                        },
                        "required": ["type", "title", "status", "detail"],
                    } } },
                },
            },
        },
    })
}

const fn method(endpoint: &Endpoint) -> &'static str {
    if endpoint.takes_body { "post" } else { "get" }
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut parameters: Vec<Value> = endpoint
        .parameters()
        .map(|one| parameter(one, endpoint.in_path() == Some(one.name)))
        .collect();
    if endpoint.takes_options {
        let options = OPTIONS.iter().filter(|spec| is_parameter(spec));
        parameters.extend(options.map(option));
    }
    let schema = if endpoint.media == JSON && !endpoint.contract.is_empty() {
        json!({ "type": "object", "properties": { "schema": { "const": endpoint.contract } } })
    } else if endpoint.media == JSON {
        json!({ "type": "object" })
    } else {
        json!({})
    };
    let media = endpoint.media;
    let mut operation = json!({
        "operationId": endpoint.operation,
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": endpoint.summary,
                "content": { media: { "schema": schema } },
            },
            "default": { "$ref": "#/components/responses/problem" },
        },
    });
    if endpoint.takes_body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/octet-stream": { "schema": {} } },
        });
    }
    operation
}

fn parameter(parameter: &Parameter, is_in_path: bool) -> Value {
    let schema = if parameter.choices.is_empty() {
        json!({ "type": "string" })
    } else {
        json!({ "type": "string", "enum": parameter.choices })
    };
    json!({
        "name": parameter.name,
        "in": if is_in_path { "path" } else { "query" },
        "required": parameter.is_needed,
        "description": parameter.help,
        "schema": schema,
    })
}

fn option(spec: &Spec) -> Value {
    let schema = match spec.kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number => json!({ "type": "integer" }),
        Kind::Real => json!({ "type": "number" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Choice => {
            let choices: Vec<&str> = spec.choices.iter().map(|choice| choice.name).collect();
            json!({ "type": "string", "enum": choices })
        }
    };
    json!({
        "name": spec.name,
        "in": "query",
        "required": false,
        "description": spec.summary(),
        "schema": schema,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_and_option_is_described() {
        let document = document();
        for endpoint in endpoints() {
            let operation = &document["paths"][endpoint.path][method(endpoint)];
            assert_eq!(operation["requestBody"].is_object(), endpoint.takes_body);
            assert_eq!(operation["operationId"], endpoint.operation);
            let parameters = operation["parameters"].as_array().unwrap();
            let has = |name: &str| parameters.iter().any(|it| it["name"] == name);
            assert_eq!(has("focus"), endpoint.takes_options, "{}", endpoint.path);
            assert!(!has("output") && !has("source_path"));
            assert!(endpoint.further.iter().all(|parameter| has(parameter.name)));
            let mut in_path = parameters.iter().filter(|it| it["in"] == "path");
            let in_path = in_path.next().map(|it| it["name"].as_str().unwrap());
            assert_eq!(in_path, endpoint.in_path(), "{}", endpoint.path);
        }
        assert_eq!(
            document["paths"].as_object().unwrap().len(),
            endpoints().count()
        );
    }
}
