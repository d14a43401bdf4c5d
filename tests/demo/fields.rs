//! Everything that the demo serves has only field paths that a recorded object of its kind has.
//!
//! Arrays are written `[]`, keys that people choose (labels, annotations, selectors) `*`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::{Held, hash, items};

type Paths = BTreeMap<String, BTreeSet<String>>;

const KINDS: [(&str, &str, &str); 8] = [
    ("Namespace", "namespaces", "/api/v1/namespaces"),
    ("Pod", "pods", "/api/v1/pods"),
    ("Event", "events", "/api/v1/events"),
    ("Deployment", "deployments", "/apis/apps/v1/deployments"),
    ("ReplicaSet", "replicasets", "/apis/apps/v1/replicasets"),
    ("Rollout", "rollouts", "/apis/argoproj.io/v1alpha1/rollouts"),
    ("AnalysisRun", "analysisruns", "/apis/argoproj.io/v1alpha1/analysisruns"),
    ("Experiment", "experiments", "/apis/argoproj.io/v1alpha1/experiments"),
];

fn collect(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    let free = ["labels", "annotations", "matchLabels"].iter().any(|it| path.ends_with(it));
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = format!("{path}.{}", if free { "*" } else { key });
                collect(value, &path, into);
                into.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, &format!("{path}[]"), into)),
        _ => {}
    }
}

/// The field paths of every recorded object and, under `…List`, of every recorded list.
fn recorded() -> Paths {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/recordings");
    let mut paths = Paths::new();
    let mut note = |kind: &str, value: &Value| collect(value, "", paths.entry(kind.to_owned()).or_default());
    let folders = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    for scenario in folders.chain([root.clone()]) {
        for (kind, plural, _) in KINDS {
            if let Ok(text) = std::fs::read_to_string(scenario.join(format!("{plural}.list.json"))) {
                let mut list: Value = serde_json::from_str(&text).unwrap();
                for item in list["items"].take().as_array().into_iter().flatten() {
                    note(kind, item);
                }
                note(&format!("{kind}List"), &list);
            }
            for line in
                std::fs::read_to_string(scenario.join(format!("{plural}.watch.jsonl"))).unwrap_or_default().lines()
            {
                let line: Value = serde_json::from_str(line).unwrap();
                note(kind, &line["frame"]["object"]);
            }
        }
    }
    paths
}

fn check(allowed: &Paths, kind: &str, value: &Value, wrong: &mut BTreeSet<String>) {
    let mut found = BTreeSet::new();
    collect(value, "", &mut found);
    let known = allowed.get(kind).unwrap_or_else(|| panic!("no {kind} was recorded"));
    wrong.extend(found.difference(known).map(|path| format!("{kind}{path}")));
}

#[test]
fn an_invented_field_is_found() {
    let allowed = recorded();
    let mut wrong = BTreeSet::new();
    check(&allowed, "Rollout", &json!({ "status": { "phase": "Healthy", "mood": "good" } }), &mut wrong);
    assert_eq!(wrong.into_iter().collect::<Vec<_>>(), ["Rollout.status.mood"]);
}

#[tokio::test]
async fn every_list_and_frame_has_only_recorded_fields() {
    let allowed = recorded();
    let world = Held::open().await;
    let mut wrong = BTreeSet::new();
    let mut watches = Vec::new();
    for (kind, _, path) in KINDS {
        let version = world.http.get(path).await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
        let path = format!("{path}?watch=true&allowWatchBookmarks=true&resourceVersion={version}");
        watches.push((kind, world.http.stream(&path).await));
    }
    let mut lists = Vec::new();
    for act in 0..8 {
        match act {
            1 => drop(world.half().await),
            2 => world.minutes(8),
            3 => drop(status(&world, "add", json!(true)).await),
            4 => drop(status(&world, "replace", json!(false)).await),
            5 => drop(world.patch(json!([{ "op": "add", "path": "/status/promoteFull", "value": true }])).await),
            6 => undo(&world).await,
            7 => world.minutes(40),
            _ => {}
        }
        world.minutes(1);
        for (kind, _, path) in KINDS {
            lists.push((kind, world.http.get(path).await));
        }
        for (kind, watch) in &mut watches {
            // A bookmark comes at least once a minute; it says that everything before it was sent.
            for frame in watch.until(|frame| frame["type"] == "BOOKMARK").await {
                assert_ne!(frame["type"], "ERROR", "{frame}");
                check(&allowed, kind, &frame["object"], &mut wrong);
            }
        }
    }
    for (kind, list) in &mut lists {
        for item in items(list) {
            check(&allowed, kind, item, &mut wrong);
        }
        list["items"].take();
        check(&allowed, &format!("{kind}List"), list, &mut wrong);
    }
    assert!(wrong.is_empty(), "fields that no recorded object has: {wrong:#?}");
}

async fn status(world: &Held, op: &str, abort: Value) -> Value {
    let (code, answer) = world.patch(json!([{ "op": op, "path": "/status/abort", "value": abort }])).await;
    assert_eq!(code, 200, "{answer}");
    answer
}

/// Back to the first version of all.
async fn undo(world: &Held) {
    let rollout = world.rollout().await;
    let sets = world.http.get(super::SETS).await;
    let first = |it: &&Value| {
        it["metadata"]["annotations"]["rollout.argoproj.io/revision"] == "1"
            && it["metadata"]["labels"]["app"] == "checkout"
    };
    let mut template = items(&sets).iter().find(first).unwrap()["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().remove("rollouts-pod-template-hash");
    let patch = json!([{ "op": "replace", "path": "/spec/template", "value": template }]);
    let (code, _) = world.http.patch(super::ROLLOUT, "application/json-patch+json", &patch).await;
    assert_eq!(code, 200);
    world.seconds(2);
    assert_ne!(hash(&world.rollout().await), hash(&rollout));
}
