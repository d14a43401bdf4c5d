//! What Tekton can be asked to do (apis.md §5): cancel a PipelineRun in three ways, a TaskRun of its own in
//! one, or make a new one of the same spec. The run is read right before the send; the guards in a patch are the server's.

use serde_json::{Map, Value, json};

use super::ROOT;
use crate::action::{Action, CancelHow, Change, Found, OperationId};
use crate::model::Kind;
use crate::net::{NetError, Patch, Post, ReadStack, segment};
use crate::systems::perform::{test, text};

/// Which operation made a run: the label by which it is found when nobody heard the answer.
pub(super) const OPERATION: &str = "quarterdeck.dev/operation";

/// The patch that asks a run to end.
pub(crate) async fn cancel(read: &ReadStack, action: &Action, how: CancelHow) -> Result<Patch, String> {
    let run = read_run(read, action).await?;
    if let Some(end) = ended(&run) {
        return Err(format!("changed since you looked: it has ended ({end})"));
    }
    let asked = text(&run, "/spec/status").unwrap_or_default();
    let wanted = word(action.target.kind, how);
    if asked == wanted {
        return Err(format!("changed since you looked: it is already asked for {asked}"));
    }
    let mut operations = vec![test("/metadata/uid", action.target.uid.raw())];
    // What it was asked for is as it was read, and it has not ended meanwhile: `null` passes where nothing stands.
    operations.push(test("/spec/status", if asked.is_empty() { Value::Null } else { asked.into() }));
    if run.pointer("/status").is_some_and(Value::is_object) {
        operations.push(test("/status/completionTime", Value::Null));
    }
    operations.push(json!({ "op": "add", "path": "/spec/status", "value": wanted }));
    Ok(Patch { path: path(action), body: Value::Array(operations).to_string().into_bytes() })
}

/// A new run with the spec of an old one, as `tkn pipeline start --use-pipelinerun` makes it.
pub(crate) async fn run_again(read: &ReadStack, action: &Action, id: &OperationId) -> Result<Post, String> {
    let run = read_run(read, action).await?;
    if ended(&run).is_none() {
        return Err("changed since you looked: it has not ended".to_owned());
    }
    Ok(Post { path: collection(action), body: again(&run, id).to_string().into_bytes() })
}

fn again(run: &Value, id: &OperationId) -> Value {
    let mut spec = run.pointer("/spec").cloned().unwrap_or_else(|| json!({}));
    if let Value::Object(fields) = &mut spec {
        fields.remove("status");
        fields.remove("statusMessage");
    }
    let name = text(run, "/metadata/generateName").map(str::to_owned);
    let name = name.filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| format!("{}-", text(run, "/metadata/name").unwrap_or("run")));
    // Its controller writes its own labels anew.
    let of_others = |key: &str| !key.starts_with("tekton.dev/") && key != OPERATION;
    let labels = run.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut labels: Map<String, Value> = labels.into_iter().filter(|(key, _)| of_others(key)).collect();
    labels.insert(OPERATION.to_owned(), id.0.clone().into());
    json!({
        "apiVersion": "tekton.dev/v1",
        "kind": text(run, "/kind").unwrap_or("PipelineRun"),
        "metadata": { "generateName": name, "namespace": text(run, "/metadata/namespace"), "labels": labels },
        "spec": spec,
    })
}

/// The name of what an accepted POST made.
pub(crate) fn made(answer: &Value) -> Option<&str> {
    let is_run =
        matches!(text(answer, "/kind"), Some("PipelineRun" | "TaskRun")) && answer.pointer("/spec/status").is_none();
    text(answer, "/metadata/name").filter(|_| is_run)
}

/// What the server shows of an action nobody heard the end of.
pub(crate) async fn evidence(read: &ReadStack, action: &Action, id: &OperationId) -> (Found, String) {
    if matches!(action.change, Change::RunAgain | Change::Dispatch { .. }) {
        let query = format!("{}?labelSelector={}", collection(action), segment(&format!("{OPERATION}={}", id.0)));
        return match get(read, &query).await {
            Ok(list) => match list.pointer("/items").and_then(Value::as_array).and_then(|items| items.first()) {
                Some(run) => (Found::Applied, format!("it made {}", text(run, "/metadata/name").unwrap_or_default())),
                None => (Found::Missing, "there is no run that it made".to_owned()),
            },
            Err(error) => (Found::Untold, format!("cannot be read: {error}")),
        };
    }
    let Change::CancelRun { how } = &action.change else {
        return (Found::Untold, "a run of Tekton knows no such action".to_owned());
    };
    let run = match get(read, &path(action)).await {
        Ok(run) => run,
        Err(NetError::Api { code: 404, .. }) => return (Found::Gone, "the run is gone".to_owned()),
        Err(error) => return (Found::Untold, format!("cannot be read: {error}")),
    };
    if text(&run, "/metadata/uid") != Some(action.target.uid.raw()) {
        return (Found::Gone, "it was deleted and created anew".to_owned());
    }
    match (text(&run, "/spec/status"), ended(&run)) {
        (Some(asked), _) if asked == word(action.target.kind, *how) => {
            (Found::Applied, format!("it is asked for {asked}"))
        }
        (_, Some(end)) => (Found::Passed, format!("it ended by itself ({end})")),
        (_, None) => (Found::Missing, "it runs, and was asked for nothing of the kind".to_owned()),
    }
}

/// What `spec.status` is to say: a TaskRun has a word of its own.
const fn word(kind: Kind, how: CancelHow) -> &'static str {
    if matches!(kind, Kind::LoneTaskRun) { "TaskRunCancelled" } else { how.as_str() }
}

/// What no longer is as a guard wanted it.
pub(crate) fn moved(run: &Value) -> Option<String> {
    if let Some(end) = ended(run) {
        return Some(format!("it has ended ({end})"));
    }
    text(run, "/spec/status").map(|asked| format!("it was asked for {asked}"))
}

/// The reason with which it ended; `None` while it goes on.
fn ended(run: &Value) -> Option<String> {
    let conditions = run.pointer("/status/conditions")?.as_array()?;
    let condition = conditions.iter().find(|condition| text(condition, "/type") == Some("Succeeded"))?;
    let over = matches!(text(condition, "/status"), Some("True" | "False"));
    over.then(|| text(condition, "/reason").unwrap_or("no reason").to_owned())
}

async fn read_run(read: &ReadStack, action: &Action) -> Result<Value, String> {
    let run = get(read, &path(action)).await.map_err(|error| match error {
        NetError::Api { code: 404, .. } => "the run is gone (404)".to_owned(),
        error => format!("the run cannot be read before the send: {error}"),
    })?;
    if text(&run, "/metadata/uid") == Some(action.target.uid.raw()) {
        Ok(run)
    } else {
        Err("changed since you looked: it was deleted and created anew".to_owned())
    }
}

pub(super) async fn get(read: &ReadStack, path: &str) -> Result<Value, NetError> {
    let answer = read.get(path).await?;
    serde_json::from_slice(&answer.body).map_err(|error| NetError::Transport(format!("the answer is no JSON: {error}")))
}

fn collection(action: &Action) -> String {
    // What starts a Pipeline makes a run of it.
    let kind = if action.target.kind == Kind::Pipeline { Kind::PipelineRun } else { action.target.kind };
    crate::systems::collection(ROOT, kind, Some(&action.target.namespace))
}

fn path(action: &Action) -> String {
    format!("{}/{}", collection(action), segment(action.target.name.raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_run_has_the_spec_of_the_old_one_without_what_it_was_asked_for() {
        let old = json!({
            "metadata": { "name": "release-run-x7f2k", "generateName": "release-run-", "namespace": "ci", "uid": "u",
                "labels": { "tekton.dev/pipeline": "release", "team": "shop" } },
            "spec": { "pipelineRef": { "name": "release" }, "status": "Cancelled", "params": [{ "name": "a", "value": [1] }] },
            "status": { "startTime": "2026-08-03T09:00:00Z" },
        });
        let new = again(&old, &OperationId("17-1".to_owned()));
        assert_eq!(
            new,
            json!({
                "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
                "metadata": { "generateName": "release-run-", "namespace": "ci",
                    "labels": { "team": "shop", "quarterdeck.dev/operation": "17-1" } },
                "spec": { "pipelineRef": { "name": "release" }, "params": [{ "name": "a", "value": [1] }] },
            })
        );
        let named = json!({ "metadata": { "name": "nightly", "namespace": "ci" }, "spec": {} });
        assert_eq!(again(&named, &OperationId(String::new()))["metadata"]["generateName"], "nightly-");
    }
}
