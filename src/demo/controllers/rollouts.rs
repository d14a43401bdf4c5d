//! What the Argo Rollouts controller does for every strategy: the ReplicaSet of the template, the
//! counts, abort and retry, and the phase with its message.

use std::time::Duration;

use serde_json::Value;

use super::{blue_green, canary, condition, pods, replica_sets, template_hash};
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{at, int, items, later, rfc3339, seconds, set, set_count, text, time_at, unset, yes};
use crate::demo::world::World;

pub(super) const CONTROLLER: &str = "rollouts-controller";

/// What a strategy needs to know about its rollout at one look.
pub(super) struct Look {
    pub(super) key: Key,
    /// The ReplicaSet of the template.
    pub(super) current: Key,
    pub(super) hash: String,
    pub(super) revision: i64,
    pub(super) wanted: i64,
    /// The template is the one that was promoted last.
    pub(super) stable: bool,
    /// A person or an analysis aborted the update.
    pub(super) abort: bool,
}

pub(super) fn reconcile(world: &mut World, key: &Key) {
    let Some(mut rollout) = world.store.value(key).cloned() else { return };
    let hash = template_hash(at(&rollout, "/spec/template"));
    let (current, revision, new) = replica_sets::of_template(world, key, &rollout, &hash);
    if replica_sets::revision(Kind::Rollout, &rollout) != revision {
        set(&mut rollout, "/metadata/annotations/rollout.argoproj.io~1revision", revision.to_string());
        world.event(key, CONTROLLER, "RolloutUpdated", &format!("Rollout updated to revision {revision}"));
    }
    let generation = int(&rollout, "/metadata/generation").to_string();
    set(&mut rollout, "/status/observedGeneration", generation);
    if text(&rollout, "/status/currentPodHash") != hash {
        begin(world, key, &mut rollout, &hash, revision);
    }
    if new {
        let message = format!("Created ReplicaSet {} (revision {revision})", current.name);
        world.event(key, CONTROLLER, "NewReplicaSetCreated", &message);
        let message = format!("Created new replica set \"{}\"", current.name);
        condition(&mut rollout, world.now, "Progressing", "True", "NewReplicaSetCreated", &message);
    }
    let stable = text(&rollout, "/status/stableRS") == hash;
    let abort = yes(&rollout, "/status/abort") && !stable;
    let wanted = int(&rollout, "/spec/replicas");
    let look = Look { key: key.clone(), current, hash, revision, wanted, stable, abort };
    if abort && at(&rollout, "/status/abortedAt").is_null() {
        aborted(world, &look, &mut rollout, "");
    } else if !abort && at(&rollout, "/status/abortedAt").is_string() {
        retried(world, &look, &mut rollout);
    }
    if at(&rollout, "/spec/strategy/canary").is_object() {
        canary::reconcile(world, &look, &mut rollout);
    } else {
        blue_green::reconcile(world, &look, &mut rollout);
    }
    restart(world, &look, &mut rollout);
    counts(world, &look, &mut rollout);
    phase(world, &look, &mut rollout);
    world.put(key, rollout);
}

/// The template changed: whatever the last update was doing is over.
fn begin(world: &mut World, key: &Key, rollout: &mut Value, hash: &str, revision: i64) {
    let first = text(rollout, "/status/stableRS").is_empty();
    let back = text(rollout, "/status/stableRS") == hash;
    for field in ["abort", "abortedAt", "pauseConditions", "controllerPause", "promoteFull", "message"] {
        unset(rollout, &format!("/status/{field}"));
    }
    set(rollout, "/status/currentPodHash", hash);
    if at(rollout, "/spec/strategy/canary").is_object() {
        canary::stop_analysis(world, key, rollout);
        let last = items(rollout, "/spec/strategy/canary/steps").len();
        set(rollout, "/status/currentStepIndex", if first || back { last } else { 0 });
    }
    if first {
        set(rollout, "/status/stableRS", hash);
    }
    let in_full = world.story.promote_in_full.remove(key);
    if !first && !back {
        if in_full {
            set(rollout, "/status/promoteFull", true);
        }
        let message = format!("Rollout not completed, started update to revision {revision} ({hash})");
        world.event(key, CONTROLLER, "RolloutNotCompleted", &message);
    }
}

/// Every pod that is older than the restart which was asked for goes; the ReplicaSets make others.
fn restart(world: &mut World, look: &Look, rollout: &mut Value) {
    let wanted = text(rollout, "/spec/restartAt").to_owned();
    let Some(at) = time_at(rollout, "/spec/restartAt").filter(|_| text(rollout, "/status/restartedAt") != wanted)
    else {
        return;
    };
    let uid = text(rollout, "/metadata/uid").to_owned();
    for (_, replicas) in world.owned(Kind::ReplicaSet, &look.key.namespace, &uid) {
        let running = world.owned(Kind::Pod, &look.key.namespace, text(&replicas, "/metadata/uid"));
        let older = running.into_iter().filter(|(_, pod)| time_at(pod, "/metadata/creationTimestamp") < Some(at));
        for (key, _) in older.collect::<Vec<_>>() {
            pods::delete(world, &key);
        }
    }
    set(rollout, "/status/restartedAt", wanted);
}

/// Takes note of an abort: by a person, or for `why`.
pub(super) fn aborted(world: &mut World, look: &Look, rollout: &mut Value, why: &str) {
    let now = world.now;
    let mut message = format!("Rollout aborted update to revision {}", look.revision);
    if !why.is_empty() {
        message = format!("{message}: {why}");
    }
    set(rollout, "/status/abort", true);
    set(rollout, "/status/abortedAt", rfc3339(now));
    unset(rollout, "/status/pauseConditions");
    unset(rollout, "/status/controllerPause");
    unset(rollout, "/status/promoteFull");
    condition(rollout, now, "Progressing", "False", "RolloutAborted", &message);
    world.event(&look.key, CONTROLLER, "RolloutAborted", &message);
    if at(rollout, "/spec/strategy/canary").is_object() {
        set(rollout, "/status/currentStepIndex", 0);
        if why.is_empty() {
            canary::stop_analysis(world, &look.key, rollout);
        }
    }
    let delay = seconds_of(rollout, "/spec/strategy/canary/abortScaleDownDelaySeconds", 30);
    give_deadline(world, &look.key, &look.current, delay);
}

fn retried(world: &mut World, look: &Look, rollout: &mut Value) {
    unset(rollout, "/status/abortedAt");
    unset(rollout, "/status/canary/currentStepAnalysisRunStatus");
    set_deadline(world, &look.current, None);
    let message = "Retrying Rollout after abort";
    condition(rollout, world.now, "Progressing", "Unknown", "RolloutRetry", message);
    world.event(&look.key, CONTROLLER, "RolloutRetry", message);
}

fn seconds_of(rollout: &Value, path: &str, otherwise: i64) -> Duration {
    Duration::from_secs(at(rollout, path).as_i64().unwrap_or(otherwise).unsigned_abs())
}

fn give_deadline(world: &mut World, rollout: &Key, replica_set: &Key, delay: Duration) {
    let deadline = later(world.now, delay);
    set_deadline(world, replica_set, Some(rfc3339(deadline)));
    world.look_again(rollout, later(deadline, Duration::from_secs(1)));
}

fn set_deadline(world: &mut World, key: &Key, deadline: Option<String>) {
    let Some(mut replica_set) = world.store.value(key).cloned() else { return };
    match deadline {
        Some(deadline) => set(&mut replica_set, "/metadata/annotations/scale-down-deadline", deadline),
        None => unset(&mut replica_set, "/metadata/annotations/scale-down-deadline"),
    }
    world.put(key, replica_set);
}

/// Lets ReplicaSets that serve nothing go when their delay has passed. `keep` serve.
pub(super) fn scale_down_old(world: &mut World, look: &Look, rollout: &Value, keep: &[&str]) {
    let uid = text(rollout, "/metadata/uid").to_owned();
    let strategy = if at(rollout, "/spec/strategy/canary").is_object() { "canary" } else { "blueGreen" };
    let delay = seconds_of(rollout, &format!("/spec/strategy/{strategy}/scaleDownDelaySeconds"), 30);
    for (key, replica_set) in world.owned(Kind::ReplicaSet, &look.key.namespace, &uid) {
        let serving = keep.contains(&replica_sets::hash_of(Kind::Rollout, &replica_set));
        let deadline = time_at(&replica_set, "/metadata/annotations/scale-down-deadline");
        if int(&replica_set, "/spec/replicas") == 0 {
            continue;
        }
        match deadline {
            Some(_) if serving => set_deadline(world, &key, None),
            Some(deadline) if world.now >= deadline => replica_sets::scale(world, &look.key, &key, 0),
            None if !serving => give_deadline(world, &look.key, &key, delay),
            Some(deadline) => world.look_again(&look.key, later(deadline, Duration::from_secs(1))),
            None => {}
        }
    }
}

/// Available pods of a ReplicaSet.
pub(super) fn available(world: &World, key: &Key) -> i64 {
    world.store.value(key).map_or(0, |it| int(it, "/status/availableReplicas"))
}

fn counts(world: &World, look: &Look, rollout: &mut Value) {
    let uid = text(rollout, "/metadata/uid").to_owned();
    let all = world.owned(Kind::ReplicaSet, &look.key.namespace, &uid);
    let sum = |path: &str| all.iter().map(|(_, it)| int(it, path)).sum::<i64>();
    let canary = at(rollout, "/spec/strategy/canary").is_object();
    let active = text(rollout, "/status/blueGreen/activeSelector").to_owned();
    // A blue-green rollout counts the ready pods of its active side only.
    let serving = |path: &str| {
        let mine = all.iter().filter(|(_, it)| canary || replica_sets::hash_of(Kind::Rollout, it) == active);
        mine.map(|(_, it)| int(it, path)).sum::<i64>()
    };
    let (ready, available) = (serving("/status/readyReplicas"), serving("/status/availableReplicas"));
    let updated = world.store.value(&look.current).map_or(0, |it| int(it, "/status/replicas"));
    set_count(rollout, "/status/replicas", sum("/status/replicas"));
    set_count(
        rollout,
        "/status/HPAReplicas",
        if canary { sum("/status/replicas") } else { serving("/status/replicas") },
    );
    set_count(rollout, "/status/updatedReplicas", updated);
    set_count(rollout, "/status/readyReplicas", ready);
    set_count(rollout, "/status/availableReplicas", available);
}

fn phase(world: &mut World, look: &Look, rollout: &mut Value) {
    let now = world.now;
    let whole = available(world, &look.current) >= look.wanted;
    let healthy = look.stable && whole && text(rollout, "/status/stableRS") == look.hash;
    let paused = text(rollout, "/status/pauseConditions/0/reason").to_owned();
    let timed_out = format!("ReplicaSet \"{}\" has timed out progressing.", look.current.name);
    let late = is_late(world, look, rollout);
    let (phase, message) = if yes(rollout, "/spec/paused") {
        ("Paused", "manually paused".to_owned())
    } else if look.abort || yes(rollout, "/status/abort") && !look.stable {
        ("Degraded", format!("RolloutAborted: {}", progress_message(rollout)))
    } else if !paused.is_empty() {
        ("Paused", paused.clone())
    } else if late {
        ("Degraded", format!("ProgressDeadlineExceeded: {timed_out}"))
    } else if healthy {
        ("Healthy", String::new())
    } else {
        ("Progressing", waiting_for(look, rollout).to_owned())
    };
    set(rollout, "/status/phase", phase);
    if message.is_empty() {
        unset(rollout, "/status/message");
    } else {
        set(rollout, "/status/message", message);
    }
    let name = &look.current.name;
    let progressed = format!("ReplicaSet \"{name}\" has successfully progressed.");
    match phase {
        "Healthy" => {
            condition(rollout, now, "Progressing", "True", "NewReplicaSetAvailable", &progressed);
            condition(rollout, now, "Healthy", "True", "RolloutHealthy", "Rollout is healthy");
            condition(rollout, now, "Completed", "True", "RolloutCompleted", "RolloutCompleted");
        }
        "Paused" => condition(rollout, now, "Progressing", "Unknown", "RolloutPaused", "Rollout is paused"),
        "Progressing" => {
            let message = format!("ReplicaSet \"{name}\" is progressing.");
            condition(rollout, now, "Progressing", "True", "ReplicaSetUpdated", &message);
        }
        _ if late => condition(rollout, now, "Progressing", "False", "ProgressDeadlineExceeded", &timed_out),
        _ => {}
    }
    if phase != "Healthy" {
        condition(rollout, now, "Healthy", "False", "RolloutHealthy", "Rollout is not healthy");
        let completed = if look.stable { "True" } else { "False" };
        condition(rollout, now, "Completed", completed, "RolloutCompleted", "RolloutCompleted");
    }
    if phase == "Paused" {
        condition(rollout, now, "Paused", "True", "RolloutPaused", "Rollout is paused");
    } else if items(rollout, "/status/conditions").iter().any(|it| text(it, "/type") == "Paused") {
        condition(rollout, now, "Paused", "False", "RolloutPaused", "Rollout is paused");
    }
    if int(rollout, "/status/availableReplicas") >= look.wanted {
        condition(rollout, now, "Available", "True", "AvailableReason", "Rollout has minimum availability");
    }
}

/// No pod of the new version has become available within the deadline; looks again when that passes.
fn is_late(world: &mut World, look: &Look, rollout: &Value) -> bool {
    let last = items(rollout, "/status/conditions").iter().find(|it| text(it, "/type") == "Progressing");
    let reason = last.map_or("", |it| text(it, "/reason"));
    let begun = matches!(reason, "ReplicaSetUpdated" | "NewReplicaSetCreated");
    if look.stable || available(world, &look.current) > 0 || !begun {
        return reason == "ProgressDeadlineExceeded" && available(world, &look.current) == 0;
    }
    let since = last.and_then(|it| time_at(it, "/lastUpdateTime")).unwrap_or(world.now);
    let deadline = later(since, seconds_of(rollout, "/spec/progressDeadlineSeconds", 600));
    if deadline > world.now {
        world.look_again(&look.key, deadline);
    }
    deadline <= world.now
}

fn waiting_for(look: &Look, rollout: &Value) -> &'static str {
    if int(rollout, "/status/updatedReplicas") < look.wanted {
        "more replicas need to be updated"
    } else if at(rollout, "/spec/strategy/blueGreen").is_object() {
        "active service cutover pending"
    } else if look.stable {
        "updated replicas are still becoming available"
    } else {
        "waiting for all steps to complete"
    }
}

fn progress_message(rollout: &Value) -> String {
    let progress = items(rollout, "/status/conditions").iter().find(|it| text(it, "/type") == "Progressing");
    progress.map(|it| text(it, "/message").to_owned()).unwrap_or_default()
}

/// A duration as a pause step writes it: a number of seconds or `10m`.
pub(super) fn pause_of(step: &Value) -> Option<Duration> {
    let duration = at(step, "/pause/duration");
    let whole = duration.as_i64().or_else(|| duration.as_str().and_then(seconds))?;
    Some(Duration::from_secs(whole.unsigned_abs()))
}
