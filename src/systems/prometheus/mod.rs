//! Prometheus and what speaks its API.
//!
//! | What | Where |
//! |---|---|
//! | answers to series, rules, alerts | [`ingest`] |
//! | which objectives Sloth's rules tell of | [`discover`] |
//! | readings to an objective with its figures | [`ingest_slo`] |
//! | asked again and again | `watch`, `slos`, `poll` |

pub mod discover;
pub mod ingest;
pub mod ingest_slo;
mod poll;
mod slos;
pub mod watch;
