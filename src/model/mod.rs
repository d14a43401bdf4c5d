//! The domain as plain data, in the field's words. Facts only (times, counts, enums); words and
//! ages are made from them at the last moment. Uses nothing but std, jiff, serde and [`crate::text`].

pub mod access;
pub mod applications;
pub mod approvals;
pub mod asides;
pub mod builds;
pub mod cron;
pub mod differences;
pub mod docker;
pub mod dockerfile;
pub mod dockerignore;
pub mod durations;
pub mod gitops;
pub mod globs;
pub mod helm;
mod ids;
pub mod images;
pub mod interest;
pub mod kubernetes;
pub mod listed;
pub mod log;
pub mod masked;
pub mod nodes;
pub mod notify;
pub mod pipelines;
pub mod projects;
pub mod revisions;
pub mod rollouts;
pub mod routing;
pub mod runners;
pub mod schedule;
pub mod scope;
pub mod security;
pub mod slo;
pub mod source;
pub mod tekton;
mod upstream;
pub mod workflows;
pub mod workloads;

use std::time::Duration;

use jiff::Timestamp;

pub use ids::{Kind, Name, ObjectId, SourceId, Uid};
pub use upstream::SystemId;

/// The time, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, for ages of objects and for the footer. In the demo it runs faster.
    pub wall: Timestamp,
    /// Since the program started, monotonic, never scaled: freshness, deadlines, arming delays.
    pub mono: Duration,
}
