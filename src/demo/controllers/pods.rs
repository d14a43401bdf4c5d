//! Scheduler and kubelet: a pod is placed, its container is created, it runs and becomes ready, or
//! its container exits again and again; a deleted pod terminates.

use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::kinds::{Key, Kind};
use crate::demo::registry;
use crate::demo::value::{at, hash, int, items, later, rfc3339, set, text, time_at, unset};
use crate::demo::world::World;

/// From creation to the container being created.
const CREATING: Duration = Duration::from_secs(1);
/// From creation to ready. The same for every pod, so the moments of a story do not depend on the
/// seed.
const READY: Duration = Duration::from_secs(4);
/// From the request to delete until the pod is gone.
const TERMINATING: Duration = Duration::from_secs(2);
/// A failing container runs so long before it exits.
const RUNS: Duration = Duration::from_secs(3);

pub(super) fn reconcile(world: &mut World, key: &Key) {
    let Some(mut pod) = world.store.value(key).cloned() else { return };
    if let Some(deadline) = time_at(&pod, "/metadata/deletionTimestamp") {
        let grace = u64::try_from(int(&pod, "/metadata/deletionGracePeriodSeconds")).unwrap_or_default();
        let asked = deadline.checked_sub(Duration::from_secs(grace)).unwrap_or(deadline);
        if world.now >= later(asked, TERMINATING) {
            world.remove(key);
        } else {
            world.look_again(key, later(asked, TERMINATING));
        }
        return;
    }
    let born = time_at(&pod, "/metadata/creationTimestamp").unwrap_or(world.now);
    if at(&pod, "/spec/nodeName").is_null() {
        schedule(world, key, &mut pod);
        world.look_again(key, later(born, CREATING));
    } else if text(&pod, "/status/phase") == "Pending" && world.now >= later(born, READY) {
        let image = text(&pod, "/spec/containers/0/image").to_owned();
        if let Some(platform) = lacking(world, &pod, &image) {
            refuse(world, key, &mut pod, &image, &platform);
        } else if world.crashes(&image) {
            crash(world, key, &mut pod);
        } else {
            run(world, &mut pod, true);
        }
    } else if text(&pod, "/status/phase") == "Pending" {
        if at(&pod, "/status/containerStatuses").is_null() && world.now >= later(born, CREATING) {
            create(world, &mut pod);
        }
        world.look_again(key, later(born, READY));
    } else if !ready(&pod) {
        restart_or_crash(world, key, &mut pod);
    }
    world.put(key, pod);
}

/// Says whether the pod's condition `Ready` is true.
pub(super) fn ready(pod: &Value) -> bool {
    items(pod, "/status/conditions").iter().any(|it| text(it, "/type") == "Ready" && text(it, "/status") == "True")
}

fn schedule(world: &mut World, key: &Key, pod: &mut Value) {
    let node = node_for(world, key, pod);
    set(pod, "/spec/nodeName", node.clone());
    let bound = json!([{
        "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": rfc3339(world.now),
    }]);
    set(pod, "/status/conditions", bound);
    let name = Key::new(Kind::Event, &key.namespace, &format!("{}.{:016x}", key.name, world.number()));
    let mut event = world.templates.scheduled.clone();
    world.christen(&mut event, &name);
    for (field, path) in [("name", "/metadata/name"), ("namespace", "/metadata/namespace"), ("uid", "/metadata/uid")] {
        event["involvedObject"][field] = at(pod, path).clone();
    }
    event["involvedObject"]["resourceVersion"] = pod["metadata"]["resourceVersion"].clone();
    event["message"] = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name).into();
    event["eventTime"] = format!("{:.6}", world.now).into();
    event["reportingInstance"] = "default-scheduler-0".into();
    world.put(&name, event);
    world.look_again(&name, later(world.now, Duration::from_hours(1)));
}

/// Nodes that a scenario names are taken in turn by the pods of a ReplicaSet.
fn node_for(world: &World, key: &Key, pod: &Value) -> String {
    let nodes = &world.scenario.nodes;
    if nodes.is_empty() {
        return format!("node-{}", ["a", "b", "c"][(hash(&key.name) % 3) as usize]);
    }
    let owner = text(pod, "/metadata/ownerReferences/0/uid");
    let taken = world.owned(Kind::Pod, &key.namespace, owner);
    let taken = taken.iter().filter(|(_, other)| !at(other, "/spec/nodeName").is_null()).count();
    nodes[taken % nodes.len()].name.clone()
}

/// The platform of the pod's node, when the image has nothing for it.
fn lacking(world: &World, pod: &Value, image: &str) -> Option<String> {
    let node = text(pod, "/spec/nodeName");
    let platform = world.scenario.nodes.iter().find(|it| it.name == node)?.platform.clone();
    let (_, runs) = registry::pulled(world, image, &platform)?;
    (!runs).then_some(platform)
}

/// The kubelet cannot pull it, and says what containerd says.
fn refuse(world: &mut World, key: &Key, pod: &mut Value, image: &str, platform: &str) {
    let said = format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": no match for platform in manifest: not found"
    );
    let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {said}");
    if at(pod, "/status/containerStatuses").is_null() {
        create(world, pod);
    }
    let waiting = json!({ "waiting": { "reason": "ImagePullBackOff", "message": message } });
    if at(pod, "/status/containerStatuses/0/state") != &waiting {
        set(pod, "/status/containerStatuses/0/state", waiting);
        world.event(key, "kubelet", "Failed", &format!("Failed to pull image \"{image}\" on {platform}: {said}"));
    }
    world.look_again(key, later(world.now, Duration::from_mins(5)));
}

/// The container's status without its state.
fn container(pod: &Value) -> Value {
    json!({
        "name": pod["spec"]["containers"][0]["name"], "image": pod["spec"]["containers"][0]["image"],
        "imageID": "", "lastState": {}, "ready": false, "restartCount": 0, "started": false,
        "state": { "waiting": { "reason": "ContainerCreating" } },
    })
}

fn create(world: &World, pod: &mut Value) {
    set(pod, "/status/containerStatuses", vec![container(pod)]);
    set(pod, "/status/hostIP", "127.0.0.1");
    set(pod, "/status/startTime", rfc3339(world.now));
    conditions(world, pod, false);
}

fn conditions(world: &World, pod: &mut Value, ready: bool) {
    let now = rfc3339(world.now);
    let scheduled = items(pod, "/status/conditions").iter().find(|it| text(it, "/type") == "PodScheduled").cloned();
    let mut all =
        vec![json!({ "type": "Initialized", "status": "True", "lastProbeTime": null, "lastTransitionTime": now })];
    for kind in ["ContainersReady", "Ready"] {
        let status = if ready { "True" } else { "False" };
        let mut one = json!({ "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": now });
        if !ready {
            one["reason"] = "ContainersNotReady".into();
            one["message"] = "containers with unready status: [app]".into();
        }
        all.push(one);
    }
    all.extend(scheduled);
    set(pod, "/status/conditions", all);
}

fn run(world: &World, pod: &mut Value, ready: bool) {
    let now = rfc3339(world.now);
    if at(pod, "/status/containerStatuses").is_null() {
        create(world, pod);
    }
    set(pod, "/status/phase", "Running");
    set(pod, "/status/containerStatuses/0/state", json!({ "running": { "startedAt": now } }));
    set(pod, "/status/containerStatuses/0/ready", ready);
    set(pod, "/status/containerStatuses/0/started", ready);
    let image = text(pod, "/spec/containers/0/image").to_owned();
    if text(pod, "/status/containerStatuses/0/imageID").is_empty()
        && let Some((digest, _)) = registry::pulled(world, &image, "")
    {
        let name = image.rsplit_once(':').map_or(image.as_str(), |(name, _)| name);
        set(pod, "/status/containerStatuses/0/imageID", format!("{name}@{digest}"));
    }
    let number = hash(text(pod, "/metadata/uid"));
    let address = format!("10.244.{}.{}", number % 3, number / 3 % 250 + 2);
    set(pod, "/status/podIP", address.clone());
    set(pod, "/status/podIPs", json!([{ "ip": address }]));
    conditions(world, pod, ready);
}

/// Seconds that the kubelet waits before restart number `count + 1`.
fn back_off(count: i64) -> u64 {
    10 << count.clamp(0, 5)
}

fn crash(world: &mut World, key: &Key, pod: &mut Value) {
    let count = int(pod, "/status/containerStatuses/0/restartCount");
    run(world, pod, false);
    let wait = back_off(count).min(300);
    let now = rfc3339(world.now);
    let begun = rfc3339(world.now.checked_sub(RUNS).unwrap_or(world.now));
    let message = format!("back-off {wait}s restarting failed container=app pod={}", key.name);
    set(
        pod,
        "/status/containerStatuses/0/state",
        json!({ "waiting": { "reason": "CrashLoopBackOff", "message": message } }),
    );
    let last = json!({ "exitCode": 1, "reason": "Error", "startedAt": begun, "finishedAt": now });
    set(pod, "/status/containerStatuses/0/lastState", json!({ "terminated": last }));
    world.event(key, "kubelet", "BackOff", "Back-off restarting failed container app");
    world.look_again(key, later(world.now, Duration::from_secs(wait)));
}

fn restart_or_crash(world: &mut World, key: &Key, pod: &mut Value) {
    if at(pod, "/status/containerStatuses/0/state/waiting").is_object() {
        let count = int(pod, "/status/containerStatuses/0/restartCount");
        let died = time_at(pod, "/status/containerStatuses/0/lastState/terminated/finishedAt").unwrap_or(world.now);
        let again = later(died, Duration::from_secs(back_off(count).min(300)));
        if world.now < again {
            world.look_again(key, again);
            return;
        }
        run(world, pod, false);
        set(pod, "/status/containerStatuses/0/restartCount", count + 1);
        world.look_again(key, later(world.now, RUNS));
    } else {
        let since = time_at(pod, "/status/containerStatuses/0/state/running/startedAt").unwrap_or(world.now);
        if world.now < later(since, RUNS) {
            world.look_again(key, later(since, RUNS));
        } else {
            crash(world, key, pod);
        }
    }
}

/// Asks for a pod to go, as DELETE does.
pub(super) fn delete(world: &mut World, key: &Key) {
    let Some(mut pod) = world.store.value(key).cloned() else { return };
    set(&mut pod, "/metadata/deletionGracePeriodSeconds", 30);
    set(&mut pod, "/metadata/deletionTimestamp", rfc3339(later(world.now, Duration::from_secs(30))));
    let generation = int(&pod, "/metadata/generation") + 1;
    set(&mut pod, "/metadata/generation", generation);
    world.put(key, pod);
}

/// A new pod of a ReplicaSet.
pub(super) fn new_pod(world: &mut World, set_key: &Key, replica_set: &Value) -> Key {
    let key = Key::new(Kind::Pod, &set_key.namespace, &format!("{}-{}", set_key.name, world.suffix()));
    let mut pod = world.templates.pod.clone();
    world.christen(&mut pod, &key);
    set(&mut pod, "/metadata/generateName", format!("{}-", set_key.name));
    set(&mut pod, "/metadata/labels", at(replica_set, "/spec/template/metadata/labels").clone());
    set(
        &mut pod,
        "/metadata/ownerReferences",
        json!([{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set_key.name, "uid": replica_set["metadata"]["uid"],
            "controller": true, "blockOwnerDeletion": true,
        }]),
    );
    let volume = format!("kube-api-access-{}", world.suffix());
    let mut mounts = at(&pod, "/spec/containers/0/volumeMounts").clone();
    set(&mut mounts, "/0/name", volume.clone());
    set(&mut pod, "/spec/volumes/0/name", volume);
    let mut containers = items(replica_set, "/spec/template/spec/containers").to_vec();
    for container in &mut containers {
        set(container, "/volumeMounts", mounts.clone());
    }
    set(&mut pod, "/spec/containers", containers);
    unset(&mut pod, "/spec/nodeName");
    let burst = at(&pod, "/spec/containers/0/resources/requests").is_object();
    set(&mut pod, "/status", json!({ "phase": "Pending", "qosClass": if burst { "Burstable" } else { "BestEffort" } }));
    world.put(&key, pod);
    key
}
