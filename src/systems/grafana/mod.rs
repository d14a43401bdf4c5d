//! Grafana: an annotation for each deployment (apis.md §8.1).

pub mod ingest;
pub(super) mod perform;
pub(super) mod watch;
