//! The controllers of a world: each looks at one object, compares what is with what should be and
//! writes the next step, as the real ones do. All state is in the objects, so whatever changes an
//! object (time, scenario, a person's patch) is answered in the same way.

mod analysis;
mod blue_green;
mod canary;
mod deployments;
mod pods;
mod replica_sets;
mod rollouts;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::{Key, Kind};
use super::scenario::{Strategy, Workload};
use super::value::{at, hash, items, letters, rfc3339, set, text, time_at, unset};
use super::world::World;
use super::{argocd, autoscalers, tekton};

/// One look at one object.
pub(super) fn reconcile(world: &mut World, key: &Key) {
    match key.kind {
        Kind::Pod => pods::reconcile(world, key),
        Kind::ReplicaSet => replica_sets::reconcile(world, key),
        Kind::Deployment => deployments::reconcile(world, key),
        Kind::Rollout => rollouts::reconcile(world, key),
        Kind::AnalysisRun => analysis::reconcile(world, key),
        Kind::Event => world.forget_event(key),
        Kind::Application => argocd::reconcile(world, key),
        Kind::HorizontalPodAutoscaler => autoscalers::reconcile(world, key),
        Kind::PipelineRun => tekton::runs::reconcile(world, key),
        Kind::TaskRun => tekton::tasks::reconcile(world, key),
        Kind::Namespace
        | Kind::Experiment
        | Kind::Pipeline
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::Job
        | Kind::PodDisruptionBudget
        | Kind::ResourceQuota
        | Kind::NetworkPolicy
        | Kind::Lease
        | Kind::ControllerRevision
        | Kind::AppProject
        | Kind::VirtualService
        | Kind::Secret => {}
    }
}

/// A workload that was never deployed yet, from the recorded object of its kind.
pub(super) fn new_workload(world: &mut World, workload: &Workload, key: &Key) -> Value {
    let template = match workload.strategy {
        Strategy::Canary => &world.templates.canary,
        Strategy::BlueGreen => &world.templates.blue_green,
        Strategy::Deployment => &world.templates.deployment,
    };
    let mut object = template.clone();
    world.christen(&mut object, key);
    set(&mut object, "/metadata/generation", 0);
    unset(&mut object, "/metadata/annotations");
    set(&mut object, "/spec/replicas", workload.replicas);
    set(&mut object, "/spec/selector/matchLabels", json!({ "app": key.name }));
    set(&mut object, "/spec/template/metadata/labels", json!({ "app": key.name }));
    set(&mut object, "/spec/template/spec/containers/0/image", "");
    match workload.strategy {
        Strategy::Canary => {
            set(&mut object, "/metadata/labels", json!({ "app": key.name, "app.kubernetes.io/part-of": "shop" }));
            set(&mut object, "/spec/progressDeadlineSeconds", 600);
            set(&mut object, "/spec/revisionHistoryLimit", 10);
            set(&mut object, "/spec/strategy/canary/steps", workload.steps.clone());
            set(&mut object, "/spec/strategy/canary/canaryService", format!("{}-canary", key.name));
            set(&mut object, "/spec/strategy/canary/stableService", format!("{}-stable", key.name));
            set(&mut object, "/spec/strategy/canary/abortScaleDownDelaySeconds", 30);
            set(&mut object, "/spec/strategy/canary/scaleDownDelaySeconds", 30);
            set(&mut object, "/spec/strategy/canary/trafficRouting/istio/virtualService/name", key.name.clone());
            set(
                &mut object,
                "/status",
                json!({ "blueGreen": {}, "canary": {}, "selector": format!("app={}", key.name) }),
            );
        }
        Strategy::BlueGreen => {
            set(&mut object, "/spec/strategy/blueGreen/activeService", format!("{}-active", key.name));
            set(&mut object, "/spec/strategy/blueGreen/previewService", format!("{}-preview", key.name));
            set(&mut object, "/spec/strategy/blueGreen/scaleDownDelaySeconds", 30);
            set(&mut object, "/status", json!({ "blueGreen": {}, "canary": {} }));
        }
        Strategy::Deployment => {
            set(&mut object, "/metadata/annotations", json!({ "kubernetes.io/change-cause": "" }));
            set(&mut object, "/spec/progressDeadlineSeconds", 600);
            set(&mut object, "/status", json!({}));
        }
    }
    object
}

/// A workload at rest and its one ReplicaSet, for a world in which no controller acts. Returns the
/// ReplicaSet and its hash.
pub(super) fn settle(world: &mut World, key: &Key, object: &mut Value) -> (Value, String) {
    let hash = template_hash(at(object, "/spec/template"));
    let replicas = at(object, "/spec/replicas").as_i64().unwrap_or_default();
    let prefix = replica_sets::prefix(key.kind).replace('/', "~1");
    set(object, &format!("/metadata/annotations/{prefix}~1revision"), "1");
    set(object, "/status", super::scale::settled_status(key.kind, &hash, replicas, &key.name));
    let reason = if key.kind == Kind::Rollout { "AvailableReason" } else { "MinimumReplicasAvailable" };
    condition(object, world.now, "Available", "True", reason, "minimum availability");
    let name = format!("{}-{hash}", key.name);
    let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
    condition(object, world.now, "Progressing", "True", "NewReplicaSetAvailable", &message);
    let set_key = Key::new(Kind::ReplicaSet, &key.namespace, &name);
    let mut replica_set = replica_sets::make(world, key, object, &hash, &set_key, 1);
    set(&mut replica_set, "/spec/replicas", replicas);
    for field in ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"] {
        set(&mut replica_set, &format!("/status/{field}"), replicas);
    }
    set(&mut replica_set, "/status/observedGeneration", 1);
    (replica_set, hash)
}

/// The parts of a pod template that a person can mean to change, without what the servers fill in:
/// two templates that differ in defaults only are the same version, as for the real controllers.
fn essence(template: &Value) -> Value {
    let mut labels = at(template, "/metadata/labels").clone();
    for label in [ROLLOUT_HASH, DEPLOYMENT_HASH] {
        unset(&mut labels, &format!("/{label}"));
    }
    let parts = ["name", "image", "command", "args", "env", "ports", "resources"];
    let containers = items(template, "/spec/containers").iter();
    let containers: Vec<Value> =
        containers.map(|it| parts.iter().map(|part| it.get(*part).cloned().unwrap_or_default()).collect()).collect();
    json!([labels, template.pointer("/metadata/annotations"), containers])
}

const ROLLOUT_HASH: &str = "rollouts-pod-template-hash";
const DEPLOYMENT_HASH: &str = "pod-template-hash";

/// The hash in the names of a version's ReplicaSet and pods.
fn template_hash(template: &Value) -> String {
    letters(hash(&essence(template).to_string()), 10)
}

/// Fills in what the API server fills in for a pod template.
fn defaulted(template: &Value) -> Value {
    let mut template = template.clone();
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("securityContext", json!({})),
        ("schedulerName", json!("default-scheduler")),
    ];
    for (field, value) in defaults {
        set(&mut template, &format!("/spec/{field}"), value);
    }
    let count = items(&template, "/spec/containers").len();
    for index in 0..count {
        let here = format!("/spec/containers/{index}");
        set(&mut template, &format!("{here}/terminationMessagePath"), "/dev/termination-log");
        set(&mut template, &format!("{here}/terminationMessagePolicy"), "File");
        set(&mut template, &format!("{here}/imagePullPolicy"), "IfNotPresent");
        if at(&template, &format!("{here}/readinessProbe")).is_object() {
            let probe =
                [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)];
            for (field, value) in probe {
                set(&mut template, &format!("{here}/readinessProbe/{field}"), value);
            }
            set(&mut template, &format!("{here}/readinessProbe/httpGet/scheme"), "HTTP");
        }
    }
    template
}

/// Writes a condition; its transition time moves only when its status does.
fn condition(object: &mut Value, now: Timestamp, kind: &str, status: &str, reason: &str, message: &str) {
    let mut all = items(object, "/status/conditions").to_vec();
    let old = all.iter().position(|it| text(it, "/type") == kind).map(|index| all.remove(index));
    let same = old.as_ref().is_some_and(|old| {
        text(old, "/status") == status && text(old, "/reason") == reason && text(old, "/message") == message
    });
    if same {
        return;
    }
    let transition = old
        .as_ref()
        .filter(|old| text(old, "/status") == status)
        .and_then(|old| time_at(old, "/lastTransitionTime"))
        .unwrap_or(now);
    all.push(json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastUpdateTime": rfc3339(now), "lastTransitionTime": rfc3339(transition),
    }));
    set(object, "/status/conditions", all);
}
