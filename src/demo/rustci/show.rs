//! What the server tells of its pipelines and executions at a moment.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::works::{Execution, Pipeline, Run, StepRun, StepType, Works};
use crate::demo::value::later;

pub(super) fn pipelines(works: &Works) -> Vec<Value> {
    works.pipelines.iter().map(pipeline).collect()
}

pub(super) fn pipeline(row: &Pipeline) -> Value {
    json!({
        "id": row.id, "name": row.definition.name, "description": row.definition.description,
        "created_at": row.created.to_string(), "updated_at": row.created.to_string(),
    })
}

/// Those of one pipeline, or all of them; those that have begun.
pub(super) fn executions(works: &Works, pipeline: Option<&str>, now: Timestamp) -> Vec<Value> {
    let begun = works.executions.iter().filter(|it| it.planned.at <= now);
    begun.filter(|it| pipeline.is_none_or(|id| id == it.pipeline)).map(|it| short(it, now)).collect()
}

fn short(row: &Execution, now: Timestamp) -> Value {
    let (status, started, finished) = standing(row, now);
    json!({
        "id": row.id, "pipeline_id": row.pipeline, "status": status,
        "started_at": started.map(|time| time.to_string()), "finished_at": finished.map(|time| time.to_string()),
        "duration": started.zip(finished).map(|(from, to)| to.duration_since(from).as_secs()),
    })
}

/// Everything that is told of one.
pub(super) fn execution(works: &Works, row: &Execution, now: Timestamp) -> Value {
    let mut whole = short(row, now);
    let types = |stage: &Run, step: &StepRun| {
        let stages = works.pipeline(&row.pipeline).map(|it| it.definition.stages.as_slice()).unwrap_or_default();
        let stage = stages.iter().find(|it| it.name == stage.name)?;
        Some(stage.steps.iter().find(|it| it.name == step.name)?.kind)
    };
    let stages: Vec<Value> = row.stages.iter().map(|stage| of_stage(stage, now)).collect();
    let logs: Vec<Value> = row
        .stages
        .iter()
        .flat_map(|stage| stage.steps.iter().flat_map(move |step| of_step_log(stage, step, types(stage, step))))
        .filter(|(time, _)| *time <= now)
        .map(|(_, entry)| entry)
        .collect();
    let more = json!({
        "trigger_info": row.planned.info, "stages": stages, "environment": row.planned.environment, "logs": logs,
        "artifacts": [], "created_at": row.planned.at.to_string(), "updated_at": now.to_string(),
    });
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
    whole
}

/// Status, begin and end. The task has the last word, also after a cancel.
fn standing(row: &Execution, now: Timestamp) -> (&'static str, Option<Timestamp>, Option<Timestamp>) {
    let started = later(row.planned.at, std::time::Duration::from_secs(1));
    let end = row.end();
    match row.cancelled {
        _ if now >= end => (if row.fails() { "failed" } else { "success" }, Some(started), Some(end)),
        Some(at) => ("cancelled", Some(started).filter(|time| *time <= now), Some(at)),
        None if now < started => ("pending", None, None),
        None => ("running", Some(started), None),
    }
}

fn of_stage(stage: &Run, now: Timestamp) -> Value {
    let started = stage.steps.first().map(|step| step.started).filter(|time| *time <= now);
    let ended = stage.steps.last().map(|step| step.ended).filter(|time| *time <= now);
    let status = match (started, ended) {
        (None, _) => "pending",
        (_, None) => "running",
        _ if stage.steps.iter().any(|step| step.fails) => "failed",
        _ => "success",
    };
    json!({
        "name": stage.name, "status": status, "steps": stage.steps.iter().map(|step| of_step(step, now)).collect::<Vec<_>>(),
        "started_at": started.map(|time| time.to_string()), "finished_at": ended.map(|time| time.to_string()),
        "duration": started.zip(ended).map(|(from, to)| to.duration_since(from).as_secs()),
    })
}

fn of_step(step: &StepRun, now: Timestamp) -> Value {
    let (begun, over) = (step.started <= now, step.ended <= now);
    let status = match (begun, over) {
        (false, _) => "pending",
        (_, false) => "running",
        _ if step.fails => "failed",
        _ => "success",
    };
    json!({
        "name": step.name, "status": status, "command": begun.then_some(&step.command),
        "exit_code": over.then_some(i32::from(step.fails)),
        "stdout": over.then(|| format!("$ {}\ndone in {} s\n", step.command, step.ended.duration_since(step.started).as_secs())),
        "stderr": over.then_some(if step.fails { "error: the command did not succeed\n" } else { "" }),
        "started_at": begun.then(|| step.started.to_string()), "finished_at": over.then(|| step.ended.to_string()),
        "duration": over.then(|| step.ended.duration_since(step.started).as_secs()),
    })
}

/// The messages about a step, each with its time.
fn of_step_log(stage: &Run, step: &StepRun, kind: Option<StepType>) -> Vec<(Timestamp, Value)> {
    let entry = |time: Timestamp, level: &str, message: String| {
        let entry = json!({
            "timestamp": time.to_string(), "level": level, "stage": stage.name, "step": step.name, "message": message,
        });
        (time, entry)
    };
    let how = match kind {
        Some(StepType::Docker) => "in a container",
        Some(StepType::Kubernetes) => "in a pod",
        _ => "in a shell",
    };
    let end = if step.fails {
        entry(step.ended, "error", format!("Step failed: {} exited with code 1", step.name))
    } else {
        entry(step.ended, "info", format!("Step completed: {}", step.name))
    };
    let half = later(step.started, step.ended.duration_since(step.started).unsigned_abs() / 2);
    vec![
        entry(step.started, "info", format!("Executing step {how}: {}", step.name)),
        entry(half, "debug", format!("{} is at work", step.command.split(' ').next().unwrap_or_default())),
        end,
    ]
}
