//! Documents held to the published contracts.

use serde_json::Value;

pub(crate) const GROWTH: &str = include_str!("../../../explain/schema/growth-1.schema.json");
pub(crate) const WATCH: &str = include_str!("../../../tui/schema/watch-1.schema.json");

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
