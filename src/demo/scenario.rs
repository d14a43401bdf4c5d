//! A scenario file: what runs where, what was deployed when, how the regression grows. Data only;
//! `world.rs` plays it.

use jiff::Timestamp;
use serde::Deserialize;

use super::DemoError;
use super::value::seconds;

/// A scenario as its file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// The world's wall time at the first moment that is shown.
    pub(super) opens: Timestamp,
    /// World seconds in one second of the machine.
    pub(super) speed: f64,
    pub(super) namespaces: Vec<Namespace>,
    pub(super) workloads: Vec<Workload>,
    /// What somebody deployed, in order.
    pub(super) deploys: Vec<Deploy>,
    /// What keeps happening after the opening.
    #[serde(default)]
    pub(super) repeats: Vec<Repeat>,
    pub(super) traffic: Traffic,
    /// The metrics of the AnalysisTemplates, by the template's name.
    pub(super) templates: Vec<Template>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Namespace {
    pub(super) name: String,
    pub(super) environment: String,
}

/// How a workload is rolled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Strategy {
    Canary,
    BlueGreen,
    Deployment,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workload {
    pub(super) strategy: Strategy,
    /// `namespace/name`.
    pub(super) name: String,
    pub(super) replicas: i64,
    pub(super) image: String,
    /// Canary: the steps as the Rollout's spec has them.
    #[serde(default)]
    pub(super) steps: Vec<serde_json::Value>,
}

impl Workload {
    /// Namespace and name.
    pub(super) fn parts(&self) -> (&str, &str) {
        self.name.split_once('/').unwrap_or(("default", &self.name))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deploy {
    /// Relative to the opening: `-9d`, `-14m`.
    pub(super) at: String,
    pub(super) workload: String,
    pub(super) version: String,
    /// Promoted in full at once, as an emergency or a first deploy is.
    #[serde(default)]
    pub(super) full: bool,
    /// The containers of this version exit at start.
    #[serde(default)]
    pub(super) crashes: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Repeat {
    pub(super) from: String,
    pub(super) every: String,
    pub(super) workload: String,
    /// Deployed in turn.
    pub(super) versions: Vec<String>,
}

/// Traffic of the watched service and how the bad version answers it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Traffic {
    /// `namespace/name` of the rollout.
    pub(super) workload: String,
    pub(super) requests_per_second: f64,
    /// Share of failed requests of a good version.
    pub(super) base_ratio: f64,
    /// The version that fails.
    pub(super) bad_version: String,
    /// It begins to fail when this share of the traffic, in percent, reaches it.
    pub(super) from_weight: i64,
    /// The share grows by this in each minute …
    pub(super) growth_per_minute: f64,
    /// … to this.
    pub(super) ceiling: f64,
    /// Minutes that the metric's query looks back.
    pub(super) window_minutes: i64,
    /// 95th percentile of a good answer, seconds.
    pub(super) latency_p95: f64,
    /// Lines that one pod logs in a second.
    pub(super) log_lines_per_second: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    pub(super) name: String,
    pub(super) metrics: Vec<Metric>,
}

/// What a metric of an analysis measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Measure {
    ErrorRate,
    LatencyP95,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) measures: Measure,
    pub(super) query: String,
    /// The measurement is Successful up to and including this.
    pub(super) at_most: f64,
    pub(super) interval: String,
    pub(super) count: i64,
    pub(super) failure_limit: i64,
}

impl Scenario {
    /// Reads and checks a scenario file.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, DemoError> {
        let broken = |reason: String| DemoError::Scenario { scenario: name.to_owned(), reason };
        let scenario: Self = serde_yaml::from_str(text).map_err(|error| broken(error.to_string()))?;
        let spans = scenario.deploys.iter().map(|it| &it.at);
        let spans = spans.chain(scenario.repeats.iter().flat_map(|it| [&it.from, &it.every]));
        let metrics = scenario.templates.iter().flat_map(|it| &it.metrics).map(|it| &it.interval);
        if let Some(bad) = spans.chain(metrics).find(|span| seconds(span).is_none()) {
            return Err(broken(format!("{bad:?} is no span of time; write 90s, 5m, 2h or 9d")));
        }
        let named =
            scenario.deploys.iter().map(|it| &it.workload).chain(scenario.repeats.iter().map(|it| &it.workload));
        if let Some(bad) = named.into_iter().find(|name| !scenario.workloads.iter().any(|it| it.name == **name)) {
            return Err(broken(format!("no workload is named {bad:?}")));
        }
        Ok(scenario)
    }

    /// The metrics of a template.
    pub(super) fn metrics(&self, template: &str) -> &[Metric] {
        self.templates.iter().find(|it| it.name == template).map_or(&[], |it| &it.metrics)
    }
}
