//! What an analysis, a person or a strategy may stop.

use serde_json::{Value, json};

use super::objects::*;

pub fn analyses() -> Vec<Situation> {
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

pub fn stops() -> Vec<Situation> {
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
