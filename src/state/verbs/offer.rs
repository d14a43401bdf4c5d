//! Availability: the table of what each verb needs (apis.md §1.6, §3.2).

use std::sync::Arc;

use super::facts;
use crate::action::{Action, Change, Operation, Outcome, Verb};
use crate::command::Command;
use crate::model::kubernetes::ReplicaSet;
use crate::model::rollouts::{AnalysisPhase, Rollout, Strategy};
use crate::model::{Kind, ObjectId, Uid};
use crate::safe;
use crate::state::ui::{Place, RowId};
use crate::state::{State, access, gates, gitops, lists, steps};
use crate::text::{Safe, age};

/// A verb that can be asked for now, complete with the values its guards will test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub action: Action,
}

/// The action the command means for this object now, or why there is none.
pub fn available(state: &State, command: Command, target: &ObjectId) -> Result<Offer, Safe> {
    if matches!(command, Command::Approve | Command::Reject) {
        let chosen = gates::chosen(state).filter(|(run, _)| run.uid == target.uid);
        let wanted = chosen.map_or_else(Vec::new, |(_, environments)| environments);
        let action = review(state, command, target, &wanted)?;
        return may(state, command, action).map(|action| Offer { action });
    }
    let wanted = highlighted(state);
    let action = offer(state, command, target, wanted.as_ref())?;
    may(state, command, action).map(|action| Offer { action })
}

/// The same action as things stand now, or why it is no longer to be had.
pub fn available_to(state: &State, command: Command, action: &Action) -> Result<Action, Safe> {
    let wanted = match &action.change {
        Change::Undo { replica_set_uid, .. } => Some(replica_set_uid.clone()),
        Change::CreatePipeline { file, .. } => return super::pipeline::create(state, Arc::clone(file)),
        Change::Dispatch { .. } => return super::dispatch::again(state, action),
        Change::BuildImage { plan } => return super::docker::build(state, Arc::clone(plan)),
        Change::PushImage { .. } => return super::docker::push_of(state, &action.target.name),
        Change::Scale { to, .. } => return super::workload::scale(state, &action.target, *to),
        Change::SetImage { container, to, .. } => {
            let typed = format!("{}={}", container.raw(), to.raw());
            return super::rollout::set_image(state, &action.target, &typed);
        }
        Change::RerunJob { job, .. } => Some(job.clone()),
        Change::RollBack { id, .. } => {
            may_act(state, command, &action.target)?;
            let change = super::application::roll_back(state, &action.target, Some(*id))?;
            return may(state, command, Action { target: action.target.clone(), change });
        }
        Change::ApproveRun { .. } => {
            let action = review(state, command, &action.target, &[])?;
            return may(state, command, action);
        }
        Change::Review { gates, .. } => {
            let wanted: Vec<i64> = gates.iter().map(|gate| gate.environment).collect();
            let action = review(state, command, &action.target, &wanted)?;
            return may(state, command, action);
        }
        _ => None,
    };
    let Action { target, change } = offer(state, command, &action.target, wanted.as_ref())?;
    // That one was the choice of who asked.
    let now = Action { target, change: change.with_choice(action.change.choice().unwrap_or_default()) };
    may(state, command, now)
}

/// The action, unless rights or gates keep it back.
fn may(state: &State, command: Command, action: Action) -> Result<Action, Safe> {
    super::findings::may(state, command, access::may(state, action)?)
}

fn review(state: &State, command: Command, target: &ObjectId, wanted: &[i64]) -> Result<Action, Safe> {
    may_act(state, command, target)?;
    if target.kind != Kind::Run {
        return Err(Safe::of("only a workflow run waits for an approval: select one"));
    }
    super::review::change(state, command, target, wanted).map(|change| Action { target: target.clone(), change })
}

fn offer(state: &State, command: Command, target: &ObjectId, wanted: Option<&Uid>) -> Result<Action, Safe> {
    may_act(state, command, target)?;
    if command == Command::Undo
        && let Some(instead) = super::kept::instead(state, target, wanted)?
    {
        may_act(state, command, &instead.target)?;
        return Ok(instead);
    }
    let of_runs = super::is_of_runs(command);
    let change = match target.kind {
        Kind::Rollout | Kind::Deployment if of_runs => {
            return Err(Safe::of("only a workflow run can be rerun or cancelled: select one"));
        }
        Kind::Rollout | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::BatchJob
            if super::workload::is_its(command) =>
        {
            super::workload::change(state, command, target)?
        }
        Kind::Rollout => {
            let rollout = state.world.rollouts.get(&target.uid).ok_or_else(gone)?;
            rollout_change(state, command, rollout, wanted)?
        }
        Kind::AnalysisRun if command == Command::EndAnalysis => super::rollout::end_analysis(state, target)?,
        Kind::Deployment => {
            if command != Command::Undo {
                return Err(Safe::of("a Deployment has no steps; undo, restart and scale apply"));
            }
            undo_deployment(state, target, wanted)?
        }
        Kind::StatefulSet | Kind::DaemonSet if command == Command::Undo => super::revisions::undo(state, target)?,
        kind if kind.is_controlled() => return Err(super::workload::no_verb(command, kind)),
        _ if command == Command::CreatePipeline => return Err(Safe::of("name a file first")),
        Kind::Run | Kind::Execution if matches!(command, Command::CancelFinally | Command::StopFinally) => {
            return Err(Safe::of("only a PipelineRun of Tekton has finally tasks"));
        }
        Kind::Run => super::run::change(state, command, target, wanted)?,
        Kind::PipelineRun => super::tekton::change(state, command, target)?,
        Kind::LoneTaskRun => super::tekton::change_of_lone(state, command, target)?,
        Kind::Execution | Kind::CiPipeline => super::pipeline::change(state, command, target)?,
        Kind::Container => super::docker::change(state, command, target)?,
        Kind::Application => super::application::change(state, command, target)?,
        Kind::Release => super::release::change(state, command, target)?,
        _ => return Err(Safe::of("only rollouts, deployments and runs can be acted on")),
    };
    Ok(Action { target: target.clone(), change })
}

fn gone() -> Safe {
    Safe::of("it is gone")
}

/// What stops every verb.
pub(super) fn may_act(state: &State, command: Command, target: &ObjectId) -> Result<(), Safe> {
    if let Some(why) = &state.read_only {
        return Err(safe!("read-only: {}", why));
    }
    // A cancel that was taken is what a forced one is asked for after.
    let follows = |operation: &Operation| {
        command == Command::ForceCancel
            && operation.action.change.verb() == Verb::Cancel
            && operation.outcome == Outcome::Accepted
    };
    // An approval that a wait timer holds up must not keep the run from being cancelled.
    let gives_way = |operation: &&Operation| {
        command == Command::CancelRun && operation.action.change.is_review() && operation.outcome == Outcome::Accepted
    };
    // What was begun here can be ended here.
    let is_ended = |operation: &&Operation| {
        command == Command::TerminateOperation
            && operation.action.change.verb() == Verb::Sync
            && operation.outcome == Outcome::Accepted
    };
    let stops = |operation: &&Operation| !follows(operation) && !gives_way(operation) && !is_ended(operation);
    if let Some(operation) = super::in_flight(state, target).filter(stops) {
        return Err(in_flight_words(state, operation));
    }
    if let Some(why) = facts::not_live(state, target) {
        return Err(why);
    }
    if facts::environment_is_loading(state, target) {
        return Err(Safe::of("its namespace has not been read yet, so its environment is not known"));
    }
    Ok(())
}

fn in_flight_words(state: &State, operation: &Operation) -> Safe {
    let doing = match operation.action.change.verb() {
        Verb::Promote => "promoting",
        Verb::Abort => "aborting",
        Verb::Retry => "retrying",
        Verb::Undo => "undoing",
        Verb::PromoteFull => "promoting in full",
        Verb::SkipStep => "skipping steps",
        Verb::Pause => "pausing",
        Verb::Resume => "resuming",
        Verb::SetImage => "changing its image",
        Verb::EndAnalysis => "ending it",
        Verb::Rerun | Verb::RerunAll | Verb::RerunJob => "rerunning",
        Verb::Cancel | Verb::ForceCancel => "cancelling",
        Verb::Trigger => "triggering",
        Verb::Create => "creating",
        Verb::Approve => "approving",
        Verb::Reject => "rejecting",
        Verb::Restart => "restarting",
        Verb::Pull => "pulling",
        Verb::Build => "building",
        Verb::Push => "pushing",
        Verb::Sync => "syncing",
        Verb::Refresh => "comparing",
        Verb::Terminate => "terminating",
        Verb::Scale => "scaling",
        Verb::Annotate => "annotating",
    };
    let seconds = state.now.mono.saturating_sub(operation.started_mono).as_secs() as i64;
    match &operation.outcome {
        Outcome::Unknown { .. } => safe!("{} has an unknown outcome; evidence is being read", doing),
        Outcome::Accepted => safe!("already {} ({}), waiting for: {}", doing, age(seconds), operation.expects),
        Outcome::Intended | Outcome::Sent | Outcome::Observed | Outcome::Refused { .. } | Outcome::Failed { .. } => {
            safe!("already {} ({})", doing, age(seconds))
        }
    }
}

fn rollout_change(state: &State, command: Command, rollout: &Rollout, wanted: Option<&Uid>) -> Result<Change, Safe> {
    if rollout.meta.deleting.is_some() {
        return Err(Safe::of("it is being deleted"));
    }
    if matches!(rollout.strategy, Strategy::None) {
        return Err(Safe::of("its spec has neither a canary nor a blue-green strategy"));
    }
    // Until the controller has seen a template its revision and pod hash are those of the one before.
    if !state.world.has_seen_rollout(rollout) {
        return Err(unobserved());
    }
    if command == Command::Undo {
        return undo_rollout(state, rollout, wanted);
    }
    if matches!(command, Command::Promote | Command::PauseRollout) && rollout.paused {
        return promotable_pause(rollout).map(|()| Change::Unpause);
    }
    let pod_hash = rollout
        .current_pod_hash
        .clone()
        .ok_or_else(|| Safe::of("the controller has not said anything about it yet"))?;
    match command {
        Command::Promote => promote(rollout, pod_hash),
        Command::Abort => abort(rollout, pod_hash),
        Command::Retry if rollout.abort => Ok(Change::Retry { pod_hash }),
        Command::Retry => Err(Safe::of("it is not aborted")),
        _ => super::rollout::change(command, rollout, pod_hash),
    }
}

fn unobserved() -> Safe {
    Safe::of("the controller has not seen the last change of its spec yet")
}

fn promotable_pause(rollout: &Rollout) -> Result<(), Safe> {
    if rollout.abort {
        return Err(Safe::of("it is aborted: retry it first"));
    }
    Ok(())
}

fn is_promoted(rollout: &Rollout) -> bool {
    rollout.current_pod_hash.is_some() && rollout.current_pod_hash == rollout.stable_hash
}

fn promote(rollout: &Rollout, pod_hash: Safe) -> Result<Change, Safe> {
    promotable_pause(rollout)?;
    if rollout.pause_conditions.is_empty() {
        if is_promoted(rollout) {
            return Err(Safe::of("it is fully promoted"));
        }
        return Err(match rollout.current_step_index {
            Some(index) if facts::canary(rollout).is_some() => {
                safe!("it is not paused: {} is running", steps::numbered(rollout, index))
            }
            _ => Safe::of("it is not paused"),
        });
    }
    let Some(canary) = facts::canary(rollout) else {
        return Ok(Change::PromotePause { pod_hash, step: None });
    };
    let index = rollout.current_step_index;
    let inconclusive =
        rollout.step_analysis.as_ref().is_some_and(|analysis| analysis.status == AnalysisPhase::Inconclusive);
    match index {
        Some(step) if inconclusive && rollout.controller_pause => {
            let next = (step + 1).min(canary.steps.len() as i64);
            Ok(Change::PromoteInconclusive { pod_hash, step, next })
        }
        _ => Ok(Change::PromotePause { pod_hash, step: index }),
    }
}

fn abort(rollout: &Rollout, pod_hash: Safe) -> Result<Change, Safe> {
    if rollout.abort {
        return Err(Safe::of("it is already aborted"));
    }
    if is_promoted(rollout) {
        return Err(Safe::of("it is fully promoted: there is nothing to abort (undo goes back a revision)"));
    }
    if rollout.stable_hash.is_none() {
        return Err(Safe::of("there is no stable version to go back to"));
    }
    Ok(Change::Abort { pod_hash })
}

/// The ReplicaSet or job highlighted in the tree of a page; of a job also the one whose log is open.
fn highlighted(state: &State) -> Option<Uid> {
    match (lists::selected(state, &state.ui.list_id()), &state.ui.place) {
        (Some(RowId::Object(id)), _) if id.kind == Kind::ReplicaSet || id.kind.is_job() => Some(id.uid),
        (Some(RowId::JobStep(job, _)), _) => Some(job),
        (_, Place::Log(id)) if id.kind.is_job() => Some(id.uid.clone()),
        _ => None,
    }
}

fn undo_rollout(state: &State, rollout: &Rollout, wanted: Option<&Uid>) -> Result<Change, Safe> {
    if let Some(reference) = &rollout.workload_ref {
        return Err(safe!("its template stands in {} {}: undo that one", reference.kind, reference.name.safe()));
    }
    whole_sets(state, &rollout.meta.id(Kind::Rollout))?;
    let sets = facts::revisions(state, &rollout.meta.uid);
    let current = facts::with_hash(state, &rollout.meta.uid, rollout.current_pod_hash.as_ref());
    let current = current.as_deref().or(sets.first().map(AsRef::as_ref));
    let to = earlier(&sets, current, wanted)?;
    Ok(undo(rollout.meta.resource_version.clone(), to))
}

fn undo_deployment(state: &State, target: &ObjectId, wanted: Option<&Uid>) -> Result<Change, Safe> {
    let deployment = state.world.deployments.get(&target.uid).ok_or_else(gone)?;
    if deployment.meta.deleting.is_some() {
        return Err(Safe::of("it is being deleted"));
    }
    let known = gitops::of_workload(state, Kind::Deployment, &deployment.meta).is_some();
    if let Some(manager) = deployment.managed_by.as_ref().filter(|_| !known) {
        return Err(safe!("{} writes its template and would bring the change back: undo it there", manager));
    }
    if deployment.paused {
        return Err(Safe::of("it is paused; resume it first"));
    }
    if !state.world.has_seen_deployment(deployment) {
        return Err(unobserved());
    }
    whole_sets(state, target)?;
    let sets = facts::revisions(state, &deployment.meta.uid);
    let current = sets.iter().find(|set| set.revision == deployment.revision).or(sets.first());
    let to = earlier(&sets, current.map(AsRef::as_ref), wanted)?;
    Ok(undo(deployment.meta.resource_version.clone(), to))
}

/// What is gone back to is chosen among all revisions, as they are now.
fn whole_sets(state: &State, target: &ObjectId) -> Result<(), Safe> {
    facts::sets_not_whole(state, target).map_or(Ok(()), Err)
}

/// The ReplicaSet asked for, else the newest but the current one.
fn earlier<'a>(
    sets: &'a [std::sync::Arc<ReplicaSet>],
    current: Option<&ReplicaSet>,
    wanted: Option<&Uid>,
) -> Result<&'a ReplicaSet, Safe> {
    let is_current = |set: &ReplicaSet| current.is_some_and(|current| current.meta.uid == set.meta.uid);
    // A highlighted ReplicaSet of another workload does not count, and the current one is where a
    // page's highlight begins: nobody means to go back to it.
    if let Some(set) = wanted.and_then(|uid| sets.iter().find(|set| set.meta.uid == *uid && !is_current(set))) {
        return Ok(set);
    }
    let newest = |set: &&std::sync::Arc<ReplicaSet>| !is_current(set);
    sets.iter().find(newest).map(AsRef::as_ref).ok_or_else(|| Safe::of("there is no earlier revision"))
}

fn undo(resource_version: std::sync::Arc<str>, to: &ReplicaSet) -> Change {
    Change::Undo {
        resource_version,
        replica_set: to.meta.name.clone(),
        replica_set_uid: to.meta.uid.clone(),
        to_revision: to.revision.unwrap_or_default(),
    }
}
