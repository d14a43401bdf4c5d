//! What GitHub can be asked to do (apis.md §6.4). It takes no guards, so the run is read again right
//! before the send, and nothing is sent when it is not what the dialog showed.

use serde_json::{Value, json};

use super::{dispatch, ingest, job_path, review, run_path};
use crate::action::{Action, Change, Found, Operation};
use crate::model::Uid;
use crate::model::pipelines::{Conclusion, Run};
use crate::net::{GitHub, NetError, Sent, Turn, Writes};

/// A POST, ready to leave.
pub(crate) struct Post {
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

/// Looks at the run and makes the request, or says why not.
pub(crate) async fn prepare(client: &GitHub, action: &Action) -> Result<Post, String> {
    if matches!(action.change, Change::Dispatch { .. }) {
        return dispatch::prepare(client, action).await;
    }
    let path = run_path(&action.target);
    let attempt = match &action.change {
        Change::RerunFailed { attempt, .. }
        | Change::RerunAll { attempt, .. }
        | Change::RerunJob { attempt, .. }
        | Change::Cancel { attempt }
        | Change::ForceCancel { attempt }
        | Change::Review { attempt, .. }
        | Change::ApproveRun { attempt } => *attempt,
        other => return Err(format!("a run cannot be asked to {}", other.verb().as_str())),
    };
    let run = read(client, action).await.map_err(|error| match error {
        NetError::Api { code: 404, .. } => "the run is gone, or not to be seen any more (404)".to_owned(),
        error => format!("the run cannot be read before the send: {error}"),
    })?;
    if run.attempt != attempt {
        return Err(format!("changed since you looked: it is at attempt {} now, not {attempt}", run.attempt));
    }
    let debug = |debug: &bool| Some(json!({ "enable_debug_logging": debug }));
    match (&action.change, run.is_active()) {
        (change, true) if change.debug().is_some() => {
            Err(format!("changed since you looked: it is {} again", run.status.as_str()))
        }
        (Change::RerunFailed { debug: wanted, .. }, false) => {
            Ok(Post { path: format!("{path}/rerun-failed-jobs"), body: debug(wanted) })
        }
        (Change::RerunAll { debug: wanted, .. }, false) => {
            Ok(Post { path: format!("{path}/rerun"), body: debug(wanted) })
        }
        (Change::RerunJob { job, debug: wanted, .. }, false) => {
            let path = still_its_job(client, action, job).await?;
            Ok(Post { path: format!("{path}/rerun"), body: debug(wanted) })
        }
        (Change::ApproveRun { .. }, _) => review::fork(&run, format!("{path}/approve")),
        (Change::Review { .. }, true) => review::prepare(client, action).await,
        (_, false) => Err(format!("changed since you looked: it has ended ({})", ended(&run))),
        (Change::ForceCancel { .. }, true) => Ok(Post { path: format!("{path}/force-cancel"), body: None }),
        (_, true) => Ok(Post { path: format!("{path}/cancel"), body: None }),
    }
}

/// The path of a job, when it is one of the run by its own word.
async fn still_its_job(client: &GitHub, action: &Action, job: &Uid) -> Result<String, String> {
    let path = job_path(&action.target.namespace, job);
    let body = client.get_for_write(&path).await.map_err(|error| match error {
        NetError::Api { code: 404, .. } => "the job is gone, or not to be seen any more (404)".to_owned(),
        error => format!("the job cannot be read before the send: {error}"),
    })?;
    let head = ingest::job_head(action.target.cluster, &body)
        .map_err(|error| format!("the job cannot be read before the send: {error}"))?;
    match head.run {
        Some(run) if run != action.target.uid => Err("the job is one of another run".to_owned()),
        _ => Ok(path),
    }
}

/// Sends once.
pub(crate) async fn send(writes: Writes, client: &GitHub, turn: Turn, post: Post) -> Sent {
    client.post(writes, turn, &post.path, post.body.as_ref()).await
}

/// The id of what an answer says was made.
pub(crate) fn made(action: &Action, answer: &Value) -> Option<String> {
    matches!(action.change, Change::Dispatch { .. }).then(|| dispatch::made(answer)).flatten()
}

/// What the run shows of an action nobody heard the end of.
pub(crate) async fn evidence(client: &GitHub, operation: &Operation) -> (Found, String) {
    let action = &operation.action;
    if matches!(action.change, Change::Dispatch { .. }) {
        return dispatch::evidence(client, operation).await;
    }
    let run = match read(client, action).await {
        Ok(run) => run,
        Err(NetError::Api { code: 404, .. }) => return (Found::Gone, "the run is gone".to_owned()),
        Err(error) => return (Found::Untold, format!("cannot be read: {error}")),
    };
    match &action.change {
        Change::RerunFailed { attempt, .. } | Change::RerunAll { attempt, .. } | Change::RerunJob { attempt, .. } => {
            if run.attempt > *attempt {
                (Found::Applied, format!("it is at attempt {}", run.attempt))
            } else {
                (Found::Missing, format!("it is still at attempt {attempt}"))
            }
        }
        Change::Cancel { attempt } | Change::ForceCancel { attempt } if run.attempt != *attempt => {
            (Found::Passed, format!("it was run again: attempt {}", run.attempt))
        }
        Change::Cancel { .. } | Change::ForceCancel { .. } if run.conclusion == Some(Conclusion::Cancelled) => {
            (Found::Applied, "it is cancelled".to_owned())
        }
        // A cancel that was taken lets jobs with always() go on: a run that goes on proves nothing.
        Change::Cancel { .. } | Change::ForceCancel { .. } if run.is_active() => {
            (Found::Untold, format!("it is {}", run.status.as_str()))
        }
        Change::Cancel { .. } | Change::ForceCancel { .. } => {
            (Found::Passed, format!("it ended by itself ({})", ended(&run)))
        }
        _ => review::evidence(client, action, &run).await,
    }
}

async fn read(client: &GitHub, action: &Action) -> Result<Run, NetError> {
    let body = client.get_for_write(&run_path(&action.target)).await?;
    let run = ingest::run(action.target.cluster, &action.target.namespace, &body)
        .map_err(|error| NetError::Unreadable(error.to_string()))?;
    if run.meta.uid == action.target.uid {
        Ok(run)
    } else {
        Err(NetError::Unreadable("the answer is about another run".to_owned()))
    }
}

pub(super) fn ended(run: &Run) -> &str {
    run.conclusion.as_ref().map_or(run.status.as_str(), Conclusion::as_str)
}
