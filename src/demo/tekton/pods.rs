//! The pod of a TaskRun's attempt: one container a step, as far as they have come.

use serde_json::{Value, json};

use super::tasks::Step;
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{at, hash, rfc3339, set, text};
use crate::demo::world::World;

/// Writes it as its steps stand now. No controller but this one cares for it.
pub(super) fn write(world: &mut World, owner: &Key, task: &Value, steps: &[Step]) {
    let name = text(task, "/status/podName").to_owned();
    if name.is_empty() {
        return;
    }
    let key = Key::new(Kind::Pod, &owner.namespace, &name);
    let mut pod = match world.store.value(&key) {
        Some(pod) => pod.clone(),
        None => new(world, owner, &key, task, steps),
    };
    let now = world.now;
    let status = |step: &Step| {
        let (state, ready) = if step.ends <= now {
            let (code, reason) = if step.fails { (1, "Error") } else { (0, "Completed") };
            let times = (rfc3339(step.begins), rfc3339(step.ends));
            let ended = json!({ "exitCode": code, "reason": reason, "startedAt": times.0, "finishedAt": times.1 });
            (json!({ "terminated": ended }), false)
        } else if step.begins <= now {
            (json!({ "running": { "startedAt": rfc3339(step.begins) } }), true)
        } else {
            (json!({ "waiting": { "reason": "PodInitializing" } }), false)
        };
        json!({
            "name": format!("step-{}", step.name), "image": IMAGE, "imageID": "", "lastState": {}, "ready": ready,
            "restartCount": 0, "started": ready, "state": state,
        })
    };
    set(&mut pod, "/status/containerStatuses", steps.iter().map(status).collect::<Vec<_>>());
    let begun = steps.first().is_some_and(|step| step.begins <= now);
    let phase = match steps.last() {
        Some(last) if last.ends <= now && steps.iter().any(|step| step.fails) => "Failed",
        Some(last) if last.ends <= now => "Succeeded",
        _ if begun => "Running",
        _ => "Pending",
    };
    set(&mut pod, "/status/phase", phase);
    world.store.put(&key, pod);
}

const IMAGE: &str = "ghcr.io/shop/ci-tools:3";

fn new(world: &mut World, owner: &Key, key: &Key, task: &Value, steps: &[Step]) -> Value {
    let containers: Vec<Value> =
        steps.iter().map(|step| json!({ "name": format!("step-{}", step.name), "image": IMAGE })).collect();
    let mut labels = at(task, "/metadata/labels").clone();
    set(&mut labels, "/tekton.dev~1taskRun", owner.name.clone());
    set(&mut labels, "/app.kubernetes.io~1managed-by", "tekton-pipelines");
    let mut pod = json!({
        "metadata": {
            "labels": labels,
            "ownerReferences": [{
                "apiVersion": "tekton.dev/v1", "kind": "TaskRun", "name": owner.name, "uid": at(task, "/metadata/uid"),
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": { "restartPolicy": "Never", "containers": containers },
    });
    world.christen(&mut pod, key);
    let node = format!("node-{}", ["a", "b", "c"][(hash(&key.name) % 3) as usize]);
    set(&mut pod, "/spec/nodeName", node);
    set(&mut pod, "/status/startTime", rfc3339(world.now));
    pod
}
