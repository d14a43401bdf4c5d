//! Argo CD's own definition on a real API server; the test plays its controller and writes status.

use serde_json::{Value, json};

use super::cluster::{Cluster, Namespace, status};
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
