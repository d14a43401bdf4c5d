//! Argo CD: Applications and the sync windows of their projects, read from the cluster they live
//! in (apis.md §2), and where objects differ, from its server where that is named, which then is what they are asked by.

pub mod ingest;
pub mod ingest_differences;
pub mod ingest_project;
pub mod ingest_server;
pub(super) mod perform;
pub(super) mod request;
mod rollback;
mod served;
pub(super) mod server;
pub mod watch;
