//! Why a Rollout is not moving.

use jiff::Timestamp;

use super::silent::{self, Unanswered};
use super::{Cause, Reason, Severity, analysis, image, pods, routing};
use crate::command::Command;
use crate::model::rollouts::{AnalysisPhase, Rollout, Step, Strategy};
use crate::safe;
use crate::state::{State, aborted, holds, rollout_phase};
use crate::text::Safe;

pub(super) fn cause(state: &State, unanswered: &Unanswered<'_>, row: &Rollout) -> Option<Cause> {
    let silent = || silent::cause(state, unanswered, &row.meta, "rollouts controller");
    if let Some(cause) = invalid(row).or_else(silent) {
        return Some(cause);
    }
    let (status, _) = rollout_phase::phase(row);
    let enough = row.replicas.available >= row.replicas.desired;
    let analysed = analysis::current(row).any(|run| !rollout_phase::is_completed(&run.status));
    if status.as_str() == "Healthy" && enough && !analysed {
        return None;
    }
    let promoted = row.stable_hash == row.current_pod_hash;
    // The pods of both versions: a broken stable version is worse news than a broken canary.
    let sets = state.world.replica_sets.owned_by(&row.meta.uid).filter(|set| set.desired > 0 || set.current > 0);
    let keys: &[Command] = if promoted { &[Command::Undo] } else { &[Command::Abort, Command::Undo] };
    let new = state
        .world
        .replica_sets
        .owned_by(&row.meta.uid)
        .find(|set| set.desired > 0 && row.current_pod_hash.is_some() && set.template_hash == row.current_pod_hash);
    let foreign = || image::cause(state, new.map_or(&[], |set| &set.images), what(row), keys);
    pods::cause(state, sets, keys)
        .map(|cause| image::instead(cause, foreign))
        .or_else(|| analysis::failing(state, row, what(row)))
        .or_else(|| routing::cause(state, row))
        .or_else(|| ended(state, row))
        .or_else(foreign)
        .or_else(|| paused(state, row))
        .or_else(|| deadline(row))
}

/// `canary` or `preview`: what the new version is called.
const fn what(row: &Rollout) -> &'static str {
    match &row.strategy {
        Strategy::Canary(_) => "canary",
        Strategy::BlueGreen(_) => "preview",
        Strategy::None => "rollout",
    }
}

fn invalid(row: &Rollout) -> Option<Cause> {
    let condition = row
        .conditions
        .iter()
        .find(|condition| condition.kind.as_str() == "InvalidSpec" && condition.status != Some(false))?;
    let message = &condition.message;
    let missing = message.as_str().contains("service \"") && message.as_str().contains("not found");
    let (reason, words) = if missing {
        (Reason::ServiceMissing, safe!("has no service to send traffic to: {}", message))
    } else {
        (Reason::InvalidSpec, safe!("has an invalid spec: {}", message))
    };
    Some(made(reason, Severity::Broken, condition.changed, "", words, &[Command::Undo]))
}

pub(super) fn ended(state: &State, row: &Rollout) -> Option<Cause> {
    if !row.abort {
        return None;
    }
    let message = row
        .conditions
        .iter()
        .find(|condition| condition.kind.as_str() == "Progressing" && condition.reason.as_str() == "RolloutAborted")
        .map_or(&row.message, |condition| &condition.message);
    // `Rollout aborted update to revision 2: <why>`; without a why, a person did it.
    let why = message.as_str().split_once("aborted update to revision").and_then(|(_, rest)| rest.split_once(": "));
    let Some((_, why)) = why else {
        // The flag is a wish until the controller has stamped it; traffic is where it was.
        let words = if row.aborted_at.is_some() {
            safe!("was aborted, all traffic is on the stable version{}", git(state, row))
        } else {
            Safe::of("is asked to abort, the rollouts controller has not acted yet")
        };
        let keys = [Command::Retry, Command::Undo];
        return Some(made(Reason::Aborted, Severity::Waiting, row.aborted_at, what(row), words, &keys));
    };
    let reason = if why.contains("timed out progressing") {
        Reason::Deadline
    } else if why.contains("assessed Error") {
        Reason::AnalysisError
    } else {
        Reason::AnalysisFailed
    };
    let why = match reason {
        Reason::AnalysisError | Reason::AnalysisFailed => analysis::ended_by(state, row),
        _ => None,
    }
    .unwrap_or_else(|| Safe::line(why));
    let words = safe!("was aborted: {}{}", why, git(state, row));
    Some(made(reason, Severity::Broken, row.aborted_at, what(row), words, &[Command::Undo, Command::Retry]))
}

/// Said once nobody has pushed a fix for a while.
fn git(state: &State, row: &Rollout) -> &'static str {
    if aborted::is_due(state, row) { "; Git still asks for the new version" } else { "" }
}

pub(super) fn paused(state: &State, row: &Rollout) -> Option<Cause> {
    if row.paused {
        let by = holds::paused_by(state, &row.meta.uid, row.meta.cluster, row.paused_by.as_ref());
        let words = safe!("was paused by a person{}{}", by.brief(), place(row));
        let since = row.conditions.iter().find(|condition| condition.kind.as_str() == "Paused");
        let since = since.and_then(|condition| condition.changed);
        let keys = [Command::Promote, Command::Abort];
        return Some(made(Reason::ManualPause, Severity::Waiting, since, what(row), words, &keys));
    }
    let pause = row.pause_conditions.first()?;
    let keys = [Command::Promote, Command::Abort];
    match pause.reason.as_str() {
        "InconclusiveAnalysisRun" | "InconclusiveExperiment" => {
            let words = safe!("stopped{}: analysis {}", place(row), undecided(state, row));
            Some(made(Reason::AnalysisInconclusive, Severity::Waiting, pause.since, what(row), words, &keys))
        }
        "CanaryPauseStep" if waits_for_a_person(row) => {
            let words = safe!("waits{} for a person", place(row));
            Some(made(Reason::PauseStep, Severity::Waiting, pause.since, what(row), words, &keys))
        }
        "BlueGreenPause" if waits_for_a_person(row) => {
            let words = Safe::of("waits for a person to send it the traffic");
            Some(made(Reason::PauseStep, Severity::Waiting, pause.since, what(row), words, &keys))
        }
        _ => None,
    }
}

/// A pause that nobody ends is one; a timed one is not.
fn waits_for_a_person(row: &Rollout) -> bool {
    match &row.strategy {
        Strategy::Canary(_) => {
            matches!(rollout_phase::current_step(row), Some((_, Some(Step::Pause(None)))))
        }
        Strategy::BlueGreen(spec) => !spec.auto_promotion && spec.auto_promotion_after.is_none(),
        Strategy::None => false,
    }
}

fn undecided(state: &State, row: &Rollout) -> Safe {
    let reference = analysis::current(row).find(|run| run.status == AnalysisPhase::Inconclusive);
    let Some(reference) = reference else { return Safe::of("inconclusive") };
    analysis::run(state, row, reference)
        .and_then(|run| analysis::undecided(run))
        .unwrap_or_else(|| safe!("{} inconclusive", reference.name.safe()))
}

fn deadline(row: &Rollout) -> Option<Cause> {
    let condition = row.conditions.iter().find(|condition| condition.reason.as_str() == "ProgressDeadlineExceeded")?;
    let words = safe!("passed its progress deadline{}", place(row));
    let keys = [Command::Abort, Command::Undo];
    Some(made(Reason::Deadline, Severity::Broken, condition.changed, what(row), words, &keys))
}

/// ` at step 3 of 9 (25 %)`; nothing without steps.
fn place(row: &Rollout) -> Safe {
    let (Strategy::Canary(canary), Some((index, Some(_)))) = (&row.strategy, rollout_phase::current_step(row)) else {
        return Safe::of("");
    };
    let percent = rollout_phase::percent(row, rollout_phase::set_weight(row));
    safe!(" at step {} of {} ({})", index + 1, canary.steps.len(), percent)
}

fn made(
    reason: Reason,
    severity: Severity,
    since: Option<Timestamp>,
    part: &'static str,
    words: Safe,
    keys: &[Command],
) -> Cause {
    Cause { reason, severity, since, part, words, keys: [&[Command::Look], keys].concat() }
}
