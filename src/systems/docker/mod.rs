//! Docker Engine: containers, their states and logs. Nothing is ever changed.

mod frames;
pub mod ingest;
pub mod tail;
pub mod watch;

pub use frames::Frames;
