//! Kubernetes itself: namespaces, Deployments, ReplicaSets, pods, events, logs.

pub mod ingest;
pub mod ingest_beside;
pub mod ingest_pod;
pub mod ingest_workload;
pub(crate) mod nodes;
pub mod perform;
mod quantity;
pub mod tail;
pub mod watch;
