//! Starting a workflow by hand (apis.md §6.4). Two requests that arrive are two runs, so the file that the
//! form was made from is compared again right before the send; the answer names the run. Where nobody
//! heard it, the run is looked for among those that were started by hand since.

use serde_json::{Map, Value, json};

use super::ingest_gates;
use super::perform::Post;
use super::workflow::blob;
use super::{ingest, repository};
use crate::action::{Action, Change, Found, Operation};
use crate::model::Name;
use crate::model::pipelines::Run;
use crate::model::workflows::WorkflowWanted;
use crate::net::{GitHub, NetError, segment};

/// The server's clock and ours may be so far apart, and a run is made a moment before it is told.
const SLACK: i64 = 120;

/// All of them lie in one folder, so the name of the file is enough.
fn workflow_path(action: &Action, path: &Name) -> String {
    let file = path.raw().rsplit('/').next().unwrap_or_default();
    format!("{}/actions/workflows/{}", repository(action.target.namespace.raw()), segment(file))
}

/// Compares the file and makes the request, or says why not.
pub(super) async fn prepare(client: &GitHub, action: &Action) -> Result<Post, String> {
    let Change::Dispatch { path, reference, sha, inputs, .. } = &action.change else {
        return Err("this starts no workflow".to_owned());
    };
    let wanted = WorkflowWanted {
        source: action.target.cluster,
        repository: action.target.namespace.clone(),
        path: path.clone(),
        reference: reference.clone(),
    };
    let now = blob(client, &wanted).await.map_err(|error| match error {
        NetError::Api { code: 404, .. } => {
            format!("changed since you looked: there is no {} at {} any more", path.raw(), reference.raw())
        }
        error => format!("the workflow's file cannot be read before the send: {error}"),
    })?;
    if now != *sha {
        return Err(format!("changed since you looked: {} at {} is another one now", path.raw(), reference.raw()));
    }
    let inputs: Map<String, Value> =
        inputs.iter().map(|(name, value)| (name.raw().to_owned(), value.raw().into())).collect();
    let body = json!({ "ref": reference.raw(), "inputs": inputs, "return_run_details": true });
    let path = format!("{}/dispatches", workflow_path(action, path));
    Ok(Post { path, body: Some(body) })
}

/// The run that an answer names; an older server names none.
pub(super) fn made(answer: &Value) -> Option<String> {
    answer.get("workflow_run_id")?.as_i64().map(|id| id.to_string())
}

/// Whether a run of it began since the send.
pub(super) async fn evidence(client: &GitHub, operation: &Operation) -> (Found, String) {
    let action = &operation.action;
    let Change::Dispatch { path, reference, last, .. } = &action.change else {
        return (Found::Untold, "this starts no workflow".to_owned());
    };
    let path = format!(
        "{}/runs?event=workflow_dispatch&branch={}&per_page=30",
        workflow_path(action, path),
        segment(reference.raw())
    );
    let read = client.get_for_write(&path).await;
    let page = match read.map(|body| ingest::runs(action.target.cluster, &action.target.namespace, &body)) {
        Ok(Ok(page)) => page,
        Ok(Err(error)) => return (Found::Untold, format!("cannot be read: {error}")),
        Err(error) => return (Found::Untold, format!("cannot be read: {error}")),
    };
    // A token of an installation belongs to nobody: then a run of anybody may be the one.
    let login = match client.get_for_write("/user").await {
        Ok(body) => ingest_gates::login(&body),
        Err(NetError::Api { code: 403, .. }) => None,
        Err(error) => return (Found::Untold, format!("whose runs are yours cannot be read: {error}")),
    };
    let number = |run: &Run| run.meta.uid.raw().parse::<u64>().unwrap_or(0);
    let last = last.as_ref().and_then(|uid| uid.raw().parse::<u64>().ok()).unwrap_or(0);
    let since = operation.started.as_second() - SLACK;
    let ours = |run: &&std::sync::Arc<Run>| {
        number(run) > last
            && run.created.is_some_and(|created| created.as_second() >= since)
            && (login.is_none() || run.actor.is_none() || run.actor == login)
            && run.branch.as_ref().is_none_or(|branch| branch == reference)
    };
    let found: Vec<&str> = page.runs.iter().filter(ours).map(|run| run.meta.name.raw()).collect();
    match found[..] {
        [] => (Found::Missing, "no run of it began since".to_owned()),
        [one] if login.is_some() => (Found::Applied, format!("{one} began")),
        [one] => (Found::Untold, format!("{one} began, and nobody says whose it is")),
        _ => (Found::Untold, format!("one of these may be it: {}", found.join(", "))),
    }
}
