//! Why is it not moving: one situation, one first cause, one sentence.

use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome};
use quarterdeck::command::Command;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, Name, SystemId};
use quarterdeck::state::State;
use quarterdeck::state::blocker::{Blocker, blockers};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::world::{CLUSTER, with};

fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

fn meta(name: &str, owner: Option<&str>) -> Value {
    let owners: Vec<Value> =
        owner.into_iter().map(|uid| json!({ "kind": "x", "name": "x", "uid": uid, "controller": true })).collect();
    json!({ "name": name, "namespace": "production", "uid": name, "resourceVersion": "1", "generation": 1,
        "creationTimestamp": "2026-11-21T01:59:00Z", "labels": { "rollouts-pod-template-hash": "new" }, "ownerReferences": owners })
}

/// Patches a value deeply, as a merge patch would.
fn merge(into: &mut Value, patch: &Value) {
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
fn canary(change: &Value) -> Value {
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

fn blue_green(change: &Value) -> Value {
    let mut row = canary(&json!({ "status": { "currentStepIndex": null } }));
    row["spec"]["strategy"] =
        json!({ "blueGreen": { "activeService": "a", "previewService": "p", "autoPromotionEnabled": false } });
    merge(&mut row, change);
    row
}

fn deployment(change: &Value) -> Value {
    let mut row = json!({
        "metadata": meta("payments", None),
        "spec": { "replicas": 4 },
        "status": { "observedGeneration": 1, "replicas": 5, "updatedReplicas": 2, "readyReplicas": 4, "availableReplicas": 4,
            "conditions": [] }
    });
    merge(&mut row, change);
    row
}

fn replica_set(owner: &str, change: &Value) -> Value {
    let mut row = json!({ "metadata": meta("set", Some(owner)), "spec": { "replicas": 1 },
        "status": { "replicas": 1, "availableReplicas": 0, "observedGeneration": 1 } });
    merge(&mut row, change);
    row
}

fn pod(status: &Value) -> Value {
    json!({ "metadata": meta("pod", Some("set")),
        "spec": { "nodeName": "node-1", "containers": [{ "name": "app", "image": "shop/app:2" }] }, "status": status })
}

fn pending() -> Value {
    json!({ "metadata": meta("pod", Some("set")), "spec": { "containers": [{ "name": "app", "image": "shop/app:2" }] },
        "status": { "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient cpu." }] } })
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({ "phase": "Pending", "containerStatuses": [{ "name": "app", "ready": false, "restartCount": 0,
        "state": { "waiting": { "reason": reason, "message": message } } }] })
}

fn crashed(last: &Value) -> Value {
    json!({ "phase": "Running", "containerStatuses": [{ "name": "app", "ready": false, "restartCount": 7,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": { "terminated": last } }] })
}

fn unready(since: &str) -> Value {
    json!({ "phase": "Running", "containerStatuses": [{ "name": "app", "ready": false, "restartCount": 0,
        "state": { "running": { "startedAt": since } } }] })
}

fn event(reason: &str, message: &str) -> Value {
    let mut meta = meta("pod.18a1", None);
    meta["uid"] = json!("event");
    json!({ "metadata": meta, "involvedObject": { "kind": "Pod", "name": "pod", "uid": "pod" }, "reason": reason,
        "message": message, "type": "Warning", "lastTimestamp": "2026-11-21T01:59:50Z" })
}

fn run(status: &Value, metric: &Value) -> Value {
    let mut spec = json!({ "name": "error-rate", "successCondition": "result[0] <= 0.002", "failureLimit": 40, "provider": { "prometheus": {} } });
    merge(&mut spec, metric);
    json!({ "metadata": meta("checkout-run", Some("checkout")), "spec": { "metrics": [spec] }, "status": status })
}

fn analysing(status: &str) -> Value {
    json!({ "status": { "canary": { "currentStepAnalysisRunStatus": { "name": "checkout-run", "status": status } } } })
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({ "status": { "conditions": [{ "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-11-21T01:58:00Z" }] } })
}

fn aborted(message: &str) -> Value {
    let mut change = condition("Progressing", "False", "RolloutAborted", message);
    merge(
        &mut change,
        &json!({ "status": { "abort": true, "abortedAt": "2026-11-21T01:57:00Z", "phase": "Degraded",
        "message": format!("RolloutAborted: {message}"), "currentStepIndex": 0 } }),
    );
    change
}

fn paused(reason: &str, step: i64) -> Value {
    json!({ "status": { "phase": "Paused", "message": reason, "controllerPause": true, "currentStepIndex": step,
        "pauseConditions": [{ "reason": reason, "startTime": "2026-11-21T01:50:00Z" }] } })
}

/// A situation: its objects, and the reason and sentence that must come of it (`None`: it moves).
type Situation = (&'static str, Value, Option<(&'static str, &'static str)>);

fn with_pod(workload: &Value, owner: &str, status: &Value) -> Value {
    let plural = if owner == "payments" { "deployments" } else { "rollouts" };
    json!({ plural: [workload], "replicasets": [replica_set(owner, &json!({}))], "pods": [pod(status)] })
}

fn pods_of_a_canary() -> Vec<Situation> {
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

fn analyses() -> Vec<Situation> {
    let failing = json!({ "phase": "Running", "metricResults": [{ "name": "error-rate", "phase": "Running", "count": 5, "failed": 3, "successful": 2,
        "measurements": [{ "phase": "Failed", "value": "[0.0031]" }] }] });
    let errors = json!({ "phase": "Running", "metricResults": [{ "name": "error-rate", "phase": "Running", "error": 2, "consecutiveError": 2,
        "measurements": [{ "phase": "Error", "message": "connection refused" }] }] });
    let well =
        json!({ "phase": "Running", "metricResults": [{ "name": "error-rate", "phase": "Running", "successful": 2 }] });
    let undecided = json!({ "phase": "Inconclusive", "metricResults": [{ "name": "error-rate", "phase": "Inconclusive", "count": 5, "inconclusive": 2 }] });
    let of = |row: &Value, status: &Value, metric: &Value| json!({ "rollouts": [row], "analysisruns": [run(status, metric)] });
    let running = canary(&analysing("Running"));
    vec![
        ("well so far", of(&running, &well, &json!({})), None),
        (
            "failing",
            of(&running, &failing, &json!({})),
            Some((
                "analysis_failed",
                "checkout canary in production is failing at 25 %: error-rate 0.0031 (must be ≤ 0.002), failed 3 of 40 allowed",
            )),
        ),
        (
            "failing by its failure condition",
            of(&running, &failing, &json!({ "successCondition": null, "failureCondition": "result[0] > 0.002" })),
            Some((
                "analysis_failed",
                "checkout canary in production is failing at 25 %: error-rate 0.0031 (fails when > 0.002), failed 3 of 40 allowed",
            )),
        ),
        (
            "no limit",
            of(&running, &failing, &json!({ "failureLimit": -1 })),
            Some((
                "analysis_failed",
                "checkout canary in production is failing at 25 %: error-rate 0.0031 (must be ≤ 0.002), failed 3, no limit",
            )),
        ),
        (
            "cannot be measured",
            of(&running, &errors, &json!({})),
            Some((
                "analysis_error",
                "checkout canary in production cannot be measured at 25 %: error-rate, 2 errors in a row of 4 allowed: connection refused",
            )),
        ),
        (
            "undecided",
            of(
                &canary(&{
                    let mut change = paused("InconclusiveAnalysisRun", 2);
                    merge(&mut change, &analysing("Inconclusive"));
                    change
                }),
                &undecided,
                &json!({}),
            ),
            Some((
                "analysis_inconclusive",
                "checkout canary in production stopped at step 3 of 4 (25 %): analysis error-rate inconclusive, 2 of 5 measurements",
            )),
        ),
        (
            "the preview is failing",
            of(
                &blue_green(
                    &json!({ "status": { "blueGreen": { "prePromotionAnalysisRunStatus": { "name": "checkout-run", "status": "Running" } } } }),
                ),
                &failing,
                &json!({}),
            ),
            Some((
                "analysis_failed",
                "checkout preview in production is failing: error-rate 0.0031 (must be ≤ 0.002), failed 3 of 40 allowed",
            )),
        ),
        (
            "failing while healthy",
            of(
                &blue_green(&json!({ "status": { "phase": "Healthy", "stableRS": "new",
            "blueGreen": { "postPromotionAnalysisRunStatus": { "name": "checkout-run", "status": "Running" } } } })),
                &failing,
                &json!({}),
            ),
            Some((
                "analysis_failed",
                "checkout preview in production is failing: error-rate 0.0031 (must be ≤ 0.002), failed 3 of 40 allowed",
            )),
        ),
    ]
}

fn stops() -> Vec<Situation> {
    let rollout = |row: Value| json!({ "rollouts": [row] });
    let deployed = |row: Value| json!({ "deployments": [row] });
    vec![
        (
            "healthy",
            rollout(canary(
                &json!({ "status": { "phase": "Healthy", "message": "", "stableRS": "new", "currentStepIndex": 4 } }),
            )),
            None,
        ),
        (
            "invalid",
            rollout(canary(&condition(
                "InvalidSpec",
                "True",
                "InvalidSpec",
                "The Rollout \"checkout\" is invalid: spec.strategy: Required value",
            ))),
            Some((
                "invalid_spec",
                "checkout in production has an invalid spec: The Rollout \"checkout\" is invalid: spec.strategy: Required value",
            )),
        ),
        (
            "no service",
            rollout(canary(&condition(
                "InvalidSpec",
                "True",
                "InvalidSpec",
                "Invalid value: \"c\": service \"c\" not found",
            ))),
            Some((
                "service_missing",
                "checkout in production has no service to send traffic to: Invalid value: \"c\": service \"c\" not found",
            )),
        ),
        (
            "aborted by analysis",
            rollout(canary(&aborted(
                "Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric \"m\" assessed Failed due to failed (2) > failureLimit (1)",
            ))),
            Some((
                "analysis_failed",
                "checkout canary in production was aborted: Step-based analysis phase error/failed: Metric \"m\" assessed Failed due to failed (2) > failureLimit (1)",
            )),
        ),
        (
            "aborted by errors",
            rollout(canary(&aborted(
                "Rollout aborted update to revision 2: Metric \"m\" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)",
            ))),
            Some((
                "analysis_error",
                "checkout canary in production was aborted: Metric \"m\" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)",
            )),
        ),
        (
            "aborted by the deadline",
            rollout(canary(&aborted(
                "Rollout aborted update to revision 2: ReplicaSet \"x\" has timed out progressing.",
            ))),
            Some((
                "deadline",
                "checkout canary in production was aborted: ReplicaSet \"x\" has timed out progressing.",
            )),
        ),
        (
            "aborted by a person",
            rollout(canary(&aborted("Rollout aborted update to revision 2"))),
            Some(("aborted", "checkout canary in production was aborted, all traffic is on the stable version")),
        ),
        (
            "abort asked for, nobody acts",
            rollout(canary(&{
                let mut change = aborted("Rollout aborted update to revision 2");
                merge(&mut change, &json!({ "status": { "abortedAt": null } }));
                change
            })),
            Some((
                "aborted",
                "checkout canary in production is asked to abort, the rollouts controller has not acted yet",
            )),
        ),
        (
            "paused by a person",
            rollout(canary(&{
                let mut change = condition("Paused", "True", "RolloutPaused", "Rollout is paused");
                merge(
                    &mut change,
                    &json!({ "spec": { "paused": true }, "status": { "phase": "Paused", "message": "manually paused" } }),
                );
                change
            })),
            Some(("manual_pause", "checkout canary in production was paused by a person at step 3 of 4 (25 %)")),
        ),
        (
            "just paused by a person",
            rollout(canary(&json!({ "spec": { "paused": true } }))),
            Some(("manual_pause", "checkout canary in production was paused by a person at step 3 of 4 (25 %)")),
        ),
        (
            "the stable version crashes while the canary waits",
            {
                let mut world =
                    with_pod(&canary(&paused("CanaryPauseStep", 1)), "checkout", &crashed(&json!({ "exitCode": 1 })));
                world["replicasets"][0]["metadata"]["labels"]["rollouts-pod-template-hash"] = json!("old");
                world
            },
            Some((
                "crash_loop",
                "checkout in production is crashing: container app ended with exit code 1, 7 restarts",
            )),
        ),
        (
            "a step that waits",
            rollout(canary(&paused("CanaryPauseStep", 1))),
            Some(("pause_step", "checkout canary in production waits at step 2 of 4 (25 %) for a person")),
        ),
        (
            "a timed step",
            rollout(canary(&{
                let mut change = paused("CanaryPauseStep", 1);
                merge(
                    &mut change,
                    &json!({ "spec": { "strategy": { "canary": { "steps": [{ "setWeight": 25 }, { "pause": { "duration": "10m" } }] } } } }),
                );
                change
            })),
            None,
        ),
        (
            "a preview that waits",
            rollout(blue_green(&paused("BlueGreenPause", 0))),
            Some(("pause_step", "checkout preview in production waits for a person to send it the traffic")),
        ),
        (
            "a preview that goes by itself",
            rollout(blue_green(&{
                let mut change = paused("BlueGreenPause", 0);
                merge(&mut change, &json!({ "spec": { "strategy": { "blueGreen": { "autoPromotionSeconds": 30 } } } }));
                change
            })),
            None,
        ),
        (
            "the deadline",
            rollout(canary(&condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out"))),
            Some(("deadline", "checkout canary in production passed its progress deadline at step 3 of 4 (25 %)")),
        ),
        ("a deployment moves", deployed(deployment(&json!({}))), None),
        (
            "a deployment is done",
            deployed(deployment(&json!({ "status": { "replicas": 4, "updatedReplicas": 4 } }))),
            None,
        ),
        (
            "a deployment's deadline",
            deployed(deployment(&condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out"))),
            Some((
                "deadline",
                "payments in production passed its progress deadline: 2 of 4 updated replicas are available",
            )),
        ),
        (
            "a deployment's pause",
            deployed(deployment(&json!({ "spec": { "paused": true } }))),
            Some(("manual_pause", "payments in production is paused: 2 of 4 replicas are updated")),
        ),
        (
            "a deployment's image",
            with_pod(
                &deployment(&condition("Progressing", "False", "ProgressDeadlineExceeded", "x")),
                "payments",
                &waiting("ErrImagePull", "not found"),
            ),
            Some(("image_pull", "payments in production cannot pull the image shop/app:2: not found")),
        ),
    ]
}

fn found(state: &State) -> Option<Blocker> {
    let all = blockers(state);
    assert!(all.len() <= 1, "at most one for each object: {all:?}");
    all.into_iter().next()
}

#[test]
fn each_situation_has_its_first_cause() {
    let situations: Vec<Situation> = [pods_of_a_canary(), analyses(), stops()].concat();
    assert!(situations.len() >= 25);
    for (name, objects, expected) in situations {
        let found = found(&with(now(), &objects));
        let told = found.as_ref().map(|blocker| (blocker.reason.as_str(), blocker.sentence.as_str()));
        assert_eq!(told, expected, "{name}");
        if let Some(blocker) = found {
            assert_eq!(blocker.environment.unwrap().raw(), "production", "{name}");
            assert_eq!(blocker.keys.first(), Some(&Command::Look), "{name}");
            assert!(blocker.object.is_some(), "{name}");
        }
    }
}

#[test]
fn the_controller_is_silent_only_after_a_while() {
    for (plural, row, words) in [
        (
            "rollouts",
            canary(&json!({ "metadata": { "generation": 2 } })),
            "checkout in production waits for the rollouts controller, silent for 12s",
        ),
        (
            "deployments",
            deployment(&json!({ "metadata": { "generation": 2 } })),
            "payments in production waits for the deployment controller, silent for 12s",
        ),
    ] {
        let mut state = with(now(), &json!({ plural: [row] }));
        assert_eq!(found(&state), None, "a controller may take a moment");
        state.now.mono = Duration::from_secs(12);
        let blocker = found(&state).expect("now it is silent");
        assert_eq!((blocker.reason.as_str(), blocker.sentence.as_str()), ("controller_silent", words));
    }
}

#[test]
fn an_accepted_action_without_effect_says_what_it_waits_for() {
    let mut state = with(now(), &json!({ "rollouts": [canary(&json!({}))] }));
    state.now.mono = Duration::from_secs(100);
    let target = state.world.rollouts.rows()[0].meta.id(Kind::Rollout);
    state.operations.push(Operation {
        id: OperationId("1".to_owned()),
        action: Action { target, change: Change::Abort { pod_hash: Safe::of("new") } },
        cluster: Name::new("test"),
        environment: Name::new("production"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Accepted,
        generation: None,
        made: None,
        started: now(),
        started_mono: Duration::from_secs(95),
        changed: now(),
    });
    assert_eq!(found(&state), None, "five seconds are no silence");
    state.now.mono = Duration::from_secs(107);
    let blocker = found(&state).expect("twelve are");
    assert_eq!(blocker.reason.as_str(), "controller_silent");
    let sentence = blocker.sentence.as_str();
    assert!(
        sentence.starts_with(
            "checkout in production waits for the rollouts controller: abort accepted 12s ago, not yet seen: "
        ),
        "{sentence}"
    );
    state.operations[0].outcome = Outcome::Observed;
    assert_eq!(found(&state), None, "observed is the end of it");
}

#[test]
fn a_source_that_cannot_be_read_is_said() {
    let set = |state: &mut State, system: SystemId, status: &FeedStatus| {
        for kind in Kind::IN_CLUSTERS.into_iter().filter(|kind| kind.system() == system) {
            let feed = FeedId { cluster: CLUSTER, kind, namespace: None };
            state.world.apply(&feed, Duration::ZERO, FeedEvent::Status(status.clone()));
        }
    };
    let why = || Safe::of("why");
    for (system, status, reason, sentence) in [
        (
            SystemId::Kubernetes,
            FeedStatus::Denied { message: why() },
            "permission",
            "kubernetes on test may not be read: why",
        ),
        (
            SystemId::Kubernetes,
            FeedStatus::Stale { since: Duration::ZERO, message: why(), retry_at: None },
            "source_stale",
            "kubernetes on test is 30s old: why",
        ),
        (
            SystemId::Rollouts,
            FeedStatus::Failed { message: why(), retry_at: None },
            "source_stale",
            "rollouts on test cannot be read: why",
        ),
    ] {
        let mut state = with(now(), &json!({}));
        set(&mut state, system, &status);
        state.now.mono = Duration::from_secs(30);
        let blocker = found(&state).expect("a blocker");
        assert_eq!((blocker.reason.as_str(), blocker.sentence.as_str()), (reason, sentence));
        assert_eq!(blocker.object, None);
    }
    let mut state = with(now(), &json!({}));
    for (kind, sentence) in [
        (Kind::Namespace, None),
        (Kind::Event, Some("kubernetes on test is read in part, 2 of 5 lists are missing: why")),
    ] {
        let feed = FeedId { cluster: CLUSTER, kind, namespace: None };
        state.world.apply(&feed, Duration::ZERO, FeedEvent::Status(FeedStatus::Denied { message: why() }));
        assert_eq!(found(&state).as_ref().map(|blocker| blocker.sentence.as_str()), sentence, "{kind:?}");
    }
    for (status, reason) in [
        (FeedStatus::Denied { message: why() }, "permission"),
        (FeedStatus::Failed { message: why(), retry_at: None }, "source_stale"),
    ] {
        let mut state = with(now(), &json!({}));
        let feed = FeedId { cluster: CLUSTER, kind: Kind::Event, namespace: None };
        state.world.apply(&feed, Duration::ZERO, FeedEvent::Status(status));
        assert_eq!(found(&state).map(|blocker| blocker.reason.as_str()), Some(reason), "a part is missing");
    }
    let mut state = with(now(), &json!({}));
    set(&mut state, SystemId::Rollouts, &FeedStatus::Absent { message: why() });
    assert_eq!(found(&state), None, "a cluster without Argo Rollouts is no fault");
}

#[test]
fn production_comes_first_and_there_what_is_failing_users() {
    let failing =
        run(&json!({ "phase": "Running", "metricResults": [{ "name": "error-rate", "failed": 1 }] }), &json!({}));
    let mut staging = deployment(&condition("Progressing", "False", "ProgressDeadlineExceeded", "x"));
    staging["metadata"]["namespace"] = json!("staging");
    staging["metadata"]["uid"] = json!("staging");
    let live = deployment(&condition("Progressing", "False", "ProgressDeadlineExceeded", "x"));
    let mut waits = canary(&paused("CanaryPauseStep", 1));
    waits["metadata"]["name"] = json!("search");
    waits["metadata"]["uid"] = json!("search");
    let state = with(
        now(),
        &json!({
        "rollouts": [waits, canary(&analysing("Running"))], "deployments": [staging, live], "analysisruns": [failing] }),
    );
    let order: Vec<(String, String)> = blockers(&state)
        .iter()
        .map(|blocker| {
            let object = blocker.object.as_ref().unwrap();
            (object.namespace.raw().to_owned(), object.name.raw().to_owned())
        })
        .collect();
    let expected =
        [("production", "checkout"), ("production", "payments"), ("production", "search"), ("staging", "payments")];
    assert_eq!(order, expected.map(|(namespace, name)| (namespace.to_owned(), name.to_owned())));
}

#[test]
fn a_pod_that_is_well_again_or_gone_blocks_nothing() {
    let objects = with_pod(&canary(&json!({})), "checkout", &crashed(&json!({ "exitCode": 1 })));
    let feed = FeedId { cluster: CLUSTER, kind: Kind::Pod, namespace: None };
    let mut state = with(now(), &objects);
    assert!(found(&state).is_some());
    let running = pod(
        &json!({ "phase": "Running", "containerStatuses": [{ "name": "app", "ready": true, "state": { "running": {} } }] }),
    );
    super::world::list(&mut state, Kind::Pod, &[running]);
    assert_eq!(found(&state), None, "well again");
    let mut state = with(now(), &objects);
    let uid = state.world.pods.rows()[0].meta.uid.clone();
    state.world.apply(&feed, Duration::ZERO, FeedEvent::Deleted(uid));
    assert_eq!(found(&state), None, "deleted");
    let mut state = with(now(), &objects);
    super::world::list(&mut state, Kind::Pod, &[]);
    assert_eq!(found(&state), None, "not in the next list");
}
