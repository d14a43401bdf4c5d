//! What the server of an Application is asked for (apis.md §2.3). It takes no guard: the Application is read by it
//! right before the send, with the same questions as on the way over its object. A rollback carries no mark of ours:
//! it is known by what it goes back to.

use serde_json::{Value, json};

use super::perform::{self, OPERATION, begun};
use super::rollback;
use crate::action::{Action, Change, Found, Operation, OperationId};
use crate::model::Name;
use crate::model::applications::AppWay;
use crate::net::{ArgoServer, NetError, Of, Sent, Writes};
use crate::systems::perform::text;

/// Ready to leave.
pub(crate) struct Request {
    action: Action,
    call: Call,
}

enum Call {
    Sync(Value),
    RollBack(Value),
    Compare,
    Terminate,
}

/// Looks at the Application and makes the request, or says why not.
pub(crate) async fn prepare(client: &ArgoServer, action: &Action, id: &OperationId) -> Result<Request, String> {
    let name = action.target.name.safe().as_str();
    let object = read(client, action).await.map_err(|error| format!("application {name}: {error}"))?;
    if text(&object, "/metadata/uid") != Some(action.target.uid.raw()) {
        return Err("changed since you looked: it was deleted and created anew, or its server serves another cluster"
            .to_owned());
    }
    if let Some(moved) = perform::moved(&action.change, &object) {
        return Err(format!("changed since you looked: {moved}"));
    }
    let of = of(action);
    let call = match &action.change {
        Change::Sync { revisions, pinned, prune, .. } => {
            Call::Sync(sync(of, &object, if *pinned { revisions } else { &[] }, *prune, id))
        }
        Change::RollBack { id, .. } => Call::RollBack(
            json!({ "id": id, "dryRun": false, "prune": false, "appNamespace": of.namespace, "project": of.project }),
        ),
        Change::CompareAgain { .. } => Call::Compare,
        Change::Terminate { .. } => Call::Terminate,
        change => return Err(format!("an Application cannot be asked to {}", change.verb().as_str())),
    };
    Ok(Request { action: action.clone(), call })
}

/// How often it is tried and with which options is left to its policy, as where nobody says more.
fn sync(of: Of<'_>, object: &Value, revisions: &[Name], prune: bool, id: &OperationId) -> Value {
    let mut body = json!({
        "dryRun": false,
        "prune": prune,
        "strategy": { "hook": {} },
        "infos": [{ "name": OPERATION, "value": id.0 }],
        "appNamespace": of.namespace,
        "project": of.project,
    });
    let several = object.pointer("/spec/sources").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    match (several, revisions) {
        (_, []) => {}
        (true, all) => {
            body["revisions"] = all.iter().map(Name::raw).collect();
            // The first is called 1.
            body["sourcePositions"] = (1..=all.len()).collect();
        }
        (false, [one, ..]) => body["revision"] = one.raw().into(),
    }
    body
}

/// Once. All but the end of an operation are answered with the Application.
pub(crate) async fn send(writes: Writes, client: &ArgoServer, request: Request) -> Sent {
    let of = of(&request.action);
    let sent = match &request.call {
        Call::Sync(body) => client.sync(writes, of, body).await,
        Call::RollBack(body) => client.roll_back(writes, of, body).await,
        Call::Compare => client.refresh(writes, of).await,
        Call::Terminate => client.terminate(writes, of).await,
    };
    let uid = request.action.target.uid.raw();
    match sent {
        // What came of the body may be cut short: the status line is the server's word.
        Sent::Accepted(answer) if !answer.is_null() && !is_an_answer(&request.call, &answer, uid) => {
            Sent::Unknown { message: format!("{} answers with something else than the Application", client.url()) }
        }
        sent => sent,
    }
}

fn is_an_answer(call: &Call, answer: &Value, uid: &str) -> bool {
    matches!(call, Call::Terminate) && answer.is_object() || text(answer, "/metadata/uid") == Some(uid)
}

/// What the server shows of an action nobody heard the end of.
pub(crate) async fn evidence(client: &ArgoServer, operation: &Operation) -> (Found, String) {
    let action = &operation.action;
    let object = match read(client, action).await {
        Ok(object) => object,
        // A gateway that lost its way says 404, too.
        Err(NetError::Api { code: 404, reason, message, .. }) if reason == ArgoServer::NOT_FOUND => {
            return (Found::Gone, message);
        }
        Err(error) => return (Found::Untold, format!("cannot be read: {error}")),
    };
    if text(&object, "/metadata/uid") != Some(action.target.uid.raw()) {
        return (Found::Gone, "the Application was deleted and created anew".to_owned());
    }
    let (found, words) = match &action.change {
        Change::RollBack { id, revision, before, .. } => {
            let (found, words) = rollback::evidence(&object, *id, revision, begun(&object) != *before);
            (found, words.to_owned())
        }
        // Its answer comes when it is done, and may be longer about it than anybody waits.
        change @ Change::CompareAgain { .. } => match perform::evidence(change, &object, &operation.id) {
            (Found::Passed, _) => (Found::Applied, "it was compared since".to_owned()),
            told => told,
        },
        change => perform::evidence(change, &object, &operation.id),
    };
    // Its server tests nothing when a request arrives that was held up on the way.
    (if found == Found::Passed { Found::Overtaken } else { found }, words)
}

async fn read(client: &ArgoServer, action: &Action) -> Result<Value, NetError> {
    let answer = client.application(of(action)).await?;
    let odd = |error| NetError::Unreadable(format!("{}: {error}; is it Argo CD that answers there?", client.url()));
    serde_json::from_slice(&answer.body).map_err(odd)
}

fn of(action: &Action) -> Of<'_> {
    let project = match action.change.way() {
        Some(AppWay::Server { project, .. }) => project.raw(),
        _ => "",
    };
    Of { name: action.target.name.raw(), namespace: action.target.namespace.raw(), project }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_says_what_was_shown_and_leaves_the_rest_to_the_policy() {
        let of = Of { name: "shop", namespace: "argocd", project: "shop" };
        let id = OperationId("7-1".to_owned());
        let one =
            json!({ "spec": { "source": {}, "syncPolicy": { "retry": { "limit": 2 }, "syncOptions": ["A=b"] } } });
        let body = sync(of, &one, &[Name::new("a1")], true, &id);
        assert_eq!((&body["revision"], &body["prune"]), (&json!("a1"), &json!(true)));
        assert_eq!(body["infos"], json!([{ "name": "quarterdeck", "value": "7-1" }]));
        assert_eq!(body["strategy"], json!({ "hook": {} }));
        for left in ["retryStrategy", "syncOptions", "revisions", "sourcePositions"] {
            assert!(body.get(left).is_none(), "{left}: {body}");
        }
        assert!(sync(of, &one, &[], false, &id).get("revision").is_none(), "the head of its branch");
        let several = json!({ "spec": { "sources": [{}, {}] } });
        let body = sync(of, &several, &[Name::new("a1"), Name::new("b2")], false, &id);
        assert_eq!((&body["revisions"], &body["sourcePositions"]), (&json!(["a1", "b2"]), &json!([1, 2])));
        assert!(body.get("revision").is_none());
    }
}
