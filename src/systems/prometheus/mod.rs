//! Prometheus and what speaks its API.
//!
//! | What | Where |
//! |---|---|
//! | answers to series, rules, alerts | [`ingest`] |
//! | which objectives Sloth's rules tell of | [`discover`] |
//! | readings to an objective with its figures | [`ingest_slo`] |
//! | objectives of the configuration's files | `objective` |
//! | the canary beside the stable arm, budget spent, charts | `compare` |
//! | the mean over a window with idle spells | `idle` |
//! | asked again and again | `watch`, `slos`, `poll` |

mod compare;
pub mod discover;
mod idle;
pub mod ingest;
pub mod ingest_slo;
mod objective;
mod poll;
mod slos;
pub mod watch;
