//! `…/scale` of a workload: what a person or an autoscaler sets its replicas through.

use serde_json::{Value, json};

use crate::demo::kinds::{Kind, Row};
use crate::demo::value::{at, set};

/// Kinds that have one.
pub(super) fn is_scaled(row: &Row) -> bool {
    matches!(row.kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::Rollout)
}

/// The Scale of an object: it has its uid and its version.
pub(super) fn of(object: &Value) -> Value {
    let meta = at(object, "/metadata");
    let kept = |field: &str| meta.get(field).cloned().unwrap_or(Value::Null);
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": { "name": kept("name"), "namespace": kept("namespace"), "uid": kept("uid"),
            "resourceVersion": kept("resourceVersion"), "creationTimestamp": kept("creationTimestamp") },
        "spec": { "replicas": at(object, "/spec/replicas") },
        "status": { "replicas": at(object, "/status/replicas") },
    })
}

/// The object as its Scale wants it; what else the Scale says of it counts as well, so that a wrong version is a conflict.
pub(super) fn put(object: &Value, scale: &Value) -> Value {
    let mut wanted = object.clone();
    for field in ["/spec/replicas", "/metadata/uid", "/metadata/resourceVersion"] {
        set(&mut wanted, field, at(scale, field).clone());
    }
    wanted
}
