//! The pod template of a revision, as its owner wrote it, and whether an object has it.

use serde_json::Value;

use crate::model::Kind;

pub(super) fn hash_label(kind: Kind) -> &'static str {
    match kind {
        Kind::Deployment => "pod-template-hash",
        _ => "rollouts-pod-template-hash",
    }
}

/// The pod template of a ReplicaSet as its owner wrote it: without the hash its controller added.
pub(super) fn template_of(set: &Value, hash_label: &str) -> Value {
    let mut template = set.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(hash_label);
    }
    template
}

pub(super) fn same_template(object: &Value, set: &Value, hash_label: &str) -> bool {
    let ours = object.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    tidy(ours) == tidy(template_of(set, hash_label))
}

/// Without what says nothing: `creationTimestamp: null`, empty maps.
fn tidy(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().map(|(name, field)| (name, tidy(field)));
            let kept =
                kept.filter(|(_, field)| !field.is_null() && field.as_object().is_none_or(|map| !map.is_empty()));
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        other => other,
    }
}
