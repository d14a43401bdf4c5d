//! A world of size: thousands of pods as they were recorded, the Deployments, ReplicaSets and
//! Rollouts that own them, and, if asked for, a steady stream of changes. No controllers act in it.
//!
//! A pod is kept as a page with holes (a few hundred bytes) and filled when it is asked for, so the
//! server adds little to the memory that a measurement of the console sees.

use std::sync::Arc;

use serde_json::{Value, json};

use super::kinds::{Key, Kind};
use super::scenario::{Build, Counts, Lately, Objective, Scenario, Strategy, Workload};
use super::store::Cut;
use super::value::{letters, mix, rfc3339, set, text, uid};
use super::world::World;
use super::{DemoError, Options, controllers, templates};

/// Pods of one workload.
const EACH: usize = 20;
const NAMESPACES: usize = 10;
/// Seeds of two clusters are so far apart.
const OF_CLUSTER: u64 = 7_919;
/// Runs of one repository: as many as a client reads of it.
const OF_REPOSITORY: usize = 100;
/// Fewer repositories than these are seldom met.
const REPOSITORIES: usize = 10;
/// Steps of each job of the wide run.
const STEPS: u64 = 26;
/// The word that counts a pod's restarts.
const RESTARTS: usize = 11;

const SCENARIO: &str = "
opens: 2026-08-01T12:03:00Z
speed: 1
namespaces: []
workloads: []
deploys: []
traffic: { workload: none/none, requests_per_second: 200, base_ratio: 0.0002, bad_version: none, from_weight: 50, growth_per_minute: 0, ceiling: 0, latency_p95: 0.2, log_lines_per_second: 2 }
templates: []
";

/// A steady stream of pod changes.
#[derive(Debug, Default)]
pub(super) struct Churn {
    /// Changes in a second of the machine.
    pub(super) rate: f64,
    done: u64,
    pods: Vec<(Key, Box<[Box<str>]>)>,
    cut: Option<Arc<Cut>>,
}

/// Builds the world of one of the clusters: its part of the workloads. What is beside the clusters
/// belongs to the first. Of several, each is an environment of its own.
pub(super) fn open(options: &Options, cluster: usize) -> Result<World, DemoError> {
    let share = |all: usize| all / options.clusters + usize::from(cluster < all % options.clusters);
    let mut scenario = Scenario::parse("scale", SCENARIO)?;
    let environment = |index: usize| if options.clusters > 1 { cluster } else { index };
    scenario.namespaces = (0..NAMESPACES)
        .map(|index| super::scenario::Namespace {
            name: format!("team-{index:02}"),
            environment: ["dev", "staging", "production"][environment(index) % 3].to_owned(),
        })
        .collect();
    scenario.objectives = (0..options.slos).map(objective).collect();
    let repositories = options.runs.div_ceil(OF_REPOSITORY).max(REPOSITORIES);
    scenario.builds = (0..options.runs).map(|index| build(index, repositories)).collect();
    let mut world = World::before(scenario, options.seed.wrapping_add(cluster as u64 * OF_CLUSTER))?;
    if options.jobs > 0 {
        world.book.widen(options.jobs, STEPS, world.scenario.opens);
    }
    world.quiet = true;
    world.store.keep_text();
    world.make_namespaces();
    let cut = Arc::new(cut()?);
    world.churn.rate = options.churn / options.clusters as f64;
    world.scenario.traffic.log_lines_per_second = options.log_rate;
    let mut left = share(options.pods);
    for index in 0..share(options.rollouts) {
        left -= workload(&mut world, &cut, Kind::Rollout, index, left.min(EACH));
    }
    let mut index = 0;
    while left > 0 {
        left -= workload(&mut world, &cut, Kind::Deployment, index, left.min(EACH));
        index += 1;
    }
    for index in 0..share(options.applications) {
        application(&mut world, index);
    }
    world.churn.cut = Some(cut);
    let opens = world.now;
    world.book.advance(opens);
    world.store.compact();
    Ok(world)
}

/// A run of one of the repositories, every few minutes one; each eleventh failed.
fn build(index: usize, repositories: usize) -> Build {
    let workflow = ["tests", "build-push-images", "rebuild-base"][index % 3];
    let fails = json!({ "job": if workflow == "tests" { "unit" } else { "image" } });
    Build {
        at: format!("-{}s", 40 + 420 * index),
        repository: format!("shop/service-{:02}", index % repositories),
        workflow: workflow.to_owned(),
        branch: if index.is_multiple_of(4) { format!("topic-{}", index % 37) } else { "main".to_owned() },
        titles: vec![format!("Change number {index}")],
        version: None,
        every: None,
        schedule: workflow == "rebuild-base",
        by: None,
        fails: if index % 11 == 6 { serde_json::from_value(fails).ok() } else { None },
        ships: None,
    }
}

/// An objective of one of the services, each with a history of its own; here and there one whose
/// series are gone, and one without traffic.
fn objective(index: usize) -> Objective {
    let number = mix(index as u64);
    let burning = index % 9 == 4;
    Objective {
        service: format!("service-{index:04}"),
        of_file: false,
        name: if index % 5 == 2 { "latency" } else { "availability" }.to_owned(),
        percent: ["99.9", "99.5", "99.95", "99"][index % 4].to_owned(),
        requests_per_second: (10 + number % 190) as f64,
        bad: 0.000_05,
        lately: burning.then(|| Lately { since: "-80h".to_owned(), lasts: None, bad: 0.002 }),
        consumed: (number >> 8) as f64 % 110.0 / 100.0,
        outage: format!("-{}d", 5 + number % 20),
        counts: Counts::default(),
        idle_since: (index % 17 == 16).then(|| "-20m".to_owned()),
        gone_since: (index % 19 == 18).then(|| "-9m".to_owned()),
    }
}

/// Makes one workload with its ReplicaSet and pods; returns the number of pods.
fn workload(world: &mut World, cut: &Arc<Cut>, kind: Kind, index: usize, pods: usize) -> usize {
    let namespace = format!("team-{:02}", index % NAMESPACES);
    let (strategy, name) = match kind {
        Kind::Rollout => (Strategy::Canary, format!("rollout-{index:03}")),
        _ => (Strategy::Deployment, format!("service-{index:04}")),
    };
    let key = Key::new(kind, &namespace, &name);
    let steps = vec![json!({ "setWeight": 10 }), json!({ "pause": {} })];
    let image = format!("ghcr.io/shop/{name}");
    let settings =
        Workload { strategy, name: format!("{namespace}/{name}"), replicas: pods as i64, image: image.clone(), steps };
    let mut object = controllers::new_workload(world, &settings, &key);
    let image = format!("{image}:1.{}.0", index % 40);
    set(&mut object, "/spec/template/spec/containers/0/image", image.clone());
    set(&mut object, "/metadata/generation", 1);
    let (replica_set, hash) = controllers::settle(world, &key, &mut object);
    let set_uid = text(&replica_set, "/metadata/uid").to_owned();
    let set_name = text(&replica_set, "/metadata/name").to_owned();
    world.put(&key, object);
    world.put(&Key::new(Kind::ReplicaSet, &namespace, &set_name), replica_set);
    let started = rfc3339(world.now);
    for _ in 0..pods {
        let number = world.number();
        let pod = format!("{set_name}-{}", letters(number, 5));
        let node = format!("node-{:03}", number % 200);
        let address = format!("10.{}.{}.{}", number % 200, (number >> 8) % 250, (number >> 16) % 250 + 2);
        let words: Box<[Box<str>]> = [
            &pod,
            &format!("{set_name}-"),
            &namespace,
            &uid(number),
            &image,
            &hash,
            &set_name,
            &set_uid,
            &node,
            &address,
            &started,
            "0",
            &name,
        ]
        .map(|word: &str| Box::from(word))
        .into();
        let key = Key::new(Kind::Pod, &namespace, &pod);
        world.store.put_cut(&key, Arc::clone(cut), words.clone());
        if world.churn.rate > 0.0 {
            world.churn.pods.push((key, words));
        }
    }
    pods
}

/// An Application that keeps one of the services; here and there one that is not as Git says.
fn application(world: &mut World, index: usize) {
    let (namespace, name) = (format!("team-{:02}", index % NAMESPACES), format!("service-{index:04}"));
    let key = Key::new(Kind::Application, "argocd", &format!("app-{name}"));
    let sync = if index % 12 == 5 { "OutOfSync" } else { "Synced" };
    let health = if index % 40 == 17 { "Degraded" } else { "Healthy" };
    let revision = format!("{:016x}{:016x}{:08x}", mix(index as u64), mix(index as u64 + 1), index);
    let source = json!({ "repoURL": "https://github.com/shop/gitops", "path": format!("services/{name}"),
        "targetRevision": "main" });
    let at = rfc3339(world.now);
    let keeps = json!([{ "group": "apps", "version": "v1", "kind": "Deployment", "namespace": namespace,
        "name": name, "status": sync, "health": { "status": health } }]);
    let mut object = json!({
        "spec": { "project": "shop", "source": source, "syncPolicy": { "automated": { "prune": true } },
            "destination": { "server": "https://kubernetes.default.svc", "namespace": namespace } },
        "status": { "reconciledAt": at, "resources": keeps,
            "sync": { "status": sync, "revision": revision, "comparedTo": { "source": source } },
            "health": { "status": health },
            "history": [{ "id": 1, "revision": revision, "deployedAt": at, "source": source }] },
    });
    world.christen(&mut object, &key);
    world.put(&key, object);
}

fn hole(word: usize) -> String {
    format!("\u{1}{word}\u{1}")
}

/// Puts the hole of the time wherever a time was recorded.
fn retime(value: &mut Value) {
    match value {
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => *text = hole(11),
        Value::Array(list) => list.iter_mut().for_each(retime),
        Value::Object(map) => map.values_mut().for_each(retime),
        _ => {}
    }
}

/// The recorded pod with holes for the words of `workload`; hole 0 is the resource version.
fn cut() -> Result<Cut, DemoError> {
    let mut pod = templates::pod_as_recorded()?;
    let recorded = [
        (text(&pod, "/metadata/name").to_owned(), 1),
        (text(&pod, "/metadata/generateName").to_owned(), 2),
        (text(&pod, "/metadata/uid").to_owned(), 4),
        (text(&pod, "/spec/containers/0/image").to_owned(), 5),
        (text(&pod, "/metadata/labels/rollouts-pod-template-hash").to_owned(), 6),
        (text(&pod, "/metadata/ownerReferences/0/name").to_owned(), 7),
        (text(&pod, "/metadata/ownerReferences/0/uid").to_owned(), 8),
        (text(&pod, "/status/podIP").to_owned(), 10),
    ];
    set(&mut pod, "/metadata/resourceVersion", hole(0));
    set(&mut pod, "/metadata/namespace", hole(3));
    set(&mut pod, "/metadata/labels/app", hole(13));
    set(&mut pod, "/spec/nodeName", hole(9));
    retime(&mut pod);
    set(&mut pod, "/status/containerStatuses/0/restartCount", hole(RESTARTS + 1));
    set(&mut pod, "/kind", "Pod");
    set(&mut pod, "/apiVersion", "v1");
    let mut page = pod.to_string();
    for (old, word) in recorded.iter().filter(|(old, _)| !old.is_empty()) {
        page = page.replace(old.as_str(), &hole(*word).replace('\u{1}', "\\u0001"));
    }
    page = page.replace(&format!("\"\\u0001{}\\u0001\"", RESTARTS + 1), &format!("\\u0001{}\\u0001", RESTARTS + 1));
    let mut parts = Vec::new();
    let mut pieces = page.split("\\u0001");
    while let Some(literal) = pieces.next() {
        parts.push((literal.to_owned(), pieces.next().and_then(|word| word.parse().ok())));
    }
    Ok(Cut { parts })
}

/// Makes the changes that are due in a quiet world.
pub(super) fn churn(world: &mut World) {
    let since = world.now.duration_since(world.scenario.opens).as_secs_f64();
    let due = (since * world.churn.rate).max(0.0) as u64;
    // After a standstill the changes of one second are enough to catch up with.
    let from = world.churn.done.max(due.saturating_sub(world.churn.rate.ceil() as u64));
    for number in from..due {
        let Some(cut) = world.churn.cut.clone() else { return };
        let count = world.churn.pods.len() as u64;
        if count == 0 {
            return;
        }
        let (key, words) = &mut world.churn.pods[(mix(number) % count) as usize];
        let restarts = words[RESTARTS].parse::<u64>().unwrap_or_default() + 1;
        words[RESTARTS] = restarts.to_string().into();
        world.store.put_cut(key, cut, words.clone());
    }
    world.churn.done = due;
}

/// The status of a Deployment or Rollout whose `replicas` all run.
pub(super) fn settled_status(kind: Kind, hash: &str, replicas: i64, name: &str) -> Value {
    let counts = json!({
        "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas,
    });
    let mut status = counts;
    if kind == Kind::Rollout {
        for (field, value) in [
            ("currentPodHash", json!(hash)),
            ("stableRS", json!(hash)),
            ("currentStepIndex", json!(2)),
            ("observedGeneration", json!("1")),
            ("phase", json!("Healthy")),
            ("blueGreen", json!({})),
            ("HPAReplicas", json!(replicas)),
            ("selector", json!(format!("app={name}"))),
        ] {
            status[field] = value;
        }
        status["canary"] = json!({ "weights": {
            "canary": { "podTemplateHash": hash, "serviceName": format!("{name}-canary"), "weight": 0 },
            "stable": { "podTemplateHash": hash, "serviceName": format!("{name}-stable"), "weight": 100 },
        } });
    } else {
        status["observedGeneration"] = json!(1);
    }
    status
}
