//! What a Rollout can be asked to do: the plug-in's verbs behind guards (apis.md §1.6, tried there
//! on the real controller). A guard that fails is a 422, and nothing is changed.

use serde_json::{Value, json};

use crate::action::{Change, Found};
use crate::systems::perform::{test, text};

/// Subresource and operations of the patch, after the guard on the uid. `None` for what is built
/// from other objects (undo).
pub(crate) fn operations(change: &Change) -> Option<(&'static str, Vec<Value>)> {
    let hash = |hash: &str| test("/status/currentPodHash", hash);
    let index = |step: i64| test("/status/currentStepIndex", step);
    let no_pause = || json!({ "op": "remove", "path": "/status/pauseConditions" });
    Some(match change {
        Change::PromotePause { pod_hash, step } => {
            let mut operations = vec![hash(pod_hash.as_str())];
            operations.extend(step.map(index));
            operations.push(no_pause());
            ("/status", operations)
        }
        Change::PromoteInconclusive { pod_hash, step, next } => (
            "/status",
            vec![
                hash(pod_hash.as_str()),
                index(*step),
                no_pause(),
                json!({ "op": "add", "path": "/status/controllerPause", "value": false }),
                json!({ "op": "replace", "path": "/status/currentStepIndex", "value": next }),
            ],
        ),
        Change::Unpause => {
            ("", vec![test("/spec/paused", true), json!({ "op": "replace", "path": "/spec/paused", "value": false })])
        }
        Change::PromoteFull { pod_hash } => (
            "/status",
            vec![hash(pod_hash.as_str()), json!({ "op": "add", "path": "/status/promoteFull", "value": true })],
        ),
        Change::SkipStep { pod_hash, step, to, .. } => (
            "/status",
            vec![
                hash(pod_hash.as_str()),
                index(*step),
                json!({ "op": "replace", "path": "/status/currentStepIndex", "value": to }),
            ],
        ),
        // The status is there to be tested on this path too, though nothing of it could be written here.
        Change::Pause { pod_hash } => {
            ("", vec![hash(pod_hash.as_str()), json!({ "op": "add", "path": "/spec/paused", "value": true })])
        }
        Change::EndAnalysis => (
            "",
            vec![test("/status/phase", "Running"), json!({ "op": "add", "path": "/spec/terminate", "value": true })],
        ),
        Change::Abort { pod_hash } => {
            ("/status", vec![hash(pod_hash.as_str()), json!({ "op": "add", "path": "/status/abort", "value": true })])
        }
        Change::Retry { pod_hash } => (
            "/status",
            vec![
                hash(pod_hash.as_str()),
                test("/status/abort", true),
                json!({ "op": "replace", "path": "/status/abort", "value": false }),
            ],
        ),
        _ => return None,
    })
}

/// Undo of a Rollout: the template of that revision's ReplicaSet.
pub(crate) fn undo(rollout: &Value, template: &Value) -> Result<Vec<Value>, String> {
    if let Some(reference) = rollout.pointer("/spec/workloadRef").filter(|reference| !reference.is_null()) {
        let kind = text(reference, "/kind").unwrap_or("another object");
        return Err(format!("its template stands in {kind} (workloadRef), which is not undone from here"));
    }
    Ok(vec![json!({ "op": "replace", "path": "/spec/template", "value": template })])
}

/// A restart of what runs now, at this time.
pub(crate) fn restart(pod_hash: &str, at: &str) -> Vec<Value> {
    vec![test("/status/currentPodHash", pod_hash), json!({ "op": "add", "path": "/spec/restartAt", "value": at })]
}

/// Whether a restart took.
pub(crate) fn restarted(rollout: &Value, at: &str) -> (Found, String) {
    if text(rollout, "/spec/restartAt") == Some(at) {
        (Found::Applied, "its spec has this restart".to_owned())
    } else {
        (Found::Missing, "its spec has no such restart".to_owned())
    }
}

/// Another image for one container: the place of it in the template is read right before the send, and
/// tested with it.
pub(crate) fn set_image(rollout: &Value, container: &str, from: &str, to: &str) -> Result<Vec<Value>, String> {
    if rollout.pointer("/spec/workloadRef").is_some_and(|reference| !reference.is_null()) {
        return Err("its template stands in another object (workloadRef)".to_owned());
    }
    let path = image_path(rollout, container)
        .ok_or_else(|| format!("changed since you looked: it has no container {container} any more"))?;
    match text(rollout, &path) {
        Some(now) if now == from => {}
        now => return Err(format!("changed since you looked: its image is {} now", now.unwrap_or("unknown"))),
    }
    let name = path.replace("/image", "/name");
    Ok(vec![test(&name, container), test(&path, from), json!({ "op": "replace", "path": path, "value": to })])
}

fn image_path(rollout: &Value, container: &str) -> Option<String> {
    ["containers", "initContainers"].into_iter().find_map(|list| {
        let all = format!("/spec/template/spec/{list}");
        let mut names = rollout.pointer(&all)?.as_array()?.iter().map(|one| text(one, "/name"));
        let at = names.position(|name| name == Some(container))?;
        Some(format!("{all}/{at}/image"))
    })
}

/// What the object shows of the change. Fields that went another way are told apart from those that
/// stand as they did before the send.
pub(crate) fn evidence(change: &Change, rollout: &Value) -> (Found, String) {
    if let Some(hash) = pod_hash(change) {
        match text(rollout, "/status/currentPodHash") {
            Some(now) if now == hash => {}
            Some(_) => return (Found::Passed, "another revision is being rolled out now".to_owned()),
            None => return (Found::Untold, "its status says nothing of a revision".to_owned()),
        }
    }
    let (applied, yes, no) = match change {
        Change::PromotePause { step: Some(step), .. }
        | Change::PromoteInconclusive { step, .. }
        | Change::SkipStep { step, .. }
            if index(rollout).is_some_and(|now| now < *step) =>
        {
            return (Found::Passed, "it went back behind that step".to_owned());
        }
        Change::PromotePause { step, .. } => (
            !paused(rollout) || step.is_some_and(|step| index(rollout).is_some_and(|now| now > step)),
            "it is no longer paused at that step",
            "it is still paused at that step",
        ),
        Change::PromoteInconclusive { next, .. } => {
            (index(rollout).is_some_and(|now| now >= *next), "it is past that step", "it is still at that step")
        }
        Change::Unpause => (!spec_paused(rollout), "it is no longer paused", "it is still paused"),
        Change::Pause { .. } => (spec_paused(rollout), "it is paused", "it is not paused"),
        Change::PromoteFull { pod_hash } => (
            rollout.pointer("/status/promoteFull") == Some(&Value::Bool(true))
                || text(rollout, "/status/stableRS") == Some(pod_hash.as_str()),
            "it is being promoted in full",
            "it is not being promoted in full",
        ),
        Change::SkipStep { to, .. } => {
            (index(rollout).is_some_and(|now| now >= *to), "it is past that step", "it is still at that step")
        }
        Change::SetImage { resource_version, container, to, .. } => {
            let is = image_path(rollout, container.raw()).and_then(|path| text(rollout, &path)) == Some(to.raw());
            if !is && text(rollout, "/metadata/resourceVersion") != Some(&**resource_version) {
                return (Found::Passed, "it changed, and its image is another one".to_owned());
            }
            (is, "its template names the image", "it is as it was before the send")
        }
        Change::EndAnalysis => (terminated(rollout), "it is asked to end", "it is not asked to end"),
        Change::Abort { .. } => (aborted(rollout), "it is aborted", "it is not aborted"),
        Change::Retry { .. } => (!aborted(rollout), "it is no longer aborted", "it is still aborted"),
        _ => return (Found::Untold, "cannot be told from the Rollout alone".to_owned()),
    };
    if applied { (Found::Applied, yes.to_owned()) } else { (Found::Missing, no.to_owned()) }
}

/// What is no longer as the guards wanted it.
pub(crate) fn moved(change: &Change, rollout: &Value) -> Option<String> {
    if let Some(hash) = pod_hash(change) {
        let now = text(rollout, "/status/currentPodHash").unwrap_or("none");
        if now != hash {
            return Some(format!("another revision is being rolled out (pod hash {hash} → {now})"));
        }
    }
    let step = match change {
        Change::PromotePause { step, .. } => *step,
        Change::PromoteInconclusive { step, .. } | Change::SkipStep { step, .. } => Some(*step),
        _ => None,
    };
    if let (Some(step), Some(now)) = (step, index(rollout))
        && step != now
    {
        // People count steps from 1.
        return Some(format!("it moved from step {} to step {}", step.saturating_add(1), now.saturating_add(1)));
    }
    let reason = match change {
        Change::PromotePause { .. } | Change::PromoteInconclusive { .. } if !paused(rollout) => {
            "it is no longer paused"
        }
        Change::Unpause if !spec_paused(rollout) => "it is no longer paused",
        Change::Retry { .. } if !aborted(rollout) => "it is no longer aborted",
        Change::EndAnalysis if text(rollout, "/status/phase") != Some("Running") => "it runs no more",
        _ => return None,
    };
    Some(reason.to_owned())
}

fn pod_hash(change: &Change) -> Option<&str> {
    match change {
        Change::PromotePause { pod_hash, .. }
        | Change::PromoteInconclusive { pod_hash, .. }
        | Change::PromoteFull { pod_hash }
        | Change::SkipStep { pod_hash, .. }
        | Change::Pause { pod_hash }
        | Change::RestartRollout { pod_hash }
        | Change::Abort { pod_hash }
        | Change::Retry { pod_hash } => Some(pod_hash.as_str()),
        _ => None,
    }
}

fn index(rollout: &Value) -> Option<i64> {
    rollout.pointer("/status/currentStepIndex").and_then(Value::as_i64)
}

fn paused(rollout: &Value) -> bool {
    rollout.pointer("/status/pauseConditions").and_then(Value::as_array).is_some_and(|all| !all.is_empty())
}

fn spec_paused(rollout: &Value) -> bool {
    rollout.pointer("/spec/paused") == Some(&Value::Bool(true))
}

/// Asked to end; or ended, which is what was wanted.
fn terminated(run: &Value) -> bool {
    run.pointer("/spec/terminate") == Some(&Value::Bool(true)) || run.pointer("/status/completedAt").is_some()
}

fn aborted(rollout: &Value) -> bool {
    rollout.pointer("/status/abort") == Some(&Value::Bool(true))
}
