//! The blue-green strategy: the new version stands behind the preview service until somebody
//! promotes it, then the active service switches at once.

use serde_json::{Value, json};

use super::replica_sets;
use super::rollouts::{CONTROLLER, Look, available, scale_down_old};
use crate::demo::value::{at, items, rfc3339, set, text, unset, yes};
use crate::demo::world::World;

pub(super) fn reconcile(world: &mut World, look: &Look, rollout: &mut Value) {
    let stable = text(rollout, "/status/stableRS").to_owned();
    if look.stable {
        replica_sets::scale(world, &look.key, &look.current, look.wanted);
        switch(world, look, rollout, "active", &stable);
        switch(world, look, rollout, "preview", &stable);
    } else if !look.abort && !yes(rollout, "/spec/paused") {
        replica_sets::scale(world, &look.key, &look.current, look.wanted);
        switch(world, look, rollout, "preview", &look.hash);
        if available(world, &look.current) >= look.wanted {
            cut_over(world, look, rollout);
        }
    }
    let active = text(rollout, "/status/blueGreen/activeSelector").to_owned();
    let selector = format!("app={},rollouts-pod-template-hash={active}", look.key.name);
    set(rollout, "/status/selector", selector);
    let stable = text(rollout, "/status/stableRS").to_owned();
    if look.abort {
        scale_down_old(world, look, rollout, &[&stable]);
    } else {
        scale_down_old(world, look, rollout, &[&stable, &look.hash]);
    }
}

fn cut_over(world: &mut World, look: &Look, rollout: &mut Value) {
    let waits = at(rollout, "/spec/strategy/blueGreen/autoPromotionEnabled") == &json!(false);
    let released = yes(rollout, "/status/promoteFull")
        || yes(rollout, "/status/controllerPause") && items(rollout, "/status/pauseConditions").is_empty();
    if waits && !released {
        if items(rollout, "/status/pauseConditions").is_empty() {
            set(rollout, "/status/controllerPause", true);
            let pause = json!([{ "reason": "BlueGreenPause", "startTime": rfc3339(world.now) }]);
            set(rollout, "/status/pauseConditions", pause);
            world.event(&look.key, CONTROLLER, "RolloutPaused", "Rollout is paused (BlueGreenPause)");
        }
        return;
    }
    unset(rollout, "/status/controllerPause");
    unset(rollout, "/status/pauseConditions");
    unset(rollout, "/status/promoteFull");
    switch(world, look, rollout, "active", &look.hash);
    set(rollout, "/status/stableRS", look.hash.clone());
    let message =
        format!("Rollout completed update to revision {} ({}): Completed blue-green update", look.revision, look.hash);
    world.event(&look.key, CONTROLLER, "RolloutCompleted", &message);
}

fn switch(world: &mut World, look: &Look, rollout: &mut Value, side: &str, to: &str) {
    let field = format!("/status/blueGreen/{side}Selector");
    let from = text(rollout, &field).to_owned();
    if from == to {
        return;
    }
    set(rollout, &field, to);
    if !from.is_empty() {
        let message = format!("Switched selector for service '{}-{side}' from '{from}' to '{to}'", look.key.name);
        world.event(&look.key, CONTROLLER, "SwitchService", &message);
    }
}
