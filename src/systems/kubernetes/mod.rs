//! Kubernetes itself: namespaces, Deployments, ReplicaSets, pods, events, logs.

pub mod ingest;
pub mod ingest_pod;
pub mod perform;
pub mod tail;
pub mod watch;
