//! Argo CD's own definition on a real API server; the test plays its controller and writes status.

use quarterdeck::action::{Change, Progress};
use quarterdeck::model::applications::AppWay;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, status};
use super::tekton::{operation, perform};
use crate::ingest::blockers::gitops::application;

/// An Application in the namespace, which keeps what is in it.
fn make(namespace: &Namespace<'_>, name: &str, change: &Value) {
    let mut row = application(change);
    row["apiVersion"] = "argoproj.io/v1alpha1".into();
    row["kind"] = "Application".into();
    row["metadata"] = json!({ "name": name });
    row["spec"]["destination"]["namespace"] = namespace.name.clone().into();
    row["status"]["resources"][0]["namespace"] = namespace.name.clone().into();
    namespace.kubectl(&["create", "-f", "-"], &row.to_string());
}

#[test]
fn argocd_applications_are_read_and_what_holds_them_is_told() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    make(&namespace, "in-order", &json!({}));
    let stray =
        json!([{ "group": "apps", "kind": "Deployment", "name": "payments", "version": "v1", "status": "OutOfSync" }]);
    make(
        &namespace,
        "held",
        &json!({ "spec": { "syncPolicy": null }, "status": { "sync": { "status": "OutOfSync" }, "resources": stray } }),
    );
    let told = status(&cluster.kubeconfig, &["--namespace", &namespace.name]);
    let source = told["sources"].as_array().expect("sources").iter().find(|source| source["system"] == "argocd");
    assert_eq!(source.expect("Argo CD")["status"], "live", "{told}");
    let blocked = told["blocked"].as_array().expect("blocked");
    let reasons: Vec<&Value> = blocked.iter().map(|row| &row["reason"]).filter(|reason| **reason == "hold").collect();
    assert_eq!(reasons.len(), 1, "the other one is in order: {}", told["blocked"]);
}

#[test]
fn argocd_projects_are_read_with_their_windows_and_close_them() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    let windows = json!([{ "kind": "deny", "schedule": "* * * * *", "duration": "1h", "timeZone": "Europe/Berlin",
        "applications": ["late*"], "description": "as the server keeps it" }]);
    let project = json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": { "name": "shop" },
        "spec": { "syncWindows": windows } });
    namespace.kubectl(&["create", "-f", "-"], &project.to_string());
    let stray =
        json!([{ "group": "apps", "kind": "Deployment", "name": "web", "version": "v1", "status": "OutOfSync" }]);
    let out = json!({ "status": { "sync": { "status": "OutOfSync" }, "resources": stray,
        "operationState": { "finishedAt": "2026-01-01T00:00:00Z" }, "reconciledAt": "2026-01-01T00:00:00Z" } });
    make(&namespace, "late", &out);
    let told = status(&cluster.kubeconfig, &["--namespace", &namespace.name]);
    let rows = told["blocked"].as_array().expect("blocked");
    let shut = rows.iter().find(|row| row["reason"] == "sync_window").unwrap_or_else(|| panic!("{}", told["blocked"]));
    let sentence = shut["sentence"].as_str().unwrap_or_default();
    assert!(sentence.ends_with("; deny window of project shop (as the server keeps it)"), "{sentence}");
}

fn target(namespace: &Namespace<'_>, name: &str) -> ObjectId {
    ObjectId {
        cluster: SourceId(0),
        kind: Kind::Application,
        namespace: Name::new(&namespace.name),
        name: Name::new(name),
        uid: Uid::new(SourceId(0), &namespace.field(&format!("application/{name}"), "{.metadata.uid}")),
    }
}

fn ask(namespace: &Namespace<'_>, name: &str, change: Change) -> Vec<Progress> {
    perform(namespace, operation(target(namespace, name), change, "7-1"))
}

fn accepted(said: &[Progress]) -> bool {
    matches!(said, [Progress::Sent, Progress::Accepted { .. }])
}

fn refused(said: &[Progress]) -> String {
    let [Progress::Refused { message }] = said else { panic!("{said:?}") };
    message.as_str().to_owned()
}

#[test]
fn argocd_sync_refresh_and_terminate_are_patches_that_the_server_takes() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    make(
        &namespace,
        "asked",
        &json!({ "spec": { "syncPolicy": { "automated": null, "syncOptions": ["CreateNamespace=true"] } } }),
    );
    let field = |path: &str| namespace.field("application/asked", path);
    let revision = Name::new(&field("{.status.sync.revision}"));
    let sync = |revision: &str| Change::Sync {
        way: AppWay::Object,
        revisions: vec![Name::new(revision)],
        pinned: true,
        prune: true,
        before: None,
    };

    let before = field("{.status.reconciledAt}").parse().ok();
    assert!(accepted(&ask(&namespace, "asked", Change::CompareAgain { way: AppWay::Object, before })));
    assert_eq!(field(r"{.metadata.annotations.argocd\.argoproj\.io/refresh}"), "normal");

    let said = refused(&ask(&namespace, "asked", sync("0000000")));
    assert!(said.contains("it was compared with"), "{said}");
    assert_eq!(field("{.operation}"), "", "nothing was asked for");
    assert!(accepted(&ask(&namespace, "asked", sync(revision.raw()))));
    assert_eq!(field("{.operation.sync.revision}"), revision.raw());
    assert_eq!(field("{.operation.sync.prune} {.operation.info[0].value}"), "true 7-1");
    assert_eq!(field("{.operation.sync.syncOptions[0]}"), "CreateNamespace=true", "its policy's own options");
    assert_eq!(field("{.status.operationState}"), "", "what is shown next is of the new one");
    let said = refused(&ask(&namespace, "asked", sync(revision.raw())));
    assert!(said.contains("another operation is asked for or runs"), "{said}");

    // The controller begins; somebody ends it.
    let begun = json!({ "status": { "operationState": { "phase": "Running", "startedAt": "2026-11-21T01:58:00Z",
        "operation": { "sync": {} } } } });
    namespace.kubectl(&["patch", "application/asked", "--type=merge", "--patch", &begun.to_string()], "");
    let another = Change::Terminate { way: AppWay::Object, started: "2026-11-21T01:00:00Z".parse().unwrap() };
    assert!(refused(&ask(&namespace, "asked", another)).contains("another operation runs"));
    let started = "2026-11-21T01:58:00Z".parse().unwrap();
    assert!(accepted(&ask(&namespace, "asked", Change::Terminate { way: AppWay::Object, started })));
    assert_eq!(field("{.status.operationState.phase}"), "Terminating");
    assert!(
        refused(&ask(&namespace, "asked", Change::Terminate { way: AppWay::Object, started }))
            .contains("no operation runs")
    );
}

#[test]
fn argocd_rollback_is_a_patch_that_the_server_takes_only_while_auto_sync_is_off() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    let source = json!({ "repoURL": "https://github.com/shop/gitops", "path": "overlays/production" });
    let history = json!([
        { "id": 6, "revision": "0f0e0d0c0b0a09080706050403020100ffeeddcc", "deployedAt": "2026-11-20T10:00:00Z", "source": source },
        { "id": 7, "revision": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334", "deployedAt": "2026-11-21T01:30:00Z", "source": source }]);
    let automated = json!({ "spec": { "syncPolicy": { "automated": { "selfHeal": true } } } });
    make(&namespace, "back", &json!({ "status": { "history": history } }));
    namespace.kubectl(&["patch", "application/back", "--type=merge", "--patch", &automated.to_string()], "");
    let field = |path: &str| namespace.field("application/back", path);
    let back = |id: i64, revision: &str| Change::RollBack {
        way: AppWay::Object,
        id,
        revision: Name::new(revision),
        before: None,
    };
    let to = "0f0e0d0c0b0a09080706050403020100ffeeddcc";

    let said = refused(&ask(&namespace, "back", back(6, to)));
    assert!(said.contains("auto-sync is on"), "{said}");
    let off = json!({ "spec": { "syncPolicy": { "automated": { "enabled": false } } } });
    namespace.kubectl(&["patch", "application/back", "--type=merge", "--patch", &off.to_string()], "");
    let said = refused(&ask(&namespace, "back", back(6, "another")));
    assert!(said.contains("deploy 6 is 0f0e0d0"), "{said}");
    assert_eq!(field("{.operation}"), "", "nothing was asked for");

    assert!(accepted(&ask(&namespace, "back", back(6, to))));
    assert_eq!(field("{.operation.sync.revision}"), to);
    assert_eq!(field("{.operation.sync.source.path} {.operation.info[0].value}"), "overlays/production 7-1");
    assert_eq!(field("{.operation.sync.syncStrategy}"), r#"{"apply":{}}"#);
    let said = refused(&ask(&namespace, "back", back(6, to)));
    assert!(said.contains("another operation is asked for or runs"), "{said}");

    // Without any policy at all its absence is what is tested.
    make(&namespace, "bare", &json!({ "spec": { "syncPolicy": null }, "status": { "history": history } }));
    assert!(accepted(&ask(&namespace, "bare", back(6, to))));
}
