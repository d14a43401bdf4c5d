//! Tekton in a world's cluster: its Pipelines, and which runs begin when. What a run does then stands in
//! its objects; [`runs`] and [`tasks`] are the controllers that write them, [`pods`] what its steps run in.

pub(super) mod check;
pub(super) mod logs;
mod pods;
pub(super) mod runs;
pub(super) mod tasks;

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::DemoError;
use super::github::Writes;
use super::kinds::{Key, Kind};
use super::scenario::Scenario;
use super::value::{later, seconds, set};
use super::world::World;

const FILE: &str = include_str!("../../../demo/tekton.yaml");

/// Runs that are kept of one Pipeline; a pruner takes those before them.
const KEPT: usize = 8;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) name: String,
    #[serde(default)]
    description: String,
    /// A Task, and no Pipeline.
    #[serde(default)]
    alone: bool,
    #[serde(default)]
    params: Vec<Value>,
    pub(super) tasks: Vec<TaskPlan>,
    #[serde(default)]
    pub(super) finally: Vec<TaskPlan>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskPlan {
    pub(super) name: String,
    #[serde(default)]
    pub(super) after: Vec<String>,
    #[serde(default)]
    pub(super) retries: usize,
    /// Revisions for which it runs; for all when empty.
    #[serde(default)]
    pub(super) only_for: Vec<String>,
    pub(super) steps: Vec<StepPlan>,
    /// Names of what it hands on.
    #[serde(default)]
    pub(super) results: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepPlan {
    pub(super) name: String,
    pub(super) seconds: u64,
    #[serde(default)]
    pub(super) writes: Writes,
}

/// A run that somebody, or a trigger, starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Start {
    /// Relative to the opening.
    pub(in crate::demo) at: String,
    pub(in crate::demo) every: Option<String>,
    pipeline: String,
    namespace: String,
    #[serde(default)]
    params: serde_json::Map<String, Value>,
    /// What of it fails, and how often.
    fails: Option<Fault>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    task: String,
    attempts: usize,
}

/// Says which task of a run fails: `unit/1` in the first attempt of `unit`.
const FAULT: &str = "demo/fails";

/// The Pipelines of a cluster and the runs to come.
#[derive(Debug, Default)]
pub(super) struct Tekton {
    /// Its definitions are installed.
    pub(super) there: bool,
    plans: Vec<Plan>,
    due: VecDeque<(Timestamp, Start)>,
}

impl Tekton {
    pub(super) fn open(scenario: &Scenario) -> Result<Self, DemoError> {
        let broken = |error: String| DemoError::Scenario { scenario: "tekton".to_owned(), reason: error };
        let plans: Vec<Plan> = serde_yaml::from_str(FILE).map_err(|error| broken(error.to_string()))?;
        let mut due = Vec::new();
        for start in &scenario.pipeline_runs {
            if !plans.iter().any(|plan| plan.name == start.pipeline) {
                return Err(broken(format!("no pipeline is named {:?}", start.pipeline)));
            }
            let span = seconds(&start.at).unwrap_or_default();
            let at = scenario.opens.checked_add(jiff::SignedDuration::from_secs(span)).unwrap_or(scenario.opens);
            due.push((at, start.clone()));
        }
        due.sort_by_key(|(at, _)| *at);
        Ok(Self { there: !due.is_empty(), plans, due: due.into() })
    }

    /// The Pipeline of this name, or the Task that is run by itself.
    pub(super) fn plan(&self, name: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.name == name)
    }

    /// When the next run begins.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.due.front().map(|(at, _)| *at)
    }
}

impl Plan {
    /// A task of it, `finally` included.
    pub(super) fn task(&self, name: &str) -> Option<&TaskPlan> {
        self.tasks.iter().chain(&self.finally).find(|task| task.name == name)
    }

    /// `spec` of the Pipeline.
    pub(super) fn spec(&self) -> Value {
        let task = |plan: &TaskPlan| {
            let mut task = json!({ "name": plan.name, "taskRef": { "kind": "Task", "name": plan.name } });
            if !plan.after.is_empty() {
                task["runAfter"] = plan.after.clone().into();
            }
            if plan.retries > 0 {
                task["retries"] = plan.retries.into();
            }
            if !plan.only_for.is_empty() {
                task["when"] = json!([{ "input": "$(params.revision)", "operator": "in", "values": plan.only_for }]);
            }
            task
        };
        let mut spec = json!({ "tasks": self.tasks.iter().map(task).collect::<Vec<_>>() });
        if !self.description.is_empty() {
            spec["description"] = self.description.clone().into();
        }
        if !self.params.is_empty() {
            spec["params"] = self.params.clone().into();
        }
        if !self.finally.is_empty() {
            spec["finally"] = self.finally.iter().map(task).collect();
        }
        spec
    }
}

/// Puts the Pipelines where they are run.
pub(super) fn install(world: &mut World) {
    let mut places: Vec<String> = world.scenario.pipeline_runs.iter().map(|run| run.namespace.clone()).collect();
    places.sort();
    places.dedup();
    let plans: Vec<Plan> = world.tekton.plans.iter().filter(|plan| !plan.alone).cloned().collect();
    for (namespace, plan) in places.iter().flat_map(|place| plans.iter().map(move |plan| (place, plan))) {
        let key = Key::new(Kind::Pipeline, namespace, &plan.name);
        let mut object = json!({ "spec": plan.spec() });
        world.christen(&mut object, &key);
        world.store.put(&key, object);
    }
}

/// The next run begins.
pub(super) fn begin(world: &mut World) {
    let Some((at, start)) = world.tekton.due.pop_front() else { return };
    if let Some(every) = start.every.as_deref().and_then(seconds) {
        let again = later(at, std::time::Duration::from_secs(every.unsigned_abs()));
        let place = world.tekton.due.partition_point(|(other, _)| *other <= again);
        // What failed once was mended.
        world.tekton.due.insert(place, (again, Start { fails: None, ..start.clone() }));
    }
    let alone = world.tekton.plan(&start.pipeline).is_some_and(|plan| plan.alone);
    let kind = if alone { Kind::TaskRun } else { Kind::PipelineRun };
    let params: Vec<Value> = start.params.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut spec = json!({ "params": params });
    spec[if alone { "taskRef" } else { "pipelineRef" }] = json!({ "name": start.pipeline });
    let mut object = json!({ "metadata": { "generateName": format!("{}-", start.pipeline) }, "spec": spec });
    if let Some(fault) = &start.fails {
        set(
            &mut object,
            &format!("/metadata/annotations/{}", FAULT.replace('/', "~1")),
            format!("{}/{}", fault.task, fault.attempts),
        );
    }
    create(world, kind, &start.namespace, object);
    prune(world, kind, &start.namespace, &start.pipeline);
}

/// Makes an object as a POST does; its key.
pub(super) fn create(world: &mut World, kind: Kind, namespace: &str, mut object: Value) -> Key {
    let prefix = object.pointer("/metadata/generateName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let given = object.pointer("/metadata/name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = given.map_or_else(|| format!("{prefix}{}", world.suffix()), str::to_owned);
    let key = Key::new(kind, namespace, &name);
    world.christen(&mut object, &key);
    let referred = object.pointer("/spec/pipelineRef/name").and_then(Value::as_str).map(str::to_owned);
    if let Some(pipeline) = referred {
        set(&mut object, "/metadata/labels/tekton.dev~1pipeline", pipeline);
    }
    world.put(&key, object);
    key
}

/// Deletes what is older than the newest few and has ended, with its tasks and pods.
fn prune(world: &mut World, kind: Kind, namespace: &str, pipeline: &str) {
    let reference = if kind == Kind::TaskRun { "/spec/taskRef/name" } else { "/spec/pipelineRef/name" };
    let mine = |value: &Value| {
        value.pointer(reference).and_then(Value::as_str) == Some(pipeline)
            && value.pointer("/metadata/ownerReferences").is_none()
            && runs::ended(value)
    };
    let found = world.store.values(kind, namespace).filter(|(_, value)| mine(value));
    let mut ended: Vec<(String, Key)> = found
        .map(|(key, value)| (super::value::text(value, "/metadata/creationTimestamp").to_owned(), key.clone()))
        .collect();
    ended.sort();
    for (_, key) in ended.iter().take(ended.len().saturating_sub(KEPT)) {
        remove(world, key);
    }
}

/// Deletes an object and what it owns.
pub(super) fn remove(world: &mut World, key: &Key) {
    let Some(uid) = world.store.value(key).map(|value| super::value::text(value, "/metadata/uid").to_owned()) else {
        return;
    };
    for kind in [Kind::TaskRun, Kind::Pod] {
        for (child, _) in world.owned(kind, &key.namespace, &uid) {
            remove(world, &child);
        }
    }
    world.remove(key);
}
