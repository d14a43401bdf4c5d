//! Leases that say who works on a service, on a real API server: only those that are labelled are read.

use serde_json::json;

use super::cluster::{Cluster, status};

#[test]
fn a_lock_that_somebody_holds_is_told_and_one_that_ran_out_is_not() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("dev");
    for service in ["held", "over", "unlabelled"] {
        let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": service }, "spec": {
            "replicas": 0, "selector": { "matchLabels": { "app": service } }, "template": {
                "metadata": { "labels": { "app": service } }, "spec": { "containers": [{ "name": "app", "image": "shop/app:1" }] } } } });
        namespace.kubectl(&["create", "-f", "-"], &deployment.to_string());
        let renewed = if service == "over" { "2020-01-01T00:00:00.000000Z" } else { "2100-01-01T00:00:00.000000Z" };
        let mut lease = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": service },
            "spec": { "holderIdentity": "Ana", "leaseDurationSeconds": 90, "acquireTime": "2020-01-01T00:00:00.000000Z", "renewTime": renewed } });
        if service != "unlabelled" {
            lease["metadata"]["labels"] =
                json!({ "app.kubernetes.io/managed-by": "quarterdeck", "app.kubernetes.io/name": service });
        }
        namespace.kubectl(&["create", "-f", "-"], &lease.to_string());
    }
    let told = status(&cluster.kubeconfig, &["--namespace", &namespace.name]);
    let rows = told["blocked"].as_array().expect("blocked");
    let locks: Vec<_> = rows.iter().filter(|row| row["reason"] == "lock").map(|row| &row["name"]).collect();
    assert_eq!(locks, [&json!("held")], "{}", told["blocked"]);
}
