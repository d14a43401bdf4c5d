//! What the pods of a canary may wait for.

use serde_json::{Value, json};

use super::objects::*;

pub fn pods_of_a_canary() -> Vec<Situation> {
    let of = |status: Value| with_pod(&canary(&json!({})), "checkout", &status);
    vec![
        ("its pods start", of(waiting("ContainerCreating", "")), None),
        (
            "image",
            of(waiting("ImagePullBackOff", "Back-off pulling image \"shop/app:2\"")),
            Some((
                "image_pull",
                "checkout in production cannot pull the image shop/app:2: Back-off pulling image \"shop/app:2\"",
            )),
        ),
        (
            "image, no words",
            of(waiting("ErrImagePull", "")),
            Some(("image_pull", "checkout in production cannot pull the image shop/app:2: ErrImagePull")),
        ),
        (
            "secret",
            of(waiting("CreateContainerConfigError", "secret \"db\" not found")),
            Some((
                "config_missing",
                "checkout in production lacks configuration for container app: secret \"db\" not found",
            )),
        ),
        (
            "crash",
            of(crashed(&json!({ "exitCode": 2, "reason": "Error" }))),
            Some((
                "crash_loop",
                "checkout in production is crashing: container app ended with exit code 2, 7 restarts",
            )),
        ),
        (
            "signal",
            of(crashed(&json!({ "exitCode": 139, "signal": 11 }))),
            Some(("crash_loop", "checkout in production is crashing: container app ended by signal 11, 7 restarts")),
        ),
        (
            "memory",
            of(crashed(&json!({ "exitCode": 137, "reason": "OOMKilled" }))),
            Some((
                "out_of_memory",
                "checkout in production is crashing: container app killed for using more memory than its limit, 7 restarts",
            )),
        ),
        (
            "cannot start",
            of(waiting("RunContainerError", "exec: \"/app\": not found")),
            Some((
                "crash_loop",
                "checkout in production cannot start container app: RunContainerError exec: \"/app\": not found",
            )),
        ),
        ("a moment unready", of(unready("2026-11-21T01:59:30Z")), None),
        (
            "long unready",
            of(unready("2026-11-21T01:55:00Z")),
            Some(("probe_failing", "checkout in production has a pod that has been running for 5m and is not ready")),
        ),
        (
            "probe",
            {
                let mut world = of(unready("2026-11-21T01:59:30Z"));
                world["events"] =
                    json!([event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")]);
                world
            },
            Some((
                "probe_failing",
                "checkout in production has a pod that is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503",
            )),
        ),
        (
            "volume",
            {
                let mut world = of(waiting("ContainerCreating", ""));
                world["events"] = json!([event("FailedMount", "configmap \"web\" not found")]);
                world
            },
            Some(("config_missing", "checkout in production has a pod that cannot start: configmap \"web\" not found")),
        ),
        (
            "no node",
            json!({ "rollouts": [canary(&json!({}))], "replicasets": [replica_set("checkout", &json!({}))], "pods": [pending()] }),
            Some((
                "unschedulable",
                "checkout in production has a pod that no node takes: 0/3 nodes are available: 3 Insufficient cpu.",
            )),
        ),
        (
            "quota",
            json!({ "rollouts": [canary(&json!({}))], "replicasets": [replica_set("checkout", &json!({ "status": { "conditions": [
            { "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "pods \"x\" is forbidden: exceeded quota: small" }] } }))] }),
            Some((
                "quota",
                "checkout in production cannot make its pods, the quota is used up: pods \"x\" is forbidden: exceeded quota: small",
            )),
        ),
        (
            "a crash explains the deadline",
            {
                let row = canary(&condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out"));
                with_pod(&row, "checkout", &crashed(&json!({ "exitCode": 1 })))
            },
            Some((
                "crash_loop",
                "checkout in production is crashing: container app ended with exit code 1, 7 restarts",
            )),
        ),
    ]
}
