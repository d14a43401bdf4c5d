//! The arithmetic of objectives and canaries against worked examples (slo.md §1.8, §3.4, §7).

mod budget;
mod openslo;
mod promql;
mod reading;
mod series;
mod stats;
