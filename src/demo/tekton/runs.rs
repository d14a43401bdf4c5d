//! The controller of PipelineRuns: which task may begin, what is skipped, how it all ends, in Tekton's
//! own words.

use serde_json::{Value, json};

use super::{FAULT, Plan, TaskPlan};
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{at, items, rfc3339, set, text};
use crate::demo::world::World;

/// What a TaskRun has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// The condition `Succeeded` says that it is over.
pub(in crate::demo) fn ended(object: &Value) -> bool {
    matches!(text(object, "/status/conditions/0/status"), "True" | "False")
}

pub(super) fn condition(world: &World, object: &mut Value, status: &str, reason: &str, message: &str) {
    let one = json!({
        "type": "Succeeded", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": rfc3339(world.now),
    });
    let old = at(object, "/status/conditions/0");
    let same = ["/status", "/reason", "/message"].iter().all(|field| text(old, field) == text(&one, field));
    if !same {
        set(object, "/status/conditions", json!([one]));
    }
}

pub(in crate::demo) fn reconcile(world: &mut World, key: &Key) {
    let Some(mut run) = world.store.value(key).cloned() else { return };
    if ended(&run) {
        return;
    }
    let Some(plan) = world.tekton.plan(text(&run, "/spec/pipelineRef/name")).cloned() else {
        let message = format!("Error retrieving pipeline for pipelinerun {}/{}", key.namespace, key.name);
        return end(world, key, run, "False", "CouldntGetPipeline", &message);
    };
    if at(&run, "/status/startTime").is_null() {
        if text(&run, "/spec/status") == "PipelineRunPending" {
            condition(world, &mut run, "Unknown", "PipelineRunPending", "PipelineRun is pending");
            return world.put(key, run);
        }
        let missing = missing(&plan, &run);
        if !missing.is_empty() {
            let message = format!(
                "PipelineRun {}/{} parameters is missing some parameters required by Pipeline {}'s parameters: pipelineRun missing parameters: [{}]",
                key.namespace,
                key.name,
                plan.name,
                missing.join(" ")
            );
            return end(world, key, run, "False", "ParameterMissing", &message);
        }
        set(&mut run, "/status/startTime", rfc3339(world.now));
        set(&mut run, "/status/pipelineSpec", plan.spec());
        condition(world, &mut run, "Unknown", "Started", "");
        return world.put(key, run);
    }
    go_on(world, key, run, &plan);
}

/// Parameters without a default that nobody gave.
fn missing(plan: &Plan, run: &Value) -> Vec<String> {
    let given: Vec<&str> = items(run, "/spec/params").iter().map(|param| text(param, "/name")).collect();
    let wanted = plan.params.iter().filter(|param| at(param, "/default").is_null());
    wanted.map(|param| text(param, "/name").to_owned()).filter(|name| !given.contains(&name.as_str())).collect()
}

/// How the tasks of a run stand at a moment, and what comes of it.
struct Look<'a> {
    plan: &'a Plan,
    /// What it was asked for.
    asked: String,
    children: Vec<(String, Stands)>,
    skipped: Vec<(&'a TaskPlan, &'static str)>,
    /// What may begin now, and whether it is of `finally`.
    begin: Vec<(&'a TaskPlan, bool)>,
    /// A task did not succeed.
    bad: bool,
    /// Nothing more will happen.
    over: bool,
}

fn go_on(world: &mut World, key: &Key, mut run: Value, plan: &Plan) {
    let asked = text(&run, "/spec/status").to_owned();
    let children = children(world, key, &run, plan, &asked);
    let look = Look::at(plan, &run, asked, children);
    let list: Vec<Value> = look.skipped.iter().map(|(task, why)| json!({ "name": task.name, "reason": why })).collect();
    if !list.is_empty() {
        set(&mut run, "/status/skippedTasks", list);
    }
    let mut references = items(&run, "/status/childReferences").to_vec();
    for (task, finally) in &look.begin {
        let name = start(world, key, &run, plan, task, *finally);
        references.push(json!({
            "apiVersion": "tekton.dev/v1", "kind": "TaskRun", "name": name, "pipelineTaskName": task.name,
        }));
    }
    if !references.is_empty() {
        set(&mut run, "/status/childReferences", references);
    }
    if look.over {
        let (status, reason, message) = look.end(&key.name);
        return end(world, key, run, status, reason, &message);
    }
    condition(world, &mut run, "Unknown", look.reason(), &look.progress());
    world.put(key, run);
}

/// The TaskRuns there are; those that a cancel stops are told.
fn children(world: &mut World, key: &Key, run: &Value, plan: &Plan, asked: &str) -> Vec<(String, Stands)> {
    let uid = text(run, "/metadata/uid").to_owned();
    let mut children = Vec::new();
    for (child, task) in world.owned(Kind::TaskRun, &key.namespace, &uid) {
        let name = text(&task, "/metadata/labels/tekton.dev~1pipelineTask").to_owned();
        let of_finally = plan.finally.iter().any(|task| task.name == name);
        let stands = stands(&task);
        if stands == Stands::Running && (asked == "Cancelled" || asked == "CancelledRunFinally" && !of_finally) {
            cancel(world, &child, task);
        }
        children.push((name, stands));
    }
    children
}

impl<'a> Look<'a> {
    fn at(plan: &'a Plan, run: &Value, asked: String, children: Vec<(String, Stands)>) -> Self {
        let mut look = Self { plan, asked, children, skipped: Vec::new(), begin: Vec::new(), bad: false, over: false };
        look.bad =
            plan.tasks.iter().any(|task| matches!(look.of(&task.name), Some(Stands::Failed | Stands::Cancelled)));
        for task in &plan.tasks {
            look.task(task, run);
        }
        let is_open = |task: &&TaskPlan| match look.of(&task.name) {
            Some(stands) => stands == Stands::Running,
            None => !look.is_skipped(&task.name),
        };
        let tasks_are_over = !plan.tasks.iter().any(|task| is_open(&task));
        if tasks_are_over && look.asked != "Cancelled" {
            let left = plan.finally.iter().filter(|task| look.of(&task.name).is_none()).map(|task| (task, true));
            let left: Vec<_> = left.collect();
            look.begin.extend(left);
        }
        let runs = look.children.iter().any(|(_, stands)| *stands == Stands::Running);
        look.over = tasks_are_over && look.begin.is_empty() && !runs;
        look
    }

    fn of(&self, name: &str) -> Option<Stands> {
        self.children.iter().find(|(task, _)| task == name).map(|(_, stands)| *stands)
    }

    fn is_skipped(&self, name: &str) -> bool {
        self.skipped.iter().any(|(task, _)| task.name == name)
    }

    /// Whether a task that has not begun may, or never will.
    fn task(&mut self, task: &'a TaskPlan, run: &Value) {
        if self.of(&task.name).is_some() {
            return;
        }
        if !runs_for(self.plan, task, run) {
            self.skipped.push((task, "When Expressions evaluated to false"));
        } else if self.bad {
            self.skipped.push((task, "PipelineRun was stopping"));
        } else if !self.asked.is_empty() {
            self.skipped.push((task, "PipelineRun was gracefully cancelled"));
        } else if task.after.iter().any(|name| self.is_skipped(name)) {
            self.skipped.push((task, "Parent Tasks were skipped"));
        } else if task.after.iter().all(|name| self.of(name) == Some(Stands::Succeeded)) {
            self.begin.push((task, false));
        }
    }

    fn count(&self, wanted: Stands) -> usize {
        self.children.iter().filter(|(_, stands)| *stands == wanted).count()
    }

    fn done(&self) -> (usize, usize, usize) {
        let (failed, cancelled) = (self.count(Stands::Failed), self.count(Stands::Cancelled));
        (self.count(Stands::Succeeded) + failed + cancelled, failed, cancelled)
    }

    fn end(&self, name: &str) -> (&'static str, &'static str, String) {
        let (done, failed, cancelled) = self.done();
        if !self.asked.is_empty() {
            return ("False", "Cancelled", format!("PipelineRun \"{name}\" was cancelled"));
        }
        let skipped = self.skipped.len();
        let message = format!("Tasks Completed: {done} (Failed: {failed}, Cancelled {cancelled}), Skipped: {skipped}");
        match (failed + cancelled, skipped) {
            (0, 0) => ("True", "Succeeded", message),
            (0, _) => ("True", "Completed", message),
            _ => ("False", "Failed", message),
        }
    }

    fn reason(&self) -> &'static str {
        match self.asked.as_str() {
            "CancelledRunFinally" => "CancelledRunningFinally",
            "StoppedRunFinally" => "StoppedRunningFinally",
            "Cancelled" => "Cancelled",
            _ if self.bad => "PipelineRunStopping",
            _ => "Running",
        }
    }

    fn progress(&self) -> String {
        let (done, failed, cancelled) = self.done();
        let (all, skipped) = (self.plan.tasks.len() + self.plan.finally.len(), self.skipped.len());
        let left = all.saturating_sub(done + skipped);
        format!(
            "Tasks Completed: {done} (Failed: {failed}, Cancelled {cancelled}), Incomplete: {left}, Skipped: {skipped}"
        )
    }
}

fn stands(task: &Value) -> Stands {
    match (text(task, "/status/conditions/0/status"), text(task, "/status/conditions/0/reason")) {
        ("True", _) => Stands::Succeeded,
        ("False", "TaskRunCancelled") => Stands::Cancelled,
        ("False", _) => Stands::Failed,
        _ => Stands::Running,
    }
}

fn runs_for(plan: &Plan, task: &TaskPlan, run: &Value) -> bool {
    let given = items(run, "/spec/params").iter().find(|param| text(param, "/name") == "revision");
    let default = plan.params.iter().find(|param| text(param, "/name") == "revision");
    let revision = given.map(|param| text(param, "/value")).or(default.map(|param| text(param, "/default")));
    task.only_for.is_empty() || revision.is_some_and(|revision| task.only_for.iter().any(|it| it == revision))
}

fn cancel(world: &mut World, key: &Key, mut task: Value) {
    if text(&task, "/spec/status").is_empty() {
        set(&mut task, "/spec/status", "TaskRunCancelled");
        set(&mut task, "/spec/statusMessage", "TaskRun cancelled as the PipelineRun it belongs to has been cancelled.");
        world.put(key, task);
    }
}

fn end(world: &mut World, key: &Key, mut run: Value, status: &str, reason: &str, message: &str) {
    if at(&run, "/status/startTime").is_null() {
        set(&mut run, "/status/startTime", rfc3339(world.now));
    }
    set(&mut run, "/status/completionTime", rfc3339(world.now));
    condition(world, &mut run, status, reason, message);
    world.put(key, run);
}

/// Makes the TaskRun of a task; its name.
fn start(world: &mut World, key: &Key, run: &Value, plan: &Plan, task: &TaskPlan, finally: bool) -> String {
    let child = Key::new(Kind::TaskRun, &key.namespace, &format!("{}-{}", key.name, task.name));
    let mut object = json!({
        "metadata": {
            "labels": {
                "tekton.dev/pipeline": plan.name, "tekton.dev/pipelineRun": key.name,
                "tekton.dev/pipelineTask": task.name, "tekton.dev/task": task.name,
                "tekton.dev/memberOf": if finally { "finally" } else { "tasks" },
            },
            "ownerReferences": [{
                "apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": key.name,
                "uid": at(run, "/metadata/uid"), "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "params": at(run, "/spec/params"), "retries": task.retries,
            "taskRef": { "kind": "Task", "name": task.name },
        },
    });
    let fault = text(run, &format!("/metadata/annotations/{}", FAULT.replace('/', "~1")));
    if let Some((of, attempts)) = fault.split_once('/')
        && of == task.name
    {
        set(&mut object, &format!("/metadata/annotations/{}", FAULT.replace('/', "~1")), format!("{of}/{attempts}"));
    }
    world.christen(&mut object, &child);
    world.put(&child, object);
    child.name
}
