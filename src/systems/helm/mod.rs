//! Helm: its releases are Secrets of a cluster; only the program itself may change one (apis.md §3.13).

pub mod content;
pub mod ingest;
pub mod perform;
pub mod watch;
