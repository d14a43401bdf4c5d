//! Repositories that are read with the program `git`: what their overlays pin, and how two commits stand.

pub mod watch;
