//! What StatefulSets, DaemonSets and Jobs may wait for, and what holds workloads back from beside them.

use serde_json::{Value, json};

use super::objects::*;

pub fn done() -> Value {
    deployment(&json!({ "status": { "replicas": 4, "updatedReplicas": 4 } }))
}

fn about(kind: &str, name: &str, reason: &str, message: &str) -> Value {
    let mut meta = meta(&format!("{name}.18a1"), None);
    meta["uid"] = json!(format!("event-{reason}"));
    json!({ "metadata": meta, "involvedObject": { "kind": kind, "name": name, "uid": name }, "reason": reason,
        "message": message, "type": "Warning", "lastTimestamp": "2026-11-21T01:59:50Z" })
}

fn stateful() -> Value {
    json!({ "metadata": meta("db", None),
        "spec": { "replicas": 2, "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": {} } },
        "status": { "observedGeneration": 1, "replicas": 1 } })
}

fn job(change: &Value) -> Value {
    let mut row = json!({ "metadata": meta("migrate", None), "spec": { "completions": 1 }, "status": { "failed": 3 } });
    merge(&mut row, change);
    row
}

fn ended(reason: &str, message: &str) -> Value {
    job(&condition("Failed", "True", reason, message))
}

pub fn autoscaler(current: i64, limited: &str) -> Value {
    json!({ "metadata": meta("payments-hpa", None),
        "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "payments" }, "minReplicas": 2, "maxReplicas": 4,
            "metrics": [{ "resource": { "name": "cpu", "target": { "averageUtilization": 60 } } }] },
        "status": { "currentReplicas": current, "desiredReplicas": 4,
            "currentMetrics": [{ "resource": { "name": "cpu", "current": { "averageUtilization": 91 } } }],
            "conditions": [{ "type": "ScalingLimited", "status": "True", "reason": limited }] } })
}

fn of_checkout() -> Value {
    let mut row = autoscaler(4, "TooManyReplicas");
    row["spec"]["scaleTargetRef"] = json!({ "kind": "Rollout", "name": "checkout" });
    row
}

/// One that does not scale, for this reason.
fn blind(reason: &str) -> Value {
    let mut row = autoscaler(4, "DesiredWithinRange");
    row["status"]["conditions"] = json!([{ "type": "ScalingActive", "status": "False", "reason": reason, "message": "no metrics known for pod" }]);
    row
}

fn of_set(message: &str) -> Value {
    let change = json!({ "status": { "conditions": [{ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
        "message": message }] } });
    json!({ "deployments": [deployment(&json!({}))], "replicasets": [replica_set("payments", &change)] })
}

fn of_pod_of(owner: &str, status: &Value) -> Value {
    let mut row = pod(status);
    row["metadata"]["ownerReferences"] = json!([{ "kind": "x", "name": owner, "uid": owner, "controller": true }]);
    row
}

/// A lock of 90 s on the Deployment payments, renewed so.
fn locked(holder: &str, renewed: &str) -> Value {
    let mut meta = meta("deploy-payments", None);
    meta["labels"] = json!({ "app.kubernetes.io/managed-by": "quarterdeck", "app.kubernetes.io/name": "payments" });
    let lease = json!({ "metadata": meta, "spec": { "holderIdentity": holder, "leaseDurationSeconds": 90,
        "acquireTime": "2026-11-21T01:50:00.000000Z", "renewTime": renewed } });
    json!({ "deployments": [done()], "leases": [lease] })
}

fn locks() -> Vec<Situation> {
    vec![
        (
            "somebody works on it",
            locked("Ana", "2026-11-21T01:59:30.000000Z"),
            Some(("lock", "payments in production is locked by Ana since 01:50:00Z, until 02:01:00Z")),
        ),
        ("a lock that ran out", locked("Ana", "2026-11-21T01:58:00.000000Z"), None),
        ("a lock that was given back", locked("", "2026-11-21T01:59:30.000000Z"), None),
    ]
}

pub fn limits() -> Vec<Situation> {
    [of_controllers(), of_jobs(), beside(), locks()].concat()
}

fn of_controllers() -> Vec<Situation> {
    let mut no_volume = pending();
    no_volume["status"]["conditions"][0]["message"] =
        json!("0/2 nodes are available: persistentvolumeclaim \"data\" not found.");
    let starting = json!({ "deployments": [deployment(&json!({}))], "replicasets": [replica_set("payments", &json!({}))], "pods": [no_volume] });
    vec![
        ("a StatefulSet starts", json!({ "statefulsets": [stateful()] }), None),
        (
            "a pod of a StatefulSet crashes",
            json!({ "statefulsets": [stateful()], "pods": [of_pod_of("db", &crashed(&json!({ "exitCode": 2 })))] }),
            Some(("crash_loop", "db in production is crashing: container app ended with exit code 2, 7 restarts")),
        ),
        (
            "a quota stops a StatefulSet",
            json!({ "statefulsets": [stateful()], "events": [about("StatefulSet", "db", "FailedCreate",
                "create Pod db-1 in StatefulSet db failed error: pods \"db-1\" is forbidden: exceeded quota: limits")] }),
            Some((
                "quota",
                "db in production cannot make its pods, the quota is used up: create Pod db-1 in StatefulSet db failed error: pods \"db-1\" is forbidden: exceeded quota: limits",
            )),
        ),
        (
            "a service account is missing",
            of_set(
                "pods \"payments-1-\" is forbidden: error looking up service account production/till: serviceaccount \"till\" not found",
            ),
            Some((
                "config_missing",
                "payments in production cannot make its pods, its service account is missing: pods \"payments-1-\" is forbidden: error looking up service account production/till: serviceaccount \"till\" not found",
            )),
        ),
        (
            "a volume claim is missing",
            starting,
            Some((
                "config_missing",
                "payments in production has a pod whose volume claim is missing: 0/2 nodes are available: persistentvolumeclaim \"data\" not found.",
            )),
        ),
    ]
}

fn of_jobs() -> Vec<Situation> {
    vec![
        ("a Job runs", json!({ "jobs": [job(&json!({ "status": { "active": 1, "failed": 0 } }))] }), None),
        (
            "a Job gave up",
            json!({ "jobs": [ended("BackoffLimitExceeded", "Job has reached the specified backoff limit")] }),
            Some((
                "crash_loop",
                "migrate in production gave up after 3 pods failed: Job has reached the specified backoff limit",
            )),
        ),
        (
            "a Job took too long",
            json!({ "jobs": [ended("DeadlineExceeded", "Job was active longer than specified deadline")] }),
            Some((
                "deadline",
                "migrate in production passed its deadline: Job was active longer than specified deadline",
            )),
        ),
        (
            "a Job is suspended",
            json!({ "jobs": [job(&json!({ "spec": { "suspend": true } }))] }),
            Some(("manual_pause", "migrate in production is suspended: 0 of 1 completions")),
        ),
    ]
}

fn beside() -> Vec<Situation> {
    vec![
        (
            "an autoscaler at its maximum",
            json!({ "deployments": [done()], "horizontalpodautoscalers": [autoscaler(4, "TooManyReplicas")] }),
            Some((
                "hpa_at_max",
                "payments in production is at the maximum of 4 replicas that autoscaler payments-hpa may give it: cpu 91 % of 60 %",
            )),
        ),
        (
            "an autoscaler on its way there",
            json!({ "deployments": [done()], "horizontalpodautoscalers": [autoscaler(3, "TooManyReplicas")] }),
            None,
        ),
        (
            "an autoscaler that cannot measure",
            json!({ "deployments": [done()], "horizontalpodautoscalers": [blind("FailedGetResourceMetric")] }),
            Some((
                "hpa_inactive",
                "payments in production stays at 4 replicas whatever it gets, autoscaler payments-hpa cannot scale it (FailedGetResourceMetric): no metrics known for pod",
            )),
        ),
        (
            "an autoscaler of a workload that somebody scaled to nothing",
            json!({ "deployments": [done()], "horizontalpodautoscalers": [blind("ScalingDisabled")] }),
            None,
        ),
        (
            "an autoscaler at its minimum",
            json!({ "deployments": [done()], "horizontalpodautoscalers": [autoscaler(4, "TooFewReplicas")] }),
            None,
        ),
        (
            "a canary that waits for a person while its autoscaler is at its maximum",
            json!({ "rollouts": [canary(&paused("CanaryPauseStep", 1))], "horizontalpodautoscalers": [of_checkout()] }),
            Some((
                "pause_step",
                "checkout canary in production waits at step 2 of 4 (25 %) for a person; it is at the maximum of 4 replicas that autoscaler payments-hpa may give it: cpu 91 % of 60 %",
            )),
        ),
        (
            "a crash explains more than a maximum",
            {
                let mut world = with_pod(&deployment(&json!({})), "payments", &crashed(&json!({ "exitCode": 1 })));
                world["horizontalpodautoscalers"] = json!([autoscaler(4, "TooManyReplicas")]);
                world
            },
            Some((
                "crash_loop",
                "payments in production is crashing: container app ended with exit code 1, 7 restarts",
            )),
        ),
    ]
}
