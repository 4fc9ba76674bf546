//! Documents held to the published contracts.

use serde_json::Value;

pub(crate) const GROWTH: &str = include_str!("../../../explain/schema/growth-1.schema.json");
pub(crate) const WATCH: &str = include_str!("../../../tui/schema/watch-1.schema.json");
pub(crate) const TRACE: &str = include_str!("../../../exectrace/schema/trace-1.schema.json");
pub(crate) const TRACE_DIFF: &str =
    include_str!("../../../exectrace/schema/trace-diff-1.schema.json");

/// Says what of a document breaks a JSON schema.
pub(crate) fn validate(schema: &str, document: &Value) -> Result<(), String> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("contract.json", serde_json::from_str(schema).unwrap())
        .unwrap();
    let index = compiler.compile("contract.json", &mut schemas).unwrap();
    schemas
        .validate(document, index)
        .map_err(|error| format!("{error:#}"))
}

/// Holds a document to a contract.
#[track_caller]
pub(crate) fn assert_keeps(schema: &str, document: &Value) {
    if let Err(error) = validate(schema, document) {
        panic!("{error}");
    }
}

/// Holds a document to a contract that must tell of every field of it.
#[track_caller]
pub(crate) fn assert_told_whole(schema: &str, document: &Value) {
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    close(&mut schema);
    assert_keeps(&schema.to_string(), document);
}

/// Lets no object have a field that is not told of.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
