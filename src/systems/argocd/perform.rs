//! What an Application can be asked for (apis.md §2.2): a sync, another comparison, the end of an operation.
//! It is read right before the send; a guard that fails on the server is a 422, and nothing is changed.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::action::{Action, Change, Found, OperationId};
use crate::net::Patch;
use crate::systems::perform::{test, text};

/// In `info` of an operation: which of ours it is.
const OPERATION: &str = "quarterdeck";
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// The patch for an Application as it was read a moment ago.
pub(crate) fn patch(path: String, object: &Value, action: &Action, id: &OperationId) -> Result<Patch, String> {
    let version = text(object, "/metadata/resourceVersion").unwrap_or_default();
    // Status and operation have no subresource: only the version tells that both are as they were read.
    let mut operations =
        vec![test("/metadata/uid", action.target.uid.raw()), test("/metadata/resourceVersion", version)];
    if let Some(moved) = moved(&action.change, object) {
        return Err(format!("changed since you looked: {moved}"));
    }
    match &action.change {
        Change::Sync { prune, pinned, .. } => {
            let value = operation(object, *prune, *pinned, id);
            operations.push(json!({ "op": "add", "path": "/operation", "value": value }));
            if object.pointer("/status/operationState").is_some() {
                // As the server does it: what is shown next is of the new one.
                operations.push(json!({ "op": "remove", "path": "/status/operationState" }));
            }
        }
        Change::CompareAgain { .. } if object.pointer("/metadata/annotations").is_some_and(Value::is_object) => {
            let path = format!("/metadata/annotations/{}", REFRESH.replace('/', "~1"));
            operations.push(json!({ "op": "add", "path": path, "value": "normal" }));
        }
        Change::CompareAgain { .. } => {
            operations.push(json!({ "op": "add", "path": "/metadata/annotations", "value": { REFRESH: "normal" } }));
        }
        Change::Terminate { .. } => {
            operations.push(json!({ "op": "replace", "path": "/status/operationState/phase", "value": "Terminating" }));
        }
        change => return Err(format!("an Application cannot be asked to {}", change.verb().as_str())),
    }
    Ok(Patch { path, body: Value::Array(operations).to_string().into_bytes() })
}

/// `.operation` as Argo CD's own server writes it for a sync that somebody asks for.
fn operation(object: &Value, prune: bool, pinned: bool, id: &OperationId) -> Value {
    let mut sync = Map::new();
    if prune {
        sync.insert("prune".to_owned(), true.into());
    }
    if pinned {
        let (one, several) = (object.pointer("/status/sync/revision"), object.pointer("/status/sync/revisions"));
        if let Some(several) = several.filter(|all| all.as_array().is_some_and(|all| !all.is_empty())) {
            sync.insert("revisions".to_owned(), several.clone());
        } else if let Some(one) = one {
            sync.insert("revision".to_owned(), one.clone());
        }
    }
    sync.insert("syncStrategy".to_owned(), json!({ "hook": {} }));
    if let Some(options) = object.pointer("/spec/syncPolicy/syncOptions").filter(|options| options.is_array()) {
        sync.insert("syncOptions".to_owned(), options.clone());
    }
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

/// What is no longer as the dialog showed it.
pub(crate) fn moved(change: &Change, object: &Value) -> Option<String> {
    let phase = text(object, "/status/operationState/phase").unwrap_or_default();
    let runs = matches!(phase, "Running" | "Terminating");
    match change {
        Change::Sync { .. } if object.pointer("/operation").is_some_and(|it| !it.is_null()) || runs => {
            Some("another operation is asked for or runs".to_owned())
        }
        Change::Sync { revision: Some(seen), .. } => {
            let now = compared_with(object);
            (now != Some(seen.raw())).then(|| format!("it was compared with {} since", now.unwrap_or("nothing")))
        }
        Change::Terminate { .. } if phase != "Running" => Some("no operation runs any more".to_owned()),
        Change::Terminate { started } if begun(object) != Some(*started) => Some("another operation runs".to_owned()),
        _ => None,
    }
}

fn compared_with(object: &Value) -> Option<&str> {
    let one = text(object, "/status/sync/revision").filter(|text| !text.is_empty());
    one.or_else(|| text(object, "/status/sync/revisions/0"))
}

fn begun(object: &Value) -> Option<Timestamp> {
    text(object, "/status/operationState/startedAt")?.parse().ok()
}

/// What the object shows of an action nobody heard the end of. `sent`: when it was meant to be sent.
pub(crate) fn evidence(change: &Change, object: &Value, id: &OperationId, sent: Timestamp) -> (Found, String) {
    match change {
        Change::Sync { .. } => synced(object, id, sent),
        Change::CompareAgain { before } => {
            let asked = object.pointer("/metadata/annotations").and_then(|all| all.get(REFRESH)).is_some();
            let compared = text(object, "/status/reconciledAt").and_then(|at| at.parse::<Timestamp>().ok());
            match compared {
                _ if asked => (Found::Applied, "it is asked to compare again".to_owned()),
                Some(at) if before.is_none_or(|before| at > before) => {
                    (Found::Applied, "it was compared since".to_owned())
                }
                _ => (Found::Missing, "it was neither compared since nor asked to".to_owned()),
            }
        }
        Change::Terminate { started } => {
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

fn synced(object: &Value, id: &OperationId, sent: Timestamp) -> (Found, String) {
    let is_ours = |at: &str| {
        let info = object.pointer(at).and_then(Value::as_array);
        info.is_some_and(|info| {
            info.iter().any(|it| text(it, "/name") == Some(OPERATION) && text(it, "/value") == Some(&id.0))
        })
    };
    if is_ours("/operation/info") || is_ours("/status/operationState/operation/info") {
        return (Found::Applied, "its operation is the one that was asked for".to_owned());
    }
    if begun(object).is_some_and(|at| at >= sent) {
        return (Found::Passed, "another operation came since".to_owned());
    }
    (Found::Missing, "its operation is not the one that was asked for".to_owned())
}
