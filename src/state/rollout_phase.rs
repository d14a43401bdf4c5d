//! A Rollout's status and message, and its weights and step: a port of the controller's own
//! `utils/rollout/rolloututil.go` and `utils/replicaset/canary.go` (v1.9.2), which the plug-in uses.

use crate::model::kubernetes::ReplicaSet;
use crate::model::rollouts::{AnalysisPhase, Rollout, Step, Strategy};
use crate::safe;
use crate::text::Safe;

/// What stands after `Status:` and `Message:`.
///
/// A `workloadRef` whose Deployment has moved on is not told apart here: the plug-in cannot either,
/// because the field its rule asks is never sent by the API server.
#[must_use]
pub fn phase(rollout: &Rollout) -> (Safe, Safe) {
    // A number larger than the generation is the hash of a controller before 0.10.
    let observed = rollout.observed_generation.is_none_or(|observed| observed >= rollout.meta.generation);
    if !observed {
        return (Safe::of("Progressing"), Safe::of("waiting for rollout spec update to be observed"));
    }
    if rollout.controller_pause && rollout.pause_conditions.is_empty() {
        return (Safe::of("Progressing"), Safe::of("waiting for rollout to unpause"));
    }
    if !rollout.phase.is_empty() {
        return (rollout.phase.clone(), rollout.message.clone());
    }
    calculated(rollout)
}

/// What the controller would have written, for those before 1.0 that write nothing.
fn calculated(rollout: &Rollout) -> (Safe, Safe) {
    for condition in &rollout.conditions {
        if condition.kind.as_str() == "InvalidSpec" {
            return (Safe::of("Degraded"), safe!("InvalidSpec: {}", condition.message));
        }
        if matches!(condition.reason.as_str(), "RolloutAborted" | "ProgressDeadlineExceeded") {
            return (Safe::of("Degraded"), safe!("{}: {}", condition.reason, condition.message));
        }
    }
    if rollout.paused {
        return (Safe::of("Paused"), Safe::of("manually paused"));
    }
    if let Some(pause) = rollout.pause_conditions.first() {
        return (Safe::of("Paused"), pause.reason.clone());
    }
    match unfinished(rollout) {
        Some(message) => (Safe::of("Progressing"), Safe::of(message)),
        None => (Safe::of("Healthy"), Safe::of("")),
    }
}

fn unfinished(rollout: &Rollout) -> Option<&'static str> {
    let replicas = rollout.replicas;
    if rollout.restarting {
        return Some("rollout is restarting");
    }
    if replicas.updated < replicas.desired {
        return Some("more replicas need to be updated");
    }
    if replicas.available < replicas.updated {
        return Some("updated replicas are still becoming available");
    }
    let promoted = rollout.stable_hash.is_some() && rollout.stable_hash == rollout.current_pod_hash;
    match &rollout.strategy {
        Strategy::BlueGreen(_)
            if rollout.active_selector.is_none() || rollout.active_selector != rollout.current_pod_hash =>
        {
            Some("active service cutover pending")
        }
        Strategy::BlueGreen(spec) if !promoted => {
            let completed = rollout.post_promotion_analysis.as_ref().is_some_and(|run| is_completed(&run.status));
            if spec.post_promotion && !completed {
                Some("waiting for analysis to complete")
            } else {
                Some("waiting for post-promotion verification to complete")
            }
        }
        Strategy::Canary(spec) if !spec.traffic_routing && replicas.current > replicas.updated => {
            Some("old replicas are pending termination")
        }
        Strategy::Canary(_) if !promoted => Some("waiting for all steps to complete"),
        Strategy::Canary(_) | Strategy::BlueGreen(_) | Strategy::None => None,
    }
}

/// A run that ended, one way or another.
#[must_use]
pub fn is_completed(phase: &AnalysisPhase) -> bool {
    match phase {
        AnalysisPhase::Successful | AnalysisPhase::Failed | AnalysisPhase::Error | AnalysisPhase::Inconclusive => true,
        AnalysisPhase::Pending | AnalysisPhase::Running | AnalysisPhase::Other(_) => false,
    }
}

/// The step a canary stands at: its index, and the step unless all of them are done.
/// `None` without steps.
#[must_use]
pub fn current_step(rollout: &Rollout) -> Option<(usize, Option<&Step>)> {
    let Strategy::Canary(canary) = &rollout.strategy else { return None };
    if canary.steps.is_empty() {
        return None;
    }
    let index = usize::try_from(rollout.current_step_index.unwrap_or(0)).unwrap_or(0);
    Some((index, canary.steps.get(index)))
}

/// `trafficRouting.maxTrafficWeight`: what 100 % is called.
#[must_use]
pub fn max_weight(rollout: &Rollout) -> i64 {
    match &rollout.strategy {
        Strategy::Canary(canary) if canary.traffic_routing => canary.max_weight,
        Strategy::Canary(_) | Strategy::BlueGreen(_) | Strategy::None => 100,
    }
}

/// A weight of this rollout in percent of all traffic: `50 %`, `0.5 %`.
#[must_use]
pub fn percent(rollout: &Rollout, weight: i64) -> Safe {
    percent_of(weight, max_weight(rollout))
}

/// A weight in percent of what all traffic is called.
#[must_use]
pub fn percent_of(weight: i64, max: i64) -> Safe {
    let tenths = weight.saturating_mul(1_000) / max.max(1);
    match tenths % 10 {
        0 => safe!("{} %", tenths / 10),
        rest => safe!("{}.{} %", tenths / 10, rest.abs()),
    }
}

/// The weight the steps ask for.
#[must_use]
pub fn set_weight(rollout: &Rollout) -> i64 {
    if rollout.abort {
        return 0;
    }
    match current_step(rollout) {
        Some((index, Some(_))) => weight_at(rollout, index),
        Some((_, None)) | None => all_weight(rollout),
    }
}

/// The weight set at or before a step; past the last one all of it.
#[must_use]
pub fn weight_at(rollout: &Rollout, index: usize) -> i64 {
    let Strategy::Canary(canary) = &rollout.strategy else { return 0 };
    let Some(steps) = canary.steps.get(..=index) else { return max_weight(rollout) };
    steps.iter().rev().find_map(weight_of).unwrap_or(0)
}

/// The weight that comes next after a step; all of it where none does.
#[must_use]
pub fn weight_after(rollout: &Rollout, index: usize) -> i64 {
    let Strategy::Canary(canary) = &rollout.strategy else { return 0 };
    canary.steps.iter().skip(index + 1).find_map(weight_of).unwrap_or_else(|| max_weight(rollout))
}

const fn weight_of(step: &Step) -> Option<i64> {
    if let Step::SetWeight(weight) = step { Some(*weight) } else { None }
}

/// All traffic, of a canary; a blue-green has no weight.
fn all_weight(rollout: &Rollout) -> i64 {
    if matches!(rollout.strategy, Strategy::Canary(_)) { max_weight(rollout) } else { 0 }
}

/// The weight the canary has: by traffic where it is routed, by available pods where it is not.
#[must_use]
pub fn actual_weight(rollout: &Rollout, canary: Option<&ReplicaSet>) -> i64 {
    let Strategy::Canary(strategy) = &rollout.strategy else { return 0 };
    let Some((_, Some(_))) = current_step(rollout) else { return max_weight(rollout) };
    let available = rollout.replicas.available;
    if available <= 0 {
        return 0;
    }
    if strategy.traffic_routing {
        return rollout.weights.as_ref().map_or_else(|| set_weight(rollout), |weights| weights.canary);
    }
    canary.map_or(0, |canary| canary.available.saturating_mul(max_weight(rollout)) / available)
}
