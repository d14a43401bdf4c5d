//! Approvals (apis.md §6.5): what a run waits for is read again right before the send, and what people
//! said of it is the evidence after one nobody heard the end of.

use serde_json::json;

use super::ingest_gates::{self, Approval};
use super::perform::{Post, ended};
use super::{approvals_path, pending_path};
use crate::action::{Action, Change, Found};
use crate::model::approvals::Pending;
use crate::model::pipelines::{Conclusion, Run};
use crate::net::{GitHub, NetError};

/// The request, when every environment of it still waits and the operator may decide on each.
pub(super) async fn prepare(client: &GitHub, action: &Action) -> Result<Post, String> {
    let Change::Review { approve, gates, comment, .. } = &action.change else {
        return Err("this decides on no environment".to_owned());
    };
    if gates.is_empty() || comment.is_empty() {
        return Err("GitHub asks for an environment and a comment".to_owned());
    }
    let pending = pending(client, action)
        .await
        .map_err(|error| format!("what the run waits for cannot be read before the send: {error}"))?;
    for gate in gates {
        let name = gate.name.safe().as_str();
        match pending.of(gate.environment) {
            None => return Err(format!("changed since you looked: it does not wait for {name} any more")),
            Some(row) if row.can_approve != Some(true) => {
                return Err(format!("changed since you looked: you may not decide on {name} now"));
            }
            Some(_) => {}
        }
    }
    let environments: Vec<i64> = gates.iter().map(|gate| gate.environment).collect();
    let body = json!({ "environment_ids": environments, "state": state(*approve), "comment": comment.as_str() });
    Ok(Post { path: pending_path(&action.target), body: Some(body) })
}

/// A run from a fork that asks whether it may begin.
pub(super) fn fork(run: &Run, path: String) -> Result<Post, String> {
    if run.conclusion == Some(Conclusion::ActionRequired) {
        Ok(Post { path, body: None })
    } else {
        Err(format!("changed since you looked: it asks for no approval any more ({})", ended(run)))
    }
}

/// GitHub's word for the decision.
const fn state(approve: bool) -> &'static str {
    if approve { "approved" } else { "rejected" }
}

/// What the run shows of a decision.
pub(super) async fn evidence(client: &GitHub, action: &Action, run: &Run) -> (Found, String) {
    match &action.change {
        Change::ApproveRun { attempt }
            if run.attempt == *attempt && run.conclusion == Some(Conclusion::ActionRequired) =>
        {
            (Found::Missing, "it still asks for an approval".to_owned())
        }
        Change::ApproveRun { .. } => (Found::Applied, format!("it is {}", ended(run))),
        Change::Review { attempt, .. } if run.attempt != *attempt => {
            (Found::Passed, format!("it was run again: attempt {}", run.attempt))
        }
        Change::Review { .. } => {
            let read = async { Ok((pending(client, action).await?, said(client, action).await?)) };
            let (pending, said) = match read.await {
                Ok(read) => read,
                Err(NetError::Api { code: 404, .. }) => {
                    return (Found::Untold, "it is not to be seen (404)".to_owned());
                }
                Err(error) => return (Found::Untold, format!("cannot be read: {error}")),
            };
            decided(action, &pending, &said)
        }
        _ => (Found::Untold, "a run knows no such action".to_owned()),
    }
}

/// An entry of an earlier attempt looks the same, so it counts only when the environment waits for us
/// no longer.
fn decided(action: &Action, pending: &Pending, said: &[Approval]) -> (Found, String) {
    let Change::Review { approve, gates, comment, .. } = &action.change else {
        return (Found::Untold, "this decides on no environment".to_owned());
    };
    let asks = |id: i64| pending.of(id).is_some_and(|row| row.can_approve != Some(false));
    if gates.iter().any(|gate| asks(gate.environment)) {
        return (Found::Missing, "it still waits for the decision".to_owned());
    }
    let ours = |row: &&Approval| {
        row.state.as_str() == state(*approve)
            && row.comment.as_str() == comment.as_str()
            && gates.iter().all(|gate| row.environments.contains(&gate.environment))
    };
    match said.iter().find(ours) {
        Some(row) => {
            let user = row.user.as_ref().map_or("somebody", |user| user.as_str());
            (Found::Applied, format!("{} by {user}", state(*approve)))
        }
        None => (Found::Passed, "it waits no longer, and not because of this".to_owned()),
    }
}

async fn pending(client: &GitHub, action: &Action) -> Result<Pending, NetError> {
    let body = client.get_for_write(&pending_path(&action.target)).await?;
    ingest_gates::pending(&body).map_err(|error| NetError::Unreadable(error.to_string()))
}

async fn said(client: &GitHub, action: &Action) -> Result<Vec<Approval>, NetError> {
    let body = client.get_for_write(&approvals_path(&action.target)).await?;
    ingest_gates::approvals(&body).map_err(|error| NetError::Unreadable(error.to_string()))
}
