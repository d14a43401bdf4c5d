//! PipelineRuns as the API writes them → model (apis.md §5).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::words;
use crate::model::kubernetes::Meta;
use crate::model::pipelines::Run;
use crate::model::tekton::{Child, PipelineRun, PlannedTask, SkippedTask, Value};
use crate::model::{Kind, Name, SourceId};
use crate::systems::ingest::IngestError;
use crate::systems::meta::{ConditionWire, MetaWire, Pool};
use crate::systems::wire::{List, Obj, Text, Time};
use crate::text::Safe;

/// Of a value only its beginning is kept: a result may hold 4 KiB and more.
const VALUE: usize = 400;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PipelineRunWire<'a> {
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
    pipeline_ref: Obj<NamedWire<'a>>,
    #[serde(borrow)]
    params: List<Obj<ValueWire<'a>>>,
    #[serde(borrow)]
    status: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NamedWire<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ValueWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusWire<'a> {
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
    start_time: Time,
    completion_time: Time,
    #[serde(borrow)]
    pipeline_spec: Obj<PipelineWire<'a>>,
    #[serde(borrow)]
    child_references: List<Obj<ChildWire<'a>>>,
    #[serde(borrow)]
    skipped_tasks: List<Obj<SkippedWire<'a>>>,
    #[serde(borrow)]
    results: List<Obj<ValueWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PipelineWire<'a> {
    #[serde(borrow)]
    tasks: List<Obj<NamedWire<'a>>>,
    #[serde(borrow)]
    finally: List<Obj<NamedWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ChildWire<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    display_name: Text<'a>,
    #[serde(borrow)]
    pipeline_task_name: Text<'a>,
    #[serde(borrow)]
    when_expressions: List<Obj<WhenWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SkippedWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    when_expressions: List<Obj<WhenWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WhenWire<'a> {
    #[serde(borrow)]
    input: Text<'a>,
    #[serde(borrow)]
    operator: Text<'a>,
    #[serde(borrow)]
    values: List<Text<'a>>,
    #[serde(borrow)]
    cel: Text<'a>,
}

pub fn pipeline_run(
    cluster: SourceId,
    wire: &PipelineRunWire<'_>,
    pool: &mut Pool,
) -> Result<PipelineRun, IngestError> {
    let empty = (SpecWire::default(), StatusWire::default());
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "PipelineRun", field: "metadata" })?;
    let spec = wire.spec.0.as_ref().unwrap_or(&empty.0);
    let status = wire.status.0.as_ref().unwrap_or(&empty.1);
    let meta = metadata.model("PipelineRun", cluster, pool)?;
    let (condition, reason, message) = succeeded(&status.conditions, pool);
    let params = values(&spec.params);
    let run = run(meta, metadata, spec, status, &params, (condition, reason.as_str()));
    Ok(PipelineRun {
        ended: !run.is_active(),
        run: Arc::new(run),
        reason,
        message,
        asked: pool.line(spec.status.as_str()),
        tasks: tasks(status.pipeline_spec.0.as_ref(), pool),
        children: rows(&status.child_references).map(|child| self::child(child, pool)).collect(),
        skipped: rows(&status.skipped_tasks)
            .map(|task| SkippedTask {
                task: pool.name(task.name.as_str()),
                reason: pool.line(task.reason.as_str()),
                when: whens(&task.when_expressions),
            })
            .collect(),
        params,
        results: values(&status.results),
    })
}

/// As every run is shown. A commit is told only by those who write it down: Pipelines as Code in
/// labels and annotations, most pipelines in a parameter.
fn run(
    meta: Meta,
    metadata: &MetaWire<'_>,
    spec: &SpecWire<'_>,
    status: &StatusWire<'_>,
    params: &[Value],
    (condition, reason): (Option<&str>, &str),
) -> Run {
    let said = |key: &str| metadata.annotation(key).or_else(|| metadata.label(key));
    let param = |names: &[&str]| {
        let named = params.iter().find(|param| names.contains(&param.name.as_str()) && !param.value.is_empty());
        named.map(|param| param.value.clone())
    };
    let pipeline = spec.pipeline_ref.0.as_ref().and_then(|named| named.name.some());
    let pipeline = pipeline.or_else(|| metadata.label("tekton.dev/pipeline")).unwrap_or(meta.name.raw());
    let revision = param(&["revision", "git-revision", "sha", "commit", "git-commit"]);
    let is_sha = |text: &Safe| text.as_str().len() == 40 && text.as_str().bytes().all(|b| b.is_ascii_hexdigit());
    let sha = said("pipelinesascode.tekton.dev/sha").map(Safe::identity).or_else(|| revision.clone().filter(is_sha));
    let shown = param(&["branch", "git-branch"]).or_else(|| revision.filter(|text| !is_sha(text)));
    let branch = said("pipelinesascode.tekton.dev/branch").map(Name::new);
    let branch = branch.or_else(|| shown.map(|text| Name::known_as(text.as_str(), text.clone())));
    let by = said("pipelinesascode.tekton.dev/event-type").or_else(|| said("triggers.tekton.dev/trigger"));
    let (run_status, conclusion) = words::of_run(condition, reason);
    let changed = rows(&status.conditions).find_map(|condition| condition.last_transition_time.0);
    Run {
        kind: Kind::PipelineRun,
        workflow: Name::new(pipeline),
        path: Name::new(pipeline),
        title: said("pipelinesascode.tekton.dev/sha-title").map(Safe::line).unwrap_or_default(),
        number: 0,
        attempt: 1,
        status: run_status,
        conclusion,
        branch,
        sha: sha.unwrap_or_default(),
        event: by.map(Safe::line).unwrap_or_default(),
        actor: said("pipelinesascode.tekton.dev/sender").map(Safe::identity),
        created: meta.created,
        started: status.start_time.0,
        updated: status.completion_time.0.or(changed),
        url: Safe::of(""),
        meta,
    }
}

fn tasks(pipeline: Option<&PipelineWire<'_>>, pool: &mut Pool) -> Vec<PlannedTask> {
    let Some(pipeline) = pipeline else { return Vec::new() };
    let mut all = Vec::new();
    for (list, finally) in [(&pipeline.tasks, false), (&pipeline.finally, true)] {
        let named = rows(list).filter_map(|task| task.name.some());
        all.extend(named.map(|name| PlannedTask { name: pool.name(name), finally }));
    }
    all
}

fn child(wire: &ChildWire<'_>, pool: &mut Pool) -> Child {
    Child {
        name: Name::new(wire.name.as_str()),
        task: pool.name(wire.pipeline_task_name.as_str()),
        other: wire.kind.some().filter(|kind| *kind != "TaskRun").map(Safe::identity),
        shown: wire.display_name.some().map(Safe::identity),
        when: whens(&wire.when_expressions),
    }
}

/// `"main" in [main, release]`.
fn whens(list: &List<Obj<WhenWire<'_>>>) -> Vec<Safe> {
    let one = |when: &WhenWire<'_>| {
        if let Some(cel) = when.cel.some() {
            return Safe::line(cel);
        }
        let values: Vec<&str> = when.values.0.iter().map(Text::as_str).collect();
        let (input, operator) = (when.input.as_str(), when.operator.as_str());
        Safe::line(&format!("\"{input}\" {operator} [{}]", values.join(", ")))
    };
    rows(list).map(one).collect()
}

/// Status, reason and message of the condition that says how a run stands.
pub(super) fn succeeded<'a>(
    conditions: &'a List<Obj<ConditionWire<'_>>>,
    pool: &mut Pool,
) -> (Option<&'a str>, Safe, Safe) {
    let Some(found) = rows(conditions).find(|condition| condition.kind.as_str() == "Succeeded") else {
        return (None, Safe::of(""), Safe::of(""));
    };
    (found.status.some(), pool.line(found.reason.as_str()), found.message.line())
}

pub(super) fn rows<T>(list: &List<Obj<T>>) -> impl Iterator<Item = &T> {
    list.0.iter().filter_map(|row| row.0.as_ref())
}

/// Parameters or results; those without a name are none.
pub(super) fn values(list: &List<Obj<ValueWire<'_>>>) -> Vec<Value> {
    let named = rows(list).filter(|value| value.name.some().is_some());
    named.map(|wire| Value { name: wire.name.line(), value: value(wire.value) }).collect()
}

/// A text as it is, everything else as JSON.
fn value(raw: Option<&RawValue>) -> Safe {
    let raw = raw.map_or("", RawValue::get);
    let text = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
    let text = text.trim_end();
    let end = (0..=VALUE.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Safe::line(&text[..end])
}
