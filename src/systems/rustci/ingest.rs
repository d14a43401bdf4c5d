//! From a RustCI server's answers to runs, jobs and lines of a log (apis.md §11.2). Pure. Every field
//! may be missing, null or of another type, which costs that field; a row without an id costs that
//! row, and is counted. Words that are not known stay words.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ingest_wire::{ExecutionWire, LogWire, PipelineWire, StageWire, StepWire, TriggerWire};
use crate::model::kubernetes::Meta;
use crate::model::pipelines::{CiPipeline, Conclusion, Job, JobStep, Jobs, Run, RunStatus};
use crate::model::{Kind, Name, ObjectId, SourceId, Uid};
use crate::systems::ingest::{IngestError, plain};
use crate::systems::wire::{Obj, Text};
use crate::text::Safe;

/// Letters of an id that stand for it in a name.
const SHORT: usize = 8;

/// Rows of a list, and how many were none.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows<T> {
    pub rows: Vec<T>,
    pub left_out: u64,
}

/// What started an execution; told only with all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trigger {
    pub event: Safe,
    pub actor: Option<Safe>,
    pub branch: Option<Name>,
    pub sha: Safe,
}

/// An execution with all that is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    pub id: String,
    pub pipeline: String,
    pub status: RunStatus,
    pub conclusion: Option<Conclusion>,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    pub trigger: Trigger,
    pub jobs: Jobs,
    /// `None`: it is not told.
    pub environment: Option<HashMap<String, String>>,
    pub logs: Vec<LogEntry>,
    pub output: Vec<Output>,
}

/// An entry of `logs[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    pub time: Option<Timestamp>,
    pub level: String,
    pub stage: String,
    pub step: String,
    pub message: String,
}

/// What a step that has ended wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The stage and the step by their places: names may be given twice.
    pub place: (usize, usize),
    pub stage: String,
    pub step: String,
    pub ended: Option<Timestamp>,
    pub exit_code: Option<i64>,
    pub stdout: String,
    pub stderr: String,
}

/// The answer to `GET /api/ci/pipelines`.
pub fn pipelines(source: SourceId, bytes: &[u8]) -> Result<Rows<CiPipeline>, IngestError> {
    rows("the pipelines", bytes, |row| {
        let wire: PipelineWire<'_> = object("a pipeline", row)?;
        let id = wire.id.some().ok_or(IngestError::Missing { what: "a pipeline", field: "id" })?;
        let name = wire.name.some().map_or_else(|| nameless(id), str::to_owned);
        Ok(CiPipeline {
            id: ObjectId {
                cluster: source,
                kind: Kind::CiPipeline,
                namespace: Name::new(""),
                name: Name::new(&name),
                uid: Uid::new(source, id),
            },
            description: wire.description.line(),
            created: wire.created_at.0,
        })
    })
}

/// The answer to `GET /api/ci/executions`; names and triggers are joined by their ids.
#[allow(clippy::implicit_hasher, reason = "one map, made here")]
pub fn executions(
    source: SourceId,
    bytes: &[u8],
    pipelines: &[CiPipeline],
    triggers: &HashMap<Uid, Trigger>,
) -> Result<Rows<Arc<Run>>, IngestError> {
    let known: HashMap<&str, &CiPipeline> = pipelines.iter().map(|row| (row.id.uid.raw(), row)).collect();
    rows("the executions", bytes, |row| {
        let wire: ExecutionWire<'_> = object("an execution", row)?;
        let pipeline = known.get(wire.pipeline_id.as_str()).copied();
        let mut run = run(source, &wire, pipeline)?;
        if let Some(trigger) = triggers.get(&run.meta.uid) {
            started_by(&mut run, trigger);
        }
        Ok(Arc::new(run))
    })
}

/// The answer to `GET /api/ci/executions/{id}`: the execution, and its stages as jobs of the run.
pub fn execution(run: &ObjectId, bytes: &[u8]) -> Result<Execution, IngestError> {
    let wire: ExecutionWire<'_> = object("the execution", bytes)?;
    let id = wire.id.some().ok_or(IngestError::Missing { what: "the execution", field: "id" })?;
    let (status, conclusion) = status(&wire.status, wire.finished_at.0.is_some());
    let over = status == RunStatus::Completed;
    let stages = || wire.stages.0.iter().enumerate().map(|(at, stage)| (at, stage.0.as_ref()));
    let jobs = Jobs {
        attempt: 1,
        jobs: stages().filter_map(|(at, stage)| Some(job(run, at, stage?, over))).collect(),
        left_out: stages().filter(|(_, stage)| stage.is_none()).count() as u64,
    };
    Ok(Execution {
        id: id.to_owned(),
        pipeline: wire.pipeline_id.as_str().to_owned(),
        status,
        conclusion,
        started: wire.started_at.0,
        finished: wire.finished_at.0,
        trigger: wire.trigger_info.0.as_ref().map(trigger).unwrap_or_default(),
        jobs,
        environment: environment(&wire.environment),
        logs: wire.logs.0.iter().filter_map(|entry| entry.0.as_ref()).map(entry).collect(),
        output: stages()
            .filter_map(|(at, stage)| Some((at, stage?)))
            .flat_map(|(at, stage)| outputs(at, stage))
            .collect(),
    })
}

fn run(source: SourceId, wire: &ExecutionWire<'_>, pipeline: Option<&CiPipeline>) -> Result<Run, IngestError> {
    let id = wire.id.some().ok_or(IngestError::Missing { what: "an execution", field: "id" })?;
    let named = pipeline.map(|row| row.id.name.raw().to_owned());
    let name = named.unwrap_or_else(|| nameless(wire.pipeline_id.as_str()));
    let (status, conclusion) = status(&wire.status, wire.finished_at.0.is_some());
    let created = wire.created_at.0.or(wire.started_at.0).or(wire.finished_at.0);
    Ok(Run {
        kind: Kind::Execution,
        meta: Meta {
            cluster: source,
            namespace: Name::new(""),
            name: Name::new(&format!("{name} {}", short(id))),
            uid: Uid::new(source, id),
            resource_version: Arc::from(""),
            generation: 0,
            created,
            deleting: None,
            owner: None,
        },
        workflow: Name::new(&name),
        path: Name::new(wire.pipeline_id.as_str()),
        title: pipeline.map(|row| row.description.clone()).unwrap_or_default(),
        number: 0,
        attempt: 1,
        status,
        conclusion,
        branch: None,
        sha: Safe::of(""),
        event: Safe::of(""),
        actor: None,
        created,
        started: wire.started_at.0,
        updated: wire.finished_at.0,
        url: Safe::of(""),
    })
}

/// Sets what the whole execution tells of the row.
pub fn update(run: &mut Run, told: &Execution) {
    run.status = told.status.clone();
    run.conclusion.clone_from(&told.conclusion);
    run.started = told.started;
    run.updated = told.finished;
    started_by(run, &told.trigger);
}

fn started_by(run: &mut Run, trigger: &Trigger) {
    run.event = trigger.event.clone();
    run.actor.clone_from(&trigger.actor);
    run.branch.clone_from(&trigger.branch);
    run.sha = trigger.sha.clone();
}

fn trigger(wire: &TriggerWire<'_>) -> Trigger {
    Trigger {
        event: wire.trigger_type.line(),
        actor: wire.triggered_by.some().map(Safe::identity),
        branch: wire.branch.some().map(Name::new),
        sha: Safe::identity(wire.commit_hash.as_str()),
    }
}

/// `over`: the execution has ended, so what has not begun never will.
fn job(run: &ObjectId, at: usize, stage: &StageWire<'_>, over: bool) -> Job {
    let (status, conclusion) = part(&stage.status, stage.finished_at.0, over);
    let name = stage.name.some().map_or_else(|| format!("stage {}", at + 1), str::to_owned);
    Job {
        id: ObjectId {
            cluster: run.cluster,
            kind: Kind::Stage,
            namespace: run.namespace.clone(),
            name: Name::new(&name),
            // Names may be given twice; their order does not change.
            uid: Uid::new(run.cluster, &format!("{}/{at}", run.uid.raw())),
        },
        run: run.uid.clone(),
        status,
        conclusion,
        created: None,
        started: stage.started_at.0,
        completed: stage.finished_at.0,
        runner: None,
        labels: Vec::new(),
        url: None,
        steps: stage.steps.0.iter().filter_map(|step| step.0.as_ref()).enumerate().map(|row| step(row, over)).collect(),
    }
}

fn step((index, wire): (usize, &StepWire<'_>), over: bool) -> JobStep {
    let (status, conclusion) = part(&wire.status, wire.finished_at.0, over);
    let number = index as u32 + 1;
    JobStep {
        number,
        name: wire.name.some().map_or_else(|| Safe::line(&format!("step {number}")), Safe::identity),
        status,
        conclusion,
        started: wire.started_at.0,
        completed: wire.finished_at.0,
    }
}

fn part(word: &Text<'_>, finished: Option<Timestamp>, over: bool) -> (RunStatus, Option<Conclusion>) {
    match status(word, finished.is_some()) {
        (RunStatus::Queued, _) if over => (RunStatus::Completed, Some(Conclusion::Skipped)),
        as_told => as_told,
    }
}

/// The server's words in GitHub's. One that is not known stays: an end when it has a time of its end.
fn status(word: &Text<'_>, finished: bool) -> (RunStatus, Option<Conclusion>) {
    let ended = |how| (RunStatus::Completed, Some(how));
    match word.as_str().to_ascii_lowercase().as_str() {
        "pending" => (RunStatus::Queued, None),
        "running" => (RunStatus::InProgress, None),
        "success" => ended(Conclusion::Success),
        "failed" => ended(Conclusion::Failure),
        "cancelled" => ended(Conclusion::Cancelled),
        "timeout" => ended(Conclusion::TimedOut),
        "" if finished => ended(Conclusion::Other(Safe::of("unknown"))),
        "" => (RunStatus::Other(Safe::of("unknown")), None),
        _ if finished => ended(Conclusion::Other(word.line())),
        _ => (RunStatus::Other(word.line()), None),
    }
}

fn environment(value: &Value) -> Option<HashMap<String, String>> {
    let fields = value.as_object()?;
    Some(fields.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
}

fn entry(wire: &LogWire<'_>) -> LogEntry {
    let text = |text: &Text<'_>| text.as_str().to_owned();
    LogEntry {
        time: wire.timestamp.0,
        level: text(&wire.level),
        stage: text(&wire.stage),
        step: text(&wire.step),
        message: text(&wire.message),
    }
}

fn outputs<'a>(at: usize, stage: &'a StageWire<'a>) -> impl Iterator<Item = Output> + 'a {
    let name = stage.name.some().map_or_else(|| format!("stage {}", at + 1), str::to_owned);
    let steps = stage.steps.0.iter().enumerate().filter_map(|(index, step)| Some((index, step.0.as_ref()?)));
    steps.filter(|(_, step)| step.finished_at.0.is_some()).map(move |(index, step)| Output {
        place: (at, index),
        stage: name.clone(),
        step: step.name.as_str().to_owned(),
        ended: step.finished_at.0,
        exit_code: step.exit_code.0,
        stdout: step.stdout.as_str().to_owned(),
        stderr: step.stderr.as_str().to_owned(),
    })
}

fn nameless(id: &str) -> String {
    if id.is_empty() { "unknown pipeline".to_owned() } else { format!("pipeline {}", short(id)) }
}

/// The beginning of an id.
fn short(id: &str) -> String {
    id.chars().take(SHORT).collect()
}

/// A list, row by row.
fn rows<T>(
    what: &'static str,
    bytes: &[u8],
    read_row: impl Fn(&[u8]) -> Result<T, IngestError>,
) -> Result<Rows<T>, IngestError> {
    let all: Vec<&RawValue> = read(what, bytes)?;
    let mut rows = Rows { rows: Vec::with_capacity(all.len().min(4096)), left_out: 0 };
    for row in all {
        match read_row(row.get().as_bytes()) {
            Ok(row) => rows.rows.push(row),
            Err(_) => rows.left_out += 1,
        }
    }
    Ok(rows)
}

/// An object; anything else is no row.
fn object<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, IngestError> {
    let wire: Obj<T> = read(what, bytes)?;
    wire.0.ok_or_else(|| IngestError::Invalid { what, message: "not an object".to_owned() })
}

fn read<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, IngestError> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_eof() {
            IngestError::Truncated { what, bytes: bytes.len() }
        } else {
            IngestError::Invalid { what, message: plain(&error, bytes) }
        }
    })
}
