//! Loki: lines of pods that are gone (apis.md §8.2).

pub mod ingest;
pub mod query;
pub mod tail;
pub(super) mod watch;
