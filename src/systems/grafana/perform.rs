//! An annotation is made once, and found again by a tag of its own.

use serde_json::{Value, json};

use super::ingest;
use crate::action::{Action, Change, Found};
use crate::net::{Grafana, Sent, Writes};

/// What all annotations of ours have.
pub(crate) const OURS: &str = "quarterdeck";

/// The tag that no other annotation has: it names the operation that is told of.
fn mark(action: &Action) -> String {
    format!("operation:{}", action.target.uid.raw())
}

/// The body of the request.
pub(crate) fn body(action: &Action) -> Result<Value, String> {
    let Change::Annotate { text, tags, from, to } = &action.change else {
        return Err(format!("Grafana cannot be asked to {}", action.change.verb().as_str()));
    };
    let mark = mark(action);
    let tags: Vec<&str> = [OURS, &mark].into_iter().chain(tags.iter().map(crate::model::Name::raw)).collect();
    Ok(json!({
        "text": text.as_str(), "tags": tags, "time": from.as_millisecond(), "timeEnd": to.as_millisecond(),
    }))
}

/// Once. What was made has an id: an answer without one is none of Grafana's.
pub(crate) async fn send(writes: Writes, client: &Grafana, body: &Value) -> Sent {
    match client.annotate(writes, body).await {
        Sent::Accepted(answer) if made(&answer).is_none() => {
            Sent::Unknown { message: format!("{} answers without the id of an annotation", client.url()) }
        }
        sent => sent,
    }
}

/// The id of what was made.
pub(crate) fn made(answer: &Value) -> Option<String> {
    answer.get("id").and_then(Value::as_i64).map(|id| id.to_string())
}

/// Whether it is there, by its tag.
pub(crate) async fn evidence(client: &Grafana, action: &Action) -> (Found, String) {
    let read = client.annotations(&[OURS, &mark(action)], 1).await;
    match read.map(|answer| ingest::found(&answer.body)) {
        Ok(Ok(0)) => (Found::Missing, "Grafana has no annotation of this operation".to_owned()),
        Ok(Ok(_)) => (Found::Applied, "Grafana has the annotation".to_owned()),
        Ok(Err(error)) => (Found::Untold, format!("Grafana's annotations cannot be read: {error}")),
        Err(error) => (Found::Untold, format!("Grafana's annotations cannot be read: {error}")),
    }
}
