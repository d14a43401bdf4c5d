//! What proves that an action had its effect: only what the source shows (apis.md §1.7).

use std::sync::Arc;

use jiff::Timestamp;

use super::facts;
use crate::action::{Change, Operation};
use crate::model::kubernetes::{Deployment, ReplicaSet};
use crate::model::rollouts::Rollout;
use crate::model::{Kind, ObjectId, Uid};
use crate::safe;
use crate::state::{State, steps};
use crate::text::Safe;

/// What the world says about an operation that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The source shows the expected state.
    Seen,
    /// It shows it, and may yet show something else: it counts when a later reading shows the same end.
    Once(Timestamp),
    /// Not yet; what is still missing, in words.
    Waiting(Safe),
    /// The source is not live, so nothing can be said.
    Blind(Safe),
    /// It went another way and will not be seen any more.
    Lost(Safe),
}

/// Compares the world with what the operation expects.
#[must_use]
pub fn expected(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    // That it was made is what its answer says; nothing lists it.
    if target.kind == Kind::Annotation {
        return Verdict::Seen;
    }
    if let Some(why) = facts::not_live(state, target) {
        return Verdict::Blind(why);
    }
    match target.kind {
        _ if matches!(operation.action.change, Change::RestartWorkload { .. } | Change::Scale { .. }) => {
            super::workload::shows(state, operation)
        }
        kind if kind.is_controlled() => super::workload::shows(state, operation),
        Kind::Rollout => match state.world.rollouts.get(&target.uid) {
            Some(rollout) => rollout_shows(state, operation, rollout),
            None => Verdict::Lost(Safe::of("the rollout was deleted meanwhile")),
        },
        Kind::Deployment => match state.world.deployments.get(&target.uid) {
            Some(deployment) => deployment_shows(state, operation, deployment),
            None => Verdict::Lost(Safe::of("the deployment was deleted meanwhile")),
        },
        Kind::AnalysisRun => super::rollout::ended(state, operation),
        Kind::Run => super::run::shows(state, operation),
        Kind::Workflow | Kind::Pipeline => super::dispatch::shows(state, operation),
        Kind::PipelineRun | Kind::LoneTaskRun => super::tekton::shows(state, operation),
        Kind::Execution | Kind::CiPipeline => super::pipeline::shows(state, operation),
        Kind::Container | Kind::Build => super::docker::shows(state, operation),
        Kind::Application => super::application::shows(state, operation),
        Kind::Release => super::release::shows(state, operation),
        _ => Verdict::Lost(Safe::of("nothing proves an action on this kind")),
    }
}

/// What an accepted operation still waits for: "waiting for the controller: weight 0".
#[must_use]
pub fn waits_for(state: &State, operation: &Operation) -> Option<Safe> {
    match expected(state, operation) {
        Verdict::Waiting(text) | Verdict::Blind(text) => Some(text),
        Verdict::Once(_) => Some(Safe::of("a second reading that says the same")),
        Verdict::Seen | Verdict::Lost(_) => None,
    }
}

/// The first condition that does not hold, else seen.
pub(super) fn all(conditions: impl IntoIterator<Item = (bool, Safe)>) -> Verdict {
    let missing = conditions.into_iter().find(|(holds, _)| !holds);
    missing.map_or(Verdict::Seen, |(_, what)| Verdict::Waiting(what))
}

fn rollout_shows(state: &State, operation: &Operation, rollout: &Rollout) -> Verdict {
    let moved_on = |hash: &Safe| rollout.current_pod_hash.as_ref() != Some(hash);
    let replaced = || Verdict::Lost(Safe::of("another revision came meanwhile"));
    let promoted = rollout.current_pod_hash.is_some() && rollout.current_pod_hash == rollout.stable_hash;
    match &operation.action.change {
        Change::Abort { pod_hash } if moved_on(pod_hash) => replaced(),
        Change::Abort { .. } => aborted(rollout),
        Change::Retry { pod_hash } if moved_on(pod_hash) => replaced(),
        Change::Retry { .. } => all([
            (!rollout.abort, Safe::of("abort cleared")),
            (rollout.aborted_at.is_none(), Safe::of("the controller to start again")),
        ]),
        Change::PromotePause { pod_hash, .. } | Change::PromoteInconclusive { pod_hash, .. } if moved_on(pod_hash) => {
            replaced()
        }
        Change::PromotePause { .. } | Change::PromoteInconclusive { .. } if rollout.abort => {
            Verdict::Lost(Safe::of("it was aborted meanwhile"))
        }
        Change::PromotePause { step: Some(step), .. } => {
            let past = rollout.current_step_index.is_some_and(|index| index > *step);
            all([(past || promoted, safe!("the step after {}", steps::numbered(rollout, *step)))])
        }
        Change::PromotePause { step: None, pod_hash } => {
            let active = rollout.active_selector.as_ref() == Some(pod_hash);
            all([(active || promoted, Safe::of("traffic on the new ReplicaSet"))])
        }
        Change::PromoteInconclusive { next, .. } => {
            let past = rollout.current_step_index.is_some_and(|index| index >= *next);
            all([(past || promoted, steps::numbered(rollout, *next))])
        }
        Change::Unpause => all([
            (!rollout.paused, Safe::of("spec.paused false")),
            (observed(rollout, operation), Safe::of("the controller to see the change of the spec")),
        ]),
        Change::Undo { replica_set_uid, to_revision, .. } => {
            undone(state, operation, rollout, replica_set_uid, *to_revision)
        }
        _ => super::rollout::shows(operation, rollout),
    }
}

fn aborted(rollout: &Rollout) -> Verdict {
    let weight = rollout.weights.as_ref().map(|weights| weights.canary);
    all([
        (rollout.abort, Safe::of("abort in its status")),
        (rollout.aborted_at.is_some(), Safe::of("the controller to act")),
        (rollout.phase.as_str() == "Degraded", Safe::of("status Degraded")),
        (weight.unwrap_or(0) == 0, safe!("weight 0 (now {})", weight.unwrap_or(0))),
    ])
}

pub(super) fn observed(rollout: &Rollout, operation: &Operation) -> bool {
    rollout.observed_generation == Some(rollout.meta.generation)
        && operation.generation.is_none_or(|generation| rollout.meta.generation >= generation)
}

fn undone(state: &State, operation: &Operation, rollout: &Rollout, set: &Uid, revision: i64) -> Verdict {
    let set = match revision_set(state, operation, set, revision) {
        Ok(set) => set,
        Err(verdict) => return verdict,
    };
    let current = set.template_hash.is_some() && rollout.current_pod_hash == set.template_hash;
    all([
        (observed(rollout, operation), Safe::of("the controller to see the new template")),
        (current, safe!("the template of revision {} to be the current one", revision)),
    ])
}

fn deployment_shows(state: &State, operation: &Operation, deployment: &Deployment) -> Verdict {
    let Change::Undo { replica_set_uid, to_revision, .. } = &operation.action.change else {
        return Verdict::Lost(Safe::of("a Deployment knows only undo"));
    };
    let set = match revision_set(state, operation, replica_set_uid, *to_revision) {
        Ok(set) => set,
        Err(verdict) => return verdict,
    };
    let seen = deployment.observed_generation >= deployment.meta.generation
        && operation.generation.is_none_or(|generation| deployment.meta.generation >= generation);
    // The ReplicaSet that is used again gets the newest revision number.
    let current = set.revision.is_some() && set.revision == deployment.revision && set.images == deployment.images;
    let verdict = all([
        (seen, Safe::of("the controller to see the new template")),
        (current, safe!("the template of revision {} to be the current one", *to_revision)),
    ]);
    match (verdict, replica_sets_unread(state, operation)) {
        // An old number of the ReplicaSet proves nothing.
        (Verdict::Waiting(_), Some(unread)) => unread,
        (verdict, _) => verdict,
    }
}

/// The ReplicaSet of the revision gone back to. It is gone only when its source is read to the end.
fn revision_set<'a>(
    state: &'a State,
    operation: &Operation,
    set: &Uid,
    revision: i64,
) -> Result<&'a Arc<ReplicaSet>, Verdict> {
    state.world.replica_sets.get(set).ok_or_else(|| {
        let gone = || Verdict::Lost(safe!("the ReplicaSet of revision {} is gone", revision));
        replica_sets_unread(state, operation).unwrap_or_else(gone)
    })
}

/// What not being able to read the ReplicaSets beside the target means; `None` when they are read.
fn replica_sets_unread(state: &State, operation: &Operation) -> Option<Verdict> {
    let sets = ObjectId { kind: Kind::ReplicaSet, ..operation.action.target.clone() };
    let why = safe!("its ReplicaSets: {}", facts::not_live(state, &sets)?);
    // Forbidden stays forbidden, and must not keep the object for ever.
    Some(if facts::may_come(state, &sets) { Verdict::Blind(why) } else { Verdict::Waiting(why) })
}
