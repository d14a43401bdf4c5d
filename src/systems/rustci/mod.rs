//! RustCI.

mod detail;
pub mod ingest;
mod ingest_wire;
pub mod lines;
pub mod log;
pub(super) mod perform;
pub mod watch;

use crate::net::segment;

/// Every execution of every pipeline; the server knows no pages.
const EXECUTIONS: &str = "/api/ci/executions";
const PIPELINES: &str = "/api/ci/pipelines";

/// The path of the list of pipelines, to see whether it may be read.
#[must_use]
pub const fn first() -> &'static str {
    PIPELINES
}

fn execution_path(id: &str) -> String {
    format!("{EXECUTIONS}/{}", segment(id))
}
