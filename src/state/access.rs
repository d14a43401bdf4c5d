//! What this account may do: which right an action needs, whether it is there, and the view of all of them
//! (apis.md §3.12). Advice of the server, no older than a minute; the server decides again.

use std::sync::Arc;
use std::time::Duration;

use super::ui::Place;
use super::{State, environment, verbs};
use crate::action::{Action, Change};
use crate::model::access::{AccessInterest, AccessRead, Answer, Right};
use crate::model::{Kind, Name, ObjectId, SourceId};
use crate::safe;
use crate::text::Safe;

/// An answer that is older is none.
const HOLDS: Duration = Duration::from_mins(1);
/// Namespaces that are looked over.
const MOST: usize = 64;

/// The right that an action needs; `None` of what no cluster is asked for.
#[must_use]
pub const fn needed(action: &Action) -> Option<Right> {
    Some(match (&action.change, action.target.kind) {
        (
            Change::PromotePause { .. }
            | Change::PromoteInconclusive { .. }
            | Change::PromoteFull { .. }
            | Change::SkipStep { .. }
            | Change::Abort { .. }
            | Change::Retry { .. },
            _,
        ) => Right::PatchRolloutStatus,
        (Change::RestartRollout { .. }, _) => Right::PatchRollouts,
        (Change::Unpause | Change::Pause { .. } | Change::SetImage { .. } | Change::Undo { .. }, Kind::Rollout) => {
            Right::PatchRollouts
        }
        (Change::EndAnalysis, _) => Right::PatchAnalysisRuns,
        (Change::Undo { .. } | Change::RestartWorkload { .. }, Kind::Deployment) => Right::PatchDeployments,
        (_, Kind::Application) => Right::PatchApplications,
        (Change::CancelRun { .. }, Kind::PipelineRun) => Right::PatchPipelineRuns,
        (Change::RunAgain, Kind::PipelineRun) => Right::CreatePipelineRuns,
        _ => return None,
    })
}

/// The action, unless the server says that it is not for this account.
pub fn may(state: &State, action: Action) -> Result<Action, Safe> {
    let Some(right) = needed(&action) else { return Ok(action) };
    match answer(state, action.target.cluster, &action.target.namespace, right) {
        Some(Answer::Denied(why)) => Err(denied(state, &action.target, right, why)),
        Some(Answer::Allowed | Answer::Unknown(_)) | None => Ok(action),
    }
}

/// `ana may not patch rollouts/status in production`.
fn denied(state: &State, target: &ObjectId, right: Right, why: &Safe) -> Safe {
    let user = state.world.source(target.cluster).map(|source| source.user.clone()).filter(|user| !user.is_empty());
    let user = user.unwrap_or_else(|| Safe::of("this account"));
    let said = safe!("{} may not {} in {}", user, Safe::of(right.words()), target.namespace.safe());
    if why.is_empty() { said } else { safe!("{}: {}", said, why) }
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
    all.truncate(MOST);
    all
}

/// A namespace with what is known of it.
#[derive(Debug, Clone)]
pub struct Row {
    pub source: SourceId,
    pub namespace: Name,
    pub environment: Name,
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
    let row = |(source, namespace): (SourceId, Name)| {
        let known = state.world.details.access(source, &namespace);
        Row {
            environment: environment::of(state, source, &namespace),
            read: known.map(|(_, read)| Arc::clone(read)),
            age: known.map(|(heard, _)| state.now.mono.saturating_sub(*heard)),
            source,
            namespace,
        }
    };
    places(state).into_iter().map(row).collect()
}

/// The role of the organisation that comes nearest to what is allowed in a namespace; `None` while that is
/// not known. It is a likeness and no proof: rights tell what may be done, not what somebody is.
#[must_use]
pub fn nearest(read: &AccessRead, environment: &Name) -> Option<&'static str> {
    let says = |right: Right| read.answers.get(&right);
    if Right::ALL.iter().any(|right| matches!(says(*right), None | Some(Answer::Unknown(_)))) {
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
