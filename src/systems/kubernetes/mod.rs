//! Kubernetes itself: namespaces, Deployments, ReplicaSets, pods, events, logs.

pub mod ingest;
pub mod ingest_pod;
pub(crate) mod nodes;
pub mod perform;
pub mod tail;
pub mod watch;
