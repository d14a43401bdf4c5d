//! What Kubernetes can be asked to do (apis.md §3.2).

use serde_json::{Map, Value, json};

/// Annotations that belong to the Deployment itself, not to a revision of it (kubectl's list).
const OWN: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// Undo of a Deployment: the template and the annotations of that revision's ReplicaSet.
pub(crate) fn undo(deployment: &Value, set: &Value, template: &Value) -> Result<Vec<Value>, String> {
    if deployment.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Err("the Deployment is paused, and would not roll out; resume it first".to_owned());
    }
    let annotations = |object: &Value| -> Map<String, Value> {
        object.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let mut wanted: Map<String, Value> =
        annotations(set).into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect();
    wanted.extend(annotations(deployment).into_iter().filter(|(name, _)| OWN.contains(&name.as_str())));
    Ok(vec![
        json!({ "op": "replace", "path": "/spec/template", "value": template }),
        // `add` also replaces, and does not fail where there are none yet.
        json!({ "op": "add", "path": "/metadata/annotations", "value": wanted }),
    ])
}
