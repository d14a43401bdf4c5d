//! What keeps an Application from being as its repository says.

use serde_json::{Value, json};

use super::objects::*;

const NOW: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
const BEFORE: &str = "0f0e0d0c0b0a09080706050403020100ffeeddcc";

/// In order: synced to the revision it was compared with, by itself.
pub fn application(change: &Value) -> Value {
    let mut row = json!({
        "metadata": { "name": "checkout", "namespace": "argocd", "uid": "app", "resourceVersion": "1", "generation": 40,
            "creationTimestamp": "2026-11-01T00:00:00Z" },
        "spec": { "project": "shop",
            "source": { "repoURL": "https://github.com/shop/gitops", "path": "overlays/production", "targetRevision": "main" },
            "destination": { "server": "https://kubernetes.default.svc", "namespace": "production" },
            "syncPolicy": { "automated": { "prune": true, "selfHeal": true } } },
        "status": {
            "sync": { "status": "Synced", "revision": NOW },
            "health": { "status": "Healthy" },
            "reconciledAt": "2026-11-21T01:59:30Z",
            "operationState": last("Succeeded", NOW, "successfully synced (all tasks run)"),
            "history": [
                { "id": 6, "revision": BEFORE, "deployedAt": "2026-11-20T10:00:00Z", "initiatedBy": { "username": "ada" } },
                { "id": 7, "revision": NOW, "deployedAt": "2026-11-21T01:30:00Z", "initiatedBy": { "automated": true } }],
            "resources": [
                { "group": "argoproj.io", "kind": "Rollout", "namespace": "production", "name": "checkout", "status": "Synced",
                    "health": { "status": "Healthy" } },
                { "group": "", "kind": "Service", "namespace": "production", "name": "checkout", "status": "Synced" }] }
    });
    merge(&mut row, change);
    row
}

fn last(phase: &str, revision: &str, message: &str) -> Value {
    json!({ "phase": phase, "message": message, "startedAt": "2026-11-21T01:30:00Z", "finishedAt": "2026-11-21T01:30:20Z",
        "operation": { "initiatedBy": { "automated": true }, "sync": { "revision": revision } },
        "syncResult": { "revision": revision, "resources": [] } })
}

fn stray() -> Value {
    json!([{ "group": "apps", "kind": "Deployment", "namespace": "production", "name": "web", "status": "OutOfSync" },
        { "group": "", "kind": "ConfigMap", "namespace": "production", "name": "flags", "status": "OutOfSync" },
        { "group": "", "kind": "Service", "namespace": "production", "name": "web", "status": "OutOfSync" }])
}

pub fn scaler() -> Value {
    json!({ "metadata": meta("scaler", None),
        "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 9 },
        "status": { "currentReplicas": 7, "desiredReplicas": 7 } })
}

/// Healed five times, and the replicas of one of its Deployments were set at this time.
pub fn fought(autoscalers: &Value, set: &str) -> Value {
    let heals = json!({ "operation": { "sync": { "selfHealAttemptsCount": 5 } } });
    let mut world = stage(
        &json!({ "status": { "sync": { "status": "OutOfSync" }, "resources": stray(), "operationState": heals } }),
    );
    world["deployments"] = json!([deployment(&json!({
        "metadata": { "name": "web", "uid": "web", "managedFields": [{ "manager": "kube-controller-manager",
            "subresource": "scale", "operation": "Update", "time": set, "fieldsV1": { "f:spec": { "f:replicas": {} } } }] },
        "spec": { "replicas": 3 }, "status": { "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3 } }))]);
    world["horizontalpodautoscalers"] = autoscalers.clone();
    world
}

fn stage(change: &Value) -> Value {
    json!({ "applications": [application(change)] })
}

/// The project of [`application`], with these windows.
pub fn project(windows: &Value) -> Value {
    json!({ "metadata": { "name": "shop", "namespace": "argocd", "uid": "project", "resourceVersion": "1" },
        "spec": { "syncWindows": windows } })
}

/// It is 02:00 UTC.
pub fn night(change: &Value) -> Value {
    let mut window = json!({ "kind": "deny", "schedule": "0 22 * * *", "duration": "8h", "applications": ["*"] });
    merge(&mut window, change);
    window
}

pub fn windowed(change: &Value, windows: &Value) -> Value {
    json!({ "applications": [application(change)], "appprojects": [project(windows)] })
}

pub fn out_of_sync() -> Value {
    json!({ "status": { "sync": { "status": "OutOfSync" }, "resources": stray() } })
}

pub fn applications() -> Vec<Situation> {
    let out = |more: &Value| {
        let mut change = out_of_sync();
        merge(&mut change, more);
        change
    };
    let failed = |failed: &Value| {
        let mut state = last("Failed", NOW, "one or more objects failed to apply, reason: admission webhook denied");
        state["syncResult"]["resources"] = failed.clone();
        out(&json!({ "status": { "operationState": state } }))
    };
    let denied = json!([{ "group": "apps", "kind": "Deployment", "namespace": "production", "name": "web",
        "status": "SyncFailed", "message": "admission webhook denied: image without digest" }]);
    let manual = json!({ "spec": { "syncPolicy": { "automated": null } } });
    vec![
        ("application: in order", stage(&json!({})), None),
        ("application: in order, auto-sync off", stage(&manual), None),
        (
            "application: a new revision is on its way",
            stage(&out(&json!({ "status": { "sync": { "revision": BEFORE } } }))),
            None,
        ),
        (
            "application: out of sync and auto-sync off",
            stage(&out(&manual)),
            Some((
                "hold",
                "application checkout in production is out of sync with a1b2c3d, 3 objects differ: Deployment web, ConfigMap flags and 1 more; auto-sync is off",
            )),
        ),
        ("application: in order in a deny window", windowed(&json!({}), &json!([night(&json!({}))])), None),
        (
            "application: out of sync in a deny window",
            windowed(&out(&json!({})), &json!([night(&json!({}))])),
            Some((
                "sync_window",
                "application checkout in production is out of sync with a1b2c3d, 3 objects differ: Deployment web, ConfigMap flags and 1 more; deny window of project shop until 06:00Z; it syncs by itself then",
            )),
        ),
        (
            "application: out of sync outside of its allow window",
            windowed(
                &out(&json!({})),
                &json!([night(&json!({ "kind": "allow", "duration": "2h", "manualSync": true }))]),
            ),
            Some((
                "sync_window",
                "application checkout in production is out of sync with a1b2c3d, 3 objects differ: Deployment web, ConfigMap flags and 1 more; no allow window of project shop is open until 22:00Z; it syncs by itself then, or by hand now",
            )),
        ),
        (
            "application: a window for others",
            windowed(&out(&manual), &json!([night(&json!({ "applications": ["web-*"] }))])),
            Some((
                "hold",
                "application checkout in production is out of sync with a1b2c3d, 3 objects differ: Deployment web, ConfigMap flags and 1 more; auto-sync is off",
            )),
        ),
        (
            "application: auto-sync kept and switched off",
            stage(&out(&json!({ "spec": { "syncPolicy": { "automated": { "enabled": false } } } }))),
            Some((
                "hold",
                "application checkout in production is out of sync with a1b2c3d, 3 objects differ: Deployment web, ConfigMap flags and 1 more; auto-sync is off",
            )),
        ),
        (
            "application: Argo CD leaves it alone",
            stage(&out(&json!({ "metadata": { "annotations": { "argocd.argoproj.io/skip-reconcile": "true" } },
                "status": { "reconciledAt": "2026-11-21T01:00:00Z" } }))),
            Some((
                "hold",
                "application checkout in production is out of sync with a1b2c3d, 3 objects differ: Deployment web, ConfigMap flags and 1 more; Argo CD is told to leave it alone (skip-reconcile)",
            )),
        ),
        (
            "application: changed back again and again",
            stage(&out(
                &json!({ "status": { "operationState": { "operation": { "sync": { "selfHealAttemptsCount": 5 } } } } }),
            )),
            Some((
                "out_of_sync_loop",
                "application checkout in production is out of sync again after 5 syncs to a1b2c3d: something else changes Deployment web, ConfigMap flags and 1 more",
            )),
        ),
        (
            "application: an autoscaler changes it back again and again",
            fought(&json!([scaler()]), "2026-11-21T01:59:00Z"),
            Some((
                "out_of_sync_loop",
                "application checkout in production is out of sync again after 5 syncs to a1b2c3d: something else changes Deployment web, ConfigMap flags and 1 more; autoscaler scaler sets spec.replicas of Deployment web, now to 7 (last set by kube-controller-manager 60s ago)",
            )),
        ),
        (
            "application: a program changes it back again and again",
            fought(&json!([]), "2026-11-21T01:59:00Z"),
            Some((
                "out_of_sync_loop",
                "application checkout in production is out of sync again after 5 syncs to a1b2c3d: something else changes Deployment web, ConfigMap flags and 1 more; spec.replicas of Deployment web was set to 3 by kube-controller-manager 60s ago",
            )),
        ),
        (
            "application: its replicas were set before the last sync",
            fought(&json!([]), "2026-11-21T01:00:00Z"),
            Some((
                "out_of_sync_loop",
                "application checkout in production is out of sync again after 5 syncs to a1b2c3d: something else changes Deployment web, ConfigMap flags and 1 more",
            )),
        ),
        (
            "application: changed back a moment ago, and about to be healed",
            stage(&out(&json!({ "status": { "reconciledAt": "2026-11-21T01:30:25Z" } }))),
            None,
        ),
        (
            "application: changed by somebody long after it was synced, and about to be healed",
            stage(&out(&json!({ "status": { "reconciledAt": "2026-11-21T09:00:00Z" } }))),
            None,
        ),
        (
            "application: drifted without self-heal",
            stage(&out(&json!({ "spec": { "syncPolicy": { "automated": { "selfHeal": false } } } }))),
            Some((
                "hold",
                "application checkout in production has drifted from a1b2c3d: Deployment web, ConfigMap flags and 1 more; nothing syncs it (self-heal is off)",
            )),
        ),
        (
            "application: an object was refused",
            stage(&failed(&denied)),
            Some((
                "sync_failed",
                "application checkout in production could not be synced to a1b2c3d: Deployment web: admission webhook denied: image without digest; it is not tried again before the repository changes",
            )),
        ),
        (
            "application: the sync failed as a whole",
            stage(&failed(&json!([]))),
            Some((
                "sync_failed",
                "application checkout in production could not be synced to a1b2c3d: one or more objects failed to apply, reason: admission webhook denied; it is not tried again before the repository changes",
            )),
        ),
        (
            "application: it failed once and is well since",
            stage(&json!({ "status": { "operationState": { "phase": "Failed" } } })),
            None,
        ),
        (
            "application: tried again and again",
            stage(&out(
                &json!({ "status": { "operationState": { "phase": "Running", "retryCount": 2, "message": "retrying attempt #2" } } }),
            )),
            Some((
                "sync_failed",
                "application checkout in production could not be synced to a1b2c3d: retrying attempt #2, tried 3 times",
            )),
        ),
        (
            "application: a closed window",
            stage(&out(
                &json!({ "status": { "operationState": { "phase": "Running", "message": "Sync operation blocked by sync window" } } }),
            )),
            Some(("sync_window", "application checkout in production waits to sync a1b2c3d: a sync window is closed")),
        ),
        (
            "application: the repository cannot be read",
            stage(&json!({ "status": { "sync": { "status": "Unknown" }, "conditions": [
                { "type": "ComparisonError", "message": "failed to list refs: authentication required", "lastTransitionTime": "2026-11-21T01:40:00Z" }] } })),
            Some((
                "sync_failed",
                "application checkout in production cannot be compared with its repository: failed to list refs: authentication required",
            )),
        ),
        (
            "application: its spec is wrong",
            stage(
                &json!({ "status": { "conditions": [{ "type": "InvalidSpecError", "message": "application destination can't have both name and server defined" }] } }),
            ),
            Some((
                "invalid_spec",
                "application checkout in production has an invalid spec: application destination can't have both name and server defined",
            )),
        ),
        (
            "application: a warning stops nothing",
            stage(
                &json!({ "status": { "conditions": [{ "type": "OrphanedResourceWarning", "message": "Application has 3 orphaned resources" }] } }),
            ),
            None,
        ),
        (
            "application: an object of another kind is broken",
            stage(&json!({ "status": { "health": { "status": "Degraded" }, "resources": [
                { "group": "", "kind": "PersistentVolumeClaim", "namespace": "production", "name": "data", "status": "Synced",
                    "health": { "status": "Degraded", "message": "no volume of this class" } }] } })),
            Some((
                "degraded",
                "application checkout in production is Degraded: PersistentVolumeClaim data: no volume of this class",
            )),
        ),
        (
            "application: its objects are told elsewhere",
            stage(
                &json!({ "status": { "health": { "status": "Degraded", "message": "a job failed" }, "resources": [] } }),
            ),
            Some(("degraded", "application checkout in production is Degraded: a job failed")),
        ),
        (
            "application: what is left of a hook",
            stage(&out(
                &json!({ "spec": { "syncPolicy": null }, "status": { "sync": { "status": "Synced" }, "resources": [
                { "group": "batch", "kind": "Job", "namespace": "production", "name": "migrate", "hook": true, "requiresPruning": true }] } }),
            )),
            None,
        ),
        (
            "application: somebody syncs it just now",
            stage(&out(&json!({ "spec": { "syncPolicy": null }, "operation": { "sync": {} } }))),
            None,
        ),
        (
            "application: a workload that no row tells",
            stage(&json!({ "status": { "health": { "status": "Degraded" }, "resources": [
                { "group": "argoproj.io", "kind": "Rollout", "namespace": "production", "name": "checkout", "status": "Synced",
                    "health": { "status": "Degraded", "message": "RolloutAborted" } }] } })),
            Some(("degraded", "application checkout in production is Degraded: Rollout checkout: RolloutAborted")),
        ),
    ]
}
