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
    /// Runs of workflows beside those that built what is deployed.
    #[serde(default)]
    pub(super) builds: Vec<Build>,
    /// Images that are for other platforms than usual.
    #[serde(default)]
    pub(super) images: Vec<Image>,
    /// Images that are built from folders of a repository.
    #[serde(default)]
    pub(super) catalogue: Vec<FromFolder>,
    /// What the services ask of their images.
    #[serde(default)]
    pub(super) platforms: Vec<String>,
    /// Where pods run, in the order in which they are taken; a few of one kind when empty.
    #[serde(default)]
    pub(super) nodes: Vec<Node>,
    /// What its RustCI server runs; without any there is none.
    #[serde(default)]
    pub(super) executions: Vec<Execution>,
    /// What its Tekton runs; without any it is not installed.
    #[serde(default)]
    pub(super) pipeline_runs: Vec<super::tekton::Start>,
    /// What Argo CD keeps; without any it is not installed.
    #[serde(default)]
    pub(super) applications: Vec<super::argocd::Plan>,
    #[serde(default)]
    pub(super) projects: Vec<super::argocd::Project>,
    /// What Helm keeps.
    #[serde(default)]
    pub(super) releases: Vec<super::helm::Plan>,
    /// HorizontalPodAutoscalers, moment by moment.
    #[serde(default)]
    pub(super) autoscalers: Vec<super::autoscalers::Plan>,
    /// Others use the same hour of GitHub's.
    pub(super) quota: Option<Quota>,
    pub(super) traffic: Traffic,
    /// The metrics of the AnalysisTemplates, by the template's name.
    pub(super) templates: Vec<Template>,
    /// What the services promise, and how they keep it.
    #[serde(default)]
    pub(super) objectives: Vec<Objective>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Namespace {
    pub(super) name: String,
    pub(super) environment: String,
}

/// An image by its whole name, and what it is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Image {
    pub(super) name: String,
    pub(super) platforms: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) platform: String,
}

/// An image that is built from a folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromFolder {
    /// `ghcr.io/shop/python`.
    pub image: String,
    pub repository: String,
    pub folder: String,
    /// The file of the workflow that builds it.
    pub workflow: String,
    /// Commits that changed the folder, oldest first.
    pub(super) changed: Vec<Changed>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changed {
    /// Relative to the opening.
    pub(super) at: String,
    pub(super) title: String,
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

/// A run of a workflow.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Build {
    /// Relative to the opening.
    pub(super) at: String,
    pub(super) repository: String,
    pub(super) workflow: String,
    pub(super) branch: String,
    /// First lines of commits; the next one each time it comes again.
    pub(super) titles: Vec<String>,
    /// What it builds: its commit is that of the version's release.
    pub(super) version: Option<String>,
    /// It comes again after this, and then passes.
    pub(super) every: Option<String>,
    /// Begun by the clock, not by a push.
    #[serde(default)]
    pub(super) schedule: bool,
    /// Who pushed it; one of the people when absent.
    pub(super) by: Option<By>,
    pub(super) fails: Option<super::github::Fault>,
    pub(super) ships: Option<Ships>,
}

/// An execution of a pipeline of the RustCI server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Execution {
    /// Relative to the opening.
    pub(super) at: String,
    pub(super) pipeline: String,
    /// `manual`, `webhook`, `schedule`.
    pub(super) trigger: String,
    pub(super) by: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) commit: Option<String>,
    /// The step that fails.
    pub(super) fails: Option<String>,
}

/// What is left of GitHub's hour. Times count from the opening.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quota {
    left: u64,
    /// The next hour begins.
    reset: String,
    others_per_second: f64,
    /// The secondary limit is met then, for so long.
    paused_at: String,
    paused_for: String,
}

impl Quota {
    pub(super) fn pressure(&self, opens: Timestamp) -> super::github::Pressure {
        let after = |span: &str| {
            let seconds = seconds(span).unwrap_or_default();
            opens.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(opens)
        };
        let pause = after(&self.paused_at);
        let end = std::time::Duration::from_secs(seconds(&self.paused_for).unwrap_or_default().unsigned_abs());
        super::github::Pressure {
            since: Some(opens),
            left: self.left,
            until: Some(after(&self.reset)),
            others_per_second: self.others_per_second,
            paused: Some((pause, super::value::later(pause, end))),
        }
    }
}

/// Somebody by name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum By {
    /// Who looks at the demo.
    Demo,
}

/// When this job passes, a workload gets the version that was built.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ships {
    pub(super) job: String,
    pub(super) workload: String,
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
    /// So many minutes after that.
    #[serde(default)]
    pub(super) fails_after_minutes: i64,
    /// The share grows by this in each minute …
    pub(super) growth_per_minute: f64,
    /// … to this.
    pub(super) ceiling: f64,
    /// 95th percentile of the new version's answers, seconds.
    pub(super) latency_p95: f64,
    /// Lines that one pod logs in a second.
    pub(super) log_lines_per_second: f64,
}

/// A service level objective: Prometheus has the service's counters and the rules that Sloth writes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Objective {
    pub(super) service: String,
    /// `availability`, or `latency`: the share of answers within 0.3 s.
    pub(super) name: String,
    /// Percent, as Sloth's label has it: `"99.9"`.
    #[serde(rename = "objective")]
    pub(super) percent: String,
    /// Of the service; for the watched workload those of the traffic.
    #[serde(default)]
    pub(super) requests_per_second: f64,
    /// Share of bad requests, always; for the watched workload that of the traffic.
    #[serde(default)]
    pub(super) bad: f64,
    /// The share since a while.
    pub(super) lately: Option<Lately>,
    /// A file defines it, and Sloth writes no rules for it.
    #[serde(default)]
    pub(super) of_file: bool,
    /// Of the budget at the opening. What the shares do not explain was an outage …
    pub(super) consumed: f64,
    /// … of two hours that began then.
    pub(super) outage: String,
    /// How the rule of the whole window counts.
    #[serde(default)]
    pub(super) counts: Counts,
    /// The last request came then.
    pub(super) idle_since: Option<String>,
    /// The last sample of every series of the service was taken then.
    pub(super) gone_since: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lately {
    pub(super) since: String,
    /// Until now when `None`.
    pub(super) lasts: Option<String>,
    pub(super) bad: f64,
}

/// Sloth's rule of the whole window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Counts {
    /// The mean of the ratios of 5 minutes, as Sloth writes it by default.
    #[default]
    Ratios,
    /// Bad events of all events, as Sloth writes it when its optimised rules are turned off.
    Events,
}

impl Objective {
    /// As Sloth makes it.
    pub(super) fn id(&self) -> String {
        format!("{}-{}", self.service, self.name)
    }

    /// The error budget, computed in decimals: 0.001 for 99.9.
    pub(super) fn budget(&self) -> f64 {
        let percent: f64 = self.percent.parse().unwrap_or_default();
        ((100.0 - percent) * 1e7).round() / 1e9
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    pub(super) name: String,
    pub(super) metrics: Vec<Metric>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) query: String,
    /// The measurement is Successful up to and including this.
    pub(super) at_most: Option<f64>,
    /// The same from this on.
    pub(super) at_least: Option<f64>,
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
        let spans = spans.chain(scenario.builds.iter().flat_map(|it| [Some(&it.at), it.every.as_ref()]).flatten());
        let spans = spans.chain(scenario.executions.iter().map(|it| &it.at));
        let starts =
            scenario.pipeline_runs.iter().flat_map(|it| [Some(&it.at), it.every.as_ref()].into_iter().flatten());
        let spans = spans.chain(starts);
        let spans = spans.chain(scenario.quota.iter().flat_map(|it| [&it.reset, &it.paused_at, &it.paused_for]));
        let spans = spans.chain(scenario.catalogue.iter().flat_map(|it| &it.changed).map(|it| &it.at));
        let spans = spans.chain(scenario.autoscalers.iter().flat_map(|it| &it.moments).map(|it| &it.at));
        let metrics = scenario.templates.iter().flat_map(|it| &it.metrics).map(|it| &it.interval);
        let objectives = scenario.objectives.iter().flat_map(|it| {
            let lately = it.lately.as_ref().map(|it| &it.since);
            let lasts = it.lately.as_ref().and_then(|it| it.lasts.as_ref());
            [Some(&it.outage), it.idle_since.as_ref(), it.gone_since.as_ref(), lately, lasts].into_iter().flatten()
        });
        if let Some(bad) = spans.chain(metrics).chain(objectives).find(|span| seconds(span).is_none()) {
            return Err(broken(format!("{bad:?} is no span of time; write 90s, 5m, 2h or 9d")));
        }
        let named =
            scenario.deploys.iter().map(|it| &it.workload).chain(scenario.repeats.iter().map(|it| &it.workload));
        let named = named.chain(scenario.autoscalers.iter().map(|it| &it.workload));
        let shipped = scenario.builds.iter().filter_map(|it| it.ships.as_ref());
        let mut named = named.chain(shipped.map(|it| &it.workload));
        if let Some(bad) = named.find(|name| !scenario.workloads.iter().any(|it| it.name == **name)) {
            return Err(broken(format!("no workload is named {bad:?}")));
        }
        Ok(scenario)
    }

    /// The metrics of a template.
    pub(super) fn metrics(&self, template: &str) -> &[Metric] {
        self.templates.iter().find(|it| it.name == template).map_or(&[], |it| &it.metrics)
    }
}
