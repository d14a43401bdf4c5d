//! The Deployment controller: a rolling update with `maxSurge` and `maxUnavailable` of 25 %.

use std::time::Duration;

use serde_json::Value;

use super::{condition, replica_sets, template_hash};
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{at, int, items, later, set, set_count, text, time_at};
use crate::demo::world::World;

pub(super) fn reconcile(world: &mut World, key: &Key) {
    let Some(mut deployment) = world.store.value(key).cloned() else { return };
    let hash = template_hash(at(&deployment, "/spec/template"));
    let (current, revision, new) = replica_sets::of_template(world, key, &deployment, &hash);
    set(&mut deployment, "/metadata/annotations/deployment.kubernetes.io~1revision", revision.to_string());
    let wanted = int(&deployment, "/spec/replicas");
    roll(world, key, &deployment, &current, wanted);
    status(world, key, &mut deployment, &current, new);
    world.put(key, deployment);
}

fn roll(world: &mut World, key: &Key, deployment: &Value, current: &Key, wanted: i64) {
    let uid = text(deployment, "/metadata/uid").to_owned();
    let all = world.owned(Kind::ReplicaSet, &key.namespace, &uid);
    let total: i64 = all.iter().map(|(_, it)| int(it, "/spec/replicas")).sum();
    let of_current = all.iter().find(|(it, _)| it == current).map_or(0, |(_, it)| int(it, "/spec/replicas"));
    let room = (wanted + replica_sets::surge(wanted) - total).max(0);
    let next = (of_current + room).min(wanted);
    if next != of_current {
        replica_sets::scale(world, key, current, next);
    }
    // A ReplicaSet that was just scaled down has not counted again yet.
    let stays = |it: &Value| int(it, "/status/availableReplicas").min(int(it, "/spec/replicas"));
    let available: i64 = all.iter().map(|(_, it)| stays(it)).sum();
    let mut spare = available - (wanted - wanted / 4);
    for (old, replica_set) in all.iter().filter(|(it, _)| it != current) {
        let has = int(replica_set, "/spec/replicas");
        // Pods that never became available cost nothing to remove.
        let idle = has - int(replica_set, "/status/availableReplicas");
        let cut = (idle.max(0) + spare.max(0)).min(has);
        if cut > 0 {
            spare -= (cut - idle.max(0)).max(0);
            replica_sets::scale(world, key, old, has - cut);
        }
    }
}

fn status(world: &mut World, key: &Key, deployment: &mut Value, current: &Key, new: bool) {
    let uid = text(deployment, "/metadata/uid").to_owned();
    let all = world.owned(Kind::ReplicaSet, &key.namespace, &uid);
    let sum = |path: &str| all.iter().map(|(_, it)| int(it, path)).sum::<i64>();
    let (replicas, ready, available) =
        (sum("/status/replicas"), sum("/status/readyReplicas"), sum("/status/availableReplicas"));
    let updated = all.iter().find(|(it, _)| it == current).map_or(0, |(_, it)| int(it, "/status/replicas"));
    let updated_available =
        all.iter().find(|(it, _)| it == current).map_or(0, |(_, it)| int(it, "/status/availableReplicas"));
    let wanted = int(deployment, "/spec/replicas");
    let before = (int(deployment, "/status/updatedReplicas"), int(deployment, "/status/availableReplicas"));
    let generation = int(deployment, "/metadata/generation");
    set(deployment, "/status/observedGeneration", generation);
    set_count(deployment, "/status/replicas", replicas);
    set_count(deployment, "/status/updatedReplicas", updated);
    set_count(deployment, "/status/readyReplicas", ready);
    set_count(deployment, "/status/availableReplicas", available);
    set_count(deployment, "/status/unavailableReplicas", (wanted - available).max(replicas - available).max(0));
    let now = world.now;
    if available >= wanted - wanted / 4 && available > 0 {
        let message = "Deployment has minimum availability.";
        condition(deployment, now, "Available", "True", "MinimumReplicasAvailable", message);
    } else {
        let message = "Deployment does not have minimum availability.";
        condition(deployment, now, "Available", "False", "MinimumReplicasUnavailable", message);
    }
    let name = &current.name;
    if updated_available >= wanted && replicas == wanted {
        let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
        condition(deployment, now, "Progressing", "True", "NewReplicaSetAvailable", &message);
    } else if new {
        let message = format!("Created new replica set \"{name}\"");
        condition(deployment, now, "Progressing", "True", "NewReplicaSetCreated", &message);
    } else {
        progressing(world, key, deployment, name, before != (updated, available));
    }
}

/// Still on the way: the deadline counts from the last time that anything moved.
fn progressing(world: &mut World, key: &Key, deployment: &mut Value, name: &str, moved: bool) {
    let last = items(deployment, "/status/conditions").iter().find(|it| text(it, "/type") == "Progressing");
    let reason = last.map(|it| text(it, "/reason").to_owned()).unwrap_or_default();
    let since = last.and_then(|it| time_at(it, "/lastUpdateTime")).unwrap_or(world.now);
    let limit = Duration::from_secs(int(deployment, "/spec/progressDeadlineSeconds").unsigned_abs());
    let deadline = later(since, limit);
    if !moved && reason != "NewReplicaSetAvailable" && (world.now >= deadline || reason == "ProgressDeadlineExceeded") {
        let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
        condition(deployment, world.now, "Progressing", "False", "ProgressDeadlineExceeded", &message);
        return;
    }
    let message = format!("ReplicaSet \"{name}\" is progressing.");
    condition(deployment, world.now, "Progressing", "True", "ReplicaSetUpdated", &message);
    let again = if reason == "ReplicaSetUpdated" && !moved { deadline } else { later(world.now, limit) };
    world.look_again(key, again);
}
