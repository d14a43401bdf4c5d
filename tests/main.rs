//! One test binary; a module for each kind of test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(
    clippy::needless_pass_by_value,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "helpers of tests read better so"
)]

mod cli;
mod containers;
mod demo;
mod faults;
mod flows;
mod ingest;
mod journal;
mod layers;
mod live;
mod logs;
mod props;
#[allow(dead_code, reason = "a harness offers more than the tests of one day use")]
mod pty;
mod rustci;
mod screens;
mod slo;
mod terminal;
#[cfg(test)]
mod text;
mod update;
