//! Tells a program what a watch saw: the answer as JSON on its standard input, the gist of it in its
//! environment.
//!
//! ```json
//! { "event": "failed", "kind": "Run", "name": "ci #4812", "namespace": "acme/checkout",
//!   "source": "api.github.com", "state": "failure", "url": "https://…", "armed": "…", "at": "…",
//!   "seen": [ { "at": "…", "state": "running" }, { "at": "…", "state": "failure" } ] }
//! ```

use serde_json::{Value, json};

use crate::model::notify::{Answer, HOOK_DEADLINE, Hook};
use crate::net;
use crate::safe;
use crate::text::Safe;

/// Tells it, or says why it could not be told.
pub(super) async fn tell(hook: &Hook, answer: &Answer) -> Result<(), Safe> {
    let input = document(answer).to_string();
    // None begins with the prefix of the configuration: the program may be a quarterdeck itself.
    let environment = [
        ("QD_EVENT", answer.occasion.as_str()),
        ("QD_KIND", answer.kind.as_str()),
        ("QD_NAME", answer.name.as_str()),
        ("QD_NAMESPACE", answer.namespace.safe().as_str()),
        ("QD_STATE", answer.words.as_str()),
        ("QD_URL", answer.url.as_ref().map_or("", Safe::as_str)),
    ];
    let told = net::told(&hook.command, &environment, input.as_bytes(), HOOK_DEADLINE).await;
    told.map_err(|why| safe!("the hook for {} was not told: {}", answer.name, why))
}

fn document(answer: &Answer) -> Value {
    let seen: Vec<Value> =
        answer.seen.iter().map(|seen| json!({ "at": seen.at.to_string(), "state": seen.words.as_str() })).collect();
    json!({
        "event": answer.occasion.as_str(),
        "kind": answer.kind.as_str(),
        "name": answer.name.as_str(),
        "namespace": answer.namespace.safe().as_str(),
        "source": answer.source.safe().as_str(),
        "state": answer.words.as_str(),
        "url": answer.url.as_ref().map(Safe::as_str),
        "armed": answer.armed.to_string(),
        "at": answer.at.to_string(),
        "seen": seen,
    })
}
