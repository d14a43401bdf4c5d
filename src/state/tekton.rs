//! Tekton's runs as every run is shown: the tasks of a PipelineRun as its jobs, in the order in which
//! `tkn pipelinerun describe` tells them; retried attempts before the one that counts; what was
//! skipped and why. Made when a TaskRun or its PipelineRun changes, from what is known of both.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::State;
use super::world::World;
use crate::model::pipelines::{Conclusion, Job, Jobs, Run, RunStatus};
use crate::model::tekton::{Attempt, PipelineRun, TaskRun, Value, attempt_of, attempt_uid};
use crate::model::{Kind, Name, ObjectId, Uid};
use crate::safe;
use crate::text::Safe;

/// The jobs of a PipelineRun: its tasks as they run, `finally` after them, then what was skipped.
#[must_use]
pub(super) fn jobs(world: &World, run: &PipelineRun) -> Jobs {
    let mut children: Vec<&Arc<TaskRun>> = world.task_runs.owned_by(&run.run.meta.uid).collect();
    children.sort_by_key(|task| (task.now.started.or(task.meta.created), task.meta.name.clone()));
    let planned: HashSet<&Name> = run.tasks.iter().map(|task| &task.name).collect();
    let of = |name: &Name| -> Vec<&Arc<TaskRun>> {
        children.iter().filter(|task| task.task.as_ref() == Some(name)).copied().collect()
    };
    let mut jobs = Vec::new();
    // What its pipeline does not name, or all of them while that is not known.
    let stray = |task: &&&Arc<TaskRun>| task.task.as_ref().is_none_or(|name| !planned.contains(name));
    for task in children.iter().filter(stray).filter(|task| !task.finally) {
        push(&mut jobs, run, task, false);
    }
    for task in &run.tasks {
        let found = of(&task.name);
        for one in &found {
            push(&mut jobs, run, one, found.len() > 1);
        }
        if found.is_empty() && !is_skipped(run, &task.name) {
            jobs.push(without_task_run(run, &task.name, task.finally));
        }
    }
    for task in children.iter().filter(stray).filter(|task| task.finally) {
        push(&mut jobs, run, task, false);
    }
    jobs.extend(run.skipped.iter().map(|task| skipped(run, &task.task)));
    Jobs { attempt: 1, jobs, left_out: 0 }
}

/// No PipelineRun made it.
#[must_use]
pub(super) fn is_lone(task: &TaskRun) -> bool {
    task.meta.owner.as_ref().is_none_or(|owner| owner.kind.as_str() != "PipelineRun")
}

/// It as lists show every run.
#[must_use]
pub(super) fn lone(task: &TaskRun) -> Run {
    let now = &task.now;
    let of = task.of.as_ref().map_or_else(|| task.meta.name.clone(), |of| Name::new(of.as_str()));
    Run {
        kind: Kind::LoneTaskRun,
        meta: task.meta.clone(),
        workflow: of.clone(),
        path: of,
        title: Safe::default(),
        number: 0,
        attempt: 1,
        status: now.status.clone(),
        conclusion: now.conclusion.clone(),
        branch: None,
        sha: Safe::default(),
        event: Safe::default(),
        actor: None,
        created: task.meta.created,
        started: task.before.first().unwrap_or(now).started.or(now.started),
        updated: now.completed,
        url: Safe::of(""),
    }
}

/// Itself, with its attempts.
#[must_use]
pub(super) fn jobs_of_lone(task: &TaskRun) -> Jobs {
    let mut jobs = Vec::new();
    attempts(&mut jobs, &task.meta.uid, task, lone(task).workflow.safe());
    Jobs { attempt: 1, jobs, left_out: 0 }
}

fn is_skipped(run: &PipelineRun, task: &Name) -> bool {
    run.skipped.iter().any(|skipped| skipped.task == *task)
}

/// A TaskRun with its attempts, oldest first.
fn push(jobs: &mut Vec<Job>, run: &PipelineRun, task: &TaskRun, of_matrix: bool) {
    attempts(jobs, &run.run.meta.uid, task, &shown(run, task, of_matrix));
}

fn attempts(jobs: &mut Vec<Job>, run: &Uid, task: &TaskRun, shown: &Safe) {
    let id = |uid: Uid, shown: Safe| ObjectId {
        cluster: task.meta.cluster,
        kind: Kind::TaskRun,
        namespace: task.meta.namespace.clone(),
        name: Name::known_as(task.meta.name.raw(), shown),
        uid,
    };
    let object = task.meta.id(Kind::TaskRun);
    // A later attempt waits from the end of the one before: what that one took was no queue.
    let mut created = task.meta.created;
    for (index, attempt) in task.before.iter().enumerate() {
        let shown = safe!("{} (attempt {})", shown, index + 1);
        jobs.push(job(run, id(attempt_uid(&object, index), shown), created, attempt));
        created = attempt.completed;
    }
    let shown =
        if task.before.is_empty() { shown.clone() } else { safe!("{} (attempt {})", shown, task.before.len() + 1) };
    jobs.push(job(run, id(task.meta.uid.clone(), shown), created, &task.now));
}

/// The pipeline's name for it; of a matrix with what tells its cells apart.
fn shown(run: &PipelineRun, task: &TaskRun, of_matrix: bool) -> Safe {
    let child = run.children.iter().find(|child| child.name == task.meta.name);
    if let Some(shown) = child.and_then(|child| child.shown.clone()) {
        return shown;
    }
    let Some(name) = &task.task else { return task.meta.name.safe().clone() };
    let end = task.meta.name.raw().rsplit('-').next().unwrap_or_default();
    match (of_matrix, task.finally) {
        (true, _) => safe!("{} ({})", name, Safe::line(end)),
        (false, true) => safe!("{} (finally)", name),
        (false, false) => name.safe().clone(),
    }
}

fn job(run: &Uid, id: ObjectId, created: Option<Timestamp>, attempt: &Attempt) -> Job {
    Job {
        id,
        run: run.clone(),
        status: attempt.status.clone(),
        conclusion: attempt.conclusion.clone(),
        created,
        started: attempt.started,
        completed: attempt.completed,
        runner: attempt.pod.as_ref().map(|pod| pod.safe().clone()),
        labels: Vec::new(),
        url: None,
        steps: attempt.steps.clone(),
    }
}

/// A task that has no TaskRun that is known here.
fn without_task_run(run: &PipelineRun, task: &Name, finally: bool) -> Job {
    let begun = run.children.iter().any(|child| child.task == *task);
    let (status, conclusion) = match (run.ended, begun) {
        (false, false) => (RunStatus::Other(Safe::of("to come")), None),
        (false, true) => (RunStatus::Other(Safe::of("unknown")), None),
        (true, true) => (RunStatus::Completed, None),
        (true, false) => (RunStatus::Completed, Some(Conclusion::Other(Safe::of("not begun")))),
    };
    let shown = if finally { safe!("{} (finally)", task) } else { task.safe().clone() };
    empty(run, task, shown, status, conclusion)
}

fn skipped(run: &PipelineRun, task: &Name) -> Job {
    empty(run, task, task.safe().clone(), RunStatus::Completed, Some(Conclusion::Skipped))
}

fn empty(run: &PipelineRun, task: &Name, shown: Safe, status: RunStatus, conclusion: Option<Conclusion>) -> Job {
    let meta = &run.run.meta;
    Job {
        id: ObjectId {
            cluster: meta.cluster,
            kind: Kind::TaskRun,
            namespace: meta.namespace.clone(),
            name: Name::known_as(task.raw(), shown),
            uid: Uid::new(meta.cluster, &format!("{}/{}", meta.uid.raw(), task.raw())),
        },
        run: meta.uid.clone(),
        status,
        conclusion,
        created: None,
        started: None,
        completed: None,
        runner: None,
        labels: Vec::new(),
        url: None,
        steps: Vec::new(),
    }
}

/// What Tekton says of a run, where it is one of Tekton's.
#[must_use]
pub fn of_run<'a>(state: &'a State, run: &Run) -> Option<&'a Arc<PipelineRun>> {
    (run.kind == Kind::PipelineRun).then(|| state.world.pipeline_runs.get(&run.meta.uid)).flatten()
}

/// The TaskRun of a job; `None` of one that has none (to come, skipped).
#[must_use]
pub fn task_run<'a>(state: &'a State, job: &ObjectId) -> Option<&'a Arc<TaskRun>> {
    let (uid, _) = attempt_of(&job.uid);
    (job.kind == Kind::TaskRun).then(|| state.world.task_runs.get(&Uid::new(job.cluster, uid))).flatten()
}

/// An attempt that was retried: what counts is the one after it.
#[must_use]
pub fn is_retried(job: &Job) -> bool {
    job.id.kind == Kind::TaskRun && attempt_of(&job.id.uid).1.is_some()
}

/// What there is to say of a job beside its state: why it was skipped, Tekton's reason, its results.
#[must_use]
pub fn note(state: &State, job: &Job) -> Option<Safe> {
    if job.id.kind != Kind::TaskRun {
        return None;
    }
    let Some(task) = task_run(state, &job.id) else {
        return why_skipped(state, job).or_else(|| of_another_kind(state, job));
    };
    let attempt = match attempt_of(&job.id.uid).1 {
        Some(number) => task.before.get(number)?,
        None => &task.now,
    };
    match attempt.reason.as_str() {
        "" | "Running" | "Started" | "Pending" => None,
        "Succeeded" => (!task.results.is_empty()).then(|| listed(&task.results)),
        _ if attempt.status == RunStatus::Queued => {
            Some(safe!("{}: {}", attempt.reason, attempt.message)).filter(|_| !attempt.message.is_empty())
        }
        _ => Some(attempt.reason.clone()),
    }
}

/// A task that something else than a TaskRun carries out.
fn of_another_kind(state: &State, job: &Job) -> Option<Safe> {
    let run = state.world.pipeline_runs.get(&job.run)?;
    let kind = run.children.iter().find(|child| child.task == job.id.name)?.other.as_ref()?;
    Some(safe!("a {}, not read here: kubectl describes it", kind))
}

fn why_skipped(state: &State, job: &Job) -> Option<Safe> {
    let run = state.world.pipeline_runs.get(&job.run)?;
    let task = run.skipped.iter().find(|task| task.task == job.id.name)?;
    Some(if task.when.is_empty() {
        task.reason.clone()
    } else {
        safe!("{}: {}", task.reason, Safe::join(&task.when, ", "))
    })
}

/// `digest=sha256:77…, url=ghcr.io/shop/checkout`.
#[must_use]
pub fn listed(values: &[Value]) -> Safe {
    let all: Vec<Safe> = values.iter().map(|value| safe!("{}={}", value.name, value.value)).collect();
    Safe::join(&all, ", ")
}
