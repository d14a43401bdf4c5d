//! What a RustCI server can be asked to do (apis.md §11.1). It takes no guards, and a trigger sent
//! twice runs twice: so everything is read again right before the send, and an execution carries the
//! id of the operation that started it, by which it is found when nobody heard the answer.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::ingest::{self, Execution, Rows};
use super::{EXECUTIONS, PIPELINES, execution_path};
use crate::action::{Action, Change, Found, Operation, OperationId, PipelineFile};
use crate::model::pipelines::{CiPipeline, Conclusion, Run, RunStatus};
use crate::model::{ObjectId, SourceId, Uid};
use crate::net::{Answer, NetError, RustCi, Sent, Writes, segment};

/// The variable of an execution that names the operation which started it.
pub(crate) const MARK: &str = "QUARTERDECK_OPERATION";
/// Executions whose mark is looked for; the newest first.
const MARKED: usize = 20;

/// A request, ready to leave.
pub(crate) enum Call {
    Trigger { path: String, body: Value },
    Cancel { path: String },
    Upload { file: String, text: std::sync::Arc<str> },
}

/// Looks at what the request is about and makes it, or says why not.
pub(crate) async fn prepare(client: &RustCi, operation: &Operation) -> Result<Call, String> {
    let action = &operation.action;
    match &action.change {
        Change::Trigger { last } | Change::Dispatch { last, .. } => {
            let runs = executions(client, &action.target).await.map_err(|error| unread("its executions", &error))?;
            let newest = CiPipeline::newest(runs.rows.iter().map(AsRef::as_ref));
            if newest.map(|run| &run.meta.uid) != last.as_ref() {
                let which = newest.map_or("its newest execution is gone", |run| run.meta.name.raw());
                return Err(format!("changed since you looked: another execution came ({which})"));
            }
            Ok(Call::Trigger {
                path: format!("{PIPELINES}/{}/trigger", segment(action.target.uid.raw())),
                body: body(operation),
            })
        }
        Change::Cancel { .. } => {
            let execution = execution(client, &action.target).await.map_err(|error| unread("it", &error))?;
            if execution.status == RunStatus::Completed {
                return Err(format!("changed since you looked: it has ended ({})", ended(&execution)));
            }
            Ok(Call::Cancel { path: format!("{}/cancel", execution_path(action.target.uid.raw())) })
        }
        Change::CreatePipeline { file, before } => {
            let count = of_that_name(client, action.target.cluster, file).await;
            let count = count.map_err(|error| unread("its pipelines", &error))?;
            if count != *before {
                return Err(format!(
                    "changed since you looked: it has {count} pipelines of that name now, not {before}"
                ));
            }
            if file.text.is_empty() {
                return Err("the file's text is not kept".to_owned());
            }
            Ok(Call::Upload { file: file.name.raw().to_owned(), text: std::sync::Arc::clone(&file.text) })
        }
        other => Err(format!("a RustCI server cannot be asked to {}", other.verb().as_str())),
    }
}

/// What an execution is told: who started it, and of its source what was filled in.
fn body(operation: &Operation) -> Value {
    let mut body = json!({ "trigger_type": "manual", "environment": { MARK: operation.id.0 } });
    if let Change::Dispatch { reference, inputs, .. } = &operation.action.change {
        let named = |name: &str| inputs.iter().find(|(input, _)| input.raw() == name).map(|(_, value)| value.raw());
        let all =
            [("branch", Some(reference.raw())), ("commit_hash", named("commit")), ("repository", named("repository"))];
        for (field, value) in all {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                body[field] = value.into();
            }
        }
    }
    body
}

/// Sends once.
pub(crate) async fn send(writes: Writes, client: &RustCi, call: Call) -> Sent {
    match call {
        Call::Trigger { path, body } => client.post(writes, &path, &body).await,
        Call::Cancel { path } => client.delete(writes, &path).await,
        Call::Upload { file, text } => {
            client.upload(writes, &format!("{PIPELINES}/upload"), "pipeline", &file, &text).await
        }
    }
}

/// The id of what a request made, from its answer.
pub(crate) fn made(answer: &Value) -> Option<&str> {
    let id = answer.get("execution_id").or_else(|| answer.get("id"));
    id.and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// What the server shows of an action nobody heard the end of.
pub(crate) async fn evidence(client: &RustCi, operation: &Operation) -> (Found, String) {
    let action = &operation.action;
    let found = match &action.change {
        Change::Trigger { last } | Change::Dispatch { last, .. } => {
            let known = last.as_ref().map(Uid::raw);
            triggered(client, &action.target, known, &operation.id).await
        }
        Change::Cancel { .. } => cancelled(client, action).await,
        Change::CreatePipeline { file, before } => created(client, action.target.cluster, file, *before).await,
        _ => Ok((Found::Untold, "a RustCI server knows no such action".to_owned())),
    };
    found.unwrap_or_else(|error| (Found::Untold, format!("cannot be read: {error}")))
}

/// Looks for the execution that carries the operation's mark.
async fn triggered(
    client: &RustCi,
    pipeline: &ObjectId,
    known: Option<&str>,
    id: &OperationId,
) -> Result<(Found, String), NetError> {
    let mut runs = executions(client, pipeline).await?.rows;
    runs.sort_by_key(|run| std::cmp::Reverse((run.started.is_none(), run.started)));
    let new: Vec<&Run> =
        runs.iter().map(AsRef::as_ref).take_while(|run| Some(run.meta.uid.raw()) != known).take(MARKED).collect();
    let mut unmarked = 0;
    for run in &new {
        let name = run.meta.name.raw();
        match execution(client, &run.id()).await {
            Ok(Execution { environment: Some(environment), .. }) => {
                if environment.get(MARK) == Some(&id.0) {
                    return Ok((Found::Applied, format!("{name} carries the mark of this operation")));
                }
            }
            Ok(_) | Err(_) => unmarked += 1,
        }
    }
    Ok(if unmarked > 0 {
        let which = if new.len() == 1 { "an execution" } else { "executions" };
        (Found::Untold, format!("{which} came since, and the server does not say which is this one's"))
    } else {
        (Found::Missing, "no execution carries the mark of this operation".to_owned())
    })
}

async fn cancelled(client: &RustCi, action: &Action) -> Result<(Found, String), NetError> {
    let execution = match execution(client, &action.target).await {
        Ok(execution) => execution,
        Err(NetError::Api { code: 404, .. }) => return Ok((Found::Gone, "the execution is gone".to_owned())),
        Err(error) => return Err(error),
    };
    Ok(match (&execution.status, &execution.conclusion) {
        (RunStatus::Completed, Some(Conclusion::Cancelled)) => (Found::Applied, "it is cancelled".to_owned()),
        (RunStatus::Completed, _) => (Found::Passed, format!("it ended by itself ({})", ended(&execution))),
        (status, _) => (Found::Missing, format!("it is {}", status.as_str())),
    })
}

async fn created(
    client: &RustCi,
    source: SourceId,
    file: &PipelineFile,
    before: u32,
) -> Result<(Found, String), NetError> {
    let Some(name) = &file.pipeline else {
        return Ok((Found::Untold, "the file names no pipeline, so that none can be looked for".to_owned()));
    };
    let count = of_that_name(client, source, file).await?;
    Ok(if count > before {
        (Found::Applied, format!("there is a pipeline {} more than before", name.raw()))
    } else {
        (Found::Missing, format!("no pipeline {} came", name.raw()))
    })
}

/// Pipelines that are called as the file says.
async fn of_that_name(client: &RustCi, source: SourceId, file: &PipelineFile) -> Result<u32, NetError> {
    let rows = ingest::pipelines(source, &client.get(PIPELINES).await?.body).map_err(unreadable)?.rows;
    let named = rows.iter().filter(|row| Some(&row.id.name) == file.pipeline.as_ref());
    Ok(u32::try_from(named.count()).unwrap_or(u32::MAX))
}

async fn executions(client: &RustCi, pipeline: &ObjectId) -> Result<Rows<std::sync::Arc<Run>>, NetError> {
    let id = pipeline.uid.raw();
    let answer = client.get(&format!("{EXECUTIONS}?pipeline_id={}", segment(id))).await?;
    let mut read = ingest::executions(pipeline.cluster, &answer.body, &[], &HashMap::new()).map_err(unreadable)?;
    // A server that does not know the filter lists all of them.
    read.rows.retain(|run| run.path.raw() == id);
    Ok(read)
}

async fn execution(client: &RustCi, run: &ObjectId) -> Result<Execution, NetError> {
    let Answer { body, .. } = client.get(&execution_path(run.uid.raw())).await?;
    let execution = ingest::execution(run, &body).map_err(unreadable)?;
    if execution.id == run.uid.raw() {
        Ok(execution)
    } else {
        Err(NetError::Unreadable("the answer is about another execution".to_owned()))
    }
}

fn unread(what: &str, error: &NetError) -> String {
    match error {
        NetError::Api { code: 404, .. } => format!("{what} cannot be found any more: {error}"),
        error => format!("{what} cannot be read before the send: {error}"),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what `map_err` takes")]
fn unreadable(error: crate::systems::ingest::IngestError) -> NetError {
    NetError::Unreadable(error.to_string())
}

fn ended(execution: &Execution) -> &str {
    execution.conclusion.as_ref().map_or(execution.status.as_str(), Conclusion::as_str)
}
