//! Istio in a world's cluster: the VirtualService that comes with a canary, into which the rollouts
//! controller writes its weights.

use serde_json::{Value, json};

use super::kinds::{Key, Kind};
use super::value::{at, hash, int, items, rfc3339, set, text, uid};
use super::world::World;

/// Puts the VirtualService beside a Rollout that was not there yet.
pub(super) fn install(world: &mut World, rollout: &Key, object: &Value) {
    let Some(key) = service_of(rollout, object).filter(|_| !world.quiet) else { return };
    let service = |arm: &str| text(object, &format!("/spec/strategy/canary/{arm}Service")).to_owned();
    let (stable, canary) = (service("stable"), service("canary"));
    let value = json!({
        "apiVersion": key.kind.row().api_version(), "kind": key.kind.row().name,
        "metadata": {
            "name": key.name, "namespace": key.namespace, "generation": 1,
            "creationTimestamp": rfc3339(world.now),
            // Not from the world's own numbers: every other object keeps the one it had.
            "uid": uid(hash(&format!("virtualservice/{}/{}", key.namespace, key.name))),
        },
        "spec": {
            "hosts": [format!("{}.shop.example", key.name)],
            "http": [{ "name": "primary", "route": [
                { "destination": { "host": stable }, "weight": 100 },
                { "destination": { "host": canary }, "weight": 0 },
            ] }],
        },
    });
    world.put(&key, value);
}

/// The controller brings the canary's weight over.
pub(super) fn write(world: &mut World, rollout: &Key, object: &Value, weight: i64) {
    let Some(key) = service_of(rollout, object) else { return };
    let Some(mut service) = world.store.value(&key).cloned() else { return };
    let canary = text(object, "/spec/strategy/canary/canaryService");
    let before = service.clone();
    for (index, destination) in items(&before, "/spec/http/0/route").iter().enumerate() {
        let its = if text(destination, "/destination/host") == canary { weight } else { 100 - weight };
        set(&mut service, &format!("/spec/http/0/route/{index}/weight"), its);
    }
    if at(&service, "/spec") != at(&before, "/spec") {
        let generation = int(&before, "/metadata/generation") + 1;
        set(&mut service, "/metadata/generation", generation);
        world.put(&key, service);
    }
}

fn service_of(rollout: &Key, object: &Value) -> Option<Key> {
    let name = text(object, "/spec/strategy/canary/trafficRouting/istio/virtualService/name");
    (!name.is_empty()).then(|| Key::new(Kind::VirtualService, &rollout.namespace, name))
}
