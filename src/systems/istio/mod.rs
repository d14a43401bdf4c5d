//! Istio: the objects that a Rollout's weights stand in, read where it is installed (apis.md §4).

pub mod ingest;
pub mod watch;
