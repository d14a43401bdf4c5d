//! Argo CD: Applications, read from the cluster they live in (apis.md §2).

pub mod ingest;
pub(super) mod perform;
mod rollback;
pub mod watch;
