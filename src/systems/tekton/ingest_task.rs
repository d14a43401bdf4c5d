//! TaskRuns as the API writes them → model (apis.md §5): how the task stands, its steps, and the
//! attempts before.

use serde::Deserialize;

use super::ingest::{NamedWire, ValueWire, rows, succeeded, values};
use super::words;
use crate::model::pipelines::{JobStep, RunStatus};
use crate::model::tekton::{Attempt, TaskRun};
use crate::model::{Name, SourceId};
use crate::systems::ingest::IngestError;
use crate::systems::meta::{ConditionWire, MetaWire, Pool};
use crate::systems::wire::{Int, List, Obj, Text, Time};
use crate::text::Safe;

/// Attempts of a task that are kept; a pipeline that wants more retries than that tells the last ones.
const ATTEMPTS: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TaskRunWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
    #[serde(borrow)]
    spec: Obj<SpecWire<'a>>,
    #[serde(borrow)]
    status: Obj<StatusWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SpecWire<'a> {
    #[serde(borrow)]
    task_ref: Obj<NamedWire<'a>>,
    #[serde(borrow)]
    status: Text<'a>,
}

/// Of the TaskRun, or of an attempt before: those are told in the same words.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusWire<'a> {
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
    start_time: Time,
    completion_time: Time,
    #[serde(borrow)]
    pod_name: Text<'a>,
    #[serde(borrow)]
    steps: List<Obj<StepWire<'a>>>,
    #[serde(borrow)]
    results: List<Obj<ValueWire<'a>>>,
    #[serde(borrow)]
    retries_status: List<Obj<StatusWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StepWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    termination_reason: Text<'a>,
    #[serde(borrow)]
    waiting: Obj<WaitingWire<'a>>,
    running: Obj<RunningWire>,
    #[serde(borrow)]
    terminated: Obj<TerminatedWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WaitingWire<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RunningWire {
    started_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TerminatedWire<'a> {
    exit_code: Int,
    #[serde(borrow)]
    reason: Text<'a>,
    started_at: Time,
    finished_at: Time,
}

pub fn task_run(cluster: SourceId, wire: &TaskRunWire<'_>, pool: &mut Pool) -> Result<TaskRun, IngestError> {
    let empty = StatusWire::default();
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "TaskRun", field: "metadata" })?;
    let status = wire.status.0.as_ref().unwrap_or(&empty);
    let spec = wire.spec.0.as_ref();
    let of = spec.and_then(|spec| spec.task_ref.0.as_ref()).and_then(|named| named.name.some());
    let before: Vec<&StatusWire<'_>> = rows(&status.retries_status).collect();
    Ok(TaskRun {
        meta: metadata.model("TaskRun", cluster, pool)?,
        task: metadata.label("tekton.dev/pipelineTask").map(|name| pool.name(name)),
        of: of.or_else(|| metadata.label("tekton.dev/task")).map(Safe::identity),
        asked: spec.map(|spec| pool.line(spec.status.as_str())).unwrap_or_default(),
        finally: metadata.label("tekton.dev/memberOf") == Some("finally"),
        now: attempt(status, pool),
        before: before[before.len().saturating_sub(ATTEMPTS)..].iter().map(|status| attempt(status, pool)).collect(),
        results: values(&status.results),
    })
}

fn attempt(wire: &StatusWire<'_>, pool: &mut Pool) -> Attempt {
    let (condition, reason, message) = succeeded(&wire.conditions, pool);
    let (status, conclusion) = words::of_task(condition, reason.as_str());
    let mut steps: Vec<JobStep> = rows(&wire.steps).enumerate().map(|(index, wire)| step(index, wire)).collect();
    // Its pod is gone or was stopped: what has not begun will not.
    if status == RunStatus::Completed {
        for step in steps.iter_mut().filter(|step| step.status != RunStatus::Completed) {
            (step.status, step.conclusion) = (RunStatus::Completed, conclusion.clone());
            step.completed = step.started.and(wire.completion_time.0);
        }
    }
    Attempt {
        status,
        conclusion,
        reason,
        message,
        started: wire.start_time.0,
        completed: wire.completion_time.0,
        pod: wire.pod_name.some().map(Name::new),
        steps,
    }
}

fn step(index: usize, wire: &StepWire<'_>) -> JobStep {
    let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
    let ended = wire.terminated.0.as_ref();
    let running = wire.running.0.as_ref();
    let status = match (ended, running) {
        (Some(_), _) => RunStatus::Completed,
        (None, Some(_)) => RunStatus::InProgress,
        (None, None) => match wire.waiting.0.as_ref().and_then(|waiting| waiting.reason.some()) {
            None | Some("PodInitializing" | "ContainerCreating") => RunStatus::Queued,
            // `ImagePullBackOff`: it says why it does not begin.
            Some(reason) => RunStatus::Other(Safe::line(reason)),
        },
    };
    let how = |ended: &TerminatedWire<'_>| {
        let reason = wire.termination_reason.some().unwrap_or(ended.reason.as_str());
        words::of_step(ended.exit_code.or_zero(), reason)
    };
    JobStep {
        number,
        name: wire.name.some().map_or_else(|| Safe::line(&format!("step {number}")), Safe::identity),
        status,
        conclusion: ended.map(how),
        started: ended.map_or_else(|| running.and_then(|running| running.started_at.0), |ended| ended.started_at.0),
        completed: ended.and_then(|ended| ended.finished_at.0),
    }
}
