//! Odd answers: nulls, wrong types, unknown words, broken JSON, hostile numbers. What is odd in one
//! field costs that field; what is broken is named; nothing is taken for an empty list.

use quarterdeck::model::Kind;
use quarterdeck::model::kubernetes::PodHealth;
use quarterdeck::model::rollouts::{AnalysisPhase, Step, Strategy};
use quarterdeck::model::source::Object;
use quarterdeck::systems::ingest::{self, Frame, IngestError};
use serde_json::{Value, json};

use super::world::CLUSTER;

fn object(kind: Kind, value: &Value) -> Object {
    ingest::object(kind, CLUSTER, value.to_string().as_bytes()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// StatefulSets and what stands beside workloads.
fn extra(kind: Kind, meta: &Value, template: &Value, condition: &Value) -> Value {
    let selector =
        json!({ "matchLabels": { "a": "b" }, "matchExpressions": [{ "key": "k", "operator": "In", "values": ["v"] }] });
    let mut template = template.clone();
    template["metadata"] = json!({ "labels": { "a": "b" } });
    template["spec"]["nodeSelector"] = json!({ "kubernetes.io/arch": "arm64" });
    template["spec"]["containers"][0]["readinessProbe"] = json!({ "httpGet": { "path": "/", "port": 80 } });
    template["spec"]["containers"][0]["livenessProbe"] =
        json!({ "exec": { "command": ["a", "b"] }, "grpc": { "port": 1 }, "tcpSocket": { "port": 2 } });
    match kind {
        Kind::HorizontalPodAutoscaler => json!({ "metadata": meta,
            "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "d" }, "minReplicas": 1, "maxReplicas": 3, "metrics": [
                { "resource": { "name": "cpu", "target": { "averageUtilization": 60 } } },
                { "pods": { "metric": { "name": "rps" }, "target": { "averageValue": "10" } } }] },
            "status": { "currentReplicas": 1, "desiredReplicas": 2, "conditions": [condition], "currentMetrics": [
                { "external": { "metric": { "name": "rps" }, "current": { "value": "9" } } }, { "object": {} }, { "containerResource": {} }] } }),
        Kind::PodDisruptionBudget => json!({ "metadata": meta,
            "spec": { "minAvailable": "50%", "maxUnavailable": 1, "selector": selector },
            "status": { "observedGeneration": 3, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1 } }),
        Kind::ResourceQuota => {
            json!({ "metadata": meta, "status": { "hard": { "pods": "4" }, "used": { "pods": "2" } } })
        }
        Kind::AppProject => {
            json!({ "metadata": meta, "spec": { "syncWindows": [{ "kind": "deny", "schedule": "0 22 * * *",
            "duration": "8h", "applications": ["a*"], "namespaces": ["n"], "clusters": ["c"], "manualSync": true, "andOperator": true,
            "timeZone": "Europe/Berlin", "description": "d" }] } })
        }
        Kind::Lease => json!({ "metadata": meta, "spec": { "holderIdentity": "h", "leaseDurationSeconds": 90,
            "acquireTime": "2026-11-21T01:00:00.000000Z", "renewTime": "2026-11-21T01:00:00.000000Z" } }),
        Kind::NetworkPolicy => json!({ "metadata": meta,
            "spec": { "podSelector": selector, "policyTypes": ["Ingress"], "ingress": [{}], "egress": [{}] } }),
        Kind::VirtualService => {
            let rule = json!({ "name": "primary", "match": [{ "port": 443, "sniHosts": ["a.example"] }],
                "route": [{ "destination": { "host": "s", "subset": "v1" }, "weight": 100 }] });
            json!({ "metadata": meta, "spec": { "http": [rule], "tls": [rule], "tcp": [rule] } })
        }
        Kind::DestinationRule => json!({ "metadata": meta,
            "spec": { "subsets": [{ "name": "v1", "labels": { "rollouts-pod-template-hash": "h" } }] } }),
        _ => {
            json!({ "metadata": meta, "spec": { "replicas": 2, "completions": 2, "parallelism": 1, "backoffLimit": 3, "suspend": true,
                "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 1 } }, "template": template },
            "status": { "observedGeneration": 3, "replicas": 2, "currentReplicas": 1, "updatedReplicas": 1, "readyReplicas": 1,
                "availableReplicas": 1, "currentRevision": "a", "updateRevision": "b", "desiredNumberScheduled": 2,
                "currentNumberScheduled": 2, "updatedNumberScheduled": 1, "numberReady": 1, "numberAvailable": 1, "active": 1,
                "ready": 1, "succeeded": 1, "failed": 1, "conditions": [condition] } })
        }
    }
}

/// Everything ingest reads anywhere, so that each can be made odd in turn.
fn rich(kind: Kind) -> Value {
    let meta = json!({
        "name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7", "generation": 3,
        "creationTimestamp": "2026-11-21T01:00:00Z", "deletionTimestamp": "2026-11-21T01:00:00Z",
        "labels": { "rollouts-pod-template-hash": "h", "step-index": "2", "environment": "prod" },
        "annotations": { "rollout.argoproj.io/revision": "4", "scale-down-deadline": "2026-11-21T01:00:00Z" },
        "ownerReferences": [{ "kind": "ReplicaSet", "name": "o", "uid": "ou", "controller": true }],
        "managedFields": [{ "manager": "x", "fieldsV1": { "f:metadata": {} } }]
    });
    let container = json!({
        "name": "c", "image": "i", "ready": true, "started": true, "restartCount": 2,
        "state": { "terminated": { "exitCode": 1, "signal": 9, "reason": "Error", "message": "m", "finishedAt": "2026-11-21T01:00:00Z" } },
        "lastState": { "waiting": { "reason": "r", "message": "m" }, "running": { "startedAt": "2026-11-21T01:00:00Z" } }
    });
    let condition = json!({ "type": "Progressing", "status": "True", "reason": "r", "message": "m", "lastTransitionTime": "2026-11-21T01:00:00Z" });
    let template = json!({ "spec": { "containers": [{ "name": "c", "image": "i" }], "initContainers": [{ "name": "i", "restartPolicy": "Always" }] } });
    match kind {
        Kind::Namespace => json!({ "metadata": meta }),
        Kind::Pod => json!({ "metadata": meta, "spec": template["spec"], "status": {
            "phase": "Running", "reason": "r", "message": "m", "conditions": [condition],
            "containerStatuses": [container], "initContainerStatuses": [container] } }),
        Kind::Event => {
            json!({ "metadata": meta, "involvedObject": { "kind": "Pod", "name": "p", "uid": "pu" }, "regarding": {},
            "reason": "r", "message": "m", "type": "Warning", "count": 3, "lastTimestamp": "2026-11-21T01:00:00Z",
            "eventTime": null, "series": { "count": 2, "lastObservedTime": "2026-11-21T01:00:00.000001Z" } })
        }
        Kind::Deployment | Kind::ReplicaSet => json!({ "metadata": meta,
            "spec": { "replicas": 3, "paused": false, "progressDeadlineSeconds": 600, "template": template },
            "status": { "observedGeneration": 3, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3, "conditions": [condition] } }),
        Kind::Rollout => {
            json!({ "metadata": meta, "spec": { "replicas": 3, "paused": true, "restartAt": "2026-11-21T01:00:00Z",
            "workloadRef": { "kind": "Deployment", "name": "d" }, "template": template,
            "strategy": { "canary": { "canaryService": "c", "stableService": "s", "dynamicStableScale": true,
                "abortScaleDownDelaySeconds": 5, "pingPong": { "pingService": "a", "pongService": "b" },
                "trafficRouting": { "maxTrafficWeight": 100, "managedRoutes": [{ "name": "m" }], "istio": {
                    "virtualService": { "name": "v.n", "routes": ["primary"], "tlsRoutes": [{ "port": 443, "sniHosts": ["a.example"] }],
                        "tcpRoutes": [{ "port": 3306 }] },
                    "virtualServices": [{ "name": "w" }],
                    "destinationRule": { "name": "d", "canarySubsetName": "c", "stableSubsetName": "s", "additionalSubsetNames": ["o"] } } },
                "steps": [{ "setWeight": 10 }, { "pause": { "duration": "10m" } }, { "analysis": { "templates": [{ "templateName": "t" }] } },
                    { "experiment": { "templates": [{ "name": "t" }] } }, { "setCanaryScale": { "weight": 10, "replicas": 1, "matchTrafficWeight": true } },
                    { "setHeaderRoute": { "name": "h" } }, { "setMirrorRoute": { "name": "m" } }, { "plugin": { "name": "p" } }, { "new": 1 }] },
                "blueGreen": { "activeService": "a", "previewService": "p", "autoPromotionEnabled": false, "autoPromotionSeconds": 5, "scaleDownDelaySeconds": 5 } } },
            "status": { "phase": "Paused", "message": "m", "currentPodHash": "h", "stableRS": "s", "currentStepIndex": 1, "currentStepHash": "x",
                "pauseConditions": [{ "reason": "CanaryPauseStep", "startTime": "2026-11-21T01:00:00Z" }], "controllerPause": true, "abort": true,
                "abortedAt": "2026-11-21T01:00:00Z", "promoteFull": true, "restartedAt": "2026-11-21T01:00:00Z", "observedGeneration": "3",
                "workloadObservedGeneration": "3", "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3, "conditions": [condition],
                "canary": { "weights": { "canary": { "weight": 10 }, "stable": { "weight": 90 } }, "currentExperiment": "e", "stablePingPong": "ping",
                    "currentStepAnalysisRunStatus": { "name": "r", "status": "Running", "message": "m" }, "currentBackgroundAnalysisRunStatus": { "name": "r" } },
                "blueGreen": { "previewSelector": "p", "activeSelector": "a", "prePromotionAnalysisRunStatus": { "name": "r" }, "postPromotionAnalysisRunStatus": {} } } })
        }
        Kind::AnalysisRun => {
            json!({ "metadata": meta, "spec": { "metrics": [{ "name": "m", "interval": "5s", "count": 5, "successCondition": "s",
                "failureCondition": "f", "failureLimit": 2, "inconclusiveLimit": "1", "consecutiveErrorLimit": 4, "provider": { "prometheus": { "query": "q" } } }] },
            "status": { "phase": "Running", "message": "m", "startedAt": "2026-11-21T01:00:00Z", "completedAt": null, "metricResults": [{ "name": "m", "phase": "Running",
                "message": "m", "count": 2, "successful": 1, "failed": 1, "inconclusive": 0, "error": 0, "consecutiveError": 0, "dryRun": false,
                "metadata": { "ResolvedPrometheusQuery": "q" }, "measurements": [{ "phase": "Failed", "value": "[1]", "message": "m",
                    "startedAt": "2026-11-21T01:00:00Z", "finishedAt": "2026-11-21T01:00:00Z", "metadata": { "job-name": "j" } }] }] } })
        }
        Kind::Experiment => json!({ "metadata": meta, "status": { "phase": "Running", "message": "m",
            "templateStatuses": [{ "name": "t", "status": "Running", "message": "m", "podTemplateHash": "h", "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1 }],
            "analysisRuns": [{ "name": "a", "analysisRun": "r", "phase": "Running", "message": "m" }] } }),
        Kind::Application => {
            super::blockers::gitops::application(&json!({ "metadata": meta, "operation": { "sync": {} },
            "spec": { "sources": [{ "repoURL": "r", "chart": "c", "targetRevision": "1.2.3" }], "destination": { "name": "east" } },
            "status": { "sync": { "revisions": ["a", "b"] }, "conditions": [{ "type": "SyncError", "message": "m" }],
                "operationState": { "retryCount": 2, "operation": { "info": [{ "name": "n", "value": "v" }], "initiatedBy": { "username": "u" },
                    "sync": { "selfHealAttemptsCount": 3 } }, "syncResult": { "resources": [{ "kind": "Service", "name": "s", "status": "SyncFailed",
                        "message": "m", "requiresPruning": true, "hookPhase": "Failed" }] } } } }))
        }
        Kind::PipelineRun => json!({ "metadata": meta, "spec": { "pipelineRef": { "name": "p" }, "status": "Cancelled",
            "params": [{ "name": "revision", "value": "main" }, { "name": "list", "value": ["a"] }] },
            "status": { "conditions": [{ "type": "Succeeded", "status": "False", "reason": "Failed", "message": "m" }],
                "startTime": "2026-11-21T01:00:00Z", "completionTime": "2026-11-21T01:00:00Z",
                "pipelineSpec": { "tasks": [{ "name": "t" }], "finally": [{ "name": "f" }] },
                "childReferences": [{ "name": "c", "displayName": "d", "pipelineTaskName": "t",
                    "whenExpressions": [{ "input": "i", "operator": "in", "values": ["v"] }] }],
                "skippedTasks": [{ "name": "s", "reason": "r", "whenExpressions": [{ "cel": "'a' == 'b'" }] }],
                "results": [{ "name": "r", "value": { "k": "v" } }] } }),
        Kind::TaskRun => {
            let step = json!({ "name": "s", "container": "step-s", "terminationReason": "Completed", "waiting": { "reason": "r" },
                "running": { "startedAt": "2026-11-21T01:00:00Z" },
                "terminated": { "exitCode": 1, "reason": "Error", "startedAt": "2026-11-21T01:00:00Z", "finishedAt": "2026-11-21T01:00:00Z" } });
            let attempt = json!({ "conditions": [condition], "startTime": "2026-11-21T01:00:00Z",
                "completionTime": "2026-11-21T01:00:00Z", "podName": "p", "steps": [step] });
            let mut status = attempt.clone();
            status["results"] = json!([{ "name": "r", "type": "string", "value": "v" }]);
            status["retriesStatus"] = json!([attempt]);
            json!({ "metadata": meta, "status": status })
        }
        Kind::Release => {
            let mut meta = meta;
            meta["labels"] = json!({ "owner": "helm", "name": "r", "version": "3", "status": "deployed",
                "createdAt": "1763000000", "modifiedAt": "1763000001" });
            json!({ "metadata": meta })
        }
        kind if kind.is_extra() => extra(kind, &meta, &template, &condition),
        other => panic!("{} is no kind of Kubernetes", other.as_str()),
    }
}

/// Every place of a value, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.push(at.clone());
                places(inner, &at, found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                let at = format!("{at}/{index}");
                found.push(at.clone());
                places(inner, &at, found);
            }
        }
        _ => {}
    }
}

#[test]
fn any_one_field_may_be_null_or_of_any_other_type() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!("\u{1b}[31mword"),
        json!([]),
        json!([null, 1, {}]),
        json!({}),
        json!({ "x": [1] }),
    ];
    let needed = ["/metadata", "/metadata/name", "/metadata/uid"];
    for kind in Kind::IN_CLUSTERS {
        let rich = rich(kind);
        let mut found = Vec::new();
        places(&rich, "", &mut found);
        assert!(found.len() >= 10, "{kind:?}");
        for place in found.iter().filter(|place| !needed.contains(&place.as_str())) {
            for value in &odd {
                let mut changed = rich.clone();
                *changed.pointer_mut(place).unwrap() = value.clone();
                let object = object(kind, &changed);
                assert_eq!(object.meta().name.raw(), "a", "{kind:?} with {value} at {place}");
                assert_eq!(object.meta().uid.raw(), "u", "{kind:?} with {value} at {place}");
            }
        }
    }
}

#[test]
fn an_object_without_name_or_uid_is_refused_by_name_of_the_field() {
    for kind in Kind::IN_CLUSTERS {
        for (place, field) in
            [("/metadata/name", "metadata.name"), ("/metadata/uid", "metadata.uid"), ("/metadata", "metadata")]
        {
            for value in [json!(null), json!(""), json!([])] {
                let mut changed = rich(kind);
                *changed.pointer_mut(place).unwrap() = value;
                let error = ingest::object(kind, CLUSTER, changed.to_string().as_bytes()).unwrap_err();
                assert_eq!(error, IngestError::Missing { what: kind.as_str(), field });
            }
        }
    }
}

#[test]
fn one_broken_object_does_not_cost_the_page() {
    let items = |middle: &str| {
        format!(
            r#"{{"metadata":{{"resourceVersion":"9","continue":"next","remainingItemCount":12}},"items":[
        {{"metadata":{{"name":"one","uid":"1"}}}}, {middle}, {{"metadata":{{"name":"three","uid":"3"}}}}]}}"#
        )
    };
    for (middle, name) in [
        (r#"{"metadata":{"name":"two"}}"#, "item 1"),
        ("null", "item 1"),
        ("17", "item 1"),
        // The same key twice: which one holds, nobody knows.
        (r#"{"metadata":{"name":"two","uid":"2"},"spec":{},"spec":{}}"#, "two"),
    ] {
        let page = ingest::page(Kind::Pod, CLUSTER, items(middle).as_bytes()).unwrap();
        let names: Vec<&str> = page.objects.iter().map(|object| object.meta().name.raw()).collect();
        assert_eq!(names, ["one", "three"], "{middle}");
        assert_eq!(page.rejected.len(), 1, "{middle}");
        assert_eq!(page.rejected[0].name.as_str(), name, "{middle}");
        assert_eq!(&*page.resource_version, "9");
        assert_eq!(page.continue_token.as_deref(), Some("next"));
        assert_eq!(page.remaining, Some(12));
    }
}

#[test]
fn what_is_no_list_is_an_error_and_never_an_empty_list() {
    for body in [
        "{}",
        "[]",
        "null",
        "17",
        "\"x\"",
        r#"{"kind":"Status","code":403}"#,
        r#"{"items":{}}"#,
        r#"{"items":"x"}"#,
        "<html>",
        "\u{0}",
    ] {
        for kind in Kind::IN_CLUSTERS {
            assert!(ingest::page(kind, CLUSTER, body.as_bytes()).is_err(), "{kind:?}: {body}");
        }
    }
    for body in [r#"{"metadata":{},"items":[]}"#, r#"{"items":null}"#] {
        assert_eq!(ingest::page(Kind::Pod, CLUSTER, body.as_bytes()).unwrap().objects, []);
    }
}

#[test]
fn a_cut_answer_is_called_cut_wherever_it_is_cut() {
    let whole = json!({ "metadata": { "resourceVersion": "1" }, "items": [rich(Kind::Pod)] }).to_string();
    for end in 0..whole.len() {
        let error = ingest::page(Kind::Pod, CLUSTER, &whole.as_bytes()[..end]).unwrap_err();
        assert_eq!(error, IngestError::Truncated { what: "pods", bytes: end }, "{}", &whole[..end]);
    }
    assert!(ingest::page(Kind::Pod, CLUSTER, whole.as_bytes()).is_ok());
    let error = ingest::page(Kind::Pod, CLUSTER, whole.replace(':', ";").as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("pods: the answer is not the JSON that was expected"), "{error}");
}

#[test]
fn frames_say_what_they_are() {
    let line = |kind: &str, object: &Value| json!({ "type": kind, "object": object }).to_string();
    let frame = |text: &str| ingest::frame(Kind::Pod, CLUSTER, text.as_bytes());
    assert!(
        matches!(frame(&line("ADDED", &rich(Kind::Pod))).unwrap(), Frame::Applied { resource_version, .. } if &*resource_version == "7")
    );
    assert!(matches!(frame(&line("MODIFIED", &rich(Kind::Pod))).unwrap(), Frame::Applied { .. }));
    assert!(
        matches!(frame(&line("DELETED", &rich(Kind::Pod))).unwrap(), Frame::Deleted { uid, .. } if uid.raw() == "u")
    );
    let bookmark = json!({ "kind": "Pod", "metadata": { "resourceVersion": "12", "creationTimestamp": null } });
    assert_eq!(
        frame(&line("BOOKMARK", &bookmark)).unwrap(),
        Frame::Bookmark { resource_version: "12".into(), initial_end: false }
    );
    let end =
        json!({ "metadata": { "resourceVersion": "12", "annotations": { "k8s.io/initial-events-end": "true" } } });
    assert!(matches!(frame(&line("BOOKMARK", &end)).unwrap(), Frame::Bookmark { initial_end: true, .. }));
    let gone =
        json!({ "kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (2)" });
    match frame(&line("ERROR", &gone)).unwrap() {
        Frame::Error { code, reason, message } => {
            assert_eq!((code, reason.as_str(), message.as_str()), (410, "Expired", "too old resource version: 1 (2)"));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(frame(&line("SHOUTED", &gone)), Err(IngestError::UnknownFrame { kind, .. }) if kind == "SHOUTED"));
    assert!(matches!(frame(r#"{"type":"ADDED","obj"#), Err(IngestError::Truncated { .. })));
    assert!(matches!(frame(r#"{"type":"ADDED"}"#), Err(IngestError::Invalid { .. })));
    assert!(matches!(
        frame(r#"{"type":"DELETED","object":{}}"#),
        Err(IngestError::Missing { field: "metadata.uid", .. })
    ));
}

#[test]
fn unknown_words_are_kept() {
    let mut pod = rich(Kind::Pod);
    pod["metadata"]["deletionTimestamp"] = json!(null);
    pod["status"] = json!({ "phase": "Hibernating" });
    let Object::Pod(pod) = object(Kind::Pod, &pod) else { panic!() };
    assert_eq!(pod.status.as_str(), "Hibernating");
    assert_eq!(pod.health, PodHealth::Broken, "a word nobody knows is worth a look");
    let mut run = rich(Kind::AnalysisRun);
    run["status"]["phase"] = json!("Pondering");
    let Object::AnalysisRun(run) = object(Kind::AnalysisRun, &run) else { panic!() };
    assert_eq!(run.phase.as_str(), "Pondering");
    assert!(matches!(run.phase, AnalysisPhase::Other(_)));
    let Object::Rollout(rollout) = object(Kind::Rollout, &rich(Kind::Rollout)) else { panic!() };
    let Strategy::Canary(canary) = &rollout.strategy else { panic!("canary comes first") };
    assert_eq!(canary.steps.len(), 9);
    assert_eq!(canary.steps[1], Step::Pause(Some(600)));
    assert!(matches!(&canary.steps[8], Step::Unknown(key) if key.as_str() == "new"));
}

#[test]
fn long_histories_are_cut_to_the_newest() {
    let mut run = rich(Kind::AnalysisRun);
    let measurements: Vec<Value> = (0..50).map(|n| json!({ "phase": "Successful", "value": n.to_string() })).collect();
    run["status"]["metricResults"][0]["measurements"] = json!(measurements);
    let Object::AnalysisRun(run) = object(Kind::AnalysisRun, &run) else { panic!() };
    let values: Vec<&str> = run.metrics[0].measurements.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(values, ["40", "41", "42", "43", "44", "45", "46", "47", "48", "49"]);
}

#[test]
fn hostile_names_are_kept_for_requests_and_marked_for_the_eye() {
    let mut pod = rich(Kind::Pod);
    pod["metadata"]["name"] = json!("a\u{202e}b\u{1b}[2J");
    let object = object(Kind::Pod, &pod);
    assert_eq!(object.meta().name.raw(), "a\u{202e}b\u{1b}[2J");
    let shown = object.meta().name.safe().as_str();
    assert!(!shown.contains(['\u{202e}', '\u{1b}']), "{shown:?}");
}
