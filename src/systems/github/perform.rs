//! What GitHub can be asked to do (apis.md §6.4). It takes no guards, so the run is read again right
//! before the send, and nothing is sent when it is not what the dialog showed.

use serde_json::{Value, json};

use super::{ingest, run_path};
use crate::action::{Action, Change, Found};
use crate::model::pipelines::{Conclusion, Run};
use crate::net::{GitHub, NetError, Sent, Turn};

/// A POST, ready to leave.
pub(crate) struct Post {
    path: String,
    body: Option<Value>,
}

/// Looks at the run and makes the request, or says why not.
pub(crate) async fn prepare(client: &GitHub, action: &Action) -> Result<Post, String> {
    let path = run_path(&action.target);
    let (attempt, verb) = match &action.change {
        Change::RerunFailed { attempt } => (*attempt, "rerun-failed-jobs"),
        Change::Cancel { attempt } => (*attempt, "cancel"),
        other => return Err(format!("a run cannot be asked to {}", other.verb().as_str())),
    };
    let run = read(client, action).await.map_err(|error| match error {
        NetError::Api { code: 404, .. } => "the run is gone, or not to be seen any more (404)".to_owned(),
        error => format!("the run cannot be read before the send: {error}"),
    })?;
    if run.attempt != attempt {
        return Err(format!("changed since you looked: it is at attempt {} now, not {attempt}", run.attempt));
    }
    match (&action.change, run.is_active()) {
        (Change::RerunFailed { .. }, true) => {
            Err(format!("changed since you looked: it is {} again", run.status.as_str()))
        }
        (Change::RerunFailed { .. }, false) => {
            Ok(Post { path: format!("{path}/{verb}"), body: Some(json!({ "enable_debug_logging": false })) })
        }
        (_, false) => Err(format!("changed since you looked: it has ended ({})", ended(&run))),
        (_, true) => Ok(Post { path: format!("{path}/{verb}"), body: None }),
    }
}

/// Sends once.
pub(crate) async fn send(client: &GitHub, turn: Turn, post: Post) -> Sent {
    client.post(turn, &post.path, post.body.as_ref()).await
}

/// What the run shows of an action nobody heard the end of.
pub(crate) async fn evidence(client: &GitHub, action: &Action) -> (Found, String) {
    let run = match read(client, action).await {
        Ok(run) => run,
        Err(NetError::Api { code: 404, .. }) => return (Found::Gone, "the run is gone".to_owned()),
        Err(error) => return (Found::Untold, format!("cannot be read: {error}")),
    };
    match &action.change {
        Change::RerunFailed { attempt } if run.attempt > *attempt => {
            (Found::Applied, format!("it is at attempt {}", run.attempt))
        }
        Change::RerunFailed { attempt } => (Found::Missing, format!("it is still at attempt {attempt}")),
        Change::Cancel { attempt } if run.attempt != *attempt => {
            (Found::Passed, format!("it was run again: attempt {}", run.attempt))
        }
        Change::Cancel { .. } if run.conclusion == Some(Conclusion::Cancelled) => {
            (Found::Applied, "it is cancelled".to_owned())
        }
        // A cancel that was taken lets jobs with always() go on: a run that goes on proves nothing.
        Change::Cancel { .. } if run.is_active() => (Found::Untold, format!("it is {}", run.status.as_str())),
        Change::Cancel { .. } => (Found::Passed, format!("it ended by itself ({})", ended(&run))),
        _ => (Found::Untold, "a run knows no such action".to_owned()),
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

fn ended(run: &Run) -> &str {
    run.conclusion.as_ref().map_or(run.status.as_str(), Conclusion::as_str)
}
