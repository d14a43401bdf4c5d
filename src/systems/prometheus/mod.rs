//! Prometheus and what speaks its API.
//!
//! | What | Where |
//! |---|---|
//! | answers to series, rules, alerts | [`ingest`] |
//! | which objectives Sloth's rules tell of | [`discover`], [`rules`] |
//! | readings to an objective with its figures | [`ingest_slo`] |
//! | objectives of the configuration's files | `objective`, `batch` |
//! | the canary beside the stable arm, budget spent | `compare` |
//! | charts | `chart` |
//! | the mean over a window with idle spells, since when nobody asks | `idle` |
//! | whether enough events say that it burns | `evidence` |
//! | asked again and again | `watch`, `slos`, `compose`, `poll` |

mod batch;
mod chart;
mod compare;
mod compose;
pub mod discover;
mod evidence;
mod idle;
pub mod ingest;
pub mod ingest_slo;
mod objective;
mod poll;
pub mod rules;
mod slos;
pub mod watch;
