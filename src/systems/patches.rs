//! The patch that asks an object of a cluster for something: what is changed, behind the guards that hold for it.

use serde_json::Value;

use super::perform::{describe, get, object_path, replica_set_path, test, text};
use super::revision::{hash_label, same_template, template_of};
use super::{kubernetes, rollouts, tekton};
use crate::action::{Action, Change, Operation};
use crate::model::Kind;
use crate::net::{Patch, ReadStack};

/// The exact bytes to send. Reads what an undo needs; sends nothing.
pub(super) async fn patch_for(read: &ReadStack, operation: &Operation) -> Result<Patch, String> {
    let action = &operation.action;
    let target = &action.target;
    match (&action.change, target.kind) {
        (
            Change::Undo { resource_version, replica_set, replica_set_uid, to_revision },
            Kind::Rollout | Kind::Deployment,
        ) => {
            let set = get(read, &replica_set_path(action, replica_set.raw()))
                .await
                .map_err(|error| format!("revision {to_revision} cannot be read: {error}"))?;
            check_revision(action, &set, replica_set_uid.raw(), *to_revision)?;
            let object =
                get(read, &object_path(action)).await.map_err(|error| format!("{}: {error}", describe(action)))?;
            if same_template(&object, &set, hash_label(target.kind)) {
                return Err(format!("its template already is that of revision {to_revision}: nothing to undo"));
            }
            let guards =
                [test("/metadata/uid", target.uid.raw()), test("/metadata/resourceVersion", &**resource_version)];
            let template = template_of(&set, hash_label(target.kind));
            let rest = match target.kind {
                Kind::Deployment => kubernetes::perform::undo(&object, &set, &template)?,
                _ => rollouts::perform::undo(&object, &template)?,
            };
            Ok(patch(object_path(action), guards.into_iter().chain(rest).collect()))
        }
        (Change::Undo { resource_version, .. }, Kind::StatefulSet | Kind::DaemonSet) => {
            let path = object_path(action);
            let revision = kubernetes::revisions::wanted_by(read, action).await?;
            let object = get(read, &path).await.map_err(|error| format!("{}: {error}", describe(action)))?;
            let guards =
                [test("/metadata/uid", target.uid.raw()), test("/metadata/resourceVersion", &**resource_version)];
            let rest = kubernetes::perform::undo_to(&object, &revision)?;
            Ok(patch(path, guards.into_iter().chain(rest).collect()))
        }
        (Change::RestartWorkload { resource_version }, _) => {
            let path = object_path(action);
            let object = get(read, &path).await.map_err(|error| format!("{}: {error}", describe(action)))?;
            let guards =
                [test("/metadata/uid", target.uid.raw()), test("/metadata/resourceVersion", &**resource_version)];
            let rest = kubernetes::perform::restart(&object, operation.started)?;
            Ok(patch(path, guards.into_iter().chain(rest).collect()))
        }
        (Change::Scale { resource_version, to, .. }, _) => {
            let guards =
                [test("/metadata/uid", target.uid.raw()), test("/metadata/resourceVersion", &**resource_version)];
            let rest = kubernetes::perform::scale(*to);
            Ok(patch(format!("{}/scale", object_path(action)), guards.into_iter().chain(rest).collect()))
        }
        (Change::RestartRollout { pod_hash }, Kind::Rollout) => {
            let at = kubernetes::perform::stamp(operation.started);
            let rest = rollouts::perform::restart(pod_hash.as_str(), &at);
            let operations = std::iter::once(test("/metadata/uid", target.uid.raw())).chain(rest).collect();
            Ok(patch(object_path(action), operations))
        }
        (Change::SetImage { resource_version, container, from, to }, Kind::Rollout) => {
            let object =
                get(read, &object_path(action)).await.map_err(|error| format!("{}: {error}", describe(action)))?;
            let guards =
                [test("/metadata/uid", target.uid.raw()), test("/metadata/resourceVersion", &**resource_version)];
            let rest = rollouts::perform::set_image(&object, container.raw(), from.raw(), to.raw())?;
            Ok(patch(object_path(action), guards.into_iter().chain(rest).collect()))
        }
        (change, Kind::Rollout | Kind::AnalysisRun) => {
            let (subresource, rest) = rollouts::perform::operations(change)
                .ok_or_else(|| format!("a {} cannot be asked to {}", target.kind.as_str(), change.verb().as_str()))?;
            let operations = std::iter::once(test("/metadata/uid", target.uid.raw())).chain(rest).collect();
            Ok(patch(format!("{}{subresource}", object_path(action)), operations))
        }
        (Change::CancelRun { how }, Kind::PipelineRun | Kind::LoneTaskRun) => {
            tekton::perform::cancel(read, action, *how).await
        }
        (change, kind) => Err(format!("a {} cannot be asked to {}", kind.as_str(), change.verb().as_str())),
    }
}

fn check_revision(action: &Action, set: &Value, uid: &str, revision: i64) -> Result<(), String> {
    let owned = set.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let owned =
        owned.is_some_and(|owners| owners.iter().any(|owner| text(owner, "/uid") == Some(action.target.uid.raw())));
    if text(set, "/metadata/uid") != Some(uid) || !owned {
        return Err(format!("the ReplicaSet of revision {revision} was replaced since you looked"));
    }
    let annotation = match action.target.kind {
        Kind::Deployment => "deployment.kubernetes.io/revision",
        _ => "rollout.argoproj.io/revision",
    };
    let now = set.pointer("/metadata/annotations").and_then(|all| all.get(annotation)).and_then(Value::as_str);
    if now != Some(revision.to_string().as_str()) {
        return Err(format!("revision {revision} is revision {} now", now.unwrap_or("unknown")));
    }
    Ok(())
}

fn patch(path: String, operations: Vec<Value>) -> Patch {
    Patch { path, body: Value::Array(operations).to_string().into_bytes() }
}
