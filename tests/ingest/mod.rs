//! Ingest and the queries over it, against what real servers and the field's own tools said.

mod approvals;
mod asides;
pub mod blockers;
mod differences;
mod extremes;
mod frames;
mod github;
pub mod golden;
mod image_users;
mod odd;
mod prometheus;
mod routing;
pub mod served;
pub mod shown;
pub mod tekton;
mod workloads;
pub mod world;
