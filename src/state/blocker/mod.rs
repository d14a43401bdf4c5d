//! Why is it not moving: the first cause for each workload that needs a person, most severe first.
//!
//! Workloads that are well cost one look at their counts; only of the others the pods are asked, and
//! of those only the ones in trouble ([`World::troubled`]). A rollout that moves by itself (pods
//! starting, a timed pause) is no blocker.

mod analysis;
mod causes;
mod controlled;
mod deployment;
mod gitops;
mod image;
mod limits;
mod pods;
mod rollout;
mod routing;
mod run;
mod silent;
mod source;

use std::sync::Arc;

use jiff::Timestamp;

pub use causes::{Causes, others};

use super::{State, World, environment};
use crate::command::Command;
use crate::model::applications::Application;
use crate::model::kubernetes::{Meta, Pod};
use crate::model::rollouts::Rollout;
use crate::model::{Kind, Name, ObjectId, SourceId, Uid};
use crate::safe;
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    pub cluster: SourceId,
    /// `None` where a whole source is the trouble.
    pub object: Option<ObjectId>,
    /// `None` where a whole source is the trouble.
    pub environment: Option<Name>,
    pub reason: Reason,
    pub since: Option<Timestamp>,
    pub severity: Severity,
    /// One sentence that begins with the object's name and says where it is.
    pub sentence: Safe,
    /// The same without name and place, for where these stand beside it.
    pub words: Safe,
    /// What helps, likeliest first. Whether it can be done now is for [`super::verbs::check`] to say.
    pub keys: Vec<Command>,
}

/// Which blocker it is, however its sentence goes on: how old a source is changes with each second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    object: Option<ObjectId>,
    cluster: SourceId,
    reason: Reason,
    /// Of a source: the system, with which its sentence begins.
    system: String,
}

impl Finding {
    #[must_use]
    pub fn of(row: &Blocker) -> Self {
        let first = || row.sentence.as_str().split(' ').next().unwrap_or_default().to_owned();
        let system = if row.object.is_some() { String::new() } else { first() };
        Self { object: row.object.clone(), cluster: row.cluster, reason: row.reason, system }
    }
}

/// How loud it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Users are reached by something that is failing now.
    Failing,
    /// Broken, and it will not repair itself.
    Broken,
    /// It waits for a person.
    Waiting,
    /// It waits for a time that comes by itself, as it is meant to: no trouble.
    Planned,
    /// Nobody knows: the source does not answer, or not to us.
    Unknown,
}

/// In the order of [`Reason::as_str`]'s list: most specific first (a crash loop explains a passed
/// deadline, not the other way round).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    InvalidSpec,
    ServiceMissing,
    ImagePlatform,
    ImagePull,
    ConfigMissing,
    CrashLoop,
    OutOfMemory,
    ProbeFailing,
    Unschedulable,
    Quota,
    Pdb,
    AnalysisFailed,
    AnalysisInconclusive,
    AnalysisError,
    TrafficMismatch,
    Aborted,
    ManualPause,
    PauseStep,
    Approval,
    RunFailed,
    RunnerMissing,
    RateLimited,
    SyncWindow,
    SyncFailed,
    OutOfSyncLoop,
    Hold,
    Lock,
    Degraded,
    HpaAtMax,
    HpaInactive,
    Deadline,
    ControllerSilent,
    Permission,
    CrdMissing,
    SourceStale,
}

impl Reason {
    /// The word in `status --json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSpec => "invalid_spec",
            Self::ServiceMissing => "service_missing",
            Self::ImagePlatform => "image_platform",
            Self::ImagePull => "image_pull",
            Self::ConfigMissing => "config_missing",
            Self::CrashLoop => "crash_loop",
            Self::OutOfMemory => "out_of_memory",
            Self::ProbeFailing => "probe_failing",
            Self::Unschedulable => "unschedulable",
            Self::Quota => "quota",
            Self::Pdb => "pdb",
            Self::AnalysisFailed => "analysis_failed",
            Self::AnalysisInconclusive => "analysis_inconclusive",
            Self::AnalysisError => "analysis_error",
            Self::TrafficMismatch => "traffic_mismatch",
            Self::Aborted => "aborted",
            Self::ManualPause => "manual_pause",
            Self::PauseStep => "pause_step",
            Self::Approval => "approval",
            Self::RunFailed => "run_failed",
            Self::RunnerMissing => "runner_missing",
            Self::RateLimited => "rate_limited",
            Self::SyncWindow => "sync_window",
            Self::SyncFailed => "sync_failed",
            Self::OutOfSyncLoop => "out_of_sync_loop",
            Self::Hold => "hold",
            Self::Lock => "lock",
            Self::Degraded => "degraded",
            Self::HpaAtMax => "hpa_at_max",
            Self::HpaInactive => "hpa_inactive",
            Self::Deadline => "deadline",
            Self::ControllerSilent => "controller_silent",
            Self::Permission => "permission",
            Self::CrdMissing => "crd_missing",
            Self::SourceStale => "source_stale",
        }
    }

    /// What a person can do elsewhere, where no key does it.
    #[must_use]
    pub const fn step(self) -> Option<&'static str> {
        match self {
            Self::HpaAtMax => Some("raise maxReplicas of its autoscaler"),
            Self::HpaInactive => Some("give its autoscaler the metric that it lacks"),
            Self::Pdb => Some("add a healthy pod, or let the disruption budget give one up"),
            Self::Lock => Some("ask who holds the lock"),
            Self::OutOfSyncLoop => Some("stop what changes it, or leave the field out of Git"),
            _ => None,
        }
    }
}

/// A cause found, before it is known whose it is.
struct Cause {
    reason: Reason,
    severity: Severity,
    since: Option<Timestamp>,
    /// What of the object it is about (`canary`, `preview`); empty: the object itself.
    part: &'static str,
    /// What is said of it, after its name and place.
    words: Safe,
    keys: Vec<Command>,
}

/// Every blocker, at most one for each object: sources and protected environments before others,
/// there the most severe first, then the one that has lasted longest.
#[must_use]
pub fn blockers(state: &State) -> Vec<Blocker> {
    Causes::of(state).ordered(state, &others(state))
}

/// What keeps this very object, in words; `None` where nothing does.
#[must_use]
pub fn words_of<'a>(all: &'a [Blocker], uid: &Uid) -> Option<&'a Safe> {
    all.iter().find(|row| row.object.as_ref().is_some_and(|id| id.uid == *uid)).map(|row| &row.words)
}

/// The pods of a workload, which its ReplicaSets own.
fn below<'a>(world: &'a World, owner: &Uid) -> impl Iterator<Item = &'a Arc<Pod>> {
    world.replica_sets.owned_by(owner).flat_map(|set| world.pods.owned_by(&set.meta.uid))
}

/// Why it was aborted, in words; `None` where it was not.
#[must_use]
pub fn aborted(state: &State, row: &Rollout) -> Option<Safe> {
    rollout::ended(state, row).map(|cause| cause.words)
}

/// Its analysis measures failures now: the new version is failing, whatever its status says.
#[must_use]
pub fn is_failing(state: &State, row: &Rollout) -> bool {
    analysis::failing(state, row, "").is_some_and(|cause| cause.severity == Severity::Failing)
}

/// An Application stands where its objects do, whatever namespace it lives in itself.
fn of_application(state: &State, row: &Application, cause: Cause) -> Blocker {
    let mut stands = row.meta.clone();
    stands.cluster = crate::state::gitops::destination(state, row).unwrap_or(row.meta.cluster);
    if !row.destination.namespace.raw().is_empty() {
        stands.namespace = row.destination.namespace.clone();
    }
    let mut blocker = of_object(state, &stands, Kind::Application, cause);
    (blocker.cluster, blocker.object) = (row.meta.cluster, Some(row.id()));
    blocker.sentence = safe!("application {}", blocker.sentence);
    blocker
}

fn of_object(state: &State, meta: &Meta, kind: Kind, cause: Cause) -> Blocker {
    let environment = environment::of(state, meta.cluster, &meta.namespace);
    let gap = if cause.part.is_empty() { "" } else { " " };
    let place = place(state, meta, &environment);
    let sentence = safe!("{}{}{} in {} {}", meta.name, gap, cause.part, place, cause.words);
    Blocker {
        cluster: meta.cluster,
        object: Some(meta.id(kind)),
        environment: Some(environment),
        reason: cause.reason,
        since: cause.since,
        severity: cause.severity,
        sentence,
        words: cause.words,
        keys: cause.keys,
    }
}

/// The environment; its namespace where that has another name, its cluster where there are several.
fn place(state: &State, meta: &Meta, environment: &Name) -> Safe {
    let namespace = if *environment == meta.namespace {
        environment.safe().clone()
    } else {
        safe!("{} (namespace {})", environment, meta.namespace)
    };
    match state.world.source(meta.cluster).filter(|_| state.world.clusters().count() > 1) {
        Some(cluster) => safe!("{} on {}", namespace, cluster.name),
        None => namespace,
    }
}
