//! Tekton: PipelineRuns, their TaskRuns and the pods that run the steps (apis.md §5).

pub mod ingest;
pub mod ingest_task;
pub(super) mod perform;
pub(super) mod start;
pub mod tail;
pub mod watch;
mod words;

/// Root of the API group.
const ROOT: &str = "/apis/tekton.dev/v1";
