//! What the Rollout's schema says about the fields that people patch; a wrong type is refused as
//! the real server refuses it.

use serde_json::Value;

use crate::demo::kinds::{Kind, Row};

/// Fields and their types in the CRD's schema.
const FIELDS: [(&str, &str); 16] = [
    ("spec.paused", "boolean"),
    ("spec.replicas", "integer"),
    ("spec.restartAt", "string"),
    ("spec.template", "object"),
    ("status", "object"),
    ("status.abort", "boolean"),
    ("status.abortedAt", "string"),
    ("status.controllerPause", "boolean"),
    ("status.promoteFull", "boolean"),
    ("status.currentStepIndex", "integer"),
    ("status.currentPodHash", "string"),
    ("status.stableRS", "string"),
    ("status.phase", "string"),
    ("status.message", "string"),
    ("status.canary", "object"),
    ("status.pauseConditions", "array"),
];

/// The wrong fields of a Rollout and why.
pub(super) fn rollout(row: &Row, object: &Value) -> Vec<(String, String)> {
    if row.kind != Kind::Rollout {
        return Vec::new();
    }
    let mut wrong: Vec<(String, String)> = FIELDS
        .iter()
        .filter_map(|(field, wanted)| {
            let value = object.pointer(&format!("/{}", field.replace('.', "/")))?;
            bad(field, value, wanted)
        })
        .collect();
    let pauses = object.pointer("/status/pauseConditions").and_then(Value::as_array);
    for (index, pause) in pauses.into_iter().flatten().enumerate() {
        for part in ["reason", "startTime"] {
            let field = format!("status.pauseConditions[{index}].{part}");
            match pause.get(part) {
                None => wrong.push((field, "Required value".to_owned())),
                Some(value) => wrong.extend(bad(&field, value, "string")),
            }
        }
    }
    wrong
}

fn bad(field: &str, value: &Value, wanted: &str) -> Option<(String, String)> {
    let found = match value {
        // The schema says nothing of `nullable`; the server drops a null as if it were absent.
        Value::Null => return None,
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let why = format!("Invalid value: \"{found}\": {field} in body must be of type {wanted}: \"{found}\"");
    (found != wanted).then(|| (field.to_owned(), why))
}
