//! How Kubernetes' own kinds are read: where they are listed and watched (apis.md §3.8).

use crate::model::{Kind, Name};
use crate::net::segment;

/// Path and fixed query of a list; `None` for a kind of another system. A single namespace is read
/// as a list of one, so that it can be watched like everything else.
#[must_use]
pub fn list(kind: Kind, namespace: Option<&Name>) -> Option<(String, String)> {
    let root = match kind {
        Kind::Namespace => {
            let query = namespace.map(|name| format!("fieldSelector=metadata.name%3D{}", segment(name.raw())));
            return Some(("/api/v1/namespaces".to_owned(), query.unwrap_or_default()));
        }
        Kind::Pod | Kind::Event | Kind::ResourceQuota => "/api/v1",
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet => "/apis/apps/v1",
        Kind::BatchJob => "/apis/batch/v1",
        Kind::HorizontalPodAutoscaler => "/apis/autoscaling/v2",
        Kind::PodDisruptionBudget => "/apis/policy/v1",
        Kind::NetworkPolicy => "/apis/networking.k8s.io/v1",
        // Every node renews one of its own every few seconds: only those that say what they are.
        Kind::Lease => {
            let place = crate::systems::collection("/apis/coordination.k8s.io/v1", kind, namespace);
            return Some((place, "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dquarterdeck".to_owned()));
        }
        _ => return None,
    };
    Some((crate::systems::collection(root, kind, namespace), String::new()))
}
