//! Docker Engine: containers, their states, logs and what they take; restart and pull, and images that are
//! built and pushed by it.

pub(crate) mod builds;
mod frames;
pub mod ingest;
pub mod ingest_said;
pub(crate) mod perform;
mod stats;
pub mod tail;
pub mod watch;
mod words;

pub use frames::Frames;
