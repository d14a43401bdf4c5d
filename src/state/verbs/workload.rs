//! Restarting and scaling of workloads (apis.md §3.2).

use std::sync::Arc;

use super::outcome::Verdict;
use super::preview::Words;
use super::{facts, kept, offer, revisions};
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::applications::Application;
use crate::model::kubernetes::{Meta, Replicas, RolloutStatus, RolloutVerdict};
use crate::model::workloads::{Pairs, Update};
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::state::{State, access, deployment_status, gitops, limits, workload_status};
use crate::text::{self, Safe};

/// More is a slip of the finger.
const MOST: i64 = 1_000;

/// What a restart and a scaling need to know, whatever the kind.
struct Row<'a> {
    meta: &'a Meta,
    replicas: Replicas,
    labels: &'a Pairs,
    managed_by: Option<&'a Safe>,
    paused: bool,
    observed: bool,
}

/// Of these commands this module knows.
pub(super) const fn is_its(command: Command) -> bool {
    matches!(command, Command::RestartContainer | Command::Scale)
}

/// Why a StatefulSet, a DaemonSet or a Job cannot be asked for a verb of others.
pub(super) fn no_verb(command: Command, kind: Kind) -> Safe {
    if command == Command::Undo {
        return Safe::of("a Job has no revisions");
    }
    safe!("a {} has no steps; restart and scale apply where it has pods to replace", workload_status::word(kind))
}

fn row<'a>(state: &'a State, id: &ObjectId) -> Result<Row<'a>, Safe> {
    let gone = || Safe::of("it is gone");
    let world = &state.world;
    let (meta, replicas, template, managed_by, paused, observed) = match id.kind {
        Kind::Deployment => {
            let row = world.deployments.get(&id.uid).ok_or_else(gone)?;
            let observed = row.observed_generation >= row.meta.generation;
            (&row.meta, row.replicas, &row.template, &row.managed_by, row.paused, observed)
        }
        Kind::Rollout => {
            let row = world.rollouts.get(&id.uid).ok_or_else(gone)?;
            let observed = row.observed_generation == Some(row.meta.generation);
            (&row.meta, row.replicas, &row.template, &row.managed_by, row.paused, observed)
        }
        _ => {
            let row = world.controlled.get(&id.uid).ok_or_else(gone)?;
            let observed = row.observed_generation >= row.meta.generation;
            (&row.meta, row.replicas, &row.template, &row.managed_by, false, observed)
        }
    };
    Ok(Row { meta, replicas, labels: &template.labels, managed_by: managed_by.as_ref(), paused, observed })
}

/// What the command means for it; of a scaling to what it has, for the number is asked for first.
pub(super) fn change(state: &State, command: Command, id: &ObjectId) -> Result<Change, Safe> {
    let it = row(state, id)?;
    if it.meta.deleting.is_some() {
        return Err(Safe::of("it is being deleted"));
    }
    if command == Command::Scale {
        scalable(state, id, &it)?;
        let now = it.replicas.desired;
        return Ok(Change::Scale { resource_version: Arc::clone(&it.meta.resource_version), from: now, to: now });
    }
    match (id.kind, state.world.controlled.get(&id.uid).map(|row| &row.update)) {
        // Its pods are replaced by its controller, and no new revision begins.
        (Kind::Rollout, _) => return super::rollout::restart(state, id),
        (Kind::BatchJob, _) => return Err(Safe::of("a Job runs once: its owner, or who applied it, makes another")),
        (_, Some(Update::Stateful { rolling: false, .. } | Update::Daemon { rolling: false })) => {
            return Err(Safe::of("its pods are replaced only when somebody deletes them (OnDelete)"));
        }
        _ => {}
    }
    if it.paused {
        return Err(Safe::of("it is paused; resume it first"));
    }
    if !it.observed {
        return Err(Safe::of("the controller has not seen the last change of its spec yet"));
    }
    Ok(Change::RestartWorkload { resource_version: Arc::clone(&it.meta.resource_version) })
}

/// Whether a number would stay: what an autoscaler or Git decides is decided there.
fn scalable(state: &State, id: &ObjectId, it: &Row<'_>) -> Result<(), Safe> {
    match id.kind {
        Kind::DaemonSet => return Err(Safe::of("a DaemonSet has a pod on every node it selects")),
        Kind::BatchJob => return Err(Safe::of("a Job has as many pods as it is to complete")),
        _ => {}
    }
    if let Some((row, hpa)) = limits::autoscaler(state, id.kind, it.meta) {
        return Err(safe!(
            "autoscaler {} decides how many replicas it has ({}–{}), and would take the number back",
            row.meta.name,
            hpa.min,
            hpa.max
        ));
    }
    if let Some(manager) = it.managed_by.filter(|manager| manager.as_str() == "Flux") {
        return Err(safe!("{} writes its spec and would take the number back: change it there", manager));
    }
    let heals = |row: &Application| !row.skipped && row.automated.is_some_and(|how| how.self_heal);
    if let Some(application) = gitops::of_workload(state, id.kind, it.meta).filter(|row| heals(row)) {
        return Err(safe!(
            "application {} keeps it as its repository says, and would take the number back: change it there",
            application.meta.name
        ));
    }
    Ok(())
}

/// The workload that would be scaled, before a number is asked for.
pub fn may_scale(state: &State) -> Result<(ObjectId, i64), Safe> {
    let id = super::target(state).ok_or_else(|| Safe::of("select a workload first"))?;
    if !matches!(id.kind, Kind::Deployment | Kind::Rollout) && !id.kind.is_controlled() {
        return Err(Safe::of("only a workload has replicas: select one"));
    }
    offer::may_act(state, Command::Scale, &id)?;
    let change = change(state, Command::Scale, &id)?;
    access::check(state, &id, access::to_scale(id.kind))?;
    match change {
        Change::Scale { from, .. } => Ok((id, from)),
        _ => Err(Safe::of("this is no number of replicas")),
    }
}

/// To so many replicas.
pub fn scale(state: &State, id: &ObjectId, to: i64) -> Result<Action, Safe> {
    offer::may_act(state, Command::Scale, id)?;
    let Change::Scale { resource_version, from, .. } = change(state, Command::Scale, id)? else {
        return Err(Safe::of("this is no number of replicas"));
    };
    if !(0..=MOST).contains(&to) {
        return Err(safe!("a number from 0 to {} is meant", MOST));
    }
    if to == from {
        return Err(safe!("it has {} already", text::plural(from.unsigned_abs(), "replica", "replicas")));
    }
    access::may(state, Action { target: id.clone(), change: Change::Scale { resource_version, from, to } })
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    let Ok(it) = row(state, &action.target) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    let budgets: Vec<Safe> = limits::budgets(state, it.meta, it.labels)
        .map(|(row, budget)| {
            let allowed = text::plural(budget.allowed.unsigned_abs(), "disruption", "disruptions");
            safe!("{} allows {} now, which holds no update up", row.meta.name, allowed)
        })
        .collect();
    match &action.change {
        Change::Scale { from, to, .. } => {
            scale_words(state, &it, *from, *to, words);
            let others = others(state, &action.target, &it);
            if !others.is_empty() {
                words.lines("others", others);
            }
        }
        _ => restart_words(&it, words),
    }
    if !budgets.is_empty() {
        words.lines("budget", budgets);
    }
}

/// Who else may write the number, where nothing says that it would be taken back at once.
fn others(state: &State, id: &ObjectId, it: &Row<'_>) -> Vec<Safe> {
    let autoscalers = ObjectId { kind: Kind::HorizontalPodAutoscaler, ..id.clone() };
    let unread = facts::not_live(state, &autoscalers)
        .map(|why| safe!("not known whether an autoscaler decides how many replicas it has: {}", why));
    let kept = match (gitops::of_workload(state, id.kind, it.meta), it.managed_by) {
        (Some(application), _) => {
            Some(safe!("application {} keeps it: its next sync may take the number back", application.meta.name))
        }
        (None, Some(manager)) => Some(safe!("{} writes its spec: its next change may take the number back", manager)),
        (None, None) => kept::doubt(state, id),
    };
    unread.into_iter().chain(kept).collect()
}

fn restart_words(it: &Row<'_>, words: &mut Words) {
    let pods = text::plural(it.replicas.desired.unsigned_abs(), "pod", "pods");
    words.summary = safe!("{} → as many new ones", pods);
    words.expects = Safe::of("the new template seen, and its rollout complete");
    words.lines(
        "this will",
        vec![
            Safe::of("write the time of the restart into the pod template (kubectl.kubernetes.io/restartedAt)"),
            Safe::of("and so replace every pod, as fast as its update strategy allows"),
        ],
    );
    words.line("it will not", Safe::of("change image or configuration; a tag that moved is pulled as it is now"));
    words.line("undo", Safe::of("none is needed; undo would replace every pod once more"));
}

fn scale_words(state: &State, it: &Row<'_>, from: i64, to: i64, words: &mut Words) {
    words.summary = safe!("{} → {}", text::plural(from.unsigned_abs(), "replica", "replicas"), to);
    words.expects = safe!("{} asked for and ready", text::plural(to.unsigned_abs(), "replica", "replicas"));
    let will = match to {
        0 => Safe::of("end every pod of it: nobody is served by it any more"),
        _ if to < from => safe!("end {}", text::plural((from - to).unsigned_abs(), "pod", "pods")),
        _ => safe!("start {}, if quota and nodes have room", text::plural((to - from).unsigned_abs(), "pod", "pods")),
    };
    words.line("this will", will);
    let rows = state.world.beside.of_namespace(it.meta.cluster, &it.meta.namespace);
    let quota: Vec<Safe> =
        rows.iter().filter(|row| row.what.kind() == Kind::ResourceQuota).map(|row| limits::words(row)).collect();
    if to > from && !quota.is_empty() {
        words.lines("quota", quota);
    }
    words.line("it will not", Safe::of("change the template, or Git, if a repository describes this object"));
    words.line("undo", safe!("scale back to {}", from));
}

/// What proves it: the number or the new template seen, and a rollout that came to its end.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    if let Some(verdict) = unseen(state, operation) {
        return verdict;
    }
    if let Some(verdict) = revisions::apart(state, operation) {
        return verdict;
    }
    let Ok(it) = row(state, target) else { return Verdict::Lost(Safe::of("it was deleted meanwhile")) };
    match status(state, target) {
        Some(RolloutStatus { verdict: RolloutVerdict::Failed, message }) => Verdict::Lost(message),
        Some(RolloutStatus { verdict: RolloutVerdict::Progressing, message }) => {
            Verdict::Waiting(revisions::waits(state, operation, message))
        }
        Some(RolloutStatus { verdict: RolloutVerdict::Complete, .. }) => Verdict::Seen,
        // Of a Rollout that walks its steps the replicas it has are all there is to see.
        None if it.replicas.ready >= it.replicas.desired => Verdict::Seen,
        None => Verdict::Waiting(safe!("{} of {} replicas are ready", it.replicas.ready, it.replicas.desired)),
    }
}

/// Until the controller has seen it. From then on what holds it up are its pods.
pub(in crate::state) fn unseen(state: &State, operation: &Operation) -> Option<Verdict> {
    let target = &operation.action.target;
    let Ok(it) = row(state, target) else { return Some(Verdict::Lost(Safe::of("it was deleted meanwhile"))) };
    let seen = operation.generation.is_none_or(|generation| it.meta.generation >= generation);
    if let Change::Scale { from, to, .. } = &operation.action.change
        && it.replicas.desired != *to
    {
        // What was read before the answer still has the number of before.
        let before = it.replicas.desired == *from;
        return Some(if before {
            Verdict::Waiting(safe!("{} in its spec", text::plural(to.unsigned_abs(), "replica", "replicas")))
        } else {
            Verdict::Lost(safe!("somebody asked for {} meanwhile", it.replicas.desired))
        });
    }
    let waits = || Verdict::Waiting(Safe::of("the controller to see the change of the spec"));
    (!seen || !it.observed).then(waits)
}

/// As kubectl tells it; `None` of a Rollout.
fn status(state: &State, id: &ObjectId) -> Option<RolloutStatus> {
    match id.kind {
        Kind::Deployment => state.world.deployments.get(&id.uid).map(|row| deployment_status::status(row)),
        kind if kind.is_controlled() => state.world.controlled.get(&id.uid).map(|row| workload_status::status(row)),
        _ => None,
    }
}
