//! Prometheus and what speaks its API.

pub mod watch;
