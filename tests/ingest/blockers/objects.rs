//! The objects that the situations are made of.

use jiff::Timestamp;
use serde_json::{Value, json};

pub fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

pub fn meta(name: &str, owner: Option<&str>) -> Value {
    let owners: Vec<Value> =
        owner.into_iter().map(|uid| json!({ "kind": "x", "name": "x", "uid": uid, "controller": true })).collect();
    json!({ "name": name, "namespace": "production", "uid": name, "resourceVersion": "1", "generation": 1,
        "creationTimestamp": "2026-11-21T01:59:00Z", "labels": { "rollouts-pod-template-hash": "new" }, "ownerReferences": owners })
}

/// Patches a value deeply, as a merge patch would.
pub fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}

/// A canary of revision 2 at its third step of four, 25 %, with one more change.
pub fn canary(change: &Value) -> Value {
    let mut row = json!({
        "metadata": meta("checkout", None),
        "spec": { "replicas": 4, "strategy": { "canary": {
            "trafficRouting": { "istio": {} },
            "steps": [{ "setWeight": 25 }, { "pause": {} }, { "analysis": { "templates": [] } }, { "setWeight": 50 }] } } },
        "status": { "phase": "Progressing", "message": "more replicas need to be updated", "observedGeneration": "1",
            "currentPodHash": "new", "stableRS": "old", "currentStepIndex": 2, "replicas": 5, "updatedReplicas": 1,
            "readyReplicas": 5, "availableReplicas": 5, "conditions": [] }
    });
    merge(&mut row, change);
    row
}

pub fn blue_green(change: &Value) -> Value {
    let mut row = canary(&json!({ "status": { "currentStepIndex": null } }));
    row["spec"]["strategy"] =
        json!({ "blueGreen": { "activeService": "a", "previewService": "p", "autoPromotionEnabled": false } });
    merge(&mut row, change);
    row
}

pub fn deployment(change: &Value) -> Value {
    let mut row = json!({
        "metadata": meta("payments", None),
        "spec": { "replicas": 4 },
        "status": { "observedGeneration": 1, "replicas": 5, "updatedReplicas": 2, "readyReplicas": 4, "availableReplicas": 4,
            "conditions": [] }
    });
    merge(&mut row, change);
    row
}

pub fn replica_set(owner: &str, change: &Value) -> Value {
    let mut row = json!({ "metadata": meta("set", Some(owner)), "spec": { "replicas": 1 },
        "status": { "replicas": 1, "availableReplicas": 0, "observedGeneration": 1 } });
    merge(&mut row, change);
    row
}

pub fn pod(status: &Value) -> Value {
    json!({ "metadata": meta("pod", Some("set")),
        "spec": { "nodeName": "node-1", "containers": [{ "name": "app", "image": "shop/app:2" }] }, "status": status })
}

pub fn pending() -> Value {
    json!({ "metadata": meta("pod", Some("set")), "spec": { "containers": [{ "name": "app", "image": "shop/app:2" }] },
        "status": { "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient cpu." }] } })
}

pub fn waiting(reason: &str, message: &str) -> Value {
    json!({ "phase": "Pending", "containerStatuses": [{ "name": "app", "ready": false, "restartCount": 0,
        "state": { "waiting": { "reason": reason, "message": message } } }] })
}

pub fn crashed(last: &Value) -> Value {
    json!({ "phase": "Running", "containerStatuses": [{ "name": "app", "ready": false, "restartCount": 7,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": { "terminated": last } }] })
}

pub fn unready(since: &str) -> Value {
    json!({ "phase": "Running", "containerStatuses": [{ "name": "app", "ready": false, "restartCount": 0,
        "state": { "running": { "startedAt": since } } }] })
}

pub fn event(reason: &str, message: &str) -> Value {
    let mut meta = meta("pod.18a1", None);
    meta["uid"] = json!("event");
    json!({ "metadata": meta, "involvedObject": { "kind": "Pod", "name": "pod", "uid": "pod" }, "reason": reason,
        "message": message, "type": "Warning", "lastTimestamp": "2026-11-21T01:59:50Z" })
}

pub fn run(status: &Value, metric: &Value) -> Value {
    let mut spec = json!({ "name": "error-rate", "successCondition": "result[0] <= 0.002", "failureLimit": 40, "provider": { "prometheus": {} } });
    merge(&mut spec, metric);
    json!({ "metadata": meta("checkout-run", Some("checkout")), "spec": { "metrics": [spec] }, "status": status })
}

pub fn analysing(status: &str) -> Value {
    json!({ "status": { "canary": { "currentStepAnalysisRunStatus": { "name": "checkout-run", "status": status } } } })
}

pub fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({ "status": { "conditions": [{ "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-11-21T01:58:00Z" }] } })
}

pub fn aborted(message: &str) -> Value {
    let mut change = condition("Progressing", "False", "RolloutAborted", message);
    merge(
        &mut change,
        &json!({ "status": { "abort": true, "abortedAt": "2026-11-21T01:57:00Z", "phase": "Degraded",
        "message": format!("RolloutAborted: {message}"), "currentStepIndex": 0 } }),
    );
    change
}

pub fn paused(reason: &str, step: i64) -> Value {
    json!({ "status": { "phase": "Paused", "message": reason, "controllerPause": true, "currentStepIndex": step,
        "pauseConditions": [{ "reason": reason, "startTime": "2026-11-21T01:50:00Z" }] } })
}

/// A situation: its objects, and the reason and sentence that must come of it (`None`: it moves).
pub type Situation = (&'static str, Value, Option<(&'static str, &'static str)>);

pub fn with_pod(workload: &Value, owner: &str, status: &Value) -> Value {
    let plural = if owner == "payments" { "deployments" } else { "rollouts" };
    json!({ plural: [workload], "replicasets": [replica_set(owner, &json!({}))], "pods": [pod(status)] })
}
