//! What this account may do: which right an action needs, whether it is there, and the view of all of them
//! (apis.md §3.12). Advice of the server, no older than a minute; the server decides again.

use std::sync::Arc;
use std::time::Duration;

use super::shared::Shared;
use super::ui::Place;
use super::{State, environment, verbs};
use crate::action::{Action, Change};
use crate::model::access::{AccessInterest, AccessRead, Answer, Right};
use crate::model::applications::AppWay;
use crate::model::{Kind, Name, ObjectId, SourceId};
use crate::safe;
use crate::text::Safe;

/// An answer that is older is none.
const HOLDS: Duration = Duration::from_mins(1);
/// Namespaces that are looked over.
const MOST: usize = 64;
/// Rights by which a role is known.
const TOLD_BY: [Right; 7] = [
    Right::ListRollouts,
    Right::ListPods,
    Right::PatchRolloutStatus,
    Right::PatchRollouts,
    Right::PatchDeployments,
    Right::CreatePipelineRuns,
    Right::ReadLogs,
];

/// The rights that an action needs: of what it sends, and of what is read for it right before. None of what no
/// cluster is asked for.
#[must_use]
pub const fn needed(action: &Action) -> &'static [Right] {
    match (&action.change, action.target.kind) {
        (
            Change::PromotePause { .. }
            | Change::PromoteInconclusive { .. }
            | Change::PromoteFull { .. }
            | Change::SkipStep { .. }
            | Change::Abort { .. }
            | Change::Retry { .. },
            _,
        ) => &[Right::PatchRolloutStatus],
        (Change::RestartRollout { .. }, _)
        | (Change::Unpause | Change::Pause { .. } | Change::SetImage { .. }, Kind::Rollout) => &[Right::PatchRollouts],
        (Change::EndAnalysis, _) => &[Right::PatchAnalysisRuns],
        (Change::Undo { .. }, kind) => to_undo(kind),
        (Change::RestartWorkload { .. }, Kind::Deployment) => &[Right::PatchDeployments],
        (Change::RestartWorkload { .. }, Kind::StatefulSet) => &[Right::PatchStatefulSets],
        (Change::RestartWorkload { .. }, Kind::DaemonSet) => &[Right::PatchDaemonSets],
        (Change::Scale { .. }, kind) => to_scale(kind),
        // By its server Argo CD's own RBAC decides.
        (change, Kind::Application) if matches!(change.way(), Some(AppWay::Server { .. })) => &[],
        (_, Kind::Application) => &[Right::PatchApplications],
        (Change::CancelRun { .. }, Kind::PipelineRun) => &[Right::PatchPipelineRuns],
        (Change::RunAgain, Kind::PipelineRun) | (_, Kind::Pipeline) => &[Right::CreatePipelineRuns],
        (Change::CancelRun { .. }, Kind::LoneTaskRun) => &[Right::PatchTaskRuns],
        (Change::RunAgain, Kind::LoneTaskRun) => &[Right::CreateTaskRuns],
        _ => &[],
    }
}

/// Of a scaling, which goes to a subresource of its own.
#[must_use]
pub const fn to_scale(kind: Kind) -> &'static [Right] {
    match kind {
        Kind::Rollout => &[Right::ScaleRollouts],
        Kind::Deployment => &[Right::ScaleDeployments],
        Kind::StatefulSet => &[Right::ScaleStatefulSets],
        _ => &[],
    }
}

/// Of a way back: the template, and the revision that it is taken from.
#[must_use]
pub const fn to_undo(kind: Kind) -> &'static [Right] {
    match kind {
        Kind::Rollout => &[Right::PatchRollouts, Right::GetReplicaSets],
        Kind::Deployment => &[Right::PatchDeployments, Right::GetReplicaSets],
        Kind::StatefulSet => &[Right::PatchStatefulSets, Right::ListControllerRevisions, Right::GetControllerRevisions],
        Kind::DaemonSet => &[Right::PatchDaemonSets, Right::ListControllerRevisions, Right::GetControllerRevisions],
        _ => &[],
    }
}

/// The action, unless the server says that it is not for this account.
pub fn may(state: &State, action: Action) -> Result<Action, Safe> {
    check(state, &action.target, needed(&action)).map(|()| action)
}

/// `ana may not patch rollouts/status in production`: all that is missing, with the reasons that the server gives.
pub fn check(state: &State, target: &ObjectId, rights: &[Right]) -> Result<(), Safe> {
    let denied = |right: &Right| match answer(state, target.cluster, &target.namespace, *right) {
        Some(Answer::Denied(why)) => Some((right.words(), why)),
        Some(Answer::Allowed | Answer::Unknown(_)) | None => None,
    };
    let (missing, mut reasons): (Vec<Safe>, Vec<&Safe>) = rights.iter().filter_map(denied).unzip();
    if missing.is_empty() {
        return Ok(());
    }
    reasons.retain(|why| !why.is_empty());
    reasons.dedup();
    let user = state.world.source(target.cluster).map(|source| source.user.clone()).filter(|user| !user.is_empty());
    let user = user.unwrap_or_else(|| Safe::of("this account"));
    let said = safe!("{} may not {} in {}", user, Safe::join(&missing, ", "), target.namespace.safe());
    Err(if reasons.is_empty() { said } else { safe!("{}: {}", said, Safe::join(reasons, "; ")) })
}

/// What the server says of a right; `None` where it was not asked, or too long ago.
#[must_use]
pub fn answer<'a>(state: &'a State, source: SourceId, namespace: &Name, right: Right) -> Option<&'a Answer> {
    let (heard, read) = state.world.details.access(source, namespace)?;
    let age = state.now.mono.saturating_sub(*heard);
    read.answers.get(&right).filter(|_| age <= HOLDS)
}

/// Of which namespaces it is asked: the one that somebody may act in, and all of them while the view is open.
#[must_use]
pub fn wanted(state: &State) -> AccessInterest {
    let target = verbs::target(state).filter(|target| is_in_a_cluster(state, target.cluster));
    let exact = target.map(|target| (target.cluster, target.namespace)).into_iter().collect();
    let overview = match &state.ui.place {
        Place::Access => places(state),
        _ => Vec::new(),
    };
    AccessInterest { exact, overview }
}

fn is_in_a_cluster(state: &State, source: SourceId) -> bool {
    state.world.clusters().any(|cluster| cluster.id == source)
}

/// The namespaces of the scope: those that are named, or those that were read.
fn places(state: &State) -> Vec<(SourceId, Name)> {
    let mut all: Vec<(SourceId, Name)> = Vec::new();
    for cluster in state.world.clusters() {
        if let Some(named) = &cluster.namespaces {
            all.extend(named.iter().map(|name| (cluster.id, name.clone())));
        }
    }
    let read = state.world.namespaces.rows().iter().map(|row| (row.meta.cluster, row.meta.name.clone()));
    let read: Vec<_> = read.filter(|place| !all.contains(place)).collect();
    let whole = |id: SourceId| state.world.clusters().any(|cluster| cluster.id == id && cluster.namespaces.is_none());
    all.extend(read.into_iter().filter(|(id, _)| whole(*id)));
    // Those of a cluster stand together.
    all.sort_by_key(|(id, _)| *id);
    all.truncate(MOST);
    all
}

/// A namespace with what is known of it.
#[derive(Debug, Clone)]
pub struct Row {
    pub source: SourceId,
    pub namespace: Name,
    pub environment: Name,
    /// Both as they are told from those of other clusters.
    pub told: (Safe, Safe),
    /// `None` until the server was heard.
    pub read: Option<Arc<AccessRead>>,
    pub age: Option<Duration>,
}

impl Row {
    /// Something of it is not for this account.
    #[must_use]
    pub fn has_denied(&self) -> bool {
        let denied = |answer: &Answer| matches!(answer, Answer::Denied(_));
        self.read.as_ref().is_some_and(|read| read.answers.values().any(denied))
    }
}

/// Every namespace of the scope, in the order of clusters and names.
#[must_use]
pub fn rows(state: &State) -> Vec<Row> {
    let places = places(state).into_iter().map(|(source, namespace)| {
        let environment = environment::of(state, source, &namespace);
        (source, namespace, environment)
    });
    let places: Vec<(SourceId, Name, Name)> = places.collect();
    let each = places.iter().map(|(source, namespace, environment)| (*source, namespace, environment));
    let shared = Shared::of(state, each);
    let row = |(source, namespace, environment): (SourceId, Name, Name)| {
        let known = state.world.details.access(source, &namespace);
        let place = shared.environment(source, &environment);
        Row {
            told: (shared.namespace(source, &namespace), place),
            environment,
            read: known.map(|(_, read)| Arc::clone(read)),
            age: known.map(|(heard, _)| state.now.mono.saturating_sub(*heard)),
            source,
            namespace,
        }
    };
    places.into_iter().map(row).collect()
}

/// The role of the organisation that comes nearest to what is allowed in a namespace; `None` while that is
/// not known. It is a likeness and no proof: rights tell what may be done, not what somebody is.
#[must_use]
pub fn nearest(read: &AccessRead, environment: &Name) -> Option<&'static str> {
    let says = |right: Right| read.answers.get(&right);
    if TOLD_BY.iter().any(|right| matches!(says(*right), None | Some(Answer::Unknown(_)))) {
        return None;
    }
    let may = |right: Right| matches!(says(right), Some(Answer::Allowed));
    let sees = may(Right::ListRollouts) || may(Right::ListPods);
    let moves = may(Right::PatchRolloutStatus);
    let writes = may(Right::PatchRollouts) && may(Right::PatchDeployments);
    let builds = may(Right::CreatePipelineRuns);
    let is_dev = environment.raw().contains("dev") || environment.raw().contains("test");
    Some(match () {
        () if read.all => "Cluster Admin",
        () if moves && writes && is_dev => "Developer",
        () if moves && writes && builds => "DevOps Engineer",
        () if moves => "Site Reliability Engineer",
        () if builds && is_dev => "QA Tester",
        () if builds => "CI/CD Service",
        () if sees && may(Right::ReadLogs) => "Read Only",
        () if sees => "Read Only, without logs",
        () => "none",
    })
}
