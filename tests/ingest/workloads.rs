//! StatefulSets, DaemonSets and Jobs in kubectl's own words, and what stands beside workloads.

use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::{State, limits, matrix, report, workload_status};
use serde_json::{Value, json};

use super::blockers::objects::{merge, meta, now};
use super::world::with;

fn row(mut object: Value, change: &Value) -> Value {
    merge(&mut object, change);
    object
}

fn stateful(change: &Value) -> Value {
    let base = json!({ "metadata": meta("db", None),
        "spec": { "replicas": 3, "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } } },
        "status": { "observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "updatedReplicas": 3,
            "currentReplicas": 3, "availableReplicas": 3, "currentRevision": "db-1", "updateRevision": "db-1" } });
    row(base, change)
}

fn daemon(change: &Value) -> Value {
    let base = json!({ "metadata": meta("agent", None), "spec": { "updateStrategy": { "type": "RollingUpdate" } },
        "status": { "observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3,
            "updatedNumberScheduled": 3, "numberReady": 3, "numberAvailable": 3 } });
    row(base, change)
}

fn job(change: &Value) -> Value {
    let base = json!({ "metadata": meta("migrate", None), "spec": { "completions": 2, "parallelism": 1 },
        "status": { "active": 1, "succeeded": 1 } });
    row(base, change)
}

fn told(plural: &str, object: &Value) -> (String, String) {
    let state = with(now(), &json!({ plural: [object] }));
    let rows = report::report(&state).workloads;
    assert_eq!(rows.len(), 1);
    (rows[0].rollout.status.to_owned(), rows[0].rollout.message.clone())
}

#[test]
fn a_stateful_set_stands_as_kubectl_says() {
    for (change, status, message) in [
        (json!({}), "complete", "partitioned roll out complete: 3 new pods have been updated..."),
        (
            json!({ "metadata": { "generation": 2 } }),
            "progressing",
            "Waiting for statefulset spec update to be observed...",
        ),
        (
            json!({ "status": { "observedGeneration": null } }),
            "progressing",
            "Waiting for statefulset spec update to be observed...",
        ),
        (json!({ "status": { "readyReplicas": 1 } }), "progressing", "Waiting for 2 pods to be ready..."),
        (
            json!({ "status": { "updatedReplicas": 1 } }),
            "progressing",
            "Waiting for partitioned roll out to finish: 1 out of 3 new pods have been updated...",
        ),
        (
            json!({ "spec": { "updateStrategy": { "rollingUpdate": { "partition": 2 } } }, "status": { "updatedReplicas": 1 } }),
            "complete",
            "partitioned roll out complete: 1 new pods have been updated...",
        ),
        (
            json!({ "spec": { "updateStrategy": { "rollingUpdate": null } }, "status": { "updateRevision": "db-2", "updatedReplicas": 2 } }),
            "progressing",
            "waiting for statefulset rolling update to complete 2 pods at revision db-2...",
        ),
        (
            json!({ "spec": { "updateStrategy": { "rollingUpdate": null } } }),
            "complete",
            "statefulset rolling update complete 3 pods at revision db-1...",
        ),
        (
            json!({ "spec": { "updateStrategy": { "type": "OnDelete", "rollingUpdate": null } } }),
            "complete",
            "rollout status is only available for RollingUpdate strategy type",
        ),
    ] {
        let expected = (status.to_owned(), message.to_owned());
        assert_eq!(told("statefulsets", &stateful(&change)), expected, "{change}");
    }
}

#[test]
fn a_daemon_set_stands_as_kubectl_says() {
    for (change, status, message) in [
        (json!({}), "complete", "daemon set \"agent\" successfully rolled out"),
        (
            json!({ "metadata": { "generation": 2 } }),
            "progressing",
            "Waiting for daemon set spec update to be observed...",
        ),
        (
            json!({ "status": { "updatedNumberScheduled": 1 } }),
            "progressing",
            "Waiting for daemon set \"agent\" rollout to finish: 1 out of 3 new pods have been updated...",
        ),
        (
            json!({ "status": { "numberAvailable": 2 } }),
            "progressing",
            "Waiting for daemon set \"agent\" rollout to finish: 2 of 3 updated pods are available...",
        ),
    ] {
        let expected = (status.to_owned(), message.to_owned());
        assert_eq!(told("daemonsets", &daemon(&change)), expected, "{change}");
    }
}

#[test]
fn a_job_stands_as_its_conditions_say() {
    let condition = |kind: &str, reason: &str, message: &str| json!({ "status": { "active": 0, "conditions": [{ "type": kind, "status": "True", "reason": reason, "message": message }] } });
    for (change, status, message) in [
        (json!({}), "progressing", "1 of 2 completions, 1 active, 0 failed"),
        (json!({ "spec": { "suspend": true } }), "progressing", "suspended: 1 of 2 completions"),
        (condition("Complete", "", ""), "complete", "1 of 2 completions"),
        (
            condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
            "failed",
            "BackoffLimitExceeded: Job has reached the specified backoff limit",
        ),
    ] {
        let expected = (status.to_owned(), message.to_owned());
        assert_eq!(told("jobs", &job(&change)), expected, "{change}");
    }
}

fn of_cron(name: &str, created: &str) -> Value {
    let mut row = job(&json!({ "metadata": { "name": name, "uid": name, "creationTimestamp": created } }));
    row["metadata"]["ownerReferences"] =
        json!([{ "kind": "CronJob", "name": "backup", "uid": "cron", "controller": true }]);
    row
}

#[test]
fn of_the_jobs_of_a_cron_job_the_newest_stands_for_it() {
    let mut measuring = job(&json!({ "metadata": { "name": "measure", "uid": "measure" } }));
    measuring["metadata"]["ownerReferences"] =
        json!([{ "kind": "AnalysisRun", "name": "run", "uid": "run", "controller": true }]);
    let jobs = [
        of_cron("backup-1", "2026-11-20T00:00:00Z"),
        of_cron("backup-3", "2026-11-21T01:00:00Z"),
        of_cron("backup-2", "2026-11-21T00:00:00Z"),
        measuring,
    ];
    let state = with(now(), &json!({ "jobs": jobs }));
    let listed: Vec<&str> = workload_status::listed(&state.world).iter().map(|row| row.meta.name.raw()).collect();
    assert_eq!(listed, ["backup-3"]);
    let matrix = matrix::build(&state);
    let services: Vec<&str> = matrix.services.iter().map(|service| service.name.raw()).collect();
    assert_eq!(services, ["backup"], "the row is the CronJob's, whichever Job is the newest");
}

/// A Deployment whose pods are labelled, with everything that may stand beside it.
fn crowded() -> State {
    let mut payments = super::blockers::objects::deployment(&json!({}));
    payments["spec"]["template"] = json!({ "metadata": { "labels": { "app": "payments" } }, "spec": { "containers": [
        { "name": "app", "image": "shop/payments:3", "readinessProbe": { "httpGet": { "path": "/ready", "port": 8080 } },
          "livenessProbe": { "exec": { "command": ["/bin/alive", "--token=secret"] } } }] } });
    let select = |app: &str| json!({ "matchLabels": { "app": app } });
    with(
        now(),
        &json!({
            "deployments": [payments],
            "horizontalpodautoscalers": [
                { "metadata": meta("payments-hpa", None),
                  "spec": { "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "payments" }, "minReplicas": 2, "maxReplicas": 4,
                    "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 60 } } }] },
                  "status": { "currentReplicas": 4, "desiredReplicas": 4,
                    "currentMetrics": [{ "type": "Resource", "resource": { "name": "cpu", "current": { "averageUtilization": 91, "averageValue": "910m" } } }],
                    "conditions": [{ "type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas", "lastTransitionTime": "2026-11-21T01:58:00Z",
                        "message": "the desired replica count is more than the maximum replica count" }] } },
                { "metadata": meta("other-hpa", None),
                  "spec": { "scaleTargetRef": { "kind": "Rollout", "name": "payments" }, "maxReplicas": 4 } },
            ],
            "poddisruptionbudgets": [
                { "metadata": meta("payments-pdb", None), "spec": { "minAvailable": 4, "selector": select("payments") },
                  "status": { "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 4, "desiredHealthy": 4, "expectedPods": 4 } },
                { "metadata": meta("search-pdb", None), "spec": { "maxUnavailable": "25%", "selector": select("search") } },
            ],
            "resourcequotas": [{ "metadata": meta("limits", None),
                "status": { "hard": { "pods": "10", "requests.cpu": "4" }, "used": { "pods": "6", "requests.cpu": "4000m" } } }],
            "networkpolicies": [
                { "metadata": meta("deny", None), "spec": { "podSelector": {}, "policyTypes": ["Ingress"] } },
                { "metadata": meta("search", None), "spec": { "podSelector": select("search"), "ingress": [{}] } },
                { "metadata": meta("way-out", None), "spec": { "podSelector": select("payments"), "policyTypes": ["Egress"], "egress": [{}, {}] } },
            ],
        }),
    )
}

#[test]
fn what_stands_beside_a_workload_is_what_selects_it() {
    let state = crowded();
    let payments = &state.world.deployments.rows()[0];
    let id: ObjectId = payments.meta.id(Kind::Deployment);
    let beside: Vec<String> = limits::of(&state, &id)
        .iter()
        .map(|row| format!("{} | {} | {}", row.meta.name.raw(), limits::word(row), limits::words(row).as_str()))
        .collect();
    assert_eq!(
        beside,
        [
            "payments-hpa | at max | 4 of 2–4  cpu 91 % of 60 %",
            "payments-pdb | allows none | 0 disruptions allowed now  minAvailable 4  4 of 4 healthy, 4 must be",
            "limits | used up | requests.cpu 4000m/4  pods 6/10",
            "deny |  | lets through  in: nothing",
            "way-out |  | lets through  out: 2 rules",
        ]
    );
    let probes: Vec<(&str, &str)> =
        payments.template.probes.iter().map(|probe| (probe.kind, probe.what.as_str())).collect();
    assert_eq!(probes, [("readiness", "GET :8080/ready"), ("liveness", "exec /bin/alive")], "no argument is kept");
}

#[test]
fn lists_that_a_role_may_not_read_make_no_system_look_broken() {
    use quarterdeck::model::SystemId;
    use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus};
    use quarterdeck::state::{blocker, freshness};
    use quarterdeck::text::Safe;

    let mut state = with(
        now(),
        &json!({ "deployments": [super::blockers::objects::deployment(&json!({ "status": { "replicas": 4, "updatedReplicas": 4 } }))] }),
    );
    for kind in Kind::IN_CLUSTERS.into_iter().filter(|kind| kind.is_extra()) {
        let feed = FeedId { cluster: super::world::CLUSTER, kind, namespace: None };
        let message = Safe::of("forbidden");
        state.world.apply(&feed, state.now.mono, FeedEvent::Status(FeedStatus::Denied { message }));
    }
    let stands = freshness::of_system(&state, super::world::CLUSTER, SystemId::Kubernetes);
    assert!(matches!(stands, freshness::Freshness::Live { .. }), "{stands:?}");
    assert_eq!(blocker::blockers(&state), []);
}
