//! Service level objectives as arithmetic: budget, burn, time to exhaustion, canary statistics, queries
//! made from other queries (slo.md §1, §3.4). Pure; ratios are 0..1, spans are seconds.

pub mod budget;
pub mod events;
pub mod openslo;
pub mod promql;
pub mod reading;
pub mod series;
pub mod stats;
