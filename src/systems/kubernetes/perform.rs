//! What Kubernetes can be asked to do (apis.md §3.2).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::action::{Change, Found};

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

/// Undo of a StatefulSet or a DaemonSet: the template of that ControllerRevision, as a whole, which is what its
/// `$patch: replace` says.
pub(crate) fn undo_to(object: &Value, revision: &Value) -> Result<Vec<Value>, String> {
    let template = super::revisions::template(revision).ok_or("its revision keeps no template")?;
    if is_at(object, revision) {
        return Err("its template already is that of the revision: nothing to undo".to_owned());
    }
    Ok(vec![json!({ "op": "replace", "path": "/spec/template", "value": template })])
}

/// Its template is the one that the revision keeps.
pub(crate) fn is_at(object: &Value, revision: &Value) -> bool {
    super::revisions::template(revision).is_some_and(|template| object.pointer("/spec/template") == Some(&template))
}

const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// As kubectl writes it: whole seconds.
pub(crate) fn stamp(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// What `kubectl rollout restart` does: another annotation makes another template.
pub(crate) fn restart(object: &Value, at: Timestamp) -> Result<Vec<Value>, String> {
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Err("it is paused, and would not restart; resume it first".to_owned());
    }
    let metadata = object.pointer("/spec/template/metadata");
    let annotations = metadata.and_then(|it| it.get("annotations")).and_then(Value::as_object);
    let mut wanted = annotations.cloned().unwrap_or_default();
    wanted.insert(RESTARTED_AT.to_owned(), Value::String(stamp(at)));
    // `add` also replaces, and needs its parent.
    let parent = metadata.is_none().then(|| json!({ "op": "add", "path": "/spec/template/metadata", "value": {} }));
    let annotated = json!({ "op": "add", "path": "/spec/template/metadata/annotations", "value": wanted });
    Ok(parent.into_iter().chain([annotated]).collect())
}

/// Of the `scale` of a workload.
pub(crate) fn scale(to: i64) -> Vec<Value> {
    // Of zero replicas the field is left out by the server, so that there may be nothing to replace.
    vec![json!({ "op": "add", "path": "/spec/replicas", "value": to })]
}

/// Whether a restart or a scaling took, by the object as it is now.
pub(crate) fn evidence(change: &Change, object: &Value, started: Timestamp) -> (Found, String) {
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let (taken, guard, what) = match change {
        Change::RestartWorkload { resource_version } => {
            let annotations = object.pointer("/spec/template/metadata/annotations");
            let at = annotations.and_then(|all| all.get(RESTARTED_AT)).and_then(Value::as_str);
            (at == Some(stamp(started).as_str()), resource_version, "its template has this restart")
        }
        Change::Scale { resource_version, to, .. } => {
            let replicas = object.pointer("/spec/replicas").and_then(Value::as_i64);
            (replicas == Some(*to), resource_version, "it asks for that many replicas")
        }
        _ => return (Found::Untold, "nothing proves this".to_owned()),
    };
    match (taken, version == Some(&**guard)) {
        (true, false) => (Found::Applied, what.to_owned()),
        (_, true) => (Found::Missing, "it is as it was before the send".to_owned()),
        (false, false) => (Found::Passed, "it changed, and not to what was wanted".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2026-11-21T02:00:00.123Z".parse().unwrap()
    }

    #[test]
    fn a_restart_keeps_the_other_annotations_of_the_template() {
        for (object, expected) in [
            (
                json!({ "spec": { "template": { "metadata": { "annotations": { "a": "b" } } } } }),
                json!([{ "op": "add", "path": "/spec/template/metadata/annotations",
                    "value": { "a": "b", "kubectl.kubernetes.io/restartedAt": "2026-11-21T02:00:00Z" } }]),
            ),
            (
                json!({ "spec": { "template": {} } }),
                json!([{ "op": "add", "path": "/spec/template/metadata", "value": {} },
                    { "op": "add", "path": "/spec/template/metadata/annotations",
                    "value": { "kubectl.kubernetes.io/restartedAt": "2026-11-21T02:00:00Z" } }]),
            ),
        ] {
            assert_eq!(Value::Array(restart(&object, at()).unwrap()), expected);
        }
        assert!(restart(&json!({ "spec": { "paused": true } }), at()).is_err());
    }

    #[test]
    fn what_became_of_it_is_told_by_the_object() {
        let restart = Change::RestartWorkload { resource_version: "7".into() };
        let scale = Change::Scale { resource_version: "7".into(), from: 2, to: 3 };
        let object = |version: &str, at: &str, replicas: i64| {
            json!({ "metadata": { "resourceVersion": version }, "spec": { "replicas": replicas,
                "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": at } } } } })
        };
        for (change, object, expected) in [
            (&restart, object("8", "2026-11-21T02:00:00Z", 2), Found::Applied),
            (&restart, object("8", "2026-11-20T02:00:00Z", 2), Found::Passed),
            (&restart, object("7", "2026-11-20T02:00:00Z", 2), Found::Missing),
            (&scale, object("8", "", 3), Found::Applied),
            (&scale, object("8", "", 2), Found::Passed),
            (&scale, object("7", "", 2), Found::Missing),
        ] {
            assert_eq!(evidence(change, &object, at()).0, expected, "{object}");
        }
    }
}
