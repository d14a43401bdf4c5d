//! Docker Engine.

pub mod watch;
