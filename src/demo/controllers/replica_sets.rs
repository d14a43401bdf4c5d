//! The ReplicaSet controller, and what Deployments and Rollouts do with their ReplicaSets: find the
//! one of a version, make it, number it, scale it.

use serde_json::{Value, json};

use super::{DEPLOYMENT_HASH, ROLLOUT_HASH, defaulted, pods};
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{at, int, set, set_count, text, unset};
use crate::demo::world::World;

/// Old revision numbers that a ReplicaSet remembers.
const HISTORY: usize = 100;

pub(super) fn reconcile(world: &mut World, key: &Key) {
    let Some(mut replica_set) = world.store.value(key).cloned() else { return };
    let uid = text(&replica_set, "/metadata/uid").to_owned();
    let mut mine = world.owned(Kind::Pod, &key.namespace, &uid);
    mine.retain(|(_, pod)| at(pod, "/metadata/deletionTimestamp").is_null());
    let wanted = usize::try_from(int(&replica_set, "/spec/replicas")).unwrap_or_default();
    for _ in mine.len()..wanted {
        let pod = pods::new_pod(world, key, &replica_set);
        world.event(key, "replicaset-controller", "SuccessfulCreate", &format!("Created pod: {}", pod.name));
    }
    if mine.len() > wanted {
        // Those that are not ready first, then the youngest.
        mine.sort_by_key(|(_, pod)| {
            (pods::ready(pod), std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned()))
        });
        for (pod, _) in mine.drain(..mine.len() - wanted) {
            pods::delete(world, &pod);
            world.event(key, "replicaset-controller", "SuccessfulDelete", &format!("Deleted pod: {}", pod.name));
        }
    }
    let ready = mine.iter().filter(|(_, pod)| pods::ready(pod)).count() as i64;
    set(&mut replica_set, "/status/replicas", wanted as i64);
    set_count(&mut replica_set, "/status/fullyLabeledReplicas", wanted as i64);
    set_count(&mut replica_set, "/status/readyReplicas", ready);
    set_count(&mut replica_set, "/status/availableReplicas", ready);
    let generation = int(&replica_set, "/metadata/generation");
    set(&mut replica_set, "/status/observedGeneration", generation);
    world.put(key, replica_set);
}

/// Prefix of the annotations of the controller that owns a ReplicaSet.
pub(super) fn prefix(owner: Kind) -> &'static str {
    if owner == Kind::Rollout { "rollout.argoproj.io" } else { "deployment.kubernetes.io" }
}

/// The revision that a Rollout, Deployment or ReplicaSet carries.
pub(super) fn revision(owner: Kind, object: &Value) -> i64 {
    text(object, &format!("/metadata/annotations/{}~1revision", prefix(owner))).parse().unwrap_or_default()
}

/// The hash label of a ReplicaSet.
pub(super) fn hash_of(owner: Kind, replica_set: &Value) -> &str {
    let label = if owner == Kind::Rollout { ROLLOUT_HASH } else { DEPLOYMENT_HASH };
    text(replica_set, &format!("/metadata/labels/{label}"))
}

/// Finds or makes the ReplicaSet of the owner's present template and gives it the newest revision.
/// A ReplicaSet that is used again leaves its old number in the history. Returns its key, its
/// revision, and whether it is new.
pub(super) fn of_template(world: &mut World, owner: &Key, object: &Value, hash: &str) -> (Key, i64, bool) {
    let uid = text(object, "/metadata/uid").to_owned();
    let all = world.owned(Kind::ReplicaSet, &owner.namespace, &uid);
    let newest = all.iter().map(|(_, it)| revision(owner.kind, it)).max().unwrap_or_default();
    let prefix = prefix(owner.kind);
    if let Some((key, found)) = all.iter().find(|(_, it)| hash_of(owner.kind, it) == hash) {
        let old = revision(owner.kind, found);
        if old == newest {
            return (key.clone(), old, false);
        }
        let mut found = found.clone();
        let history = format!("/metadata/annotations/{prefix}~1revision-history");
        let before = text(&found, &history);
        let mut numbers: Vec<String> = before.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect();
        numbers.push(old.to_string());
        // The real annotation is bounded as well.
        let kept = numbers.split_off(numbers.len().saturating_sub(HISTORY));
        set(&mut found, &history, kept.join(","));
        set(&mut found, &format!("/metadata/annotations/{prefix}~1revision"), (newest + 1).to_string());
        unset(&mut found, "/metadata/annotations/scale-down-deadline");
        world.put(key, found);
        return (key.clone(), newest + 1, false);
    }
    let key = Key::new(Kind::ReplicaSet, &owner.namespace, &format!("{}-{hash}", owner.name));
    let made = make(world, owner, object, hash, &key, newest + 1);
    world.put(&key, made);
    (key, newest + 1, true)
}

/// A ReplicaSet of the owner's template with no pods yet.
pub(super) fn make(world: &mut World, owner: &Key, object: &Value, hash: &str, key: &Key, revision: i64) -> Value {
    let prefix = prefix(owner.kind);
    let label = if owner.kind == Kind::Rollout { ROLLOUT_HASH } else { DEPLOYMENT_HASH };
    let replicas = int(object, "/spec/replicas");
    let mut made = world.templates.replica_set.clone();
    world.christen(&mut made, key);
    let mut labels = at(object, "/spec/template/metadata/labels").clone();
    set(&mut labels, &format!("/{label}"), hash);
    let mut annotations = json!({
        format!("{prefix}/desired-replicas"): replicas.to_string(),
        format!("{prefix}/revision"): revision.to_string(),
    });
    if owner.kind == Kind::Deployment {
        annotations[format!("{prefix}/max-replicas")] = (replicas + surge(replicas)).to_string().into();
        annotations["kubernetes.io/change-cause"] =
            object["metadata"]["annotations"]["kubernetes.io/change-cause"].clone();
    }
    set(&mut made, "/metadata/annotations", annotations);
    set(&mut made, "/metadata/labels", labels.clone());
    set(
        &mut made,
        "/metadata/ownerReferences",
        json!([{
            "apiVersion": owner.kind.row().api_version(), "kind": owner.kind.row().name, "name": owner.name,
            "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
        }]),
    );
    let mut template = defaulted(at(object, "/spec/template"));
    set(&mut template, "/metadata/labels", labels.clone());
    set(&mut made, "/spec", json!({ "replicas": 0, "selector": { "matchLabels": labels }, "template": template }));
    set(&mut made, "/status", json!({ "replicas": 0 }));
    made
}

/// 25 % of the replicas, rounded up: the default of `maxSurge`.
pub(super) fn surge(replicas: i64) -> i64 {
    (replicas + 3) / 4
}

/// Sets the replicas of a ReplicaSet; tells the owner's events.
pub(super) fn scale(world: &mut World, owner: &Key, key: &Key, to: i64) {
    let Some(mut replica_set) = world.store.value(key).cloned() else { return };
    let from = int(&replica_set, "/spec/replicas");
    if from == to {
        return;
    }
    let revision = revision(owner.kind, &replica_set);
    set(&mut replica_set, "/spec/replicas", to);
    let generation = int(&replica_set, "/metadata/generation") + 1;
    set(&mut replica_set, "/metadata/generation", generation);
    world.put(key, replica_set);
    let way = if to > from { "up" } else { "down" };
    let (source, message) = if owner.kind == Kind::Rollout {
        let message = format!("Scaled {way} ReplicaSet {} (revision {revision}) from {from} to {to}", key.name);
        ("rollouts-controller", message)
    } else {
        ("deployment-controller", format!("Scaled {way} replica set {} from {from} to {to}", key.name))
    };
    world.event(owner, source, "ScalingReplicaSet", &message);
}
