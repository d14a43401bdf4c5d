//! What `kubectl argo rollouts get rollout` shows of a Rollout: a port of the plug-in's `info/`
//! (v1.9.2, apis.md §1.8). The cost is that of the Rollout's own objects.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{World, rollout_phase};
use crate::model::Uid;
use crate::model::kubernetes::{Pod, ReplicaSet, Replicas};
use crate::model::rollouts::{AnalysisRun, Experiment, Rollout, Strategy};
use crate::safe;
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutInfo {
    /// `Canary`, `BlueGreen`, or empty when the spec has neither.
    pub strategy: &'static str,
    pub status: Safe,
    pub message: Safe,
    /// Index of the current step and the number of steps; the index is their number when all are done.
    pub step: Option<(i64, usize)>,
    /// Set and actual weight of a canary, out of `max_weight`.
    pub weight: Option<Weight>,
    pub images: Vec<Image>,
    pub replicas: Replicas,
    /// Newest first.
    pub revisions: Vec<Revision>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    pub set: i64,
    pub actual: i64,
    pub max: i64,
}

impl Weight {
    /// What the canary has of all traffic.
    #[must_use]
    pub fn actual_percent(self) -> Safe {
        rollout_phase::percent_of(self.actual, self.max)
    }

    /// What the steps ask for.
    #[must_use]
    pub fn set_percent(self) -> Safe {
        rollout_phase::percent_of(self.set, self.max)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub image: Safe,
    /// `canary`, `stable`, `active`, `preview`, `ping`, `pong`, or `Σ:` and an experiment's template.
    pub tags: Vec<Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub revision: i64,
    pub replica_sets: Vec<ReplicaSetInfo>,
    pub experiments: Vec<ExperimentInfo>,
    pub analysis_runs: Vec<Arc<AnalysisRun>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSetInfo {
    pub object: Arc<ReplicaSet>,
    pub status: ReplicaSetStatus,
    /// In the order of the INFO column.
    pub tags: Vec<Tag>,
    /// When it will be (or should have been) scaled down.
    pub scale_down_at: Option<Timestamp>,
    /// Oldest first.
    pub pods: Vec<Arc<Pod>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentInfo {
    pub object: Arc<Experiment>,
    pub replica_sets: Vec<ReplicaSetInfo>,
    pub analysis_runs: Vec<Arc<AnalysisRun>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaSetStatus {
    Healthy,
    Progressing,
    ScaledDown,
    ReplicaFailure,
}

impl ReplicaSetStatus {
    /// The plug-in's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::ScaledDown => "ScaledDown",
            Self::ReplicaFailure => "ReplicaFailure",
        }
    }
}

/// What a ReplicaSet is to its Rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    Stable,
    Canary,
    Active,
    Preview,
    Ping,
    Pong,
}

impl Tag {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
            Self::Active => "active",
            Self::Preview => "preview",
            Self::Ping => "ping",
            Self::Pong => "pong",
        }
    }
}

/// Measurements of an AnalysisRun over all its metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub successful: i64,
    pub failed: i64,
    pub inconclusive: i64,
    pub error: i64,
}

#[must_use]
pub fn counts(run: &AnalysisRun) -> Counts {
    run.metrics.iter().fold(Counts::default(), |sum, metric| Counts {
        successful: sum.successful.saturating_add(metric.successful),
        failed: sum.failed.saturating_add(metric.failed),
        inconclusive: sum.inconclusive.saturating_add(metric.inconclusive),
        error: sum.error.saturating_add(metric.error),
    })
}

/// Everything the plug-in shows.
#[must_use]
pub fn info(world: &World, rollout: &Rollout) -> RolloutInfo {
    let replica_sets = replica_sets(world, &rollout.meta.uid, Some(rollout));
    let experiments = experiments(world, &rollout.meta.uid);
    let analysis_runs = analysis_runs(world, &rollout.meta.uid);
    let (status, message) = rollout_phase::phase(rollout);
    let (mut strategy, mut step, mut weight) = ("", None, None);
    match &rollout.strategy {
        Strategy::Canary(canary) => {
            strategy = "Canary";
            let index = rollout.current_step_index.filter(|_| !canary.steps.is_empty());
            step = index.map(|index| (index, canary.steps.len()));
            // The last one wins, as in the plug-in.
            let current = replica_sets.iter().rev().find(|set| set.tags.contains(&Tag::Canary));
            weight = Some(Weight {
                set: rollout_phase::set_weight(rollout),
                actual: rollout_phase::actual_weight(rollout, current.map(|set| set.object.as_ref())),
                max: rollout_phase::max_weight(rollout),
            });
        }
        Strategy::BlueGreen(_) => strategy = "BlueGreen",
        Strategy::None => {}
    }
    RolloutInfo {
        strategy,
        status,
        message,
        step,
        weight,
        images: images(&replica_sets, &experiments),
        replicas: rollout.replicas,
        revisions: revisions(replica_sets, experiments, analysis_runs),
    }
}

/// Those an owner has, newest revision first; with the Rollout, also what they are to it.
#[must_use]
pub fn replica_sets(world: &World, owner: &Uid, rollout: Option<&Rollout>) -> Vec<ReplicaSetInfo> {
    let mut sets: Vec<ReplicaSetInfo> = world
        .replica_sets
        .owned_by(owner)
        .map(|set| ReplicaSetInfo {
            status: replica_set_status(set),
            tags: rollout.map_or_else(Vec::new, |rollout| tags(rollout, set)),
            scale_down_at: set.scale_down_at,
            pods: pods(world, &set.meta.uid),
            object: Arc::clone(set),
        })
        .collect();
    sets.sort_by(|a, b| {
        let (a, b) = (&a.object, &b.object);
        b.revision.unwrap_or(0).cmp(&a.revision.unwrap_or(0)).then_with(|| a.meta.name.cmp(&b.meta.name))
    });
    sets
}

/// Oldest first, then by name.
fn pods(world: &World, owner: &Uid) -> Vec<Arc<Pod>> {
    let mut pods: Vec<_> = world.pods.owned_by(owner).map(Arc::clone).collect();
    pods.sort_by(|a, b| a.meta.created.cmp(&b.meta.created).then_with(|| a.meta.name.cmp(&b.meta.name)));
    pods
}

#[must_use]
pub fn replica_set_status(set: &ReplicaSet) -> ReplicaSetStatus {
    if set.meta.generation > set.observed_generation {
        return ReplicaSetStatus::Progressing;
    }
    let failure = set.conditions.iter().find(|condition| condition.kind.as_str() == "ReplicaFailure");
    if failure.is_some_and(|condition| condition.status == Some(true)) {
        return ReplicaSetStatus::ReplicaFailure;
    }
    if set.available < set.desired {
        return ReplicaSetStatus::Progressing;
    }
    if set.desired == 0 { ReplicaSetStatus::ScaledDown } else { ReplicaSetStatus::Healthy }
}

/// The same as its row says it: of one that was scaled to nothing only that.
#[must_use]
pub fn replica_set_word(set: &ReplicaSet) -> &'static str {
    let status = if set.desired == 0 { ReplicaSetStatus::ScaledDown } else { replica_set_status(set) };
    status.as_str()
}

/// What a ReplicaSet is to its Rollout, in the order of the INFO column.
#[must_use]
pub fn tags(rollout: &Rollout, set: &ReplicaSet) -> Vec<Tag> {
    let hash = &set.template_hash;
    let mut tags = Vec::new();
    match &rollout.strategy {
        Strategy::Canary(canary) => {
            let stable_is_ping = rollout.stable_ping_pong.as_ref().is_some_and(|which| which.as_str() == "ping");
            let is_ping = if rollout.stable_hash == *hash {
                tags.push(Tag::Stable);
                stable_is_ping
            } else if rollout.current_pod_hash == *hash {
                tags.push(Tag::Canary);
                !stable_is_ping
            } else {
                return tags;
            };
            if canary.ping_pong.is_some() {
                tags.push(if is_ping { Tag::Ping } else { Tag::Pong });
            }
        }
        Strategy::BlueGreen(_) => {
            if rollout.stable_hash == *hash {
                tags.push(Tag::Stable);
            }
            if rollout.active_selector == *hash {
                tags.push(Tag::Active);
            } else if rollout.preview_selector == *hash {
                tags.push(Tag::Preview);
            }
        }
        Strategy::None => {}
    }
    tags
}

/// Newest revision first, then oldest, then the later name.
fn analysis_runs(world: &World, owner: &Uid) -> Vec<Arc<AnalysisRun>> {
    let mut runs: Vec<_> = world.analysis_runs.owned_by(owner).map(Arc::clone).collect();
    runs.sort_by(|a, b| {
        (b.revision.unwrap_or(0).cmp(&a.revision.unwrap_or(0)))
            .then_with(|| a.meta.created.cmp(&b.meta.created))
            .then_with(|| b.meta.name.cmp(&a.meta.name))
    });
    runs
}

fn experiments(world: &World, owner: &Uid) -> Vec<ExperimentInfo> {
    let mut experiments: Vec<ExperimentInfo> = world
        .experiments
        .owned_by(owner)
        .map(|experiment| ExperimentInfo {
            replica_sets: replica_sets(world, &experiment.meta.uid, None),
            analysis_runs: analysis_runs(world, &experiment.meta.uid),
            object: Arc::clone(experiment),
        })
        .collect();
    experiments.sort_by(|a, b| {
        let (a, b) = (&a.object, &b.object);
        b.revision.unwrap_or(0).cmp(&a.revision.unwrap_or(0)).then_with(|| a.meta.created.cmp(&b.meta.created))
    });
    experiments
}

/// Images that have pods, each once with all it is used as, in order of their names.
fn images(replica_sets: &[ReplicaSetInfo], experiments: &[ExperimentInfo]) -> Vec<Image> {
    // In the order of the Images line, which is not that of the INFO column.
    const ORDER: [Tag; 6] = [Tag::Canary, Tag::Stable, Tag::Active, Tag::Preview, Tag::Ping, Tag::Pong];
    let mut images = Vec::new();
    for set in replica_sets.iter().filter(|set| set.object.current > 0) {
        let tags: Vec<Safe> =
            ORDER.iter().filter(|tag| set.tags.contains(tag)).map(|tag| Safe::of(tag.as_str())).collect();
        for image in &set.object.images {
            merge(&mut images, &image.image, &tags);
        }
    }
    for experiment in experiments {
        let mut own = Vec::new();
        for set in experiment.replica_sets.iter().filter(|set| set.object.current > 0) {
            let template = set.object.experiment_template.as_ref();
            let tags: Vec<Safe> = template.map(|name| safe!("Σ:{}", name)).into_iter().collect();
            for image in &set.object.images {
                merge(&mut own, &image.image, &tags);
            }
        }
        for image in own {
            merge(&mut images, &image.image, &image.tags);
        }
    }
    images.sort_by(|a, b| a.image.as_str().cmp(b.image.as_str()));
    images
}

/// A first sight keeps the order of its tags; from the second on they are sorted.
fn merge(images: &mut Vec<Image>, image: &Safe, tags: &[Safe]) {
    match images.iter_mut().find(|known| known.image == *image) {
        Some(known) => {
            let all: BTreeSet<Safe> = known.tags.iter().chain(tags).cloned().collect();
            known.tags = all.into_iter().collect();
        }
        None => images.push(Image { image: image.clone(), tags: tags.to_vec() }),
    }
}

fn revisions(
    replica_sets: Vec<ReplicaSetInfo>,
    experiments: Vec<ExperimentInfo>,
    analysis_runs: Vec<Arc<AnalysisRun>>,
) -> Vec<Revision> {
    let mut revisions: Vec<Revision> = Vec::new();
    for set in replica_sets {
        let revision = set.object.revision;
        of(&mut revisions, revision).replica_sets.push(set);
    }
    for experiment in experiments {
        let revision = experiment.object.revision;
        of(&mut revisions, revision).experiments.push(experiment);
    }
    for run in analysis_runs {
        let revision = run.revision;
        of(&mut revisions, revision).analysis_runs.push(run);
    }
    revisions.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    revisions
}

/// The row of a revision; an object without one counts as revision 0, as in the plug-in.
fn of(revisions: &mut Vec<Revision>, revision: Option<i64>) -> &mut Revision {
    let revision = revision.unwrap_or(0);
    let at = revisions.iter().position(|known| known.revision == revision).unwrap_or_else(|| {
        let (replica_sets, experiments, analysis_runs) = (Vec::new(), Vec::new(), Vec::new());
        revisions.push(Revision { revision, replica_sets, experiments, analysis_runs });
        revisions.len() - 1
    });
    &mut revisions[at]
}
