//! GitHub Actions.

pub mod watch;
