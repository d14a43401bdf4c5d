//! The canary strategy: weights behind a traffic router, pauses, analyses, promotion.

use serde_json::{Value, json};

use super::rollouts::{CONTROLLER, Look, aborted, available, pause_of, scale_down_old};
use super::{analysis, replica_sets};
use crate::demo::istio;
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{at, int, items, later, rfc3339, set, text, time_at, unset, yes};
use crate::demo::world::World;

const ANALYSIS: &str = "/status/canary/currentStepAnalysisRunStatus";

pub(super) fn reconcile(world: &mut World, look: &Look, rollout: &mut Value) {
    // The recorded hash: the demo's steps never change, so neither does it.
    set(rollout, "/status/currentStepHash", "679697fb9d");
    let stable_hash = text(rollout, "/status/stableRS").to_owned();
    if look.stable {
        replica_sets::scale(world, &look.key, &look.current, look.wanted);
        weights(world, look, rollout, 0, &stable_hash);
        scale_down_old(world, look, rollout, &[&stable_hash]);
        return;
    }
    if look.abort {
        weights(world, look, rollout, 0, &stable_hash);
        scale_down_old(world, look, rollout, &[&stable_hash]);
        return;
    }
    if yes(rollout, "/spec/paused") {
        return;
    }
    drop_foreign_analysis(world, look, rollout);
    if yes(rollout, "/status/promoteFull") {
        stop_analysis(world, &look.key, rollout);
        unset(rollout, "/status/pauseConditions");
        let last = items(rollout, "/spec/strategy/canary/steps").len();
        set(rollout, "/status/currentStepIndex", last);
    }
    step(world, look, rollout);
    if yes(rollout, "/status/abort") {
        weights(world, look, rollout, 0, &stable_hash);
        return;
    }
    shift(world, look, rollout, &stable_hash);
}

/// The weight that the steps up to `index` ask for.
fn weight_at(rollout: &Value, index: i64) -> i64 {
    let steps = items(rollout, "/spec/strategy/canary/steps");
    if index >= steps.len() as i64 {
        return 100;
    }
    let until = steps.iter().take(usize::try_from(index + 1).unwrap_or_default());
    until.filter_map(|step| step.get("setWeight").and_then(Value::as_i64)).next_back().unwrap_or_default()
}

fn share(wanted: i64, weight: i64) -> i64 {
    (wanted * weight + 99) / 100
}

/// Scales the new version for the present weight, then moves the traffic, then, after the last
/// step, makes it the stable one.
fn shift(world: &mut World, look: &Look, rollout: &mut Value, stable_hash: &str) {
    let steps = items(rollout, "/spec/strategy/canary/steps").len() as i64;
    let index = int(rollout, "/status/currentStepIndex");
    let weight = weight_at(rollout, index);
    let wanted = share(look.wanted, weight);
    replica_sets::scale(world, &look.key, &look.current, wanted);
    if available(world, &look.current) < wanted {
        return;
    }
    if index < steps {
        weights(world, look, rollout, weight, stable_hash);
        return;
    }
    set(rollout, "/status/stableRS", look.hash.clone());
    let how = if yes(rollout, "/status/promoteFull") {
        "Full promotion requested".to_owned()
    } else {
        format!("Completed all {steps} canary steps")
    };
    unset(rollout, "/status/promoteFull");
    unset(rollout, "/status/controllerPause");
    let message = format!("Rollout completed update to revision {} ({}): {how}", look.revision, look.hash);
    world.event(&look.key, CONTROLLER, "RolloutCompleted", &message);
    weights(world, look, rollout, 0, &look.hash);
}

/// Finishes the current step if it is done, or does what it asks for.
fn step(world: &mut World, look: &Look, rollout: &mut Value) {
    let index = int(rollout, "/status/currentStepIndex");
    let steps = items(rollout, "/spec/strategy/canary/steps");
    let Some(step) = usize::try_from(index).ok().and_then(|index| steps.get(index)).cloned() else { return };
    let count = steps.len();
    let done = if let Some(weight) = step.get("setWeight").and_then(Value::as_i64) {
        let wanted = share(look.wanted, weight);
        let stands = available(world, &look.current) >= wanted;
        let stable = text(rollout, "/status/stableRS").to_owned();
        if stands {
            weights(world, look, rollout, weight, &stable);
        }
        stands.then(|| format!("setWeight: {weight}"))
    } else if step.get("pause").is_some() {
        pause(world, look, rollout, &step)
    } else {
        analyse(world, look, rollout, &step, index)
    };
    if let Some(what) = done {
        set(rollout, "/status/currentStepIndex", index + 1);
        let message = format!("Rollout step {}/{count} completed ({what})", index + 1);
        world.event(&look.key, CONTROLLER, "RolloutStepCompleted", &message);
    }
}

fn pause(world: &mut World, look: &Look, rollout: &mut Value, step: &Value) -> Option<String> {
    let began = items(rollout, "/status/pauseConditions")
        .iter()
        .find(|it| text(it, "/reason") == "CanaryPauseStep")
        .and_then(|it| time_at(it, "/startTime"));
    let length = pause_of(step);
    let name = text(step, "/pause/duration");
    let name = if name.is_empty() { "pause".to_owned() } else { format!("pause: {name}") };
    match (began, length) {
        (None, _) if yes(rollout, "/status/controllerPause") => {
            unset(rollout, "/status/controllerPause");
            world.event(&look.key, CONTROLLER, "RolloutResumed", "Rollout is resumed");
            Some(name)
        }
        (None, _) => {
            set(rollout, "/status/controllerPause", true);
            let pause = json!([{ "reason": "CanaryPauseStep", "startTime": rfc3339(world.now) }]);
            set(rollout, "/status/pauseConditions", pause);
            world.event(&look.key, CONTROLLER, "RolloutPaused", "Rollout is paused (CanaryPauseStep)");
            if let Some(length) = length {
                world.look_again(&look.key, later(world.now, length));
            }
            None
        }
        (Some(began), Some(length)) if world.now >= later(began, length) => {
            unset(rollout, "/status/controllerPause");
            unset(rollout, "/status/pauseConditions");
            world.event(&look.key, CONTROLLER, "RolloutResumed", "Rollout is resumed");
            Some(name)
        }
        (Some(began), Some(length)) => {
            world.look_again(&look.key, later(began, length));
            None
        }
        (Some(_), None) => None,
    }
}

fn analyse(world: &mut World, look: &Look, rollout: &mut Value, step: &Value, index: i64) -> Option<String> {
    unset(rollout, "/status/controllerPause");
    let name = text(rollout, &format!("{ANALYSIS}/name")).to_owned();
    if name.is_empty() {
        let name = analysis::start(world, look, rollout, step, index);
        set(rollout, ANALYSIS, json!({ "name": name, "status": "" }));
        return None;
    }
    let key = Key::new(Kind::AnalysisRun, &look.key.namespace, &name);
    let run = world.store.value(&key)?.clone();
    let (before, phase) = (text(rollout, &format!("{ANALYSIS}/status")).to_owned(), text(&run, "/status/phase"));
    if before != phase {
        let message = format!("Step Analysis Run '{name}' Status New: '{phase}' Previous: '{before}'");
        world.event(&look.key, CONTROLLER, &format!("AnalysisRun{phase}"), &message);
        set(rollout, &format!("{ANALYSIS}/status"), phase);
    }
    match phase {
        "Successful" => {
            unset(rollout, ANALYSIS);
            Some("analysis".to_owned())
        }
        "Failed" | "Error" => {
            let why = text(&run, "/status/message").to_owned();
            set(rollout, &format!("{ANALYSIS}/message"), why.clone());
            aborted(world, look, rollout, &format!("Step-based analysis phase error/failed: {why}"));
            None
        }
        _ => None,
    }
}

/// An operator moved the index: the analysis of another step has no say any more.
fn drop_foreign_analysis(world: &mut World, look: &Look, rollout: &mut Value) {
    let name = text(rollout, &format!("{ANALYSIS}/name")).to_owned();
    let key = Key::new(Kind::AnalysisRun, &look.key.namespace, &name);
    let step = world.store.value(&key).map(|run| text(run, "/metadata/labels/step-index").to_owned());
    if step.is_some_and(|step| step != int(rollout, "/status/currentStepIndex").to_string()) {
        stop_analysis(world, &look.key, rollout);
    }
}

/// Ends a running analysis and forgets it.
pub(super) fn stop_analysis(world: &mut World, rollout_key: &Key, rollout: &mut Value) {
    let name = text(rollout, &format!("{ANALYSIS}/name")).to_owned();
    unset(rollout, ANALYSIS);
    let key = Key::new(Kind::AnalysisRun, &rollout_key.namespace, &name);
    let Some(mut run) = world.store.value(&key).cloned() else { return };
    if at(&run, "/status/completedAt").is_null() {
        set(&mut run, "/spec/terminate", true);
        let generation = int(&run, "/metadata/generation") + 1;
        set(&mut run, "/metadata/generation", generation);
        world.put(&key, run);
    }
}

fn weights(world: &mut World, look: &Look, rollout: &mut Value, weight: i64, stable_hash: &str) {
    const WEIGHTS: &str = "/status/canary/weights";
    let before = int(rollout, &format!("{WEIGHTS}/canary/weight"));
    let known = at(rollout, WEIGHTS).is_object();
    let name = &look.key.name;
    set(
        rollout,
        WEIGHTS,
        json!({
            "canary": { "podTemplateHash": look.hash, "serviceName": format!("{name}-canary"), "weight": weight },
            "stable": { "podTemplateHash": stable_hash, "serviceName": format!("{name}-stable"), "weight": 100 - weight },
        }),
    );
    istio::write(world, &look.key, rollout, weight);
    if known && before != weight {
        let message = format!("Traffic weight updated from {before} to {weight}");
        world.event(&look.key, CONTROLLER, "TrafficWeightUpdated", &message);
        let message = format!("VirtualService `{name}` set to desiredWeight '{weight}'");
        world.event(&look.key, CONTROLLER, "Updated VirtualService", &message);
    }
    let image = text(rollout, "/spec/template/spec/containers/0/image").to_owned();
    world.traffic_moved(&look.key, &image, weight, look.stable || text(rollout, "/status/stableRS") == look.hash);
}
