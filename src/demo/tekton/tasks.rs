//! The controller of TaskRuns: a pod, its steps one after the other, retries.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::runs::{condition, ended};
use super::{FAULT, TaskPlan, pods};
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{at, hash, items, later, mix, rfc3339, set, text, time_at, unset};
use crate::demo::world::World;

/// From the pod's creation to its first step.
const STARTING: Duration = Duration::from_secs(4);

/// How one step of an attempt goes.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) fails: bool,
}

/// The plan of the task that a TaskRun runs.
pub(super) fn plan(world: &World, task: &Value) -> Option<TaskPlan> {
    let pipeline = text(task, "/metadata/labels/tekton.dev~1pipeline");
    let name = text(task, "/spec/taskRef/name");
    let of = if pipeline.is_empty() { name } else { pipeline };
    world.tekton.plan(of)?.task(name).cloned()
}

/// The steps of the present attempt, those that are to come included.
pub(super) fn steps(plan: &TaskPlan, task: &Value) -> Vec<Step> {
    let Some(started) = time_at(task, "/status/startTime") else { return Vec::new() };
    let attempt = items(task, "/status/retriesStatus").len();
    let seed = hash(text(task, "/metadata/uid")) ^ attempt as u64;
    let fault = text(task, &format!("/metadata/annotations/{}", FAULT.replace('/', "~1")));
    let fails =
        fault.rsplit('/').next().and_then(|count| count.parse().ok()).is_some_and(|count: usize| attempt < count);
    let mut now = later(started, STARTING);
    let mut steps = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let begins = now;
        now = later(now, Duration::from_secs(step.seconds + mix(seed ^ index as u64) % (step.seconds / 10 + 2)));
        let fails = fails && index + 1 == plan.steps.len();
        steps.push(Step { name: step.name.clone(), begins, ends: now, fails });
    }
    steps
}

pub(in crate::demo) fn reconcile(world: &mut World, key: &Key) {
    let Some(mut task) = world.store.value(key).cloned() else { return };
    if ended(&task) {
        return;
    }
    let Some(plan) = plan(world, &task) else {
        set(&mut task, "/status/completionTime", rfc3339(world.now));
        condition(world, &mut task, "False", "TaskRunResolutionFailed", "error when listing tasks: it is not found");
        return world.put(key, task);
    };
    if text(&task, "/spec/status") == "TaskRunCancelled" {
        return cancelled(world, key, task, &plan);
    }
    if at(&task, "/status/startTime").is_null() {
        let attempt = items(&task, "/status/retriesStatus").len();
        let pod = if attempt == 0 { format!("{}-pod", key.name) } else { format!("{}-pod-retry{attempt}", key.name) };
        set(&mut task, "/status/startTime", rfc3339(world.now));
        set(&mut task, "/status/podName", pod);
        condition(world, &mut task, "Unknown", "Pending", "Pod status is Pending");
    }
    let steps = steps(&plan, &task);
    let now = world.now;
    write(&mut task, &steps, now, None);
    let over = steps.last().is_some_and(|step| step.ends <= now);
    if over {
        finish(world, &mut task, &plan, &steps);
    } else {
        if steps.first().is_some_and(|step| step.begins <= now) {
            condition(world, &mut task, "Unknown", "Running", "Not all Steps in the Task have finished executing");
        }
        let bounds = steps.iter().flat_map(|step| [step.begins, step.ends]);
        if let Some(next) = bounds.filter(|time| *time > now).min() {
            world.look_again(key, next);
        }
    }
    pods::write(world, key, &task, &steps);
    if over && !ended(&task) {
        // The next attempt begins with nothing of this one but the memory of it.
        let mut before = at(&task, "/status").clone();
        unset(&mut before, "/retriesStatus");
        set(&mut before, "/completionTime", rfc3339(now));
        set(&mut before, "/conditions/0/status", "False");
        set(&mut before, "/conditions/0/reason", "Failed");
        let mut all = items(&task, "/status/retriesStatus").to_vec();
        all.push(before);
        set(&mut task, "/status", json!({ "retriesStatus": all }));
        condition(world, &mut task, "Unknown", "ToBeRetried", "the step failed; it is tried again");
        world.look_again(key, later(now, Duration::from_secs(1)));
    }
    world.put(key, task);
}

/// What stands in `status.steps` at a moment; `stop`: when the rest was cancelled.
fn write(task: &mut Value, steps: &[Step], now: Timestamp, stop: Option<Timestamp>) {
    let one = |step: &Step| {
        let mut value = json!({ "name": step.name, "container": format!("step-{}", step.name) });
        if step.ends <= now {
            let (code, reason) = if step.fails { (1, "Error") } else { (0, "Completed") };
            value["terminated"] = json!({
                "exitCode": code, "reason": reason, "startedAt": rfc3339(step.begins), "finishedAt": rfc3339(step.ends),
            });
        } else if let Some(stop) = stop {
            let begun = step.begins.min(stop);
            value["terminationReason"] = "Cancelled".into();
            value["terminated"] = json!({
                "exitCode": 1, "reason": "TaskRunCancelled", "startedAt": rfc3339(begun), "finishedAt": rfc3339(stop),
            });
        } else if step.begins <= now {
            value["running"] = json!({ "startedAt": rfc3339(step.begins) });
        } else {
            value["waiting"] = json!({ "reason": "PodInitializing" });
        }
        value
    };
    set(task, "/status/steps", steps.iter().map(one).collect::<Vec<_>>());
}

fn finish(world: &World, task: &mut Value, plan: &TaskPlan, steps: &[Step]) {
    let tried = items(task, "/status/retriesStatus").len();
    let Some(failed) = steps.iter().find(|step| step.fails) else {
        let uid = text(task, "/metadata/uid").to_owned();
        let results: Vec<Value> = plan.results.iter().map(|name| result(name, &uid)).collect();
        if !results.is_empty() {
            set(task, "/status/results", results);
        }
        set(task, "/status/completionTime", rfc3339(world.now));
        return condition(world, task, "True", "Succeeded", "All Steps have completed executing");
    };
    if tried < plan.retries {
        return;
    }
    set(task, "/status/completionTime", rfc3339(world.now));
    let message = format!("\"step-{}\" exited with code 1", failed.name);
    condition(world, task, "False", "Failed", &message);
}

fn result(name: &str, uid: &str) -> Value {
    let seed = hash(&format!("{uid}{name}"));
    let digits = format!("{:016x}{:016x}{:08x}", seed, mix(seed), mix(seed ^ 1) >> 32);
    let value = if name == "digest" { format!("sha256:{digits}{:024x}", mix(seed ^ 2)) } else { digits };
    json!({ "name": name, "type": "string", "value": value })
}

/// Tekton deletes the pod of what it cancels.
fn cancelled(world: &mut World, key: &Key, mut task: Value, plan: &TaskPlan) {
    let (steps, now) = (steps(plan, &task), world.now);
    write(&mut task, &steps, now, Some(now));
    set(&mut task, "/status/completionTime", rfc3339(now));
    let message = format!("TaskRun \"{}\" was cancelled. {}", key.name, text(&task, "/spec/statusMessage"));
    condition(world, &mut task, "False", "TaskRunCancelled", message.trim_end());
    let pod = text(&task, "/status/podName").to_owned();
    if let Some(pod) = world.store.remove(&Key::new(Kind::Pod, &key.namespace, &pod)) {
        world.gone.keep(world.now, pod);
    }
    world.put(key, task);
}
