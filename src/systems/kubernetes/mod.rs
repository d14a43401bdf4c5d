//! Kubernetes itself: namespaces, Deployments, ReplicaSets, pods, events, logs.

pub(crate) mod access;
mod describe;
pub mod ingest;
pub mod ingest_beside;
pub mod ingest_pod;
pub mod ingest_workload;
pub(crate) mod merged;
pub(crate) mod nodes;
pub mod perform;
mod quantity;
pub(super) mod revisions;
pub(crate) mod sheet;
pub mod tail;
pub mod watch;
pub(super) mod yaml;
