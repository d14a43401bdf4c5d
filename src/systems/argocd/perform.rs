//! What an Application can be asked for (apis.md §2.2): a sync, another comparison, the end of an operation,
//! a rollback.
//! It is read right before the send; a guard that fails on the server is a 422, and nothing is changed.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::action::{Action, Change, Found, OperationId};
use crate::model::Name;
use crate::net::Patch;
use crate::systems::perform::{test, text};

/// In `info` of an operation: which of ours it is.
pub(super) const OPERATION: &str = "quarterdeck";
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// The patch for an Application as it was read a moment ago.
pub(crate) fn patch(path: String, object: &Value, action: &Action, id: &OperationId) -> Result<Patch, String> {
    let mut operations = vec![test("/metadata/uid", action.target.uid.raw())];
    if let Some(moved) = moved(&action.change, object) {
        return Err(format!("changed since you looked: {moved}"));
    }
    match &action.change {
        Change::Sync { revisions, prune, pinned, .. } => {
            let value = operation(object, if *pinned { revisions } else { &[] }, *prune, id);
            begin(&mut operations, object, "/status/sync", &value);
        }
        Change::RollBack { id: entry, revision, .. } => {
            let value = super::rollback::operation(object, *entry, revision, id)?;
            // Auto-sync must be off when it arrives.
            operations
                .push(test("/spec/syncPolicy", object.pointer("/spec/syncPolicy").cloned().unwrap_or(Value::Null)));
            begin(&mut operations, object, "/status/history", &value);
        }
        Change::CompareAgain { .. } if object.pointer("/metadata/annotations").is_some_and(Value::is_object) => {
            let path = format!("/metadata/annotations/{}", REFRESH.replace('/', "~1"));
            operations.push(json!({ "op": "add", "path": path, "value": "normal" }));
        }
        Change::CompareAgain { .. } => {
            // Nobody else's annotation may be lost.
            operations.push(test("/metadata/annotations", Value::Null));
            operations.push(json!({ "op": "add", "path": "/metadata/annotations", "value": { REFRESH: "normal" } }));
        }
        Change::Terminate { .. } => {
            for path in ["/status/operationState/phase", "/status/operationState/startedAt"] {
                operations.push(test(path, object.pointer(path).cloned().unwrap_or(Value::Null)));
            }
            operations.push(json!({ "op": "replace", "path": "/status/operationState/phase", "value": "Terminating" }));
        }
        change => return Err(format!("an Application cannot be asked to {}", change.verb().as_str())),
    }
    Ok(Patch { path, body: Value::Array(operations).to_string().into_bytes() })
}

/// Asks for an operation while things are as they were read. Status and operation have no subresource: each is
/// tested by itself. `null` passes where nothing stands.
fn begin(operations: &mut Vec<Value>, object: &Value, what: &str, value: &Value) {
    for path in ["/operation", what, "/status/operationState/phase", "/status/operationState/startedAt"] {
        let now = object.pointer(path).cloned();
        if now.is_some() || path == "/operation" {
            operations.push(test(path, now.unwrap_or(Value::Null)));
        }
    }
    operations.push(json!({ "op": "add", "path": "/operation", "value": value }));
    if object.pointer("/status/operationState").is_some() {
        // As the server does it: what is shown next is of the new one.
        operations.push(json!({ "op": "remove", "path": "/status/operationState" }));
    }
}

/// Whose it is, and how often it is tried: the policy's own.
pub(super) fn asked(object: &Value, sync: &Map<String, Value>, id: &OperationId) -> Value {
    let mut operation = json!({
        "initiatedBy": { "username": "quarterdeck" },
        "info": [{ "name": OPERATION, "value": id.0 }],
        "sync": sync,
    });
    if let Some(retry) = object.pointer("/spec/syncPolicy/retry").filter(|retry| retry.is_object()) {
        operation["retry"] = retry.clone();
    }
    operation
}

/// `.operation` as Argo CD's own server writes it for a sync that somebody asks for.
fn operation(object: &Value, revisions: &[Name], prune: bool, id: &OperationId) -> Value {
    let mut sync = Map::new();
    if prune {
        sync.insert("prune".to_owned(), true.into());
    }
    let several = object.pointer("/spec/sources").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    match (several, revisions.first()) {
        (true, Some(_)) => {
            let all: Vec<&str> = revisions.iter().map(Name::raw).collect();
            sync.insert("revisions".to_owned(), all.into());
        }
        (false, Some(one)) => drop(sync.insert("revision".to_owned(), one.raw().into())),
        (_, None) => {}
    }
    sync.insert("syncStrategy".to_owned(), json!({ "hook": {} }));
    if let Some(options) = object.pointer("/spec/syncPolicy/syncOptions").filter(|options| options.is_array()) {
        sync.insert("syncOptions".to_owned(), options.clone());
    }
    asked(object, &sync, id)
}

/// What is no longer as the dialog showed it.
pub(crate) fn moved(change: &Change, object: &Value) -> Option<String> {
    let phase = text(object, "/status/operationState/phase").unwrap_or_default();
    let runs = matches!(phase, "Running" | "Terminating");
    match change {
        Change::Sync { .. } | Change::RollBack { .. }
            if object.pointer("/operation").is_some_and(|it| !it.is_null()) || runs =>
        {
            Some("another operation is asked for or runs".to_owned())
        }
        Change::Sync { revisions, .. } => {
            let now = compared_with(object);
            let same = now.iter().copied().eq(revisions.iter().map(Name::raw));
            (!same).then(|| format!("it was compared with {} since", now.first().unwrap_or(&"nothing")))
        }
        Change::RollBack { id, revision, .. } => super::rollback::moved(object, *id, revision),
        Change::Terminate { .. } if phase != "Running" => Some("no operation runs any more".to_owned()),
        Change::Terminate { started, .. } if begun(object) != Some(*started) => {
            Some("another operation runs".to_owned())
        }
        _ => None,
    }
}

fn compared_with(object: &Value) -> Vec<&str> {
    let one = text(object, "/status/sync/revision").filter(|text| !text.is_empty());
    let several = object.pointer("/status/sync/revisions").and_then(Value::as_array);
    one.into_iter().chain(several.into_iter().flatten().filter_map(Value::as_str)).collect()
}

pub(super) fn begun(object: &Value) -> Option<Timestamp> {
    text(object, "/status/operationState/startedAt")?.parse().ok()
}

/// What the object shows of an action nobody heard the end of.
pub(crate) fn evidence(change: &Change, object: &Value, id: &OperationId) -> (Found, String) {
    match change {
        Change::Sync { before, .. } | Change::RollBack { before, .. } => synced(object, id, *before),
        Change::CompareAgain { before, .. } => {
            let asked = object.pointer("/metadata/annotations").and_then(|all| all.get(REFRESH)).is_some();
            let compared = text(object, "/status/reconciledAt").and_then(|at| at.parse::<Timestamp>().ok());
            match compared {
                _ if asked => (Found::Applied, "it is asked to compare again".to_owned()),
                Some(at) if before.is_none_or(|before| at > before) => {
                    (Found::Passed, "it was compared since; whether by this cannot be told".to_owned())
                }
                _ => (Found::Missing, "it was neither compared since nor asked to".to_owned()),
            }
        }
        Change::Terminate { started, .. } => {
            let phase = text(object, "/status/operationState/phase").unwrap_or_default();
            match (begun(object) == Some(*started), phase) {
                (true, "Running") => (Found::Missing, "the operation runs, and is not asked to end".to_owned()),
                (true, "Terminating") => (Found::Applied, "the operation is ending".to_owned()),
                (true, _) => (Found::Passed, format!("the operation ended: {phase}")),
                (false, _) => (Found::Passed, "another operation came meanwhile".to_owned()),
            }
        }
        _ => (Found::Untold, "an Application knows no such action".to_owned()),
    }
}

fn synced(object: &Value, id: &OperationId, before: Option<Timestamp>) -> (Found, String) {
    let is_ours = |at: &str| {
        let info = object.pointer(at).and_then(Value::as_array);
        info.is_some_and(|info| {
            info.iter().any(|it| text(it, "/name") == Some(OPERATION) && text(it, "/value") == Some(&id.0))
        })
    };
    if is_ours("/operation/info") || is_ours("/status/operationState/operation/info") {
        return (Found::Applied, "its operation is the one that was asked for".to_owned());
    }
    if begun(object).is_some_and(|at| Some(at) != before) {
        return (Found::Passed, "another operation came since".to_owned());
    }
    (Found::Missing, "its operation is not the one that was asked for".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::applications::AppWay;

    const BEGUN: &str = "2026-11-21T01:58:00Z";

    fn found(change: &Change, object: &Value) -> Found {
        evidence(change, object, &OperationId("7-1".to_owned())).0
    }

    #[test]
    fn what_became_of_it_is_told_by_the_object_alone() {
        let before: Option<Timestamp> = BEGUN.parse().ok();
        let way = || AppWay::Object;
        let sync = Change::Sync { way: way(), revisions: vec![Name::new("a1")], pinned: true, prune: false, before };
        let info = json!([{ "name": OPERATION, "value": "7-1" }]);
        let state = |begun: &str, info: &Value| json!({ "status": { "operationState": { "phase": "Running", "startedAt": begun, "operation": { "info": info } } } });
        assert_eq!(found(&sync, &json!({ "operation": { "info": info } })), Found::Applied);
        assert_eq!(found(&sync, &state("2026-11-21T02:00:00Z", &info)), Found::Applied);
        assert_eq!(found(&sync, &state(BEGUN, &json!([]))), Found::Missing, "it is as it was");
        assert_eq!(found(&sync, &state("2026-11-21T02:00:00Z", &json!([]))), Found::Passed);
        assert_eq!(found(&sync, &json!({})), Found::Missing);

        let compare = Change::CompareAgain { way: way(), before };
        let compared = |at: &str| json!({ "status": { "reconciledAt": at } });
        let asked = json!({ "metadata": { "annotations": { REFRESH: "normal" } } });
        assert_eq!(found(&compare, &asked), Found::Applied);
        assert_eq!(found(&compare, &compared(BEGUN)), Found::Missing);
        assert_eq!(found(&compare, &compared("2026-11-21T01:59:00Z")), Found::Passed, "it may have done so by itself");

        let terminate = Change::Terminate { way: way(), started: BEGUN.parse().unwrap() };
        let phase = |phase: &str| json!({ "status": { "operationState": { "phase": phase, "startedAt": BEGUN } } });
        assert_eq!(found(&terminate, &phase("Running")), Found::Missing);
        assert_eq!(found(&terminate, &phase("Terminating")), Found::Applied);
        assert_eq!(found(&terminate, &phase("Failed")), Found::Passed);
        assert_eq!(found(&terminate, &state("2026-11-21T02:00:00Z", &info)), Found::Passed);
    }

    #[test]
    fn several_sources_are_synced_to_the_revisions_that_were_shown() {
        let object = json!({ "spec": { "sources": [{}, {}], "syncPolicy": { "retry": { "limit": 2 } } },
            "status": { "sync": { "revisions": ["a1", "b2"] } } });
        let shown = [Name::new("a1"), Name::new("b2")];
        let id = OperationId("7-1".to_owned());
        let asked = operation(&object, &shown, true, &id);
        assert_eq!((&asked["sync"]["revisions"], &asked["sync"]["revision"]), (&json!(["a1", "b2"]), &Value::Null));
        assert_eq!((&asked["sync"]["prune"], &asked["retry"]["limit"]), (&json!(true), &json!(2)));
        let sync = |revisions: &[Name]| Change::Sync {
            way: AppWay::Object,
            revisions: revisions.to_vec(),
            pinned: true,
            prune: false,
            before: None,
        };
        assert_eq!(moved(&sync(&shown), &object), None);
        assert!(moved(&sync(&shown[..1]), &object).unwrap().contains("compared with a1 since"));
    }
}
