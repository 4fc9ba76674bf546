//! The JSON that explanations become keeps the published contract.

use crate::recorded::{Look, explanation};
use fathom_testkit::fixtures::Cause;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../schema/explain-1.schema.json");

fn assert_valid(document: &Value) {
    assert_valid_by(SCHEMA, document);
}

pub(crate) fn assert_valid_by(schema: &str, document: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("contract.json", schema).unwrap();
    let index = compiler.compile("contract.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(document, index) {
        panic!("{error:#}");
    }
}

#[test]
fn every_explanation_is_valid() {
    for cause in Cause::all() {
        for look in [
            Look::First,
            Look::WithGc,
            Look::WithoutVars,
            Look::KernelOnly,
            Look::RuntimeOnly,
        ] {
            assert_valid(&serde_json::to_value(explanation(cause, look)).unwrap());
        }
    }
}

#[test]
fn an_empty_capture_gives_a_valid_explanation() {
    let explained = fathom_explain::explain(&fathom_evidence::Capture::new());
    assert!(explained.explanation.ledger.is_empty());
    assert!(!explained.explanation.missing.is_empty());
    assert_valid(&serde_json::to_value(explained.explanation).unwrap());
}

#[test]
fn the_schema_refuses_what_it_should() {
    let mut document = serde_json::to_value(explanation(Cause::Ballast, Look::First)).unwrap();
    document["ledger"][0]["bytes"] = Value::from(-1);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("explain-1.json", schema).unwrap();
    let index = compiler.compile("explain-1.json", &mut schemas).unwrap();
    assert!(schemas.validate(&document, index).is_err());
}
