//! Argo CD: Applications and the sync windows of their projects, read from the cluster they live in (apis.md §2).

pub mod ingest;
pub mod ingest_project;
pub(super) mod perform;
mod rollback;
pub mod watch;
