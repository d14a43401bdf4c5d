//! The world as data: the document of `quarterdeck status --json`, made from the same state as the
//! screens. Absent = not known, null = known to be none; times RFC 3339 UTC; ages in seconds.
//! Names stand as the systems write them (JSON escapes what must be); messages as they are shown.

mod beside;
mod controlled;
mod routing;
mod sources;
mod standing;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::freshness::{self, Freshness};
use super::matrix::Workload;
use super::rollout_info::{Counts, ExperimentInfo, ReplicaSetInfo, Revision, RolloutInfo};
use super::{State, blocker, deployment_status, environment, optional, rollout_info, verbs};
use crate::action::Operation;
use crate::command::Command;
use crate::model::kubernetes::{Deployment, Replicas, RolloutVerdict};
use crate::model::rollouts::{AnalysisRun, Rollout};
use crate::model::source::SourceScope;
use crate::model::{Kind, SourceId, SystemId};
pub use beside::{PoolRow, SecurityRow, SeverityRow};
pub use controlled::ControlledRow;
pub use routing::RoutingRow;
pub use sources::{BurnRow, ContainerRow, JobRow, JobStepRow, ReviewerRow, RunRow, SloRow, WaitingRow};
pub use standing::{DriftRow, HoldRow, StandingRow};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u32,
    pub at: Timestamp,
    pub sources: Vec<Source>,
    pub rollouts: Vec<RolloutRow>,
    pub deployments: Vec<DeploymentRow>,
    /// StatefulSets, DaemonSets and Jobs.
    pub workloads: Vec<ControlledRow>,
    pub runs: Vec<RunRow>,
    pub slos: Vec<SloRow>,
    /// What jobs of GitHub run on, by labels.
    pub runners: Vec<PoolRow>,
    /// Of each repository, read or not.
    pub security: Vec<SecurityRow>,
    pub containers: Vec<ContainerRow>,
    pub blocked: Vec<BlockedRow>,
    pub waiting: Vec<WaitingRow>,
    pub operations: Vec<OperationRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    pub system: &'static str,
    pub target: String,
    /// `connecting`, `live`, `stale`, `denied`, `absent` or `failed`.
    pub status: &'static str,
    /// Since it was last heard of; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<f64>,
    pub message: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RolloutRow {
    pub cluster: String,
    pub namespace: String,
    pub name: String,
    pub environment: String,
    /// `Canary`, `BlueGreen`; null when the spec has neither.
    pub strategy: Option<&'static str>,
    pub status: String,
    /// Null when there is nothing to say.
    pub message: Option<String>,
    pub step: Option<StepRow>,
    pub weight: Option<WeightRow>,
    /// What Istio carries of it; absent without Istio.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routing: Vec<RoutingRow>,
    pub images: Vec<ImageRow>,
    pub replicas: ReplicasRow,
    pub revisions: Vec<RevisionRow>,
    #[serde(flatten)]
    pub standing: StandingRow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StepRow {
    pub index: i64,
    pub count: usize,
}

/// In the units of the Rollout: percent unless `maxTrafficWeight` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WeightRow {
    pub set: i64,
    pub actual: i64,
    /// What all traffic is called: `maxTrafficWeight`, 100 unless it is set.
    pub max: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageRow {
    pub image: String,
    pub tags: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ReplicasRow {
    pub desired: i64,
    pub current: i64,
    pub updated: i64,
    pub ready: i64,
    pub available: i64,
}

impl From<Replicas> for ReplicasRow {
    fn from(replicas: Replicas) -> Self {
        let Replicas { desired, current, updated, ready, available } = replicas;
        Self { desired, current, updated, ready, available }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevisionRow {
    pub revision: i64,
    pub children: Vec<Child>,
}

/// A row of the tree, in the plug-in's order: ReplicaSets, Experiments, AnalysisRuns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind")]
pub enum Child {
    ReplicaSet {
        name: String,
        status: &'static str,
        tags: Vec<&'static str>,
        /// `delay:` of the plug-in, as a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        scale_down_at: Option<Timestamp>,
        children: Vec<Child>,
    },
    Pod {
        name: String,
        status: String,
        ready: String,
        restarts: u32,
    },
    AnalysisRun {
        name: String,
        status: String,
        counts: CountsRow,
        /// Kubernetes Jobs that measure; absent when there are none.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        children: Vec<Child>,
    },
    Job {
        name: String,
        status: String,
    },
    Experiment {
        name: String,
        status: String,
        children: Vec<Child>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CountsRow {
    pub successful: i64,
    pub failed: i64,
    pub inconclusive: i64,
    pub error: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeploymentRow {
    pub cluster: String,
    pub namespace: String,
    pub name: String,
    pub environment: String,
    pub rollout: VerdictRow,
    pub replicas: ReplicasRow,
    pub images: Vec<String>,
    #[serde(flatten)]
    pub standing: StandingRow,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictRow {
    /// `complete`, `progressing` or `failed`.
    pub status: &'static str,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BlockedRow {
    /// `Source` where a whole source is the trouble; then without namespace and name.
    pub kind: &'static str,
    pub cluster: String,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    pub sentence: String,
    /// What a person can do here; null when nothing can be done from here.
    pub unblock: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationRow {
    pub id: String,
    pub action: &'static str,
    pub object: String,
    pub outcome: &'static str,
}

/// The whole document.
#[must_use]
pub fn report(state: &State) -> Report {
    let world = &state.world;
    Report {
        version: 1,
        at: state.now.wall,
        sources: world.sources.iter().flat_map(|source| source_rows(state, source)).collect(),
        rollouts: world.rollouts.rows().iter().map(|row| rollout(state, row)).collect(),
        deployments: world.deployments.rows().iter().map(|row| deployment(state, row)).collect(),
        workloads: controlled::rows(state),
        runs: sources::runs(state),
        slos: sources::slos(state),
        runners: beside::runners(state),
        security: beside::security(state),
        containers: sources::containers(state),
        blocked: blocker::blockers(state).iter().map(|row| blocked(state, row)).collect(),
        waiting: sources::waiting(state),
        operations: state.operations.iter().map(operation).collect(),
    }
}

fn cluster_name(state: &State, id: SourceId) -> String {
    state.world.source(id).map(|cluster| cluster.name.raw().to_owned()).unwrap_or_default()
}

fn source_rows(state: &State, cluster: &SourceScope) -> impl Iterator<Item = Source> {
    // Of what many clusters do not have nothing is said where it is not.
    let told = |system: &&SystemId| !system.is_optional() || optional::is_in(state, cluster.id, **system);
    cluster.systems().iter().filter(told).map(|system| source(state, cluster, *system))
}

fn source(state: &State, cluster: &SourceScope, system: SystemId) -> Source {
    let heard = state.world.feeds_of(cluster.id, system).filter_map(|(_, feed)| feed.heard).max();
    let freshness = freshness::of_system(state, cluster.id, system);
    let age = match &freshness {
        Freshness::Live { age, .. } => Some(*age),
        _ => heard.map(|heard| state.now.mono.saturating_sub(heard)),
    };
    let left_out = freshness.left_out();
    let (status, message) = match freshness {
        Freshness::Loading { .. } => ("connecting", None),
        Freshness::Live { .. } => ("live", left_out),
        // What can be read is live; what cannot is named.
        Freshness::Partial { why, .. } => ("live", Some(why)),
        Freshness::Stale { why, .. } => ("stale", Some(why)),
        Freshness::Denied { why } => ("denied", Some(why)),
        Freshness::Absent { why } => ("absent", Some(why)),
        Freshness::Failed { why, .. } => ("failed", Some(why)),
    };
    Source {
        system: system.as_str(),
        target: cluster.name.raw().to_owned(),
        status,
        age_seconds: age.map(|age| tenths(age.as_secs_f64())),
        message: message.map(|message| message.as_str().to_owned()),
    }
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

fn rollout(state: &State, row: &Arc<Rollout>) -> RolloutRow {
    let RolloutInfo { strategy, status, message, step, weight, images, replicas, revisions } =
        rollout_info::info(&state.world, row);
    RolloutRow {
        cluster: cluster_name(state, row.meta.cluster),
        namespace: row.meta.namespace.raw().to_owned(),
        name: row.meta.name.raw().to_owned(),
        environment: environment::of(state, row.meta.cluster, &row.meta.namespace).raw().to_owned(),
        strategy: Some(strategy).filter(|strategy| !strategy.is_empty()),
        status: status.as_str().to_owned(),
        message: Some(message.as_str().to_owned()).filter(|message| !message.is_empty()),
        step: step.map(|(index, count)| StepRow { index, count }),
        weight: weight.map(|weight| WeightRow { set: weight.set, actual: weight.actual, max: weight.max }),
        routing: routing::rows(state, row),
        images: images
            .iter()
            .map(|image| ImageRow {
                image: image.image.as_str().to_owned(),
                tags: image.tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
            })
            .collect(),
        replicas: replicas.into(),
        revisions: revisions.iter().map(revision).collect(),
        standing: standing::of(state, &Workload::Rollout(Arc::clone(row))),
    }
}

fn revision(row: &Revision) -> RevisionRow {
    let sets = row.replica_sets.iter().map(replica_set);
    let experiments = row.experiments.iter().map(experiment);
    let runs = row.analysis_runs.iter().map(|run| analysis_run(run));
    RevisionRow { revision: row.revision, children: sets.chain(experiments).chain(runs).collect() }
}

fn replica_set(row: &ReplicaSetInfo) -> Child {
    Child::ReplicaSet {
        name: row.object.meta.name.raw().to_owned(),
        status: row.status.as_str(),
        tags: row.tags.iter().map(|tag| tag.as_str()).collect(),
        scale_down_at: row.scale_down_at,
        children: row
            .pods
            .iter()
            .map(|pod| Child::Pod {
                name: pod.meta.name.raw().to_owned(),
                status: pod.status.as_str().to_owned(),
                ready: format!("{}/{}", pod.ready, pod.containers),
                restarts: pod.restarts,
            })
            .collect(),
    }
}

fn experiment(row: &ExperimentInfo) -> Child {
    let sets = row.replica_sets.iter().map(replica_set);
    let runs = row.analysis_runs.iter().map(|run| analysis_run(run));
    Child::Experiment {
        name: row.object.meta.name.raw().to_owned(),
        status: row.object.phase.as_str().to_owned(),
        children: sets.chain(runs).collect(),
    }
}

fn analysis_run(run: &AnalysisRun) -> Child {
    let Counts { successful, failed, inconclusive, error } = rollout_info::counts(run);
    Child::AnalysisRun {
        name: run.meta.name.raw().to_owned(),
        status: run.phase.as_str().to_owned(),
        counts: CountsRow { successful, failed, inconclusive, error },
        children: run
            .jobs
            .iter()
            .map(|job| Child::Job { name: job.name.raw().to_owned(), status: job.phase.as_str().to_owned() })
            .collect(),
    }
}

fn deployment(state: &State, row: &Arc<Deployment>) -> DeploymentRow {
    let status = deployment_status::status(row);
    DeploymentRow {
        cluster: cluster_name(state, row.meta.cluster),
        namespace: row.meta.namespace.raw().to_owned(),
        name: row.meta.name.raw().to_owned(),
        environment: environment::of(state, row.meta.cluster, &row.meta.namespace).raw().to_owned(),
        rollout: VerdictRow { status: verdict(status.verdict), message: status.message.as_str().to_owned() },
        replicas: row.replicas.into(),
        images: row.images.iter().map(|image| image.image.as_str().to_owned()).collect(),
        standing: standing::of(state, &Workload::Deployment(Arc::clone(row))),
    }
}

const fn verdict(verdict: RolloutVerdict) -> &'static str {
    match verdict {
        RolloutVerdict::Complete => "complete",
        RolloutVerdict::Progressing => "progressing",
        RolloutVerdict::Failed => "failed",
    }
}

/// As the rows of workloads have it.
const fn kind_word(kind: Kind) -> &'static str {
    if matches!(kind, Kind::BatchJob) { "Job" } else { kind.as_str() }
}

fn blocked(state: &State, row: &blocker::Blocker) -> BlockedRow {
    BlockedRow {
        kind: row.object.as_ref().map_or("Source", |object| kind_word(object.kind)),
        cluster: cluster_name(state, row.cluster),
        namespace: row.object.as_ref().map(|object| object.namespace.raw().to_owned()),
        name: row.object.as_ref().map(|object| object.name.raw().to_owned()),
        reason: row.reason.as_str(),
        since: row.since,
        sentence: row.sentence.as_str().to_owned(),
        unblock: unblock(&row.keys).or_else(|| row.reason.step().map(str::to_owned)),
    }
}

/// `promote or abort`; looking changes nothing.
fn unblock(keys: &[Command]) -> Option<String> {
    let asked = keys.iter().filter(|command| verbs::is_verb(**command));
    let names: Vec<&str> = asked.map(|command| command.row().name).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

fn operation(row: &Operation) -> OperationRow {
    let target = &row.action.target;
    OperationRow {
        id: row.id.0.clone(),
        action: row.action.change.verb().as_str(),
        object: format!("{}/{}", target.namespace.raw(), target.name.raw()),
        outcome: row.outcome.as_str(),
    }
}
