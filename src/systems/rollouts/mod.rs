//! Argo Rollouts: Rollouts, AnalysisRuns, Experiments.

pub mod ingest;
pub mod ingest_analysis;
mod ingest_routing;
mod ingest_step;
pub mod perform;
pub mod watch;
