//! The network at its worst, on the loopback: a server that answers as it is told, and a proxy that
//! breaks connections in every way (reliability.md §6).

pub mod proxy;
pub mod server;
pub mod support;

mod credentials;
mod engine;
mod github;
pub mod github_asides;
mod github_beside;
mod github_beside_ways;
pub mod github_dispatch;
mod github_dispatch_ways;
mod github_drift;
mod github_names;
mod github_older;
mod github_pace;
pub mod github_reviews;
mod github_ways;
mod github_words;
pub mod github_writes;
mod grafana;
mod helm;
mod histories;
pub mod hub;
mod loki;
mod long_log;
mod objectives;
mod odd_prometheus;
mod pinned;
pub mod prometheus;
mod prometheus_asked;
mod prometheus_values;
mod prometheus_ways;
pub mod reading;
mod reads;
mod registry;
mod registry_ways;
mod secrets;
mod stale;
mod target;
mod tekton_start;
pub mod tls;
pub mod watches;
mod watches_odd;
mod ways;
mod writes;
